"""Accounts of the tests with keys of their own, made from their names: what they sign is signed as anywhere."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import rlp
from tests.nodes.anvil import Anvil

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.evm.hashes import keccak256

#: The point at infinity of BLS12-381, compressed: commitment and proof of a blob that holds only zeros.
_INFINITY = b"\xc0" + bytes(47)
#: How a transaction names a blob that holds only zeros (EIP-4844, ``kzg_to_versioned_hash``).
EMPTY_BLOB = b"\x01" + hashlib.sha256(_INFINITY).digest()[1:]


def _with_empty_blob(raw: bytes) -> bytes:
    """A transaction with one blob of zeros as it travels through the network (EIP-4844)."""
    return b"\x03" + bytes(rlp.encode([rlp.decode(raw[1:]), [bytes(131_072)], [_INFINITY], [_INFINITY]]))


@dataclass
class Key:
    """An account whose key comes from its name. Worth nothing anywhere."""

    name: str
    """Its name in the test."""

    @cached_property
    def account(self) -> Any:
        """The account as eth-account has it."""
        from eth_account import Account

        return Account.from_key(keccak256(f"cryptotrace tests: {self.name}".encode()))

    @property
    def address(self) -> str:
        """Its address, with the checksum."""
        return str(self.account.address)

    def submit(self, node: Anvil, to: str | None, data: bytes = b"", value: int = 0, **more: Any) -> str:
        """Sign a transaction and hand it in; gives its hash. It waits for a block."""
        fields: dict[str, Any] = {
            "chainId": int(node("eth_chainId"), 16),
            "nonce": int(node("eth_getTransactionCount", self.address, "pending"), 16),
            "gas": 3_000_000,
            "value": value,
            "data": "0x" + data.hex(),
        }
        if "gasPrice" not in more:
            fields |= {"maxFeePerGas": 20 * 10**9, "maxPriorityFeePerGas": 10**9}
        if to is not None:
            fields["to"] = canonical_address(to)
        raw = bytes(self.account.sign_transaction(fields | more).raw_transaction)
        return str(node("eth_sendRawTransaction", "0x" + (_with_empty_blob(raw) if raw[0] == 3 else raw).hex()))

    def do(self, node: Anvil, to: str | None, data: bytes = b"", value: int = 0, **more: Any) -> dict[str, Any]:
        """``submit``, a block, and the receipt."""
        txid = self.submit(node, to, data, value, **more)
        node.mine()
        receipt: dict[str, Any] = node("eth_getTransactionReceipt", txid)
        assert receipt is not None, f"{txid} is in no block"
        return receipt

    def authorize(self, node: Anvil, code: str, nonce: int) -> Any:
        """A signed permission that the account runs the code of a contract (EIP-7702)."""
        return self.account.sign_authorization(
            {"chainId": int(node("eth_chainId"), 16), "address": code, "nonce": nonce}
        )
