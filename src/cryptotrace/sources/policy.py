"""Whom a case may ask: own nodes only, or public servers, which learn what is asked."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptotrace.errors import PublicSourceRefused

_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


def _silent(text: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Which hosts may be asked, and where warnings and progress go."""

    own_nodes_only: bool = False
    """Refuse every public host before the first query."""
    own_hosts: tuple[str, ...] = ()
    """Names or addresses of own hosts that do not look like it (a node under a public name)."""
    notice: Callable[[str], None] = _silent
    """Takes one line about the first use of each public host."""
    progress: Callable[[int, int], None] | None = None
    """Called with (files read, files to read) while a source reads files of its own."""
    _told: set[str] = field(default_factory=set, repr=False, compare=False)

    def admit(self, host: str, name: str) -> None:
        """Let a source of that host be used, or refuse it. Nothing is looked up or sent.

        Raises:
            PublicSourceRefused: the case is set to own nodes only and the host is not known to be one's own.
        """
        if self.is_own(host):
            return
        if self.own_nodes_only:
            raise PublicSourceRefused(
                f"{name} is a public source and the case is set to own nodes only; use an own node, or add {host!r} to "
                "own_hosts if it is one"
            )
        if host not in self._told:
            self._told.add(host)
            self.notice(
                f"{name} is a public source: whoever runs it learns which addresses and transactions are asked for"
            )

    def is_own(self, host: str) -> bool:
        """True for loopback, private and link-local addresses, ``localhost`` and the listed hosts."""
        bare = host.strip("[]").lower()
        names = {own.strip("[]").removesuffix(".").lower() for own in self.own_hosts} | {"localhost"}
        if bare.removesuffix(".") in names:
            return True
        try:
            address = ipaddress.ip_address(bare.partition("%")[0] if ":" in bare else bare)
        except ValueError:
            return False  # a name: who answers to it is not known before it is asked
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return address.is_loopback or address.is_link_local or any(address in own for own in _PRIVATE)
