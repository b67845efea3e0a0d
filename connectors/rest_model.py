"""A source of kind `rest` as YAML describes it: address, proof of identity, endpoint, paging, the lists to ask for.

Names follow what operators find documented elsewhere: dlt's `rest_api` (`base_url`, `auth`, `endpoint`, `params`,
`json`, `data_selector`, `paginator`), JMESPath for every path into an answer, strftime for every format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_network
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from connectors.auth_model import AuthModel, NoAuth, OAuth2, Secret, Tls
from connectors.paginator_model import JmesPath, Paginator
from connectors.parts import Name, Part, Title, known_zone, option
from connectors.source_model import Source
from connectors.vetting import UnsafeAddressError, origin, reach

SIMULATOR = "simulator:"
PLACEHOLDER = re.compile(r"\{([a-z_]+)(:int)?\}")
_PERIOD = re.compile(r"\{year\}(-(0[1-9]|1[0-2])|-Q[1-4]|-H[12])?")
_MEDIA_TYPES = {"json": ("application/json",), "xml": ("application/xml", "text/xml")}

Placed = dict[str, Any]


class Period(Part):
    """A period to ask for: its name in the tables, the values it gives to placeholders, and whom it must cover."""

    period: str = Field(description="`{year}`, `{year}-10`, `{year}-Q3`, `{year}-H1`")
    with_: Placed = Field(default_factory=dict, alias="with", description="placeholder: value")
    groups: tuple[Name, ...] = Field(min_length=1, description="agency groups that must be complete")
    first_day: str | None = option(description="if unlike the period's own: {year}, {last_year} or {next_year}-MM-DD")
    last_day: str | None = option(description="as first_day; included")

    @field_validator("period")
    @classmethod
    def _names_a_period(cls, value: str) -> str:
        if not _PERIOD.fullmatch(value):
            raise FieldProblem(
                "invalid-period",
                Text(f"kỳ '{value}' không hợp lệ", f"'{value}' is not a period"),
                Text("viết {year}, {year}-10 hoặc {year}-Q3", "write {year}, {year}-10 or {year}-Q3"),
            )
        return value

    @field_validator("first_day", "last_day")
    @classmethod
    def _names_a_day(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"\{(year|last_year|next_year)\}-[0-1]\d-[0-3]\d", value):
            raise FieldProblem("invalid-period", Text(f"ngày '{value}' không hợp lệ", f"'{value}' is not a day"))
        return value

    def name(self, year: int) -> str:
        return self.period.replace("{year}", f"{year:04d}")

    @property
    def parts(self) -> tuple[str, ...]:
        """Placeholders that the period's name fills in: month or quarter or half, if it has one."""
        tail = self.period.removeprefix("{year}").lstrip("-")
        if tail.isdigit():
            return ("month",)
        return {"Q": ("quarter",), "H": ("half",)}[tail[0]] if tail else ()


class Listing(Part):
    """One list that the source is asked for, in one or more periods."""

    name: Name
    title: Title | None = None
    with_: Placed = Field(default_factory=dict, alias="with", description="placeholder: value")
    periods: tuple[Period, ...] = Field(min_length=1)
    for_each: Literal["agency"] | None = option(description="ask once per agency of the groups, by {agency_code}")


class WindowFormat(Part):
    """How `{from}` and `{to}` are written. Real clients send local midnight as `…T00:00:00.000Z`; what a source takes
    it for must be tried out once, then declared: a wrong zone shifts the year by seven hours."""

    format: str = Field(default="%Y-%m-%d", description="strftime; %3f gives milliseconds")
    timezone: str | None = Field(default=None, description="zone in which it is written; default: the source's")
    end: Literal["last_day", "last_second", "last_millisecond", "next_day"] = "last_day"
    most_days: int | None = option(
        ge=1, le=366, description="days that the source answers for at most; a longer period is asked for in parts"
    )

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        return value if value is None else known_zone(value)


class Envelope(Part):
    """A place in the answer that tells whether it is whole: with any other value the answer is refused."""

    path: JmesPath
    allowed: tuple[Any, ...] = Field(default=(None,), description="such as [0], [null], [[]] for an empty list")


class Endpoint(Part):
    """The HTTP call. `{year}`, the paginator's and period's placeholders and the names under `with` are filled in;
    `{name:int}` gives a JSON number. A mapping inside `form` is sent as one JSON document. Calls only ask: they may be
    repeated."""

    method: Literal["GET", "POST"] = "GET"
    path: str = Field(pattern=r"^/[^?#\s]*$")
    params: dict[str, str] = Field(default_factory=dict, description="query string")
    form: dict[str, Any] = Field(default_factory=dict, description="form fields; a mapping becomes one JSON document")
    json_: dict[str, Any] | list[Any] | None = option(alias="json", description="JSON body")
    content_types: tuple[str, ...] = Field(default=("application/json",), min_length=1, description="media types")
    data_selector: JmesPath = Field(default="@", description="JMESPath to the list of records; @ is the whole answer")
    format: Literal["json", "xml"] = option("json", description="xml: elements by name, @attribute, #text")
    success_codes: tuple[int, ...] = option((), description="HTTP status of a good answer; default 200, 201, 204")
    envelope: tuple[Envelope, ...] = option((), description="what must hold in a whole answer")
    scalar_field: str | None = option(description="the answer is one number: a row with this field")
    window: WindowFormat = option(WindowFormat(), description="how {from} and {to} are written")

    @property
    def media_types(self) -> tuple[str, ...]:
        named = "content_types" in self.model_fields_set
        return self.content_types if named else _MEDIA_TYPES[self.format]

    def templates(self) -> list[Any]:
        """Everything that may hold placeholders."""
        return [self.path, self.params, self.form, self.json_]


class RestSource(Source):
    """A source that is asked over HTTP."""

    kind: Literal["rest"]
    base_url: str = Field(description="https://host, or simulator:NAME for the built-in simulator on loopback")
    auth: AuthModel = NoAuth()
    headers: dict[str, Secret | str] = Field(default_factory=dict, description="sent with every call")
    allowed_hosts: tuple[str, ...] = Field(default=(), description="further hosts that next links may lead to")
    allowed_networks: tuple[str, ...] = Field(default=(), description="private networks, such as 10.1.2.0/24")
    tls: Tls = Tls()
    endpoint: Endpoint
    paginator: Paginator
    requests: tuple[Listing, ...] = Field(min_length=1)

    @field_validator("base_url")
    @classmethod
    def _safe_base(cls, value: str) -> str:
        if not value.startswith(SIMULATOR):
            _safe_address(value)
        return value.rstrip("/")

    @field_validator("auth")
    @classmethod
    def _safe_token_address(cls, value: Any) -> Any:
        if isinstance(value, OAuth2) and not re.fullmatch(r"/(?!/)[^?#\s]*", value.access_token_url):
            _safe_address(value.access_token_url)
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _readable_hosts(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return _readable(values, lambda value: None if "/" in value else origin(f"https://{value}"))

    @field_validator("allowed_networks")
    @classmethod
    def _readable_networks(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return readable_networks(values)

    @model_validator(mode="after")
    def _requests_fit(self) -> RestSource:
        needed = set(placeholders(self.endpoint.templates()))
        check_requests(
            self.requests,
            self.contract.agency.by,
            lambda listing, period: [f"{{{name}}}" for name in sorted(needed - self._filled(listing, period))],
        )
        self._page_is_sent(needed)
        self._addresses_are_open()
        if self.endpoint.window.most_days and not {"from", "to"} <= needed:
            raise FieldProblem(
                "window-not-sent",
                Text("'most_days' nhưng không gửi {from} và {to}", "'most_days', but {from} and {to} are never sent"),
                at=("endpoint", "window", "most_days"),
            )
        return self

    def _filled(self, listing: Listing, period: Period) -> set[str]:
        own = {"year", "from", "to", *period.parts, *self.paginator.offers}
        return own | listing.with_.keys() | period.with_.keys() | ({"agency_code"} if listing.for_each else set())

    def _page_is_sent(self, needed: set[str]) -> None:
        missing = [name for name in self.paginator.sends if name not in needed]
        if missing:
            name = missing[0]
            raise FieldProblem(
                "page-not-sent",
                Text(f"phân trang nhưng không gửi {{{name}}}", f"the list is paged but {{{name}}} is never sent"),
                Text(f"đặt \"{{{name}}}\" trong 'endpoint'", f"place \"{{{name}}}\" in 'endpoint'"),
                ("paginator",),
            )

    def _addresses_are_open(self) -> None:
        """A private address that stands here must be in a listed network; names are vetted when they are resolved."""
        token = self.auth.access_token_url if isinstance(self.auth, OAuth2) else "/"
        places = {"base_url": "/" if self.simulated else self.base_url, "auth": token}
        for name, url in places.items():
            if not url.startswith("/") and reach([url], networks=self.allowed_networks).refuses(url):
                raise FieldProblem(
                    "unsafe-address",
                    Text("địa chỉ nội bộ chưa được cho phép", "a private address that is not allowed"),
                    Text("thêm mạng đó vào 'allowed_networks'", "add its network to 'allowed_networks'"),
                    (name,),
                )

    @property
    def simulated(self) -> bool:
        return self.base_url.startswith(SIMULATOR)

    @property
    def knows_only_now(self) -> bool:
        """Whether nothing in the question tells a time; such an answer is the state at the moment of asking."""
        asked = set(placeholders(self.endpoint.templates()))
        return not asked & {"year", "from", "to", "month", "quarter", "half"}


def check_requests(
    requests: Sequence[Listing], agency_by: str, unknown: Callable[[Listing, Period], list[str]]
) -> None:
    """Every list asks once for a period, with a value for every placeholder (`unknown` names those without, as they
    are written), and for each agency where the request tells whose row it is. Raises `FieldProblem`."""
    names = [(listing.name, period.period) for listing in requests for period in listing.periods]
    for i, listing in enumerate(requests):
        for j, period in enumerate(listing.periods):
            without = unknown(listing, period)
            if without:
                bare = without[0].strip("{}:")
                raise FieldProblem(
                    "unknown-placeholder",
                    Text(f"'{without[0]}' không có giá trị", f"'{without[0]}' has no value"),
                    Text(f"thêm '{bare}' vào 'with'", f"add '{bare}' under 'with'"),
                    ("requests", i, "periods", j),
                )
        if any(names.count((listing.name, period.period)) > 1 for period in listing.periods):
            raise FieldProblem(
                "duplicate-request",
                Text(f"'{listing.name}' hỏi một kỳ hai lần", f"'{listing.name}' asks for a period twice"),
                at=("requests", i, "name"),
            )
        if (listing.for_each is not None) != (agency_by == "request"):
            raise FieldProblem(
                "for-each-agency",
                Text(
                    "'for_each: agency' và 'agency: {by: request}' đi cùng nhau",
                    "'for_each: agency' and 'agency: {by: request}' go together",
                ),
                at=("requests", i, "name"),
            )


def readable_networks(values: tuple[str, ...]) -> tuple[str, ...]:
    """The networks as they stand. Raises `FieldProblem` for one that cannot be read."""
    return _readable(values, ip_network)


def _readable(values: tuple[str, ...], read: Callable[[str], Any]) -> tuple[str, ...]:
    for i, value in enumerate(values):
        try:
            if read(value) is None:
                raise ValueError
        except (ValueError, UnsafeAddressError):
            raise FieldProblem(
                "invalid-value", Text(f"'{value[:60]}' không hợp lệ", f"'{value[:60]}' is not valid"), at=(i,)
            ) from None
    return values


def _safe_address(value: str) -> None:
    try:
        origin(value)
    except UnsafeAddressError as unsafe:
        if "password" in str(unsafe):
            raise FieldProblem(
                "secret-in-address",
                Text("địa chỉ không được chứa tài khoản hay mật khẩu", "the address must not hold a user or password"),
            ) from None
        raise FieldProblem(
            "unsafe-address",
            Text("địa chỉ phải là https://máy-chủ", "the address must be https://host"),
            Text("http:// chỉ dùng cho 127.0.0.1", "http:// is for 127.0.0.1 only"),
        ) from None
    if "?" in value or "#" in value:
        raise FieldProblem("unsafe-address", Text("địa chỉ không có '?' hay '#'", "the address has no '?' or '#'"))


def placeholders(template: Any) -> Iterator[str]:
    """Names of all placeholders anywhere in a template."""
    if isinstance(template, str):
        yield from (match[1] for match in PLACEHOLDER.finditer(template))
    elif isinstance(template, dict):
        for value in template.values():
            yield from placeholders(value)
    elif isinstance(template, list):
        for value in template:
            yield from placeholders(value)
