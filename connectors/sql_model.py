"""A source of kind `sql` as YAML describes it: the database, who we are, and the queries with their bound parameters.

Names follow what operators find documented elsewhere: SQLAlchemy's parts of an address (`drivername`, `host`, `port`,
`database`, `username`, `password`) and `:name` for a bound parameter. Nothing is ever written into the text of a query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from connectors.auth_model import Secret, Tls
from connectors.parts import Part, option
from connectors.rest_model import Listing, Period, check_requests, readable_networks
from connectors.source_model import Source
from connectors.vetting import reach

PLACEHOLDER = re.compile(r"(?<![:\w\\]):(\w+)(?![:\w])")  # as SQLAlchemy's text() has it: `\:` is a plain colon
_CAST = re.compile(r"(?<![:\w\\]):(\w+)::")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_ASKS = re.compile(r"[\s(]*(select|with|values|table)\b", re.IGNORECASE)
_IDENTIFIER = r"[^\W\d][\w$ ]{0,62}"
_HOST = r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$|^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$"
_INTERPOLATED = re.compile(r"\{(year|from|to|month|quarter|half|agency_code)(:int)?\}")

Bound = str | int | Decimal | date

# What this software can hold to reading only, to one state of the data, and to a deadline; with the package of each.
DRIVERS = {"postgresql+psycopg": "psycopg[binary]", "sqlite": ""}


class Connection(Part):
    """The database and the account. The account can only read; whoever runs the database sees to that."""

    drivername: str = Field(description="postgresql+psycopg, or sqlite")
    host: str | None = Field(default=None, pattern=_HOST)
    port: int = Field(default=5432, ge=1, le=65535)
    database: str = Field(min_length=1, description="its name; for sqlite the path of the file")
    username: Secret | str | None = None
    password: Secret | None = None

    @field_validator("drivername")
    @classmethod
    def _can_be_held_to_reading(cls, value: str) -> str:
        if value in DRIVERS:
            return value
        known = ", ".join(DRIVERS)
        raise FieldProblem(
            "unknown-driver",
            Text(
                f"không bảo đảm được rằng '{value[:40]}' chỉ đọc, trong thời hạn và tại một thời điểm dữ liệu",
                f"'{value[:40]}' cannot be held to reading only, to a deadline and to one state of the data",
            ),
            Text(
                f"dùng {known}; với hệ khác: bảng ngoài (FDW) trong PostgreSQL, API, hoặc tệp xuất vào thư mục nhận",
                f"use {known}; for another system a foreign table (FDW) in PostgreSQL, an API, or files of the inbox",
            ),
        )

    @model_validator(mode="after")
    def _fits_its_driver(self) -> Connection:
        given = {name for name in ("host", "username", "password") if getattr(self, name) is not None}
        if self.drivername == "sqlite":
            if given:
                name = sorted(given)[0]
                raise FieldProblem(
                    "invalid-value", Text(f"sqlite không có '{name}'", f"sqlite has no '{name}'"), at=(name,)
                )
            return self
        for name in ("host", "username"):
            if name not in given:
                raise FieldProblem(
                    "missing-key",
                    Text(f"{self.drivername} cần '{name}'", f"{self.drivername} needs '{name}'"),
                    Text(f"thêm '{name}: …'", f"add '{name}: …'"),
                )
        return self


class SqlWindow(Part):
    """What `:from` and `:to` are: days, or the text that a column holds instead of days."""

    end: Literal["last_day", "next_day"] = "last_day"
    format: str | None = Field(default=None, description="strftime, where days are stored as text, such as %Y%m%d")


class SqlListing(Listing):
    """One list: a query with bound parameters, or a table or view with the columns of the contract."""

    query: str | None = option(description="one SELECT; :year, :from, :to … are bound, never written into it")
    table: str | None = option(pattern=rf"^({_IDENTIFIER}\.)?{_IDENTIFIER}$", description="schema.view")
    where: dict[str, str] = option({}, description="for table: column: ':year', ':quarter' …")
    window: SqlWindow = option(SqlWindow(), description="what :from and :to are")

    @model_validator(mode="after")
    def _one_question(self) -> SqlListing:
        if (self.query is None) == (self.table is None):
            raise FieldProblem(
                "missing-key",
                Text("cần 'query' hoặc 'table', không cả hai", "'query' or 'table' is needed, not both"),
                at=("name",),
            )
        if self.query is not None:
            _only_asks(self.query)
        for column, value in self.where.items():
            if self.table is None or not re.fullmatch(r":\w+", value):
                raise FieldProblem(
                    "invalid-value",
                    Text(f"'where' của '{column}' không hợp lệ", f"'where' of '{column}' is not valid"),
                    Text("viết cột: ':year', cùng với 'table'", "write column: ':year', together with 'table'"),
                    ("where", column),
                )
        return self

    @field_validator("with_")
    @classmethod
    def _bindable(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name, one in value.items():
            if not isinstance(one, str | int | Decimal):
                raise FieldProblem(
                    "invalid-value", Text(f"'{name}' phải là một giá trị", f"'{name}' must be one value")
                )
        return value

    @property
    def needed(self) -> set[str]:
        """Names of all parameters."""
        return set(placeholders(self.query or " ".join(self.where.values())))


class SqlSource(Source):
    """A source that is a view of a database."""

    kind: Literal["sql"]
    connection: Connection
    tls: Tls = Tls()
    allowed_networks: tuple[str, ...] = Field(default=(), description="private networks, such as 10.1.2.0/24")
    requests: tuple[SqlListing, ...] = Field(min_length=1)

    @field_validator("allowed_networks")
    @classmethod
    def _readable(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return readable_networks(values)

    @model_validator(mode="after")
    def _fits_together(self) -> SqlSource:
        self._address_is_open()
        check_requests(self.requests, self.contract.agency.by, _unknown)
        for i, listing in enumerate(self.requests):
            _tells_periods_apart(listing, i)
        if self.contract.values != "native":
            raise FieldProblem(
                "invalid-value",
                Text("cơ sở dữ liệu cần 'values: native'", "a database needs 'values: native'"),
                at=("contract", "values"),
            )
        return self

    def _address_is_open(self) -> None:
        """A private address that stands here must be in a listed network; a name is vetted when it is resolved."""
        host = self.connection.host
        if host is not None and reach([], networks=self.allowed_networks).refuses_host(host):
            raise FieldProblem(
                "unsafe-address",
                Text("địa chỉ nội bộ chưa được cho phép", "a private address that is not allowed"),
                Text("thêm mạng đó vào 'allowed_networks'", "add its network to 'allowed_networks'"),
                ("connection", "host"),
            )


def placeholders(query: str) -> Iterator[str]:
    """Names of the parameters of a query."""
    return (match[1] for match in PLACEHOLDER.finditer(query))


def _unknown(listing: Listing, period: Period) -> list[str]:
    filled = {"year", "from", "to", *period.parts} | listing.with_.keys() | period.with_.keys()
    if listing.for_each:
        filled.add("agency_code")
    needed = listing.needed if isinstance(listing, SqlListing) else set()
    return sorted(f":{name}" for name in needed - filled)


def _only_asks(query: str) -> None:
    """One statement that reads. The database itself refuses to write; this says so before it is asked."""
    if not _ASKS.match(_COMMENT.sub(" ", query)) or ";" in query.strip().removesuffix(";"):
        raise FieldProblem(
            "not-a-query",
            Text("'query' phải là đúng một câu SELECT", "'query' must be one SELECT and nothing else"),
            Text("bỏ ';' và các lệnh khác", "leave out ';' and all other commands"),
            ("query",),
        )
    cast = _CAST.search(query)
    if cast:
        raise FieldProblem(
            "not-bound",
            Text(f"'{cast[0]}' không phải tham số", f"'{cast[0]}' is no parameter"),
            Text(f"viết CAST(:{cast[1]} AS …)", f"write CAST(:{cast[1]} AS …)"),
            ("query",),
        )
    written = _INTERPOLATED.search(query)
    if written:
        raise FieldProblem(
            "not-bound",
            Text(f"'{written[0]}' không được ghi vào câu truy vấn", f"'{written[0]}' is not written into a query"),
            Text(f"viết :{written[1]}", f"write :{written[1]}"),
            ("query",),
        )


def _tells_periods_apart(listing: SqlListing, i: int) -> None:
    """Two periods that are asked the same question would get the same figures."""
    asked = []
    for period in listing.periods:
        own = dict.fromkeys(("from", "to", *period.parts), period.period)
        asked.append({name: {**own, **listing.with_, **period.with_}.get(name) for name in listing.needed})
    for j, question in enumerate(asked):
        if question in asked[:j]:
            raise FieldProblem(
                "same-question",
                Text("hai kỳ được hỏi cùng một câu", "two periods are asked the same question"),
                Text("dùng :month, :quarter, hoặc :from và :to", "use :month, :quarter, or :from and :to"),
                ("requests", i, "periods", j, "period"),
            )
