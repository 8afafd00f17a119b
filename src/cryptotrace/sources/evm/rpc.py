"""``rpc:`` - a node of Ethereum's family over JSON-RPC; ``ipc:`` and providers of web3.py give the same source.

What it can tell depends on the node, and the answers say so:

- any full node: transactions, receipts, events, balances of the last blocks;
- with the ``debug`` or ``trace`` module: payments inside contracts; without it each transaction lists
  ``internal calls`` among what is missing;
- with ``trace_filter`` (Erigon, Nethermind, Reth): the history of a native holding;
- an archive node: balances, counts of transactions and proofs at any height.

The tip is by default the newest *finalized* block: what a run says can then not be undone by a reorganisation, and on
Ethereum it is about a quarter of an hour old. ``tip=safe`` and ``tip=latest`` are newer; a run on them ends with
``ChainReorganised`` if its tip leaves the chain.

Source: Ethereum JSON-RPC specification (execution-apis), block tags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.proof import AccountProof
from cryptotrace.errors import NotSupported, SourceLied
from cryptotrace.model.accountsource import CallAnswer, LogEntry, LogListing, PotBalance, PotHistory
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction
from cryptotrace.sources.evm.rpcblocks import BlockReader
from cryptotrace.sources.evm.rpclogs import LogReader, LogRow
from cryptotrace.sources.evm.rpcpots import SCAN_BLOCKS, PotReader
from cryptotrace.sources.evm.rpcread import Node, quantity, tag
from cryptotrace.sources.evm.rpcstate import StateReader
from cryptotrace.sources.evm.rpctransactions import AT_ONCE, TransactionReader
from cryptotrace.sources.evm.tracing import TreeReader
from cryptotrace.sources.jsonrpc import Channel
from cryptotrace.sources.tipwatch import NOTHING, TipWatch
from cryptotrace.sources.transport import blame

#: Tags that may name the tip.
TIPS = ("finalized", "safe", "latest")


class EvmRpcSource:
    """A node over JSON-RPC. Satisfies every protocol of an account source; what the node lacks is NotSupported.

    Args:
        network: the chain.
        channel: HTTP, a provider, or a recording.
        notice: takes a line about what the node lacks.
        tip: which block the run belongs to: ``finalized``, ``safe`` or ``latest``.
        scan: most blocks that are read one by one for the history of a native holding.
        proves_receipts: True to read the whole block of each transaction and recompute its roots.
        wrappers: contracts that wrap the native coin as WETH9 does, beside those that the network names.
        owner_issued: contracts that issue to their owner as USDT does, beside those that the network names.

    Raises:
        SourceLied: a node of another chain.
        NotSupported: a node that does not know that tag.
        SourceUnavailable: it does not answer.
    """

    def __init__(
        self,
        network: EvmNetwork,
        channel: Channel,
        notice: Callable[[str], None],
        *,
        tip: str = TIPS[0],
        scan: int = SCAN_BLOCKS,
        proves_receipts: bool = False,
        wrappers: frozenset[str] = frozenset(),
        owner_issued: frozenset[str] = frozenset(),
    ) -> None:
        self.chain = network.chain
        self.name = channel.name
        self._network = network
        self._channel = channel
        node = self._node = Node(channel)
        self._blocks = BlockReader(node, network, notice)
        self._tip = self._find_tip(tip, notice)
        self._blocks.tip = channel.tip = self._tip
        self._watch = TipWatch(self.name, self._tip, self._hash_now)
        self._trees = TreeReader(node, notice)
        self._reader = TransactionReader(
            node,
            network,
            self._blocks,
            self._trees,
            proves_receipts=proves_receipts,
            wrappers=wrappers,
            owner_issued=owner_issued,
        )
        self._state = StateReader(node, network, self._blocks)
        self._logs = LogReader(node)
        self._pots = PotReader(node, network, self._blocks, self._reader, self._trees, self._state, scan)

    # --- Source, Headers ----------------------------------------------------------------------------------------------

    def tip(self) -> Tip:
        """The tip when the source was opened; every answer belongs to it."""
        return self._tip

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def _find_tip(self, tip: str, notice: Callable[[str], None]) -> Tip:
        with blame(self.name):
            told = quantity(self._node.found(self._node.one("eth_chainId"), "its chain"))
            if told != self._network.chain_id:
                raise SourceLied(
                    f"{self.name} is a node of chain {told}, not of {self._network.name} ({self._network.chain_id})"
                )
            reply = self._node.one("eth_getBlockByNumber", tip, False)
            if reply.code or reply.result.is_null:
                raise NotSupported(
                    f"{self.name} does not tell its {tip} block ({reply.error or 'null'}); set option tip= to one of "
                    f"{', '.join(each for each in TIPS if each != tip)}"
                )
            head = self._blocks.head(reply.result, reply)
        return Tip(self.chain, head.ref.height, head.ref.hash)

    def _hash_now(self, height: int) -> str:
        reply = self._node.one("eth_getBlockByNumber", tag(height), False)
        return NOTHING if reply.code or reply.result.is_null else self._blocks.head(reply.result, reply).ref.hash

    def block_ref(self, height: int) -> BlockRef:
        """The block at that height; its hash is recomputed from its header where the layout is known.

        Raises:
            DataNotFound: it is above the tip, or the node does not have it.
            SourceLied: the header hashes to something else.
        """
        with self._watch.answering():
            return self._blocks.heads([height])[0].ref

    # --- AccountTransactions ------------------------------------------------------------------------------------------

    def account_transactions(self, txids: Sequence[str]) -> Iterator[AccountTransaction]:
        """The transactions of those txids, in their order; a block's hash stands for what the block does by itself.

        One that is not in a block up to the tip is given as unconfirmed.

        Raises:
            DataNotFound: the node does not know one of them.
            SourceLied: an answer contradicts the bytes or another answer.
        """
        for start in range(0, len(txids), AT_ONCE):
            with self._watch.answering():
                found = self._reader.account_transactions(txids[start : start + AT_ONCE])
            yield from found

    def block_transactions(self, height: int) -> list[AccountTransaction]:
        """Everything that moved in a block: its transactions in order, then what it does by itself.

        The roots of its transactions and receipts are recomputed and must be those of the header.

        Raises:
            DataNotFound: it is above the tip, or the node does not have it.
            SourceLied: an answer contradicts the header or another answer.
        """
        with self._watch.answering():
            return self._reader.of_whole_block(height)

    def block_transaction(self, height: int) -> AccountTransaction | None:
        """What a block does by itself: staking withdrawals, rewards; None if it moves nothing.

        Raises:
            DataNotFound: it is above the tip, or the node does not have it.
            SourceLied: an answer contradicts the header or another answer.
        """
        with self._watch.answering():
            return self._reader.by_block(self._blocks.heads([height])[0])

    # --- PotHistories, PotBalances, Nonces ----------------------------------------------------------------------------

    def pot_history(self, account: Account, asset: Asset, first: int, last: int, most: int) -> PotHistory:
        """The transactions that touched the holding between two heights, oldest first; at most ``most``.

        Raises:
            NotSupported: the node cannot tell; the message says who can.
            SourceLied: an answer contradicts itself.
        """
        with self._watch.answering():
            return self._pots.history(account, asset, first, last, most)

    def pot_balance(self, account: Account, asset: Asset, height: int | None = None) -> PotBalance:
        """Base units at the end of a block, or at the tip.

        Raises:
            NotSupported: the node has dropped that state, or the contract does not say.
            DataNotFound: the block is above the tip, or the node does not have it.
        """
        with self._watch.answering():
            return self._state.balance(account, asset, height)

    def nonce(self, account: Account, height: int | None = None) -> tuple[int, BlockRef, str]:
        """Transactions sent up to the end of a block, which block that is, and the digest of the answer.

        Raises:
            NotSupported: the node has dropped that state.
            DataNotFound: the block is above the tip, or the node does not have it.
        """
        with self._watch.answering():
            return self._state.nonce(account, height)

    # --- ContractCalls, Logs, StateProofs -----------------------------------------------------------------------------

    def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
        """What a contract answers on the state at the end of a block, or at the tip.

        Raises:
            NotSupported: the node has dropped that state.
            DataNotFound: the block is above the tip, or the node does not have it.
        """
        with self._watch.answering():
            return self._state.call(contract.address, data, height)

    def logs(self, contract: Account, topics: Sequence[bytes | None], first: int, last: int) -> LogListing:
        """The contract's events between two heights whose topics match, in chain order; each stands in its receipt.

        Raises:
            NotSupported: the node cannot list events, or not that far back.
            SourceLied: an event that was not asked for, or that is not in its receipt.
        """
        evidence: list[str] = []
        with self._watch.answering():
            rows = list(self._logs.rows(contract.address, topics, first, min(last, self._tip.height), evidence))
        entries: list[LogEntry] = []
        for start in range(0, len(rows), AT_ONCE):
            with self._watch.answering():
                entries += self._entries(contract, rows[start : start + AT_ONCE])
        return LogListing(tuple(entries), tuple(dict.fromkeys(evidence)))

    def _entries(self, contract: Account, rows: Sequence[LogRow]) -> list[LogEntry]:
        for row in rows:
            self._reader.expect(row)
        read = self._reader.read([row.txid for row in rows])
        found = []
        for row in rows:
            one = read.get(row.txid)
            if one is None or one.receipt is None or one.head is None or one.head.ref.hash != row.block_hash:
                raise SourceLied(
                    f"{self.name} lists an event of transaction {row.txid} in block {row.block_hash} and does not give "
                    "that transaction there; ask another source"
                )
            found.append(
                LogEntry(
                    contract,
                    row.log.topics,
                    row.log.data,
                    row.txid,
                    one.head.ref,
                    one.index,
                    row.log_index - (one.receipt.first_log or 0),
                    row.evidence,
                )
            )
        return found

    def state_proof(
        self, account: Account, slots: Sequence[bytes], height: int | None = None
    ) -> tuple[AccountProof, BlockRef, str]:
        """What the state holds of an account and of slots of its storage, proved under the header's state root.

        Raises:
            NotSupported: the node gives no proofs, or has dropped that state.
            SourceLied: the proof does not lead to the header's state root.
        """
        with self._watch.answering():
            return self._state.proof(account, slots, height)

    @property
    def lacks(self) -> tuple[str, ...]:
        """Methods that the node was asked for in this run and does not have."""
        return tuple(self._trees.lacks)
