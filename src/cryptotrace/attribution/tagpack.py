"""GraphSense TagPacks: YAML files in which a named creator states what an address is attributed to, and why.

Fields in the header hold for every tag that does not set them itself. A tag that cannot be used (another chain, an
address with a wrong checksum, no source) is left out *by name*: ``TagPack.refused`` lists it with its reason.

Source: GraphSense TagPack schema; confidence ids and their order from its taxonomy; grades A-E are the house's own map.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptotrace.chains.networks import account, network
from cryptotrace.errors import AttributionError, ChainError, CryptotraceError
from cryptotrace.model.identity import Account, Chain
from cryptotrace.model.tag import Grade, Tag

#: TagPack confidence id -> grade. An id that is not here, or none, is a lead only.
GRADES: Mapping[str, Grade] = {
    "override": Grade.A,
    "ownership": Grade.A,
    "manual_transaction": Grade.B,
    "service_api": Grade.B,
    "authority_data": Grade.B,
    "trusted_provider": Grade.C,
    "service_data": Grade.C,
    "forensic": Grade.C,
    "untrusted_transaction": Grade.C,
    "web_crawl": Grade.D,
    "heuristic": Grade.E,
    "unknown": Grade.E,
}
#: INTERPOL entity categories of parties that hold other people's value: a trace stops there.
SERVICES = frozenset(
    {
        "exchange",
        "hosted_wallet",
        "payment_processor",
        "mixing_service",
        "gambling",
        "market",
        "atm",
        "otc",
        "service",
        "defi_dex",
        "defi_bridge",
    }
)
#: What TagPacks call a network or its coin -> the library's name. A tag on one EVM chain says nothing of another.
_CURRENCIES = {
    "BTC": "bitcoin",
    "BCH": "bitcoin-cash",
    "LTC": "litecoin",
    "DOGE": "dogecoin",
    "ETH": "ethereum",
    "TRX": "tron",
    "BNB": "bnb",
    "BSC": "bnb",
    "MATIC": "polygon",
    "POL": "polygon",
    "AVAX": "avalanche",
    "ARB": "arbitrum",
    "OP": "optimism",
}


@dataclass(frozen=True, slots=True)
class TagPack:
    """What a TagPack file says."""

    title: str
    """Its title."""
    creator: str
    """Who made it."""
    tags: tuple[Tag, ...]
    """The tags that could be used, in the file's order."""
    refused: tuple[str, ...]
    """The tags that could not, each with its reason."""


def read_tagpack(raw: bytes, *, evidence: str, chain_of: Callable[[str], Chain | None] | None = None) -> TagPack:
    """Read a TagPack.

    Args:
        raw: the bytes of the YAML file.
        evidence: digest of those bytes, kept with every tag.
        chain_of: the chain that a ``network`` or ``currency`` text means, None if unknown; by default the networks
            that the library reads, by their names, and BTC, ETH, TRX ... as TagPacks call them.

    Raises:
        AttributionError: not YAML, or not a TagPack.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(raw, Loader=loader)  # noqa: S506 - a safe loader, in C where it is there
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:  # as the loader has them
        raise AttributionError(f"not a TagPack: the YAML cannot be read: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("tags"), list):
        raise AttributionError("not a TagPack: expected a mapping with title, creator and a list of tags")
    header = {key: value for key, value in document.items() if key != "tags"}
    tags: list[Tag] = []
    refused: list[str] = []
    for number, body in enumerate(document["tags"], start=1):
        try:
            if not isinstance(body, dict):
                raise AttributionError("is not a mapping")
            tags.append(_tag({**header, **body}, evidence, chain_of or _known_chain))
        except CryptotraceError as error:
            refused.append(f"tag {number}: {error}")
    return TagPack(_text(header.get("title")), _text(header.get("creator")), tuple(tags), tuple(refused))


def _known_chain(name: str) -> Chain | None:
    try:
        return network(_CURRENCIES.get(name, name)).chain
    except ChainError:
        return None


def _tag(body: Mapping[str, Any], evidence: str, chain_of: Callable[[str], Chain | None]) -> Tag:
    where = _text(body.get("network")) or _text(body.get("currency"))
    chain = chain_of(where)
    if chain is None:
        raise AttributionError(f"is on {where or 'no stated network'}, which this version does not read")
    address, label, source = (_text(body.get(key)) for key in ("address", "label", "source"))
    if not label or not source:
        raise AttributionError(f"for {address or 'no address'} has no {'label' if not label else 'source'}")
    confidence = _text(body.get("confidence"))
    return Tag(
        account=Account(account(address, chain)),
        label=label,
        category=_text(body.get("category")),
        confidence=confidence,
        grade=GRADES.get(confidence, Grade.E),
        source=source,
        creator=_text(body.get("creator")),
        lastmod=_text(body.get("lastmod")),
        title=_text(body.get("title")),
        evidence=evidence,
    )


def _text(value: object) -> str:
    if isinstance(value, dict | list | set | tuple):  # aliases can nest one a billion times: it is not written out
        raise AttributionError("has a list or a mapping where text must stand")
    try:
        return "" if value is None else str(value).strip()
    except ValueError as error:
        raise AttributionError(f"has a number that is too long: {error}") from error
