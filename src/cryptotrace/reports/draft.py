"""A document in the making: the dossier's rows, one language, and how cells and paragraphs are made from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptotrace.model.identity import SCRIPT_DIGEST_PREFIX, Account, Asset
from cryptotrace.model.tag import Tag
from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.accountrows import place_name
from cryptotrace.reports.dossier import Dossier
from cryptotrace.reports.foreign import visible
from cryptotrace.reports.model import (
    Block,
    Cell,
    CellKind,
    Heading,
    Line,
    Paragraph,
    Run,
    Section,
    Style,
)
from cryptotrace.reports.schedules import Schedules, asset_facts
from cryptotrace.reports.sheetasset import txid_shown
from cryptotrace.reports.words import Words
from cryptotrace.tracing.fragments import Units, as_text
from cryptotrace.tracing.rules import Purpose, Rule

#: More row ids than this in one line are given as the first, the last and how many.
MOST_IDS = 12


@dataclass(frozen=True, slots=True)
class Draft:
    """What every part of the document is made from."""

    dossier: Dossier
    """The input."""
    rows: Schedules
    """Its rows."""
    words: Words
    """The language."""
    rule: Rule
    """The rule of the trace."""

    @property
    def claimants(self) -> tuple[str, ...]:
        """The claimants in order of precedence, each once."""
        return tuple(dict.fromkeys(claim.claimant for claim in self.dossier.trace.claims))

    @property
    def rule_name(self) -> str:
        """The rule's name in words."""
        return self.words.say(f"rule.{self.rule.name}.name")

    @property
    def warning(self) -> str:
        """What must stand beside every share of a rule that is not for findings; empty for one that is."""
        if self.rule.purpose is Purpose.FINDINGS:
            return ""
        return self.words.say(f"warning.{self.rule.purpose.name.lower()}", rule=self.rule_name)

    @property
    def shares_title(self) -> str:
        """Head of a column of shares: share or reach, the rule, and the warning if there is one."""
        head = "column.share" if self.rule.conserves else "column.reach"
        text = self.words.say(head, rule=self.rule_name)
        return text if self.rule.purpose is Purpose.FINDINGS else f"{text} — {self.purpose_short}"

    @property
    def purpose_short(self) -> str:
        """The rule's purpose in a few words."""
        return self.words.say(f"purpose.{self.rule.purpose.name.lower()}")

    def amount(self, units: Units, asset: Asset) -> str:
        """An amount in running text: decimal, symbol, base units."""
        return self.words.amount(units, asset_facts(self.dossier, asset))

    def label(self, asset: Asset) -> str:
        """What stands behind an amount of the asset."""
        return visible(asset_facts(self.dossier, asset).label)

    def money(self, units: Units, asset: Asset) -> Cell:
        """An amount as a cell: decimal above, base units below."""
        facts = asset_facts(self.dossier, asset)
        decimal = f"{self.words.decimal(units, facts.decimals)}\u00a0{visible(facts.label)}"
        below = self.words.number(units) if facts.decimals is not None else self.words.say("money.no_decimals")
        lines = (line(decimal), line(below, Style.SMALL))
        return Cell(CellKind.AMOUNT, lines, as_text(units))

    def shares(self, shares: Iterable[tuple[str, Units]], asset: Asset, rests_on: Sequence[str] = ()) -> Cell:
        """Claimed shares as a cell: for each claimant the name, the decimal and the base units; what they rest on."""
        lines: list[Line] = []
        values = []
        for claimant, units in shares:
            lines.append(line(claimant, Style.STRONG))
            if self.rule.conserves:
                lines += self.money(units, asset).lines
            else:
                lines.append(line(self.words.say("reached")))
            values.append(f"{visible(claimant)}={units if self.rule.conserves else 'reached'}")
        lines += self.rests(rests_on) if lines else []
        return Cell(CellKind.AMOUNT, tuple(lines) or (line("—"),), "; ".join(values))

    def rests(self, checks: Sequence[str]) -> list[Line]:
        """That a share rests on these histories, as a line of a cell; none if it rests on none that is not complete."""
        return [line(self.words.say("rests_on.short", checks=self.ids(checks)), Style.SMALL)] if checks else []

    def ids(self, ids: Sequence[str]) -> str:
        """Row ids in a line; of very many the first, the last and how many."""
        if len(ids) <= MOST_IDS:
            return ", ".join(ids)
        return self.words.say("ids.many", first=ids[0], last=ids[-1], count=len(ids))

    def txid(self, txid: str) -> str:
        """A transaction's or a block's hash as the explorers of the chain print it."""
        return txid if self.dossier.chain is None else txid_shown(self.dossier.chain, txid)

    def flow_id(self, flow: str) -> str:
        """A flow's own id, with the hash as the explorers of the chain print it."""
        mark = "#" if "#" in flow else ":"
        txid, _, place = flow.rpartition(mark)
        return f"{self.txid(txid)}{mark}{place}"

    def flow_name(self, flow: str) -> str:
        """A flow by its transaction's row id and its place in words: ``T-0003:1``, ``T-0003 log 1``."""
        row, txid_mark = self.rows.transaction_of(flow), "#"
        if not row or txid_mark not in flow:
            return self.rows.flow_name(flow)
        return f"{row} {self.words.movement(place_name(flow.rpartition(txid_mark)[2]))}"

    def recorded(self, text: str) -> str:
        """What the software recorded in English, as a quotation that says so."""
        return self.words.say("recorded", detail=text)

    def account(self, account: Account) -> tuple[Run, ...]:
        """An address in full, or the digest of a script that has none."""
        if account.is_script_digest:
            digest = account.address.removeprefix(SCRIPT_DIGEST_PREFIX)
            return (Run(self.words.say("no_address") + " "), Run(digest, Style.MONO))
        return (Run(visible(account.address), Style.MONO),)

    def attribution(self, tag: Tag) -> str:
        """What one source says about an address, in one sentence, with its grade."""
        say = self.words.say
        category = say("tag.category", category=tag.category) if tag.category else ""
        return say(
            "tag.sentence",
            label=tag.label,
            category=category,
            source=tag.source,
            creator=tag.creator or say("not_stated"),
            confidence=tag.confidence or say("not_stated"),
            grade=tag.grade.value,
            meaning=say(f"grade.{tag.grade.value}"),
            lastmod=self._day(tag.lastmod) or say("not_stated"),
        )

    def _day(self, text: str) -> str:
        return self.words.day(text) if self.dossier.is_on_accounts else text


@dataclass(slots=True)
class Pen:
    """Writes one section: numbers its paragraphs and collects its blocks."""

    draft: Draft
    number: int
    key: str
    blocks: list[Block] = field(default_factory=list)
    paragraphs: int = 0

    def say(self, key: str, label: LinkClass | None = None, cites: Iterable[str] = (), **values: object) -> None:
        """A numbered paragraph from a message; what it cites is appended in brackets."""
        self.write(self.draft.words.say(key, **values), label, cites)

    def write(self, text: str, label: LinkClass | None = None, cites: Iterable[str] = ()) -> None:
        """A numbered paragraph; ``text`` holds no foreign text that has not been made visible."""
        ids = tuple(dict.fromkeys(i for i in cites if i))
        self.paragraphs += 1
        full = f"{text} {self.draft.words.cite(ids)}" if ids else text
        self.blocks.append(Paragraph(f"{self.number}.{self.paragraphs}", full, label, ids))

    def warn(self) -> None:
        """What must stand beside the shares of a rule that is not for findings."""
        if self.draft.warning:
            self.write(self.draft.warning, LinkClass.L3)

    def head(self, key: str, **values: object) -> None:
        """A heading inside the section."""
        self.blocks.append(Heading(self.draft.words.say(key, **values)))

    def section(self) -> Section:
        """The finished section."""
        title = self.draft.words.say(f"section.{self.key}")
        return Section(self.number, self.key, title, tuple(self.blocks))


def line(text: str, style: Style = Style.PLAIN) -> Line:
    """One line in one style; foreign text is made visible."""
    return (Run(visible(text), style),)


def text_cell(*texts: str, style: Style = Style.PLAIN) -> Cell:
    """A cell of text, one line for each."""
    shown = tuple(line(text, style) for text in texts)
    return Cell(CellKind.TEXT, shown or (line(""),), "\n".join(visible(text) for text in texts))


def hash_cell(digest: str) -> Cell:
    """A hash in full."""
    return Cell(CellKind.HASH, (line(digest, Style.MONO),), visible(digest))


def iso_time(seconds: int) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
