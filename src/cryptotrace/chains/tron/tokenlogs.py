"""Events of token contracts as movements.

What a contract says in an event is its own statement: anybody can write a contract that tells of transfers which never
were. It is reported, not proved, and the asset's name says whose statement it is.

========================================  ==========================================================================
event                                     what moves
========================================  ==========================================================================
``Transfer(address,address,uint256)``     three topics: TRC-20; four: one TRC-721 token. From the zero address it is
                                          an issuance, to it a burn
``TransferSingle``, ``TransferBatch``     TRC-1155
``DestroyedBlackFunds(address,uint256)``  a frozen balance that the issuer wiped out: a burn
``Issue(uint256)``, ``Redeem(uint256)``   USDT's supply: the contract's owner gets or loses them. Who that is, is known
                                          only if the owner calls the contract itself; otherwise a notice
``Deposit``, ``Withdrawal``               of a known contract of wrapped TRX: a conversion, see ``wraps``
``AddedBlackList`` ...                    nothing: freezing is said as a notice
========================================  ==========================================================================

Tether's contracts tell of a destruction without a Transfer, and of issues and redemptions with or without one,
depending on the contract: where a Transfer of the same units from or to the zero address stands beside it, that one
counts and the other event moves nothing.

Source: TRC-20, TRC-721 and TRC-1155 (the same events as ERC-20, ERC-721 and ERC-1155); the verified source of
TetherToken on TRON.
"""

from __future__ import annotations

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.tron.address import address_of
from cryptotrace.chains.tron.assets import trc20_asset, trc721_asset, trc1155_asset
from cryptotrace.chains.tron.draft import ZERO_ADDRESS, Draft
from cryptotrace.chains.tron.execution import Log
from cryptotrace.chains.tron.wire import WireContract
from cryptotrace.chains.tron.wraps import Wrapping
from cryptotrace.model.identity import Asset

_WORD = 32
_TRANSFER = "Transfer(address,address,uint256)"
_SINGLE = "TransferSingle(address,address,address,uint256,uint256)"
_BATCH = "TransferBatch(address,address,address,uint256[],uint256[])"
_DESTROYED = "DestroyedBlackFunds(address,uint256)"
_ISSUE, _REDEEM = "Issue(uint256)", "Redeem(uint256)"
_DEPOSIT, _WITHDRAWAL = "Deposit(address,uint256)", "Withdrawal(address,uint256)"
#: Events that freeze an account's tokens or free them, and what is said of them.
_FREEZING = {
    "AddedBlackList(address)": "frozen",
    "RemovedBlackList(address)": "unfrozen",
    "Blacklisted(address)": "frozen",
    "UnBlacklisted(address)": "unfrozen",
}


def topic_of(event: str) -> bytes:
    """The first topic of an event, by its signature, e.g. ``Transfer(address,address,uint256)``."""
    return keccak256(event.encode("ascii"))


_EVENTS = {
    topic_of(event): event
    for event in (_TRANSFER, _SINGLE, _BATCH, _DESTROYED, _ISSUE, _REDEEM, _DEPOSIT, _WITHDRAWAL, *_FREEZING)
}


def add_logs(draft: Draft, logs: tuple[Log, ...], contract: WireContract | None) -> None:
    """Add what the events of a successful transaction moved, in the order of the receipt.

    Args:
        draft: where to.
        logs: the events.
        contract: the transaction's contract, to know who called a token itself; None if its bytes are not at hand.
    """
    known = {_TRANSFER: _transfer, _SINGLE: _single, _BATCH: _batch, _DEPOSIT: _wrapped, _WITHDRAWAL: _wrapped}
    supply = _supply_changes(logs)
    for n, log in enumerate(logs):
        event = _EVENTS.get(log.topics[0]) if log.topics else None
        if event is None:
            continue
        place = f"log.{n}"
        if event in known:
            known[event](draft, place, log)
        elif event in _FREEZING:
            _freezing(draft, place, log, _FREEZING[event])
        elif event == _DESTROYED:
            _destroyed(draft, place, log, supply)
        else:
            _supply(draft, place, log, event, contract, supply)


def _words(log: Log) -> list[bytes] | None:
    """The arguments, whether they are indexed or not; None if they are not words of 32 bytes."""
    if len(log.data) % _WORD or any(len(each) != _WORD for each in log.topics):
        return None
    return [*log.topics[1:], *(log.data[at : at + _WORD] for at in range(0, len(log.data), _WORD))]


def _address(word: bytes) -> str | None:
    """The address in a word; None if it is none. TRON's own prefix may stand before it."""
    return address_of(word[12:]) if word[:11] == bytes(11) and word[11] in (0x00, 0x41) else None


def _int(word: bytes) -> int:
    return int.from_bytes(word, "big")


def _parties(log: Log, at: int) -> tuple[str, str] | None:
    """Sender and receiver in the topics ``at`` and the one after it."""
    payer, payee = _address(log.topics[at]), _address(log.topics[at + 1])
    return None if payer is None or payee is None else (payer, payee)


def _unread(draft: Draft, place: str, log: Log, event: str) -> None:
    draft.note(
        f"unread-event {place}: {event.partition('(')[0]} of {log.contract} "
        f"with {len(log.topics)} topics and {len(log.data)} bytes"
    )
    draft.lack(f"what {event.partition('(')[0]} of {log.contract}, {place}, moved")


def _token(draft: Draft, place: str, asset: Asset, units: int, parties: tuple[str, str]) -> None:
    payer, payee = (None if each == ZERO_ADDRESS else each for each in parties)
    if payer is None and payee is None:
        draft.note(f"nothing-moved {place}: {units} of {asset} from the zero address to itself")
        return
    draft.move(place, asset, units, payer, payee)


def _transfer(draft: Draft, place: str, log: Log) -> None:
    words = _words(log)
    parties = _parties(log, 1) if words is not None and len(words) == 3 and len(log.topics) in (3, 4) else None
    if words is None or parties is None:
        _unread(draft, place, log, _TRANSFER)
    elif len(log.topics) == 3:
        _token(draft, place, trc20_asset(draft.network, log.contract), _int(words[2]), parties)
    else:
        _token(draft, place, trc721_asset(draft.network, log.contract, _int(words[2])), 1, parties)


def _single(draft: Draft, place: str, log: Log) -> None:
    words = _words(log)
    parties = _parties(log, 2) if words is not None and len(words) == 5 and len(log.topics) == 4 else None
    if words is None or parties is None:
        _unread(draft, place, log, _SINGLE)
        return
    _token(draft, place, trc1155_asset(draft.network, log.contract, _int(words[3])), _int(words[4]), parties)


def _batch(draft: Draft, place: str, log: Log) -> None:
    words = _words(log)
    parties = _parties(log, 2) if words is not None and len(words) >= 7 and len(log.topics) == 4 else None
    rows = None if words is None or parties is None else _batch_rows(words[3:])
    if rows is None or parties is None:
        _unread(draft, place, log, _BATCH)
        return
    for n, (token, units) in enumerate(rows):
        _token(draft, f"{place}.{n}", trc1155_asset(draft.network, log.contract, token), units, parties)


def _batch_rows(words: list[bytes]) -> list[tuple[int, int]] | None:
    """Ids and values out of two ABI arrays; None if they are not two arrays of one length inside the data."""
    arrays = []
    for head in words[:2]:
        start, rest = divmod(_int(head), _WORD)
        if rest or start >= len(words):
            return None
        count = _int(words[start])
        if count > len(words) - start - 1:
            return None
        arrays.append([_int(each) for each in words[start + 1 : start + 1 + count]])
    ids, values = arrays
    return list(zip(ids, values, strict=True)) if len(ids) == len(values) else None


def _freezing(draft: Draft, place: str, log: Log, what: str) -> None:
    words = _words(log)
    address = _address(words[0]) if words is not None and len(words) == 1 else None
    if address is None:
        draft.note(f"unread-event {place}: an account is {what} by {log.contract}, but which cannot be read")
    else:
        draft.note(f"{what} {address} by {log.contract}, {place}")


def _supply_changes(logs: tuple[Log, ...]) -> set[tuple[str, str, str, int]]:
    """Transfers from and to the zero address: (contract, payer, payee, units)."""
    found = set()
    for log in logs:
        words = _words(log)
        if words is None or len(words) != 3 or len(log.topics) != 3 or log.topics[0] != topic_of(_TRANSFER):
            continue
        parties = _parties(log, 1)
        if parties is not None and ZERO_ADDRESS in parties:
            found.add((log.contract, *parties, _int(words[2])))
    return found


def _destroyed(draft: Draft, place: str, log: Log, supply: set[tuple[str, str, str, int]]) -> None:
    words = _words(log)
    victim = _address(words[0]) if words is not None and len(words) == 2 else None
    if words is None or victim is None:
        _unread(draft, place, log, _DESTROYED)
        return
    units = _int(words[1])
    draft.note(f"destroyed {units} of {victim} by {log.contract}, {place}")
    if (log.contract, victim, ZERO_ADDRESS, units) not in supply:
        draft.move(place, trc20_asset(draft.network, log.contract), units, victim, None)


def _supply(
    draft: Draft,
    place: str,
    log: Log,
    event: str,
    contract: WireContract | None,
    supply: set[tuple[str, str, str, int]],
) -> None:
    words = _words(log)
    if words is None or len(words) != 1:
        _unread(draft, place, log, event)
        return
    units, is_issue = _int(words[0]), event == _ISSUE
    if any(
        (each[0], each[3]) == (log.contract, units) and each[1 if is_issue else 2] == ZERO_ADDRESS for each in supply
    ):
        return
    asset = trc20_asset(draft.network, log.contract)
    owner = _caller_of(contract, log.contract, "issue(uint256)" if is_issue else "redeem(uint256)")
    if owner is None:
        draft.note(
            f"supply-changed {place}: {event.partition('(')[0]} of {units} by {log.contract}; "
            "the balance of the contract's owner changed, and who that is, is not told"
        )
        draft.lack(f"whose balance {event.partition('(')[0]} of {log.contract}, {place}, changed")
    else:
        draft.move(place, asset, units, None if is_issue else owner, owner if is_issue else None)


def _caller_of(contract: WireContract | None, token: str, function: str) -> str | None:
    """Who calls that function of the token itself, with the transaction; None if nobody does."""
    if contract is None or contract.name != "TriggerSmartContract":
        return None
    asked = contract.parameters
    if asked.address("contract_address") != token or asked.data("data")[:4] != topic_of(function)[:4]:
        return None
    return contract.owner


def _wrapped(draft: Draft, place: str, log: Log) -> None:
    if log.contract not in draft.network.wrapped:
        return  # many contracts have events of these names that are no tokens
    is_deposit = log.topics[0] == topic_of(_DEPOSIT)
    event = _DEPOSIT if is_deposit else _WITHDRAWAL
    words = _words(log)
    who = _address(words[0]) if words is not None and len(words) == 2 else None
    if words is None or who is None:
        _unread(draft, place, log, event)
        return
    units, asset = _int(words[1]), trc20_asset(draft.network, log.contract)
    payer, payee = (who, log.contract) if is_deposit else (log.contract, who)
    draft.move(place, asset, units, None if is_deposit else who, who if is_deposit else None)
    draft.wrappings.append(Wrapping(place, payer, payee, units, is_deposit, f"{event} of {log.contract}, {place}"))
