"""Which addresses a source may make us talk to: listed hosts, and public addresses unless a network is listed.

A name is resolved once per connection and the connection goes to the very address that was vetted, so a name that
changes its mind (DNS rebinding) gains nothing; SNI and `Host` keep the name.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}
_LOOPBACK_NAMES = {"localhost"}

Origin = tuple[str, str, int]


class UnsafeAddressError(Exception):
    """The address is not one that this source may reach. Not an `OSError`: no retry mends it."""


def is_loopback(host: str) -> bool:
    """Whether a host, as written, is this very machine."""
    if host in _LOOPBACK_NAMES:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: str) -> Origin:
    """Scheme, host and port of a URL. Raises `UnsafeAddressError` for what is no plain https or http address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnsafeAddressError("not a URL") from None
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme not in _PORTS or not host:
        raise UnsafeAddressError(f"scheme '{parts.scheme[:10]}'")
    if parts.username is not None or parts.password is not None:
        raise UnsafeAddressError("user and password in the address")
    if parts.scheme == "http" and not is_loopback(host):
        raise UnsafeAddressError("http without TLS")
    return parts.scheme, host, port or _PORTS[parts.scheme]


@dataclass(frozen=True)
class Reach:
    """What one source may reach."""

    origins: frozenset[Origin]
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def check(self, url: str) -> None:
        """Raise `UnsafeAddressError` unless the URL's scheme, host and port are listed."""
        there = origin(url)
        if there not in self.origins:
            raise UnsafeAddressError(f"host '{there[1][:80]}'")

    def resolve(self, host: str, port: int) -> list[str]:
        """Addresses of a host, all of them vetted. Raises `UnsafeAddressError`, or `OSError` for an unknown name."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
        for address in addresses:
            if not (is_loopback(host) and ip_address(address).is_loopback) and not self._safe(ip_address(address)):
                raise UnsafeAddressError(f"{host[:80]} → {address}")
        return addresses

    def refuses(self, url: str) -> bool:
        """Whether the URL names an address, not a host, that may not be connected: no resolving will mend it."""
        return self.refuses_host(origin(url)[1])

    def refuses_host(self, host: str) -> bool:
        """As `refuses`, for a host alone."""
        try:
            return not is_loopback(host) and not self._safe(ip_address(host))
        except ValueError:
            return False

    def _safe(self, address: IPv4Address | IPv6Address) -> bool:
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        real = mapped or address
        return (real.is_global and not real.is_multicast) or any(real in network for network in self.networks)


def reach(urls: Iterable[str], hosts: Iterable[str] = (), networks: Iterable[str] = ()) -> Reach:
    """The reach of a source: the addresses written in its YAML, further hosts (https), and listed networks."""
    origins = {origin(url) for url in urls} | {origin(f"https://{host}") for host in hosts}
    return Reach(frozenset(origins), tuple(ip_network(network) for network in networks))
