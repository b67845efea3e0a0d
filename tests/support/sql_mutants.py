"""Guards of kind `sql` that can be taken away, and the cases that must then fail.

What a mutant puts in place is what drivers do by default, or what a hurried hand would write.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import psycopg
import sqlalchemy
import tenacity

from connectors import attempts, contract, deadline, gates, vetting
from connectors.databases import postgresql, postgresql_troubles
from connectors.findings import PassingTrouble, source_error
from connectors.kinds import sql
from tests.support.mutants import Mutant, Patch

_Remove = Callable[[Patch], Any]


def _setting(target: Any, name: str, value: Any) -> _Remove:
    return lambda patch: patch(target, name, value)


def _begin_without(part: str, instead: str = "'-'") -> _Remove:
    """The transaction is begun without one of its settings."""
    return lambda patch: patch(postgresql, "_BEGIN", sqlalchemy.text(postgresql._BEGIN.text.replace(part, instead)))


def _unproven(self: Any, connection: Any, source: Any, place: Any) -> str:
    """The transaction's bounds are set, but nobody looks whether it only reads."""
    bounds = {"milliseconds": "9000", "whole": "9000", "zone": source.timezone}
    connection.execute(postgresql._BEGIN, bounds)
    return ""


def _may_write(patch: Patch) -> None:
    patch(psycopg.Connection, "read_only", property(lambda _: None, lambda *_: None))
    patch(postgresql.Postgresql, "begin", _unproven)


def _each_its_own_moment(patch: Patch) -> None:
    patch(psycopg.Connection, "isolation_level", property(lambda _: None, lambda *_: None))
    patch(postgresql.Postgresql, "begin", _unproven)


def _arguments(**changes: Any) -> _Remove:
    """libpq gets other arguments; None leaves one to its own devices."""
    original = postgresql._arguments

    def arguments(source: Any, account: Any) -> dict[str, Any]:
        return {k: v for k, v in {**original(source, account), **changes}.items() if v is not None}

    return _setting(postgresql, "_arguments", arguments)


def _environment(patch: Patch) -> None:
    patch(postgresql, "_no_environment", contextlib.nullcontext)
    _arguments(passfile=None)(patch)


def _written_into(listing: Any, columns: Any, parameters: dict[str, Any]) -> Any:
    """Values become part of the statement."""
    query = listing.query or f"SELECT {', '.join(columns)} FROM {listing.table} WHERE " + " AND ".join(
        f"{column} = {value}" for column, value in listing.where.items()
    )
    for name, value in parameters.items():
        query = query.replace(f":{name}", f"'{value}'" if isinstance(value, str) else str(value))
    return sqlalchemy.text(query)


def _all_columns(listing: Any, _columns: Any, parameters: dict[str, Any]) -> Any:
    return sqlalchemy.text(f"SELECT * FROM {listing.table} WHERE nam = :year").bindparams(**parameters)


def _cast(raw: Any, field: Any, *_: Any) -> Any:
    """Values as they come, made to fit."""
    if field.type in {"integer", "decimal"}:
        return int(float(raw or 0)) if str(raw) not in {"NaN", "Infinity"} else 0
    if field.type == "date":
        return raw.date() if isinstance(raw, datetime) else raw
    return str(raw)


def _own_words(error: BaseException, place: Any, _limits: Any) -> Exception:
    return source_error("QueryRefused", place, detail=str(error))


def _passing(state: str, place: Any, _limits: Any) -> Exception:
    return PassingTrouble("SourceUnavailable", place=place, detail=state)


def _whole_list(result: Any, names: list[str], *_: Any) -> Iterator[Any]:
    """All rows at once, however many."""
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    yield sql.Page(1, rows, "", sum(len(str(row)) for row in rows))


def _columns_as_asked(self: Any, listing: Any, _place: Any, shape: Any) -> Any:
    return (sorted(shape.listed), []) if listing.table else (None, [])


_stop = tenacity.stop_after_attempt
SQL_MUTANTS: dict[str, Mutant] = {
    "sql-no-statement-timeout": Mutant(
        "the database's own deadline",
        ("Q01",),
        _begin_without("'statement_timeout', :milliseconds", "'statement_timeout', '0'"),
    ),
    "sql-no-deadline": Mutant("our own deadline", ("Q02",), _setting(deadline.Watchdog, "_bark", lambda _: None)),
    "sql-login-again": Mutant(
        "a refused login is told at once",
        ("Q03",),
        _setting(postgresql_troubles, "_SENTENCES", ()),
    ),
    "sql-any-account": Mutant(
        "what the account may do", ("Q04",), _setting(postgresql.Postgresql, "powers", lambda *_: [])
    ),
    "sql-may-write": Mutant("the read-only transaction", ("Q05",), _may_write),
    "sql-columns-not-compared": Mutant(
        "columns that are missing", ("Q06",), _setting(gates, "_missing_fields", lambda *_: ())
    ),
    "sql-columns-as-asked": Mutant(
        "the columns that a table has", ("Q06",), _setting(sql.Snapshot, "_columns_of", _columns_as_asked)
    ),
    "sql-cast": Mutant("types as the driver gives them", ("Q07", "Q08"), _setting(contract, "read_value", _cast)),
    "sql-zone-of-the-server": Mutant(
        "the session's zone", ("Q08",), _begin_without("'TimeZone', :zone", "'TimeZone', 'UTC'")
    ),
    "sql-days-that-raise": Mutant("odd days", ("Q08",), _setting(postgresql, "_or_text", lambda loader: loader)),
    "sql-one-attempt": Mutant(
        "attempts after a break", ("Q09", "Q10", "Q20"), _setting(attempts, "stop_after_attempt", lambda _: _stop(1))
    ),
    "sql-more-attempts": Mutant(
        "attempts are bounded as stated",
        ("Q10", "Q20"),
        _setting(attempts, "stop_after_attempt", lambda most: _stop(most + 2)),
    ),
    "sql-carrying-on": Mutant("beginning anew", ("Q09",), _setting(contract.Reading, "rewind", lambda *_: None)),
    "sql-all-at-once": Mutant("batches and limits", ("Q11",), _setting(sql, "_pages", _whole_list)),
    "sql-each-its-own-moment": Mutant("one snapshot", ("Q12",), _each_its_own_moment),
    "sql-written-into": Mutant("bound parameters", ("Q13",), _setting(sql, "statement_of", _written_into)),
    "sql-environment": Mutant("libpq without its environment", ("Q14",), _environment),
    "sql-unverified": Mutant("verified TLS", ("Q15",), _arguments(sslmode="prefer", sslrootcert=None)),
    "sql-any-address": Mutant("vetting", ("Q16",), _setting(vetting.Reach, "resolve", lambda *_: ["127.0.0.1"])),
    "sql-talkative": Mutant("silent drivers", ("Q17",), _setting(sql, "_keep_rows_out_of_logs", lambda: None)),
    "sql-own-words": Mutant(
        "the server's words are not passed on", ("Q17",), _setting(postgresql, "named_trouble", _own_words)
    ),
    "sql-all-columns": Mutant("only the contract's columns", ("Q18",), _setting(sql, "statement_of", _all_columns)),
    "sql-last-column-wins": Mutant(
        "names of columns are distinct", ("Q19",), _setting(sql, "_distinct", lambda names, _: names)
    ),
    "sql-lossy-text": Mutant("undecodable bytes are an error", ("Q21",), _arguments(client_encoding="latin1")),
    "sql-every-trouble-passes": Mutant(
        "only what may pass is repeated", ("Q01",), _setting(postgresql_troubles, "_by_state", _passing)
    ),
}
