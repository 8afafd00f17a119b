"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from tests.training_chain import story

from cryptotrace.cli import main

FIRST = story()["claims"][0]["outpoint"]
LEDGER = {
    "kind": "ledger",
    "name": "todd",
    "opening": {},
    "entries": [
        {"t": 1, "from": None, "to": "F", "value": 10, "fee": 0},
        {"t": 2, "from": None, "to": "F", "value": 10, "fee": 0},
        {"t": 3, "from": "F", "to": None, "value": 10, "fee": 0},
        {"t": 4, "from": None, "to": "F", "value": 10, "fee": 0},
        {"t": 5, "from": "F", "to": None, "value": 10, "fee": 0},
    ],
    "sources": [{"entry": 0, "claim": "Paul"}, {"entry": 1, "claim": "Michael"}, {"entry": 3, "claim": "Karen"}],
    "pari_passu_accounts": ["F"],
}
OVERDRAFT = {**LEDGER, "name": "overdraft", "entries": [{"t": 1, "from": "F", "to": None, "value": 1}], "sources": []}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.json"
    cases = {"schema": "cryptotrace-taint-vectors/1", "kind": "ledger", "cases": [OVERDRAFT, LEDGER]}
    path.write_text(json.dumps(cases), encoding="utf-8")
    return path


def test_a_whole_case_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    material = Path(str(resources.files("cryptotrace.training")))
    case = ["--case", str(tmp_path / "c")]

    assert main(["new", str(tmp_path / "c"), "--title", "A case", "--own-nodes-only"]) == 0
    assert main(["connect", *case, "bitcoin-regtest", f"blocks:{material / 'blk00000.dat'}"]) == 0
    assert main(["tag", *case, str(material / "exchange.yaml")]) == 0
    assert main(["claim", *case, "A", "bitcoin-regtest", "--outpoint", FIRST, "--amount", "2.5"]) == 0
    assert "claimed for A: 2.50000000" in capsys.readouterr().out
    assert main(["fetch", *case, "bitcoin-regtest", "--address", story()["deposit"]]) == 0
    assert "new transactions in the case: 3" in capsys.readouterr().out
    coinjoin = story()["coinjoin"]
    assert main(["trace", *case, "--coinjoin", f"{coinjoin['txid']}={coinjoin['basis']}", "--json"]) == 0
    traced = json.loads(capsys.readouterr().out)
    assert traced["reconciliation"][0]["claimed"] == "250000000"
    assert traced["reconciliation"][0]["difference"] == "0"
    assert main(["holdings", *case, "--json"]) == 0
    holdings = json.loads(capsys.readouterr().out)["holdings"]
    assert sum(int(row["claimed"]["A"]) for row in holdings) == 250_000_000
    assert main(["holdings", *case]) == 0
    assert "H-0001" in capsys.readouterr().out


def test_a_ledger_file_prints_json_and_nothing_else(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "--ledger", str(ledger), "--exact", "--json"]) == 0
    out, err = capsys.readouterr()
    refused, solved = json.loads(out)["cases"]

    assert err == ""
    assert refused["result"]["error"] == "insufficient_balance"
    # The published figures of the example: pari passu a third each, the rolling charge 2.5 / 2.5 / 5, FIFO all Karen's.
    assert solved["result"]["pari_passu"]["F"]["shares"] == {"Karen": "10/3", "Michael": "10/3", "Paul": "10/3"}
    assert solved["result"]["haircut"]["accounts"]["F"] == {"Karen": "5", "Michael": "5/2", "Paul": "5/2"}
    assert solved["result"]["fifo"]["accounts"]["F"] == {"Karen": "10"}
    assert solved["result"]["balances"] == {"F": "10"}


def test_one_rule_of_a_ledger_file_in_whole_units(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "--ledger", str(ledger), "--rule", "haircut", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)["cases"][1]["result"]

    assert list(result) == ["haircut"]
    assert sum(int(units) for units in result["haircut"]["accounts"]["F"].values()) == 10


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"schema": "other/1", "cases": []}', '{"cases": 3}', '{"cases": [{"kind": "x"}]}', "1e999"]
)
def test_a_file_of_another_schema_is_exit_2_and_stdout_stays_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")

    assert main(["trace", "--ledger", str(path), "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert str(path.name) in err


def test_a_rule_of_the_other_kind_is_exit_2(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "--ledger", str(ledger), "--rule", "tiho", "--json"]) == 2
    assert "taint_first" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["holdings"], 2, "cryptotrace new"),
        (["connect", "bitcoin", "nonsense:x"], 2, "cryptotrace new"),
    ],
)
def test_errors_say_what_to_do_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
) -> None:
    assert main([arguments[0], "--case", str(tmp_path), *arguments[1:]]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert "Traceback" not in err


def test_a_source_that_does_not_answer_is_exit_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", str(tmp_path / "c"), "--title", "A case"]) == 0
    capsys.readouterr()
    arguments = ["connect", "--case", str(tmp_path / "c"), "bitcoin", "esplora:http://127.0.0.1:1?retries=0"]

    assert main(arguments) == 3
    assert "127.0.0.1" in capsys.readouterr().err


def test_a_bug_of_ours_is_exit_70_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import cryptotrace.case

    def broken(*_: object, **__: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(cryptotrace.case.Case, "open", broken)

    assert main(["holdings", "--case", str(tmp_path)]) == 70
    assert "--debug" in capsys.readouterr().err


def test_help_and_import_load_no_heavy_library() -> None:
    program = (
        "import sys, cryptotrace\n"
        "from cryptotrace.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'duckdb', 'requests', 'pandas', 'numpy', 'typst', 'docx', 'yaml', 'matplotlib', 'rich', 'bitcoin'}\n"
        "sys.exit(','.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr


def test_a_float_costs_its_own_case_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.json"
    bad = {
        **LEDGER,
        "name": "float",
        "entries": [{"t": 1, "from": None, "to": "F", "value": 1.5, "fee": 0}],
        "sources": [],
    }
    path.write_text(json.dumps({"schema": "cryptotrace-taint-vectors/1", "cases": [bad, 3, LEDGER]}), encoding="utf-8")

    assert main(["trace", "--ledger", str(path), "--json"]) == 0
    results = [case["result"] for case in json.loads(capsys.readouterr().out)["cases"]]

    assert [result.get("error") for result in results] == ["invalid_case", "invalid_case", None]
    assert "1.5" in results[0]["detail"]


def test_one_case_object_without_a_kind_is_read_by_what_it_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.json"
    case = {"txs": [{"id": "a", "inputs": [], "outputs": [5]}], "sources": [{"outpoint": "a:0", "claim": "V"}]}
    path.write_text(json.dumps(case), encoding="utf-8")

    assert main(["trace", "--ledger", str(path), "--json"]) == 0
    (solved,) = json.loads(capsys.readouterr().out)["cases"]
    assert solved["result"]["fifo"]["totals"] == {"V": "5"}


def _json_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert main(arguments) == 0
    return json.loads(capsys.readouterr().out)


def test_every_command_prints_its_result_as_json_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    material = Path(str(resources.files("cryptotrace.training")))
    case = ("--case", str(tmp_path / "c"), "--json")

    new = _json_of(capsys, "new", str(tmp_path / "c"), "--title", "A case", "--json")
    assert (new["case"], len(new["custody_head"])) == ("c", 64)
    connected = _json_of(capsys, "connect", *case, "bitcoin-regtest", f"blocks:{material / 'blk00000.dat'}")
    assert (connected["source"], connected["tip"]["height"]) == ("blocks:blk00000.dat", 125)
    assert _json_of(capsys, "tag", *case, str(material / "exchange.yaml"))["tags"] == 1
    claimed = _json_of(capsys, "claim", *case, "A", "bitcoin-regtest", "--outpoint", FIRST)
    assert (claimed["claimant"], claimed["units"]) == ("A", "1250000000")
    assert _json_of(capsys, "fetch", *case, "bitcoin-regtest", "--txid", FIRST.partition(":")[0]) == {"new": 0}
    assert _json_of(capsys, "trace", *case)["rule"] == "fifo"
    assert _json_of(capsys, "holdings", *case)["rule"] == "fifo"
    (written,) = _json_of(capsys, "report", *case, "--language", "en", "--format", "json")["files"]
    assert Path(written).is_file()


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_long_work_shows_a_bar_on_a_terminal_and_nothing_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    material = Path(str(resources.files("cryptotrace.training")))
    case = ["--case", str(tmp_path / "c")]
    assert main(["new", str(tmp_path / "c"), "--title", "A case"]) == 0
    assert main(["connect", *case, "bitcoin-regtest", f"blocks:{material / 'blk00000.dat'}"]) == 0
    assert main(["claim", *case, "A", "bitcoin-regtest", "--outpoint", FIRST]) == 0
    assert capsys.readouterr().err == ""
    for work, arguments in (
        ("reading", ["connect", *case, "bitcoin-regtest", f"blocks:{material / 'blk00000.dat'}?height=0"]),
        ("fetching", ["fetch", *case, "bitcoin-regtest", "--address", story()["deposit"]]),
        ("tracing", ["trace", *case]),
        ("writing", ["report", *case, "--language", "en", "--format", "json,xlsx"]),
    ):
        terminal = _Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        assert main(arguments) == 0
        assert work in terminal.getvalue()


def test_stopping_by_hand_says_that_nothing_is_lost_and_ends_with_130(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    assert main(["new", str(tmp_path / "c"), "--title", "A case"]) == 0
    monkeypatch.setattr("cryptotrace.case.Case.trace", stop)

    assert main(["trace", "--case", str(tmp_path / "c")]) == 130
    assert "what was fetched is kept" in capsys.readouterr().err


def test_what_the_store_makes_of_a_stop_by_hand_is_a_stop_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise RuntimeError("Query interrupted")

    assert main(["new", str(tmp_path / "c"), "--title", "A case"]) == 0
    monkeypatch.setattr("cryptotrace.case.Case.trace", interrupted)
    assert main(["trace", "--case", str(tmp_path / "c")]) == 130


def test_a_pack_of_which_nothing_can_be_used_is_answered_with_no(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = tmp_path / "p.yaml"
    pack.write_text(
        "title: t\ncreator: c\nsource: s\nlabel: l\nnetwork: bitcoin\ntags:\n- address: nonsense\n", encoding="utf-8"
    )
    assert main(["new", str(tmp_path / "c"), "--title", "A case"]) == 0
    assert main(["tag", "--case", str(tmp_path / "c"), str(pack)]) == 1
    assert "refused: 1" in capsys.readouterr().out


def test_a_source_is_taken_out_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    material = Path(str(resources.files("cryptotrace.training")))
    spec = f"blocks:{material / 'blk00000.dat'}"
    case = ["--case", str(tmp_path / "c")]
    assert main(["new", str(tmp_path / "c"), "--title", "A case"]) == 0
    assert main(["connect", *case, "bitcoin-regtest", spec]) == 0
    assert main(["disconnect", *case, "bitcoin-regtest", spec]) == 0
    assert "sources left: none" in capsys.readouterr().out
    assert main(["disconnect", *case, "bitcoin-regtest", spec]) == 2


def test_a_claim_that_an_earlier_one_has_already_is_told_in_the_reconciliation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    material = Path(str(resources.files("cryptotrace.training")))
    case = ["--case", str(tmp_path / "c")]
    assert main(["new", str(tmp_path / "c"), "--title", "A case"]) == 0
    assert main(["connect", *case, "bitcoin-regtest", f"blocks:{material / 'blk00000.dat'}"]) == 0
    for claimant in "AB":
        assert main(["claim", *case, claimant, "bitcoin-regtest", "--outpoint", FIRST]) == 0
    assert "is claimed for A too" in capsys.readouterr().err
    assert main(["trace", *case]) == 0
    assert "less 12.50000000 tBTC that an earlier claim has already" in capsys.readouterr().out


def test_a_limit_of_time_without_a_zone_is_refused_with_the_way_to_write_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", str(tmp_path / "c"), "--title", "A case"]) == 0
    assert main(["trace", "--case", str(tmp_path / "c"), "--until", "2026-03-01"]) == 2
    assert "name the time zone, e.g. 2026-03-01T00:00:00+00:00" in capsys.readouterr().err


TRON = Path(str(resources.files("cryptotrace.training"))) / "tron"


def _tron_story() -> dict[str, Any]:
    return dict(json.loads((TRON / "story.json").read_text(encoding="utf-8")))


@pytest.fixture
def token_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """A case on the recorded token leg, entered and traced from the command line."""
    told = _tron_story()
    case = ["--case", str(tmp_path / "tokens")]
    assert main(["new", case[1], "--title", "Tokens", "--own-nodes-only"]) == 0
    assert main(["connect", *case, "tron-local", f"recorded:{TRON}"]) == 0
    words = {name: str(value) for name, value in told["token"].items() if name != "contract"}
    options = [text for name, value in words.items() for text in (f"--{name}", value)]
    assert main(["token", *case, "tron-local", told["token"]["contract"], *options]) == 0
    assert main(["tag", *case, str(TRON / "exchange.yaml")]) == 0
    assert main(["claim", *case, "A", "tron-local", "--transfer", told["claims"][0]["transfer"]]) == 0
    assert "claimed for A: 40000.000000 USDT" in capsys.readouterr().out
    assert main(["trace", *case, "--chain", "tron-local"]) == 0
    assert "difference  0" in capsys.readouterr().out
    return case


def test_a_token_case_from_the_command_line(token_case: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    told = _tron_story()
    assert main(["touch-points", *token_case]) == 0
    shown = capsys.readouterr().out
    assert f"Deposit address: {told['accounts']['deposit']}" in shown
    assert main(["issuers", *token_case, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["Address"]: row["Freeze status"] for row in rows}[told["accounts"]["frozen"]] == "frozen"
    for kind, files in (("touch-point-sheet", 2), ("issuer-sheet", 2), ("tracing-report", 4)):
        assert main(["report", *token_case, "--kind", kind, "--language", "en", "--json"]) == 0
        assert len(json.loads(capsys.readouterr().out)["files"]) == files


@pytest.mark.parametrize(("name", "answer"), [("frozen", "frozen"), ("account a", "not frozen")])
def test_the_freeze_status_from_the_command_line(
    token_case: list[str], capsys: pytest.CaptureFixture[str], name: str, answer: str
) -> None:
    told = _tron_story()
    question = [
        "freeze-status",
        *token_case,
        "tron-local",
        told["accounts"][name],
        "--token",
        told["token"]["contract"],
    ]
    assert main(question) == 0
    assert f": {answer} at block" in capsys.readouterr().out
    assert main([*question, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == answer


def test_a_freeze_status_that_cannot_be_determined_is_answered_with_no(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = ["--case", str(tmp_path / "c")]
    main(["new", case[1], "--title", "T"])
    told = _tron_story()
    question = ["freeze-status", *case, "tron", told["accounts"]["frozen"], "--token", told["token"]["contract"]]
    assert main(question) == 1
    assert "could not be determined" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["claim", "B", "tron-local", "--outpoint", "ab" * 32 + ":0"], "a transfer is claimed"),
        (["claim", "B", "tron-local", "--transfer", "nonsense"], "is not a txid"),
        (["claim", "B", "bitcoin", "--transfer", "ab" * 32], "an output is claimed"),
        (
            ["token", "tron-local", "T123", "--symbol", "X", "--decimals", "6", "--basis", "b"],
            "nor a contract's address",
        ),
        (["freeze-status", "tron-local", "TXYZ", "--token", "T123"], "is not a TRON address"),
        (["connect", "tron-local", "esplora:http://127.0.0.1:1"], "is no kind of source for tron-local"),
        (["connect", "tron-local", "trongrid:http://127.0.0.1:1?key=abc"], "would write a key into the case"),
    ],
)
def test_what_is_wrong_with_tokens_is_exit_2_and_said(
    token_case: list[str], capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main([arguments[0], *token_case, *arguments[1:]]) == 2
    told = capsys.readouterr()
    assert words in told.err
    assert "Traceback" not in told.err
