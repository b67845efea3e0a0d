"""The contract of a source as YAML writes it: fields with type, unit and bounds, the agency's code, rules of a row.

Frozen and hashed: a pull names the hash of the contract that it was read under. No type is ever inferred.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from connectors.parts import Name, Part, Title, known_zone, option
from connectors.rules_model import Excluded, Rule, Total

# Columns that the landing adds to every row; a contract may not use their names.
OWN_COLUMNS = ("request", "period", "body_sha256", "pointer")


class Range(Part):
    """A closed range; an open end is left out."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def holds(self, value: Decimal) -> bool:
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)

    def __str__(self) -> str:
        low = "" if self.minimum is None else str(self.minimum)
        high = "" if self.maximum is None else str(self.maximum)
        return f"{low}…{high}"


class Numbers(Part):
    """How numbers are written as text. What is not declared is refused, never guessed: 1.234 is two numbers."""

    decimal: Literal["point", "comma"] = "point"
    group: Literal["none", "point", "comma", "space"] = "none"

    @model_validator(mode="after")
    def _two_signs(self) -> Numbers:
        if self.decimal == self.group:
            raise FieldProblem(
                "invalid-value",
                Text("dấu thập phân và dấu nhóm phải khác nhau", "the decimal sign and the group sign must differ"),
                at=("group",),
            )
        return self


class FieldContract(Part):
    """One field: the source's name is its key in the YAML, `name` is ours."""

    name: Name
    type: Literal["text", "integer", "decimal", "date", "moment", "boolean"]
    title: Title | None = None
    unit: str | None = None
    required: bool = True
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    places: int | None = Field(default=None, ge=0, le=9, description="decimal places of type decimal")
    format: str | None = Field(default=None, description="strptime format of type date or moment, or iso8601")
    timezone: str | None = option(description="zone of a moment that is sent without one")
    numbers: Numbers | None = option(description="how this field writes numbers, if unlike the contract's 'numbers'")
    values: tuple[str, ...] | None = Field(default=None, description="the only values of type text")
    pattern: str | None = option(description="regular expression that a text matches from end to end")
    typical: dict[str, Range] = Field(default_factory=dict, description="group: range seen in published figures")

    @model_validator(mode="after")
    def _fits_its_type(self) -> FieldContract:
        needs = {"decimal": "places", "date": "format", "moment": "format"}.get(self.type)
        if needs and getattr(self, needs) is None:
            raise FieldProblem(
                "missing-key",
                Text(f"kiểu {self.type} cần '{needs}'", f"type {self.type} needs '{needs}'"),
                Text(f"thêm '{needs}: …'", f"add '{needs}: …'"),
            )
        numeric = self.type in {"integer", "decimal"}
        for key in ("minimum", "maximum", "typical"):
            if getattr(self, key) not in (None, {}) and not numeric:
                raise FieldProblem(
                    "invalid-value",
                    Text(f"'{key}' chỉ dùng cho số", f"'{key}' is for numbers only"),
                    at=(key,),
                )
        self._checked_pattern()
        return self._checked_time()

    def _checked_pattern(self) -> None:
        if self.pattern is None:
            return
        if self.type != "text":
            raise FieldProblem(
                "invalid-value", Text("'pattern' chỉ dùng cho chữ", "'pattern' is for texts only"), at=("pattern",)
            )
        try:
            re.compile(self.pattern)
        except re.error:
            raise FieldProblem(
                "invalid-value",
                Text("biểu thức chính quy không hợp lệ", "not a regular expression"),
                at=("pattern",),
            ) from None

    def _checked_time(self) -> FieldContract:
        form = self.format or ""
        if re.search("%[HIMS]", form) and "%z" not in form and self.timezone is None:
            raise FieldProblem(
                "missing-key",
                Text("giờ không có múi giờ cần 'timezone'", "a time without a zone needs 'timezone'"),
                Text("thêm 'timezone: Asia/Ho_Chi_Minh'", "add 'timezone: Asia/Ho_Chi_Minh'"),
            )
        if self.timezone is not None:
            known_zone(self.timezone)
        if self.type == "moment" and not (form == "iso8601" or "%H" in form):
            raise FieldProblem(
                "invalid-value",
                Text("'format' của một thời điểm phải có giờ", "the 'format' of a moment must tell the hour"),
                Text("viết iso8601, hoặc dùng kiểu date", "write iso8601, or use the type date"),
                ("format",),
            )
        return self


class AgencyField(Part):
    """What tells whose row it is: a code in a scheme, a name (matched exactly, never guessed), or the request."""

    field: str = Field(default="", description="the field; a dotted path reaches into nested objects")
    scheme: Name
    name: str | None = Field(default=None, description="field with the agency's name, for messages only")
    by: Literal["code", "name", "request"] = option("code", description="request: 'for_each: agency' asked for it")

    @model_validator(mode="after")
    def _needs_a_field(self) -> AgencyField:
        if bool(self.field) == (self.by == "request"):
            raise FieldProblem(
                "missing-key",
                Text("'field' dùng với 'by: code' hoặc 'by: name'", "'field' goes with 'by: code' or 'by: name'"),
                at=("field",),
            )
        return self


class GroupField(Part):
    """Which field tells the agency's group, where the source says it."""

    field: str
    values: dict[str, Name]


class Contract(Part):
    """What the source has promised; whatever breaks it is quarantined with its reason."""

    version: int = Field(ge=1)
    table: Name
    values: Literal["strings", "native"] = Field(description="strings: every value arrives as a JSON string")
    agency: AgencyField
    key: tuple[str, ...] = option((), description="further fields that tell rows of one agency apart")
    numbers: Numbers = option(Numbers(), description="how numbers are written as text")
    exclude: tuple[Excluded, ...] = option((), description="rows to leave out")
    totals: tuple[Total, ...] = option((), description="rows left out that are totals, held against the agencies' sums")
    group: GroupField | None = None
    fields: dict[str, FieldContract] = Field(min_length=1)
    ignore: tuple[str, ...] = Field(default=(), description="fields known to be sent and deliberately not stored")
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _refers_to_fields(self) -> Contract:
        if self.agency.field:
            self._known(self.agency.field, ("agency", "field"))
        for i, name in enumerate(self.key):
            self._known(name, ("key", i))
        if self.agency.name:
            self._known(self.agency.name, ("agency", "name"))
        if self.group:
            self._known(self.group.field, ("group", "field"))
        for i, rule in enumerate(self.rules):
            for at, name in rule.fields():
                self._known(name, ("rules", i, *at))
        for i, total in enumerate(self.totals):
            for j, name in enumerate(total.of):
                self._known(name, ("totals", i, "of", j))
        self._columns()
        return self

    def _columns(self) -> None:
        """Our names are unique, the agency's code has its fixed one, and a vendor's percentage shows what it is."""
        taken: set[str] = set(OWN_COLUMNS)
        for source_name, field in self.fields.items():
            if field.name in taken:
                raise FieldProblem(
                    "duplicate-name",
                    Text(f"tên cột '{field.name}' bị trùng", f"the column name '{field.name}' is taken"),
                    at=("fields", source_name, "name"),
                )
            taken.add(field.name)
        codes = [key for key, field in self.fields.items() if field.name == "agency_code"]
        if codes != ([self.agency.field] if self.agency.by == "code" else []):
            raise FieldProblem(
                "agency-column",
                Text(
                    "đúng trường mã cơ quan mang tên 'agency_code'", "the agency's code, and it alone, is 'agency_code'"
                ),
                at=("fields", self.agency.field or (codes or [""])[0], "name"),
            )
        for rule in self.rules:
            if rule.cross_check and not self.fields[rule.cross_check.percent].name.startswith("cross_check_"):
                raise FieldProblem(
                    "cross-check-column",
                    Text(
                        "tỷ lệ do nguồn tính phải mang tên 'cross_check_…'",
                        "the vendor's own percentage must be named 'cross_check_…'",
                    ),
                    at=("fields", rule.cross_check.percent, "name"),
                )

    def _known(self, source_name: str, at: tuple[str | int, ...]) -> None:
        if source_name not in self.fields:
            raise FieldProblem(
                "unknown-field",
                Text(f"không có trường '{source_name}' trong 'fields'", f"no field '{source_name}' under 'fields'"),
                at=at,
            )

    @property
    def columns(self) -> dict[str, FieldContract]:
        """The landed columns by our names. Where no field holds the agency's code, that column comes first."""
        own = {field.name: field for field in self.fields.values()}
        return own if "agency_code" in own else {"agency_code": FieldContract(name="agency_code", type="text"), **own}

    @property
    def number_fields(self) -> dict[str, FieldContract]:
        """The fields that hold numbers, by the source's name."""
        return {key: field for key, field in self.fields.items() if field.type in {"integer", "decimal"}}
