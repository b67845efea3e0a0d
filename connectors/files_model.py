"""A source of kind `files` as YAML describes it: files of the inbox, their layout, and the periods they are for."""

from __future__ import annotations

import re
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, field_validator, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from connectors.edxml.model import EdxmlLayout, check_contract
from connectors.findings import Place
from connectors.parts import Name, Part, Title, option
from connectors.rest_model import Period
from connectors.sftp.model import Sftp
from connectors.sheets.model import CsvLayout, XlsxLayout
from connectors.source_model import Source
from connectors.windows import Window, window_of

_PLACEHOLDER = re.compile(r"\{(year|month|quarter|half)\}")
AnyLayout = Annotated[XlsxLayout | CsvLayout | EdxmlLayout, Field(discriminator="type")]
_AGENCY = "{agency_code}"
_KNOWN = f"{{year}}, {{month}}, {{quarter}}, {{half}}, {_AGENCY}"


class FileListing(Part):
    """One table that arrives as files, in one or more periods."""

    name: Name
    title: Title | None = None
    file: str = Field(
        pattern=r"^[^/\\=+@.-][^/\\]*$",
        description="name with {year}, {month}, {quarter}, {half}; * stands for any text, and then for several files; "
        "{agency_code}: one file per agency, in which only its own rows may stand",
    )
    layout: AnyLayout
    periods: tuple[Period, ...] = Field(min_length=1)
    missing_periods: Literal["fail", "leave_out"] = option(
        "fail", description="leave_out: periods whose file has not come yet are left out; one at least must be there"
    )
    refused_files: Literal["fail", "set_aside"] = option(
        "fail", description="set_aside: a file that is refused is quarantined, the other files are used"
    )

    @field_validator("file")
    @classmethod
    def _known_placeholders(cls, value: str) -> str:
        odd = re.search(r"[{}]", _PLACEHOLDER.sub("", value.replace(_AGENCY, "", 1)))
        if odd:
            raise FieldProblem(
                "unknown-placeholder",
                Text(f"'{value}' có chỗ điền lạ", f"'{value}' holds an unknown placeholder"),
                Text(f"dùng {_KNOWN}", f"use {_KNOWN}"),
            )
        return value

    def pattern(self, period: Period, year: int) -> str:
        """The name for one period, `*` and `{agency_code}` left as they are."""
        known = {"year": f"{year:04d}", **_numbers(period)}
        return _PLACEHOLDER.sub(lambda match: known[match[1]], self.file)


class Asked(NamedTuple):
    """One list for one period: its place in messages, what names its files have, whom it must cover, and its days."""

    listing: FileListing
    place: Place
    pattern: str
    groups: tuple[str, ...]
    window: Window


def asked_for(source: Source, listing: FileListing, period: Period, year: int) -> Asked:
    """What a list and period of a year come to."""
    place = Place(source.name, listing.name, period.name(year))
    return Asked(listing, place, listing.pattern(period, year), period.groups, window_of(period, year))


def name_pattern(pattern: str) -> re.Pattern[str]:
    """What names match a pattern; its group `agency_code` is the agency that the name tells."""
    parts = [".*".join(re.escape(part) for part in half.split("*")) for half in pattern.split(_AGENCY, 1)]
    return re.compile("(?P<agency_code>.+)".join(parts), re.DOTALL)


def agency_in_name(pattern: str, name: str) -> str | None:
    """The agency that a file's name tells, where the pattern asks for it."""
    match = name_pattern(pattern).fullmatch(name) if _AGENCY in pattern else None
    return match["agency_code"] if match else None


class FilesSource(Source):
    """A source whose files are dropped into `inbox/NAME/` of the deployment, or fetched from an SFTP server."""

    kind: Literal["files"]
    synthetic: bool = Field(default=False, description="the files hold made-up figures: everything shows it")
    inbox: Name | None = Field(default=None, description="folder below inbox/; the source's name by default")
    sftp: Sftp | None = option(description="read a folder of this server instead of the inbox")
    requests: tuple[FileListing, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> FilesSource:
        for i, listing in enumerate(self.requests):
            wire = "native" if listing.layout.type == "xlsx" else "strings"
            if self.contract.values != wire:
                raise FieldProblem(
                    "invalid-value",
                    Text(
                        f"tệp {listing.layout.type} cần 'values: {wire}'",
                        f"{listing.layout.type} needs 'values: {wire}'",
                    ),
                    at=("contract", "values"),
                )
            if isinstance(listing.layout, EdxmlLayout):
                check_contract(self.contract)
                _names_messages(listing, ("requests", i, "file"))
                continue
            for j, period in enumerate(listing.periods):
                _needs_its_parts(listing, period, ("requests", i, "periods", j, "period"))
            for title in (*(listing.layout.totals.of if listing.layout.totals else ()),):
                if title not in self.contract.number_fields:
                    raise FieldProblem(
                        "unknown-field",
                        Text(f"'{title}' không phải trường số của hợp đồng", f"'{title}' is no number of the contract"),
                        at=("requests", i, "layout", "totals", "of"),
                    )
            if _AGENCY in listing.file and self.contract.agency.by != "code":
                raise FieldProblem(
                    "invalid-value",
                    Text(f"{_AGENCY} cần cột mã cơ quan", f"{_AGENCY} needs a column with the agency's code"),
                    at=("requests", i, "file"),
                )
        if self.sftp and self.inbox:
            raise FieldProblem("invalid-value", Text("'inbox' hoặc 'sftp'", "either 'inbox' or 'sftp'"), at=("inbox",))
        if self.contract.agency.by == "request":
            raise FieldProblem(
                "invalid-value",
                Text("tệp nêu cơ quan ở một cột", "files name the agency in a column"),
                at=("contract", "agency", "by"),
            )
        return self

    @property
    def simulated(self) -> bool:
        return self.synthetic

    @property
    def folder(self) -> str:
        return self.inbox or self.name


def _needs_its_parts(listing: FileListing, period: Period, at: tuple[str | int, ...]) -> None:
    """A name with {month} cannot be told for a year, and files of two months must not share one name."""
    used = set(_PLACEHOLDER.findall(listing.file)) - {"year"}
    if used != set(period.parts) or "{year}" not in listing.file:
        needed = ", ".join(f"{{{name}}}" for name in ("year", *period.parts))
        raise FieldProblem(
            "invalid-period",
            Text(f"tên tệp của kỳ '{period.period}' cần {needed}", f"the file of '{period.period}' needs {needed}"),
            at=at,
        )


def _names_messages(listing: FileListing, at: tuple[str | int, ...]) -> None:
    """Messages tell their own times, and an act of this year may be on a document of the last: all are read."""
    if "{" in listing.file:
        raise FieldProblem(
            "unknown-placeholder",
            Text("tên tệp edXML không có chỗ điền", "the name of edXML files has no placeholders"),
            Text('viết "*.edxml": kỳ được đọc từ thông điệp', 'write "*.edxml": the period is read from the messages'),
            at,
        )


def _numbers(period: Period) -> dict[str, str]:
    """`{year}-03` → month 03, `{year}-Q3` → quarter 3."""
    tail = period.period.removeprefix("{year}").lstrip("-")
    return {name: tail.lstrip("QH") for name in period.parts}
