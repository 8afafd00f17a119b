"""Random chains and ledgers as cases of the schema ``cryptotrace-taint-vectors/1``.

Each builder draws every number through ``pick(low, high)``: hypothesis drives it in the tests, a seeded generator in the
long run, so both see the same kinds of cases.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import strategies as st

Case = dict[str, Any]
Pick = Callable[[int, int], int]

_CLAIMANTS = ("V1", "V2", "V3", "V4")
_ACCOUNTS = ("A", "B", "C", "D", "E")


def _split(pick: Pick, whole: int, parts: int) -> list[int]:
    """``whole`` cut into so many parts, zeros among them."""
    cuts = sorted(pick(0, whole) for _ in range(parts - 1))
    return [after - before for before, after in zip([0, *cuts], [*cuts, whole], strict=True)]


def build_chain(pick: Pick, *, top: int = 40, most: int = 9, remark: bool = True) -> Case:
    """A UTXO chain: merges, splits, zero values, fees, coinbases, several and partial and repeated claims."""
    funding = [pick(0, top) for _ in range(pick(1, 5))]
    txs: list[Case] = [{"id": "fund", "inputs": [], "outputs": funding, "fee": 0}]
    value = {f"fund:{n}": units for n, units in enumerate(funding)}
    unspent = list(value)
    uncollected: list[Case] = []
    for n in range(pick(1, most)):
        if uncollected and pick(0, 5) == 0:
            tx, uncollected = _coinbase(pick, f"t{n}", uncollected), []
        elif unspent:
            inputs = [unspent.pop(pick(0, len(unspent) - 1)) for _ in range(min(len(unspent), pick(1, 3)))]
            parts = _split(pick, sum(value[each] for each in inputs), pick(1, 5))
            fee = parts.pop() if pick(0, 1) and len(parts) > 1 else 0
            tx = {"id": f"t{n}", "inputs": inputs, "outputs": parts, "fee": fee}
            uncollected.append(tx)
        else:
            break
        txs.append(tx)
        new = {f"t{n}:{vout}": units for vout, units in enumerate(tx["outputs"])}
        value |= new
        unspent += new
    case: Case = {"kind": "utxo", "name": "random", "txs": txs}
    case["options"] = {"follow_fees": bool(pick(0, 1))}
    case["sources"] = _outpoint_claims(pick, value, remark=remark)
    return case


def _coinbase(pick: Pick, txid: str, collected: list[Case]) -> Case:
    subsidy = pick(0, 20)
    parts = _split(pick, subsidy + sum(tx["fee"] for tx in collected), pick(1, 3))
    burnt = parts.pop() if pick(0, 2) == 0 and len(parts) > 1 else 0
    coinbase: Case = {"id": txid, "inputs": [], "outputs": parts, "fee": burnt, "coinbase": True}
    return coinbase | {"subsidy": subsidy, "collects": [tx["id"] for tx in collected]}


def _outpoint_claims(pick: Pick, value: dict[str, int], *, remark: bool) -> list[Case]:
    names = [name for name in value if remark or name.startswith("fund:")]
    claims: list[Case] = []
    for _ in range(pick(1, 4)):
        name = names[pick(0, len(names) - 1)]
        if not remark and any(claim["outpoint"] == name for claim in claims):
            continue
        source: Case = {"outpoint": name, "claim": _CLAIMANTS[pick(0, 3)]}
        if pick(0, 1):
            source["offset"] = pick(0, value[name])
            if pick(0, 1):
                source["amount"] = pick(0, value[name] - source["offset"])
        claims.append(source)
    return claims


def build_ledger(pick: Pick, *, top: int = 40, most: int = 12, remark: bool = True) -> Case:
    """An account ledger: openings, equal times, fees and other payers, self transfers, zero values, mints and burns."""
    held = {account: pick(0, top) for account in _ACCOUNTS[: pick(0, len(_ACCOUNTS))]}
    case: Case = {"kind": "ledger", "name": "random", "opening": dict(held), "entries": [], "sources": []}
    time, movable = 0, []
    for n in range(pick(1, most)):
        entry = _entry(pick, held, top)
        time += pick(0, 1)
        case["entries"].append(entry | {"t": time})
        if entry["value"] and entry["from"] != entry["to"] and (remark or entry["from"] is None):
            movable.append(n)
    for _ in range(pick(1, 4)):
        _add_claim(pick, case, movable, remark=remark)
    case["pari_passu_accounts"] = [account for account in sorted(held) if not account.startswith("@")]
    return case


def _entry(pick: Pick, held: dict[str, int], top: int) -> Case:
    rich = [account for account in sorted(held) if held[account] and not account.startswith("@")]
    sender = rich[pick(0, len(rich) - 1)] if rich and pick(0, 3) else None
    recipient = None if sender is not None and pick(0, 7) == 0 else _ACCOUNTS[pick(0, len(_ACCOUNTS) - 1)]
    value = pick(0, top if sender is None else held[sender])
    entry: Case = {"from": sender, "to": recipient, "value": value, "fee": 0}
    if sender != recipient:
        if sender is not None:
            held[sender] -= value
        if recipient is not None:
            held[recipient] = held.get(recipient, 0) + value
    payer = sender
    if rich and pick(0, 3) == 0:
        payer = entry["fee_payer"] = rich[pick(0, len(rich) - 1)]
    if payer is not None and held[payer] and pick(0, 1):
        entry["fee"] = pick(0, min(held[payer], 5))
        held[payer] -= entry["fee"]
        held["@fees"] = held.get("@fees", 0) + entry["fee"]
    return entry


def _add_claim(pick: Pick, case: Case, movable: list[int], *, remark: bool) -> None:
    claim = _CLAIMANTS[pick(0, 3)]
    opened = sorted(case["opening"])
    if opened and pick(0, 2) == 0:
        account = opened[pick(0, len(opened) - 1)]
        if remark or not any(each["account"] == account for each in case.get("opening_sources", [])):
            source = {"account": account, "claim": claim, "amount": pick(0, case["opening"][account])}
            case.setdefault("opening_sources", []).append(source)
    elif movable:
        n = movable[pick(0, len(movable) - 1)]
        if remark or not any(each["entry"] == n for each in case["sources"]):
            partial = {"amount": pick(0, case["entries"][n]["value"])} if pick(0, 1) else {}
            case["sources"].append({"entry": n, "claim": claim, **partial})


@st.composite
def chains(draw: st.DrawFn, *, remark: bool = True) -> Case:
    """Random UTXO cases."""
    return build_chain(lambda low, high: draw(st.integers(low, high)), remark=remark)


@st.composite
def ledgers(draw: st.DrawFn, *, remark: bool = True) -> Case:
    """Random account ledgers."""
    return build_ledger(lambda low, high: draw(st.integers(low, high)), remark=remark)


def seeded(seed: int, n: int) -> tuple[Case, Case]:
    """The n-th chain and the n-th ledger of a seed; some of them with large values, where rounding is rare or deep."""
    random = Random(f"{seed}/{n}")
    top = (6, 40, 1000)[n % 3]
    return build_chain(random.randint, top=top), build_ledger(random.randint, top=top)
