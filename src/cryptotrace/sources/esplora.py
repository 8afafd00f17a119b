"""``esplora:`` - the REST API of Blockstream's Esplora, as explorers and own servers offer it.

A transaction's bytes are rebuilt from its JSON and must hash to its txid; if they do not, the raw bytes are fetched and
the figure that differs is named. Its place in the block is taken from a Merkle branch that leads to the header's root.

Source: the HTTP API document of Esplora.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from cryptotrace.chains.bitcoin.auxpow import is_merge_mined
from cryptotrace.chains.bitcoin.hashes import is_hash_text
from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.proof import check_block, is_node_sized, merkle_branch, verify_inclusion
from cryptotrace.chains.bitcoin.wire import Header, decode_block, decode_header, decode_transaction
from cryptotrace.errors import DataNotFound, SourceLied, SourceUnavailable
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.identity import Account
from cryptotrace.model.source import RawBlock, RawTransaction, Spend, SpendUnknown, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.esplorajson import check_explorer_figures, lied, read_explorer_transaction, read_status, route
from cryptotrace.sources.foreignjson import Field, parse_json
from cryptotrace.sources.landmark import check_landmark
from cryptotrace.sources.tipwatch import NOTHING, TipWatch
from cryptotrace.sources.transport import Answer, Request, Transport, blame

#: Confirmed transactions of one page of an address.
PAGE = 25
#: Unconfirmed transactions of an address that the server gives at most; there are no further pages.
POOL_PAGE = 50
_PAGE_ATTEMPTS, _REMEMBERED = 3, 4096


class EsploraSource:
    """An Esplora server. Satisfies every protocol of ``cryptotrace.model.source``.

    Args:
        network: the chain.
        transport: HTTP, or a recording.
        name: how the source is called in evidence.
        check_every_s: how long the tip is trusted to be in the active chain before it is looked at again.
        notice: takes a line about what was left out.

    Raises:
        SourceLied: a server of another chain.
        SourceUnavailable: it does not answer.
    """

    def __init__(
        self,
        network: BitcoinNetwork,
        transport: Transport,
        name: str,
        *,
        check_every_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.chain = network.chain
        self.name = name
        self._network = network
        self._transport = transport
        self._notice = notice
        self._remembered: OrderedDict[str, RawTransaction] = OrderedDict()
        self._headers: dict[str, Header] = {}
        self._tip = self._find_tip()
        transport.tip = self._tip
        self._watch = TipWatch(self.name, self._tip, self._hash_now, check_every_s, clock)

    # --- Source -------------------------------------------------------------------------------------------------------

    def tip(self) -> Tip:
        """The tip when the source was opened; every answer belongs to it."""
        return self._tip

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _find_tip(self) -> Tip:
        genesis = self._text("/block-height/0")
        if genesis != self._network.genesis_hash:
            raise SourceLied(
                f"{self.name} is not a server of {self._network.name}: its genesis block is {genesis[:64]}"
            )
        tip_hash = self._text("/blocks/tip/hash")
        with blame(self.name):
            block = self._json(f"/block/{tip_hash}")
            if (said := block["id"].hash()) != tip_hash:
                raise SourceLied(f"{self.name} gives block {said} when asked for its tip {tip_hash}")
            height = block["height"].integer(0, 2**31)
        check_landmark(self._network, height, lambda at: self._text(f"/block-height/{at}"), self.name)
        return Tip(self.chain, height, tip_hash)

    def _hash_now(self, height: int) -> str:
        try:
            return self._text(f"/block-height/{height}")
        except DataNotFound:
            return NOTHING

    # --- Blocks -------------------------------------------------------------------------------------------------------

    def block(self, height: int) -> RawBlock:
        """The block at that height.

        Raises:
            DataNotFound: it is above the tip.
        """
        self._watch.require(height)
        with self._watch.answering():
            return self._raw_block(self._text(f"/block-height/{height}"), height)

    def block_by_hash(self, block_hash: str) -> RawBlock:
        """The block of that hash.

        Raises:
            DataNotFound: there is no such block in the active chain up to the tip.
        """
        with blame(self.name):
            height = self._json(f"/block/{block_hash}")["height"].integer(0, 2**31)
        if height > self._tip.height or self._text(f"/block-height/{height}") != block_hash:
            raise DataNotFound(f"{self.name}: block {block_hash} is not in the active chain up to {self._tip.height}")
        return self._raw_block(block_hash, height)

    def _raw_block(self, block_hash: str, height: int) -> RawBlock:
        answer = self._ask(f"/block/{block_hash}/raw")
        with blame(self.name):
            block = decode_block(answer.body, self._network)
            check_block(block, self._network)
        header = block.header
        if header.hash != block_hash:
            raise SourceLied(f"{self.name} gives the bytes of block {header.hash} when asked for {block_hash}")
        return RawBlock(BlockRef(self.chain, height, block_hash, header.time), answer.body, answer.evidence)

    # --- Transactions -------------------------------------------------------------------------------------------------

    def transactions(self, txids: Sequence[str]) -> Iterator[RawTransaction]:
        """The transactions of those txids, in their order.

        Raises:
            DataNotFound: the server does not know one of them.
            SourceLied: its figures contradict the bytes.
        """
        with self._watch.answering():
            found = [self._transaction(txid) for txid in txids]
        return iter(found)

    def _transaction(self, txid: str) -> RawTransaction:
        if txid in self._remembered:
            return self._remembered[txid]
        answer = self._ask(f"/tx/{txid}")
        said = read_explorer_transaction(parse_json(answer.body, f"{self.name}/tx/{txid}"), self._network)
        if said.txid != txid:
            raise lied(self.name, txid, "txid", said.txid, txid)
        raw, wire = said.raw, said.wire
        if wire.txid != txid:
            wire = decode_transaction(raw := self._hex(f"/tx/{txid}/hex"), self._network)
            if wire.txid != txid:
                raise lied(self.name, txid, "txid", txid, wire.txid)
        check_explorer_figures(said, wire, self._network, self.name)
        block = said.block if said.block is not None and said.block.height <= self._tip.height else None
        index = -1 if block is None else self._place(txid, raw, block)[0]
        found = RawTransaction(self.chain, txid, raw, block, index, answer.evidence, said.spent)
        if block is not None:
            self._remembered[txid] = found
            if len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        return found

    # --- Spends -------------------------------------------------------------------------------------------------------

    def spends(self, outpoints: Sequence[Outpoint]) -> Iterator[Spend | Unspent | SpendUnknown]:
        """For each outpoint who spends it; the spending transaction's bytes are looked at.

        Raises:
            SourceLied: a transaction that is said to spend an output does not, or is not in the block that is named.
        """
        by_txid: dict[str, tuple[list[Field], str] | DataNotFound] = {}
        with self._watch.answering():
            for txid in dict.fromkeys(outpoint.txid for outpoint in outpoints):
                try:
                    by_txid[txid] = self._listed(f"/tx/{txid}/outspends")
                except DataNotFound as error:
                    by_txid[txid] = error
            found = [
                SpendUnknown(outpoint, str(said))
                if isinstance(said := by_txid[outpoint.txid], DataNotFound)
                else self._spend(outpoint, *said)
                for outpoint in outpoints
            ]
        return iter(found)

    def _spend(self, outpoint: Outpoint, entries: list[Field], evidence: str) -> Spend | Unspent | SpendUnknown:
        if outpoint.vout >= len(entries):
            return SpendUnknown(outpoint, f"{self.name} says that transaction {outpoint.txid} has no such output")
        entry = entries[outpoint.vout]
        if not entry["spent"].truth():
            return Unspent(outpoint, self._tip, evidence)
        txid, vin = entry["txid"].hash(), entry["vin"].integer(0, 2**32 - 1)
        block = read_status(entry["status"], self._network)
        spending = self._transaction(txid)
        inputs = decode_transaction(spending.raw, self._network).inputs
        if (found := inputs[vin].outpoint if vin < len(inputs) else "absent") != outpoint:
            raise lied(self.name, txid, f"vin[{vin}]", outpoint, found)
        if block is not None and spending.block is not None and block.hash != spending.block.hash:
            raise lied(self.name, txid, "status.block_hash", block.hash, spending.block.hash)
        return Spend(outpoint, txid, vin, spending.block, evidence)

    # --- Histories, Balances ------------------------------------------------------------------------------------------

    def history(self, account: Account) -> Iterator[str]:
        """Txids that touch the account, oldest first, unconfirmed last. Reads every page.

        Raises:
            SourceLied: a page repeats or reorders what an earlier one gave, or the pages together do not give as many
                transactions as the server's statistics count.
        """
        base = route(account)
        with self._watch.answering():
            pool, _ = self._listed(f"{base}/txs/mempool")
            unconfirmed = [tx["txid"].hash() for tx in pool]
            if len(unconfirmed) >= POOL_PAGE:
                self._notice(
                    f"{self.name} lists {len(pool)} unconfirmed transactions of {account}; it may leave out more"
                )
            confirmed = self._confirmed(base)
        held = {txid: height for txid, height in confirmed.items() if height <= self._tip.height}
        later = [txid for txid, height in confirmed.items() if height > self._tip.height]
        return iter([*reversed(held), *dict.fromkeys(txid for txid in (*later, *unconfirmed) if txid not in held)])

    def _confirmed(self, base: str) -> dict[str, int]:
        """Txid and height of every page, newest first; read again if a block came while the pages were read."""
        counted, found = 0, 0
        for _ in range(_PAGE_ATTEMPTS):
            counted = self._json(base)["chain_stats"]["tx_count"].integer()
            confirmed: dict[str, int] = {}
            last, more = "", True
            while more and len(confirmed) <= counted:  # a server that never ends stops here
                page, more = self._page(f"{base}/txs/chain{last}", confirmed)
                confirmed |= page
                last = f"/{next(reversed(confirmed), '')}"
            found = len(confirmed)
            if found == counted and not more:
                return confirmed
        raise SourceLied(
            f"{self.name} counts {counted} transactions of {base[1:]} and its pages give {found}"
            f"{' and more' if found > counted else ''}: a page is missing or invented; ask another source"
        )

    def _page(self, path: str, before: dict[str, int]) -> tuple[dict[str, int], bool]:
        """Txid and height of a page, newest first, and whether another may follow.

        A page that repeats or reorders is asked for again before it is refused.
        """
        problem = ""
        for _ in range(_PAGE_ATTEMPTS):
            entries, _ = self._listed(path)
            page = [(tx["txid"].hash(), self._height(tx)) for tx in entries]
            txids, heights = [txid for txid, _ in page], [height for _, height in page]
            floor = next(reversed(before.values()), 2**31)
            if len(set(txids)) != len(txids) or not before.keys().isdisjoint(txids):
                problem = "repeats a transaction"
            elif any(later > earlier for earlier, later in pairwise([floor, *heights])):
                problem = "is not in order, newest first: a page was reordered or left out"
            else:
                return dict(page), len(page) >= PAGE
        raise SourceLied(f"{self.name}: the page {path} {problem}; ask another source")

    def _height(self, tx: Field) -> int:
        block = read_status(tx["status"], self._network)
        if block is None:
            raise lied(self.name, tx["txid"].hash(), "status.confirmed", "false", "true by the list that it is in")
        return block.height

    def balance(self, account: Account) -> tuple[int, Tip]:
        """Confirmed satoshi of the account by the server's statistics, and the tip that the server has by then.

        Raises:
            SourceLied: less than nothing, or an answer that cannot be read.
            DataNotFound: the server does not know the account, or its own tip.
        """
        with blame(self.name):
            stats = self._json(route(account))["chain_stats"]
            units = stats["funded_txo_sum"].integer() - stats["spent_txo_sum"].integer()
            tip_hash = self._text("/blocks/tip/hash")
            if units < 0:
                raise SourceLied(f"{self.name} says that {account} spent more than it received")
            if tip_hash == self._tip.hash:
                return units, self._tip
            return units, Tip(self.chain, self._json(f"/block/{tip_hash}")["height"].integer(0, 2**31), tip_hash)

    # --- Proofs -------------------------------------------------------------------------------------------------------

    def merkle_branch(self, txid: str) -> tuple[BlockRef, int, tuple[str, ...]]:
        """Block, place and sibling hashes from the leaf up; they lead to the header's Merkle root.

        Raises:
            DataNotFound: the transaction is not confirmed.
            SourceLied: the branch does not lead to the root.
        """
        (found,) = self.transactions([txid])
        if found.block is None:
            raise DataNotFound(f"{self.name}: transaction {txid} is not confirmed at {self._tip.height}")
        with blame(self.name):
            return found.block, *self._place(txid, found.raw, found.block)

    def _place(self, txid: str, raw: bytes, block: BlockRef) -> tuple[int, tuple[str, ...]]:
        if is_node_sized(raw, self._network):
            return self._place_in_whole_block(txid, block)
        proof = self._json(f"/tx/{txid}/merkle-proof")
        index = proof["pos"].integer(0, 2**24)
        branch = tuple(item.hash() for item in proof["merkle"].items())
        height = proof["block_height"].integer(0, 2**31)
        header = self._header(block.hash)
        if height != block.height:
            raise lied(self.name, txid, "block_height", height, block.height)
        if header.time != block.time:
            raise lied(self.name, txid, "status.block_time", block.time, header.time)
        verify_inclusion(raw, index, branch, header, self._network)
        return index, branch

    def _place_in_whole_block(self, txid: str, block: BlockRef) -> tuple[int, tuple[str, ...]]:
        """The place of a transaction that a branch does not prove, since it has the size of an inner node."""
        whole = self._raw_block(block.hash, block.height)
        txids = [each.txid for each in decode_block(whole.raw, self._network).transactions]
        if whole.ref != block or txid not in txids:
            raise lied(self.name, txid, "status", f"block {block.hash} at {block.time}", "in no such block")
        return txids.index(txid), merkle_branch(txids, txids.index(txid))

    def _header(self, block_hash: str) -> Header:
        if block_hash not in self._headers:
            header = decode_header(self._hex(f"/block/{block_hash}/header"), self._network)
            if is_merge_mined(header.version, self._network) and header.auxpow is None:  # the whole block has it
                header = decode_block(self._ask(f"/block/{block_hash}/raw").body, self._network).header
            if header.hash != block_hash:
                raise SourceLied(f"{self.name} gives the header {header.hash} when asked for {block_hash}")
            self._headers[block_hash] = header
        return self._headers[block_hash]

    # --- asking -------------------------------------------------------------------------------------------------------

    def _ask(self, path: str) -> Answer:
        answer = self._transport.ask(Request("GET", path))
        if answer.status == 200:
            return answer
        text = answer.body[:120].decode("utf-8", errors="replace")
        if answer.status in (400, 404):
            raise DataNotFound(f"{self.name} does not know {path} (HTTP {answer.status}: {text})")
        raise SourceUnavailable(f"{self.name} answers HTTP {answer.status} to {path}: {text}")

    def _json(self, path: str) -> Field:
        return parse_json(self._ask(path).body, f"{self.name}{path}")

    def _listed(self, path: str) -> tuple[list[Field], str]:
        answer = self._ask(path)
        return list(parse_json(answer.body, f"{self.name}{path}").items()), answer.evidence

    def _text(self, path: str) -> str:
        body = self._ask(path).body.strip()
        if not is_hash_text(text := body.decode("ascii", errors="replace")):
            raise SourceLied(f"{self.name} gives no hash when asked for {path}: {body[:80]!r}")
        return text

    def _hex(self, path: str) -> bytes:
        body = self._ask(path).body.strip()
        try:
            return bytes.fromhex(body.decode("ascii"))
        except ValueError:
            raise SourceLied(f"{self.name} gives no hex digits when asked for {path}: {body[:80]!r}") from None
