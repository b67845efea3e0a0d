"""Group Q: databases (kind `sql`). Whole pulls against a genuine PostgreSQL, each followed by the invariants."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors import AgencyCode, PullOutcome
from connectors.contract import Reading
from connectors.tables import read_table
from tests.support.certificates import certificate
from tests.support.postgres_line import line_to
from tests.support.probe import CANARIES, YEAR, Trial, assert_invariants, canaries_in
from tests.support.sql_mutants import SQL_MUTANTS
from tests.support.sql_probe import CODES, PASSWORD, QUERY, READER, SCHEMA, VARIABLE, VIEW, Figures, probe, register

ALL = f"SELECT * FROM {VIEW} WHERE nam = :year"
MANY = 6_000


@dataclass
class Bench:
    """A landing with good figures, the database that they came from, and what a test needs to break it."""

    trial: Trial
    figures: Figures
    patch: pytest.MonkeyPatch
    folder: Path

    def pull(self, port: int = 0, agencies: list[AgencyCode] | None = None, **changes: Any) -> PullOutcome:
        """Pull, and hold what came of it against the invariants."""
        source = probe(port or self.figures.server.port, **changes)
        outcome = self.trial.pull(source, agencies=agencies or register())
        if outcome.status == "accepted":
            self.trial.keep(outcome)
        assert_invariants(self.trial, outcome)
        assert canaries_in(self.trial.root, self.trial.texts(), (PASSWORD, *CANARIES)) == []
        return outcome

    def fails(self, code: str, **changes: Any) -> PullOutcome:
        """Pull; it must fail with this code, say what to do, and leave nothing but its record."""
        outcome = self.pull(**changes)
        assert (outcome.status, [one.code for one in outcome.findings]) == ("failed", [code])
        assert outcome.findings[0].hint.vi
        assert outcome.findings[0].where.startswith("probe")
        return outcome

    def asked(self) -> Callable[[], int]:
        """Counts the queries from now on, by the server's own log."""
        before = len(self.figures.server.log())
        return lambda: self.figures.server.log()[before:].count("DECLARE")

    def many(self) -> dict[str, Any]:
        """Many rows of one agency, told apart by a number; the changes to the source for them."""
        self.figures.run(
            f"DELETE FROM {SCHEMA}.ho_so",
            f"INSERT INTO {SCHEMA}.ho_so SELECT 'H01.01', 'Sở số 1', {YEAR}, n * 7919 % 1000003, 7 * n, 0 "
            f"FROM generate_series(1, {MANY}) n",  # not 0, 1, 2 …: as bytes those hold the digits of a canary
        )
        return {
            "agencies": register()[:1],
            "requests__0__query": QUERY.replace("received", "quy, received"),
            "contract__fields": {"quy": {"name": "number", "type": "integer"}},
            "contract__key": ["quy"],
            "gates__coverage": {"of_last_accepted": 0},
        }

    def during(self, page: int, act: Callable[[], Any]) -> None:
        """Do something while the pull is on, once, when so many batches have come."""
        take, seen = Reading.take, [0]

        def taking(reading: Reading, *rest: Any, **named: Any) -> None:
            seen[0] += 1
            if seen[0] == page:
                act()
            take(reading, *rest, **named)

        self.patch.setattr(Reading, "take", taking)


@pytest.fixture
def bench(empty: Trial, figures: Figures, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bench:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    made = Bench(empty, figures, monkeypatch, tmp_path)
    assert made.pull().status == "accepted"
    return made


def landed(outcome: PullOutcome) -> list[dict[str, Any]]:
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    assert outcome.pull
    found: list[dict[str, Any]] = read_table(outcome.pull.table).to_pylist()
    return found


def aside(outcome: PullOutcome) -> list[tuple[str, str]]:
    assert outcome.pull
    return sorted((row["field"], row["reason"]) for row in read_table(outcome.pull.quarantine).to_pylist())


def test_Q01_a_query_that_takes_too_long(bench: Bench) -> None:
    """`pg_sleep(60)`: the database itself ends it after `request_seconds`; named, not asked again."""
    asked = bench.asked()
    query = f"SELECT agency_code, agency_name, received, finished, pg_sleep(60) FROM {VIEW} WHERE nam = :year"
    outcome = bench.fails("QueryTimeout", requests__0__query=query, limits={"request_seconds": 1})
    assert outcome.findings[0].where == f"probe/list/{YEAR}"
    assert asked() == 1
    assert "statement timeout" in bench.figures.server.log()
    assert bench.figures.run("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dti'") == [(0,)]


def test_Q02_a_line_that_goes_dead(bench: Bench) -> None:
    """Bytes stop without a sign: our own deadline ends the pull; a login without an answer is repeated."""
    many = bench.many()
    with line_to(bench.figures.server.port) as line:
        line.dead_after = 100_000
        bench.fails("QueryTimeout", port=line.port, limits={"request_seconds": 1, "source_seconds": 6}, **many)
        assert line.connections == 1
        line.dead_after = 0
        outcome = bench.fails("SourceUnavailable", port=line.port, limits={"connect_seconds": 1, "attempts": 2})
        assert line.connections == 3
    assert "connect timeout" in outcome.findings[0].message.en


def test_Q03_the_login_is_refused(bench: Bench) -> None:
    """A wrong password, an unknown account, an unknown database: one attempt each, so that nobody is locked out."""
    for changes in (
        {"connection": {"username": "nobody_here"}},
        {"connection": {"database": "nowhere"}},
        {},
    ):
        if not changes:
            bench.patch.setenv(VARIABLE, "wrong")
        before = len(bench.figures.server.log())
        bench.fails("LoginRefused", **changes)
        assert bench.figures.server.log()[before:].count("FATAL") == 1


def test_Q04_an_account_that_can_write(bench: Bench) -> None:
    """A right to change any table or column holds the pull; powers that no transaction bounds refuse the account
    before anything is asked."""
    for grant in (f"UPDATE ON {SCHEMA}.ho_so", f"INSERT (received) ON {SCHEMA}.ho_so", f"DELETE ON {VIEW}"):
        bench.figures.run(f"GRANT {grant} TO {READER}")
        outcome = bench.pull()
        assert (outcome.status, [one.code for one in outcome.findings]) == ("held", ["AccountCanWrite"])
        assert SCHEMA in outcome.findings[0].message.en
        bench.figures.run(f"REVOKE {grant} FROM {READER}")
    asked = bench.asked()
    for power, gone in (
        (f"ALTER ROLE {READER} SUPERUSER", f"ALTER ROLE {READER} NOSUPERUSER"),
        (f"GRANT pg_execute_server_program TO {READER}", f"REVOKE pg_execute_server_program FROM {READER}"),
    ):
        bench.figures.run(power)
        bench.fails("AccountTooPowerful")
        bench.figures.run(gone)
    assert asked() == 0


WRITES = {
    "by a function": (f"SELECT *, {SCHEMA}.ghi() FROM {VIEW} WHERE nam = :year", "WriteRefused"),
    "by a sequence": (f"SELECT *, nextval('{SCHEMA}.so') FROM {VIEW} WHERE nam = :year", "WriteRefused"),
    "by a lock": (f"SELECT * FROM {VIEW} WHERE nam = :year FOR UPDATE", "QueryForbidden"),
    "read-write again": (
        f"SELECT *, set_config('transaction_read_only', 'off', true), {SCHEMA}.ghi() FROM {VIEW} WHERE nam = :year",
        "QueryRefused",
    ),
    "in a WITH": (f"WITH x AS (DELETE FROM {SCHEMA}.ho_so RETURNING 1) SELECT * FROM {VIEW}", "QueryRefused"),
}


def test_Q05_a_query_that_tries_to_write(bench: Bench) -> None:
    """Through a function of its owner, a sequence, a lock, a WITH: the transaction is read-only and stays so."""
    bench.figures.run(
        f"CREATE SEQUENCE {SCHEMA}.so",
        f"GRANT USAGE ON SEQUENCE {SCHEMA}.so TO {READER}",
        f"CREATE FUNCTION {SCHEMA}.ghi() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS "
        f"$$BEGIN DELETE FROM {SCHEMA}.ho_so; RETURN nextval('{SCHEMA}.so'); END$$",
    )
    for query, code in WRITES.values():
        bench.fails(code, requests__0__query=query)
        assert bench.figures.run(f"SELECT is_called FROM {SCHEMA}.so") == [(False,)]
    assert bench.figures.run(f"SELECT count(*) FROM {SCHEMA}.ho_so") == [(2 * len(CODES),)]


def test_Q06_columns_that_changed(bench: Bench) -> None:
    """Renamed, gone, new, the whole view gone or closed: told with what is there instead; never read as empty."""
    rest = "agency_code, agency_name, nam, finished"
    bench.figures.view(f"{rest}, received AS tiep_nhan, received AS receives")
    table = {"requests__0__query": None, "requests__0__table": VIEW, "requests__0__where": {"nam": ":year"}}
    for changes in ({"requests__0__query": ALL}, table):
        outcome = bench.pull(**changes)
        assert outcome.status == "held"
        missing = next(one for one in outcome.findings if one.code == "FieldMissingEverywhere")
        assert "receives" in missing.message.en
        assert {note.field_name for note in outcome.notes if note.code == "NewField"} >= {"tiep_nhan", "receives"}
    assert "42703" in bench.fails("QueryRefused").findings[0].message.en
    bench.figures.view("applicant")
    bench.fails("NoSuchColumns", **{**table, "requests__0__where": {}})
    bench.figures.view("*", grant=False)
    bench.fails("QueryForbidden")
    bench.figures.run(f"DROP VIEW {VIEW}")
    assert "42P01" in bench.fails("QueryRefused").findings[0].message.en


ODD = {
    "'NaN'::numeric": "NotANumber",
    "'Infinity'::numeric": "NotANumber",
    "98.3::float8": "WrongType",
    "true": "WrongType",
    "'98.3'": "WrongType",
    "98.345": "TooManyDecimals",
    "1234567890123456789": "TooManyDigits",
    "1e30::numeric": "NotANumber",
    "NULL": "EmptyValue",
    "now()": "WrongType",
    "'{1}'::int[]": "WrongType",
}


def test_Q07_values_that_are_no_figures(bench: Bench) -> None:
    """NaN, infinity, binary floats, booleans, numbers as text, too many digits: set aside, the rest lands; a code of a
    CHAR column with its blanks is no code."""
    base = f"SELECT agency_code, agency_name, received, finished, {{}} AS rate FROM {VIEW} WHERE nam = :year"
    rate = {"rate": {"name": "rate", "type": "decimal", "places": 2}}
    for expression, code in ODD.items():
        outcome = bench.pull(requests__0__query=base.format(expression), contract__fields=rate)
        assert (outcome.status, outcome.counts["quarantined"]) == ("held", 6), expression
        assert set(aside(outcome)) == {("rate", code)}, expression
    bench.figures.run(f"UPDATE {SCHEMA}.ho_so SET on_time = 'NaN' WHERE agency_code = 'H01.01'")
    outcome = bench.pull(requests__0__query=base.format("on_time"), contract__fields=rate)
    assert (aside(outcome), outcome.counts["accepted"]) == ([("rate", "NotANumber")], 5)
    padded = base.format("1").replace("agency_code,", "agency_code::char(10) AS agency_code,")
    assert set(aside(bench.pull(requests__0__query=padded))) == {("agency_code", "ConfusableCode")}


def test_Q08_moments_around_the_new_year(bench: Bench) -> None:
    """18:00 UTC on 31 December is the next year in Vietnam, as a value and inside the view, whatever zone the server
    has; a day that no calendar holds sets its row aside, not the list."""
    last = f"TIMESTAMPTZ '{YEAR - 1}-12-31 18:00:00Z'"
    fields = {name: {"name": name, "type": "date", "format": "iso8601"} for name in ("at", "day")}
    query = QUERY.replace("received", f"received, {last} AS at, ({last})::date AS day") + f" AND {last} >= :from"
    changes: dict[str, Any] = {"contract__fields": fields}
    window = {"contract__rules": [{"in_window": "at"}, {"in_window": "day"}]}
    found = landed(bench.pull(requests__0__query=query, **changes, **window))
    assert {(row["at"], row["day"]) for row in found} == {(date(YEAR, 1, 1), date(YEAR, 1, 1))}
    bench.figures.run(
        f"ALTER TABLE {SCHEMA}.ho_so ADD COLUMN at timestamptz DEFAULT {last}, ADD COLUMN day date DEFAULT 'infinity'",
        f"UPDATE {SCHEMA}.ho_so SET day = '{YEAR}-05-01' WHERE agency_code > 'H01.02'",
        f"UPDATE {SCHEMA}.ho_so SET at = '12025-01-01' WHERE agency_code = 'H01.03'",
    )
    bench.figures.view("*")
    outcome = bench.pull(requests__0__query=ALL, **changes)
    assert aside(outcome) == [("at", "DateFormat"), ("day", "DateFormat"), ("day", "DateFormat")]
    assert outcome.counts["accepted"] == 3
    naive = query.replace(f"{last} AS at", f"{last}::timestamp AS at")
    assert set(aside(bench.pull(requests__0__query=naive, **changes))) == {("at", "NaiveTime")}


def test_Q09_a_connection_that_breaks_off_in_the_middle(bench: Bench) -> None:
    """The line is cut, the session ended by an administrator: asked again from the start, each row counted once."""
    many = bench.many()
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dti'"
    bench.during(5, lambda: bench.figures.run(end))
    first = bench.pull(**many)
    with line_to(bench.figures.server.port) as line:
        line.cut_after = 150_000
        bench.figures.run(f"UPDATE {SCHEMA}.ho_so SET received = received + 1")
        second = bench.pull(port=line.port, **many)
        assert line.connections == 2
    for outcome in (first, second):
        assert len(landed(outcome)) == MANY
        assert outcome.counts == {"received": MANY, "accepted": MANY, "quarantined": 0, "exact_duplicates": 0}
        assert outcome.pull
        assert outcome.pull.manifest["pages"][0]["troubles"] == ["SourceUnavailable"]


def test_Q10_a_server_that_dies_and_comes_back(bench: Bench) -> None:
    """Killed in the middle: bounded attempts, then a record of the failure; nothing of the rows that had come is kept,
    the last good pull stays. When it is back, the next pull passes."""
    many = bench.many()
    server = bench.figures.server
    bench.during(5, lambda: server.stop(signal.SIGQUIT))
    try:
        outcome = bench.fails("SourceUnavailable", limits={"attempts": 3}, **many)
        assert "after 3 attempts" in outcome.findings[0].message.en
        assert "connection refused" in outcome.findings[0].message.en
    finally:
        server.stop()
        server.start()
    assert len(landed(bench.pull(**many))) == MANY


def test_Q11_limits(bench: Bench) -> None:
    """More rows or bytes than allowed end the pull by name; wide rows come in small batches."""
    many = bench.many()
    bench.fails("LimitExceeded", limits={"rows": MANY - 1}, **many)
    bench.fails("LimitExceeded", limits={"decoded_bytes": 100_000}, **many)
    sizes: list[int] = []
    take = Reading.take

    def measured(reading: Reading, request: str, period: str, page: Any, *rest: Any, **named: Any) -> None:
        sizes.append(page.size)
        take(reading, request, period, page, *rest, **named)

    bench.patch.setattr(Reading, "take", measured)
    wide = (
        many["requests__0__query"].replace("finished FROM", "finished, repeat('x', 1000000) AS w FROM")
        + " AND received < 7 * 41"
    )
    outcome = bench.pull(**{**many, "requests__0__query": wide})
    assert outcome.counts["received"] == 40
    assert max(sizes) < 9 * 10**6
    assert sum(sizes) > 40 * 10**6


def test_Q12_figures_that_change_during_the_pull(bench: Bench) -> None:
    """Two lists of one pull tell of the same moment: what is changed between them shows in the next pull only."""
    lists = [
        {"name": name, "query": QUERY, "periods": [{"period": "{year}", "groups": ["department"]}]}
        for name in ("first", "second")
    ]
    bench.during(1, lambda: bench.figures.run(f"UPDATE {SCHEMA}.ho_so SET received = received + 1000"))
    found = landed(bench.pull(requests=lists, gates__coverage={"of_last_accepted": 0}))
    assert {row["received"] for row in found if row["request"] == "second"} == {100 + n for n in range(1, 7)}
    again = landed(bench.pull(requests=lists, gates__unit_ratio=10**6, gates__compared_from_agencies=100))
    assert {row["received"] for row in again} == {1100 + n for n in range(1, 7)}


def test_Q13_SQL_in_a_code(bench: Bench) -> None:
    """X06 for databases: SQL in an agency's code, in a parameter, in a column's name stays text."""
    bench.figures.run(
        f"UPDATE {SCHEMA}.ho_so SET agency_code = $$'; DROP TABLE {SCHEMA}.ho_so; --$$ WHERE agency_code = 'H01.01'"
    )
    assert ("agency_code", "ConfusableCode") in aside(bench.pull())
    asked = {
        "requests__0__query": f"SELECT count(*) AS received FROM {VIEW} WHERE agency_code = :agency_code",
        "requests__0__for_each": "agency",
        "contract__agency": {"by": "request", "field": None, "name": None},
        "contract__fields": {"agency_code": None, "agency_name": None, "finished": None},
        "contract__rules": [],
        "gates__constant_from_rows": 100,
        "gates__coverage": {"of_last_accepted": 0},
    }
    evil = AgencyCode("id-evil", "probe", "x' OR '1'='1' --", "Sở", "department")
    found = landed(bench.pull(agencies=[evil], **asked))
    assert [row["received"] for row in found] == [0]
    table = {"requests__0__query": None, "requests__0__table": VIEW}
    bench.fails("QueryRefused", **table, requests__0__where={"nam = 1 OR 1": ":year"})
    assert bench.figures.run(f"SELECT count(*) FROM {SCHEMA}.ho_so") == [(2 * len(CODES),)]


def test_Q14_the_environment_has_no_say(bench: Bench) -> None:
    """`PG*` variables, a service file, `~/.pgpass`: none of them is read, be it to help or to harm."""
    home = bench.folder / "home"
    home.mkdir()
    bench.patch.setenv("HOME", str(home))
    for name, value in (
        ("PGSERVICE", "elsewhere"),
        ("PGOPTIONS", "-c no_such_setting=1"),
        ("PGTZ", "Nowhere/Zone"),
        ("PGSSLMODE", "verify-full"),
        ("PGTARGETSESSIONATTRS", "standby"),
        ("PGPASSWORD", PASSWORD),
    ):
        bench.patch.setenv(name, value)
    assert bench.pull().status == "unchanged"
    (home / ".pgpass").write_text(f"*:*:*:*:{PASSWORD}\n")
    (home / ".pgpass").chmod(0o600)
    bench.fails("LoginRefused", connection={"password": None})


HOST = "db.example.gov.vn"


def leads_here(bench: Bench, address: str = "127.0.0.1") -> None:
    """The host of the tests leads to this address."""
    look_up = socket.getaddrinfo
    there = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]
    bench.patch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **named: there if host == HOST else look_up(host, *rest, **named)
    )


def test_Q15_TLS(bench: Bench) -> None:
    """Beyond this machine only TLS with a certificate for that very name; else not a byte of the login is sent."""
    leads_here(bench)
    folders = [bench.folder / name for name in ("good", "other", "old")]
    for folder in folders:
        folder.mkdir()
    good, other, old = (
        certificate(folder, days, name)
        for folder, days, name in zip(
            folders, [(-1, 30), (-1, 30), (-9, -1)], [HOST, "other.example.gov.vn", HOST], strict=True
        )
    )
    beyond = {"connection": {"host": HOST}, "allowed_networks": ["127.0.0.0/8"], "limits": {"attempts": 1}}
    with line_to(bench.figures.server.port, good) as line:
        assert bench.pull(port=line.port, tls={"ca": str(good.certificate)}, **beyond).status == "unchanged"
        bench.fails("TlsError", port=line.port, tls={"ca": str(other.certificate)}, **beyond)
        bench.fails("TlsError", port=line.port, **beyond)
    for made in (other, old):
        with line_to(bench.figures.server.port, made) as line:
            bench.fails("TlsError", port=line.port, tls={"ca": str(made.certificate)}, **beyond)
    with line_to(bench.figures.server.port) as line:
        bench.fails("TlsError", port=line.port, **beyond)
        assert line.plain == b""
    trusted = {"ca": str(good.certificate)}
    with line_to(bench.figures.server.port, good, clients=other.certificate) as line:
        own = {"client_certificate": str(other.certificate), "client_key": str(other.key)}
        assert bench.pull(port=line.port, tls={**trusted, **own}, **beyond).status == "accepted"
        bench.fails("TlsError", port=line.port, tls=trusted, **beyond)


def test_Q16_addresses_are_vetted(bench: Bench) -> None:
    """A name that leads into a network which is not listed is not connected to."""
    for address in ("10.0.0.5", "169.254.169.254", "127.0.0.1"):
        leads_here(bench, address)
        with line_to(bench.figures.server.port) as line:
            outcome = bench.fails("UnsafeAddress", port=line.port, connection={"host": HOST})
            assert line.connections == 0
        assert address in outcome.findings[0].message.en


def test_Q17_nothing_of_a_row_is_logged_or_told(bench: Bench) -> None:
    """SQLAlchemy at its most talkative, and a server whose error quotes a person's data: neither gets a word out."""
    for name in ("sqlalchemy", "sqlalchemy.engine", "sqlalchemy.engine.Engine", "psycopg"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    bench.pull(requests__0__query=ALL)
    outcome = bench.fails(
        "QueryRefused", requests__0__query=ALL.replace("*", "agency_code, applicant::int AS received")
    )
    assert "22P02" in outcome.findings[0].message.en
    bench.figures.run(
        f"CREATE FUNCTION {SCHEMA}.noi() RETURNS int LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE NOTICE '{CANARIES[1]}'; RETURN 1; END$$"
    )
    bench.pull(requests__0__query=ALL.replace("*", f"*, {SCHEMA}.noi() AS x"))


def test_Q18_columns_that_nobody_asked_for_stay_where_they_are(bench: Bench) -> None:
    """`table` asks for the contract's columns by name: the personal column is known by its name and never sent."""
    before = len(bench.figures.server.log())
    outcome = bench.pull(requests__0__query=None, requests__0__table=VIEW, requests__0__where={"nam": ":year"})
    assert "applicant" in {note.field_name for note in outcome.notes}
    sent = [line for line in bench.figures.server.log()[before:].splitlines() if "DECLARE" in line]
    assert len(sent) == 1
    assert "received" in sent[0]
    assert "applicant" not in sent[0]
    assert "*" not in sent[0].partition("DECLARE")[2]


def test_Q19_two_columns_of_one_name(bench: Bench) -> None:
    """Two columns called the same would hide one another: refused."""
    bench.fails("DuplicateColumn", requests__0__query=ALL.replace("*", "*, finished AS received"))


def test_Q20_nobody_listens(bench: Bench) -> None:
    """Refused connections are repeated as often as stated, and no more."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    outcome = bench.fails("SourceUnavailable", port=port)
    assert "after 5 attempts" in outcome.findings[0].message.en
    assert "connection refused" in outcome.findings[0].message.en


def test_Q21_a_database_without_an_encoding(bench: Bench) -> None:
    """Old databases (`SQL_ASCII`) hold bytes of TCVN3 or VNI: they are no text, and not made into one."""
    server = bench.figures.server
    server.run("CREATE DATABASE old_one ENCODING 'SQL_ASCII' TEMPLATE template0")
    try:
        bytes_of = "convert_from('\\x53eb204e6f6920'::bytea, 'SQL_ASCII')"
        query = f"SELECT 'H01.01' AS agency_code, {bytes_of} AS agency_name, 1 AS received, 1 AS finished"
        bench.fails("BadEncoding", connection={"database": "old_one"}, requests__0__query=query)
    finally:
        server.run("DROP DATABASE old_one WITH (FORCE)")


# --- the guards -------------------------------------------------------------------------------------------------

CASES: dict[str, Callable[[Bench], None]] = {
    name[5:8]: case for name, case in list(globals().items()) if name.startswith("test_Q")
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "case"), [(name, case) for name, one in SQL_MUTANTS.items() for case in one.cases])
def test_each_guard_is_needed(name: str, case: str, bench: Bench) -> None:
    """With its guard gone, the test that it protects fails."""
    SQL_MUTANTS[name].remove(bench.patch.setattr)
    with pytest.raises((Exception, pytest.fail.Exception)):
        CASES[case](bench)


def test_every_case_has_a_guard_whose_loss_is_seen() -> None:
    assert {case for one in SQL_MUTANTS.values() for case in one.cases} == CASES.keys()
