"""How the assets of a TRON chain are named.

Source: CAIP-19; its profiles name neither TRC-10 nor staked TRX, so those two are this library's own.
"""

from __future__ import annotations

from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.errors import MalformedBytes
from cryptotrace.model.identity import Asset

#: How built-in exchanges write TRX where a token id is wanted.
_TRX = b"_"
_MOST_NAME = 32


def trc20_asset(network: TronNetwork, contract: str) -> Asset:
    """The asset of a TRC-20 contract (base58check)."""
    return Asset(f"{network.chain}/trc20:{contract}")


def trc721_asset(network: TronNetwork, contract: str, token: int) -> Asset:
    """The asset of one token of a TRC-721 contract (base58check)."""
    return Asset(f"{network.chain}/trc721:{contract}/{token}")


def trc1155_asset(network: TronNetwork, contract: str, token: int) -> Asset:
    """The asset of one token id of a TRC-1155 contract (base58check)."""
    return Asset(f"{network.chain}/trc1155:{contract}/{token}")


def trc10_asset(network: TronNetwork, token: str) -> Asset:
    """The asset of a TRC-10 token, by its number as text, e.g. ``1002000``."""
    return Asset(f"{network.chain}/trc10:{token}")


def staked_asset(network: TronNetwork) -> Asset:
    """Staked TRX, waiting for its release included: the account's own, one for one, and not spendable."""
    return Asset(f"{network.chain}/staked:{network.coin_type}")


def named_asset(network: TronNetwork, name: bytes) -> Asset:
    """The asset that a transaction calls ``asset_name`` or ``token_id``: a TRC-10 token, or TRX written as ``_``.

    In the first years of the chain tokens were called by their name; such a token is ``trc10:name.<hex>``, because its
    number does not stand in the transaction.

    Raises:
        MalformedBytes: empty, or longer than a name can be.

    Source: java-tron, ``ALLOW_SAME_TOKEN_NAME``: since then ``asset_name`` holds the number as text.
    """
    if not 0 < len(name) <= _MOST_NAME:
        raise MalformedBytes(
            f"a token's name has 1 to {_MOST_NAME} bytes, not {len(name)}", offset=0, field="asset_name"
        )
    if name == _TRX:
        return network.asset
    if name.isdigit():
        return trc10_asset(network, name.decode("ascii"))
    return trc10_asset(network, f"name.{name.hex()}")
