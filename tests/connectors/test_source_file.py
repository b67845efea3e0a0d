"""A source's YAML: the shipped one is sound, mistakes are told with their line, the contract's hash follows meaning.

The shipped source lies over a preset; a mistake in either is told in the file that it stands in.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from common.errors import ConfigurationError
from common.yaml_files import read_yaml
from connectors import load_source, load_sources, presets, source_schema
from connectors.kinds.rest_calls import build_call, facts_of
from tests.support.portal import SOURCE_FILE

PRESET_FILE = presets.FOLDER / "dvcqg_766.yaml"
TEXT = SOURCE_FILE.read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the preset that a test may spoil."""
    copy = tmp_path / "presets" / PRESET_FILE.name
    copy.parent.mkdir()
    copy.write_text(PRESET_FILE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(presets, "FOLDER", copy.parent)
    return copy


def written(tmp_path: Path, text: str, name: str = "portal_766.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def changed(tmp_path: Path, old: str, new: str) -> tuple[Path, Path]:
    """The source's file, and the one of the two in which `old` was replaced."""
    path = spoilt = written(tmp_path, TEXT)
    if old not in TEXT:
        spoilt = tmp_path / "presets" / PRESET_FILE.name
        new = re.sub(r"\n(?=.)", "\n  ", new)  # everything is a step further in there
    text = spoilt.read_text(encoding="utf-8")
    assert old in text
    spoilt.write_text(text.replace(old, new), encoding="utf-8")
    return path, spoilt


def test_the_shipped_source_asks_exactly_as_the_portal_expects() -> None:
    source = load_source(SOURCE_FILE)
    listing = source.requests[1]
    call = build_call(source, {**facts_of(source, listing, listing.periods[0], 2025), "page": 1})
    assert (call.method, call.path, call.params) == ("POST", "/jsp/rest.jsp", {})
    assert call.form["params"] == (
        '{"type":"ref","service":"report_tinh_766_service","p_nam":"2025","p_6thang":0,"p_quy":0,"p_thang":0,'
        '"p_tinh_id":"398126","p_loaidonvi":1,"loaichitieu":0,"pageIndex":1,"pageSize":1000}'
    )


def test_maxima_are_the_published_ones_and_sum_to_a_hundred() -> None:
    contract = load_source(SOURCE_FILE).contract
    maxima = {key: contract.fields[key].maximum for key in contract.rules[0].sum.of}
    assert maxima == {"TDGQ": 20, "MDHL": 18, "MDSH": 22, "TTTT": 10, "CLGQ": 12, "CKMB": 18}
    assert sum(value for value in maxima.values() if value) == contract.fields["TONG_SCORE"].maximum == 100


def test_suites_beside_the_sources_are_no_sources(tmp_path: Path) -> None:
    written(tmp_path, TEXT)
    written(tmp_path, "suite: x", "portal_766.suite.yaml")
    assert list(load_sources(tmp_path)) == ["portal_766"]


MISTAKES = {
    "unknown key": ("paginator:", "paginater:", "unknown-key"),
    "unknown kind": ("kind: rest", "kind: soap", "unknown-kind"),
    "name unlike the file": ("name: portal_766", "name: portal", "source-name"),
    "plain http": ("base_url: simulator:portal_766", "base_url: http://example.org", "unsafe-address"),
    "a file": ("base_url: simulator:portal_766", "base_url: file:///etc/passwd", "unsafe-address"),
    "a password": ("base_url: simulator:portal_766", "base_url: https://u:p@example.org", "secret-in-address"),
    "unknown zone": ("timezone: Asia/Ho_Chi_Minh", "timezone: Asia/Hanoi", "unknown-timezone"),
    "a page never sent": ("{page:int}", "1", "page-not-sent"),
    "a placeholder without value": ("{month:int}", "{quarter:int}", "unknown-placeholder"),
    "no such month": ('"{year}-10"', '"{year}-13"', "invalid-period"),
    "a field that is not there": ("[CKMB, TDGQ,", "[CKMX, TDGQ,", "unknown-field"),
    "agency in an unknown field": ("{field: MA_COQUAN,", "{field: MA_CQ,", "unknown-field"),
    "group in an unknown field": ("field: LOAI_COQUAN\n", "field: LOAI\n", "unknown-field"),
    "two columns of one name": ("name: agency_level", "name: agency_kind", "duplicate-name"),
    "a column of our own": ("name: agency_level", "name: pointer", "duplicate-name"),
    "another name for the code": ("name: agency_code", "name: code", "agency-column"),
    "decimal without places": ("places: 2, unit: điểm, minimum: 0, maximum: 20", "maximum: 20", "missing-key"),
    "a bound on a text": ("agency_level, type: text,", "agency_level, type: text, maximum: 2,", "invalid-value"),
    "a share above one": ("quarantine_share: 0", "quarantine_share: 2", "invalid-value"),
    "a limit switched off": ("paginator:\n", "limits: {request_seconds: 0}\npaginator:\n", "invalid-value"),
    "a list asked twice": ('period: "{year}-10"', 'period: "{year}"', "duplicate-request"),
    "years as text": ("first_year: 2025", "first_year: soon", "invalid-value"),
    "no contract": ("contract:\n", "contrat:\n", "missing-key"),
    "one sign for two": (
        "values: strings",
        "values: strings\n  numbers: {decimal: comma, group: comma}",
        "invalid-value",
    ),
    "a time without a zone": (
        "name: agency_level, type: text, values",
        'name: x, type: date, format: "%H:%M", values',
        "missing-key",
    ),
    "two rules in one": ("- sum: {", "- in_window: TTTT\n      sum: {", "invalid-value"),
    "a percentage in disguise": (
        "rules:\n",
        "rules:\n    - cross_check: {percent: TTTT, numerator: CLGQ, denominator: MDSH}\n",
        "cross-check-column",
    ),
    "a rule on an unknown field": (
        "rules:\n",
        "rules:\n    - ratio: {numerator: X, denominator: MDSH}\n",
        "unknown-field",
    ),
    "agency by request only": (
        "requests:\n  - name: provinces\n",
        "requests:\n  - name: provinces\n    for_each: agency\n",
        "for-each-agency",
    ),
    "no agency field": ("agency: {field: MA_COQUAN,", "agency: {by: request, field: MA_COQUAN,", "missing-key"),
    "name and code": ("agency: {field: MA_COQUAN,", "agency: {by: name, field: MA_COQUAN,", "agency-column"),
    "no JMESPath": ('data_selector: "@"', 'data_selector: "a[["', "invalid-value"),
    "unknown paging": ("type: page_number", "type: page_nummer", "invalid-value"),
    "a network that is none": ("first_year: 2025", "allowed_networks: [10.0.0.1/8]\nfirst_year: 2025", "invalid-value"),
    "a host that is none": ("first_year: 2025", "allowed_hosts: [https://x]\nfirst_year: 2025", "invalid-value"),
    "a secret in plain text": (
        "first_year: 2025",
        "auth: {type: bearer, token: abc}\nfirst_year: 2025",
        "secret-in-file",
    ),
    "a token over plain http": (
        "first_year: 2025",
        "auth: {type: oauth2_client_credentials, access_token_url: http://x.vn, client_id: a, "
        "client_secret: {secret: S}}\nfirst_year: 2025",
        "unsafe-address",
    ),
    "no such zone to send": ('data_selector: "@"', "window: {timezone: Asia/Hue}", "unknown-timezone"),
    "a day that is none": (
        '- period: "{year}-10"',
        '- first_day: "1 May"\n        period: "{year}-10"',
        "invalid-period",
    ),
}


# What is missing altogether, or is read in a place that both files have.
TOLD_IN_THE_SOURCE = {"no contract", "a placeholder without value", "agency by request only"}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_line_and_a_hint(tmp_path: Path, mistake: str) -> None:
    old, new, code = MISTAKES[mistake]
    path, spoilt = changed(tmp_path, old, new)
    with pytest.raises(ConfigurationError) as caught:
        load_source(path)
    error = caught.value
    findings = {finding.code: finding for finding in error.findings}
    assert error.exit_code == 3
    assert code in {error.code, *findings}
    where = findings[code].where if code in findings else error.where
    file, line, _ = where.rsplit(":", 2)
    named = path if mistake in TOLD_IN_THE_SOURCE else spoilt
    assert Path(file) == named
    assert 1 <= int(line) <= len(named.read_text(encoding="utf-8").splitlines())


def test_a_mistake_inside_the_contract_points_at_its_line(tmp_path: Path) -> None:
    path, spoilt = changed(tmp_path, "name: agency_level", "name: pointer")
    with pytest.raises(ConfigurationError) as caught:
        load_source(path)
    line = int(caught.value.where.rsplit(":", 2)[1])
    assert "name: pointer" in spoilt.read_text(encoding="utf-8").splitlines()[line - 1]


def test_all_files_are_told_at_once(tmp_path: Path) -> None:
    written(tmp_path, TEXT.replace("first_year", "kind: soap\nfirst_year"))
    written(tmp_path, TEXT.replace("first_year", "timezone: x\nfirst_year"), "other.yaml")
    with pytest.raises(ConfigurationError) as caught:
        load_sources(tmp_path)
    assert {finding.code for finding in caught.value.findings} == {"unknown-kind", "unknown-timezone"}


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("vi: Mã cơ quan", "vi: Mã định danh", True),
        ("outside_typical_share: 0.05", "outside_typical_share: 0.1", True),
        ("base_url: simulator:portal_766", "base_url: https://example.org", True),
        ("page_size: 1000", "page_size: 10", True),
        ("maximum: 12", "maximum: 13", False),
        ("name: progress", "name: pace", False),
        ("p_quy: 0", "p_quy: 1", False),
        ("version: 1", "version: 2", False),
        ('province: "398126"', 'province: "398127"', False),
    ],
)
def test_the_contract_hash_follows_meaning_only(tmp_path: Path, old: str, new: str, same: bool) -> None:
    before = load_source(SOURCE_FILE).contract_hash
    path, _ = changed(tmp_path, old, new)
    assert (load_source(path).contract_hash == before) is same


def test_the_schema_accepts_the_shipped_source_and_refuses_a_misspelt_key() -> None:
    schema = source_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    body = json.loads(json.dumps(read_yaml(SOURCE_FILE).data, default=float))
    assert list(validator.iter_errors(body)) == []
    assert list(validator.iter_errors({**body, "paginater": {}})) != []
