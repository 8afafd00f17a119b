"""``electrum:`` and ``electrum+tls:`` - servers of the Electrum protocol (ElectrumX, electrs, Fulcrum).

The protocol knows what touched a script, not who spent an output and not where a transaction is. So a spend is found
by reading the transactions of the output's script, and a transaction's height is found in the history of one of its
scripts. Places are proved by Merkle branches under the header. Whole blocks and the scripts behind a digest are not to
be had.

Source: the Electrum protocol document, versions 1.4 to 1.6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

from cryptotrace.chains.bitcoin.address import script_of_address
from cryptotrace.chains.bitcoin.auxpow import is_merge_mined
from cryptotrace.chains.bitcoin.cashtokens import locking_script
from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.proof import is_node_sized, verify_inclusion
from cryptotrace.chains.bitcoin.wire import HEADER_SIZE, Header, WireTransaction, decode_header, decode_transaction
from cryptotrace.errors import DataNotFound, NotSupported, SourceLied, SourceUnavailable
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.identity import SCRIPT_DIGEST_PREFIX, Account
from cryptotrace.model.source import RawTransaction, Spend, SpendUnknown, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.esplorajson import lied
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.jsonrpc import Call, Channel, Reply
from cryptotrace.sources.landmark import check_landmark
from cryptotrace.sources.tipwatch import NOTHING, TipWatch
from cryptotrace.sources.transport import blame

#: Said first on every connection: who we are, and which versions of the protocol we speak.
GREETING = Call("server.version", ("cryptotrace", ("1.4", "1.6")))
#: A question with an answer of more than a kilobyte (the first eight headers): it takes along what was kept back.
NUDGE = Call("blockchain.block.headers", (0, 8))
_OP_RETURN = 0x6A


class _HistoryRefused(SourceUnavailable):
    """The server answers, and does not give this history: most have a limit."""


class ElectrumSource:
    """An Electrum server. Satisfies every protocol but ``Blocks``.

    Args:
        network: the chain.
        channel: lines over TCP or TLS, or a recording.

    Raises:
        SourceLied: the server is one of another chain, or its answers cannot be read.
        SourceUnavailable: it does not answer.
    """

    def __init__(self, network: BitcoinNetwork, channel: Channel) -> None:
        self.chain = network.chain
        self.name = channel.name
        self._network = network
        self._channel = channel
        self._headers: dict[int, Header] = {}
        self._histories: dict[bytes, dict[str, int]] = {}
        self._wires: dict[str, tuple[bytes, WireTransaction, str]] = {}
        self._tip = self._find_tip()
        channel.tip = self._tip
        self._watch = TipWatch(self.name, self._tip, self._hash_now)

    # --- Source -------------------------------------------------------------------------------------------------------

    def tip(self) -> Tip:
        """The tip when the source was opened; every answer belongs to it."""
        return self._tip

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def _find_tip(self) -> Tip:
        with blame(self.name):
            first = self._good(self._one("blockchain.block.header", 0), "header 0").raw_hex()
            genesis = self._header_of(first).hash
            if genesis != self._network.genesis_hash:
                raise SourceLied(
                    f"{self.name} serves another chain than {self._network.name}: its genesis is {genesis}"
                )
            newest = self._good(self._one("blockchain.headers.subscribe"), "tip")
            height = newest["height"].integer(0, 2**31)
            check_landmark(self._network, height, lambda at: self._header(at).hash, self.name)
            return Tip(self.chain, height, self._header_of(newest["hex"].raw_hex()).hash)

    def _hash_now(self, height: int) -> str:
        reply = self._one("blockchain.block.header", height)
        return NOTHING if reply.code else self._header_of(reply.result.raw_hex()).hash

    # --- Headers ------------------------------------------------------------------------------------------------------

    def block_ref(self, height: int) -> BlockRef:
        """The block of the active chain at that height.

        Raises:
            DataNotFound: it is above the tip.
        """
        self._watch.require(height)
        with self._watch.answering():
            header = self._header(height)
        return BlockRef(self.chain, height, header.hash, header.time)

    # --- Transactions -------------------------------------------------------------------------------------------------

    def transactions(self, txids: Sequence[str]) -> Iterator[RawTransaction]:
        """The transactions of those txids, in their order.

        Raises:
            DataNotFound: the server does not know one of them.
            SourceLied: the bytes hash to another txid, or the branch does not lead to the header's root.
            NotSupported: a confirmed one has 64 bytes without witness, so that no branch proves it.
        """
        with self._watch.answering():
            self._fetch(txids)
            found = [self._placed(txid) for txid in txids]
        return iter(found)

    def _fetch(self, txids: Sequence[str]) -> None:
        missing = [txid for txid in dict.fromkeys(txids) if txid not in self._wires]
        replies = self._channel.call([Call("blockchain.transaction.get", (txid, False)) for txid in missing])
        for txid, reply in zip(missing, replies, strict=True):
            raw = self._good(reply, f"transaction {txid}").raw_hex()
            wire = decode_transaction(raw, self._network)
            if wire.txid != txid:
                raise lied(self.name, txid, "txid", txid, wire.txid)
            self._wires[txid] = (raw, wire, reply.evidence)

    def _placed(self, txid: str) -> RawTransaction:
        raw, wire, evidence = self._wires[txid]
        height = self._height(wire)
        if height is None:
            return RawTransaction(self.chain, txid, raw, None, -1, evidence)
        block, index, _ = self._proved(txid, height)
        return RawTransaction(self.chain, txid, raw, block, index, evidence)

    def _height(self, wire: WireTransaction) -> int | None:
        """Height of the block of a transaction by the history of one of its scripts; None if it is not confirmed."""
        refusal = ""
        for output in wire.outputs:
            if output.script[:1] == bytes([_OP_RETURN]):
                continue  # servers do not index what cannot be spent
            try:
                history = self._history(self._key_of(output.script), wire.txid)
            except _HistoryRefused as error:
                refusal = str(error)  # too long for this server: perhaps another output's is not
                continue
            if wire.txid in history:
                height = history[wire.txid]
                return height if 0 < height <= self._tip.height else None
        return self._height_by_inputs(wire, refusal)

    def _height_by_inputs(self, wire: WireTransaction, refusal: str) -> int | None:
        for each in () if wire.is_coinbase else wire.inputs:
            self._fetch([each.outpoint.txid])
            spent = self._wires[each.outpoint.txid][1].outputs
            if each.outpoint.vout < len(spent):
                history = self._history(self._key_of(spent[each.outpoint.vout].script), wire.txid)
                if wire.txid in history:
                    height = history[wire.txid]
                    return height if 0 < height <= self._tip.height else None
        raise SourceLied(
            f"{self.name} gives transaction {wire.txid} and does not list it under any of its scripts; {refusal}"
        )

    def _history(self, key: bytes, wanted: str = "") -> dict[str, int]:
        """Txid to height of what touches a script, in chain order; 0 and -1 are unconfirmed."""
        if key in self._histories and wanted in {*self._histories[key], ""}:
            return self._histories[key]
        reply = self._one("blockchain.scripthash.get_history", key[::-1].hex())
        if reply.code:
            raise _HistoryRefused(
                f"{self.name} does not give the history of a script: {reply.error}; ask a node or another server"
            )
        history: dict[str, int] = {}
        for entry in reply.result.items():
            txid, height = entry["tx_hash"].hash(), entry["height"].integer(-1, 2**31)
            if txid in history:
                raise SourceLied(f"{self.name} lists {txid} twice in one history; ask again or ask another source")
            history[txid] = height
        confirmed = [height for height in history.values() if height > 0]
        if confirmed != sorted(confirmed):
            raise SourceLied(f"{self.name} gives a history out of order; ask again or ask another source")
        self._histories[key] = history
        return history

    # --- Spends -------------------------------------------------------------------------------------------------------

    def spends(self, outpoints: Sequence[Outpoint]) -> Iterator[Spend | Unspent | SpendUnknown]:
        """For each outpoint who spends it: the transactions of the output's script are read.

        Raises:
            SourceLied: an answer that cannot be used, see ``transactions``.
            NotSupported: see ``transactions``.
        """
        self._histories.clear()  # they may have grown: a spend may have arrived in the mempool
        with self._watch.answering():
            found = [self._spend(outpoint) for outpoint in outpoints]
        return iter(found)

    def _spend(self, outpoint: Outpoint) -> Spend | Unspent | SpendUnknown:
        try:
            self._fetch([outpoint.txid])
        except DataNotFound as error:
            return SpendUnknown(outpoint, str(error))
        _, creating, evidence = self._wires[outpoint.txid]
        if outpoint.vout >= len(creating.outputs):
            return SpendUnknown(outpoint, f"transaction {outpoint.txid} has no output {outpoint.vout}")
        script = creating.outputs[outpoint.vout].script
        if script[:1] == bytes([_OP_RETURN]):
            return Unspent(outpoint, self._tip, evidence)  # nobody can ever spend it
        try:
            history = self._history(self._key_of(script))
        except _HistoryRefused as error:
            return SpendUnknown(outpoint, str(error))
        if outpoint.txid not in history:
            return SpendUnknown(outpoint, f"{self.name} does not index the script of this output")
        self._fetch(list(history))
        for txid in history:
            for vin, each in enumerate(self._wires[txid][1].inputs):
                if each.outpoint == outpoint:
                    spending = self._placed(txid)
                    return Spend(outpoint, txid, vin, spending.block, spending.evidence)
        return Unspent(outpoint, self._tip, evidence)

    # --- Histories, Balances ------------------------------------------------------------------------------------------

    def history(self, account: Account) -> Iterator[str]:
        """Txids that touch the account, oldest first, unconfirmed last.

        Raises:
            SourceUnavailable: the server does not give this history; most have a limit.
            SourceLied: a transaction twice, or confirmed ones out of order.
        """
        self._histories.clear()
        with self._watch.answering():
            history = self._history(self._key(account))
        confirmed = [txid for txid, height in history.items() if 0 < height <= self._tip.height]
        return iter(confirmed + [txid for txid in history if txid not in set(confirmed)])

    def balance(self, account: Account) -> tuple[int, Tip]:
        """Confirmed satoshi of the account, and the tip that the server has by then.

        Raises:
            ChainReorganised: the tip of this run is no longer in the active chain.
            SourceLied: an answer that cannot be read.
        """
        with self._watch.answering():
            result = self._good(
                self._one("blockchain.scripthash.get_balance", self._key(account)[::-1].hex()), "balance"
            )
            newest = self._good(self._one("blockchain.headers.subscribe"), "tip")
            height = newest["height"].integer(0, 2**31)
            tip = Tip(self.chain, height, self._header_of(newest["hex"].raw_hex()).hash)
            return result["confirmed"].units(self._network.max_supply), tip

    def _key(self, account: Account) -> bytes:
        if account.is_script_digest:
            return bytes.fromhex(account.address.removeprefix(SCRIPT_DIGEST_PREFIX))
        return script_key(script_of_address(account.address, self._network))

    # --- Proofs -------------------------------------------------------------------------------------------------------

    def merkle_branch(self, txid: str) -> tuple[BlockRef, int, tuple[str, ...]]:
        """Block, place and sibling hashes from the leaf up; they lead to the header's Merkle root.

        Raises:
            DataNotFound: the transaction is not confirmed.
            SourceLied: the branch does not lead to the root.
            NotSupported: the transaction has 64 bytes without witness, so that no branch proves it.
        """
        with self._watch.answering():
            self._fetch([txid])
            height = self._height(self._wires[txid][1])
            if height is None:
                raise DataNotFound(f"{self.name}: transaction {txid} is not confirmed at {self._tip.height}")
            return self._proved(txid, height)

    def _proved(self, txid: str, height: int) -> tuple[BlockRef, int, tuple[str, ...]]:
        raw = self._wires[txid][0]
        if is_node_sized(raw, self._network):
            raise NotSupported(
                f"{self.name} cannot prove transaction {txid}: it has 64 bytes without witness, so a branch does not "
                "prove it (CVE-2017-12842), and the protocol gives no whole blocks; rpc:, esplora: and blocks: can"
            )
        proof = self._good(self._one("blockchain.transaction.get_merkle", txid, height), f"proof of {txid}")
        index = proof["pos"].integer(0, 2**24)
        branch = tuple(item.hash() for item in proof["merkle"].items())
        header = self._header(height)
        verify_inclusion(raw, index, branch, header, self._network)
        return BlockRef(self.chain, height, header.hash, header.time), index, branch

    def _header(self, height: int) -> Header:
        if height not in self._headers:
            reply = self._one("blockchain.block.header", height)
            self._headers[height] = self._header_of(self._good(reply, f"header {height}").raw_hex())
        return self._headers[height]

    def _header_of(self, raw: bytes) -> Header:
        """The header in the bytes that a server gives for one; behind a merge-mined one stands its proof."""
        is_whole = is_merge_mined(int.from_bytes(raw[:4], "little"), self._network)
        return decode_header(raw if is_whole else raw[:HEADER_SIZE], self._network)

    def _key_of(self, script: bytes) -> bytes:
        return script_key(locking_script(script, self._network))  # servers index what locks, without the token

    # --- asking -------------------------------------------------------------------------------------------------------

    def _one(self, method: str, *parameters: str | int | bool) -> Reply:
        return self._channel.call([Call(method, parameters)])[0]

    def _good(self, reply: Reply, what: str) -> Field:
        if reply.code:
            raise DataNotFound(f"{self.name} has no {what}: {reply.error}")
        return reply.result


def script_key(script: bytes) -> bytes:
    """What the protocol knows a script by: its SHA-256 (printed reversed).

    Source: the Electrum protocol document, script hashes.
    """
    return sha256(script).digest()
