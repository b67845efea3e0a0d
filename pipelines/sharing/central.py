"""The PostgreSQL that workers share: who may write, in whose turn, and the journal of all of them.

Locks are PostgreSQL's advisory locks. They belong to a connection and go with it, so a killed worker leaves nothing to
clean up; the name of the connection tells a refused one who holds it.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from common.errors import ConfigurationError, LockedError, SourceError, Text
from connectors.credentials import reveal
from connectors.vetting import is_loopback
from pipelines import progress
from pipelines.sharing.model import Cluster

TURN = 0  # the lock of the one who builds and publishes; the others are assessment years
_SPACE = 0x647469
_MOST_LETTERS = 60  # PostgreSQL cuts names after 63 bytes
_ALIVE = (
    "set tcp_keepalives_idle = 30",
    "set tcp_keepalives_interval = 10",
    "set tcp_keepalives_count = 3",
    "set idle_session_timeout = 0",
)
_JOURNAL = """
create schema if not exists dti;
create table if not exists dti.journal (
    worker text, line integer, at timestamptz not null default now(), entry jsonb not null, primary key (worker, line)
)
"""
_HOLDER = """
select a.application_name, coalesce(host(a.client_addr), ''), a.backend_start::text
from pg_locks as l
inner join pg_stat_activity as a using (pid)
where l.locktype = 'advisory' and l.granted and l.classid = %s and l.objid = %s
    and l.database = (select oid from pg_database where datname = current_database())
"""
_MINE = """
select count(*) from pg_locks where locktype = 'advisory' and granted and pid = pg_backend_pid()
    and classid = %s and objid = %s
"""


def address(cluster: Cluster) -> dict[str, str]:
    """The catalog's address in libpq's words. Raises `ConfigurationError` for what is no address, and for one without
    verified TLS that leads off this machine."""
    name = cluster.catalog.secret
    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(reveal(cluster.catalog)).items()}
    except psycopg.ProgrammingError:
        raise _wrong_address(name, Text("không phải địa chỉ PostgreSQL", "is no address of PostgreSQL")) from None
    host = parts.get("host", "")
    if not (is_loopback(host) or host.startswith("/") or parts.get("sslmode") == "verify-full"):
        raise _wrong_address(name, Text("thiếu sslmode=verify-full", "lacks sslmode=verify-full"))
    return parts


def _wrong_address(name: str, what: Text) -> ConfigurationError:
    example = "postgresql://user:password@host/database?sslmode=verify-full"
    return ConfigurationError(
        "catalog-address",
        Text(f"{name} {what.vi}", f"{name} {what.en}"),
        hint=Text(f"ví dụ {example}", f"for example {example}"),
        where=name,
    )


def worker_name(root: Path) -> str:
    """How the journal tells workers apart: the machine and the folder."""
    return f"{socket.gethostname()}:{root}"


def connect(cluster: Cluster, command: str) -> psycopg.Connection[Any]:
    """A connection under the name of this process and command. Raises `SourceError` (exit 4)."""
    known = address(cluster)
    name = f"{socket.gethostname()[:20]}:{os.getpid()} {command}"[:_MOST_LETTERS]
    given = {"connect_timeout": "10", "keepalives_idle": "30", **known, "application_name": name}
    try:
        connection = psycopg.connect(make_conninfo(**given), autocommit=True)
        for statement in _ALIVE:
            connection.execute(statement)
    except psycopg.Error as error:
        raise unreachable(cluster, error) from None
    return connection


def unreachable(cluster: Cluster, error: Exception) -> SourceError:
    detail = (str(error).strip() or type(error).__name__).splitlines()[0]
    return SourceError(
        "catalog-unreachable",
        Text(f"không dùng được PostgreSQL chung: {detail}", f"the shared PostgreSQL is of no use: {detail}"),
        hint=Text("kiểm tra máy chủ rồi chạy lại; dti doctor", "check the server, then run this again; dti doctor"),
        where=cluster.catalog.secret,
    )


@dataclass
class Session:
    """One worker's connection, and the locks that it holds until it is closed."""

    cluster: Cluster
    command: str
    connection: psycopg.Connection[Any]
    held: set[int] = field(default_factory=set)

    def claim(self, years: Iterable[int]) -> None:
        """Take years; raise `LockedError` (exit 7) at once where another worker has one."""
        for year in sorted(set(years) - self.held):
            if not self._ask("select pg_try_advisory_lock(%s, %s)", year)[0][0]:
                raise self._refusal(year)
            self.held.add(year)

    def take_turn(self) -> None:
        """Wait until no other worker builds or publishes."""
        if TURN in self.held:
            return
        if not self._ask("select pg_try_advisory_lock(%s, %s)", TURN)[0][0]:
            who = self.holder(TURN).get("command", "?")
            progress.say(f"chờ '{who}' dựng và công bố xong …", f"waiting while '{who}' builds and publishes …")
            self._ask("select pg_advisory_lock(%s, %s)", TURN)
        self.held.add(TURN)

    def assert_turn(self) -> None:
        """Raise `LockedError` where the turn was lost with the connection, as after a failover of the server."""
        if TURN in self.held and self._ask(_MINE, TURN)[0][0]:
            return
        raise LockedError(
            "turn-lost",
            Text("không còn giữ lượt công bố", "the turn to publish is not held any more"),
            hint=Text("chạy lại: dti refresh", "run this again: dti refresh"),
        )

    def holder(self, lock: int) -> dict[str, str]:
        """Who holds a lock, as PostgreSQL knows it; empty where nobody does."""
        found = self._ask(_HOLDER, lock)
        return dict(zip(("command", "address", "since"), found[0], strict=True)) if found else {}

    def close(self) -> None:
        """Give back every lock and hang up. A server notices only later that a connection is gone, and the command
        that follows this one must not be refused until then."""
        with contextlib.suppress(psycopg.Error):  # what is lost already holds nothing
            self.connection.execute("select pg_advisory_unlock_all()")
        self.connection.close()

    def _ask(self, sql: str, lock: int) -> list[tuple[Any, ...]]:
        try:
            return self.connection.execute(sql, (_SPACE, lock)).fetchall()
        except psycopg.Error as error:
            raise unreachable(self.cluster, error) from None

    def _refusal(self, year: int) -> LockedError:
        who = {"command": "?", "address": "", "since": "?", **self.holder(year)}
        at = f" ({who['address']})" if who["address"] else ""
        return LockedError(
            "locked",
            Text(
                f"'{who['command']}'{at} đang ghi năm {year} từ {who['since'][:19]}",
                f"'{who['command']}'{at} has been writing {year} since {who['since'][:19]}",
            ),
            hint=Text("chờ lệnh đó xong rồi chạy lại", "wait until it is done, then run this again"),
            where=str(year),
            data={**who, "year": year},
        )


class CentralJournal:
    """The journal of all workers. Each line is known by its worker and number, so that handing over twice adds nothing
    and whoever has read up to a number asks for what follows."""

    def __init__(self, connection: psycopg.Connection[Any], cluster: Cluster) -> None:
        self._connection, self._cluster = connection, cluster

    def exists(self) -> bool:
        return self._run("select to_regclass('dti.journal') is not null").fetchall() == [(True,)]

    def create(self) -> None:
        """Make the journal and the lake; two workers that are both the first make them one after the other."""
        from pipelines.sharing import lake

        self._run("select pg_advisory_lock(%s, -1)", (_SPACE,))
        try:
            with lake.opened(self._cluster, write=True):
                self._run(_JOURNAL)
        finally:
            self._run("select pg_advisory_unlock(%s, -1)", (_SPACE,))

    def lines(self) -> dict[str, int]:
        """The newest line of each worker."""
        return dict(self._run("select worker, max(line) from dti.journal group by worker order by worker").fetchall())

    def after(self, worker: str, line: int) -> list[tuple[int, dict[str, Any]]]:
        """A worker's entries beyond a line, in order."""
        sql = "select line, entry from dti.journal where worker = %s and line > %s order by line"
        return [(int(row[0]), row[1]) for row in self._run(sql, (worker, line)).fetchall()]

    def add(self, worker: str, first: int, entries: list[dict[str, Any]]) -> None:
        """Add a worker's entries, numbered from `first`, all or none."""
        rows = [(worker, first + at, json.dumps(entry, ensure_ascii=False)) for at, entry in enumerate(entries)]
        try:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                cursor.executemany(
                    "insert into dti.journal (worker, line, entry) values (%s, %s, %s) on conflict do nothing", rows
                )
        except psycopg.Error as error:
            raise unreachable(self._cluster, error) from None

    def _run(self, sql: str, values: tuple[Any, ...] = ()) -> psycopg.Cursor[Any]:
        try:
            return self._connection.execute(sql, values or None)
        except psycopg.Error as error:
            raise unreachable(self._cluster, error) from None
