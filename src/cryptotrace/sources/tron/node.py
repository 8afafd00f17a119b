"""``fullnode:`` - a java-tron node over its HTTP interface; what TronGrid carries too.

A transaction is read from the bytes in its block's list: its txid is computed, its JSON held against them, and where
the whole list gives the header's Merkle root, its place is proved as well. What its execution did (logs, fees, internal
transactions) the blocks do not commit to: it stands as reported.

Source: TRON documentation, "HTTP API".
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cryptotrace.chains.tron.address import bytes_of
from cryptotrace.chains.tron.execution import Execution
from cryptotrace.chains.tron.movements import account_transaction
from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.errors import DataNotFound, NotSupported, SourceLied, SourceUnavailable
from cryptotrace.model.accountsource import CallAnswer, LogListing, PotBalance, PotHistory
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.transport import Transport, blame
from cryptotrace.sources.tron.nodebase import TronHttp, post
from cryptotrace.sources.tron.nodejson import (
    ListedTransaction,
    asset_balance,
    listed,
    number,
    read_block,
    read_execution,
    read_transaction,
    root_is_rebuilt,
)
from cryptotrace.sources.tron.tokenbalance import token_balance

_REMEMBERED = 4096
#: Asks in the name of nobody: who asks must not change the answer.
_NOBODY = "410000000000000000000000000000000000000000"


@dataclass(frozen=True, slots=True)
class _Found:
    """A transaction and where it was found."""

    transaction: ListedTransaction
    block: BlockRef


class TronNode(TronHttp):
    """A node's HTTP interface.

    Satisfies ``Headers``, ``AccountTransactions``, ``PotBalances`` and ``ContractCalls``; histories and logs it refuses
    with the reason.

    Args:
        network: the chain.
        transport: HTTP, or a recording.
        name: how the source is called in evidence.
        keeps_internals: whether the node is known to keep internal transactions (``vm.saveInternalTx``).
        check_every_s: how long the tip is trusted to be in the active chain before it is looked at again.
        notice: takes a line about what was left out.

    Raises:
        SourceLied: a server of another chain.
        SourceUnavailable: it does not answer.
    """

    def __init__(
        self,
        network: TronNetwork,
        transport: Transport,
        name: str,
        *,
        keeps_internals: bool = False,
        check_every_s: float = 30.0,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._keeps_internals = keeps_internals
        self._heights: dict[str, int] = {}
        self._remembered: OrderedDict[str, AccountTransaction] = OrderedDict()
        super().__init__(network, transport, name, check_every_s=check_every_s, notice=notice)

    # --- AccountTransactions ------------------------------------------------------------------------------------------

    def account_transactions(self, txids: Sequence[str]) -> Iterator[AccountTransaction]:
        """The transactions of those txids, in their order. Each block is asked for once.

        Raises:
            DataNotFound: the node does not know one of them.
            SourceLied: its figures contradict the bytes.
        """
        wanted = list(dict.fromkeys(txids))
        missing = [txid for txid in wanted if txid not in self._remembered]
        fresh: dict[str, AccountTransaction] = {}
        with self._watch.answering():
            executions = self._executions(missing)
            by_height: dict[int, list[str]] = {}
            for txid in missing:
                if txid in executions and executions[txid][0].height <= self._tip.height:
                    by_height.setdefault(executions[txid][0].height, []).append(txid)
                else:
                    fresh[txid] = self._unconfirmed(txid)
            for height, here in by_height.items():
                for txid, found in self._in_block(height, here).items():
                    fresh[txid] = self._transaction(found, *executions[txid])
        for txid, transaction in fresh.items():
            if transaction.block is not None:
                self._remembered[txid] = transaction
        given = [fresh[txid] if txid in fresh else self._remembered[txid] for txid in wanted]
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return iter(given)

    def _executions(self, txids: Sequence[str]) -> dict[str, tuple[Execution, str]]:
        """What the node reports of each that is confirmed, and the digest of the answer."""
        found: dict[str, tuple[Execution, str]] = {}
        heights = Counter(self._heights[txid] for txid in txids if txid in self._heights)
        for height in (each for each, count in heights.items() if count > 1):
            infos, evidence = self._json(post("/wallet/gettransactioninfobyblocknum", num=height))
            for info in infos.items():
                execution = read_execution(info, has_internals=self._keeps_internals)
                found[execution.txid] = execution, evidence
        for txid in txids:
            if txid in found:
                continue
            info, evidence = self._object(post("/wallet/gettransactioninfobyid", value=txid))
            if info.value:
                execution = read_execution(info, has_internals=self._keeps_internals)
                if execution.txid != txid:
                    raise SourceLied(f"{self.name} reports of {execution.txid} when asked for transaction {txid}")
                found[txid] = execution, evidence
        return found

    def _in_block(self, height: int, txids: Sequence[str]) -> dict[str, _Found]:
        block, _ = self._object(post("/wallet/getblockbynum", num=height))
        told = read_block(block, self.name) if block.value else None
        if told is None or told.height != height:
            raise SourceLied(f"{self.name} reports transactions in block {height} and does not give that block")
        if not root_is_rebuilt(block, told):
            self._notice(
                f"{self.name}: what it lists of block {height} does not give the block's Merkle root, so the places of "
                "its transactions are as reported"
            )
        self._blocks[height] = told
        found = listed(block, self.name, txids)
        for txid in txids:
            if txid not in found:
                raise SourceLied(
                    f"{self.name} reports transaction {txid} in block {height}, and the block's list does not have it"
                )
        return {txid: _Found(each, self._ref(told)) for txid, each in found.items()}

    def _transaction(self, found: _Found, execution: Execution, evidence: str) -> AccountTransaction:
        at, wire = found.block, found.transaction.wire
        if execution.timestamp // 1000 != at.time:
            raise SourceLied(
                f"{self.name}: the execution of {wire.txid} is dated {execution.timestamp} ms, its block {at.time} s"
            )
        return account_transaction(
            wire,
            execution,
            network=self._network,
            block=at,
            index=found.transaction.index,
            evidence=evidence,
        )

    def _unconfirmed(self, txid: str) -> AccountTransaction:
        told, evidence = self._object(post("/wallet/gettransactionbyid", value=txid))
        if not told.value:
            raise DataNotFound(f"{self.name} does not know transaction {txid}; ask another source")
        wire = read_transaction(told, self.name)
        if wire.txid != txid:
            raise SourceLied(f"{self.name} gives transaction {wire.txid} when asked for {txid}")
        return account_transaction(wire, None, network=self._network, block=None, index=-1, evidence=evidence)

    # --- PotBalances, ContractCalls -----------------------------------------------------------------------------------

    def pot_balance(self, account: Account, asset: Asset, height: int | None = None) -> PotBalance:
        """Base units at the newest solidified block, which may be newer than the tip of this run.

        Raises:
            NotSupported: another block than the newest, or an asset that a node does not tell.
            DataNotFound: the token's contract does not answer.
            SourceUnavailable: blocks come faster than the node answers.
        """
        self._refuse_height(height, "a balance")
        if asset == self._network.asset or asset.namespace == "trc10":
            request = post("/walletsolidity/getaccount", address="41" + bytes_of(account.address).hex())
            (told, evidence), at = self._settled(f"{account} {asset}", lambda: self._object(request))
            with blame(self.name):
                units = (
                    number(told["balance"]) if asset == self._network.asset else asset_balance(told, asset.reference)
                )
            return PotBalance(account, asset, units, at, evidence)
        if asset.namespace != "trc20":
            raise NotSupported(f"{self.name} tells balances of TRX, TRC-20 and TRC-10, not of {asset}")
        return token_balance(self, self.name, account, asset)

    def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
        """What the contract answers on the state of the newest solidified block.

        Raises:
            NotSupported: another block than the newest.
            DataNotFound: there is no such contract.
            SourceUnavailable: the node does not run it, or blocks come faster than it answers.
        """
        self._refuse_height(height, "what a contract answers")
        request = post(
            "/walletsolidity/triggerconstantcontract",
            owner_address=_NOBODY,
            contract_address="41" + bytes_of(contract.address).hex(),
            data=data.hex(),
        )
        (told, evidence), at = self._settled(f"{contract} {data.hex()}", lambda: self._object(request))
        with blame(self.name):
            return CallAnswer(self._returned(told, contract), at, evidence)

    def _returned(self, told: Field, contract: Account) -> bytes | None:
        result = told["result"]
        code = "" if result["code"].is_null else result["code"].text()
        if code:
            message = "" if result["message"].is_null else result["message"].raw_hex().decode("utf-8", "replace")
            if "not exist" in message:
                raise DataNotFound(f"{self.name}: there is no contract at {contract.address}")
            raise SourceUnavailable(f"{self.name} does not run the call of {contract.address}: {code} {message:.200}")
        rets = told["transaction"]["ret"]
        failed = not rets.is_null and any(each["ret"].value == "FAILED" for each in rets.items())
        if failed or result["result"].value is not True:
            return None
        return b"".join(each.raw_hex() for each in told["constant_result"].items())

    def _refuse_height(self, height: int | None, what: str) -> None:
        if height is not None:
            raise NotSupported(
                f"{self.name} tells {what} for its newest block only: nodes of TRON keep no earlier states. Ask "
                "without a height, and take earlier states from the transactions and events since"
            )

    # --- what a node has no index for ---------------------------------------------------------------------------------

    def pot_history(self, account: Account, asset: Asset, first: int, last: int, most: int) -> PotHistory:
        """A node keeps no index of accounts.

        Raises:
            NotSupported: always; the message says who can.
        """
        raise NotSupported(
            f"{self.name} has no index of accounts, so it cannot list what touched {account.address}; trongrid: can, "
            "rpc: of a node can for TRC-20 tokens, and exported files (csv:) can for what they hold"
        )

    def logs(self, contract: Account, topics: Sequence[bytes | None], first: int, last: int) -> LogListing:
        """A node lists events over its eth-style interface only.

        Raises:
            NotSupported: always; the message says who can.
        """
        raise NotSupported(
            f"{self.name} has no index of events; trongrid: lists them, and rpc: does with the eth-style interface of "
            "a node (node.jsonrpc in its configuration)"
        )
