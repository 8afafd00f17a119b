"""``rpc:`` - a Bitcoin Core node (or one that speaks its JSON-RPC), with and without a transaction index.

What a question costs depends on the node's indexes, and the answers are the same:

- ``-txindex=1``: transactions by txid at once; without it they are looked for in the set of unspent outputs, then in
  the blocks, read backward one by one (each block is read once in a run);
- ``-blockfilterindex=1``: who spends an output, and histories, by compact filters; without it spends are looked for in
  the blocks after the one that created the output, and there are no histories.

Source: Bitcoin Core's JSON-RPC help texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cryptotrace.chains.bitcoin.address import script_of_address
from cryptotrace.chains.bitcoin.merkle import merkle_branch, merkle_root
from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.proof import check_block, is_node_sized, parse_merkle_block
from cryptotrace.chains.bitcoin.wire import decode_block, decode_header, decode_transaction
from cryptotrace.errors import DataNotFound, NotSupported, SourceLied, SourceUnavailable
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.identity import Account
from cryptotrace.model.source import RawBlock, RawTransaction, Spend, SpendUnknown, SpentOutput, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.esplorajson import lied
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.jsonrpc import Call, Channel, Parameter, Reply
from cryptotrace.sources.landmark import check_landmark
from cryptotrace.sources.rpcscan import BlockScan
from cryptotrace.sources.tipwatch import NOTHING, TipWatch
from cryptotrace.sources.transport import blame

_NOT_FOUND, _BUSY, _NO_METHOD, _WARMING_UP = -5, -8, -32601, -28
_OP_RETURN, _LONGEST_SCRIPT, _LARGEST_POOL = 0x6A, 10_000, 5_000


class RpcSource:
    """A node over JSON-RPC. Satisfies every protocol; ``history`` needs ``-blockfilterindex=1``.

    Args:
        network: the chain.
        channel: HTTP, or a recording.
        notice: takes a line about what will take long or was left out.

    Raises:
        SourceLied: a node of another chain.
        SourceUnavailable: it does not answer, or is still starting.
    """

    def __init__(self, network: BitcoinNetwork, channel: Channel, notice: Callable[[str], None]) -> None:
        self.chain = network.chain
        self.name = channel.name
        self._network = network
        self._channel = channel
        self._notice = notice
        self._refs: dict[str, BlockRef | None] = {}
        self._tip = self._find_tip()
        channel.tip = self._tip
        self._watch = TipWatch(self.name, self._tip, self._hash_now)
        self._has_txindex, self._has_filters = self._indexes()
        self._scan = BlockScan(self._raw_blocks, network)

    # --- Source -------------------------------------------------------------------------------------------------------

    def tip(self) -> Tip:
        """The tip when the source was opened; every answer belongs to it."""
        return self._tip

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def _find_tip(self) -> Tip:
        with blame(self.name):
            genesis = self._hash_at(0)
            if genesis != self._network.genesis_hash:
                raise SourceLied(f"{self.name} is a node of another chain than {self._network.name}: genesis {genesis}")
            best = self._good(self._one("getbestblockhash"), "tip").hash()
            height = self._good(self._one("getblockheader", best), "tip")["height"].integer()
            check_landmark(self._network, height, self._hash_at, self.name)
            return Tip(self.chain, height, best)

    def _hash_at(self, height: int) -> str:
        return self._good(self._one("getblockhash", height), f"block at height {height}").hash()

    def _indexes(self) -> tuple[bool, bool]:
        (reply,) = self._channel.call([Call("getindexinfo")])
        with blame(self.name):
            if reply.code:
                return False, False
            names = ("txindex", "basic block filter index")
            txindex, filters = (n in reply.result and reply.result[n]["synced"].truth() for n in names)
        return txindex, filters

    def _hash_now(self, height: int) -> str:
        reply = self._one("getblockhash", height)
        return NOTHING if reply.code else reply.result.hash()

    # --- Blocks -------------------------------------------------------------------------------------------------------

    def block(self, height: int) -> RawBlock:
        """The block at that height.

        Raises:
            DataNotFound: it is above the tip, or the node has pruned it.
        """
        self._watch.require(height)
        with self._watch.answering():
            (found,) = self._raw_blocks([height])
            check_block(decode_block(found.raw, self._network), self._network)
        return found

    def block_by_hash(self, block_hash: str) -> RawBlock:
        """The block of that hash.

        Raises:
            DataNotFound: it is not in the active chain up to the tip, or the node has pruned it.
        """
        with blame(self.name):
            ref = self._ref(block_hash)
        if ref is None:
            raise DataNotFound(f"{self.name}: block {block_hash} is not in the active chain up to {self._tip.height}")
        return self.block(ref.height)

    def _raw_blocks(self, heights: Sequence[int]) -> list[RawBlock]:
        hashes = [self._good(r, "block").hash() for r in self._many("getblockhash", [(h,) for h in heights])]
        found = []
        for height, block_hash, reply in zip(
            heights, hashes, self._many("getblock", [(h, 0) for h in hashes]), strict=True
        ):
            raw = self._good(reply, f"block {block_hash}").raw_hex()
            ref = self._scan_ref(raw, height, block_hash)
            found.append(RawBlock(ref, raw, reply.evidence))
        return found

    def _scan_ref(self, raw: bytes, height: int, block_hash: str) -> BlockRef:
        ref = BlockScan.ref(raw, height, self.chain)
        if ref.hash != block_hash:
            raise SourceLied(f"{self.name} gives the bytes of block {ref.hash} when asked for {block_hash}")
        return ref

    # --- Transactions -------------------------------------------------------------------------------------------------

    def transactions(self, txids: Sequence[str]) -> Iterator[RawTransaction]:
        """The transactions of those txids, in their order.

        Raises:
            DataNotFound: the node does not know one of them.
            SourceLied: the bytes hash to another txid.
        """
        with self._watch.answering():
            found = self._transactions(txids)
        return iter(found)

    def _transactions(self, txids: Sequence[str]) -> list[RawTransaction]:
        questions: list[tuple[Parameter, ...]] = [(txid, 2) for txid in txids]
        replies = self._many("getrawtransaction", questions)
        if not self._has_txindex:
            for n, reply in enumerate(replies):
                if reply.code == _NOT_FOUND:
                    replies[n] = self._one("getrawtransaction", txids[n], 2, self._locate(txids[n]))
        return [self._assemble(txid, reply) for txid, reply in zip(txids, replies, strict=True)]

    def _assemble(self, txid: str, reply: Reply) -> RawTransaction:
        tx = self._good(reply, f"transaction {txid}")
        raw = tx["hex"].raw_hex()
        wire = decode_transaction(raw, self._network)
        if wire.txid != txid:
            raise lied(self.name, txid, "txid", txid, wire.txid)
        block = None if tx["blockhash"].is_null else self._ref(tx["blockhash"].hash())
        index = -1 if block is None else self._index(txid, raw, block)
        spent = {}
        for each, vin in zip(wire.inputs, tx["vin"].items(), strict=False):
            if not vin["prevout"].is_null:
                prevout = vin["prevout"]
                script = prevout["scriptPubKey"]["hex"].raw_hex()
                spent[each.outpoint] = SpentOutput(prevout["value"].coins_as_units(self._network.max_units), script)
        self._check_fee(tx, txid, spent, [o.units for o in wire.outputs])
        return RawTransaction(self.chain, txid, raw, block, index, reply.evidence, spent)

    def _check_fee(self, tx: Field, txid: str, spent: dict[Outpoint, SpentOutput], created: list[int]) -> None:
        if tx["fee"].is_null or len(spent) != len(list(tx["vin"].items())):
            return
        fee = sum(each.units for each in spent.values()) - sum(created)
        if tx["fee"].coins_as_units(self._network.max_units) != fee:
            raise lied(self.name, txid, "fee", tx["fee"].value, fee)

    def _index(self, txid: str, raw: bytes, block: BlockRef) -> int:
        if is_node_sized(raw, self._network):  # no branch proves it, its whole block does
            self._scan.learn(self._raw_blocks([block.height]))
        if (place := self._scan.place(txid)) is not None:
            return place[1]
        branch = self._good(self._one("gettxoutproof", [txid], block.hash), f"proof of {txid}").raw_hex()
        proof = parse_merkle_block(branch, self._network)
        places = [index for index, matched in proof.matched if matched == txid]
        if proof.header.hash != block.hash or len(places) != 1:
            raise SourceLied(f"{self.name} gives a proof that is not of {txid} in block {block.hash}")
        return places[0]

    def _ref(self, block_hash: str) -> BlockRef | None:
        """The block, or None if it is not in the active chain up to the tip."""
        if block_hash not in self._refs:
            header = self._good(self._one("getblockheader", block_hash), f"block {block_hash}")
            height, time = header["height"].integer(), header["time"].integer(0, 2**32 - 1)
            active = header["confirmations"].integer(-1) >= 0 and height <= self._tip.height
            self._refs[block_hash] = BlockRef(self.chain, height, block_hash, time) if active else None
        return self._refs[block_hash]

    def _locate(self, txid: str) -> str:
        """Hash of the block of a transaction, on a node without a transaction index."""
        if (place := self._scan.place(txid)) is not None:
            return place[0].hash
        for reply in self._many("gettxout", [(txid, vout, False) for vout in range(4)]):
            if not reply.code and not reply.result.is_null:
                best = self._good(self._one("getblockheader", reply.result["bestblock"].hash()), "header")
                height = best["height"].integer() - reply.result["confirmations"].integer(1) + 1
                return self._hash_at(height)
        if not self._scan.read:
            self._notice(f"{self.name} has no transaction index: blocks are read one by one; -txindex=1 makes it fast")
        found = self._scan.find_transaction(txid, self._tip.height)
        if found is None:
            raise DataNotFound(f"{self.name} does not know transaction {txid}: not in its mempool, not in its blocks")
        return found.hash

    # --- Spends -------------------------------------------------------------------------------------------------------

    def spends(self, outpoints: Sequence[Outpoint]) -> Iterator[Spend | Unspent | SpendUnknown]:
        """For each outpoint who spends it; the spending transaction's bytes are looked at.

        Raises:
            SourceLied: a transaction that is said to spend an output does not.
        """
        with self._watch.answering():
            unspent = self._many("gettxout", [(o.txid, o.vout, False) for o in outpoints])
            pool = self._many("gettxspendingprevout", [([{"txid": o.txid, "vout": o.vout}],) for o in outpoints])
            found = [self._spend(*each) for each in zip(outpoints, unspent, pool, strict=True)]
        return iter(found)

    def _spend(self, outpoint: Outpoint, unspent: Reply, pool: Reply) -> Spend | Unspent | SpendUnknown:
        spender = "" if pool.code else self._pool_spender(pool)
        if spender:
            (spending,) = self._transactions([spender])
            return self._checked(outpoint, spending, spending.evidence)
        if not unspent.code and not unspent.result.is_null:
            return Unspent(outpoint, self._tip, unspent.evidence)
        try:
            (creating,) = self._transactions([outpoint.txid])
        except DataNotFound as error:
            return SpendUnknown(outpoint, str(error))
        outputs = decode_transaction(creating.raw, self._network).outputs
        if outpoint.vout >= len(outputs):
            return SpendUnknown(outpoint, f"transaction {outpoint.txid} has no output {outpoint.vout}")
        script = outputs[outpoint.vout].script
        if creating.block is None or script[:1] == bytes([_OP_RETURN]) or len(script) > _LONGEST_SCRIPT:
            return Unspent(outpoint, self._tip, creating.evidence)  # in the mempool only, or nobody can ever spend it
        return self._search(outpoint, script, creating.block.height)

    def _search(self, outpoint: Outpoint, script: bytes, since: int) -> Spend | Unspent:
        """Who spends an output that is no longer in the set of unspent ones."""
        if self._has_filters:
            for height in self._filtered(script, since):
                self._scan.learn(self._raw_blocks([height]))
            place = self._scan.spender(outpoint)
        else:
            place = self._scan.find_spender(outpoint, since, self._tip.height)
        if place is None:
            return Unspent(outpoint, self._tip, "")  # spent above the tip of this run
        return Spend(outpoint, place.txid, place.vin, place.block, place.evidence)

    def _pool_spender(self, pool: Reply) -> str:
        entries = list(pool.result.items())
        if len(entries) != 1:
            raise pool.result.refuse("one entry for one outpoint")
        (entry,) = entries
        return "" if entry["spendingtxid"].is_null else entry["spendingtxid"].hash()

    def _checked(self, outpoint: Outpoint, spending: RawTransaction, evidence: str) -> Spend:
        for vin, each in enumerate(decode_transaction(spending.raw, self._network).inputs):
            if each.outpoint == outpoint:
                return Spend(outpoint, spending.txid, vin, spending.block, evidence)
        raise lied(self.name, spending.txid, "spendingtxid", outpoint, "not among its inputs")

    # --- Histories, Balances ------------------------------------------------------------------------------------------

    def history(self, account: Account) -> Iterator[str]:
        """Txids that touch the account, oldest first, unconfirmed last.

        Raises:
            NotSupported: the node runs without ``-blockfilterindex=1``, or the account is the digest of a script.
        """
        if not self._has_filters:
            raise NotSupported(
                f"{self.name} runs without -blockfilterindex=1 and cannot tell what touched an address; restart it "
                "with that option, or connect electrum:, esplora: or blocks:"
            )
        script = self._script(account)
        with self._watch.answering():
            for height in self._filtered(script, 0):
                self._scan.learn(self._raw_blocks([height]))
            confirmed, owned = self._scan.touching(script)
            found = confirmed + self._pool_touching(script, owned)
        return iter(found)

    def balance(self, account: Account) -> tuple[int, Tip]:
        """Confirmed satoshi of the account by a scan of the unspent outputs, and the tip at which that was made.

        Raises:
            SourceUnavailable: another scan is running.
            NotSupported: the account is the digest of a script.
        """
        scanned: tuple[Parameter, ...] = ("start", [f"raw({self._script(account).hex()})"])
        with blame(self.name):
            result = self._good(self._one("scantxoutset", *scanned), f"balance of {account}")
            tip = Tip(self.chain, result["height"].integer(), result["bestblock"].hash())
            return result["total_amount"].coins_as_units(self._network.max_supply), tip

    def _filtered(self, script: bytes, since: int) -> list[int]:
        """Heights of the blocks whose filter matches the script (some do so by chance)."""
        scanned: tuple[Parameter, ...] = ("start", [f"raw({script.hex()})"], since, self._tip.height)
        result = self._good(self._one("scanblocks", *scanned), "filter scan")
        refs = [self._ref(item.hash()) for item in result["relevant_blocks"].items()]
        return sorted(ref.height for ref in refs if ref is not None)

    def _pool_touching(self, script: bytes, owned: set[Outpoint]) -> list[str]:
        pool = [item.hash() for item in self._good(self._one("getrawmempool"), "mempool").items()]
        if len(pool) > _LARGEST_POOL:
            self._notice(f"{self.name}: unconfirmed transactions were left out, the mempool holds {len(pool)}")
            return []
        replies = self._many("getrawtransaction", [(txid, 1) for txid in pool])
        wires = [decode_transaction(r.result["hex"].raw_hex(), self._network) for r in replies if not r.code]
        for wire in wires:
            owned |= {Outpoint(wire.txid, n) for n, o in enumerate(wire.outputs) if o.script == script}
        return [
            wire.txid
            for wire in wires
            if any(o.script == script for o in wire.outputs) or any(i.outpoint in owned for i in wire.inputs)
        ]

    def _script(self, account: Account) -> bytes:
        if account.is_script_digest:
            raise NotSupported(f"{self.name} cannot look for a script by its digest; electrum: and esplora: can")
        return script_of_address(account.address, self._network)

    # --- Proofs -------------------------------------------------------------------------------------------------------

    def merkle_branch(self, txid: str) -> tuple[BlockRef, int, tuple[str, ...]]:
        """Block, place and sibling hashes from the leaf up; the block's txids lead to the header's Merkle root.

        Raises:
            DataNotFound: the transaction is not confirmed.
            SourceLied: the txids do not lead to the root, or the transaction is not at its place among them.
        """
        with self._watch.answering():
            (found,) = self._transactions([txid])
            if found.block is None:
                raise DataNotFound(f"{self.name}: transaction {txid} is not confirmed at {self._tip.height}")
            block = self._good(self._one("getblock", found.block.hash, 1), f"block {found.block.hash}")
            txids = [item.hash() for item in block["tx"].items()]
            raw = self._good(self._one("getblockheader", found.block.hash, False), "header").raw_hex()
            header = decode_header(raw, self._network)
            if header.hash != found.block.hash or merkle_root(txids) != header.merkle_root:
                raise SourceLied(f"{self.name}: the txids of block {found.block.hash} do not lead to its Merkle root")
            if txids[found.index : found.index + 1] != [txid]:
                raise SourceLied(f"{self.name}: transaction {txid} is not at place {found.index} of its block")
        return found.block, found.index, merkle_branch(txids, found.index)

    # --- asking -------------------------------------------------------------------------------------------------------

    def _one(self, method: str, *parameters: Parameter) -> Reply:
        return self._channel.call([Call(method, parameters)])[0]

    def _many(self, method: str, parameters: Sequence[tuple[Parameter, ...]]) -> list[Reply]:
        return self._channel.call([Call(method, each) for each in parameters])

    def _good(self, reply: Reply, what: str) -> Field:
        if not reply.code:
            return reply.result
        if reply.code == _WARMING_UP:
            raise SourceUnavailable(f"{self.name} is starting: {reply.error}; try again in a few minutes")
        if reply.code == _NO_METHOD:
            raise NotSupported(f"{self.name} is too old for this question ({what}): {reply.error}")
        if reply.code == _BUSY and "already in progress" in reply.error:
            raise SourceUnavailable(f"{self.name} is busy with another scan ({what}); try again later")
        raise DataNotFound(f"{self.name} has no {what}: {reply.error}")
