"""Presets: a source says only what its deployment knows, and a mistake is told in the file that it stands in."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from common.errors import ConfigurationError
from common.yaml_files import YamlFile, parse_yaml, read_yaml
from common.yaml_layers import overlaid
from connectors import AgencyCode, AnySource, Landing, load_source, load_sources, presets, pull, source_schema
from connectors.kinds import files
from connectors.sheets.inbox import Patience
from connectors.simulator.truth import sample_agencies
from connectors.tables import read_table
from tests.support.edxml import document_id, message
from tests.support.portal import ROOT, VIETNAM, register

PRESET = """title: {vi: Hệ thống thử, en: A system to try}
note: {vi: Mỗi nơi một khác, en: Tenants differ}
needs:
  base_url: {vi: địa chỉ hệ thống, en: the system's address}
  contract.agency.scheme: {vi: hệ mã cơ quan, en: scheme of the agencies' codes}
source:
  kind: rest
  auth: {type: oauth2_client_credentials, client_in: body}
  endpoint: {path: /list, params: {year: "{year}", all: "true"}}
  paginator: {type: single_page, total_path: total}
  requests:
    - name: list
      periods: [{period: "{year}", groups: [department]}]
  contract:
    version: 1
    table: counts
    values: native
    agency: {field: code}
    fields:
      code: {name: agency_code, type: text}
      received: {name: received, type: integer, minimum: 0}
      finished: {name: finished, type: integer, minimum: 0}
    rules:
      - ratio: {numerator: finished, denominator: received}
  gates: {}
"""
SOURCE = """name: example
preset: tried
title: {vi: Thử, en: Example}
base_url: https://example.gov.vn
auth: {access_token_url: /token, client_id: dti, client_secret: {secret: EXAMPLE}}
contract:
  agency: {scheme: own}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one preset and room for sources."""
    home = tmp_path / "presets"
    home.mkdir()
    (home / "tried.yaml").write_text(PRESET, encoding="utf-8")
    monkeypatch.setattr(presets, "FOLDER", home)
    return tmp_path


def loaded(folder: Path, more: str = "", text: str = SOURCE) -> Any:
    path = folder / "example.yaml"
    path.write_text(text + more, encoding="utf-8")
    return load_source(path)


def refused(folder: Path, more: str = "", text: str = SOURCE) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        loaded(folder, more, text)
    assert caught.value.exit_code == 3
    return caught.value


def place(folder: Path, file: str, word: str) -> str:
    """Where the line with a word stands, without the column."""
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    number = next(i for i, line in enumerate(lines, 1) if word in line)
    return f"{folder / file}:{number}:"


def test_the_source_says_what_its_deployment_knows(folder: Path) -> None:
    source = loaded(folder)
    assert source.preset == "tried"
    assert source.endpoint.params == {"year": "{year}", "all": "true"}
    assert (source.auth.client_in, source.auth.client_id, source.auth.access_token_url) == ("body", "dti", "/token")
    assert source.contract.agency.scheme == "own"
    assert source.note.en == "Tenants differ"


def test_a_field_is_added_another_changed_and_a_third_removed(folder: Path) -> None:
    fields = """  fields:
    name: {name: agency_name, type: text}
    received: {maximum: 10}
    finished: null
  rules: []
"""
    contract = loaded(folder, fields).contract
    assert list(contract.fields) == ["code", "received", "name"]
    assert (contract.fields["received"].type, contract.fields["received"].maximum) == ("integer", 10)
    assert contract.rules == ()


def test_lists_and_scalars_replace_those_of_the_preset(folder: Path) -> None:
    more = """endpoint: {path: /other, params: {all: null}}
note: {vi: Riêng, en: Own}
requests:
  - {name: mine, periods: [{period: "{year}-H1", groups: [district]}]}
"""
    source = loaded(folder, more)
    assert (source.endpoint.path, source.endpoint.params) == ("/other", {"year": "{year}"})
    assert [listing.name for listing in source.requests] == ["mine"]
    assert source.note.en == "Own"


def test_the_contract_hash_covers_preset_and_source(folder: Path) -> None:
    before = loaded(folder)
    alone = {
        key: value for key, value in before.model_dump(by_alias=True, exclude_none=True).items() if key != "preset"
    }
    assert type(before).model_validate(alone).contract_hash == before.contract_hash
    assert loaded(folder, "  fields: {received: {maximum: 10}}\n").contract_hash != before.contract_hash
    preset = folder / "presets" / "tried.yaml"
    preset.write_text(PRESET.replace("path: /list", "path: /lists"), encoding="utf-8")
    assert loaded(folder).contract_hash != before.contract_hash


def test_every_mistake_is_told_in_the_file_that_it_stands_in(folder: Path) -> None:
    more = """  fields:
    received: {minimun: 0}
paginater: {}
"""
    preset = folder / "presets" / "tried.yaml"
    preset.write_text(PRESET.replace("finished: {name: finished, type", "finished: {name: finished, typ"), "utf-8")
    error = refused(folder, more)
    told = {(one.code, one.where.rpartition(":")[0] + ":") for one in error.findings}
    assert told == {
        ("unknown-key", place(folder, "example.yaml", "minimun")),
        ("unknown-key", place(folder, "example.yaml", "paginater")),
        ("unknown-key", place(folder, "presets/tried.yaml", "finished: {name")),
        ("missing-key", place(folder, "presets/tried.yaml", "finished: {name")),
    }


def test_what_no_longer_fits_in_the_preset_is_mended_in_the_source(folder: Path) -> None:
    error = refused(folder, "  fields: {finished: null}\n")
    assert (error.code, error.where.rpartition(":")[0] + ":") == (
        "unknown-field",
        place(folder, "presets/tried.yaml", "- ratio"),
    )
    assert "override or remove it (null) in" in error.hint.en
    assert str(folder / "example.yaml") in error.hint.en
    error = refused(folder, text=SOURCE.replace("{access_token_url", "{type: bearer, access_token_url"))
    assert "unknown key" in " ".join(one.message.en for one in error.findings)


def test_an_unknown_preset_is_told_with_those_that_exist(folder: Path) -> None:
    (folder / "presets" / "other.yaml").write_text(PRESET, encoding="utf-8")
    error = refused(folder, text=SOURCE.replace("preset: tried", "preset: tride"))
    assert error.code == "unknown-preset"
    assert error.where == f"{folder / 'example.yaml'}:2:1"
    assert error.hint.en == "did you mean 'tried'? known: other, tried"


def test_what_a_person_must_fill_in_is_told_in_the_presets_words(folder: Path) -> None:
    bare = "name: example\npreset: tried\ntitle: {vi: Thử, en: Example}\ncontract:\n  agency: {name: code}\n"
    error = refused(folder, text=bare)
    assert {one.hint.en for one in error.findings} == {
        "base_url: the system's address",
        "contract.agency.scheme: scheme of the agencies' codes",
    }
    assert {one.where for one in error.findings} == {
        f"{folder / 'example.yaml'}:1:1",
        f"{folder / 'example.yaml'}:5:3",
    }


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("client_in: body", "client_secret: {secret: X}", "auth.client_secret.secret"),
        ("kind: rest", "kind: rest\n  base_url: https://example.gov.vn", "base_url"),
        ("kind: rest", "kind: rest\n  preset: tried", "preset"),
        ("kind: rest", "kind: rest\n  name: example", "name"),
        ("kind: rest", "kind: rest\n  headers: {X-Key: {secret: X}}", "headers.X-Key.secret"),
        ("kind: rest", "kind: rest\n  allowed_networks: [10.0.0.0/8]", "allowed_networks"),
    ],
)
def test_a_preset_holds_no_address_and_no_credential(folder: Path, old: str, new: str, key: str) -> None:
    preset = folder / "presets" / "tried.yaml"
    preset.write_text(PRESET.replace(old, new), encoding="utf-8")
    error = refused(folder)
    assert (error.code, error.message.en) == ("not-in-a-preset", f"a preset holds no '{key}'")
    assert error.where.startswith(f"{preset}:")


def file_of(text: str, name: str) -> YamlFile:
    return parse_yaml(text, Path(name))


def test_layers_keep_every_place() -> None:
    under = file_of("a: {b: 1, c: [1, 2], d: {e: 1}}\nf: 1\n", "under.yaml")
    over = file_of("a:\n  c: [3]\n  d: null\ng: {h: null}\n", "over.yaml")
    merged = overlaid(under, over)
    assert merged.data == {"a": {"b": 1, "c": [3]}, "f": 1, "g": {"h": None}}
    assert merged.where(("a", "b")) == "under.yaml:1:5"
    assert merged.where(("a", "c", 0)) == "over.yaml:2:7"
    assert merged.where(("a", "c", 1)) == "over.yaml:2:3"
    assert merged.where(("a", "d", "e")) == "over.yaml:3:3"
    assert merged.where(("f",)) == "under.yaml:2:1"
    assert merged.where() == "over.yaml:1:1"
    assert under.data == {"a": {"b": 1, "c": [1, 2], "d": {"e": 1}}, "f": 1}


def as_json(text: str) -> Any:
    return json.loads(json.dumps(file_of(text, "x.yaml").data, default=float))


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"preset": "tride"}, False),
        ({"base_url": None}, True),  # null is any key's way to say: not that of the preset
        ({"paginater": {}}, False),
        ({"endpoint": {"params": {"all": None}}}, True),
        ({"endpoint": {"pth": "/x"}}, False),
        ({"contract": {"agency": {"scheme": "own"}, "fields": {"received": {"maximum": 1}, "finished": None}}}, True),
        ({"contract": {"agency": {"scheme": "own"}, "fields": {"received": {"maxim": 1}}}}, False),
        ({"contract": {}}, False),
        ({"requests": [{"name": "x"}]}, False),  # a list replaces that of the preset, so its items are whole
        ({"auth": {"type": "bearer", "token": {"secret": "X"}}}, True),
        ({"auth": {"type": "bearer", "client_id": "x"}}, False),
    ],
)
def test_editors_ask_for_what_the_preset_needs_and_for_nothing_that_it_gives(
    folder: Path, change: dict[str, Any], fits: bool
) -> None:
    schema = source_schema()
    Draft202012Validator.check_schema(schema)
    assert Draft202012Validator(schema).is_valid({**as_json(SOURCE), **change}) is fits


@pytest.mark.parametrize("key", ["name", "title", "base_url", "contract"])
def test_editors_miss_what_no_preset_gives(folder: Path, key: str) -> None:
    body = {name: value for name, value in as_json(SOURCE).items() if name != key}
    assert not Draft202012Validator(source_schema()).is_valid(body)


def test_without_a_preset_a_source_stays_whole(folder: Path) -> None:
    body = as_json(SOURCE)
    del body["preset"]
    assert not Draft202012Validator(source_schema()).is_valid(body)


# Sources of presets that no source of the sample names.
MORE_SOURCES = {
    "igate_dossiers": """name: example
title: {vi: Hồ sơ (mẫu), en: Dossiers (synthetic)}
preset: igate_dossiers
base_url: simulator:public_services
auth:
  access_token_url: /auth/realms/mau/protocol/openid-connect/token
  client_id: dti
  client_secret: {secret: PUBLIC_SERVICES_SECRET}
last_year: 2024
requests:
  - name: one_day
    periods: [{period: "{year}", first_day: "{year}-03-04", last_day: "{year}-03-04", groups: [district]}]
contract: {agency: {scheme: mau}}
""",
    "igate_agencies": """name: example
title: {vi: Danh mục cơ quan (mẫu), en: Agencies (synthetic)}
preset: igate_agencies
base_url: simulator:public_services
auth:
  access_token_url: /auth/realms/mau/protocol/openid-connect/token
  client_id: dti
  client_secret: {secret: PUBLIC_SERVICES_SECRET}
last_year: 2024
requests:
  - {name: agencies, periods: [{period: "{year}", groups: [department, district]}]}
contract: {agency: {scheme: mau}}
""",
    "edxml_sent": """name: example
title: {vi: Văn bản (mẫu), en: Documents sent (synthetic)}
preset: edxml_sent
inbox: edxml
requests:
  - name: documents
    file: "*.edxml"
    layout: {type: edxml, within: H01}
    periods: [{period: "{year}", groups: [department]}]
contract: {agency: {scheme: qcvn102}}
""",
    "edxml_received": """name: example
title: {vi: Văn bản (mẫu), en: Documents received (synthetic)}
preset: edxml_received
inbox: edxml
requests:
  - name: documents
    file: "*.edxml"
    layout: {type: edxml, within: H01}
    periods: [{period: "{year}", groups: [department]}]
contract: {agency: {scheme: qcvn102}}
""",
}
SHIPPED = presets.load_presets()


def sources_by_preset(folder: Path) -> dict[str, AnySource]:
    """One source for each shipped preset: of the sample, or of this test."""
    found = {}
    for name, text in MORE_SOURCES.items():
        path = folder / "example.yaml"
        path.write_text(text, encoding="utf-8")
        found[name] = load_source(path)
    for source in load_sources(ROOT / "data" / "sources").values():
        if source.preset:
            found[source.preset] = source
    return found


def test_every_shipped_preset_has_a_source_and_tells_what_it_needs(tmp_path: Path) -> None:
    assert sources_by_preset(tmp_path).keys() == SHIPPED.keys()
    for preset in SHIPPED.values():
        assert {"title", "note"} <= preset.model_fields_set


@pytest.mark.parametrize("name", [name for name, preset in SHIPPED.items() if preset.source["kind"] == "rest"])
def test_every_shipped_preset_is_pulled_from_the_simulator(name: str, tmp_path: Path) -> None:
    source = sources_by_preset(tmp_path)[name]
    assert source.simulated
    year = source.last_year or source.first_year or 2024
    moment = datetime(year, 11, 25, tzinfo=VIETNAM)
    agencies = register() + [
        AgencyCode(one.agency_id, scheme, code, one.name, one.group)
        for one in sample_agencies()
        for scheme, code in one.codes.items()
    ]
    outcome = pull(source, year, landing=Landing(tmp_path / "landing"), agencies=agencies, moment=moment)
    assert (outcome.status, [one.line("en") for one in outcome.findings]) == ("accepted", [])


@pytest.mark.parametrize(("name", "agency"), [("edxml_sent", "000.01.01.H01"), ("edxml_received", "000.02.01.H01")])
def test_edxml_by_preset_counts_a_document_once(
    name: str, agency: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document and its update, from one department to another: one row, without paper and signed."""
    monkeypatch.setattr(files, "Patience", lambda: Patience(quiet_seconds=0))
    folder = tmp_path / "inbox" / "edxml"
    folder.mkdir(parents=True)
    sender, to = "000.01.01.H01", ["000.02.01.H01"]
    (folder / "1.edxml").write_bytes(message("0", sender, to, 1, "2025/03/01 08:00:00", paper="1"))
    first = document_id(sender, 1)
    (folder / "2.edxml").write_bytes(message("2", sender, to, 1, "2025/03/02 08:00:00", target=first))
    agencies = [AgencyCode(code, "qcvn102", code, f"Sở {code}", "department") for code in (sender, *to)]
    moment = datetime.now().astimezone()
    source = sources_by_preset(tmp_path)[name]
    outcome = pull(source, 2025, landing=Landing(tmp_path / "landing"), agencies=agencies, moment=moment)
    assert (outcome.status, [one.line("en") for one in outcome.findings]) == ("accepted", [])
    assert outcome.pull
    (row,) = read_table(outcome.pull.table).to_pylist()
    assert (row["agency_code"], row["document_id"], row["paper"], row["signed"]) == (agency, first, 0, 1)


def test_shipped_sources_fit_their_schema() -> None:
    validator = Draft202012Validator(source_schema())
    for path in sorted((ROOT / "data" / "sources").glob("*.yaml")):
        if not path.name.endswith(".suite.yaml"):
            body = json.loads(json.dumps(read_yaml(path).data, default=float))
            assert [f"{path.name}: {one.message}" for one in validator.iter_errors(body)] == []


def test_the_documented_example_loads(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    (example,) = (block for block in re.findall(r"```yaml\n(.*?)```", text, re.S) if "\npreset: " in block)
    path = tmp_path / "portal_766.yaml"
    path.write_text(example, encoding="utf-8")
    contract = load_source(path).contract
    assert contract.fields["TONG_SCORE"].maximum == 110
    assert "CAPDONVIID" not in contract.fields
