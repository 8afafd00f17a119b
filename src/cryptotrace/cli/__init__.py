"""The command line over ``Case``. No logic: each command calls what a script would call.

Exit codes: 0 done, 1 the answer is no, 2 wrong use or input that cannot be read, 3 a source failed, 70 a bug of ours.
"""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: without the program's name; those of the process if None.

    Returns:
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):  # a console with another code page must not lose a Cyrillic letter
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    from cryptotrace.cli.parser import make_parser
    from cryptotrace.errors import CryptotraceError, SourceError

    parsed = make_parser().parse_args(arguments)
    try:
        answer: int | None = parsed.run(parsed)
    except SourceError as error:
        return _fail(parsed, error, 3)
    except CryptotraceError as error:
        return _fail(parsed, error, 2)
    except KeyboardInterrupt:
        return _stopped()
    except BrokenPipeError:
        return 0
    except Exception as error:
        return _unforeseen(parsed, error)
    return answer or 0


def _unforeseen(parsed: argparse.Namespace, error: Exception) -> int:
    if "Query interrupted" in str(error):  # what the store makes of Ctrl-C
        return _stopped()
    if parsed.debug:
        raise error
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        print(f"cryptotrace: the output cannot be written: {error.strerror}; free space", file=sys.stderr)
        return 2
    print(f"cryptotrace: a bug of ours: {type(error).__name__}: {error}", file=sys.stderr)
    print("Run again with --debug before the command and send what it prints.", file=sys.stderr)
    return 70


def _stopped() -> int:
    print("stopped; what was fetched is kept, run the same command again to go on", file=sys.stderr)
    return 130


def _fail(parsed: argparse.Namespace, error: Exception, code: int) -> int:
    if parsed.debug:
        raise error
    print(f"cryptotrace: {error}", file=sys.stderr)
    return code
