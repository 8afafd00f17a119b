"""Which transactions touched a holding, from an EVM node.

============  =========================================================================================================
holding       how
============  =========================================================================================================
a token       events of its contract that name the account, and those by which an issuer changes holdings (an issue
              and a redemption name nobody: they count for who owned the contract then)
native coin   ``trace_filter`` where the node has it; else every block of the range with its call trees, up to a stated
              number of blocks; else another source has to answer
============  =========================================================================================================

What a block does by itself (staking withdrawals, the producer's fees and rewards) stands in no trace index: it is found
where the blocks are read, and where they are not, the history says so.

Source: OpenEthereum documentation, "JSONRPC trace module" (``trace_filter``); ERC-20, ERC-721, ERC-1155; WETH9; the
published contract of Tether.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cryptotrace.chains.evm import abi, topics
from cryptotrace.chains.evm.abi import Freeze, Supply, TokenTransfer, Wrapping
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.tokens import wraps_as_weth9
from cryptotrace.chains.evm.told import Told
from cryptotrace.errors import MalformedBytes, NotSupported, SourceLied
from cryptotrace.model.accountsource import PotHistory
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import Movement
from cryptotrace.sources.evm.ranges import RangeReader
from cryptotrace.sources.evm.rpcblocks import BlockReader
from cryptotrace.sources.evm.rpclogs import LogReader, LogRow, TopicFilter, padded
from cryptotrace.sources.evm.rpcread import Node, fields_of, tag
from cryptotrace.sources.evm.rpcstate import StateReader, token_number
from cryptotrace.sources.evm.rpctransactions import TransactionReader
from cryptotrace.sources.evm.tracing import TreeReader
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.jsonrpc import Call, Parameter

#: Most blocks that are read one by one for the history of a native holding.
SCAN_BLOCKS = 2_000
_WHO = (
    "a node with trace_filter (Erigon, Nethermind, Reth), an Etherscan-compatible API (etherscan:) and an explorer's "
    "exports"
)
_HEADS_AT_ONCE = 100
#: Native holdings of blocks that were read one by one that are remembered; some 300 bytes each.
_MOST_KEPT = 200_000
#: Place of what a block does by itself among those that a trace index lists.
_BEHIND_ALL = 2**31


@dataclass(slots=True)
class _Found:
    """Transactions that touched a holding, by where they stand."""

    most: int
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)

    @property
    def is_crowded(self) -> bool:
        return len(self.places) > self.most

    def add(self, txid: str, height: int, index: int) -> bool:
        """Keep one; gives False once there are more than were asked for."""
        self.places[txid] = (height, index)
        return not self.is_crowded

    def history(self, account: Account, asset: Asset, first: int, last: int, problem: str = "") -> PotHistory:
        txids = sorted(self.places, key=lambda txid: self.places[txid])[: self.most]
        if self.is_crowded:
            problem = f"more than {self.most} transactions touched it; the listing was stopped"
        evidence = tuple(dict.fromkeys(self.evidence))
        return PotHistory(account, asset, first, last, tuple(txids), problem, self.is_crowded, evidence)


class PotReader:
    """Lists what touched a holding.

    Args:
        node: who is asked.
        network: the chain.
        blocks: reads its blocks.
        transactions: reads its transactions.
        trees: knows whether the node has call trees.
        state: reads its state.
        scan: most blocks that are read one by one.
    """

    def __init__(
        self,
        node: Node,
        network: EvmNetwork,
        blocks: BlockReader,
        transactions: TransactionReader,
        trees: TreeReader,
        state: StateReader,
        scan: int = SCAN_BLOCKS,
    ) -> None:
        self._node = node
        self._network = network
        self._blocks = blocks
        self._transactions = transactions
        self._trees = trees
        self._state = state
        self._logs = LogReader(node)
        self._scan = scan
        self._kept: dict[int, tuple[dict[Account, list[tuple[str, int]]], list[str]]] = {}

    def history(self, account: Account, asset: Asset, first: int, last: int, most: int) -> PotHistory:
        """The transactions that touched the holding between two heights, oldest first; at most ``most``.

        Raises:
            NotSupported: the node cannot tell; the message says who can.
            SourceLied: an answer contradicts itself.
            MalformedBytes, ProofRefused: an answer that cannot be used.
        """
        tip = self._blocks.tip
        last = last if tip is None else min(last, tip.height)
        found = _Found(most)
        if asset != self._network.asset:
            self._token(account, asset, first, last, found)
            return found.history(account, asset, first, last)
        try:
            problem = self._traced(account, first, last, found)
        except NotSupported:
            if last - first >= self._scan:
                raise
            self._blocks_one_by_one(account, first, last, found)
            problem = self._untraced()
        return found.history(account, asset, first, last, problem)

    # --- tokens -------------------------------------------------------------------------------------------------------

    def _token(self, account: Account, asset: Asset, first: int, last: int, found: _Found) -> None:
        contract = self._state.contract_of(asset)
        wraps = wraps_as_weth9(contract, self._network, self._transactions.tokens)
        for filters in _filters(asset, account, wraps=wraps):
            for row in self._logs.rows(contract, filters, first, last, found.evidence):
                if self._concerns(row, account, asset):
                    self._transactions.expect(row)
                    if not found.add(row.txid, row.height, row.index):
                        return

    def _concerns(self, row: LogRow, account: Account, asset: Asset) -> bool:
        """True if the event is about the holding; one that cannot be read is kept, for its transaction says more."""
        try:
            events = abi.read_log(row.log)
        except MalformedBytes:
            return True
        return any(self._is_about(event, row, account.address, asset) for event in events)

    def _is_about(self, event: abi.Event, row: LogRow, address: str, asset: Asset) -> bool:
        if isinstance(event, TokenTransfer):
            right_token = asset.token_id is None or event.token_id in (None, token_number(asset))
            return right_token and address in (event.payer, event.payee)
        if isinstance(event, Wrapping | Freeze):
            return event.account == address
        if isinstance(event, Supply):
            return self._transactions.owner(event.contract, row.height) == address
        return False

    # --- native coin --------------------------------------------------------------------------------------------------

    def _traced(self, account: Account, first: int, last: int, found: _Found) -> str:
        """Through ``trace_filter``; gives what it leaves out."""
        for side in ("fromAddress", "toAddress"):

            def question(since: int, until: int, side: str = side) -> Call:
                asked: dict[str, Parameter] = {"fromBlock": tag(since), "toBlock": tag(until)}
                return Call("trace_filter", (asked | {side: [account.address.lower()]},))

            reader = RangeReader(self._node, "calls of an account", question, self._who(first, last))
            reader.evidence = found.evidence
            for row in reader.rows(first, last):
                txid, height, index = self._traced_row(row)
                if not first <= height <= last:
                    raise SourceLied(f"{self._node.name} lists a call in block {height}, which was not asked for")
                if not found.add(txid, height, index):
                    return ""
        if last - first < self._scan:
            self._by_blocks(account, first, last, found)
            return ""
        return (
            f"{self._node.name} lists calls, and not what a block does by itself: staking withdrawals and what a "
            "producer of blocks gets are not in it; the balances show whether any of it is missing"
        )

    def _traced_row(self, row: Field) -> tuple[str, int, int]:
        """Transaction, height and place of a listed call; a reward belongs to no transaction but to the block."""
        told = Told(fields_of(row), "trace")
        txid = told.hash_or_none("transactionHash")
        if txid is None:
            return told.hash("blockHash"), row["blockNumber"].integer(), _BEHIND_ALL
        return txid, row["blockNumber"].integer(), row["transactionPosition"].integer(0, _BEHIND_ALL)

    def _who(self, first: int, last: int) -> str:
        blocks = last - first + 1
        why = "it has no call trees either" if not self._trees.has_trees else f"{blocks} blocks are too many to read"
        return f"{why} (at most {self._scan}, option scan=); {_WHO}"

    def _by_blocks(self, account: Account, first: int, last: int, found: _Found) -> None:
        """What blocks do by themselves for an account, and the transactions whose fees it gets as their producer."""
        for start in range(first, last + 1, _HEADS_AT_ONCE):
            for head in self._blocks.heads(range(start, min(start + _HEADS_AT_ONCE, last + 1))):
                own = self._transactions.by_block(head)
                if own is not None and _touches(own.movements, account, self._network.asset):
                    found.add(own.txid, head.ref.height, own.index)
                if head.header.beneficiary == account.address:
                    for index, txid in enumerate(head.txids):
                        found.add(txid, head.ref.height, index)

    def _blocks_one_by_one(self, account: Account, first: int, last: int, found: _Found) -> None:
        for height in range(first, last + 1):
            pots, evidence = self._block(height)
            found.evidence += evidence
            for txid, index in pots.get(account, ()):
                if not found.add(txid, height, index):
                    return

    def _block(self, height: int) -> tuple[dict[Account, list[tuple[str, int]]], list[str]]:
        """Which transactions of a block touched whose native holding, and the digests; kept for the next account."""
        if height not in self._kept:
            if sum(len(pots) for pots, _ in self._kept.values()) > _MOST_KEPT:
                self._kept.clear()
            pots: dict[Account, list[tuple[str, int]]] = {}
            evidence: dict[str, None] = {}
            for tx in self._transactions.of_whole_block(height):
                evidence[tx.evidence] = None
                mine = (m for m in tx.movements if m.asset == self._network.asset)
                for account in {each for m in mine for each in (m.payer, m.payee) if each is not None}:
                    pots.setdefault(account, []).append((tx.txid, tx.index))
            self._kept[height] = pots, list(evidence)
        return self._kept[height]

    def _untraced(self) -> str:
        if self._trees.has_trees:
            return ""
        return f"{self._node.name} has no call trees: payments to and from the account inside contracts are not in it"


def _touches(movements: Iterable[Movement], account: Account, asset: Asset) -> bool:
    return any(each.asset == asset and account in (each.payer, each.payee) for each in movements)


def _filters(asset: Asset, account: Account, *, wraps: bool) -> Iterator[list[TopicFilter]]:
    """What topics the events that may touch a holding have."""
    own = padded(account.address)
    if asset.namespace == "erc1155":
        sent = [topics.topic_of(each) for each in (topics.TRANSFER_SINGLE, topics.TRANSFER_BATCH)]
        yield [sent, None, own]
        yield [sent, None, None, own]
        return
    moved = topics.topic_of(topics.TRANSFER)
    if asset.namespace == "erc721":
        token = [] if asset.token_id is None else [token_number(asset).to_bytes(32, "big")]
        yield [moved, own, *([None, *token] if token else [])]
        yield [moved, None, own, *token]
        return
    yield [moved, own]
    yield [moved, None, own]
    if wraps:
        yield [[topics.topic_of(each) for each in (topics.DEPOSIT, topics.WITHDRAWAL)], own]
    yield [[topics.topic_of(each) for each in (*topics.DESTROYED, topics.ISSUE, topics.REDEEM)]]
