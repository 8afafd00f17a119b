"""Internal transactions as movements: what contracts paid, staked and got back while they ran.

The node's list holds staking operations among the calls, with amounts that are not payments. Which is which, its
``note`` tells:

==============================================  ====================================================================
note                                            what moves
==============================================  ====================================================================
``call``, ``create``                            TRX or TRC-10 from caller to callee; nothing if both are the same
                                                (code of another contract that runs on the caller's own account)
``suicide``                                     everything the contract had; if it names itself as heir, burnt
``freezeFor...``, ``freezeBalanceV2For...``     TRX becomes staked TRX of the same contract
``unfreezeFor...``, ``withdrawExpireUnfreeze``  staked TRX becomes TRX again
``withdrawReward``                              TRX, newly issued to the contract
``unfreezeBalanceV2For...``, delegations,       nothing: it is said as a notice
``cancelAllUnfreezeV2``, ``voteWitness``
==============================================  ====================================================================

Source: java-tron, ``Program`` (``addInternalTx`` and its callers).
"""

from __future__ import annotations

from cryptotrace.chains.tron.assets import trc10_asset
from cryptotrace.chains.tron.draft import Draft
from cryptotrace.chains.tron.execution import InternalTransaction

_PAYMENTS = frozenset({"", "call", "create", "suicide"})
_STAKING = ("freezeFor", "freezeBalanceV2For")
_RELEASING = ("unfreezeFor", "withdrawExpireUnfreeze")
_SILENT = ("unfreezeBalanceV2For", "delegateResourceOf", "unDelegateResourceOf", "cancelAllUnfreezeV2", "voteWitness")
#: The suicide before it in the list already counts these TRX: they were released first.
_RELEASED_BY_SUICIDE = "withdrawExpireUnfreezeWhileSuiciding"


def add_internals(draft: Draft, internals: tuple[InternalTransaction, ...]) -> None:
    """Add what the internal transactions of a successful transaction moved, in the order of the list."""
    done: set[int] = set()
    for n, each in enumerate(internals):
        if each.rejected or n in done:
            continue
        if each.note == "suicide" and _is_release_of(each, internals[n + 1 : n + 2]):
            _add(draft, n + 1, internals[n + 1])
            done.add(n + 1)
        _add(draft, n, each)


def _is_release_of(suicide: InternalTransaction, following: tuple[InternalTransaction, ...]) -> bool:
    return any(
        each.note == _RELEASED_BY_SUICIDE and each.caller == suicide.caller and not each.rejected for each in following
    )


def _add(draft: Draft, n: int, each: InternalTransaction) -> None:
    place, sun = f"call.{n}", sum(units for units, token in each.values if token is None)
    if each.note in _PAYMENTS:
        _pay(draft, place, each)
    elif each.note.startswith(_STAKING):
        draft.stake(place, each.caller, sun, f"internal {each.note}, {place}")
    elif each.note.startswith(_RELEASING):
        draft.release(place, each.caller, sun, f"internal {each.note}, {place}")
    elif each.note == "withdrawReward":
        if sun:
            draft.move(place, draft.network.asset, sun, None, each.caller)
    elif each.note.startswith(_SILENT):
        draft.note(f"internal {each.note} {sun} by {each.caller}{f' for {each.to}' if each.to else ''}: no value moves")
    else:
        draft.note(f"unknown-internal {each.note[:80]!r} at {place}")
        if any(units for units, _ in each.values):
            draft.lack(f"what the internal transaction {place} moved")


def _pay(draft: Draft, place: str, each: InternalTransaction) -> None:
    is_suicide = each.note == "suicide"
    if is_suicide:
        draft.note(
            f"self-destruct {each.caller}, heir {each.to or 'none'}: stake and rewards, if any, went too, untold"
        )
    if each.to == each.caller and not is_suicide:
        return
    if each.to is None and not is_suicide:
        if any(units for units, _ in each.values):
            draft.lack(f"whom the internal transaction {place} paid")
        return
    payee = None if each.to == each.caller else each.to
    for units, token in _summed(each.values):
        asset = draft.network.asset if token is None else trc10_asset(draft.network, token)
        draft.move(place if token is None else f"{place}.{token}", asset, units, each.caller, payee)


def _summed(values: tuple[tuple[int, str | None], ...]) -> list[tuple[int, str | None]]:
    totals: dict[str | None, int] = {}
    for units, token in values:
        totals[token] = totals.get(token, 0) + units
    return [(units, token) for token, units in totals.items() if units]
