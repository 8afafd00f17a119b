"""Why a branch ends, in words: built from the reason and its figures, not from the engine's own English."""

from __future__ import annotations

import re

from cryptotrace.reports.draft import Draft
from cryptotrace.reports.schedules import EndRow
from cryptotrace.tracing.result import EndReason

_HEIGHT = re.compile(r"height (\d+)", re.ASCII)


def reason_word(draft: Draft, reason: EndReason) -> str:
    """The reason in a few words."""
    return draft.words.say(f"reason.{reason.value}")


def reason_sentence(draft: Draft, row: EndRow) -> str:
    """What the reason rests on, in a sentence; foreign text in it is visible."""
    reason, words = row.end.reason, draft.words
    if reason is EndReason.UNSPENT:
        return _unspent(draft, row)
    if reason is EndReason.SERVICE:
        tags = " ".join(draft.attribution(tag) for tag in row.tags)
        return words.say("end.service", tags=tags or words.quoted(row.end.detail))
    if reason is EndReason.COINJOIN:
        basis = draft.dossier.trace.stops.coinjoins.get(row.next, "")
        stated = words.quoted(basis) if basis else words.say("not_stated")
        return words.say("end.coinjoin", transaction=_name(draft, row.next), basis=stated)
    if reason is EndReason.DUST:
        limit = draft.amount(draft.dossier.trace.stops.dust, row.end.asset)
        return words.say("end.dust", limit=limit)
    if reason is EndReason.HOPS:
        limit = str(draft.dossier.trace.stops.max_hops)
        return words.say("end.hops", limit=limit, transaction=_name(draft, row.next))
    if reason is EndReason.TIME:
        until = draft.dossier.trace.stops.until
        shown = words.say("not_stated") if until is None else words.time(until)
        return words.say("end.time", until=shown, transaction=_name(draft, row.next))
    if reason is EndReason.UNCONFIRMED:
        return words.say("end.unconfirmed", transaction=_name(draft, row.next))
    if reason in {EndReason.UNKNOWN, EndReason.CROWDED}:
        return words.say(f"end.{reason.value}", detail=row.end.detail)
    return words.say(f"end.{reason.value}")


def sources_at(draft: Draft, height: int | None) -> str:
    """The names of the sources whose tip has that height; of all of them if none has."""
    sources = draft.dossier.sources
    named = [s.name for s in sources if s.tip.height == height] or [s.name for s in sources]
    return ", ".join(named) or draft.words.say("source.unnamed")


def _unspent(draft: Draft, row: EndRow) -> str:
    match = _HEIGHT.search(row.end.detail)
    if match is None:
        return draft.words.say("end.held")
    height = int(match[1])
    return draft.words.say("end.unspent", source=sources_at(draft, height), height=height)


def _name(draft: Draft, txid: str) -> str:
    if not txid:
        return draft.words.say("not_stated")
    shown = draft.txid(txid)
    return f"{draft.rows.id_of[txid]} ({shown})" if txid in draft.rows.id_of else shown
