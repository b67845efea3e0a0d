"""An open-data portal (CKAN's action API): datasets found by a search, and the organisations that publish them.

It knows the present only. A search ends at 50 rows a page (1,000 at real portals) and a list of organisations with all
their fields at 25, whatever was asked for. Only whoever sends a key of the portal, and asks for it, sees datasets that
are private or drafts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from connectors.simulator.answers import NOT_FOUND, Answer, json_answer
from connectors.simulator.exchange import Asked
from connectors.simulator.truth import ledger

Row = dict[str, Any]

SEARCH = "/api/3/action/package_search"
ORGANISATIONS = "/api/3/action/organization_list"
MOST_ROWS, MOST_ORGANISATIONS = 50, 25
METRIC = "open_data.datasets"
WHOSE = " organisation"  # of a row while it is inside; no answer holds it
PORTAL = "cong-du-lieu"  # the portal's own organisation, which is no agency

_KEY = "mau-du-lieu-mo-khong-that"
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_PUBLIC = {"type": "dataset", "state": "active", "private": False}
_BESIDE = (
    {"type": "dataset", "state": "draft", "private": False},
    {"type": "dataset", "state": "active", "private": True},
    {"type": "showcase", "state": "active", "private": False},
)


class OpenData:
    """The portal, which anybody may ask."""

    name = "open_data"
    secrets: Mapping[str, str] = {"OPEN_DATA_KEY": _KEY}

    def answer(self, asked: Asked) -> Answer:
        """One page of a list, in the envelope of the action API."""
        lists = {SEARCH: "datasets", ORGANISATIONS: "organisations"}
        if asked.path not in lists:
            return NOT_FOUND
        facts = {"system": self.name, "list": lists[asked.path]}
        fault = asked.faults.next(facts)
        if fault:
            return fault
        if asked.path == ORGANISATIONS:
            rows = asked.faults.on_rows(list(_organisations(asked.moment)), facts, code=WHOSE)
            return _listed(asked, rows)
        sees_all = asked.headers.get("authorization") == _KEY and asked.query.get("include_private") == "true"
        rows = [row for row in _datasets(asked.moment) if sees_all or _visible(row)]
        return _found(asked, asked.faults.on_rows(rows, facts, code=WHOSE))


def _visible(row: Row) -> bool:
    return row["state"] == "active" and not row["private"]


def _found(asked: Asked, rows: list[Row]) -> Answer:
    """What a search finds. Of the filters only `organization:NAME` is known."""
    name, _, value = asked.query.get("fq", "").partition(":")
    if name == "organization":
        rows = [row for row in rows if row[WHOSE] == value.strip('"')]
    start, size = asked.number("start", 0), min(asked.number("rows", 10), MOST_ROWS)
    result = {"count": len(rows), "sort": "name asc", "results": _shown(rows[start : start + size])}
    return json_answer({"help": _help(asked), "success": True, "result": result})


def _listed(asked: Asked, rows: list[Row]) -> Answer:
    """Names only, or with `all_fields` the organisations themselves."""
    offset = asked.number("offset", 0)
    if asked.query.get("all_fields", "false").lower() != "true":
        found: list[Any] = [row["name"] for row in rows[offset : offset + asked.number("limit", 1000)]]
    else:
        found = _shown(rows[offset : offset + min(asked.number("limit", MOST_ORGANISATIONS), MOST_ORGANISATIONS)])
    return json_answer({"help": _help(asked), "success": True, "result": found})


def _help(asked: Asked) -> str:
    return f"{asked.address}/api/3/action/help_show?name={asked.path.rpartition('/')[2]}"


def _shown(rows: list[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if name != WHOSE} for row in rows]


def _published(moment: datetime) -> list[tuple[str, str, int]]:
    """Name, title and number of public datasets of every organisation; an agency that nobody knows of is not listed."""
    known = ledger(moment.astimezone(_ZONE).year, moment)
    agencies = known.having(METRIC) if known else ()
    counts = [(one.codes["mau"], one.name, known.count(one, METRIC) if known else 0) for one in agencies]
    return [*counts, (PORTAL, "Cổng dữ liệu mở (mẫu)", 3)] if counts else []


@cache
def _organisations(moment: datetime) -> tuple[Row, ...]:
    return tuple(
        {
            WHOSE: name,
            "id": f"to-chuc-{name.lower()}",
            "name": name,
            "title": title,
            "type": "organization",
            "is_organization": True,
            "state": "active",
            "approval_status": "approved",
            "num_followers": 0,
            "package_count": count,
        }
        for name, title, count in _published(moment)
    )


@cache
def _datasets(moment: datetime) -> tuple[Row, ...]:
    """Public datasets as the ledger has them; beside them, of every third organisation a draft, a private one and a
    showcase, which are no open data."""
    rows = []
    for place, (name, title, count) in enumerate(_published(moment)):
        kinds = [_PUBLIC] * count + list(_BESIDE if place % 3 == 0 else ())
        rows += list(_packages(name, title, kinds, moment))
    return tuple(rows)


def _packages(name: str, title: str, kinds: list[dict[str, Any]], moment: datetime) -> Iterator[Row]:
    for number, kind in enumerate(kinds, 1):
        slug = f"{name.lower().replace('.', '-')}-bo-{number:02}"
        modified = (moment - timedelta(days=number * 11)).astimezone(UTC).replace(tzinfo=None, microsecond=0)
        yield {
            WHOSE: name,
            "id": f"id-{slug}",
            "name": slug,
            "title": f"Bộ dữ liệu mẫu {number} – {title}",
            "author": "Nguyễn Văn Mẫu",
            "author_email": "nguyen.van.mau@example.vn",
            "maintainer": "Trần Thị Mẫu",
            "maintainer_email": "tran.thi.mau@example.vn",
            "license_id": "cc-by",
            "metadata_created": f"{(modified - timedelta(days=40)).isoformat()}.000000",
            "metadata_modified": f"{modified.isoformat()}.000000",
            "num_resources": number % 4 + 1,
            "organization": {"id": f"to-chuc-{name.lower()}", "name": name, "title": title, "state": "active"},
            **kind,
        }
