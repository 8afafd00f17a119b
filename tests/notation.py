"""Chains and ledgers as text, for tests that a person can check with pencil and paper.

A UTXO chain, one transaction a line; a name that nothing has paid yet is money from outside::

    t1: A 5, B 3 -> C 4, D 3, fee 1
    cb: subsidy 50, fees t1 -> M 51
    V1 claims A            # all of it
    V2 claims D 2 from 1   # two units, after the first one

A ledger of accounts, ``time[.sequence]: from -> to value [fee n [by payer]]``::

    opening M 40, C 60
    1: V -> M 100 fee 1
    2: outside -> M 5
    V1 claims #0 25        # the first 25 units of entry 0
    V2 claims opening C 10

Both give a case of the schema ``cryptotrace-taint-vectors/1``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Case = dict[str, Any]


@dataclass(slots=True)
class Chain:
    """A UTXO case, and which outpoint each name stands for (the newest output of that name)."""

    case: Case
    at: dict[str, str] = field(default_factory=dict)


def _lines(text: str) -> list[str]:
    bare = (line.partition(" # ")[0].strip() for line in text.splitlines())
    return [line for line in bare if line and not line.startswith("#")]


def _named(part: str) -> tuple[str, int]:
    name, _, units = part.strip().rpartition(" ")
    return name.strip(), int(units)


def chain(text: str, *, follow_fees: bool = False) -> Chain:
    """A UTXO chain from its text."""
    fund: Case = {"id": "fund", "inputs": [], "outputs": [], "fee": 0}
    case: Case = {"kind": "utxo", "name": "written", "txs": [fund], "sources": []}
    case["options"] = {"follow_fees": follow_fees}
    made = Chain(case)
    value: dict[str, int] = {}
    for line in _lines(text):
        if " claims " in line:
            case["sources"].append(_claim(made, line))
        else:
            case["txs"].append(_transaction(made, value, line))
    if not fund["outputs"]:
        case["txs"].remove(fund)
    return made


def _transaction(made: Chain, value: dict[str, int], line: str) -> Case:
    txid, _, body = line.partition(":")
    left, _, right = body.partition("->")
    tx: Case = {"id": txid.strip(), "inputs": [], "outputs": []}
    coming = 0
    for part in left.split(","):
        if part.strip().startswith("fees "):
            tx["collects"] = part.split()[1:]
            coming += sum(each["fee"] for each in made.case["txs"] if each["id"] in tx["collects"])
            continue
        name, units = _named(part)
        coming += units
        if name == "subsidy":
            tx |= {"coinbase": True, "subsidy": units}
        else:
            tx["inputs"].append(_spent(made, value, name, units))
    outputs = [_named(part) for part in right.split(",")]
    stated = [units for name, units in outputs if name == "fee"]
    for name, units in outputs:
        if name != "fee":
            made.at[name] = f"{tx['id']}:{len(tx['outputs'])}"
            value[made.at[name]] = units
            tx["outputs"].append(units)
    tx["fee"] = coming - sum(tx["outputs"])
    assert tx["fee"] == sum(stated), f"{line!r}: the fee is {tx['fee']}"
    return tx


def _spent(made: Chain, value: dict[str, int], name: str, units: int) -> str:
    if name not in made.at:
        fund = made.case["txs"][0]
        made.at[name] = f"fund:{len(fund['outputs'])}"
        fund["outputs"].append(units)
        value[made.at[name]] = units
    assert value[made.at[name]] == units, f"{name} is worth {value[made.at[name]]}, not {units}"
    return made.at[name]


def _claim(made: Chain, line: str) -> Case:
    claim, _, what = line.partition(" claims ")
    name, *numbers = what.replace(" from ", " ").split()
    source: Case = {"outpoint": made.at[name], "claim": claim.strip()}
    return source | dict(zip(("amount", "offset"), map(int, numbers), strict=False))


def ledger(text: str, **more: Any) -> Case:
    """An account ledger from its text; ``more`` goes into the case as it is."""
    case: Case = {"kind": "ledger", "name": "written", "opening": {}, "entries": [], "sources": []}
    case |= {"opening_sources": [], **more}
    for line in _lines(text):
        if line.startswith("opening "):
            case["opening"] |= dict(_named(part) for part in line.removeprefix("opening ").split(","))
        elif " claims opening " in line:
            claim, _, what = line.partition(" claims opening ")
            account, *units = what.split()
            case["opening_sources"].append({"account": account, "claim": claim} | _amount(units))
        elif " claims #" in line:
            claim, _, what = line.partition(" claims #")
            entry, *units = what.split()
            case["sources"].append({"entry": int(entry), "claim": claim} | _amount(units))
        else:
            case["entries"].append(_entry(line))
    return case


def _amount(units: list[str]) -> Case:
    return {"amount": int(units[0])} if units else {}


def _entry(line: str) -> Case:
    when, _, body = line.partition(":")
    time, _, seq = when.partition(".")
    payment, _, fee = body.partition(" fee ")
    parties, value = _named(payment)
    sender, _, recipient = (each.strip() for each in parties.partition("->"))
    units, _, payer = fee.partition(" by ")
    entry: Case = {
        "t": int(time),
        "from": None if sender == "outside" else sender,
        "to": None if recipient == "outside" else recipient,
        "value": value,
        "fee": int(units or 0),
    }
    return entry | ({"seq": int(seq)} if seq else {}) | ({"fee_payer": payer.strip()} if payer else {})
