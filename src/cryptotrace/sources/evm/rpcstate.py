"""What an EVM node says of a state: balances, counts of transactions, answers of contracts, and proofs of them.

Source: Ethereum JSON-RPC specification (execution-apis); ERC-20, ERC-721 and ERC-1155 (``balanceOf``, ``ownerOf``);
EIP-1186 (``eth_getProof``).
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptotrace.chains.evm import calls
from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.proof import AccountProof, account_proof_from_rpc, check_account
from cryptotrace.errors import InvalidAddress, NotSupported, SourceLied
from cryptotrace.model.accountsource import CallAnswer, PotBalance
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account, Asset
from cryptotrace.sources.evm.rpcblocks import BlockReader
from cryptotrace.sources.evm.rpclogs import address_in
from cryptotrace.sources.evm.rpcread import Node, data, fields_of, is_reverted, quantity, tag

_ARCHIVE = "an archive node"
_MOST_TOKEN_ID = 2**256 - 1


class StateReader:
    """Asks a node about the state at the end of a block.

    Args:
        node: who is asked.
        network: the chain.
        blocks: reads its blocks; its tip is where None as a height stands.
    """

    def __init__(self, node: Node, network: EvmNetwork, blocks: BlockReader) -> None:
        self._node = node
        self._network = network
        self._blocks = blocks

    def at(self, height: int | None) -> BlockRef:
        """The block at a height, or the tip.

        Raises:
            DataNotFound: it is above the tip, or the node does not have it.
        """
        tip = self._blocks.tip
        wanted = tip.height if height is None and tip is not None else height or 0
        return self._blocks.heads([wanted])[0].ref

    # --- balances -----------------------------------------------------------------------------------------------------

    def balance(self, account: Account, asset: Asset, height: int | None) -> PotBalance:
        """Base units at the end of a block.

        Raises:
            NotSupported: the node has dropped that state, or the contract does not say.
            DataNotFound: the block is above the tip, or the node does not have it.
        """
        ref = self.at(height)
        if asset == self._network.asset:
            reply = self._node.one("eth_getBalance", account.address, tag(ref.height))
            told = self._node.found(reply, f"the balance of {account.address} at {ref.height}", _ARCHIVE)
            return PotBalance(account, asset, quantity(told), ref, reply.evidence)
        contract = self.contract_of(asset)
        answer = self.call(contract, _question(account, asset), height)
        word = answer.returned
        if asset.namespace == "erc721":
            # a token that nobody holds is refused by most contracts, and by some it belongs to address zero
            holder = None if word is None else address_in(word[:32])
            return PotBalance(account, asset, int(holder == account.address), ref, answer.evidence)
        if word is None or len(word) < 32:
            raise NotSupported(
                f"{self._node.name}: contract {contract} does not answer balanceOf at block {ref.height}: it is no "
                f"{asset.namespace} token, or was not there yet"
            )
        return PotBalance(account, asset, int.from_bytes(word[:32], "big"), ref, answer.evidence)

    def contract_of(self, asset: Asset) -> str:
        """The contract of a token, with its checksum.

        Raises:
            NotSupported: the asset is no token of this chain.
        """
        try:
            if asset.chain == self._network.chain and asset.namespace in ("erc20", "erc721", "erc1155"):
                return canonical_address(asset.reference)
        except InvalidAddress:
            pass
        raise NotSupported(f"{self._node.name}: {asset} is neither the native coin nor a token of {self._network.name}")

    def nonce(self, account: Account, height: int | None) -> tuple[int, BlockRef, str]:
        """Transactions sent up to the end of a block, which block, and the digest of the answer.

        Raises:
            NotSupported: the node has dropped that state.
            DataNotFound: the block is above the tip, or the node does not have it.
        """
        ref = self.at(height)
        reply = self._node.one("eth_getTransactionCount", account.address, tag(ref.height))
        told = self._node.found(reply, f"how many transactions {account.address} sent up to {ref.height}", _ARCHIVE)
        return quantity(told, 64), ref, reply.evidence

    # --- contracts ----------------------------------------------------------------------------------------------------

    def call(self, contract: str, asked: bytes, height: int | None) -> CallAnswer:
        """What a contract answers on the state at the end of a block.

        Raises:
            NotSupported: the node has dropped that state.
            DataNotFound: the block is above the tip, or the node does not have it.
        """
        ref = self.at(height)
        reply = self._node.one("eth_call", {"to": contract, "data": f"0x{asked.hex()}"}, tag(ref.height))
        if is_reverted(reply):
            return CallAnswer(None, ref, reply.evidence)
        told = self._node.found(reply, f"what {contract} answers at {ref.height}", _ARCHIVE)
        # without code, and where a fallback swallows an unknown call, nothing comes back
        return CallAnswer(data(told) or None, ref, reply.evidence)

    # --- proofs -------------------------------------------------------------------------------------------------------

    def proof(self, account: Account, slots: Sequence[bytes], height: int | None) -> tuple[AccountProof, BlockRef, str]:
        """What the state trie holds of an account and of slots of its storage, proved under the header's state root.

        Raises:
            NotSupported: the node gives no proofs, or has dropped that state.
            DataNotFound: the block is above the tip, or the node does not have it.
            ProofRefused: the proof does not lead to the state root of the header.
            SourceLied: it is the proof of something else.
        """
        ref = self.at(height)
        (head,) = self._blocks.heads([ref.height])
        wanted = [f"0x{slot.hex().rjust(64, '0')}" for slot in slots]
        reply = self._node.one("eth_getProof", account.address, wanted, tag(ref.height))
        told = self._node.found(reply, f"a proof of the state of {account.address} at {ref.height}", _ARCHIVE)
        proof = account_proof_from_rpc(fields_of(told))
        if proof.address != account.address or [s.key for s in proof.slots] != [s.rjust(32, b"\0") for s in slots]:
            raise SourceLied(f"{self._node.name} gives a proof of {proof.address} that was not asked for")
        if head.header.state_root is None or not head.header.is_recomputed:
            raise NotSupported(
                f"{self._node.name}: the header of block {ref.height} could not be recomputed, so nothing can be "
                "proved under its state root"
            )
        check_account(head.header.state_root, proof)
        return proof, ref, reply.evidence


def _question(account: Account, asset: Asset) -> bytes:
    """The call that asks a token contract for a holding."""
    if asset.namespace == "erc20" or asset.token_id is None:
        return calls.call_data(calls.BALANCE_OF, account.address)
    if asset.namespace == "erc721":
        return calls.call_data(calls.OWNER_OF, token_number(asset))
    return calls.call_data(calls.BALANCE_OF_TOKEN, account.address, token_number(asset))


def token_number(asset: Asset) -> int:
    """The number of a token in its collection.

    Raises:
        NotSupported: the asset names none, or what cannot be one.
    """
    text = asset.token_id or ""
    if not (text.isascii() and text.isdigit() and len(text) < 80 and int(text) <= _MOST_TOKEN_ID):
        raise NotSupported(f"{asset} does not name a token of the collection by its number")
    return int(text)
