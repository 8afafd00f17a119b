"""A case over servers that fail, lie and stop: what is held stays, is not asked twice, and no key is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sources.chain import Chain, Explorer, as_json, rpc_script
from tests.sources.node import Node
from tests.sources.servers import Asked, HttpServer, Reply, http_server
from tests.training_chain import REGTEST, story

from cryptotrace.case import Case
from cryptotrace.case.view import TraceView
from cryptotrace.errors import PublicSourceRefused, SourceLied, SourceUnavailable
from cryptotrace.model.flow import Arrival, Resting

CHAIN = Chain()
NAME = "bitcoin-regtest"
CLAIMS = [claim["outpoint"] for claim in story()["claims"]]
CLAIMED = CLAIMS[0]
OUTPOINT = next(outpoint for outpoint in CHAIN.spenders if str(outpoint) == CLAIMED)
SPENDER, _ = CHAIN.spenders[OUTPOINT]
KEY = "s3cr3t-k3y-of-the-unit"


class Failing:
    """An explorer that answers so many questions and then fails until it is mended."""

    def __init__(self, answers: int, reply: Reply) -> None:
        self.explorer = Explorer(CHAIN)
        self.left = answers
        self.reply = reply

    def __call__(self, asked: Asked) -> Reply:
        self.left -= 1
        return self.explorer(asked) if self.left >= 0 else self.reply


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "case"


def new_case(folder: Path, **settings: object) -> Case:
    return Case.create(folder, title="A case", notice=lambda _: None, **settings)  # type: ignore[arg-type]


def in_case(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def transactions(case: Case) -> set[str]:
    return {each.txid for each in case.store.transactions(REGTEST.chain)}


def _claim_and_trace(case: Case) -> TraceView:
    claim = case.claims[0] if case.claims else case.claim("A", NAME, outpoint=CLAIMED)
    return case.trace(claim, rule="fifo")


# --- stopped and continued --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "reply"),
    [
        (8, Reply(b"busy", 503)),
        (13, Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{")),
        (21, Reply(b"slow down", 429)),
        (34, Reply(raw=b"")),
    ],
)
def test_a_trace_that_was_stopped_goes_on_where_it_was(folder: Path, answers: int, reply: Reply) -> None:
    failing = Failing(answers, reply)
    with http_server(failing) as server:
        with new_case(folder) as case:
            case.connect(NAME, f"esplora:{server.url}?retries=0")
            with pytest.raises(SourceUnavailable, match="the run goes on from there"):
                _claim_and_trace(case)
            held = transactions(case)
        failing.left = 10**9
        before = len(server.asked)
        with Case.open(folder, notice=lambda _: None) as case:
            view = _claim_and_trace(case)
            again = server.paths()[before:]
            assert [row.difference for row in view.reconcile()] == [0]
            whole = transactions(case)

    assert held <= whole
    fetched_again = [path for path in again if path.count("/") == 2 and path.removeprefix("/tx/") in held]
    assert fetched_again == [], "what is held is not asked for again"


def test_a_history_that_was_stopped_is_fetched_to_its_end_and_nothing_twice(folder: Path) -> None:
    failing = Failing(12, Reply(b"busy", 503))
    deposit = story()["deposit"]
    script = next(s for s in CHAIN.by_script if CHAIN.address(s) == deposit)
    with http_server(failing) as server, new_case(folder) as case:
        case.connect(NAME, f"esplora:{server.url}?retries=0")
        with pytest.raises(SourceUnavailable):
            case.fetch(NAME, account=deposit)
        held = transactions(case)
        failing.left = 10**9
        new = case.fetch(NAME, account=deposit)
        before = len(server.asked)
        assert case.fetch(NAME, account=deposit) == 0
        asked = [path for path in server.paths()[before:] if path.startswith("/tx/")]
        whole = transactions(case)

    assert held, "it was stopped half-way"
    assert not set(CHAIN.by_script[script]) <= held
    assert set(CHAIN.by_script[script]) <= whole
    assert new == len(set(CHAIN.by_script[script]) - held)
    assert asked == []


def test_every_attempt_stands_in_the_evidence_of_the_case(folder: Path) -> None:
    failing = Failing(6, Reply(b"busy", 503, {"Retry-After": "0"}))
    with http_server(failing) as server, new_case(folder) as case:
        case.connect(NAME, f"esplora:{server.url}?retries=1")
        with pytest.raises(SourceUnavailable):
            case.claim("A", NAME, outpoint=CLAIMED)
        labels = [record.status for record in case.archive.records()]

        assert labels.count("http 503") == 2
        assert labels.count("ok") == 6
        assert case.archive.verify() == []


# --- lies -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def explorer() -> Explorer:
    return Explorer(CHAIN)


@pytest.fixture
def server(explorer: Explorer) -> Iterator[HttpServer]:
    with http_server(explorer) as running:
        yield running


def test_a_spent_value_that_contradicts_the_creating_transaction_is_caught_and_not_kept(
    folder: Path, server: HttpServer, explorer: Explorer
) -> None:
    """Value and fee of the lie agree with each other; only the transaction that created the output tells."""
    told = explorer.transaction(SPENDER)
    told["vin"][0]["prevout"]["value"] += 1000
    told["fee"] += 1000
    explorer.instead[f"/tx/{SPENDER}"] = as_json(told)
    with new_case(folder) as case:
        case.connect(NAME, f"esplora:{server.url}")
        with pytest.raises(SourceLied, match=f"about transaction {SPENDER}: a source says that input .* is worth"):
            case.fetch(NAME, txid=SPENDER)

        assert case.store.transaction(REGTEST.chain, SPENDER) is None
        assert case.store.flow(REGTEST.chain, f"{SPENDER}:0") is None


@pytest.mark.parametrize("field", ["value", "fee", "status", "txid"])
def test_nothing_of_a_lie_comes_into_the_ledger_and_its_bytes_stay_in_the_evidence(
    folder: Path, server: HttpServer, explorer: Explorer, field: str
) -> None:
    told = explorer.transaction(SPENDER)
    if field == "value":
        told["vout"][0]["value"] += 1
    elif field == "status":
        told["status"]["block_time"] += 1
    else:
        told[field] = 1 if field == "fee" else "ab" * 32
    explorer.instead[f"/tx/{SPENDER}"] = as_json(told)
    with new_case(folder) as case:
        case.connect(NAME, f"esplora:{server.url}")
        with pytest.raises(SourceLied, match="esplora:http://127"):
            case.fetch(NAME, txid=SPENDER)

        assert transactions(case) == set()
        assert list(case.store.flows(REGTEST.chain)) == []
        kept = [r.digest for r in case.archive.records() if r.request == f"GET /tx/{SPENDER}"]
        assert case.archive.read(kept[0]) == as_json(told)


def test_unspent_is_contradicted_when_the_spender_is_known(
    folder: Path, server: HttpServer, explorer: Explorer
) -> None:
    entries = [{"spent": False}] * len(CHAIN.txs[OUTPOINT.txid].outputs)
    explorer.instead[f"/tx/{OUTPOINT.txid}/outspends"] = as_json(entries)
    with new_case(folder) as case:
        case.connect(NAME, f"esplora:{server.url}")
        graph = case.graph(REGTEST.chain)
        flow = graph.flow(CLAIMED)
        assert isinstance(graph.arrival(flow), Resting), "as the explorer reports it"

        case.fetch(NAME, txid=SPENDER)
        arrival = case.graph(REGTEST.chain).arrival(flow)

    assert isinstance(arrival, Arrival)
    assert arrival.txid == SPENDER


# --- keys -------------------------------------------------------------------------------------------------------------


def test_no_key_is_left_in_the_folder_of_a_case(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIT_KEY", KEY)
    monkeypatch.setenv("NODE_AUTH", f"user:{KEY}")
    explorer, seen = Explorer(CHAIN), []

    def echo(asked: Asked) -> Reply:
        seen.append(asked.headers)
        if asked.path == f"/tx/{SPENDER}":
            return Reply(f"not for {asked.headers}".encode(), 401)
        return explorer(asked)

    node = rpc_script(Node(CHAIN))

    def guarded(asked: Asked) -> Reply:
        seen.append(asked.headers)
        return node(asked)

    with http_server(echo) as server, http_server(guarded) as own:
        with new_case(folder) as case:
            case.connect(NAME, f"esplora:{server.url}?retries=0&token=env:UNIT_KEY&header=X-Api-Key:env:UNIT_KEY")
            case.connect(NAME, f"rpc:{own.url}?auth=env:NODE_AUTH")
            with pytest.raises(SourceUnavailable, match="HTTP 401") as refused:
                case.fetch(NAME, txid=SPENDER)
        with Case.open(folder, notice=lambda _: None) as case:
            case.claim("A", NAME, outpoint=CLAIMED)

    assert any(headers.get("Authorization") == f"Bearer {KEY}" for headers in seen)
    assert any(headers.get("X-Api-Key") == KEY for headers in seen)
    assert any(headers.get("Authorization", "").startswith("Basic ") for headers in seen)
    assert KEY not in str(refused.value)
    held = in_case(folder)
    assert "env:UNIT_KEY" in held["case.toml"].decode()
    assert [name for name, raw in held.items() if KEY.encode() in raw] == []


# --- own nodes only ---------------------------------------------------------------------------------------------------


def test_a_case_of_own_nodes_only_sends_nothing_to_a_public_host_and_keeps_no_trace_of_it(folder: Path) -> None:
    with http_server(Explorer(CHAIN)) as server, new_case(folder, own_nodes_only=True) as case:
        for kind in ("esplora", "rpc"):
            with pytest.raises(PublicSourceRefused):
                case.connect(NAME, f"{kind}:http://127.1:{server.port}")
        with pytest.raises(PublicSourceRefused):
            case.connect(NAME, f"electrum:127.1:{server.port}")

        assert server.connections == 0
        assert case.settings.sources == ()
        case.connect(NAME, f"esplora:{server.url}")


def test_the_first_use_of_a_public_explorer_says_what_it_reveals(folder: Path) -> None:
    said: list[str] = []
    with http_server(Explorer(CHAIN)) as server, Case.create(folder, title="A case", notice=said.append) as case:
        case.connect(NAME, f"esplora:http://127.1:{server.port}")
        case.claim("A", NAME, outpoint=CLAIMED)

    assert len(said) == 1
    assert "learns which addresses and transactions are asked for" in said[0]
