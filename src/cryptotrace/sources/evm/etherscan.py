"""``etherscan:`` and ``blockscout:`` - explorers with Etherscan's interface.

Bytes of transactions are rebuilt and must hash to their txids, headers to their hashes; receipts give tokens their
exact places. Internal calls are what the explorer's own index says. An explorer answers for its newest block: balances
and calls carry the block at which they are known to hold; earlier ones are refused where it does not offer them.

Source: Etherscan API documentation, V2; Blockscout API documentation, RPC and ETH RPC.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from cryptotrace.chains.evm import receipt as receipts
from cryptotrace.chains.evm import transaction as transactions
from cryptotrace.chains.evm.calltree import CallFrame, CallKind
from cryptotrace.chains.evm.movements import RollupFacts, account_transaction, block_transaction
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.receipt import Receipt
from cryptotrace.chains.evm.transaction import WireTransaction
from cryptotrace.errors import DataNotFound, NotSupported, SourceLied, SourceUnavailable
from cryptotrace.model.accountsource import CallAnswer, LogEntry, LogListing, PotBalance, PotHistory
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction
from cryptotrace.sources.evm.etherscancalls import ListedCall, arranged, call_tree, read_call, renamed
from cryptotrace.sources.evm.etherscanpots import PotReader, height_of_log, topics_of
from cryptotrace.sources.evm.etherscanread import Explorer, Flavour, hash_of, hex_number, number
from cryptotrace.sources.evm.etherscanstate import StateReader, newest
from cryptotrace.sources.evm.rpcblocks import BlockReader, Head
from cryptotrace.sources.evm.rpcread import Node, data, fields_of, quantity, tag
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.tipwatch import NOTHING, TipWatch
from cryptotrace.sources.transport import blame

_REMEMBERED = 4096
#: Blocks from the tip down, and transactions of each, in which a signed chain id is looked for.
_LOOKED_AT = (6, 3)


class EtherscanSource:
    """An explorer. Satisfies ``Source``, ``Headers`` and, of ``cryptotrace.model.accountsource``, all protocols.

    Args:
        network: the chain.
        explorer: who is asked.
        check_every_s: how long the tip is trusted to be in the active chain before it is looked at again.
        notice: takes a line about what cannot be checked.

    Raises:
        SourceLied: a server of another chain.
        SourceUnavailable: it does not answer.
    """

    def __init__(
        self,
        network: EvmNetwork,
        explorer: Explorer,
        *,
        check_every_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.chain = network.chain
        self.name = explorer.name
        self._network = network
        self._explorer = explorer
        self._node = Node(explorer)
        self._blocks = BlockReader(self._node, network, notice)
        self._pots = PotReader(explorer, self._blocks, network)
        self._state = StateReader(explorer, self._node, self._blocks, self._pots, network)
        self._remembered: OrderedDict[str, AccountTransaction] = OrderedDict()
        with blame(self.name):
            (head,) = self._blocks.heads([newest(self._node)])
            self._check_chain(head, notice)
        self._tip = Tip(self.chain, head.ref.height, head.ref.hash)
        explorer.tip = self._blocks.tip = self._tip
        self._watch = TipWatch(self.name, self._tip, self._hash_now, check_every_s, clock)

    # --- Source, Headers ----------------------------------------------------------------------------------------------

    def tip(self) -> Tip:
        """The tip when the source was opened; every answer belongs to it unless it says another block."""
        return self._tip

    def close(self) -> None:
        """Close the connection."""
        self._explorer.close()

    def block_ref(self, height: int) -> BlockRef:
        """The block of the active chain at that height; its hash is recomputed where the header's layout is known.

        Raises:
            DataNotFound: it is above the tip.
        """
        with self._watch.answering():
            return self._blocks.heads([height])[0].ref

    def height_at(self, when: int) -> int:
        """Height of the last block whose time is not after ``when``, seconds since 1970 UTC.

        Raises:
            DataNotFound: there is none.
        """
        with self._watch.answering():
            said = self._explorer.ask("block", "getblocknobytime", timestamp=when, closest="before")
            told = said.result["blockNumber"] if said.result.is_object else said.result  # Blockscout: an object
            if told.value in ([], None, ""):
                raise DataNotFound(f"{self.name} knows no block before {when}")
            height = number(told, 63)
            if (found := self._blocks.heads([height])[0].ref.time) > when:
                raise SourceLied(f"{self.name}: block {height} is of {found}, which is after {when}")
            return height

    def _check_chain(self, head: Head, notice: Callable[[str], None]) -> None:
        """See that the server's newest transactions were signed for this chain."""
        if self._explorer.flavour is Flavour.BLOCKSCOUT:
            said = quantity(self._node.found(self._node.one("eth_chainId"), "its chain id"))
            if said != self._network.chain_id:
                raise SourceLied(f"{self.name} is of chain {said}, not {self._network.chain_id} ({self._network.name})")
        depth, each_block = _LOOKED_AT
        for height in range(head.ref.height, max(-1, head.ref.height - depth), -1):
            (at,) = self._blocks.heads([height])
            for txid in at.txids[::-1][:each_block]:
                told = self._node.one("eth_getTransactionByHash", f"0x{txid}")
                if self._wire(self._node.found(told, txid)).chain_id is not None:
                    return
        notice(
            f"{self.name}: no newest transaction is signed for a chain; that it is {self._network.name} is not checked"
        )

    def _wire(self, told: Field) -> WireTransaction:
        tx = transactions.from_rpc(fields_of(told), self._network)
        if tx.chain_id not in (None, self._network.chain_id):
            raise SourceLied(
                f"{self.name} gives transaction {tx.hash} of chain {tx.chain_id}; {self._network.name} is "
                f"{self._network.chain_id}. Is chainid right?"
            )
        return tx

    def _hash_now(self, height: int) -> str:
        reply = self._node.one("eth_getBlockByNumber", tag(height), False)
        return NOTHING if reply.code or reply.result.is_null else hash_of(reply.result["hash"])

    # --- AccountTransactions ------------------------------------------------------------------------------------------

    def account_transactions(self, txids: Sequence[str]) -> Iterator[AccountTransaction]:
        """The transactions of those txids with what they moved, in their order.

        Raises:
            DataNotFound: the server does not know one of them, or it is not confirmed up to the tip.
            SourceLied: fields do not hash to the txid, or answers contradict each other.
        """
        with self._watch.answering():
            found = [self._transaction(txid) for txid in txids]
        return iter(found)

    def _transaction(self, txid: str) -> AccountTransaction:
        if txid in self._remembered:
            return self._remembered[txid]
        if txid in self._pots.block_heights:
            return self._block_itself(txid)
        told = self._node.found(self._node.one("eth_getTransactionByHash", f"0x{txid}"), f"transaction {txid}")
        tx = self._wire(told)
        if tx.hash != txid:
            raise SourceLied(f"{self.name} gives transaction {tx.hash} when asked for {txid}")
        if told["blockNumber"].is_null:
            raise DataNotFound(f"{self.name}: transaction {txid} is not confirmed")
        (head,) = self._blocks.heads([quantity(told["blockNumber"], 63)])
        reply = self._node.one("eth_getTransactionReceipt", f"0x{txid}")
        fields = fields_of(self._node.found(reply, f"the receipt of {txid}"))
        receipt = receipts.from_rpc(fields)
        index = quantity(told["transactionIndex"], 31)
        self._blocks.check_place(tx, receipt, head, index)
        found = self._moved(tx, receipt, head, fields, reply.evidence)
        self._remembered[txid] = found
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return found

    def _moved(
        self, tx: WireTransaction, receipt: Receipt, head: Head, fields: dict[str, object], evidence: str
    ) -> AccountTransaction:
        sender, failed = tx.sender or receipt.sender, receipt.succeeded is False
        calls, tree = arranged((), ()), None
        if not failed:
            listed = self._calls(tx.hash)
            calls = arranged(listed, self._placed(tx.hash, head.ref.height, listed))
        if sender is not None:
            kind = CallKind.CREATE if tx.to is None else CallKind.CALL
            callee = receipt.contract_address if tx.to is None else tx.to
            tree = call_tree(calls, CallFrame(kind, sender, callee, tx.value, failed, (), None))
        whole = account_transaction(
            tx,
            receipt,
            tree,
            network=self._network,
            header=head.facts,
            block=head.ref,
            index=head.txids.index(tx.hash),
            evidence=evidence,
            rollup=RollupFacts.from_rpc(fields),
        )
        return renamed(replace(whole, notices=(*whole.notices, *head.notices)), calls)

    def _calls(self, txid: str) -> tuple[ListedCall, ...]:
        said = self._explorer.ask("account", "txlistinternal", txhash=f"0x{txid}")
        read = [read_call(row) for row in said.rows()]
        if said.problem:
            raise SourceUnavailable(f"{self.name} cannot tell the internal calls of {txid} yet: {said.problem:.160}")
        return tuple(call for call in read if call is not None)

    def _placed(self, txid: str, height: int, calls: Sequence[ListedCall]) -> Iterator[ListedCall]:
        """The calls of a transaction out of the lists of its payers, which tell trace addresses."""
        payers = dict.fromkeys(call.caller for call in calls if call.moves and call.trace is None)
        yield from (call for call in calls if call.trace is not None)
        if self._explorer.flavour is Flavour.BLOCKSCOUT:
            return
        for payer in payers:
            listed = self._pots.rows("txlistinternal", self._network.account(payer), height, height)
            for row in listed.rows:
                if hash_of(row["hash"]) == txid and (call := read_call(row)) is not None:
                    yield call

    def _block_itself(self, block_hash: str) -> AccountTransaction:
        (head,) = self._blocks.heads([self._pots.block_heights[block_hash]])
        found = block_transaction(
            network=self._network,
            header=head.facts,
            block=head.ref,
            index=len(head.txids),
            evidence=head.evidence,
            withdrawals=head.withdrawals,
            uncles=None if head.ommers else (),
            has_difficulty=bool(head.header.difficulty),
        )
        if found is None:
            raise SourceLied(f"{self.name} lists withdrawals in block {block_hash}, whose header has none")
        return replace(found, notices=(*found.notices, *head.notices))

    # --- PotHistories -------------------------------------------------------------------------------------------------

    def pot_history(self, account: Account, asset: Asset, first: int, last: int, most: int) -> PotHistory:
        """The transactions that touched the holding between two heights, not above the tip; every page is read.

        Raises:
            NotSupported: no list of that kind of asset.
            SourceLied: rows that do not belong to the question, or contradict each other.
        """
        with self._watch.answering():
            return self._pots.history(account, asset, first, min(last, self._tip.height), most)

    # --- PotBalances, Nonces, ContractCalls ---------------------------------------------------------------------------

    def pot_balance(self, account: Account, asset: Asset, height: int | None = None) -> PotBalance:
        """Base units at the end of the block at ``height``, or at the tip if None.

        Raises:
            NotSupported: not offered for that asset, or not for an earlier block.
            SourceUnavailable: the holding has moved since the tip of this run.
        """
        with self._watch.answering():
            return self._state.balance(account, asset, height)

    def nonce(self, account: Account, height: int | None = None) -> tuple[int, BlockRef, str]:
        """Transactions sent up to the tip, the tip, and the digest of the answer.

        Raises:
            NotSupported: an earlier height.
            SourceUnavailable: the account has moved since the tip of this run.
        """
        with self._watch.answering():
            return self._state.nonce(account, height)

    def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
        """What the contract answers; Etherscan does on the state of its newest block, which stands in the answer.

        Raises:
            NotSupported: an earlier height, where the server does not tell it.
            SourceUnavailable: its newest block changed with every attempt.
        """
        with self._watch.answering():
            return self._state.call(contract, data, height)

    # --- Logs ---------------------------------------------------------------------------------------------------------

    def logs(self, contract: Account, topics: Sequence[bytes | None], first: int, last: int) -> LogListing:
        """The contract's events between two heights whose topics match, in chain order; every page is read.

        ``place`` is -1: the rows tell the place in the block, not in the receipt.

        Raises:
            NotSupported: a block holds more events than the server gives of one.
            SourceLied: rows that were not asked for.
        """
        with self._watch.answering():
            listed = self._pots.log_rows(contract, topics, first, min(last, self._tip.height))
            if listed.problems:
                raise NotSupported(f"{self.name} cannot list all events: {listed.problems[0]}")
            rows = sorted(listed.rows, key=lambda row: (height_of_log(row), hex_number(row["logIndex"], 31)))
            evidence = listed.evidence[-1] if listed.evidence else ""
            found = tuple(self._entry(row, contract, evidence) for row in rows)
        return LogListing(found, tuple(dict.fromkeys(listed.evidence)))

    def _entry(self, row: Field, contract: Account, evidence: str) -> LogEntry:
        height = height_of_log(row)
        if row["blockHash"].value in (None, ""):
            block = self._blocks.heads([height])[0].ref
        else:
            block = BlockRef(self.chain, height, hash_of(row["blockHash"]), hex_number(row["timeStamp"], 63))
        index = -1 if row["transactionIndex"].value is None else hex_number(row["transactionIndex"], 31)
        return LogEntry(
            contract, topics_of(row), data(row["data"]), hash_of(row["transactionHash"]), block, index, -1, evidence
        )
