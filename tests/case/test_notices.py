"""A trace that meets what lives on top of bitcoin says so, wherever it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.chains.blockmaker import P2PKH, coinbase, mine
from tests.sources.blockfolder import entry, write

from cryptotrace.case import Case
from cryptotrace.chains.bitcoin.wire import WireInput, WireOutput, WireTransaction, encode_block
from cryptotrace.cli import main
from cryptotrace.model.transaction import Outpoint

RUNES = bytes.fromhex("6a5d0414010203")
OMNI = bytes.fromhex("6a146f6d6e69000000000000001f000000003b9aca00")


@pytest.fixture(params=[("runes", RUNES), ("omni", OMNI)], ids=["runes", "omni"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A case in which the claimed output's transaction carries something; traced."""
    what, script = request.param
    first = coinbase(50 * 10**8)
    carries = WireTransaction.build(
        [WireInput(Outpoint(first.txid, 0), b"", 0xFFFFFFFF)],
        [WireOutput(49 * 10**8, P2PKH), WireOutput(0, script)],
    )
    low = mine([first])
    high = mine([coinbase(50 * 10**8, b"\x01\x02"), carries], low.header.hash)
    blocks = write(tmp_path / "blocks", b"".join(entry(encode_block(block)) for block in (low, high)))
    with Case.create(tmp_path / "case", title="On top", own_nodes_only=True) as case:
        case.connect("bitcoin-regtest", f"blocks:{blocks}?height=300")
        case.claim("A", "bitcoin-regtest", outpoint=f"{carries.txid}:0")
        case.trace()
    return tmp_path / "case", f"transaction {carries.txid} carries {what}, which is not followed"


def test_it_is_said_on_the_command_line_in_a_notebook_and_in_json(
    folder: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    place, sentence = folder
    assert main(["trace", "--case", str(place)]) == 0
    assert sentence in capsys.readouterr().out
    assert main(["trace", "--case", str(place), "--json"]) == 0
    (notice,) = json.loads(capsys.readouterr().out)["notices"]
    assert f"transaction {notice['txid']} carries {notice['notice']}, which is not followed" == sentence
    with Case.open(place) as case:
        view = case.last_trace()
        assert view.notices == (sentence,)
        assert sentence in view._repr_html_()


def test_it_is_said_in_the_report_among_the_limits(folder: tuple[Path, str]) -> None:
    place, sentence = folder
    name = {"runes": "Runes", "omni": "Omni"}[sentence.split(" carries ")[1].partition(",")[0]]
    with Case.open(place) as case:
        case.last_trace()
        (path,) = case.report(language="en", formats=("json",))
    told = json.loads(path.read_text(encoding="utf-8"))["paragraphs"]
    (said,) = [p for p in told if p["number"].startswith("10.") and name in p["text"]]
    assert said["rows"] == ["T-0001"]
