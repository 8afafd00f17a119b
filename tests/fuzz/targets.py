"""Everything that is put under fire, as (name, function) pairs. Add yours here."""

from __future__ import annotations

from tests.fuzz import bitcoin_bytes, evm_bytes, files, tron_bytes
from tests.fuzz.run import Target

TARGETS: list[tuple[str, Target]] = [
    ("bitcoin-transaction", bitcoin_bytes.fuzz_transaction),
    ("bitcoin-block", bitcoin_bytes.fuzz_block),
    ("bitcoin-script", bitcoin_bytes.fuzz_script),
    ("bitcoin-address", bitcoin_bytes.fuzz_address),
    ("bitcoin-merkle-branch", bitcoin_bytes.fuzz_merkle_proof),
    ("bitcoin-merkle-block", bitcoin_bytes.fuzz_merkle_block),
    ("tron-transaction", tron_bytes.fuzz_transaction),
    ("tron-header", tron_bytes.fuzz_header),
    ("tron-address", tron_bytes.fuzz_address),
    ("tron-merkle-branch", tron_bytes.fuzz_merkle_proof),
    ("evm-transaction", evm_bytes.fuzz_transaction),
    ("evm-header-receipt", evm_bytes.fuzz_header_and_receipt),
    ("evm-proof", evm_bytes.fuzz_proof),
    ("evm-abi", evm_bytes.fuzz_abi),
    ("evm-told", evm_bytes.fuzz_told),
    ("ledger-file", files.fuzz_ledger_file),
    ("tagpack", files.fuzz_tagpack),
    ("case-file", files.fuzz_case_file),
    ("csv", files.fuzz_csv),
    ("json", files.fuzz_json),
    ("block-file", files.fuzz_block_file),
    ("evidence", files.fuzz_evidence),
    ("specification", files.fuzz_specification),
]
