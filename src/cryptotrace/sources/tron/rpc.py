"""``rpc:`` on TRON - the eth-style JSON-RPC of a java-tron node (``/jsonrpc``): token transfers, events, calls.

It shows a transaction as Ethereum would, and that leaves out much of TRON: the bytes (so a txid is not computed and all
stands as reported), TRC-10 tokens, internal transactions, fees, and what a value is of - staking and TRC-10 amounts
stand in the same field as TRX. Every transaction says what is missing of it.

Source: TRON documentation, "JSON-RPC API"; java-tron, ``TransactionResult`` and ``JsonRpcApiUtil``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.tron.address import bytes_of
from cryptotrace.chains.tron.movements import account_transaction
from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.errors import DataNotFound, NotSupported, SourceLied, SourceUnavailable
from cryptotrace.model.accountsource import CallAnswer, LogEntry, LogListing, PotBalance, PotHistory
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.jsonrpc import Call, Parameter, Reply
from cryptotrace.sources.tipwatch import NOTHING, TipWatch
from cryptotrace.sources.transport import blame
from cryptotrace.sources.tron.channel import SingleChannel
from cryptotrace.sources.tron.nodebase import check_chain_id
from cryptotrace.sources.tron.rpcjson import data as raw
from cryptotrace.sources.tron.rpcjson import execution_of, hash_text, quantity, read_entry, with_missing
from cryptotrace.sources.tron.tokenbalance import token_balance

#: Most blocks that one question about events may span. Source: java-tron, ``node.jsonrpc.maxBlockRange``.
BLOCK_RANGE = 5000
_TOO_WIDE = ("block range", "more than", "exceed", "too many", "timeout")
_TRANSFER = keccak256(b"Transfer(address,address,uint256)")
_DESTROYED = keccak256(b"DestroyedBlackFunds(address,uint256)")
_SUPPLY = tuple(map(keccak256, (b"Issue(uint256)", b"Redeem(uint256)")))
_OWNER = keccak256(b"owner()")[:4]
_ATTEMPTS = 5
_LATEST_S = 253_402_300_799
_HEADERS = 65536


class TronRpcSource:
    """A node's eth-style JSON-RPC.

    Satisfies ``Headers``, ``AccountTransactions``, ``PotHistories`` (TRC-20), ``PotBalances`` (TRX, TRC-20),
    ``ContractCalls`` and ``Logs``.

    Args:
        network: the chain.
        channel: HTTP, or a recording.
        check_every_s: how long the tip is trusted to be in the active chain before it is looked at again.

    Raises:
        SourceLied: a node of another chain.
        SourceUnavailable: it does not answer.
    """

    def __init__(
        self,
        network: TronNetwork,
        channel: SingleChannel,
        *,
        check_every_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.chain = network.chain
        self.name = channel.name
        self._network = network
        self._channel = channel
        self._refs: dict[int, BlockRef] = {}
        self._owners: dict[Account, bytes] = {}
        self._tip = self._find_tip()
        channel.tip = self._tip
        self._watch = TipWatch(self.name, self._tip, self._hash_now, check_every_s, clock)

    # --- Source, Headers ----------------------------------------------------------------------------------------------

    def tip(self) -> Tip:
        """The newest finalized (solidified) block when the source was opened."""
        return self._tip

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def _find_tip(self) -> Tip:
        with blame(self.name):
            chain_id = quantity(self._good("eth_chainId")[0])
            check_chain_id(f"0x{chain_id:08x}", self._network, self.name)
            ref = self._newest("opening")
        self._refs[ref.height] = ref
        return Tip(self.chain, ref.height, ref.hash)

    def _newest(self, about: str) -> BlockRef:
        block, _ = self._good("eth_getBlockByNumber", "finalized", False, about=about)
        if block.is_null:
            raise SourceUnavailable(f"{self.name} does not tell its finalized block; it is too old, or still starting")
        return self._ref(block)

    def _hash_now(self, height: int) -> str:
        block, _ = self._good("eth_getBlockByNumber", hex(height), False)
        return NOTHING if block.is_null else self._ref(block).hash

    def block_ref(self, height: int) -> BlockRef:
        """The block at that height, as the node reports it.

        Raises:
            DataNotFound: it is above the tip.
        """
        self._watch.require(height)
        with self._watch.answering():
            return self._at(height)

    def _at(self, height: int) -> BlockRef:
        if height not in self._refs:
            block, _ = self._good("eth_getBlockByNumber", hex(height), False)
            ref = None if block.is_null else self._ref(block)
            if ref is None or ref.height != height:
                raise SourceLied(f"{self.name} gives {ref} when asked for block {height}")
            if len(self._refs) >= _HEADERS:
                self._refs.clear()
            self._refs[height] = ref
        return self._refs[height]

    def _ref(self, block: Field) -> BlockRef:
        height, block_hash = quantity(block["number"]), hash_text(block["hash"])
        if block_hash[:16] != f"{height:016x}":
            raise SourceLied(f"{self.name}: the id {block_hash} is not one of a block at height {height}")
        if (time_s := quantity(block["timestamp"])) > _LATEST_S:
            raise block["timestamp"].refuse("a time before the year 10000")
        return BlockRef(self.chain, height, block_hash, time_s)

    # --- AccountTransactions ------------------------------------------------------------------------------------------

    def account_transactions(self, txids: Sequence[str]) -> Iterator[AccountTransaction]:
        """The transactions of those txids, in their order, as far as this interface tells them; see ``missing``.

        Raises:
            DataNotFound: the node does not know one of them.
            SourceLied: transaction and receipt contradict each other.
        """
        with self._watch.answering():
            found = [self._transaction(txid) for txid in dict.fromkeys(txids)]
        return iter(found)

    def _transaction(self, txid: str) -> AccountTransaction:
        told, _ = self._good("eth_getTransactionByHash", f"0x{txid}")
        receipt, evidence = self._good("eth_getTransactionReceipt", f"0x{txid}")
        if told.is_null or receipt.is_null:
            raise DataNotFound(f"{self.name} does not know transaction {txid} as confirmed; ask another source")
        at = self._at(quantity(receipt["blockNumber"]))
        for said, field in ((told, "transaction"), (receipt, "receipt")):
            if hash_text(said["blockHash"]) != at.hash:
                raise SourceLied(
                    f"{self.name}: the {field} of {txid} is in a block {said['blockHash'].value}, not {at.hash}"
                )
        if hash_text(told["hash"]) != txid or hash_text(receipt["transactionHash"]) != txid:
            raise SourceLied(f"{self.name} gives another transaction when asked for {txid}")
        found = account_transaction(
            None,
            execution_of(receipt, at, txid),
            network=self._network,
            block=at if at.height <= self._tip.height else None,
            index=quantity(receipt["transactionIndex"]) if at.height <= self._tip.height else -1,
            evidence=evidence,
        )
        return with_missing(found, told, receipt, self._network)

    # --- PotHistories, Logs -------------------------------------------------------------------------------------------

    def pot_history(self, account: Account, asset: Asset, first: int, last: int, most: int) -> PotHistory:
        """The transfers of a TRC-20 token from and to the account, and what the issuer destroyed of it.

        Of the contract's owner also what was issued and redeemed, with a word in ``problem``: the receipts do not say
        whose balance that changed.

        Raises:
            NotSupported: TRX and TRC-10: this interface does not tell who moved them.
        """
        if asset.namespace != "trc20":
            raise NotSupported(
                f"{self.name} cannot list what touched {asset}: the eth-style interface tells transfers of TRC-20 "
                "tokens only; trongrid: can, and exported files (csv:) for what they hold"
            )
        contract = Account.of(self.chain, asset.reference)
        word = bytes(12) + bytes_of(account.address)
        places: dict[str, tuple[int, int]] = {}
        evidence: dict[str, None] = {}

        def take(entries: Iterable[LogEntry]) -> None:
            for entry in entries:
                evidence[entry.evidence] = None
                places[entry.txid] = entry.block.height, entry.index
                if len(places) > most:
                    break

        for topics in ((_TRANSFER, word), (_TRANSFER, None, word), (_DESTROYED, word)):
            take(self._entries(contract, topics, first, last))
        issued = [each for topic in _SUPPLY for each in self._entries(contract, (topic,), first, last)]
        problems = []
        if issued and self._owns(contract, account):
            take(issued)
            problems.append(
                "it owns the contract, or who does is not told; the receipts do not say whose balance Issue and Redeem "
                "changed"
            )
        if asset.reference in self._network.wrapped:
            problems.append("tokens that moved without Transfer or DestroyedBlackFunds events are not listed")
        txids = sorted(places, key=places.__getitem__)
        crowded = len(txids) > most
        if crowded:
            problems.insert(0, f"more than {most} transactions; the listing was stopped")
        said = "; ".join(problems)
        return PotHistory(account, asset, first, last, tuple(txids[:most]), said, crowded, tuple(evidence))

    def _owns(self, contract: Account, account: Account) -> bool:
        """Whether the account owns the contract today, or that is not told."""
        if contract not in self._owners:
            self._owners[contract] = self.contract_call(contract, _OWNER).returned or b""
        return self._owners[contract][-20:] in (b"", bytes_of(account.address))

    def logs(self, contract: Account, topics: Sequence[bytes | None], first: int, last: int) -> LogListing:
        """The contract's events whose topics match, in chain order, asked for in ranges of ``BLOCK_RANGE`` blocks.

        Raises:
            DataNotFound: blocks above the tip.
            NotSupported: the node refuses even one block.
        """
        evidence: dict[str, None] = {}
        entries = tuple(self._entries(contract, topics, first, last, evidence))
        return LogListing(entries, tuple(evidence))

    def _entries(
        self,
        contract: Account,
        topics: Sequence[bytes | None],
        first: int,
        last: int,
        evidence: dict[str, None] | None = None,
    ) -> Iterator[LogEntry]:
        """The events; ``evidence`` takes the digests of all answers."""
        if not 0 <= first <= last <= self._tip.height:
            raise DataNotFound(f"{self.name}: blocks {first} to {last} are not all up to its tip {self._tip.height}")
        start, width = first, BLOCK_RANGE
        while start <= last:
            end = min(last, start + width - 1)
            with self._watch.answering():
                found = self._range(contract, topics, start, end)
            if found is None:
                if width == 1:
                    raise NotSupported(f"{self.name} refuses to tell the events of block {start} of {contract.address}")
                width = max(1, min(width, end - start + 1) // 2)
                continue
            entries, digest = found
            if evidence is not None:
                evidence.setdefault(digest)
            yield from entries
            start, width = end + 1, min(BLOCK_RANGE, width * 2)

    def _range(
        self, contract: Account, topics: Sequence[bytes | None], first: int, last: int
    ) -> tuple[list[LogEntry], str] | None:
        """The events of a range, and the digest of the answer; None if it is too wide for the node."""
        asked: dict[str, Parameter] = {
            "address": "0x" + bytes_of(contract.address).hex(),
            "fromBlock": hex(first),
            "toBlock": hex(last),
            "topics": [None if each is None else f"0x{each.hex()}" for each in topics],
        }
        (reply,) = self._channel.call([Call("eth_getLogs", (asked,))])
        if reply.code:
            if any(words in reply.error.lower() for words in _TOO_WIDE):
                return None
            raise SourceUnavailable(f"{self.name} does not tell events of {contract.address}: {reply.error:.200}")
        entries = [read_entry(each, contract, self._at, reply.evidence, self.name) for each in reply.result.items()]
        for entry in entries:
            if not first <= entry.block.height <= last or not _matches(entry.topics, topics):
                raise SourceLied(f"{self.name} gives an event of {entry.txid} that was not asked for")
        return entries, reply.evidence

    # --- PotBalances, ContractCalls -----------------------------------------------------------------------------------

    def pot_balance(self, account: Account, asset: Asset, height: int | None = None) -> PotBalance:
        """Base units at the newest block that the node has, which may be newer than the tip of this run.

        Raises:
            NotSupported: another block than the newest, or an asset that this interface does not tell.
        """
        self._refuse_height(height, "a balance")
        if asset == self._network.asset:
            reply, at = self._settled(Call("eth_getBalance", ("0x" + bytes_of(account.address).hex(), "latest")))
            with blame(self.name):
                return PotBalance(account, asset, quantity(self._result(reply, "eth_getBalance")), at, reply.evidence)
        if asset.namespace != "trc20":
            raise NotSupported(f"{self.name} tells balances of TRX and TRC-20, not of {asset}; trongrid: tells TRC-10")
        return token_balance(self, self.name, account, asset)

    def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
        """What the contract answers on the state of the newest block.

        Raises:
            NotSupported: another block than the newest.
        """
        self._refuse_height(height, "what a contract answers")
        asked: dict[str, Parameter] = {"to": "0x" + bytes_of(contract.address).hex(), "data": f"0x{data.hex()}"}
        reply, at = self._settled(Call("eth_call", (asked, "latest")))
        if reply.code:
            if "revert" in reply.error.lower():
                return CallAnswer(None, at, reply.evidence)
            raise SourceUnavailable(f"{self.name} does not run the call of {contract.address}: {reply.error:.200}")
        with blame(self.name):
            return CallAnswer(raw(reply.result), at, reply.evidence)

    def _refuse_height(self, height: int | None, what: str) -> None:
        if height is not None:
            raise NotSupported(
                f"{self.name} tells {what} for its newest block only: nodes of TRON keep no earlier states. Ask "
                "without a height, and take earlier states from the transactions and events since"
            )

    def _settled(self, call: Call) -> tuple[Reply, BlockRef]:
        """An answer about the newest state, and the block that was the newest before it and after it."""
        about = call.text
        with blame(self.name):
            before = self._latest(about)
            for _ in range(_ATTEMPTS):
                (reply,) = self._channel.call([call])
                after = self._latest(about)
                if after == before:
                    return reply, after
                before = after
        raise SourceUnavailable(
            f"{self.name}: its newest block moved on with each of {_ATTEMPTS} attempts, last to {before.height}, so it "
            "cannot be said of which block the answer is; try again"
        )

    def _latest(self, about: str) -> BlockRef:
        return self._ref(self._good("eth_getBlockByNumber", "latest", False, about=about)[0])

    # --- asking -------------------------------------------------------------------------------------------------------

    def _good(self, method: str, *parameters: str | bool, about: str = "") -> tuple[Field, str]:
        (reply,) = self._channel.call([Call(method, parameters)], about)
        return self._result(reply, method), reply.evidence

    def _result(self, reply: Reply, method: str) -> Field:
        if reply.code:
            raise SourceUnavailable(f"{self.name} does not answer {method}: {reply.error:.200}")
        return reply.result


def _matches(found: Sequence[bytes], wanted: Sequence[bytes | None]) -> bool:
    return len(found) >= len(wanted) and all(
        want is None or want == have for want, have in zip(wanted, found, strict=False)
    )
