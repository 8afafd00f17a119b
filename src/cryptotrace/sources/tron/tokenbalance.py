"""The balance of a TRC-20 token, asked of its contract.

Source: TIP-20 (``balanceOf``).
"""

from __future__ import annotations

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.tron.address import bytes_of
from cryptotrace.errors import DataNotFound
from cryptotrace.model.accountsource import ContractCalls, PotBalance
from cryptotrace.model.identity import Account, Asset

_BALANCE_OF = keccak256(b"balanceOf(address)")[:4]


def token_balance(source: ContractCalls, name: str, account: Account, asset: Asset) -> PotBalance:
    """Base units of ``asset`` that the account has at the newest block of the source ``name``.

    Raises:
        DataNotFound: the contract does not answer as a token does.
    """
    contract = Account.of(account.chain, asset.reference)
    answer = source.contract_call(contract, _BALANCE_OF + bytes(12) + bytes_of(account.address))
    if answer.returned is None or len(answer.returned) != 32:
        raise DataNotFound(f"{name}: the contract {asset.reference} does not answer balanceOf(address) as a token does")
    return PotBalance(account, asset, int.from_bytes(answer.returned, "big"), answer.at, answer.evidence)
