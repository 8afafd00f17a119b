"""Everything that is put under fire, as (name, function) pairs. Add yours here."""

from __future__ import annotations

from tests.fuzz import bitcoin_bytes
from tests.fuzz.run import Target

TARGETS: list[tuple[str, Target]] = [
    ("bitcoin-transaction", bitcoin_bytes.fuzz_transaction),
    ("bitcoin-block", bitcoin_bytes.fuzz_block),
    ("bitcoin-script", bitcoin_bytes.fuzz_script),
    ("bitcoin-address", bitcoin_bytes.fuzz_address),
    ("bitcoin-merkle-branch", bitcoin_bytes.fuzz_merkle_proof),
    ("bitcoin-merkle-block", bitcoin_bytes.fuzz_merkle_block),
]
