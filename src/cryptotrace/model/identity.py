"""Which chain, which account, which asset: the CAIP identifiers, as checked strings.

They are subclasses of ``str``: they serve as dictionary keys and as columns, and a type checker tells them apart.
This module checks form. What an address *means* (checksum, network, script) is the business of ``chains``; the
functions that give an account or an asset its one spelling are ``cryptotrace.chains.account`` and
``cryptotrace.chains.asset``. Two identifiers are equal only if they are spelt alike.

Source: CAIP-2, CAIP-10, CAIP-19 (Chain Agnostic Improvement Proposals).
"""

from __future__ import annotations

import re
from typing import Self

from cryptotrace.errors import InvalidIdentifier

_NAMESPACE = r"[-a-z0-9]{3,8}"
_CHAIN = rf"{_NAMESPACE}:[-_a-zA-Z0-9]{{1,32}}"
_CHAIN_FORM = re.compile(_CHAIN, re.ASCII)
_ACCOUNT_FORM = re.compile(rf"(?P<chain>{_CHAIN}):(?P<address>[-.%a-zA-Z0-9]{{1,128}})", re.ASCII)
_ASSET_FORM = re.compile(
    rf"(?P<chain>{_CHAIN})/(?P<namespace>{_NAMESPACE}):(?P<reference>[-.%a-zA-Z0-9]{{1,128}})"
    r"(?:/(?P<token>[-.%a-zA-Z0-9]{1,78}))?",
    re.ASCII,
)
#: Prefix of the account of an output that has no address; the rest is the SHA-256 of its script in hex.
SCRIPT_DIGEST_PREFIX = "script-sha256."


def _has_form(form: re.Pattern[str], text: object) -> bool:
    return isinstance(text, str) and form.fullmatch(text) is not None


class Chain(str):
    """A blockchain, by its CAIP-2 identifier, e.g. ``bip122:000000000019d6689c085ae165831e93``.

    Raises:
        InvalidIdentifier: the text is not a CAIP-2 identifier.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _has_form(_CHAIN_FORM, text):
            raise InvalidIdentifier(
                f"{text!r} is not a CAIP-2 chain identifier; expected namespace:reference, "
                "e.g. bip122:000000000019d6689c085ae165831e93 for bitcoin"
            )
        return super().__new__(cls, text)

    @property
    def namespace(self) -> str:
        """The family of chains, e.g. ``bip122``."""
        return self.partition(":")[0]

    @property
    def reference(self) -> str:
        """Which chain of the family; for ``bip122`` the first 32 hex digits of the genesis block's hash."""
        return self.partition(":")[2]


class Account(str):
    """An account on a chain, by its CAIP-10 identifier: ``chain:address``.

    An output whose script has no address stands under ``script-sha256.<digest>``: that is the digest of its script,
    not an address, and ``is_script_digest`` says so.

    Raises:
        InvalidIdentifier: the text is not a CAIP-10 identifier.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _has_form(_ACCOUNT_FORM, text):
            raise InvalidIdentifier(
                f"{text!r} is not a CAIP-10 account identifier; expected chain:address, "
                "e.g. bip122:000000000019d6689c085ae165831e93:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
            )
        return super().__new__(cls, text)

    @classmethod
    def of(cls, chain: Chain, address: str) -> Self:
        """The account of ``address`` (already canonical) on ``chain``."""
        return cls(f"{chain}:{address}")

    @property
    def chain(self) -> Chain:
        """The chain the account is on."""
        return Chain(self.rpartition(":")[0])

    @property
    def address(self) -> str:
        """The bare address, as the chain's software prints it, or ``script-sha256.<digest>``."""
        return self.rpartition(":")[2]

    @property
    def is_script_digest(self) -> bool:
        """True if this is the digest of a script without an address (P2PK, bare multisig, non-standard)."""
        return self.address.startswith(SCRIPT_DIGEST_PREFIX)


class Asset(str):
    """An asset on a chain, by its CAIP-19 identifier: ``chain/namespace:reference`` with an optional ``/token-id``.

    Raises:
        InvalidIdentifier: the text is not a CAIP-19 identifier.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _has_form(_ASSET_FORM, text):
            raise InvalidIdentifier(
                f"{text!r} is not a CAIP-19 asset identifier; expected chain/namespace:reference, "
                "e.g. bip122:000000000019d6689c085ae165831e93/slip44:0 for BTC"
            )
        return super().__new__(cls, text)

    @property
    def chain(self) -> Chain:
        """The chain the asset lives on."""
        return Chain(self.partition("/")[0])

    @property
    def namespace(self) -> str:
        """What kind of asset it is, e.g. ``slip44`` (native), ``erc20`` or ``trc20``."""
        return self.split("/")[1].partition(":")[0]

    @property
    def reference(self) -> str:
        """Which asset of its kind: a coin type or a contract."""
        return self.split("/")[1].partition(":")[2]

    @property
    def token_id(self) -> str | None:
        """The token of a non-fungible collection, or None."""
        parts = self.split("/")
        return parts[2] if len(parts) == 3 else None
