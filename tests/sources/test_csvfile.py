"""Tables of raw transactions: every form that is documented, and what is refused with line and column."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sources.chain import REGTEST, Chain
from tests.training_chain import story

from cryptotrace.chains.bitcoin.script import account_of_script
from cryptotrace.chains.bitcoin.wire import encode
from cryptotrace.errors import ConfigurationError, CryptotraceError, DataNotFound, MalformedBytes, SourceLied
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.source import Spend, SpendUnknown, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources import open_source
from cryptotrace.sources.csvfile import COLUMNS, CsvSource

CHAIN = Chain()
CLAIMED = Outpoint.parse(story()["claims"][0]["outpoint"])
SPENDER, VIN = CHAIN.spenders[CLAIMED]
HEAD = "chain,txid,raw,height,block_hash,time,index"


def row(txid: str, /, **changes: object) -> str:
    height, index = CHAIN.places[txid]
    header = CHAIN.blocks[height].header
    cells: dict[str, object] = {
        "chain": "bitcoin-regtest",
        "txid": txid,
        "raw": encode(CHAIN.txs[txid]).hex(),
        "height": height,
        "block_hash": header.hash,
        "time": header.time,
        "index": index,
    } | changes
    return ",".join(str(cells[column]) for column in COLUMNS)


def table(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows]) + "\n"


def opened(text: str | bytes, recorder: MemoryRecorder | None = None) -> CsvSource:
    raw = text.encode() if isinstance(text, str) else text
    return CsvSource(REGTEST, "t.csv", raw, recorder or MemoryRecorder(), "csv:t.csv")


BOTH = table(row(CLAIMED.txid), row(SPENDER))


def test_a_table_gives_its_transactions_with_their_places() -> None:
    recorder = MemoryRecorder()
    source = opened(BOTH, recorder)

    (found,) = source.transactions([SPENDER])
    assert found.raw == encode(CHAIN.txs[SPENDER])
    assert found.block is not None
    assert (found.block.height, found.index) == CHAIN.places[SPENDER]
    assert recorder.read(found.evidence) == BOTH.encode()
    assert source.tip().height == CHAIN.places[SPENDER][0]
    with pytest.raises(DataNotFound, match="does not hold transaction"):
        list(source.transactions(["ab" * 32]))


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + BOTH,
        BOTH.replace("\n", "\r\n"),
        BOTH.replace(",", ";"),
        BOTH.replace("chain,txid", ' "Chain" , TXID '.replace(" ,", ",").replace(', "', ',"').strip()),
        "\n".join([HEAD, *(",".join(f'"{cell}"' for cell in row(t).split(",")) for t in (CLAIMED.txid, SPENDER))]),
        BOTH + "\n,,,,,,\n",
        BOTH.replace(encode(CHAIN.txs[SPENDER]).hex(), encode(CHAIN.txs[SPENDER]).hex().upper()),
        table(*(f"{row(t)},note {t}" for t in (CLAIMED.txid, SPENDER)), head=f"{HEAD},remark"),
    ],
    ids=["bom", "crlf", "semicolon", "capitals", "quotes", "empty rows", "capital hex", "further columns"],
)
def test_every_spelling_of_a_table_says_the_same(text: str) -> None:
    (spend,) = opened(text).spends([CLAIMED])

    assert isinstance(spend, Spend)
    assert (spend.txid, spend.vin) == (SPENDER, VIN)


def test_only_the_raw_bytes_are_needed() -> None:
    source = opened(table(encode(CHAIN.txs[SPENDER]).hex(), encode(CHAIN.txs[CLAIMED.txid]).hex(), head="raw"))

    (found,) = source.transactions([SPENDER])
    (spend,) = source.spends([CLAIMED])
    assert (found.block, found.index) == (None, -1)
    assert isinstance(spend, Spend)
    assert spend.block is None
    assert list(source.history(account_of_script(CHAIN.output(CLAIMED).script, REGTEST))) == [SPENDER, CLAIMED.txid]


def test_what_no_row_spends_is_unknown_unless_a_tip_row_states_that_the_table_is_complete() -> None:
    outpoint = Outpoint(SPENDER, 0)
    (unknown,) = opened(BOTH).spends([outpoint])
    tip = f"bitcoin-regtest,,tip,125,{CHAIN.tip},0,"

    assert isinstance(unknown, SpendUnknown)
    (unspent,) = opened(BOTH + f"{tip}100\n").spends([outpoint])
    assert isinstance(unspent, Unspent)
    assert unspent.as_of.height == 125
    (still_unknown,) = opened(BOTH + f"{tip}{CHAIN.places[SPENDER][0] + 1}\n").spends([outpoint])
    assert isinstance(still_unknown, SpendUnknown)


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "not UTF-8": (HEAD.encode() + b"\n\xff", "t.csv is not UTF-8"),
    "UTF-16": (BOTH.encode("utf-16"), "t.csv is not UTF-8"),
    "empty": ("", "line 1: the header line needs a column raw"),
    "no column raw": (table("x", head="txid"), "line 1: the header line needs a column raw"),
    "a column twice": (table(head="raw,txid,raw"), "no column twice"),
    "more cells than columns": (table(row(SPENDER) + ",x"), "line 2: 8 cells under 7 columns"),
    "a quote that does not end": (table('"' + row(SPENDER)), "line 2"),
    "half a byte": (table(row(SPENDER, raw="abc")), r"line 2: expected an even number of hex digits.*field raw"),
    "no hex": (table(row(SPENDER, raw="ghij")), r"line 2.*field raw"),
    "no bytes": (table(row(SPENDER, raw="")), r"line 2.*field raw"),
    "half a transaction": (table(row(SPENDER, raw=encode(CHAIN.txs[SPENDER]).hex()[:80])), r"line 2.*field raw"),
    "bytes behind the transaction": (table(row(SPENDER, raw=encode(CHAIN.txs[SPENDER]).hex() + "00")), "line 2"),
    "a height with a point": (
        table(row(SPENDER, height="1.0")),
        r"line 2: expected a whole number, got '1\.0'.*height",
    ),
    "a height below zero": (table(row(SPENDER, height="-1")), "field height"),
    "a height too large": (table(row(SPENDER, height="9999999999")), "field height"),
    "a height without a block": (table(row(SPENDER, block_hash="")), "field block_hash"),
    "a block in capitals": (table(row(SPENDER, block_hash="AB" * 32)), "field block_hash"),
    "an index that is none": (table(row(SPENDER, index="first")), "field index"),
    "digits of another script": (table(row(SPENDER, index="٣")), "field index"),
    "another chain": (table(row(SPENDER), row(CLAIMED.txid, chain="bitcoin")), "line 3: bitcoin is not the chain"),
    "a chain that is none": (
        table(row(SPENDER, chain="dogecoin")),
        "line 2: dogecoin is not the chain bitcoin-regtest",
    ),
    "two tips": (BOTH + f",,tip,125,{CHAIN.tip},0,1\n" * 2, "line 5: one tip row"),
    "a tip without a block": (BOTH + ",,tip,,,,\n", "line 4: one tip row"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_table_that_cannot_be_read_is_refused_with_line_and_column(what: str) -> None:
    text, named = REFUSED[what]

    with pytest.raises(MalformedBytes, match=named):
        opened(text)


def test_a_txid_that_does_not_match_its_bytes_is_a_lie_with_its_line() -> None:
    with pytest.raises(SourceLied, match=rf"t\.csv, line 3\): txid is {'ab' * 32} in the table and {SPENDER}"):
        opened(table(row(CLAIMED.txid), row(SPENDER, txid="ab" * 32)))


@pytest.mark.parametrize(
    "rows",
    [
        [row(SPENDER), row(SPENDER, block_hash="ab" * 32)],
        [row(SPENDER), row(SPENDER, height=3, block_hash=CHAIN.blocks[3].header.hash)],
        [row(SPENDER), row(CLAIMED.txid, height=CHAIN.places[SPENDER][0])],
    ],
    ids=["one transaction in two blocks", "one transaction at two heights", "two blocks at one height"],
)
def test_rows_that_contradict_each_other_are_refused(rows: list[str]) -> None:
    with pytest.raises(SourceLied, match="only one can be in the chain"):
        opened(table(*rows))


def test_a_field_of_the_largest_transaction_is_read_and_the_limit_of_the_process_stays() -> None:
    import csv

    before = csv.field_size_limit()
    with pytest.raises(MalformedBytes):
        opened(table("00" * 200_000, head="raw"))
    assert csv.field_size_limit() == before


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"csv:nowhere\.csv: there is no such file"):
        open_source(f"csv:{tmp_path / 'nowhere.csv'}", REGTEST, MemoryRecorder())


_cells = st.sampled_from(
    ["", "tip", "1", "raw", "txid", '"', "ab" * 32, "bitcoin-regtest", ";", encode(CHAIN.txs[SPENDER]).hex()]
)
_tables = st.lists(st.lists(_cells | st.text(max_size=5), max_size=8).map(",".join), max_size=5).map(
    lambda rows: table(*rows).encode()
)


@given(st.one_of(st.binary(), _tables, st.binary().map(lambda tail: BOTH.encode() + tail)))
def test_any_bytes_are_a_table_or_a_typed_error(raw: bytes) -> None:
    try:
        source = opened(raw)
        list(source.spends([CLAIMED]))
    except CryptotraceError:
        return
