"""Everything in a report for a machine: text, lists and dicts only, amounts as text, the same in every language."""

from __future__ import annotations

from collections.abc import Mapping

from cryptotrace.reports.accountpoints import points_data
from cryptotrace.reports.accountrows import CheckRow
from cryptotrace.reports.dossier import AssetFacts, Dossier, SourceFacts
from cryptotrace.reports.foreign import visible
from cryptotrace.reports.schedules import AddressRow, EndRow, EvidenceRow, PostingRow, Schedules, TransactionRow
from cryptotrace.reports.sheetasset import txid_shown
from cryptotrace.tracing.fragments import as_texts
from cryptotrace.tracing.rules import Rule


def machine_data(dossier: Dossier, rows: Schedules, rule: Rule) -> dict[str, object]:
    """The language-free part of a report."""
    trace = dossier.trace
    told = trace.to_dict()
    return _harmless(
        {
            "case": dossier.case_id,
            "title": dossier.title,
            "question": dossier.question,
            "author": dossier.author,
            "software": dossier.software,
            "cut_off": dossier.cut_off,
            "custody_head": dossier.custody_head,
            "rule": {
                "name": rule.name,
                "purpose": rule.purpose.value,
                "conserves": rule.conserves,
                "exact": trace.exact,
            },
            "settings": dict(dossier.settings),
            "assets": [_asset(facts, dossier) for _, facts in sorted(dossier.assets.items())],
            **{part: told[part] for part in ("claims", "collisions", "reconciliation", "notices")},
            "transactions": [_transaction(row) for row in rows.transactions],
            "addresses": [_address(row) for row in rows.addresses],
            "ends": [_end(row) for row in rows.ends],
            "evidence": [_evidence(row) for row in rows.evidence],
            "sources": [_source(source) for source in dossier.sources],
            "tags_loaded": dossier.tags_loaded,
            "outputs_only": list(dossier.outputs_only),
            **(_on_accounts(dossier, rows, told) if dossier.is_on_accounts else {}),
        }
    )


def _on_accounts(dossier: Dossier, rows: Schedules, told: Mapping[str, object]) -> dict[str, object]:
    """What only a trace on an account chain has."""
    return {
        "ledger": "accounts",
        "histories": [_history(row) for row in rows.checks],
        "missing": told.get("missing", []),
        "signs": told.get("signs", []),
        "assumed_order": told.get("assumed_order"),
        "touch_points": None if dossier.touch_points is None else points_data(rows, dossier.touch_points),
    }


def _history(row: CheckRow) -> dict[str, object]:
    return {"id": row.id, **row.check.to_dict(), "evidence": list(row.evidence)}


def _asset(facts: AssetFacts, dossier: Dossier) -> dict[str, object]:
    return {
        "asset": str(facts.asset),
        "chain": facts.chain_name,
        "symbol": facts.symbol,
        "decimals": facts.decimals,
        "training": facts.is_training,
        **({"basis": facts.basis} if dossier.is_on_accounts else {}),
    }


def _evidence(row: EvidenceRow) -> dict[str, object]:
    return {
        "id": row.id,
        "sha256": row.answer.digest,
        "source": row.answer.source,
        "request": row.answer.request,
        "received": row.answer.received,
        "size": str(row.answer.size),
    }


def _source(source: SourceFacts) -> dict[str, object]:
    return {
        "name": source.name,
        "tip": {"chain": str(source.tip.chain), "height": source.tip.height, "hash": source.tip.hash},
        "answers": source.answers,
        "first": source.first,
        "last": source.last,
    }


def _transaction(row: TransactionRow) -> dict[str, object]:
    transaction = row.transaction
    block = transaction.block
    return {
        "id": row.id,
        "chain": str(transaction.chain),
        "txid": transaction.txid,
        "block": None if block is None else {"height": block.height, "hash": block.hash, "time": block.time},
        "index": transaction.index,
        "evidence": row.evidence,
        "fee": str(transaction.fee),
        "notices": list(transaction.notices),
        "postings": [_posting(posting) for posting in row.postings],
        **_account(row),
    }


def _account(row: TransactionRow) -> dict[str, object]:
    """What only a transaction of an account chain has."""
    account = row.account
    if account is None:
        return {}
    untold = {"fee": None} if "fee" in account.missing else {}  # nobody says it: that is not 0
    return {
        **untold,
        "shown": txid_shown(account.chain, account.txid),
        "sender": account.sender,
        "nonce": account.nonce,
        "succeeded": account.succeeded,
        "order": account.order.value,
        "missing": list(account.missing),
        "wraps": [{"outflow": w.outflow, "inflow": w.inflow, "basis": w.basis} for w in account.wraps],
    }


def _posting(posting: PostingRow) -> dict[str, object]:
    return {
        "side": posting.side,
        "kind": posting.kind.value,
        "place": posting.place,
        "flow": posting.flow,
        "account": posting.account,
        "asset": str(posting.asset),
        "units": str(posting.units),
        "claimed": as_texts(posting.claimed),
        "standing": posting.standing.value,
        "other": posting.other,
        "end": posting.end,
        **({"payer": posting.payer, "name": posting.name, "rests_on": list(posting.rests_on)} if posting.name else {}),
    }


def _address(row: AddressRow) -> dict[str, object]:
    return {
        "id": row.id,
        "account": str(row.account),
        "received": {str(asset): str(units) for asset, units in row.received.items()},
        "spent": {str(asset): str(units) for asset, units in row.spent.items()},
        "transactions": list(row.transactions),
        "tags": [
            {
                "label": tag.label,
                "category": tag.category,
                "confidence": tag.confidence,
                "grade": tag.grade.value,
                "source": tag.source,
                "creator": tag.creator,
                "lastmod": tag.lastmod,
                "evidence": tag.evidence,
            }
            for tag in row.tags
        ],
    }


def _end(row: EndRow) -> dict[str, object]:
    end = row.end
    return {
        "id": row.id,
        "reason": end.reason.value,
        "detail": end.detail,
        "flow": None if end.flow is None else end.flow.id,
        "account": end.account,
        "asset": str(end.asset),
        "units": str(row.units),
        "claimed": as_texts(end.claimed),
        "hop": end.hop,
        "roundings": row.roundings,
        "transaction": row.transaction,
        "address": row.address,
        "next": row.next,
        **({"rests_on": list(row.rests_on)} if row.rests_on else {}),
        **({"pot": end.pot} if end.pot is not None else {}),
    }


def _harmless(value: object) -> dict[str, object]:
    cleaned = _clean(value)
    if not isinstance(cleaned, dict):
        raise TypeError("machine data is a dict")
    return cleaned


def _clean(value: object) -> object:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {visible(str(key)): _clean(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(part) for part in value]
    return value
