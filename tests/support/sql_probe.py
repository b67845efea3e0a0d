"""A small source of kind `sql`: a view of dossiers in a genuine PostgreSQL, with an account that can only read it.

The table beside it holds personal data that no test may ever find in a byte written.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.yaml_files import YamlFile, parse_model
from connectors import AgencyCode
from connectors.sql_model import SqlSource
from tests.support.probe import EMAIL, ID_NUMBER, PERSON, PHONE, SHORT, YEAR
from tests.support.servers.postgres import HOST, Postgres

VARIABLE, PASSWORD = "DTI_TEST_DATABASE", "canary-Database/+=7d1Q"
READER, SCHEMA, VIEW = "probe_reader", "so_lieu", "so_lieu.v_ho_so"
CODES = tuple(f"H01.{n:02}" for n in range(1, 7))
APPLICANT = f"{PERSON} {ID_NUMBER} {PHONE} {EMAIL}"
QUERY = f"SELECT agency_code, agency_name, received, finished FROM {VIEW} WHERE nam = :year"
COLUMNS = "agency_code text, agency_name text, nam int, quy int, received int, finished int, on_time numeric"

DOCUMENT: dict[str, Any] = {
    "name": "probe",
    "title": {"vi": "Nguồn thử", "en": "Probe"},
    "kind": "sql",
    "connection": {
        "drivername": "postgresql+psycopg",
        "host": HOST,
        "port": 5432,
        "database": "postgres",
        "username": READER,
        "password": {"secret": VARIABLE},
    },
    "limits": SHORT,
    "requests": [{"name": "list", "query": QUERY, "periods": [{"period": "{year}", "groups": ["department"]}]}],
    "contract": {
        "version": 1,
        "table": "counts",
        "values": "native",
        "agency": {"field": "agency_code", "scheme": "probe", "name": "agency_name"},
        "fields": {
            "agency_code": {"name": "agency_code", "type": "text"},
            "agency_name": {"name": "agency_name", "type": "text"},
            "received": {"name": "received", "type": "integer", "minimum": 0},
            "finished": {"name": "finished", "type": "integer", "minimum": 0},
        },
        "rules": [{"ratio": {"numerator": "finished", "denominator": "received"}}],
    },
    "gates": {"coverage": {"of_register": 1, "of_last_accepted": 1}, "quarantine_share": 0},
}


def probe(port: int, **changes: Any) -> SqlSource:
    """The source with parts replaced: `contract__fields={…}` reaches inside, None removes, `requests__0__query=…`."""
    document = copy.deepcopy(DOCUMENT)
    document["connection"]["port"] = port
    for path, value in changes.items():
        *parents, last = (int(part) if part.isdigit() else part for part in path.split("__"))
        part: Any = document
        for parent in parents:
            part = part[parent]
        merged = isinstance(value, dict) and isinstance(part.get(last), dict)
        part[last] = {k: v for k, v in {**part[last], **value}.items() if v is not None} if merged else value
    document["requests"] = [{k: v for k, v in one.items() if v is not None} for one in document["requests"]]
    return parse_model(YamlFile(Path("probe.yaml"), document, {}), SqlSource)


def register() -> list[AgencyCode]:
    return [AgencyCode(f"id-{code}", "probe", code, f"Sở số {n}", "department") for n, code in enumerate(CODES, 1)]


@dataclass
class Figures:
    """The view, its table, and the account, as a test changes them."""

    server: Postgres

    def reset(self) -> None:
        """Six rows of good figures for this year, and as many for the last; whoever still reads is sent away."""
        self.server.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dti'",
            f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE",
            f"CREATE SCHEMA {SCHEMA}",
            f"CREATE TABLE {SCHEMA}.ho_so ({COLUMNS}, applicant text)",
            f"CREATE VIEW {VIEW} AS SELECT * FROM {SCHEMA}.ho_so",
            f"DROP ROLE IF EXISTS {READER}",
            f"CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORD}'",
            f"GRANT USAGE ON SCHEMA {SCHEMA} TO {READER}",
            f"GRANT SELECT ON {VIEW} TO {READER}",
        )
        for year in (YEAR, YEAR - 1):
            self.insert(year, range(1, len(CODES) + 1))

    def insert(self, year: int, numbers: range) -> None:
        self.server.run(
            f"INSERT INTO {SCHEMA}.ho_so SELECT 'H01.' || lpad(n::text, 2, '0'), 'Sở số ' || n, {year}, 1, 100 + n, "
            f"50 + 2 * n, 90.5 + n, $a${APPLICANT}$a$ FROM generate_series({numbers.start}, {numbers.stop - 1}) AS n"
        )

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        return self.server.run(*statements)

    def view(self, columns: str, grant: bool = True) -> None:
        """The view anew, with other columns."""
        self.run(f"DROP VIEW {VIEW}", f"CREATE VIEW {VIEW} AS SELECT {columns} FROM {SCHEMA}.ho_so")
        if grant:
            self.run(f"GRANT SELECT ON {VIEW} TO {READER}")
