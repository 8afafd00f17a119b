"""Events as TronGrid tells them, decoded by name, made into the topics and the data that they were.

Source: TronGrid API document, "Events"; Solidity documentation, "Contract ABI Specification", "Events".
"""

from __future__ import annotations

import re

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.tron.address import bytes_of
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.tron.nodejson import read_address

_FORM = re.compile(r"(?P<name>[A-Za-z_$][\w$]*)\((?P<arguments>[^()]*)\)", re.ASCII)
_FIXED = re.compile(r"(?P<kind>address|bool|u?int|bytes)(?P<size>\d*)", re.ASCII)
#: Events that are asked for by name. TronGrid takes no topics, only names, and a topic does not tell its name.
_NAMED = (
    "Transfer(address,address,uint256)",
    "Approval(address,address,uint256)",
    "Issue(uint256)",
    "Redeem(uint256)",
    "AddedBlackList(address)",
    "RemovedBlackList(address)",
    "DestroyedBlackFunds(address,uint256)",
    "BlockPlaced(address)",
    "BlockReleased(address)",
    "DestroyedBlockedFunds(address,uint256)",
    "Blacklisted(address)",
    "UnBlacklisted(address)",
    "Deposit(address,uint256)",
    "Withdrawal(address,uint256)",
)
_NAMES = {keccak256(each.encode("ascii")): each.partition("(")[0] for each in _NAMED}


def name_of(topic: bytes | None) -> str | None:
    """The name under which TronGrid lists the event of a first topic; None if it is not known here."""
    return None if topic is None else _NAMES.get(topic)


def rebuilt(row: Field) -> tuple[tuple[bytes, ...], bytes] | None:
    """Topics and data of an event row; None where its arguments do not tell them (texts, lists, an unknown form).

    Raises:
        MalformedBytes: a value that its type cannot have.
    """
    told = row["event"]
    match = None if told.is_null else _FORM.fullmatch(told.text())
    if match is None:
        return None
    arguments = [each.split() for each in match["arguments"].split(",") if each.strip()]
    kinds = [_full_name(words[0]) for words in arguments]
    topics = [keccak256(f"{match['name']}({','.join(kinds)})".encode("ascii"))]
    data = b""
    for place, (kind, words) in enumerate(zip(kinds, arguments, strict=True)):
        word = _word(kind, row["result"][str(place)])
        if word is None:
            return None
        if "indexed" in words[1:]:
            topics.append(word)
        else:
            data += word
    return tuple(topics), data


def _full_name(kind: str) -> str:
    return f"{kind}256" if kind in ("uint", "int") else kind


def _word(kind: str, value: Field) -> bytes | None:
    match = _FIXED.fullmatch(kind)
    if match is None or value.is_null:
        return None
    if match["kind"] == "address":
        return bytes(12) + bytes_of(read_address(value))
    text = str(value.value).lower()
    if match["kind"] == "bool":
        return {"true": 1, "false": 0}[text].to_bytes(32, "big") if text in ("true", "false") else None
    if match["kind"] == "bytes":
        return _bytes_word(text.removeprefix("0x"), match["size"])
    if not re.fullmatch(r"-?[0-9]{1,78}", text, re.ASCII):
        raise value.refuse(f"a number of the type {kind}")
    number = int(text)
    low, high = (0, 2**256) if match["kind"] == "uint" else (-(2**255), 2**255)
    if not low <= number < high:
        raise value.refuse(f"a number of the type {kind}")
    return (number % 2**256).to_bytes(32, "big")


def _bytes_word(digits: str, size: str) -> bytes | None:
    if not size or len(digits) != 2 * int(size) or not re.fullmatch(r"[0-9a-f]+", digits, re.ASCII):
        return None
    return bytes.fromhex(digits).ljust(32, b"\0")
