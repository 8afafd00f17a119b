"""TRON's bytes under fire: transactions, headers, addresses, proofs, and reports that make no sense."""

from __future__ import annotations

import hashlib
from random import Random

from tests.chains.trontransactions import BLOCK, TRON, rows
from tests.fuzz.mutate import mutate_bytes, mutate_text

from cryptotrace.chains.tron.address import address_of, bytes_of, canonical_address
from cryptotrace.chains.tron.block import decode_header, header_of_parts, merkle_branch, merkle_root, verify_branch
from cryptotrace.chains.tron.execution import Execution, InternalTransaction, Log
from cryptotrace.chains.tron.movements import account_transaction, topic_of
from cryptotrace.chains.tron.protowire import write_bytes
from cryptotrace.chains.tron.wire import decode_transaction, transaction_of_raw_data
from cryptotrace.errors import ChainError, CryptotraceError
from cryptotrace.ledger.accounts import in_order

_EVENTS = (
    "Transfer(address,address,uint256)",
    "TransferSingle(address,address,address,uint256,uint256)",
    "TransferBatch(address,address,address,uint256[],uint256[])",
    "DestroyedBlackFunds(address,uint256)",
    "Issue(uint256)",
    "Redeem(uint256)",
    "Deposit(address,uint256)",
    "Withdrawal(address,uint256)",
    "AddedBlackList(address)",
    "Approval(address,address,uint256)",
)
_NOTES = (
    "call",
    "create",
    "suicide",
    "withdrawReward",
    "withdrawExpireUnfreezeWhileSuiciding",
    "freezeBalanceV2ForEnergy",
    "unfreezeForBandwidth",
    "delegateResourceOfEnergy",
    "?",
)


def _address(random: Random) -> str:
    return address_of(random.choice((bytes(20), b"\x01" * 20, b"\x02" * 20, random.randbytes(20))))


def _units(random: Random) -> int:
    return random.choice((0, 1, 7, 2**63 - 1, 2**256 - 1, random.randrange(10**9)))


def _log(random: Random) -> Log:
    if not random.randrange(4):
        event = random.choice(("Deposit(address,uint256)", "Withdrawal(address,uint256)"))
        who = bytes(12) + random.choice((b"\x01", b"\x02")) * 20
        return Log(random.choice(TRON.wrapped), (topic_of(event), who), random.choice((0, 7, 7)).to_bytes(32, "big"))
    words = [random.choice((random.randbytes(32), bytes(12) + random.randbytes(20), bytes(31) + b"\x40", bytes(32)))]
    words *= random.randrange(4)
    topics = [topic_of(random.choice(_EVENTS)), *words[:3]]
    data = b"".join(random.choice((each, bytes(32), (64).to_bytes(32, "big"))) for each in words * 3)
    contract = random.choice((*TRON.wrapped, _address(random)))
    return Log(contract, tuple(topics), data if random.randrange(3) else mutate_bytes(data, random))


def _internal(random: Random) -> InternalTransaction:
    values = tuple(
        (_units(random), random.choice((None, None, "1002000", ""))) for _ in range(random.choice((0, 1, 1, 2, 3)))
    )
    to = random.choice((None, _address(random), _address(random), *TRON.wrapped))
    caller = random.choice((_address(random), _address(random), *TRON.wrapped))
    return InternalTransaction("", caller, to, values, random.randrange(4) == 0, random.choice(_NOTES))


def _report(random: Random, txid: str) -> Execution:
    return Execution(
        txid,
        BLOCK.height,
        0,
        fee=_units(random),
        energy_fee=_units(random),
        origin_energy_usage=_units(random),
        result=random.choice(("", "SUCCESS", "SUCCESS", "REVERT")),
        logs=tuple(_log(random) for _ in range(random.randrange(4))),
        internals=tuple(_internal(random) for _ in range(random.randrange(5))),
        has_internals=bool(random.randrange(2)),
        withdraw_amount=_units(random),
        unfreeze_amount=_units(random),
        withdraw_expire_amount=_units(random),
        asset_issue_id=random.choice(("", "1002000", "/ /")),
    )


def fuzz_transaction(random: Random) -> None:
    """A damaged transaction is refused or hashes to what it is; with any report it is told or refused by name."""
    raw = bytes.fromhex(random.choice(rows())["raw"])
    try:
        read = decode_transaction(mutate_bytes(raw, random) if random.randrange(4) else raw)
    except ChainError:
        return
    assert read.txid == hashlib.sha256(read.raw_data).hexdigest()
    assert transaction_of_raw_data(read.raw_data).contracts == read.contracts
    execution = _report(random, read.txid) if random.randrange(5) else None
    try:
        told = account_transaction(read, execution, network=TRON, block=BLOCK, index=0, evidence="")
    except CryptotraceError:
        return
    assert sum(each.units for each in told.transaction().postings) == 0
    assert told.succeeded or {m.place for m in told.movements} <= {"fee"}
    by_place = {m.place: m.units for m in told.movements}
    for wrap in told.wraps:
        assert by_place[wrap.outflow] == by_place[wrap.inflow]
    assert in_order(told) == told.movements
    assert told.movements == tuple(sorted(told.movements, key=lambda each: each.part))


def fuzz_header(random: Random) -> None:
    """A damaged header is refused, or has an id of its own."""
    header = header_of_parts(
        number=random.randrange(2**40),
        parent=random.randbytes(32).hex(),
        merkle_root=random.randbytes(32),
        timestamp=random.randrange(2**42),
        witness=_address(random),
        version=random.randrange(40),
        signature=random.randbytes(65),
    )
    raw = write_bytes(1, header.raw_data) + write_bytes(2, header.signature)
    assert decode_header(raw) == header
    damaged = mutate_bytes(raw, random)
    try:
        read = decode_header(damaged)
    except ChainError:
        return
    assert (read.id == header.id) == (read.raw_data == header.raw_data)


def fuzz_address(random: Random) -> None:
    """Damaged text is no address, or one that leads back to itself."""
    address = _address(random)
    text = mutate_text(random.choice((address, "41" + bytes_of(address).hex())), random)
    try:
        read = canonical_address(text)
    except ChainError:
        return
    assert canonical_address(read) == read
    assert read == text or bytes_of(read).hex() in text.lower()


def fuzz_merkle_proof(random: Random) -> None:
    """A damaged proof is refused, or proves only what is in the block."""
    leaves = [random.randbytes(32) for _ in range(random.randrange(1, 12))]
    root, index = merkle_root(leaves), random.randrange(len(leaves))
    branch = b"".join(merkle_branch(leaves, index))
    damaged = mutate_bytes(branch, random)
    siblings = [damaged[at : at + 32] for at in range(0, len(damaged), 32)]
    place = random.choice((index, random.randrange(-1, 20)))
    try:
        verify_branch(leaves[index], place, siblings, root, len(leaves))
    except ChainError:
        return
    assert (damaged, place) == (branch, index)
