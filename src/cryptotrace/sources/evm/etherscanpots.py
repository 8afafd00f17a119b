"""What touched an account's holding, out of the lists of an explorer.

Ether moves by transactions, by internal calls, by staking withdrawals and as fees of a block's producer: four lists, of
which the last one exists only as "blocks it produced". Tokens move by Transfer events, which the lists of tokens hold,
and with some contracts by events of other kinds, which are asked for as such.

Source: Etherscan API documentation, modules account (txlist, txlistinternal, txsBeaconWithdrawal, getminedblocks,
tokentx, tokennfttx, token1155tx) and logs; verified sources of WETH9 and TetherToken for their events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptotrace.chains.evm import abi, calls, topics
from cryptotrace.chains.evm.address import address_of, bytes_of, canonical_address
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.receipt import Log
from cryptotrace.errors import InvalidAddress, MalformedBytes, NotSupported, SourceLied, SourceUnavailable
from cryptotrace.model.accountsource import PotHistory
from cryptotrace.model.identity import Account, Asset
from cryptotrace.sources.evm.etherscanlist import PAGE, WINDOW, Listed, Lister
from cryptotrace.sources.evm.etherscanread import Explorer, Flavour, Said, hash_of, hex_number, number
from cryptotrace.sources.evm.rpcblocks import BlockReader
from cryptotrace.sources.evm.rpcread import data
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.jsonrpc import Call, Parameter

#: Lists of transfers by the kind of token.
_TOKEN_LISTS = {"erc20": "tokentx", "erc721": "tokennfttx", "erc1155": "token1155tx"}
#: Blocks whose withdrawals show whether the chain has any.
_SAMPLE = 4


@dataclass(slots=True)
class _Found:
    """Transactions, as they come in."""

    most: int
    txids: dict[str, tuple[int, int]] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    is_stopped: bool = False

    def add(self, txid: str, height: int, index: int) -> None:
        before = self.txids.get(txid, (height, -1))
        if before[0] != height:
            raise SourceLied(f"transaction {txid} is in block {before[0]} by one list and in {height} by another one")
        self.txids[txid] = (height, max(before[1], index))

    def take(self, listed: Listed) -> None:
        self.evidence += listed.evidence
        self.problems += [each for each in listed.problems if each not in self.problems]
        self.is_stopped |= listed.is_stopped

    @property
    def is_enough(self) -> bool:
        return len(self.txids) > self.most


class PotReader:
    """Reads histories of holdings.

    Args:
        explorer: who is asked.
        blocks: the blocks of the run.
        network: the chain.
    """

    def __init__(self, explorer: Explorer, blocks: BlockReader, network: EvmNetwork) -> None:
        self.block_heights: dict[str, int] = {}
        """Blocks that moved something by themselves, by their hash."""
        self._explorer = explorer
        self._blocks = blocks
        self._network = network
        self._has_withdrawals: bool | None = None
        self._issuer_events: dict[Account, Listed] = {}
        self._owners: dict[Account, str | None] = {}

    @property
    def _top(self) -> int:
        return 0 if self._blocks.tip is None else self._blocks.tip.height

    def history(self, account: Account, asset: Asset, first: int, last: int, most: int) -> PotHistory:
        """What touched the holding between two heights.

        Raises:
            NotSupported: no list of that kind of asset.
            SourceLied: rows that do not belong to the question, or contradict each other.
        """
        found = _Found(most)
        if asset == self._network.asset:
            self._native(account, first, last, found)
        elif asset.namespace in _TOKEN_LISTS and asset.chain == self._network.chain:
            self._token(account, asset, first, last, found)
        else:
            raise NotSupported(f"{self._explorer.name} lists no {asset.namespace} assets of {asset.chain}: {asset}")
        in_order = sorted(found.txids, key=lambda txid: found.txids[txid])
        is_crowded = found.is_enough or found.is_stopped
        if is_crowded:
            found.problems.insert(0, f"more than {most} transactions; the listing was stopped")
        return PotHistory(
            account,
            asset,
            first,
            last,
            tuple(in_order[:most]),
            "; ".join(found.problems),
            is_crowded,
            tuple(found.evidence),
        )

    # --- the native coin ----------------------------------------------------------------------------------------------

    def _native(self, account: Account, first: int, last: int, found: _Found) -> None:
        self._list("txlist", account, first, last, found)
        self._list("txlistinternal", account, first, last, found)
        if found.is_enough:
            return
        self._withdrawals(account, first, last, found)
        self._produced(account, found)
        if self._is_fee_account(account.address):
            found.problems.append("it is paid a part of every transaction's fee, which no list shows")

    def _withdrawals(self, account: Account, first: int, last: int, found: _Found) -> None:
        try:
            listed = self.rows("txsBeaconWithdrawal", account, first, last)
        except NotSupported as error:
            if self._withdrawals_happen():
                found.problems.append(f"staking withdrawals to it are not listed ({error})")
            return
        found.take(listed)
        for row in listed.rows:
            height = number(row["blockNumber"], 63)
            if height > self._top:
                raise SourceUnavailable(
                    f"{self._explorer.name}: a withdrawal of stake to {account} is in block {height}, after the tip of "
                    f"this run ({self._top}); open the source again"
                )
            (head,) = self._blocks.heads([height])
            self.block_heights[head.ref.hash] = head.ref.height
            found.add(head.ref.hash, head.ref.height, len(head.txids))

    def _withdrawals_happen(self) -> bool:
        if self._has_withdrawals is None:
            heads = self._blocks.heads(range(max(0, self._top - _SAMPLE + 1), self._top + 1))
            self._has_withdrawals = any(head.withdrawals for head in heads)
        return self._has_withdrawals

    def _produced(self, account: Account, found: _Found) -> None:
        """Fees that a producer of blocks gets stand in no list: that there are some is said."""
        try:
            said = self._explorer.ask("account", "getminedblocks", address=account.address, page=1, offset=1)
        except NotSupported as error:
            found.problems.append(f"whether it was paid fees as the producer of blocks is not told ({error})")
            return
        found.evidence.append(said.evidence)
        for row in said.rows()[:1]:
            found.problems.append(
                f"it produced blocks, e.g. {number(row['blockNumber'], 63)}; the fees and rewards that it was paid for "
                "them are not listed"
            )

    def _is_fee_account(self, address: str) -> bool:
        fees = self._network.fees
        shares = (fees.base, fees.priority, fees.blob, fees.l1, fees.operator)
        return any(canonical_address(paid.lower()) == address for share in shares for _, paid in share.accounts)

    # --- tokens -------------------------------------------------------------------------------------------------------

    def _token(self, account: Account, asset: Asset, first: int, last: int, found: _Found) -> None:
        self._list(_TOKEN_LISTS[asset.namespace], account, first, last, found, asset)
        if asset.namespace == "erc20" and not found.is_enough:
            self._other_events(account, self._network.account(canonical_address(asset.reference)), first, last, found)

    def _other_events(self, account: Account, contract: Account, first: int, last: int, found: _Found) -> None:
        """Events that change a holding without a Transfer: wrapping, and what an issuer does."""
        own = bytes_of(account.address).rjust(32, b"\0")
        for signature in (topics.DEPOSIT, topics.WITHDRAWAL):
            listed = self.log_rows(contract, [topics.topic_of(signature), own], first, last)
            found.take(listed)
            for row in listed.rows:
                self._add_log(row, found)
        for row in self._issuer_rows(contract, first, last, found):
            height = height_of_log(row)
            if first <= height <= last and self._is_about(row, account, contract, found):
                self._add_log(row, found)

    def _issuer_rows(self, contract: Account, first: int, last: int, found: _Found) -> list[Field]:
        """Issues, redemptions and destructions of a token; up to the tip they are asked for once in a run."""
        if last > self._top:
            fresh = self._list_issuer_rows(contract, first, last)
            found.take(fresh)
            return fresh.rows
        if contract not in self._issuer_events:
            self._issuer_events[contract] = self._list_issuer_rows(contract, 0, self._top)
        found.take(self._issuer_events[contract])
        return self._issuer_events[contract].rows

    def _list_issuer_rows(self, contract: Account, first: int, last: int) -> Listed:
        whole = Listed()
        for signature in (*topics.DESTROYED, topics.ISSUE, topics.REDEEM):
            listed = self.log_rows(contract, [topics.topic_of(signature)], first, last)
            whole.rows += listed.rows
            whole.evidence += listed.evidence
            whole.problems += listed.problems
        return whole

    def _is_about(self, row: Field, account: Account, contract: Account, found: _Found) -> bool:
        """True if the event changes the account's holding; one that cannot be read is kept."""
        try:
            events = abi.read_log(Log(contract.address, topics_of(row), data(row["data"])))
        except MalformedBytes:
            return True
        for event in events:
            if isinstance(event, abi.Freeze) and event.account == account.address:
                return True
            if isinstance(event, abi.Supply) and self._owner(contract) in (None, account.address):
                problem = (
                    "it is, or may be, the owner of the contract: what was issued to it and redeemed counts for it, "
                    "though who owned the contract then is not told"
                )
                found.problems += [problem] if problem not in found.problems else []
                return True
        return False

    def _owner(self, contract: Account) -> str | None:
        """Who owns a contract now; None if it does not say."""
        if contract not in self._owners:
            words = []
            for each in (calls.OWNER, calls.GET_OWNER):
                question: dict[str, Parameter] = {"to": contract.address, "data": f"0x{calls.call_data(each).hex()}"}
                (reply,) = self._explorer.call([Call("eth_call", (question, "latest"))])
                word = b"" if reply.code else data(reply.result)
                words += [address_of(word[12:])] if len(word) == 32 and not any(word[:12]) else []
            self._owners[contract] = words[0] if words else None
        return self._owners[contract]

    def _add_log(self, row: Field, found: _Found) -> None:
        index = -1 if row["transactionIndex"].value is None else hex_number(row["transactionIndex"], 31)
        found.add(hash_of(row["transactionHash"]), height_of_log(row), index)

    # --- listings -----------------------------------------------------------------------------------------------------

    def _list(
        self, action: str, account: Account, first: int, last: int, found: _Found, asset: Asset | None = None
    ) -> None:
        if found.is_enough:
            return

        def take(listed: Listed) -> bool:
            for row in listed.rows[len(taken) :]:
                taken.append(row)
                self._check_row(row, action, account, asset)
                if asset is None or asset.token_id in (None, str(row["tokenID"].value)):
                    index = -1 if row["transactionIndex"].value in (None, "") else number(row["transactionIndex"], 31)
                    found.add(_txid(row), number(row["blockNumber"], 63), index)
            return found.is_enough

        taken: list[Field] = []
        found.take(self.rows(action, account, first, last, asset, take))

    def rows(
        self,
        action: str,
        account: Account,
        first: int,
        last: int,
        asset: Asset | None = None,
        is_enough: Callable[[Listed], bool] = lambda _: False,
    ) -> Listed:
        """The rows of one list of an account between two heights, all of them.

        Raises:
            NotSupported: the server has no such list.
            SourceLied: rows out of order or of other blocks, or some that are gone when asked for again.
        """
        of_contract = {} if asset is None else {"contractaddress": canonical_address(asset.reference)}

        def ask(start: int, page: int, size: int) -> Said:
            return self._explorer.ask(
                "account",
                action,
                address=account.address,
                **of_contract,
                startblock=start,
                endblock=last,
                page=page,
                offset=size,
                sort="asc",
            )

        return Lister(self._explorer.name, f"rows of {action}", ask, _height, is_enough).read(first, last)

    def log_rows(self, contract: Account, wanted: Sequence[bytes | None], first: int, last: int) -> Listed:
        """The events of a contract whose topics match, between two heights, all of them.

        Raises:
            SourceLied: rows of another contract or with other topics.
        """
        asked = {f"topic{n}": f"0x{each.hex()}" for n, each in enumerate(wanted) if each is not None}
        places = [n for n, each in enumerate(wanted) if each is not None]
        joined = {f"topic{a}_{b}_opr": "and" for at, a in enumerate(places) for b in places[at + 1 :]}
        window = PAGE if self._explorer.flavour is Flavour.BLOCKSCOUT else WINDOW

        def ask(start: int, page: int, size: int) -> Said:
            paging = {} if window == PAGE else {"page": page, "offset": size}
            return self._explorer.ask(
                "logs", "getLogs", address=contract.address, **asked, **joined, fromBlock=start, toBlock=last, **paging
            )

        found = Lister(self._explorer.name, "events", ask, height_of_log, window=window).read(first, last)
        for row in found.rows:
            told = topics_of(row)
            if _address(row["address"]) != contract.address or any(
                each is not None and (n >= len(told) or told[n] != each) for n, each in enumerate(wanted)
            ):
                raise SourceLied(f"{self._explorer.name} gives an event that was not asked for: {row.value!s:.200}")
        return found

    def _check_row(self, row: Field, action: str, account: Account, asset: Asset | None) -> None:
        told = {name: row[name].value for name in ("from", "to", "contractAddress")}
        parties = {each.lower() for each in told.values() if isinstance(each, str)}
        contract = str(told["contractAddress"]).lower()
        if account.address.lower() not in parties or (asset is not None and contract != asset.reference.lower()):
            raise SourceLied(f"{self._explorer.name}: {action} of {account} holds a row of others: {row.value!s:.200}")


def topics_of(row: Field) -> tuple[bytes, ...]:
    """The topics of an event; Blockscout fills up to four with null.

    Raises:
        MalformedBytes: something else than 32 bytes each.
    """
    return tuple(bytes.fromhex(hash_of(each)) for each in row["topics"].items() if not each.is_null)


def _height(row: Field) -> int:
    return number(row["blockNumber"], 63)


def height_of_log(row: Field) -> int:
    """The height of an event's block."""
    return hex_number(row["blockNumber"], 63)


def _txid(row: Field) -> str:
    return hash_of(row["hash"] if "hash" in row else row["transactionHash"])


def _address(field: Field) -> str:
    try:
        return canonical_address(field.text())
    except InvalidAddress as error:
        raise MalformedBytes(f"{field.what}: {error}", offset=0, field=field.path) from error
