"""Evidence of sources that hold a chain themselves.

Bytes are recorded when they are first used, and so is what follows from the whole (that nobody spends an output, say),
as a statement with the status ``derived``.
"""

from __future__ import annotations

from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.block import BlockRef, Tip


class Used:
    """What was used of a chain that is held, each thing recorded once.

    Args:
        recorder: takes the bytes.
        name: how the source is called in evidence.
        tip: the tip that the answers belong to.
    """

    def __init__(self, recorder: Recorder, name: str, tip: Tip) -> None:
        self._recorder = recorder
        self._name = name
        self._tip = tip
        self._digests: dict[str, str] = {}

    def block(self, ref: BlockRef, raw: bytes, where: str = "") -> str:
        """Digest of a block's bytes; ``where`` names file and offset."""
        return self._record(f"block {ref.hash} height {ref.height}{where}", raw, "ok")

    def transaction(self, txid: str, raw: bytes) -> str:
        """Digest of the bytes of a transaction that is in no block that is held."""
        return self._record(f"transaction {txid}", raw, "ok")

    def statement(self, request: str, value: object) -> str:
        """Digest of a statement about everything that is held."""
        if request in self._digests:
            return self._digests[request]
        tip = {"height": self._tip.height, "hash": self._tip.hash}
        return self._record(request, canonical_json({"request": request, "answer": value, "tip": tip}), "derived")

    def _record(self, request: str, raw: bytes, status: str) -> str:
        if request not in self._digests:
            self._digests[request] = self._recorder.record(
                raw, source=self._name, request=request, tip=self._tip, status=status
            )
        return self._digests[request]
