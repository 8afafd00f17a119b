"""What a transaction paid to be run, in parts: what is burnt, what the producer and a rollup's vaults get.

==================  ==================================================================================================
place               which part
==================  ==================================================================================================
``fee.burnt``       what nobody gets: on Ethereum the base fee times gas
``fee.base``        the base fee times gas where an account gets it (Polygon, Optimism, Base, Arbitrum)
``fee.paid``        what was paid above the base fee, or all of it before there was one
``fee.blob``        blob gas times its price
``fee.l1``          what a rollup takes for publishing on the chain below
``fee.operator``    the operator fee of the OP Stack (Isthmus)
``fee``             all of the gas, where the parts cannot be told
==================  ==================================================================================================

Source: EIP-1559, EIP-4844; OP Stack specification, L1 fee and operator fee (Isthmus, Jovian); Offchain Labs' Nitro,
``gasUsedForL1``; who gets what on which chain stands with its source in ``cryptotrace.chains.evm.network``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptotrace.chains.evm.feeshare import FeeShare
from cryptotrace.chains.evm.header import Header
from cryptotrace.chains.evm.network import EvmNetwork, L1Fee
from cryptotrace.chains.evm.receipt import Receipt
from cryptotrace.chains.evm.told import Told
from cryptotrace.chains.evm.transaction import WireTransaction

_GAS_PER_BLOB = 2**17
_OPERATOR_FIELDS = {"operatorFeeScalar", "operatorFeeConstant"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupFacts:
    """What a rollup's receipt tells beside the fields of Ethereum."""

    l1_gas: int | None = None
    """Units of the gas used that pay for the chain below (Arbitrum)."""
    operator_scalar: int | None = None
    """Scalar of the operator fee (OP Stack)."""
    operator_constant: int | None = None
    """Constant of the operator fee, wei (OP Stack)."""

    @classmethod
    def from_rpc(cls, receipt: Mapping[str, object]) -> RollupFacts:
        """Read them from the JSON object of a receipt.

        Raises:
            MalformedBytes: a field has another form.
        """
        told = Told(receipt, "receipt")
        return cls(
            l1_gas=told.quantity_or_none("gasUsedForL1", 64),
            operator_scalar=told.quantity_or_none("operatorFeeScalar", 64),
            operator_constant=told.quantity_or_none("operatorFeeConstant", 64),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFacts:
    """What the header of a block says that decides who gets what."""

    height: int
    """Height of the block."""
    time: int
    """Its time, seconds since 1970 UTC."""
    beneficiary: str | None
    """Who the header says is paid (``miner``), with the checksum of EIP-55; None if it is not told."""
    base_fee: int | None
    """Wei per unit of gas; None in a header without one (before London)."""
    has_blob_fields: bool = False
    """True if the header has the fields of EIP-4844: Cancun is in force."""
    has_withdrawals: bool = False
    """True if the header has a root of withdrawals (Shanghai)."""

    @classmethod
    def of(cls, header: Header) -> BlockFacts:
        """What a header says."""
        return cls(
            height=header.number,
            time=header.timestamp,
            beneficiary=header.beneficiary,
            base_fee=header.base_fee,
            has_blob_fields=header.blob_gas_used is not None,
            has_withdrawals=header.withdrawals_root is not None,
        )


@dataclass(frozen=True, slots=True)
class FeePart:
    """A part of the fee."""

    place: str
    """Which part; see the table above."""
    units: int
    """Wei, above 0."""
    payee: str | None
    """Who gets it; None where nobody does or it is not told."""


@dataclass(slots=True)
class FeeReading:
    """The fee of a transaction."""

    parts: list[FeePart] = field(default_factory=list)
    """Its parts in the order of the table."""
    missing: list[str] = field(default_factory=list)
    """Parts that the source does not tell, by place."""
    notices: list[str] = field(default_factory=list)
    """What does not fit together."""

    def add(self, place: str, units: int, payee: str | None) -> None:
        """Add a part; parts of one place and payee are one, and nothing is no part."""
        same = next((n for n, each in enumerate(self.parts) if (each.place, each.payee) == (place, payee)), None)
        if not units:
            return
        if same is None:
            self.parts.append(FeePart(place, units, payee))
        else:
            self.parts[same] = FeePart(place, self.parts[same].units + units, payee)


def effective_price(tx: WireTransaction, receipt: Receipt, base_fee: int | None) -> int | None:
    """Wei per unit of gas that was paid, as the receipt tells or as it follows; None if it does not.

    Source: EIP-1559, ``effective_gas_price``.
    """
    if receipt.effective_gas_price is not None:
        return receipt.effective_gas_price
    if tx.gas_price is not None:
        return tx.gas_price
    if None in (base_fee, tx.max_fee_per_gas, tx.max_priority_fee_per_gas):
        return None
    return min(tx.max_fee_per_gas or 0, (base_fee or 0) + (tx.max_priority_fee_per_gas or 0))


def read_fee(
    tx: WireTransaction,
    receipt: Receipt | None,
    header: BlockFacts | None,
    network: EvmNetwork,
    rollup: RollupFacts | None = None,
) -> FeeReading:
    """The parts of the fee of a transaction.

    Args:
        tx: the transaction.
        receipt: what it did; without it no fee is known.
        header: what its block's header says; without it the gas is not told apart.
        network: on which chain.
        rollup: what a rollup's receipt tells beside.
    """
    reading = FeeReading()
    system = network.system_types.get(tx.type)
    if system is not None and not system.pays_fee:
        return reading
    price = effective_price(tx, receipt, header.base_fee if header else None) if receipt else None
    if receipt is None or price is None or receipt.gas_used is None:
        reading.missing.append("fee")
        return reading
    facts = rollup or RollupFacts()
    gas, l1_gas = receipt.gas_used, 0
    is_whole = header is None
    if network.fees.l1_fee is L1Fee.WITHIN:
        l1_gas = min(facts.l1_gas or 0, gas)
        is_whole = is_whole or facts.l1_gas is None
    _gas_parts(reading, gas - l1_gas, price, header, network, is_whole=is_whole)
    _blob_part(reading, tx, receipt, header, network)
    _rollup_parts(reading, receipt, header, network, facts, l1_gas * price)
    return reading


def _share(reading: FeeReading, place: str, units: int, share: FeeShare, header: BlockFacts | None) -> None:
    payee = share.payee(header.height if header else None, header.beneficiary if header else None)
    reading.add("fee.burnt" if share.is_burnt and place != "fee.blob" else place, units, payee)


def _gas_parts(
    reading: FeeReading, gas: int, price: int, header: BlockFacts | None, network: EvmNetwork, *, is_whole: bool
) -> None:
    rule = network.fees
    base = (header.base_fee or 0) if header else 0
    if rule.base.is_burnt and rule.priority.is_burnt:
        reading.add("fee.burnt", gas * price, None)
    elif is_whole or base > price:
        if price and base > price:
            reading.notices.append(f"gas price {price} is below the base fee {base}")
        reading.add("fee", gas * price, None)
    else:
        _share(reading, "fee.base", gas * base, rule.base, header)
        _share(reading, "fee.paid", gas * (price - base), rule.priority, header)


def _blob_part(
    reading: FeeReading, tx: WireTransaction, receipt: Receipt, header: BlockFacts | None, network: EvmNetwork
) -> None:
    if not tx.blob_hashes and not receipt.blob_gas_used:
        return
    if receipt.blob_gas_price is None:
        reading.missing.append("fee.blob")
        return
    gas = receipt.blob_gas_used if receipt.blob_gas_used is not None else _GAS_PER_BLOB * len(tx.blob_hashes)
    _share(reading, "fee.blob", gas * receipt.blob_gas_price, network.fees.blob, header)


def _rollup_parts(
    reading: FeeReading,
    receipt: Receipt,
    header: BlockFacts | None,
    network: EvmNetwork,
    facts: RollupFacts,
    within: int,
) -> None:
    rule = network.fees
    if rule.l1_fee is L1Fee.WITHIN:
        _share(reading, "fee.l1", within, rule.l1, header)
    elif rule.l1_fee is L1Fee.BESIDE:
        if receipt.l1_fee is None:
            reading.missing.append("fee.l1")
        else:
            _share(reading, "fee.l1", receipt.l1_fee, rule.l1, header)
        _operator_part(reading, receipt, header, network, facts)


def _operator_part(
    reading: FeeReading, receipt: Receipt, header: BlockFacts | None, network: EvmNetwork, facts: RollupFacts
) -> None:
    told = (facts.operator_scalar, facts.operator_constant)
    if None in told:
        if _OPERATOR_FIELDS.intersection(receipt.extra):
            reading.missing.append("fee.operator")
        return
    scalar, constant, gas = facts.operator_scalar or 0, facts.operator_constant or 0, receipt.gas_used or 0
    if not scalar and not constant:
        return
    if header is None:
        reading.missing.append("fee.operator")
        return
    is_jovian = network.jovian_time is not None and header.time >= network.jovian_time
    units = gas * scalar * 100 + constant if is_jovian else gas * scalar // 10**6 + constant
    _share(reading, "fee.operator", units, network.fees.operator, header)
