"""Follow claimed cryptocurrency through real blocks and print documents in which every figure leads back to a txid.

``import cryptotrace as ct`` gives every name of ``cryptotrace.api``; they are loaded when they are first used.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from cryptotrace.api import *  # noqa: F403


def __getattr__(name: str) -> Any:
    import importlib

    if name.startswith("_"):
        raise AttributeError(f"module 'cryptotrace' has no attribute {name!r}")
    api = importlib.import_module("cryptotrace.api")
    try:
        return api.__dict__[name] if name in api.__all__ else _missing(name)
    except KeyError:
        return _missing(name)


def _missing(name: str) -> Any:
    raise AttributeError(f"module 'cryptotrace' has no attribute {name!r}")


def __dir__() -> list[str]:
    import importlib

    return sorted(importlib.import_module("cryptotrace.api").__all__)
