"""From a source's YAML to a statement with bound parameters. Nothing of a value ever becomes part of a statement."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from connectors.rest_model import Period
from connectors.sql_model import SqlListing
from connectors.windows import numbers_of, window_of

if TYPE_CHECKING:
    from sqlalchemy import Executable

Parameters = dict[str, Any]


def parameters_of(listing: SqlListing, period: Period, year: int, agency: str = "") -> Parameters:
    """The parameters that a list needs: numbers of the period, its first and last day, the agency, and what `with`
    names; `with` wins."""
    first, last = window_of(period, year)
    if listing.window.end == "next_day":
        last += timedelta(days=1)
    known = {
        "year": year,
        "from": _day(first, listing.window.format),
        "to": _day(last, listing.window.format),
        **numbers_of(period),
        "agency_code": agency,
        **listing.with_,
        **period.with_,
    }
    return {name: known[name] for name in sorted(listing.needed)}


def statement_of(listing: SqlListing, columns: list[str] | None, parameters: Parameters) -> Executable:
    """The statement; `columns` are those to read of a table."""
    import sqlalchemy

    if listing.query is not None:
        text = sqlalchemy.text(listing.query.strip().removesuffix(";"))
        return text.bindparams(*(sqlalchemy.bindparam(name, value) for name, value in parameters.items()))
    wanted: list[Any] = [sqlalchemy.column(name) for name in columns or []]
    asked = sqlalchemy.select(*wanted).select_from(_table(listing))
    for column, placeholder in listing.where.items():
        name = placeholder.removeprefix(":")
        asked = asked.where(sqlalchemy.column(column) == sqlalchemy.bindparam(name, parameters[name]))
    return asked


def shape_statement(listing: SqlListing) -> Executable:
    """A statement without rows that tells the columns of a table."""
    import sqlalchemy

    return sqlalchemy.select(sqlalchemy.text("*")).select_from(_table(listing)).where(sqlalchemy.false())


def described(listing: SqlListing, parameters: Parameters) -> dict[str, Any]:
    """What was asked, for the manifest: the statement and its parameters, never the host or an account."""
    asked: dict[str, Any] = {"query": listing.query} if listing.query is not None else {"table": listing.table}
    if listing.where:
        asked["where"] = dict(listing.where)
    shown = {name: value if isinstance(value, int) else str(value) for name, value in parameters.items()}
    return {**asked, "parameters": shown}


def _table(listing: SqlListing) -> Any:
    import sqlalchemy

    schema, _, name = (listing.table or "").rpartition(".")
    return sqlalchemy.table(name, schema=schema or None)


def _day(day: date, form: str | None) -> date | str:
    return day if form is None else day.strftime(form)
