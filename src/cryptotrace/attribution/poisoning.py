"""Spam and address poisoning in an account's history: recognised, shown, and never left out in silence.

Somebody who wants a victim to copy the wrong address from a wallet's history puts entries there: transfers of nothing
that need no signature of the payer, dust from an address whose ends look like a known one, or events of a token that
bears the name of a real one. Each sign below is a heuristic (L4) with its parameters and the transactions it rests on.

**What is kept out of a trace, and why** (``KEPT_OUT``): a transfer of nothing carries nothing, so no share can ride on
it; a token of another contract is another asset, so it is never counted as the one whose name it bears. **Nothing else
is kept out.** What went to a look-alike address really went there: often it is the loss itself.

Source: zero-value transfers pass ``transferFrom`` without an allowance by ERC-20 ("Transfers of 0 values MUST be
treated as normal transfers"); the parameters are the house's own and are printed with every sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations

from cryptotrace.attribution.writing import foreign_letters, invisible, looks_same, scripts, skeleton
from cryptotrace.errors import AttributionError
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction, Movement
from cryptotrace.model.verdict import LinkClass


class SignKind(StrEnum):
    """What was seen."""

    ZERO_VALUE = "zero-value transfer"
    """A transfer of nothing that its payer signed, or of which the source does not tell who signed it."""
    UNSIGNED_ZERO = "zero-value transfer that its payer did not sign"
    """A transfer of nothing in a transaction that somebody else signed: no allowance is needed for it."""
    LOOK_ALIKE = "look-alike address"
    """A counterparty whose address begins and ends like that of another one, met before or known."""
    LOOK_ALIKE_DUST = "dust from a look-alike address"
    """A look-alike paid a tiny amount."""
    FAKE_TOKEN = "known symbol, other contract"  # noqa: S105 - no password
    """A token with the symbol of a known one, of another contract."""
    DISGUISED_SYMBOL = "symbol that only looks like what it says"
    """A token whose symbol has invisible characters, letters of several scripts, or look-alike letters."""


#: What is kept out of a trace at each sign, and by what rule; empty: nothing is.
KEPT_OUT: Mapping[SignKind, str] = {
    SignKind.ZERO_VALUE: "a transfer of nothing carries nothing: no share rides on it",
    SignKind.UNSIGNED_ZERO: "a transfer of nothing carries nothing: no share rides on it",
    SignKind.LOOK_ALIKE: "",
    SignKind.LOOK_ALIKE_DUST: "",
    SignKind.FAKE_TOKEN: "another contract is another asset: it is never counted as the one whose symbol it bears",
    SignKind.DISGUISED_SYMBOL: "",
}


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token that is known to be what it says, as data."""

    asset: Asset
    """The token by its contract, or a native coin."""
    symbol: str
    """Its symbol, e.g. ``USDT``."""
    source: str = ""
    """Who says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """When two addresses look alike, and what is tiny.

    Raises:
        AttributionError: a number that would find a sign everywhere.
    """

    first: int = 4
    """Characters at the beginning that must be equal, after what all addresses of the chain begin with (0x, T)."""
    last: int = 4
    """Characters at the end that must be equal."""
    dust_parts: int = 1000
    """Tiny is at most one so-many-th of the largest transfer with the imitated account in the same asset ..."""
    dust_units: Mapping[Asset, int] = field(default_factory=dict)
    """... or at most so many base units of that asset."""

    def __post_init__(self) -> None:
        if self.first < 0 or self.last < 0 or self.first + self.last < 4 or self.dust_parts < 2:
            raise AttributionError(
                "look-alikes need at least 4 equal characters at both ends together, and dust at most one half; "
                f"got first={self.first}, last={self.last}, dust_parts={self.dust_parts}"
            )


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that was recognised. It is an indication, not a finding about a person."""

    kind: SignKind
    """What."""
    account: Account
    """In whose history."""
    about: Account | Asset
    """The account or the token that shows it."""
    imitates: Account | Asset | None
    """Whom or what it looks like; None if that is not known."""
    flows: tuple[str, ...]
    """The movements it rests on, as ``txid#place``."""
    parameters: tuple[tuple[str, str], ...]
    """Name and value of each parameter under which it was found."""
    detail: str
    """What was compared, in words."""
    link_class: LinkClass = LinkClass.L4
    """A heuristic."""

    @property
    def transactions(self) -> tuple[str, ...]:
        """The transactions it rests on, each once."""
        return tuple(dict.fromkeys(flow.partition("#")[0] for flow in self.flows))

    @property
    def kept_out(self) -> str:
        """By what rule these movements are kept out of a trace; empty if they are not."""
        return KEPT_OUT[self.kind]


@dataclass(frozen=True, slots=True)
class Signs:
    """What was recognised in an account's history."""

    account: Account
    """Whose history."""
    signs: tuple[Sign, ...]
    """The signs, by kind and then in chain order."""
    undetermined: tuple[str, ...]
    """What could not be told, and why."""

    def of(self, kind: SignKind) -> tuple[Sign, ...]:
        """The signs of one kind."""
        return tuple(sign for sign in self.signs if sign.kind is kind)


def carries_nothing(movement: Movement) -> bool:
    """True for a movement that no share can ride on. It is kept as a fact and kept out of a trace."""
    return movement.units == 0


@dataclass(slots=True)
class _Seen:
    """One movement in or out of the account, in chain order."""

    transaction: AccountTransaction
    movement: Movement

    @property
    def flow(self) -> str:
        return self.transaction.flow_id(self.movement)


def recognise(
    account: Account,
    history: Iterable[AccountTransaction],
    known: Sequence[KnownToken] = (),
    symbols: Mapping[Asset, str] | None = None,
    *,
    genuine: Iterable[Account] = (),
    parameters: Parameters | None = None,
) -> Signs:
    """The signs of spam and address poisoning in an account's history.

    Args:
        account: whose history.
        history: its transactions with what they moved, of all assets.
        known: tokens that are what they say.
        symbols: what the contracts of the other tokens call themselves.
        genuine: accounts that are known to be the right ones (own book, tags); they are imitated, never imitators.
        parameters: when addresses look alike, and what is tiny.
    """
    parameters = Parameters() if parameters is None else parameters
    seen = [
        _Seen(transaction, movement)
        for transaction in sorted(history, key=_order)
        for movement in transaction.movements
        if movement.kind is FlowKind.TRANSFER and account in (movement.payer, movement.payee)
    ]
    undetermined: list[str] = []
    signs = [
        *_zero_values(account, seen, undetermined),
        *_look_alikes(account, seen, tuple(genuine), parameters, undetermined),
        *_tokens(account, seen, known, symbols or {}),
    ]
    return Signs(account, tuple(signs), tuple(undetermined))


def _order(transaction: AccountTransaction) -> tuple[int, int, int]:
    block = transaction.block
    return (1, 0, 0) if block is None else (0, block.height, transaction.index)


# --- transfers of nothing ---------------------------------------------------------------------------------------------


def _zero_values(account: Account, seen: Sequence[_Seen], undetermined: list[str]) -> list[Sign]:
    signs = []
    for each in seen:
        movement, sender = each.movement, each.transaction.sender
        if not carries_nothing(movement):
            continue
        if sender is None:
            undetermined.append(f"who signed {each.flow}: the source does not tell the sender of that transaction")
        is_unsigned = sender is not None and sender != movement.payer
        other = movement.payee if movement.payer == account else movement.payer
        if other is None:
            continue  # cannot be: a transfer has both
        signs.append(
            Sign(
                SignKind.UNSIGNED_ZERO if is_unsigned else SignKind.ZERO_VALUE,
                account,
                other,
                None,
                (each.flow,),
                (("units", "0"),),
                f"0 units of {movement.asset} from {movement.payer} to {movement.payee}, signed by "
                f"{sender or 'somebody the source does not tell'}",
            )
        )
    return sorted(signs, key=lambda sign: sign.kind is SignKind.UNSIGNED_ZERO)


# --- look-alike addresses ---------------------------------------------------------------------------------------------


def looks_alike(one: Account, other: Account, parameters: Parameters | None = None) -> bool:
    """True if the two are different accounts of one chain whose addresses begin and end alike."""
    chosen = Parameters() if parameters is None else parameters
    return one != other and _ends(one, chosen) == _ends(other, chosen)


def _ends(account: Account, parameters: Parameters) -> tuple[str, str, str]:
    address = account.address
    letters = address[2:].lower() if address[:2] == "0x" else address[1:]
    end = letters[len(letters) - parameters.last :]
    return account.chain, letters[: parameters.first], end


def _look_alikes(
    account: Account,
    seen: Sequence[_Seen],
    genuine: tuple[Account, ...],
    parameters: Parameters,
    undetermined: list[str],
) -> list[Sign]:
    with_party: dict[Account, list[_Seen]] = {known: [] for known in dict.fromkeys(genuine)}
    for each in seen:
        for party in (each.movement.payer, each.movement.payee):
            if party is not None and party != account:
                with_party.setdefault(party, []).append(each)
    groups: dict[tuple[str, str, str], list[Account]] = {}
    for party in with_party:  # the known ones first, then in the order in which they were met
        groups.setdefault(_ends(party, parameters), []).append(party)
    signs, dust = [], []
    for alike in groups.values():
        for imitated, imitator in combinations(alike, 2):
            if imitator in genuine or not with_party[imitator]:
                continue
            basis = _look_alike_basis(imitated, imitator, imitated in genuine, len(with_party), parameters)
            signs.append(_look_alike(account, imitated, imitator, with_party[imitator], basis))
            dust += _dust(account, imitated, imitator, with_party, basis, parameters, undetermined)
    return signs + dust


@dataclass(frozen=True, slots=True)
class _Basis:
    parameters: tuple[tuple[str, str], ...]
    words: str


def _look_alike_basis(imitated: Account, imitator: Account, known: bool, met: int, parameters: Parameters) -> _Basis:
    base = 16 if imitated.address[:2] == "0x" else 58
    odds = base ** (parameters.first + parameters.last) // max(met * (met - 1) // 2, 1)
    why = "is given as genuine" if known else "was met first in this history"
    named = (
        ("first", str(parameters.first)),
        ("last", str(parameters.last)),
        ("counterparties", str(met)),
        ("one pair by chance in so many such histories", str(odds)),
    )
    return _Basis(
        named,
        f"{imitator.address} begins and ends like {imitated.address} ({parameters.first} and {parameters.last} "
        f"characters); the latter {why}",
    )


def _look_alike(account: Account, imitated: Account, imitator: Account, with_it: list[_Seen], basis: _Basis) -> Sign:
    paid = [e.flow for e in with_it if e.movement.payer == account and e.movement.units and _is_signed(e)]
    words = basis.words
    if paid:
        words += f". THE ACCOUNT PAID IT in {', '.join(paid)}: this value is followed like any other"
    flows = tuple(e.flow for e in with_it)
    return Sign(SignKind.LOOK_ALIKE, account, imitator, imitated, flows, basis.parameters, words)


def _is_signed(each: _Seen) -> bool:
    return each.transaction.sender == each.movement.payer


def _dust(
    account: Account,
    imitated: Account,
    imitator: Account,
    with_party: Mapping[Account, list[_Seen]],
    basis: _Basis,
    parameters: Parameters,
    undetermined: list[str],
) -> list[Sign]:
    signs = []
    for each in with_party[imitator]:
        movement = each.movement
        if movement.payer != imitator or carries_nothing(movement):
            continue
        fixed = parameters.dust_units.get(movement.asset)
        largest = max((e.movement.units for e in with_party[imitated] if e.movement.asset == movement.asset), default=0)
        if fixed is None and not largest:
            undetermined.append(
                f"whether {each.flow} is dust: {imitated} never moved {movement.asset} here, and no limit is given"
            )
            continue
        if movement.units <= (fixed or 0) or movement.units * parameters.dust_parts <= largest:
            limits = (
                ("units", str(movement.units)),
                ("dust_parts", str(parameters.dust_parts)),
                ("largest with the imitated", str(largest)),
                ("dust_units", "none" if fixed is None else str(fixed)),
            )
            words = f"{basis.words}; it paid {movement.units} base units of {movement.asset}"
            named = basis.parameters + limits
            signs.append(Sign(SignKind.LOOK_ALIKE_DUST, account, imitator, imitated, (each.flow,), named, words))
    return signs


# --- tokens -----------------------------------------------------------------------------------------------------------


def _tokens(
    account: Account, seen: Sequence[_Seen], known: Sequence[KnownToken], symbols: Mapping[Asset, str]
) -> list[Sign]:
    are_known = {token.asset for token in known}
    flows: dict[Asset, list[str]] = {}
    for each in seen:
        flows.setdefault(_collection(each.movement.asset), []).append(each.flow)
    signs = []
    for asset, rests_on in flows.items():
        symbol = symbols.get(asset, "")
        if asset in are_known or not symbol:
            continue
        for kind, imitates, parameters, words in _symbol_signs(asset, symbol, known):
            signs.append(Sign(kind, account, asset, imitates, tuple(rests_on), parameters, words))
    return signs


def _collection(asset: Asset) -> Asset:
    """The contract's asset; the number of a single token is left out."""
    return asset if asset.token_id is None else Asset(asset.rpartition("/")[0])


_Finding = tuple[SignKind, Asset | None, tuple[tuple[str, str], ...], str]


def _symbol_signs(asset: Asset, symbol: str, known: Sequence[KnownToken]) -> list[_Finding]:
    alike = [k for k in known if k.asset.chain == asset.chain and looks_same(k.symbol, symbol)]
    named = (("symbol", ascii(symbol)), ("skeleton", skeleton(symbol)))
    found: list[_Finding] = [
        (
            SignKind.FAKE_TOKEN,
            token.asset,
            named,
            f"{asset} calls itself {symbol!a}; {token.symbol} is {token.asset}"
            + (f" ({token.source})" if token.source else "")
            + ". It may be a token of its own that happens to have this symbol: it is not that asset in any case",
        )
        for token in alike
    ]
    hidden, letters, mixed = invisible(symbol), foreign_letters(symbol), scripts(symbol)
    parts = [f"has characters that show nothing: {', '.join(hidden)}"] if hidden else []
    parts += [f"mixes the scripts {', '.join(mixed)}"] if len(mixed) > 1 else []
    parts += (
        [f"has letters that only look Latin: {', '.join(letters)}"] if letters and (alike or "LATIN" in mixed) else []
    )
    if parts:
        disguised = (*named, ("scripts", ", ".join(mixed)))
        imitates = alike[0].asset if alike else None
        found.append((SignKind.DISGUISED_SYMBOL, imitates, disguised, f"the symbol {symbol!a} {'; '.join(parts)}"))
    return found
