"""One answer of a server replaced by anything: the adapters give a result or a typed error, never another exception."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sources.chain import REGTEST, Chain, Electrum, Explorer, as_json
from tests.sources.node import Node
from tests.sources.servers import Asked
from tests.training_chain import story

from cryptotrace.chains.networks import account
from cryptotrace.errors import CryptotraceError
from cryptotrace.model.block import Tip
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.electrum import ElectrumSource
from cryptotrace.sources.esplora import EsploraSource
from cryptotrace.sources.foreignjson import parse_json
from cryptotrace.sources.jsonrpc import Call, Reply, read_reply
from cryptotrace.sources.rpc import RpcSource
from cryptotrace.sources.transport import Answer, Request, blame

CHAIN = Chain()
CLAIMED = Outpoint.parse(story()["claims"][0]["outpoint"])
SPENDER, _ = CHAIN.spenders[CLAIMED]
DEPOSIT = account(story()["deposit"], "bitcoin-regtest")
UNSPENT = next(Outpoint(t, 0) for t in CHAIN.txs if Outpoint(t, 0) not in CHAIN.spenders)
Alter = Callable[[bytes], bytes]

QUESTIONS: list[Callable[[Any], Any]] = [
    lambda source: list(source.transactions([SPENDER, CHAIN.blocks[5].transactions[0].txid])),
    lambda source: list(source.spends([CLAIMED, UNSPENT])),
    lambda source: list(source.history(DEPOSIT)),
    lambda source: source.balance(DEPOSIT),
    lambda source: source.merkle_branch(SPENDER),
    lambda source: source.block(CHAIN.places[SPENDER][0]),
]

# --- ways to alter an answer ------------------------------------------------------------------------------------------

_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["ab" * 32, SPENDER, CHAIN.tip, "00" * 80, "00", 0, 1, 125, 126, 2**31])
)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in _places(item, (*path, key)))]


def _replaced(raw: bytes, *, where: int, by: Any, drop: bool) -> bytes:
    """The answer with the value in one place replaced or left out."""
    try:
        told = {"": json.loads(raw)}
    except ValueError:  # an answer in plain text
        return str(by).encode("utf-8", "replace")
    places = _places(told)[1:]
    path = places[where % len(places)]
    place: Any = told
    for key in path[:-1]:
        place = place[key]
    if drop and len(path) > 1:
        del place[path[-1]]
    else:
        place[path[-1]] = by
    return json.dumps(told[""]).encode()


def _cut(raw: bytes, *, at: int, flip: int) -> bytes:
    """The answer cut off or with one byte changed."""
    if not raw:
        return b"x"
    if flip == 0:
        return raw[: at % len(raw)]
    altered = bytearray(raw)
    altered[at % len(raw)] ^= flip
    return bytes(altered)


def _is(raw: bytes, *, by: bytes) -> bytes:
    return by


alterations: st.SearchStrategy[Alter] = st.one_of(
    st.builds(
        lambda where, by, drop: partial(_replaced, where=where, by=by, drop=drop),
        st.integers(0, 300),
        _values,
        st.booleans(),
    ),
    st.builds(
        lambda at, flip: partial(_cut, at=at, flip=flip), st.integers(0, 5000), st.sampled_from([0, 0, 1, 8, 32, 128])
    ),
    st.binary(max_size=50).map(lambda by: partial(_is, by=by)),
)
FIRE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Alterer:
    """Alters the answer of that number."""

    def __init__(self, number: int, alter: Alter) -> None:
        self.left = number
        self.alter = alter

    def __call__(self, raw: bytes) -> bytes:
        self.left -= 1
        return self.alter(raw) if self.left == -1 else raw


class Wire:
    """A transport to an explorer in this process."""

    def __init__(self, alter: Alterer) -> None:
        self.tip: Tip | None = None
        self._explorer = Explorer(CHAIN)
        self._alter = alter

    def ask(self, request: Request) -> Answer:
        told = self._explorer(Asked(request.verb, request.target, {}, request.body))
        return Answer(told.status, self._alter(told.body), "digest")

    def close(self) -> None:
        """Nothing to let go of."""


class Lines:
    """A channel to a node or an Electrum server in this process."""

    def __init__(self, name: str, tell: Callable[[str, list[Any]], Any], alter: Alterer) -> None:
        self.name = name
        self.tip: Tip | None = None
        self._tell = tell
        self._alter = alter

    def call(self, calls: Sequence[Call]) -> list[Reply]:
        return [self._one(each) for each in calls]

    def close(self) -> None:
        """Nothing to let go of."""

    def _one(self, call: Call) -> Reply:
        from tests.sources.chain import RpcRefusal

        parameters = json.loads(json.dumps(call.parameters))
        try:
            told = {"id": 0, "result": self._tell(call.method, parameters)}
        except RpcRefusal as error:
            told = {"id": 0, "error": {"code": error.code, "message": str(error)}}
        with blame(self.name):
            return read_reply(parse_json(self._alter(as_json(told)), call.method), self.name, "digest")


def ask(open_source: Callable[[], Any], question: int) -> None:
    try:
        QUESTIONS[question](open_source())
    except CryptotraceError:
        return


numbers = st.integers(0, 14)
questions = st.integers(0, len(QUESTIONS) - 1)


@FIRE
@given(numbers, alterations, questions)
def test_any_answer_of_an_explorer(number: int, alter: Alter, question: int) -> None:
    ask(lambda: EsploraSource(REGTEST, Wire(Alterer(number, alter)), "esplora:x", check_every_s=0), question)


@FIRE
@given(numbers, alterations, st.integers(0, len(QUESTIONS) - 2))  # it has no whole blocks
def test_any_answer_of_an_electrum_server(number: int, alter: Alter, question: int) -> None:
    ask(lambda: ElectrumSource(REGTEST, Lines("electrum:x", Electrum(CHAIN), Alterer(number, alter))), question)


@FIRE
@given(numbers, alterations, questions, st.booleans())
def test_any_answer_of_a_node(number: int, alter: Alter, question: int, indexes: bool) -> None:
    node = Node(CHAIN, txindex=indexes, filters=indexes)
    ask(lambda: RpcSource(REGTEST, Lines("rpc:x", node, Alterer(number, alter)), lambda _: None), question)


def test_without_alteration_every_question_has_its_answer() -> None:
    never = Alterer(10**9, lambda raw: raw)
    for source in (
        EsploraSource(REGTEST, Wire(never), "esplora:x"),
        RpcSource(REGTEST, Lines("rpc:x", Node(CHAIN), never), lambda _: None),
    ):
        for question in QUESTIONS:
            assert question(source)
