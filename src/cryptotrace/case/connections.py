"""The sources of a case: opened when they are first needed, asked in the order in which they were connected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from cryptotrace.case.file import SourceEntry
from cryptotrace.chains.family import Network
from cryptotrace.errors import ConfigurationError, DataNotFound, SourceError
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.ledger.store import Store
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Chain
from cryptotrace.model.source import Blocks, Headers, Source
from cryptotrace.sources import open_source, parse_spec
from cryptotrace.sources.policy import Policy

Progress = Callable[[int, int], None]


class Connections:
    """The open sources of a case, by chain."""

    def __init__(self, folder: Path, recorder: Recorder, policy: Policy) -> None:
        self._folder = folder.resolve()
        self._recorder = recorder
        self._policy = policy
        self._open: dict[SourceEntry, Source] = {}
        self._used: list[Source] = []

    def of(self, net: Network, entries: Sequence[SourceEntry], progress: Progress | None = None) -> list[Source]:
        """The sources for a chain, each opened now if it was not yet.

        Raises:
            CryptotraceError: one cannot be opened; the message says how to take it out of the case.
        """
        named = [self._opened(net, entry, progress) for entry in entries if entry.chain == net.chain]
        return [*named, *(source for source in self._used if source.chain == net.chain)]

    def use(self, source: Source) -> None:
        """From now on ask this source too, after those that the case names."""
        self._used.append(source)

    def _opened(self, net: Network, entry: SourceEntry, progress: Progress | None) -> Source:
        try:
            return self.open(net, entry.spec, progress)
        except (ConfigurationError, SourceError) as error:
            raise type(error)(
                f"{error}. If this source is gone, take it out: cryptotrace disconnect {net.name} '{entry.spec}'"
            ) from error

    def open(self, net: Network, spec: str, progress: Progress | None = None) -> Source:
        """One source, opened if it was not yet; a path is relative to the case's folder, so the folder can be moved."""
        entry = SourceEntry(net.chain, spec)
        if entry not in self._open:
            parsed = parse_spec(spec)
            if parsed.is_path:
                spec = spec.replace(parsed.location, str(self._folder / parsed.location), 1)
            policy = replace(self._policy, progress=progress)
            self._open[entry] = open_source(spec, net, self._recorder, policy)
        return self._open[entry]

    def forget(self, entry: SourceEntry) -> None:
        """Close a source that is no longer one of the case."""
        if (source := self._open.pop(entry, None)) is not None:
            source.close()

    def portable(self, spec: str) -> str:
        """The specification as it is kept: a path inside the case's folder is relative, any other absolute."""
        parsed = parse_spec(spec)
        if not parsed.is_path:
            return spec
        location = Path(parsed.location).resolve()
        inside = location.is_relative_to(self._folder)
        kept = location.relative_to(self._folder).as_posix() if inside else str(location)
        return spec.replace(parsed.location, kept, 1)

    def close(self) -> None:
        """Close every source."""
        for entry in list(self._open):
            self.forget(entry)
        while self._used:
            self._used.pop().close()


def forget_reorganised(store: Store, chain: Chain, sources: Sequence[Source]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Forget what was read from blocks that are no longer in the chain.

    Yields:
        Each height that was forgotten, with the txids that stood there.
    """
    for source in sources:
        if not isinstance(source, Blocks | Headers):
            continue
        while (newest := store.newest_block(chain, source.tip().height)) is not None:
            try:
                if _block_at(source, newest.height).hash == newest.hash:
                    break
            except DataNotFound:
                break  # this source has only part of the chain and cannot tell
            yield newest.height, store.forget_from(chain, newest.height)


def _block_at(source: Blocks | Headers, height: int) -> BlockRef:
    return source.block_ref(height) if isinstance(source, Headers) else source.block(height).ref
