"""The tip of a run: every answer of a source that is alive belongs to it, as long as it is in the active chain."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from cryptotrace.errors import ChainReorganised, DataNotFound
from cryptotrace.model.block import Tip
from cryptotrace.sources.transport import at_tip

#: What ``hash_now`` gives where the active chain has no such block.
NOTHING = "nothing"


class TipWatch:
    """Looks whether the tip of a run still stands.

    Args:
        name: of the source.
        tip: what its run belongs to.
        hash_now: the hash of the active chain's block at a height, asked anew; ``NOTHING`` if there is none.
        every_s: how long the tip is trusted behind a good answer; 0 looks behind each, infinity (a recording) never.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        name: str,
        tip: Tip,
        hash_now: Callable[[int], str],
        every_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._tip = tip
        self._hash_now = hash_now
        self._every_s = every_s
        self._clock = clock
        self._checked_at = clock()

    def answering(self) -> AbstractContextManager[None]:
        """Within it the source answers for its tip; see ``at_tip``."""
        return at_tip(self._name, self._check, self._check_now)

    def require(self, height: int) -> None:
        """See that a height belongs to the run.

        Raises:
            DataNotFound: it is below 0 or above the tip.
        """
        if not 0 <= height <= self._tip.height:
            raise DataNotFound(
                f"{self._name} has no block at height {height}; the tip of this run is {self._tip.height}"
            )

    def _check(self) -> None:
        if self._clock() - self._checked_at >= self._every_s:
            self._check_now()

    def _check_now(self) -> None:
        if math.isinf(self._every_s):
            return  # the active chain of a recording does not change
        self._checked_at = self._clock()
        found = self._hash_now(self._tip.height)
        if found != self._tip.hash:
            raise ChainReorganised(
                f"{self._name}: at height {self._tip.height} the active chain now has {found}, not the tip "
                f"{self._tip.hash} of this run; open the source again"
            )
