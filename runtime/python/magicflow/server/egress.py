"""Which addresses the server may connect to on behalf of workflows.

The address that is connected to decides, not the name: it is resolved once, checked,
and that very address is used, so a name cannot change its meaning in between.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpcore

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class EgressRefused(Exception):
    """The policy does not allow a connection to this address."""


class EgressPolicy:
    """Public addresses are allowed, all others (loopback, private, link-local, …) only
    when `allow` has their network (`10.0.0.0/8`) or `host:port`."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        self._hosts: set[tuple[str, int]] = set()
        for entry in allow:
            try:
                self._networks.append(ipaddress.ip_network(entry))
            except ValueError:
                host, _, port = entry.rpartition(":")
                if not host or not port.isdigit():
                    raise ValueError(
                        f"`{entry}` is neither a network nor `host:port`"
                    ) from None
                self._hosts.add((host.strip("[]"), int(port)))

    def allows(self, host: str, address: str, port: int) -> bool:
        if (host, port) in self._hosts:
            return True
        ip: Address = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(ip, "ipv4_mapped", None)
        if mapped is not None:
            ip = mapped
        if any(ip.version == n.version and ip in n for n in self._networks):
            return True
        return ip.is_global and not ip.is_multicast

    async def resolve(self, host: str, port: int) -> str:
        """An allowed address of the host. Raises EgressRefused, OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            if self.allows(host, address, port):
                return address
        raise EgressRefused(
            f"connections to {host}:{port} ({', '.join(addresses[:3])}) are not allowed"
        )


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """httpcore's network, with the policy at the only place where it connects."""

    def __init__(self, policy: EgressPolicy) -> None:
        self._policy = policy
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            address = await asyncio.wait_for(self._policy.resolve(host, port), timeout)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(
                "the name was not resolved in time"
            ) from error
        except OSError as error:
            raise httpcore.ConnectError(f"{host}: {error}") from error
        return await self._network.connect_tcp(
            address, port, timeout, local_address, socket_options
        )

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Any = None
    ) -> httpcore.AsyncNetworkStream:
        raise EgressRefused("unix sockets are not allowed")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
