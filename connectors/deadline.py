"""A deadline for a whole request, headers and trickling bodies included.

The timeouts of sockets are per read: one byte every half second never meets them. A watchdog thread shuts the
connection down when the time is up; the blocked read then ends at once.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from connectors.vetting import Reach


class Connected(Protocol):
    """What stands on a socket."""

    def fileno(self) -> int: ...


class Watchdog:
    """Watches the connection of one session; `barked` tells that the last deadline passed."""

    def __init__(self) -> None:
        self.barked = False
        self._watched: socket.socket | None = None
        self._lock = threading.Lock()

    def follow(self, connection: Connected) -> None:
        """Watch a new connection, through a descriptor of our own: TLS takes over the original one."""
        with self._lock:
            if self._watched is not None:
                self._watched.close()
            self._watched = socket.socket(fileno=os.dup(connection.fileno()))
            if self.barked:
                self._shut()

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Shut the connection down if the block lasts longer than `seconds`."""
        self.barked = False
        timer = threading.Timer(seconds, self._bark)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def close(self) -> None:
        with self._lock:
            if self._watched is not None:
                self._watched.close()
                self._watched = None

    def _bark(self) -> None:
        with self._lock:
            self.barked = True
            self._shut()

    def _shut(self) -> None:
        if self._watched is not None:
            with contextlib.suppress(OSError):  # already gone
                self._watched.shutdown(socket.SHUT_RDWR)


class WatchedAdapter(HTTPAdapter):
    """An adapter whose connections go to vetted addresses and are watched, and which never retries by itself."""

    def __init__(self, watchdog: Watchdog, reach: Reach) -> None:
        self._connections = _watched_connections(watchdog, reach)
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = self._connections[pool.scheme or "http"]
        watched: HTTPConnectionPool = pool
        return watched


def _watched_connections(watchdog: Watchdog, reach: Reach) -> dict[str, Any]:
    def connect(connection: Any, plain: Callable[[], socket.socket]) -> socket.socket:
        """Resolve and vet the name here, then connect to the very address that was vetted."""
        name = connection.host
        failure: Exception = OSError("no address")
        for address in reach.resolve(name, connection.port):
            connection.host = address
            try:
                made = plain()
            except (OSError, HTTPError) as error:
                failure = error
                continue
            finally:
                connection.host = name  # SNI, certificate and Host keep the name
            watchdog.follow(made)
            return made
        raise failure

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self, super()._new_conn)

    class Tls(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self, super()._new_conn)

    return {"http": Plain, "https": Tls}
