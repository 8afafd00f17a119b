"""Notices and signs of an account chain in words: what the software recorded in English is read where it has a form.

What has no form that is known here is quoted, and said to be the software's own English.
"""

from __future__ import annotations

import re

from cryptotrace.attribution.poisoning import SignKind
from cryptotrace.chains.tokens import FUNGIBLE
from cryptotrace.model.identity import Account, Asset
from cryptotrace.reports.accountrows import place_name
from cryptotrace.reports.draft import Draft

_DESTROYED = re.compile(
    r"destroyed (?P<units>[0-9]+) of (?P<account>\w+) by (?P<contract>\w+),? (?P<place>[\w.]+)", re.ASCII
)
_FREEZING = re.compile(r"(?P<what>frozen|unfrozen) (?P<account>\w+) by (?P<contract>\w+),? (?P<place>[\w.]+)", re.ASCII)
_READ_AT = re.compile(r"read from the contract at block (?P<height>[0-9]+)", re.ASCII)


def notice_words(draft: Draft, notice: str) -> str:
    """A notice of an account chain in words; empty if its form is not known here."""
    say, found = draft.words.say, _DESTROYED.fullmatch(notice)
    if found is not None:
        asset, units = _token(draft, found["contract"]), int(found["units"])
        amount = say("notice.units", number=draft.words.number(units))
        if asset is not None:
            amount = draft.amount(units, asset)
        return say("notice.destroyed", amount=amount, **_named(draft, found))
    found = _FREEZING.fullmatch(notice)
    return "" if found is None else say(f"notice.{found['what']}", **_named(draft, found))


def _named(draft: Draft, found: re.Match[str]) -> dict[str, str]:
    return {
        "address": _address(draft, found["account"]),
        "contract": found["contract"],
        "place": draft.words.movement(place_name(found["place"])),
    }


def _token(draft: Draft, contract: str) -> Asset | None:
    met = (a for a in draft.dossier.assets if a.namespace in FUNGIBLE and a.reference.lower() == contract.lower())
    return next(met, None)


def _address(draft: Draft, address: str) -> str:
    """The address's row id with the address in full; the address alone where it has no row."""
    chain = draft.dossier.chain
    row = "" if chain is None else draft.rows.id_of.get(Account.of(chain, address), "")
    return f"{row} ({address})" if row else address


def sign_words(draft: Draft, sign: str) -> str:
    """What kind of sign of spam or poisoning it is, in words; then what was recorded, as a quotation."""
    kinds = sorted(SignKind, key=lambda kind: -len(kind.value))
    kind = next((kind for kind in kinds if sign.startswith(kind.value)), None)
    said = "" if kind is None else draft.words.say(f"sign.{kind.name.lower()}") + ". "
    return said + draft.recorded(sign)


def basis_words(draft: Draft, basis: str) -> str:
    """Where symbol and decimals are from, in words."""
    found = _READ_AT.fullmatch(basis)
    return draft.recorded(basis) if found is None else draft.words.say("asset.read_at", height=found["height"])
