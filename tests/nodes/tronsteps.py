"""What happens in the TRON world of the tests: who pays whom, block by block, in the words of its builder.

A claim of USDT-like tokens: the victim's transfer goes to ``mule_a``, which held clean tokens before; most of it goes on
to ``mule_b``, which held some as well, and from there into a customer's deposit address, whose sweep goes to the
exchange's hot wallet. Another branch rests at ``frozen``, which the issuer freezes; what lies there is destroyed, and
what comes later stays frozen. ``own_wallet`` keeps what gets away. There is spam too: transfers of nothing to an
address that looks like the deposit address, and a worthless token with the same symbol.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: The token's contract: on the main network it is the address of Tether USD.
USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
TRC10 = "1000001"
TOKEN = 10**6
TRX = 10**6
LARGEST = 2**256 - 1

#: Customers of the exchange whose deposits come from elsewhere.
CUSTOMERS = tuple(f"customer_{number:02}" for number in range(1, 13))
ROLES = (
    "faucet",
    "issuer",
    "hot",
    "gas_station",
    "bystander",
    "victim",
    "mule_a",
    "mule_b",
    "deposit",
    "frozen",
    "own_wallet",
    "spammer",
    "staker",
    "fresh",
    "new_key",
    "whale",
    "producer_1",
    "producer_2",
    "producer_3",
    *CUSTOMERS,
)
#: Contracts beside the token: a worthless namesake, and one that passes on what it is paid.
CONTRACTS = ("fake", "splitter")


@dataclass(frozen=True, slots=True)
class Inner:
    """A payment that a contract makes while it runs."""

    to: str
    units: int
    token: str = ""
    rejected: bool = False
    note: str = "call"


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction."""

    name: str
    kind: str
    by: str
    args: dict[str, Any] = field(default_factory=dict)
    energy_fee: int = 0
    net_fee: int = 0
    other_fee: int = 0
    result: str = "SUCCESS"
    inner: tuple[Inner, ...] = ()
    memo: str = ""


def pay(name: str, by: str, to: str, sun: int, **more: Any) -> Step:
    """TRX."""
    return Step(name, "trx", by, {"to": to, "sun": sun}, **more)


def call(name: str, by: str, method: str, *values: Any, contract: str = "usdt", sun: int = 0, **more: Any) -> Step:
    """A call of a contract."""
    more.setdefault("energy_fee", 2_700_000)
    args = {"contract": contract, "method": method, "values": values, "sun": sun}
    return Step(name, "call", by, args, **more)


def send(name: str, by: str, to: str, units: int, **more: Any) -> Step:
    """A transfer of the token."""
    return call(name, by, "transfer", to, units, **more)


def _funding() -> list[list[Step]]:
    people = (
        "issuer",
        "hot",
        "gas_station",
        "bystander",
        "victim",
        "mule_a",
        "mule_b",
        "own_wallet",
        "spammer",
        "staker",
    )
    paid = [
        pay(f"fund_{who}", "faucet", who, 500 * TRX, net_fee=100_000, other_fee=1_000_000)
        for who in (*people, "whale", "frozen")
    ]
    small = [pay(f"fund_{who}", "faucet", who, 40 * TRX, other_fee=1_000_000) for who in CUSTOMERS]
    return [paid[:6], paid[6:], small]


def _tokens() -> list[list[Step]]:
    return [
        [call("issue", "issuer", "issue", 5_000_000 * TOKEN)],
        [
            send("issuer_to_hot", "issuer", "hot", 2_000_000 * TOKEN),
            send("issuer_to_whale", "issuer", "whale", 900_000 * TOKEN),
        ],
        [
            send("withdrawal_of_victim", "hot", "victim", 50_000 * TOKEN),
            send("withdrawal_of_bystander", "hot", "bystander", 20_000 * TOKEN),
        ],
        [
            send("clean_to_mule_a", "bystander", "mule_a", 1_200 * TOKEN),
            send("clean_to_mule_b", "bystander", "mule_b", 3_000 * TOKEN),
        ],
        [Step("trc10_to_victim", "trc10", "faucet", {"to": "victim", "units": 500, "token": TRC10}, net_fee=280_000)],
    ]


def _theft() -> list[list[Step]]:
    return [
        [send("theft", "victim", "mule_a", 40_000 * TOKEN, net_fee=345_000)],
        [
            Step("stake", "freeze", "staker", {"sun": 300 * TRX, "resource": "ENERGY"}),
            Step("rent_energy", "delegate", "staker", {"to": "mule_b", "sun": 200 * TRX, "resource": "ENERGY"}),
        ],
        [send("peel_1", "mule_a", "mule_b", 30_000 * TOKEN)],
        [
            send("branch", "mule_a", "frozen", 8_000 * TOKEN),
            call("poison", "spammer", "transferFrom", "mule_a", "lookalike", 0),
            call("fake_transfer", "spammer", "transfer", "mule_b", LARGEST, contract="fake"),
        ],
        [send("peel_2", "mule_b", "deposit", 25_000 * TOKEN, energy_fee=0, memo="ref 4711")],
        [send("kept", "mule_b", "own_wallet", 5_000 * TOKEN, energy_fee=0)],
        [pay("gas_for_sweep", "gas_station", "deposit", 30 * TRX, other_fee=1_000_000)],
        [
            send("sweep", "deposit", "hot", 25_000 * TOKEN, energy_fee=13_500_000, net_fee=345_000),
            call("poison_again", "spammer", "transferFrom", "mule_b", "lookalike", 0),
        ],
        [Step("energy_back", "undelegate", "staker", {"from": "mule_b", "sun": 200 * TRX, "resource": "ENERGY"})],
    ]


def _issuer() -> list[list[Step]]:
    return [
        [
            call("freeze", "issuer", "addBlackList", "frozen"),
            call("freeze_bystander", "issuer", "addBlackList", "bystander"),
        ],
        [send("refused", "frozen", "own_wallet", 100 * TOKEN, result="REVERT", energy_fee=1_400_000)],
        [call("destroy", "issuer", "destroyBlackFunds", "frozen")],
        [send("branch_later", "mule_a", "frozen", 1_500 * TOKEN)],
        [call("unfreeze_bystander", "issuer", "removeBlackList", "bystander")],
    ]


def _splitting() -> list[list[Step]]:
    inner = (
        Inner("own_wallet", 60 * TRX),
        Inner("spammer", 30 * TRX, rejected=True),
        Inner("fresh", 40 * TRX),
        Inner("own_wallet", 7, token=TRC10),
    )
    return [
        [
            Step(
                "trc10_to_splitter",
                "trc10",
                "faucet",
                {"to": "splitter", "units": 100, "token": TRC10},
                net_fee=280_000,
            )
        ],
        [call("split", "mule_b", "split", contract="splitter", sun=100 * TRX, inner=inner)],
        [
            call(
                "out_of_energy",
                "mule_b",
                "split",
                contract="splitter",
                sun=TRX,
                result="OUT_OF_ENERGY",
                energy_fee=5_000_000,
            )
        ],
        [
            Step("new_owner", "permission", "own_wallet", {"owner": "new_key"}, other_fee=100_000_000),
            Step("create_account", "create", "spammer", {"account": "new_key"}, other_fee=1_000_000),
        ],
        [
            Step("vote", "vote", "staker", {"votes": {"producer_1": 50}}),
            Step("unstake", "unfreeze", "staker", {"sun": 50 * TRX, "resource": "ENERGY"}),
        ],
    ]


def _customers() -> list[list[Step]]:
    return [
        block
        for number, who in enumerate(CUSTOMERS)
        for block in (
            [send(f"deposit_{number + 1:02}", "whale", who, (100 + number) * TOKEN, energy_fee=0)],
            [send(f"sweep_{number + 1:02}", who, "hot", (100 + number) * TOKEN)],
        )
    ]


def blocks() -> list[list[Step]]:
    """The transactions of each block after the first one; an empty list is an empty block."""
    return [*_funding(), *_tokens(), [], *_theft(), *_issuer(), *_splitting(), *_customers(), [], []]
