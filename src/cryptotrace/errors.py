"""Every error the library raises on purpose, one tree.

::

    CryptotraceError
    ├── ModelError (ValueError)          a value that cannot be what it claims to be
    │   ├── InvalidIdentifier            CAIP-2 / CAIP-10 / CAIP-19 text, txid, outpoint
    │   ├── InvalidAmount                a float, digits below one base unit, a negative amount, two assets mixed
    │   └── UnbalancedTransaction        inputs do not equal outputs plus fee
    ├── ChainError (ValueError)          bytes of a chain that do not mean what they should
    │   ├── MalformedBytes               truncated, oversized or trailing bytes; carries the offset
    │   ├── InvalidAddress               wrong checksum, wrong network, look-alike letters
    │   ├── ProofRefused                 a Merkle branch, header or work that does not verify
    │   └── UnsupportedChain             a chain or block format that this version does not read, by name
    ├── EvidenceError                    the archive or the custody log is damaged or was altered
    ├── SourceError                      the outside did not answer as it should
    │   ├── SourceUnavailable            no network, time-out, 429 or 5xx after every retry
    │   ├── SourceLied                   an answer that contradicts its own bytes or another answer
    │   ├── DataNotFound (LookupError)   the source answered: it does not have this
    │   ├── ChainReorganised             the tip that this run belongs to has left the active chain
    │   ├── NotSupported                 this kind of source cannot answer this kind of question
    │   └── PublicSourceRefused          the case is set to own nodes only
    ├── LedgerError                      the case's store
    │   └── StoreLocked                  another process has the case open
    ├── AttributionError (ValueError)    a TagPack that cannot be read
    ├── TracingError                     a trace that cannot be computed
    │   ├── InsufficientBalance          an account pays out more than it is known to hold
    │   └── UnknownRule (ValueError)     no such tracing rule, or not for this kind of ledger
    ├── LedgerFileError (ValueError)     a file that is not of the schema cryptotrace-taint-vectors/1
    ├── ReportError                      a document that cannot be produced
    └── CaseError                        a case folder that cannot be created, opened or used so
        └── ConfigurationError (ValueError)  case.toml or a source specification

A message says what was wrong, where (source, height, byte offset, field), and what to do next.
"""

from __future__ import annotations


class CryptotraceError(Exception):
    """Root of every error that the library raises on purpose."""


class ModelError(CryptotraceError, ValueError):
    """A value that cannot be what it claims to be."""


class InvalidIdentifier(ModelError):
    """A CAIP-2, CAIP-10 or CAIP-19 text, a txid or an outpoint that is not well formed."""


class InvalidAmount(ModelError):
    """A float, digits below one base unit, a negative amount, or two assets in one sum."""


class UnbalancedTransaction(ModelError):
    """The inputs of a transaction do not equal its outputs plus its fee."""


class ChainError(CryptotraceError, ValueError):
    """Bytes of a chain that do not mean what they should."""


class MalformedBytes(ChainError):
    """Truncated, oversized or trailing bytes.

    Attributes:
        offset: position of the first byte that could not be used, counted from the start of the given bytes.
        field: name of the field that was being read.
    """

    def __init__(self, message: str, *, offset: int, field: str) -> None:
        super().__init__(f"{message} (field {field}, byte offset {offset})")
        self.offset = offset
        self.field = field


class InvalidAddress(ChainError):
    """An address with a wrong checksum, of another network, or with look-alike letters."""


class ProofRefused(ChainError):
    """A Merkle branch, a header or its work that does not verify."""


class UnsupportedChain(ChainError):
    """A chain or a block format that this version does not read."""


class EvidenceError(CryptotraceError):
    """The archive of raw answers or the custody log is damaged or was altered."""


class SourceError(CryptotraceError):
    """The outside did not answer as it should."""


class SourceUnavailable(SourceError):
    """No network, a time-out, or 429 / 5xx after every retry."""


class SourceLied(SourceError):
    """An answer that contradicts its own bytes, or another answer about the same thing."""


class DataNotFound(SourceError, LookupError):
    """The source answered, and does not have what was asked for."""


class ChainReorganised(SourceError):
    """The tip that this run belongs to has left the active chain: open the source again."""


class NotSupported(SourceError):
    """This kind of source cannot answer this kind of question; the message names those that can."""


class PublicSourceRefused(SourceError):
    """The case is set to own nodes only, and this source is a public one."""


class LedgerError(CryptotraceError):
    """The case's store cannot be used, or refuses what it was given."""


class StoreLocked(LedgerError):
    """Another process has the case open."""


class AttributionError(CryptotraceError, ValueError):
    """A TagPack that cannot be read."""


class TracingError(CryptotraceError):
    """A trace that cannot be computed as asked."""


class InsufficientBalance(TracingError):
    """An account pays out more than it is known to hold; nothing is filled in silently."""


class UnknownRule(TracingError, ValueError):
    """No such tracing rule, or not one for this kind of ledger."""


class LedgerFileError(CryptotraceError, ValueError):
    """A file that is not of the schema ``cryptotrace-taint-vectors/1``."""


class ReportError(CryptotraceError):
    """A document that cannot be produced as asked."""


class CaseError(CryptotraceError):
    """A case folder that cannot be created, opened or used so."""


class ConfigurationError(CaseError, ValueError):
    """``case.toml``, a setting or a source specification that cannot be used."""
