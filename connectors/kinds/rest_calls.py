"""From a source's YAML to an HTTP call: placeholders filled in, forms and JSON bodies written."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from connectors.bodies import Expected
from connectors.calls import Call
from connectors.rest_model import PLACEHOLDER, Listing, Period, RestSource
from connectors.windows import Window, window_facts

_LEFT_OUT = object()
_ALWAYS_GOOD = frozenset({200, 201, 204})


def facts_of(
    source: RestSource, listing: Listing, period: Period, year: int, *, agency: str = "", part: Window | None = None
) -> dict[str, Any]:
    """The values of all placeholders but the position; `part` is the part of the period that is asked for."""
    return {
        "year": f"{year:04d}",
        "agency_code": agency,
        **window_facts(period, source.endpoint.window, source.timezone, year, part),
        **source.paginator.facts(),
        **listing.with_,
        **period.with_,
    }


def build_call(source: RestSource, facts: dict[str, Any], url: str | None = None) -> Call:
    """The endpoint with its placeholders filled in; a mapping inside `form` becomes one JSON document. With a next
    link, that address is asked as the source gave it."""
    endpoint = source.endpoint
    accept = {} if endpoint.format == "json" else {"Accept": ", ".join(endpoint.media_types)}
    expected = Expected(
        endpoint.media_types, endpoint.format == "xml", frozenset(endpoint.success_codes) or _ALWAYS_GOOD
    )
    form = {
        name: value if isinstance(value, str) else _document(value)
        for name, value in fill(endpoint.form, facts).items()
    }
    body = None if endpoint.json_ is None else _document(fill(endpoint.json_, facts)).encode()
    if url is not None:
        return Call(endpoint.method, url, {}, form, body, accept, expected)
    params = {name: str(value) for name, value in fill(endpoint.params, facts).items()}
    path = PLACEHOLDER.sub(lambda match: quote(str(facts[match[1]]), safe=""), endpoint.path)
    return Call(endpoint.method, path, params, form, body, accept, expected)


def fill(template: Any, facts: dict[str, Any]) -> Any:
    """A template with its placeholders replaced; `"{name:int}"` standing alone becomes a number.

    What holds only a placeholder without a value yet (the cursor of the first page) is left out.
    """
    if isinstance(template, dict):
        filled = {key: fill(value, facts) for key, value in template.items()}
        return {key: value for key, value in filled.items() if value is not _LEFT_OUT}
    if isinstance(template, list):
        return [value for value in (fill(value, facts) for value in template) if value is not _LEFT_OUT]
    if not isinstance(template, str):
        return template
    alone = PLACEHOLDER.fullmatch(template)
    if alone and facts[alone[1]] is None:
        return _LEFT_OUT
    if alone and alone[2]:
        return int(facts[alone[1]])
    return PLACEHOLDER.sub(lambda match: str(facts[match[1]]), template)


def _document(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=float)
