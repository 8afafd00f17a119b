"""The known tokens, their freeze interfaces and what issuers say about freezing: data, each with its source and date.

Decimals and symbols are as listed; what counts is what the contract answers (``cryptotrace.chains.tokens.read_token``).
A contract that looks alike is another token: only the address counts. Where a contract may have one of two interfaces,
both are listed, and asking it tells which.
"""

from __future__ import annotations

from cryptotrace.chains.networks import asset
from cryptotrace.chains.tokens import FreezeAct, FreezeEvent, FreezeInterface, IssuerRule, TokenFacts

_READ = "2026-11-25"
_OP_LIST = "token list of the Superchain, ethereum-optimism.github.io, data/USDT/data.json"
_RANGE = "Range, Supported tokens, docs.range.org/faraday-api/product-info/supported-tokens"
_GELATO = "Gelato, USDC Addresses, docs.gelato.cloud; the issuer's list: developers.circle.com/stablecoins"
_BRIDGED_2023 = "public list of stablecoin contracts, gist whonion/a73d2288, 2023-11-17"
_BRIDGED_2021 = "public list of stablecoin contracts, gist chiro-hiro/81fa40e6, 2021-08-31"
_COMMON = "contract and decimals as public wallets and explorers list them; compare before use"
_EURC = "Circle, EURC Contract Addresses, developers.circle.com/stablecoins/eurc-contract-addresses"


def _event(signature: str, act: FreezeAct) -> FreezeEvent:
    return FreezeEvent(signature, act)


_LEGACY_EVENTS = (
    _event("AddedBlackList(address)", FreezeAct.FREEZE),
    _event("RemovedBlackList(address)", FreezeAct.UNFREEZE),
    _event("DestroyedBlackFunds(address,uint256)", FreezeAct.DESTROY),
)
_BLOCKED_EVENTS = (
    _event("BlockPlaced(address)", FreezeAct.FREEZE),
    _event("BlockReleased(address)", FreezeAct.UNFREEZE),
    _event("DestroyedBlockedFunds(address,uint256)", FreezeAct.DESTROY),
)
_LEGACY_SOURCE = "Tether, TetherToken and BlackList (verified source of the contract on Etherscan and on Tronscan)"
_BLOCKED_SOURCE = "Tether, WithBlockedList and TetherToken (Copyright Tether.to 2020, Apache-2.0)"

#: Tether's first contract: Ethereum and TRON.
TETHER_LEGACY = FreezeInterface(
    ("isBlackListed(address)", "getBlackListStatus(address)"),
    _LEGACY_EVENTS,
    "destroyBlackFunds(address)",
    _LEGACY_SOURCE,
    _READ,
)
#: Tether's later contract: XAUT, USDT0.
TETHER_BLOCKED = FreezeInterface(
    ("isBlocked(address)",), _BLOCKED_EVENTS, "destroyBlockedFunds(address)", _BLOCKED_SOURCE, _READ
)
#: Contracts of Tether that were replaced in place, or of which it was not checked which of the two they are.
TETHER_EITHER = FreezeInterface(
    ("isBlocked(address)", "isBlackListed(address)"),
    (*_BLOCKED_EVENTS, *_LEGACY_EVENTS),
    "destroyBlockedFunds(address) or destroyBlackFunds(address)",
    f"{_BLOCKED_SOURCE}; {_LEGACY_SOURCE}",
    _READ,
)
#: USDC and EURC. There is no function that destroys what is frozen.
CIRCLE = FreezeInterface(
    ("isBlacklisted(address)",),
    (_event("Blacklisted(address)", FreezeAct.FREEZE), _event("UnBlacklisted(address)", FreezeAct.UNFREEZE)),
    "",
    "Circle, stablecoin-evm, contracts/v1/Blacklistable.sol",
    _READ,
)
#: Paxos: the events of the first and of the second implementation. The event of wiping names no amount.
PAXOS = FreezeInterface(
    ("isFrozen(address)",),
    (
        _event("FreezeAddress(address)", FreezeAct.FREEZE),
        _event("AddressFrozen(address)", FreezeAct.FREEZE),
        _event("UnfreezeAddress(address)", FreezeAct.UNFREEZE),
        _event("AddressUnfrozen(address)", FreezeAct.UNFREEZE),
        _event("FrozenAddressWiped(address)", FreezeAct.DESTROY),
    ),
    "wipeFrozenAddress(address)",
    "Paxos, paxos-token-contracts, contracts/PaxosTokenV2.sol; usdp-contracts and pax-contracts for the first one",
    _READ,
)

_USDT, _USDC = ("USDT", "Tether USD"), ("USDC", "USD Coin")
_IN_PLACE = "was a bridge token and was replaced in place by USDT0 of Tether; the state may hold freezes of both kinds"
_PEG = "a bridge token of Binance (Binance-Peg), not issued by {issuer}: {issuer} cannot freeze it on this chain"
_BRIDGE = "a token of the chain's bridge, not issued by {issuer}: {issuer} cannot freeze it on this chain"
_E = "bridged USDC; the native USDC of this chain is another contract. " + _BRIDGE.format(issuer="Circle")


def _erc20(
    chain: int,
    contract: str,
    names: tuple[str, str],
    decimals: int,
    issuer: str,
    freeze: FreezeInterface | None,
    source: str,
    note: str = "",
) -> TokenFacts:
    token = asset(f"eip155:{chain}/erc20:{contract}")
    return TokenFacts(token, *names, decimals, issuer, freeze, note, source, _READ)


def _trc20(
    contract: str, names: tuple[str, str], decimals: int, issuer: str, freeze: FreezeInterface | None, note: str = ""
) -> TokenFacts:
    token = asset(f"tron:0x2b6653dc/trc20:{contract}")
    return TokenFacts(token, *names, decimals, issuer, freeze, note, _COMMON, _READ)


_TETHER_TOKENS = (
    _trc20("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", _USDT, 6, "Tether", TETHER_LEGACY),
    _erc20(1, "0xdAC17F958D2ee523a2206206994597C13D831ec7", _USDT, 6, "Tether", TETHER_LEGACY, _OP_LIST),
    _erc20(137, "0xc2132D05D31c914a87C6611C10748AEb04B58e8F", _USDT, 6, "Tether", TETHER_EITHER, _COMMON, _IN_PLACE),
    _erc20(42161, "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9", _USDT, 6, "Tether", TETHER_EITHER, _RANGE, _IN_PLACE),
    _erc20(
        *(10, "0x01bFF41798a0BcF287b996046Ca68b395DbC1071", ("USD₮0", "USD₮0"), 6, "Tether", TETHER_BLOCKED, _COMMON),
        note="USDT0; the older USDT of this chain is a bridge token with another contract",
    ),
    _erc20(
        *(43114, "0x9702230A8Ea53601f5cD2dc00fDBc13d4dF4A8c7", ("USDt", "TetherToken"), 6, "Tether", TETHER_EITHER),
        source=_RANGE,
    ),
    _erc20(
        *(10, "0x94b008aA00579c1307B0EF2c499aD98a8ce58e58", _USDT, 6, "", None, _OP_LIST),
        note=_BRIDGE.format(issuer="Tether"),
    ),
    _erc20(
        *(8453, "0xfde4C96c8593536E31F229EA8f37b2ADa2699bb2", _USDT, 6, "", None, _OP_LIST),
        note=_BRIDGE.format(issuer="Tether"),
    ),
    _erc20(
        *(43114, "0xc7198437980c041c805A1EDcbA50c1Ce5db95118", ("USDT.e", "Tether USD"), 6, "", None, _COMMON),
        note=_BRIDGE.format(issuer="Tether"),
    ),
    _erc20(
        *(56, "0x55d398326f99059fF775485246999027B3197955", _USDT, 18, "Binance", None, _BRIDGED_2021),
        note=_PEG.format(issuer="Tether"),
    ),
    _erc20(
        *(1, "0x68749665FF8D2d112Fa859AA293F07A622782F38", ("XAUt", "Tether Gold"), 6, "Tether", TETHER_BLOCKED),
        source=_COMMON,
    ),
)
_CIRCLE_TOKENS = (
    _erc20(1, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", _USDC, 6, "Circle", CIRCLE, _GELATO),
    _erc20(8453, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", _USDC, 6, "Circle", CIRCLE, _GELATO),
    _erc20(42161, "0xaf88d065e77c8cC2239327C5EDb3A432268e5831", _USDC, 6, "Circle", CIRCLE, _GELATO),
    _erc20(10, "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85", _USDC, 6, "Circle", CIRCLE, _GELATO),
    _erc20(137, "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", _USDC, 6, "Circle", CIRCLE, _GELATO),
    _erc20(43114, "0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E", _USDC, 6, "Circle", CIRCLE, _GELATO),
    _trc20(
        *("TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8", _USDC, 6, "Circle", CIRCLE),
        note="Circle ended its support of USDC on TRON in 2024; whether it still acts there is to be asked",
    ),
    *(
        _erc20(chain, contract, (symbol, "USD Coin (bridged)"), 6, "", None, source, _E)
        for chain, contract, symbol, source in (
            (42161, "0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8", "USDC.e", _BRIDGED_2023),
            (10, "0x7F5c764cBc14f9669B88837ca1490cCa17c31607", "USDC.e", _BRIDGED_2023),
            (137, "0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174", "USDC.e", _BRIDGED_2021),
            (43114, "0xA7D7079b0FEaD91F3e65f86E8915Cb59c1a4C664", "USDC.e", _COMMON),
            (8453, "0xd9aAEc86B65D86f6A7B5B1b0c42FFA531710b6CA", "USDbC", _COMMON),
        )
    ),
    _erc20(
        *(56, "0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d", _USDC, 18, "Binance", None, _BRIDGED_2021),
        note=_PEG.format(issuer="Circle"),
    ),
    _erc20(1, "0x1aBaEA1f7C830bD89Acc67eC4af516284b1bC33c", ("EURC", "EURC"), 6, "Circle", CIRCLE, _EURC),
    _erc20(8453, "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42", ("EURC", "EURC"), 6, "Circle", CIRCLE, _EURC),
    _erc20(43114, "0xC891EB4cbdEFf6e073e859e987815Ed1505c2ACD", ("EURC", "EURC"), 6, "Circle", CIRCLE, _EURC),
)
_PAXOS_TOKENS = (
    _erc20(
        *(1, "0x8E870D67F660D95d5be530380D0eC0bd388289E1", ("USDP", "Pax Dollar"), 18, "Paxos", PAXOS),
        source="Paxos, usdp-contracts, README",
    ),
    _erc20(1, "0x6c3ea9036406852006290770BEdFcAbA0e23A0e8", ("PYUSD", "PayPal USD"), 6, "Paxos", PAXOS, _COMMON),
    _erc20(1, "0x45804880De22913dAFE09f4980848ECE6EcbAf78", ("PAXG", "Paxos Gold"), 18, "Paxos", PAXOS, _COMMON),
    _erc20(
        *(1, "0x4Fabb145d64652a948d72533023f6E7A623C7C53", ("BUSD", "Binance USD"), 18, "Paxos", PAXOS),
        source="Etherscan, token page of the contract",
        note="issued and held by Paxos, not by Binance; new issue has ended",
    ),
    _erc20(
        *(56, "0xe9e7CEA3DedcA5984780Bafc599bD69ADd087D56", ("BUSD", "BUSD Token"), 18, "Binance", None),
        source=_BRIDGED_2021,
        note=_PEG.format(issuer="Paxos"),
    ),
)
_OTHERS = (
    _erc20(
        *(1, "0x0000000000085d4780B73119b644AE5ecd22b376", ("TUSD", "TrueUSD"), 18, "TrueUSD", None, _COMMON),
        note="its issuer keeps a blacklist (TrustToken, contracts-pre22, TrueCurrency); how the present contract is "
        "asked is not known here",
    ),
    _erc20(
        *(1, "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599", ("WBTC", "Wrapped BTC"), 8, "", None, _COMMON),
        note="no function that freezes an account is known",
    ),
    _erc20(
        *(1, "0x6B175474E89094C44Da98b954EedeAC495271d0F", ("DAI", "Dai Stablecoin"), 18, "", None, _BRIDGED_2021),
        note="nobody can freeze an account",
    ),
    _erc20(
        *(1, "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", ("WETH", "Wrapped Ether"), 18, "", None, _COMMON),
        note="nobody can freeze an account",
    ),
)

#: Every known token, each contract once.
TOKENS: tuple[TokenFacts, ...] = (*_TETHER_TOKENS, *_CIRCLE_TOKENS, *_PAXOS_TOKENS, *_OTHERS)

#: What issuers say about freezing, by issuer. None of it was confirmed by the issuer: to be checked again.
ISSUER_RULES: dict[str, IssuerRule] = {
    "Tether": IssuerRule(
        "Tether",
        "Freezes personal wallets on a verified request of a law-enforcement agency; says that it does not freeze "
        "wallets of exchanges and services, and prefers explicit instructions.",
        "cointeeth.com, report on Tether and U.S. law enforcement (secondary)",
        _READ,
    ),
    "Circle": IssuerRule(
        "Circle",
        "Blocks an address only under a legal order of a court of the United States or of an authority with "
        "jurisdiction over the issuer; cannot seize, reissue or reverse. The text is Centre's, which has been wound "
        "into Circle.",
        "Centre, access denial guidelines, centre.io/access_denial_guidelines",
        _READ,
    ),
}

#: The freeze interfaces by name, for a case that describes a token of its own.
FREEZES: dict[str, FreezeInterface] = {
    "tether": TETHER_LEGACY,
    "tether-blocked": TETHER_BLOCKED,
    "circle": CIRCLE,
    "paxos": PAXOS,
}
