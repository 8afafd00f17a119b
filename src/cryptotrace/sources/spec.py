"""Source specifications: what is written in ``case.toml`` and on the command line.

``blocks:PATH`` · ``rpc:URL`` · ``esplora:URL`` · ``electrum:HOST:PORT`` · ``electrum+tls:HOST:PORT`` · ``json:PATH`` ·
``csv:PATH`` · ``recorded:FOLDER`` · ``ipc:PATH`` · ``trongrid:URL`` · ``fullnode:URL`` ·
``etherscan:URL`` · ``blockscout:URL`` · ``etl:PATH``. Options follow after ``?``, as in a URL. Keys are never in a
specification, only the names of the environment variables that hold them; what looks like a key in a path or an option
is refused (``cryptotrace.sources.speckeys`` says what does)::

    rpc:http://127.0.0.1:8332?auth=env:NODE_AUTH          NODE_AUTH holds user:password
    rpc:http://127.0.0.1:8332?cookie=/home/me/.bitcoin/.cookie
    esplora:https://explorer.example/api?token=env:TOKEN   sent as "Authorization: Bearer ..."
    esplora:https://explorer.example/api?header=X-Api-Key:env:KEY
    trongrid:https://api.trongrid.io?header=TRON-PRO-API-KEY:env:KEY
    etherscan:https://api.etherscan.io/v2/api?key=env:KEY  sent as &apikey=..., with the chain's id as &chainid=...
    rpc:https://node.example/v3?path=env:KEY               sent to https://node.example/v3/...
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit

from cryptotrace.errors import ConfigurationError
from cryptotrace.sources.speckeys import looks_like_key, without_keys

_FORM = re.compile(r"(?P<kind>[a-z+]+):(?P<rest>.*)", re.DOTALL)
_COMMON_HTTP = frozenset({"proxy", "timeout", "rate", "retries"})
#: What only nodes of EVM chains have: keys in a header or behind the address, and how much is asked at once.
EVM_HTTP = frozenset({"token", "header", "path", "batch"})
#: What a run over such a node is told: its tip, how far blocks are read one by one, and whether receipts are proved.
EVM_NODE = frozenset({"tip", "scan", "proof"})
#: Options of each kind of source.
OPTIONS: dict[str, frozenset[str]] = {
    "blocks": frozenset({"height"}),
    "rpc": _COMMON_HTTP | {"auth", "cookie"} | EVM_HTTP | EVM_NODE,
    "ipc": frozenset({"timeout"}) | EVM_NODE,
    "esplora": _COMMON_HTTP | {"token", "header"},
    "etherscan": _COMMON_HTTP | {"key", "chainid"},
    "blockscout": _COMMON_HTTP | {"key"},
    "etl": frozenset(),
    "trongrid": _COMMON_HTTP | {"token", "header"},
    "fullnode": _COMMON_HTTP | {"token", "header", "internals"},
    "electrum": frozenset({"timeout", "retries"}),
    "electrum+tls": frozenset({"timeout", "retries", "ca"}),
    "json": frozenset(),
    "csv": frozenset({"decimals"}),
    "memory": frozenset(),
    "recorded": frozenset({"source"}),
}
#: Kinds whose location is a file or a folder.
PATH_KINDS = frozenset({"blocks", "json", "csv", "etl", "recorded", "ipc"})
#: Kinds whose location is the URL of a server: its host is admitted before it is asked.
URL_KINDS = frozenset({"rpc", "esplora", "trongrid", "fullnode", "etherscan", "blockscout"})
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._~-]+)?\]|[^\[\]%@:]+)(:[0-9]*)?")
#: Options that name the environment variable with a key.
_KEY_OPTIONS = frozenset({"auth", "token", "path", "key"})
#: Options that are looked at by themselves, and a file: where somebody keeps it may look like anything.
_UNCHECKED = _KEY_OPTIONS | {"proxy", "cookie"}
_ENVIRONMENT = re.compile(r"env:(?P<name>[A-Za-z_][A-Za-z0-9_]*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Spec:
    """A source specification, taken apart. It holds no secret."""

    kind: str
    """``blocks``, ``rpc``, ``esplora`` ..."""
    location: str
    """Path, URL or ``host:port``."""
    options: tuple[tuple[str, str], ...] = ()
    """What follows after ``?``, in order."""

    @property
    def name(self) -> str:
        """How the source is called in evidence: without its options, and of a path only the last part.

        Where a person keeps a file is nobody else's business, and a report must not depend on it.
        """
        return f"{self.kind}:{Path(self.location).name if self.is_path else self.location}"

    @property
    def is_path(self) -> bool:
        """True if the location is a file or a folder."""
        return self.kind in PATH_KINDS

    def option(self, key: str) -> str | None:
        """The value of an option, or None."""
        return dict(self.options).get(key)

    def number(self, key: str, default: int, least: int = 0) -> int:
        """The value of an option that is a whole number.

        Raises:
            ConfigurationError: it is not one, or below ``least``.
        """
        text = self.option(key)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 12) or int(text) < least:
            raise ConfigurationError(f"{self.name}: option {key}={text!r} must be a whole number from {least}")
        return int(text)


def parse_spec(text: str) -> Spec:
    """Take a specification apart.

    Raises:
        ConfigurationError: an unknown kind or option, or a literal password; the message shows the right way.
    """
    match = _FORM.fullmatch(text.strip())
    if match is not None and match["kind"] in {"http", "https"}:
        raise ConfigurationError(
            f"{_hide(text)!r} says where, not what kind of server it is; write the kind before it: rpc: for a node, or "
            "trongrid:, etherscan:, esplora: ..."
        )
    if match is None or match["kind"] not in OPTIONS:
        raise ConfigurationError(
            f"{_hide(text)!r} is not a source; expected one of {', '.join(f'{kind}:' for kind in OPTIONS)} "
            "followed by a path, a URL or host:port"
        )
    location, _, query = match["rest"].partition("?")
    spec = Spec(match["kind"], location, _options(match["kind"], query, text))
    if spec.kind != "memory" and not location:
        raise ConfigurationError(f"{spec.kind}: needs a path, a URL or host:port after the colon")
    if spec.kind in URL_KINDS:
        _check_url(spec)
    return spec


def secret(reference: str, spec: Spec, option: str) -> str:
    """The value of the environment variable that ``env:NAME`` names.

    Raises:
        ConfigurationError: not of that form, or the variable is not set.
    """
    match = _ENVIRONMENT.fullmatch(reference)
    if match is None:
        raise ConfigurationError(
            f"{spec.name}: option {option} must name an environment variable, {option}=env:NAME; "
            "a key itself is never written into a specification"
        )
    value = os.environ.get(match["name"], "").strip()
    if not value:
        raise ConfigurationError(
            f"{spec.name}: the environment variable {match['name']} is not set; set it and try again"
        )
    if not (value.isascii() and value.isprintable()):
        raise ConfigurationError(
            f"{spec.name}: the environment variable {match['name']} holds a character that a key cannot have; "
            "only printable ASCII can be sent"
        )
    return value


def basic_auth(spec: Spec) -> tuple[str, str] | None:
    """User and password for an RPC source from ``auth`` or ``cookie``; None if neither is given.

    Raises:
        ConfigurationError: the variable is not set, the file cannot be read, or it has no ``user:password``.
    """
    if (reference := spec.option("auth")) is not None:
        text = secret(reference, spec, "auth")
    elif (cookie := spec.option("cookie")) is not None:
        try:
            text = Path(cookie).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{spec.name}: the cookie file {cookie} cannot be read: {error}") from error
    else:
        return None
    user, colon, password = text.partition(":")
    if not colon:
        raise ConfigurationError(f"{spec.name}: expected user:password in what auth or cookie names")
    return user, password


def http_headers(spec: Spec) -> dict[str, str]:
    """Headers with the keys of an HTTP source, from ``token`` and ``header``.

    Raises:
        ConfigurationError: a variable is not set, or ``header`` is not of the form ``Name:env:NAME``.
    """
    headers = {}
    if (token := spec.option("token")) is not None:
        headers["Authorization"] = f"Bearer {secret(token, spec, 'token')}"
    if (header := spec.option("header")) is not None:
        name, _, reference = header.partition(":")
        if not re.fullmatch(r"[A-Za-z0-9-]+", name):
            raise ConfigurationError(f"{spec.name}: write header=Name:env:NAME")
        headers[name] = secret(reference, spec, "header")
    return headers


def refuse_options(spec: Spec, options: frozenset[str], family: str) -> None:
    """See that a source is given none of ``options``, which its kind has for chains of another family only.

    Raises:
        ConfigurationError: it is; an option that does nothing would be believed.
    """
    for key, _ in spec.options:
        if key in options:
            raise ConfigurationError(f"{spec.name}: option {key} means nothing for {family}; leave it out")


def host_and_port(spec: Spec) -> tuple[str, int]:
    """Host and port of an Electrum source.

    Raises:
        ConfigurationError: not ``host:port``.
    """
    host, _, port = spec.location.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and len(port) < 6) or not 0 < int(port) < 65536:
        raise ConfigurationError(f"{spec.name}: expected {spec.kind}:HOST:PORT")
    return host.strip("[]"), int(port)


def hosts_of(spec: Spec) -> tuple[str, ...]:
    """The hosts that see what a source is asked, a proxy among them; none for files.

    Raises:
        ConfigurationError: an Electrum source that is not ``host:port``.
    """
    if spec.kind.startswith("electrum"):
        return (host_and_port(spec)[0],)
    urls = [spec.location] if spec.kind in URL_KINDS else []
    if (proxy := spec.option("proxy")) is not None:
        urls.append(proxy)
    return tuple(urlsplit(url).hostname or "" for url in urls)


def _options(kind: str, query: str, text: str) -> tuple[tuple[str, str], ...]:
    try:
        options = tuple(parse_qsl(query, keep_blank_values=True, strict_parsing=True)) if query else ()
    except ValueError as error:
        raise ConfigurationError(f"{_hide(text)!r}: write options as ?name=value&name=value") from error
    for key, value in options:
        if key in ("password", "pass", "key", "apikey", "api_key", "secret") and key not in OPTIONS[kind]:
            raise ConfigurationError(
                f"{kind}: the option {key} would write a key into the case; put it into an environment variable and "
                f"write {'auth' if kind == 'rpc' else 'key' if 'key' in OPTIONS[kind] else 'token'}=env:NAME"
            )
        if key not in OPTIONS[kind]:
            known = ", ".join(sorted(OPTIONS[kind])) or "none"
            raise ConfigurationError(f"{kind}: has no option {key}; known: {known}")
        if key == "proxy":
            _check_proxy(kind, value)
        if key in _KEY_OPTIONS and not _ENVIRONMENT.fullmatch(value):
            raise ConfigurationError(
                f"{kind}: {key} must name an environment variable, {key}=env:NAME; "
                "a key itself is never written into a specification"
            )
        if kind in URL_KINDS and key not in _UNCHECKED:
            _check_value(kind, key, value)
    return options


def _right_way(kind: str) -> str:
    """How a source of that kind is given its key."""
    ways = [f"{name}=env:NAME" for name in ("path", "key", "token") if name in OPTIONS[kind]]
    return " or ".join([*ways, *(["header=Name:env:NAME"] if "header" in OPTIONS[kind] else [])])


def _check_value(kind: str, key: str, value: str) -> None:
    """See that the value of an option is no key, but the name of a variable that holds one."""
    reference = value.partition(":")[2] if key == "header" else value
    if not _ENVIRONMENT.fullmatch(reference) and looks_like_key(value):
        raise ConfigurationError(
            f"{kind}: what option {key} says looks like a key, which would be written into the case; put it into an "
            f"environment variable and write {_right_way(kind)}"
        )


def _url_parts(url: str, schemes: tuple[str, ...]) -> SplitResult | None:
    """The parts of a URL of which every reader sees the same host; None if it is none."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return None
    host = parts.netloc.rpartition("@")[2]
    if not port_is_fine or parts.scheme not in schemes or not parts.hostname or parts.fragment:
        return None
    return parts if _HOST.fullmatch(host) and url.isprintable() and "\\" not in url else None


def _check_proxy(kind: str, url: str) -> None:
    parts = _url_parts(url, ("http", "https", "socks5", "socks5h"))
    if parts is None:
        raise ConfigurationError(f"{kind}: expected a proxy such as proxy=socks5h://127.0.0.1:9050")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(
            f"{kind}: credentials of a proxy would be written into the case; use a proxy without, on this machine"
        )
    if looks_like_key(parts.path) or looks_like_key(parts.query):
        raise ConfigurationError(f"{kind}: the URL of the proxy holds what looks like a key; use a proxy without")


def _check_url(spec: Spec) -> None:
    parts = _url_parts(spec.location, ("http", "https"))
    if parts is None:
        raise ConfigurationError(f"{spec.kind}: expected a URL such as {spec.kind}:http://127.0.0.1:8332")
    if parts.username is not None or parts.password is not None:
        how = "auth=env:NAME (the variable holds user:password)" if spec.kind == "rpc" else "token=env:NAME"
        raise ConfigurationError(f"{spec.kind}: credentials do not belong into the URL; write ?{how}")
    for place, segment in enumerate(parts.path.strip("/").split("/"), 1):
        if looks_like_key(segment):
            raise ConfigurationError(
                f"{spec.kind}: part {place} of the path at {parts.hostname} looks like a key, which would be written "
                f"into the case and its evidence; put it into an environment variable, leave it out of the URL and "
                f"write {_right_way(spec.kind)}"
            )


def _hide(text: str) -> str:
    """Enough of a specification to recognise it, without what might be a key."""
    return without_keys(text.partition("?")[0].rpartition("@")[2])[:60]
