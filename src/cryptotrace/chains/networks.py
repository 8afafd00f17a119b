"""The chains that this version reads, their parameters, and the one spelling of an account and of an asset.

Friendly names such as ``bitcoin`` or ``bitcoin-signet`` are resolved here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from cryptotrace.chains.bitcoin.address import canonical_address as bitcoin_address
from cryptotrace.chains.bitcoin.network import BITCOIN_NETWORKS, BitcoinNetwork
from cryptotrace.chains.evm.address import bytes_of as evm_bytes
from cryptotrace.chains.evm.address import canonical_address as evm_address
from cryptotrace.chains.evm.network import EVM_NETWORKS
from cryptotrace.chains.family import Network
from cryptotrace.chains.tron.address import bytes_of as tron_bytes
from cryptotrace.chains.tron.address import canonical_address as tron_address
from cryptotrace.chains.tron.network import TRON_NETWORKS, TronNetwork
from cryptotrace.errors import InvalidAddress, InvalidIdentifier, UnsupportedChain
from cryptotrace.model.identity import SCRIPT_DIGEST_PREFIX, Account, Asset, Chain

_EVM_CONTRACT_FORM = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_NUMBER_FORM = re.compile(r"[0-9]+", re.ASCII)
_SCRIPT_DIGEST_FORM = re.compile(rf"{re.escape(SCRIPT_DIGEST_PREFIX)}[0-9a-f]{{64}}", re.ASCII)

_NETWORKS: tuple[Network, ...] = (*BITCOIN_NETWORKS, *EVM_NETWORKS, *TRON_NETWORKS)
#: Every known chain by its CAIP-2 identifier, main networks first.
NETWORKS: dict[Chain, Network] = {each.chain: each for each in _NETWORKS}

#: How the addresses of a family of chains (CAIP-2 namespace) are checked and made canonical.
_CANONICAL: dict[str, Callable[[str, Any], str]] = {
    "bip122": bitcoin_address,
    "eip155": evm_address,
    "tron": tron_address,
}

#: How the bytes of an address are read where contracts take them.
_BYTES: dict[str, Callable[[str], bytes]] = {"eip155": evm_bytes, "tron": tron_bytes}

_BY_NAME: dict[str, Network] = {each.name: each for each in _NETWORKS} | {
    str(chain): each for chain, each in NETWORKS.items()
}


def network(name_or_caip2: str) -> Network:
    """The chain of that friendly name or CAIP-2 identifier, e.g. ``bitcoin`` or ``bip122:000000000019d668...``.

    Raises:
        UnsupportedChain: not a chain that this version knows; the message lists those it knows.
    """
    known = _named(name_or_caip2)
    if known is None:
        raise UnsupportedChain(
            f"{name_or_caip2!r} is not a chain that this version reads; "
            f"known are {', '.join(each.name for each in _NETWORKS)}, or their CAIP-2 identifiers"
        )
    return known


def bitcoin_network(name_or_caip2: str) -> BitcoinNetwork:
    """``network``, for those who need what only the Bitcoin family has.

    Raises:
        UnsupportedChain: not a known chain, or one of another family.
    """
    known = network(name_or_caip2)
    if not isinstance(known, BitcoinNetwork):
        raise UnsupportedChain(f"{known.name} is no chain of the Bitcoin family: it has accounts, not outputs")
    return known


def _named(name: object) -> Network | None:
    return _BY_NAME.get(name) if isinstance(name, str) else None


def account(text: str, chain: str) -> Account:
    """The canonical account of an address: checksum verified, one spelling only.

    ``script-sha256.<64 hex digits>`` names an output without an address by the digest of its script and is taken as
    it is, since there is no checksum to verify. An account of the same chain (CAIP-10 text) is accepted too.

    Args:
        text: the address as somebody wrote it.
        chain: friendly name or CAIP-2 identifier.

    Raises:
        InvalidAddress: not text, wrong checksum, another network's address, or letters that only look like the right
            ones.
        UnsupportedChain: the chain is not known.
    """
    where = network(chain)
    _check_text(text)
    try:
        return _account_on(where, text)
    except InvalidAddress:
        others = [NETWORKS[found.chain].name for found in candidates(text)]
        if not others:
            raise
        raise InvalidAddress(f"{text!r} is an address of {' or '.join(others)}, not of {where.name}") from None


def _account_on(where: Network, text: str) -> Account:
    bare = text.removeprefix(f"{where.chain}:")
    if isinstance(where, BitcoinNetwork) and _SCRIPT_DIGEST_FORM.fullmatch(bare):
        return Account.of(where.chain, bare)
    if isinstance(where, TronNetwork) and bare[:2].lower() == "0x":
        raise InvalidAddress(
            f"{bare!r} is written like an address of an EVM chain; an address of {where.name} begins with T, or is hex "
            "that begins with 41"
        )
    return Account.of(where.chain, _CANONICAL[where.chain.namespace](bare, where))


def address_bytes(account: Account) -> bytes:
    """The 20 bytes of an account as contracts see it, on EVM chains and on TRON.

    Raises:
        UnsupportedChain: the account is on a chain of another family, which has no such contracts.
    """
    reader = _BYTES.get(account.chain.namespace)
    if reader is None:
        raise UnsupportedChain(f"{account} is on no chain that has contracts")
    return reader(account.address)


def candidates(text: str) -> tuple[Account, ...]:
    """The account of ``text`` on every known chain on which it is valid, main networks first; empty if on none.

    Test networks share their address formats, so one text may well name several accounts. To learn why a text is
    refused, call ``account`` for the chain that was meant.

    Raises:
        InvalidAddress: not text.
    """
    _check_text(text)
    found = []
    for where in NETWORKS.values():
        try:
            found.append(_account_on(where, text))
        except InvalidAddress:
            continue
    return tuple(found)


def _check_text(address: object) -> None:
    if not isinstance(address, str):
        raise InvalidAddress(f"an address is text, not {type(address).__name__} {address!r}")


def asset(text: str) -> Asset:
    """The canonical asset: one spelling only, so that equal assets are equal texts.

    ==========================  ====================================================================================
    what                        its one spelling
    ==========================  ====================================================================================
    a chain that is known       by friendly name or CAIP-2 identifier: the chain's native asset
    ``slip44``                  the coin type without leading zeros; on a known chain it must be that chain's own
    ``erc20 erc721 erc1155``    the contract (``0x`` and 40 hex digits) in lower-case letters, a numbered token
                                without leading zeros
    every other namespace       as it is: ``trc20`` is base58, where the case of a letter has a meaning
    ==========================  ====================================================================================

    Capital letters in a contract may be a checksum (EIP-55); it is not verified here.

    Args:
        text: CAIP-19 text, or the chain whose native asset is meant.

    Raises:
        InvalidIdentifier: no CAIP-19 identifier, a coin type that is no number or not the chain's, a token of a coin
            that has none, or on an EVM chain (``eip155``) a contract of another form.

    Source: CAIP-19 ("Canonicalization": left to the reader), CAIP-20 (slip44: an unsigned integer in decimal), CAIP-21
    and CAIP-22 (erc20, erc721: the contract's address).
    """
    where = _named(text)
    if where is not None:
        return where.asset
    given = Asset(text)
    canonical = _CANONICAL_ASSET.get(given.namespace)
    return given if canonical is None else canonical(given)


def _coin(given: Asset) -> Asset:
    if not _NUMBER_FORM.fullmatch(given.reference):
        raise InvalidIdentifier(f"{str(given)!r}: a slip44 reference is a coin type in decimal digits, e.g. slip44:0")
    if given.token_id is not None:
        raise InvalidIdentifier(
            f"{str(given)!r}: a coin has no tokens; leave out {given.token_id!r} and the '/' before"
        )
    coin_type = _plain_number(given.reference)
    known = NETWORKS.get(given.chain)
    if known is not None and coin_type != str(known.coin_type):
        raise InvalidIdentifier(
            f"{str(given)!r}: coin type {coin_type} is not that of {known.name}; its asset is {known.asset}"
        )
    return _asset(given, coin_type, None)


def _contract(given: Asset) -> Asset:
    if not _EVM_CONTRACT_FORM.fullmatch(given.reference):
        if given.chain.namespace != "eip155":
            return given
        raise InvalidIdentifier(
            f"{str(given)!r}: an {given.namespace} reference on an EVM chain is a contract, 0x and 40 hex digits"
        )
    token = given.token_id
    if token is not None and _NUMBER_FORM.fullmatch(token):
        token = _plain_number(token)
    return _asset(given, given.reference.lower(), token)


def _asset(given: Asset, reference: str, token: str | None) -> Asset:
    return Asset(f"{given.chain}/{given.namespace}:{reference}" + ("" if token is None else f"/{token}"))


def _plain_number(digits: str) -> str:
    return digits.lstrip("0") or "0"


#: How the references of an asset namespace (CAIP-19) are checked and made canonical.
_CANONICAL_ASSET: dict[str, Callable[[Asset], Asset]] = {
    "slip44": _coin,
    "erc20": _contract,
    "erc721": _contract,
    "erc1155": _contract,
}
