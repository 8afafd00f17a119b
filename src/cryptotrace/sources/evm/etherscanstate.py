"""Balances, counts of transactions and answers of contracts from an explorer, which tells them for its newest block.

That a figure of the newest block holds at the tip of the run is seen by what moved in between: nothing. A call of a
contract is bracketed by the height before and after it. Blockscout takes heights, so there it is simply asked.

Source: Etherscan API documentation (balance, tokenbalance, balancehistory, tokenbalancehistory, proxy eth_call);
Blockscout API documentation, ETH RPC (eth_getBalance, eth_call with a block).
"""

from __future__ import annotations

from cryptotrace.chains.evm import calls
from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.errors import NotSupported, SourceUnavailable
from cryptotrace.model.accountsource import CallAnswer, PotBalance
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account, Asset
from cryptotrace.sources.evm.etherscanpots import PotReader
from cryptotrace.sources.evm.etherscanread import Explorer, Flavour, number
from cryptotrace.sources.evm.rpcblocks import BlockReader
from cryptotrace.sources.evm.rpcread import Node, data, is_reverted, quantity, tag
from cryptotrace.sources.jsonrpc import Parameter, Reply

_ATTEMPTS = 3
_NODE = "a node (rpc:)"


def newest(node: Node) -> int:
    """Height of the server's newest block."""
    return quantity(node.found(node.one("eth_blockNumber"), "its newest block"), 63)


class StateReader:
    """Reads the state that an explorer tells.

    Args:
        explorer: who is asked.
        node: the same, for JSON-RPC.
        blocks: the blocks of the run.
        pots: lists what moved since the tip.
        network: the chain.
    """

    def __init__(
        self, explorer: Explorer, node: Node, blocks: BlockReader, pots: PotReader, network: EvmNetwork
    ) -> None:
        self._explorer = explorer
        self._node = node
        self._blocks = blocks
        self._pots = pots
        self._network = network

    @property
    def _takes_heights(self) -> bool:
        return self._explorer.flavour is Flavour.BLOCKSCOUT

    def _top(self) -> int:
        return 0 if self._blocks.tip is None else self._blocks.tip.height

    def _ref(self, height: int | None) -> BlockRef:
        return self._blocks.heads([self._top() if height is None else height])[0].ref

    # --- balances -----------------------------------------------------------------------------------------------------

    def balance(self, account: Account, asset: Asset, height: int | None) -> PotBalance:
        """Base units at the end of a block; see ``EtherscanSource.pot_balance``."""
        if asset != self._network.asset and (asset.namespace != "erc20" or asset.chain != self._network.chain):
            raise NotSupported(f"{self._explorer.name} tells no balances of {asset}; {_NODE} does")
        if self._takes_heights:
            return self._balance_at(account, asset, self._ref(height))
        of_token = asset != self._network.asset
        which = {"contractaddress": canonical_address(asset.reference)} if of_token else {}
        which["address"] = account.address
        name = "tokenbalance" if of_token else "balance"
        if height not in (None, self._top()):
            ref = self._ref(height)
            said = self._explorer.ask("account", f"{name}history", **which, blockno=ref.height)
            return PotBalance(account, asset, number(said.result), ref, said.evidence)
        said = self._explorer.ask("account", name, **which, tag="latest")
        self._check_unmoved(account, asset)
        return PotBalance(account, asset, number(said.result), self._ref(None), said.evidence)

    def _balance_at(self, account: Account, asset: Asset, ref: BlockRef) -> PotBalance:
        if asset == self._network.asset:
            reply = self._node.one("eth_getBalance", account.address, tag(ref.height))
            units = quantity(self._node.found(reply, f"the balance of {account} at {ref.height}", _NODE))
            return PotBalance(account, asset, units, ref, reply.evidence)
        contract = self._network.account(canonical_address(asset.reference))
        answer = self.call(contract, calls.call_data(calls.BALANCE_OF, account.address), ref.height)
        if answer.returned is None or len(answer.returned) < 32:
            raise NotSupported(f"{self._explorer.name}: {contract} does not answer balanceOf at block {ref.height}")
        return PotBalance(account, asset, int.from_bytes(answer.returned[:32], "big"), ref, answer.evidence)

    def nonce(self, account: Account, height: int | None) -> tuple[int, BlockRef, str]:
        """Transactions sent up to the tip; see ``EtherscanSource.nonce``."""
        if height not in (None, self._top()):
            self._refuse_earlier(height, "count of sent transactions")
        reply = self._node.one("eth_getTransactionCount", account.address, "latest")
        found = quantity(self._node.found(reply, f"the nonce of {account}", _NODE), 64)
        self._check_unmoved(account, self._network.asset)
        return found, self._ref(None), reply.evidence

    def _check_unmoved(self, account: Account, asset: Asset) -> None:
        """See that the holding did not move after the tip, so that what holds now holds at the tip."""
        top, now = self._top(), newest(self._node)
        if now <= top:
            return
        since = self._pots.history(account, asset, top + 1, now, 1)
        if since.txids:
            raise SourceUnavailable(
                f"{self._explorer.name}: the holding of {account} moved in {since.txids[0]}, after the tip of this run "
                f"({top}), and the server answers for its newest block only; open the source again"
            )

    def _refuse_earlier(self, height: int | None, what: str) -> None:
        raise NotSupported(
            f"{self._explorer.name} answers for its newest block only and tells no {what} at {height}; an archive node "
            "does"
        )

    # --- contracts ----------------------------------------------------------------------------------------------------

    def call(self, contract: Account, asked: bytes, height: int | None) -> CallAnswer:
        """What a contract answers; see ``EtherscanSource.contract_call``."""
        question: dict[str, Parameter] = {"to": contract.address, "data": f"0x{asked.hex()}"}
        if self._takes_heights:
            ref = self._ref(height)
            return self._answer(self._node.one("eth_call", question, tag(ref.height)), ref)
        if height not in (None, self._top()):
            self._refuse_earlier(height, "answer of a contract")
        before = newest(self._node)
        for _ in range(_ATTEMPTS):
            reply = self._node.one("eth_call", question, "latest")
            after = newest(self._node)
            if after == before:
                return self._answer(reply, self._ref_of_newest(after, height))
            before = after
        raise SourceUnavailable(
            f"{self._explorer.name} has a new block with every question, so at which block it answers is not known; "
            f"ask {_NODE}"
        )

    def _ref_of_newest(self, now: int, asked: int | None) -> BlockRef:
        """The block at a height that may be above the tip."""
        if asked is not None and now != asked:
            self._refuse_earlier(asked, "answer of a contract")
        reply = self._node.one("eth_getBlockByNumber", tag(now), False)
        return self._blocks.head(self._node.found(reply, f"block {now}"), reply, now).ref

    def _answer(self, reply: Reply, at: BlockRef) -> CallAnswer:
        if is_reverted(reply):
            return CallAnswer(None, at, reply.evidence)
        # without code, and where a fallback swallows an unknown call, nothing comes back
        return CallAnswer(data(self._node.found(reply, "a call of a contract", _NODE)) or None, at, reply.evidence)
