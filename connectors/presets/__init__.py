"""Presets: the shapes of known systems, one `NAME.yaml` each beside this file. A source names one with `preset: NAME`
and says only what its deployment knows: who it is, where the system stands, our credentials, whom a list must cover.

A preset is laid under the source: mappings are merged key by key, a list or a scalar of the source replaces the
preset's, and null removes a key. Presets do not chain, and never hold an address, a host, a file or a credential.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import Field

from common.errors import ConfigurationError, Finding, Text
from common.yaml_files import Loc, YamlFile, invalid, parse_model, read_yaml
from common.yaml_layers import overlaid, part_of
from connectors.parts import Part, Title

FOLDER = Path(__file__).parent
_DEPLOYMENT_ONLY = ("name", "title", "preset", "base_url", "allowed_hosts", "allowed_networks", "tls")


class Preset(Part):
    """The shape of a known system, and what a person must add to it."""

    title: Title
    note: Title | None = Field(default=None, description="what a person should know; the source's note, if it has none")
    needs: dict[str, Title] = Field(description="dotted key that the source must give: what stands there")
    source: dict[str, Any] = Field(description="what is laid under the source")


def load_presets() -> dict[str, Preset]:
    """All presets by name. Raises `ConfigurationError` with the place of what is wrong."""
    return {path.stem: _read(path)[0] for path in sorted(FOLDER.glob("*.yaml"))}


def with_preset(file: YamlFile) -> YamlFile:
    """A source's file over the preset that it names; as it is where it names none.

    Raises `ConfigurationError` for an unknown preset, and for every key that the preset needs and the source lacks.
    """
    if not isinstance(file.data, dict) or file.data.get("preset") is None:
        return file
    preset, shape = _read(_path_of(file))
    merged = overlaid(shape, file)
    missing = [
        Finding(
            "missing-key",
            Text(f"thiếu '{key}'", f"'{key}' is missing"),
            Text(f"{key}: {what.vi}", f"{key}: {what.en}"),
            merged.where(_loc(key)),
        )
        for key, what in preset.needs.items()
        if not _has(merged.data, _loc(key))
    ]
    if missing:
        raise invalid(missing, file.path)
    return merged


def _path_of(file: YamlFile) -> Path:
    name = file.data["preset"]
    known = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    if name in known:
        return FOLDER / f"{name}.yaml"
    near = get_close_matches(str(name), known, n=1)
    guess = (f"có phải '{near[0]}'? ", f"did you mean '{near[0]}'? ") if near else ("", "")
    raise ConfigurationError(
        "unknown-preset",
        Text(f"không có mẫu '{name}'", f"there is no preset '{name}'"),
        hint=Text(f"{guess[0]}có: {', '.join(known)}", f"{guess[1]}known: {', '.join(known)}"),
        where=file.where(("preset",)),
    )


def _read(path: Path) -> tuple[Preset, YamlFile]:
    """A preset, and what of it is laid under a source."""
    file = read_yaml(path)
    preset = parse_model(file, Preset)
    shape = part_of(file, "source")
    wrong = [
        Finding(
            "not-in-a-preset",
            Text(f"mẫu không được chứa '{'.'.join(map(str, loc))}'", f"a preset holds no '{'.'.join(map(str, loc))}'"),
            Text("ghi trong tệp nguồn", "it belongs into the source"),
            shape.where(loc),
        )
        for loc in _refused(shape.data)
    ]
    if wrong:
        raise invalid(wrong, path)
    if preset.note:
        positions = {loc: at for loc, at in file.positions.items() if loc[:1] == ("note",)}
        shape = replace(shape, data={"note": file.data["note"], **shape.data}, positions=positions | shape.positions)
    return preset, shape


def _refused(data: Any, loc: Loc = ()) -> Iterator[Loc]:
    """Places of what only a deployment may say: whom to ask, and every credential."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        if key == "secret" or (not loc and key in _DEPLOYMENT_ONLY):
            yield (*loc, key)
        else:
            yield from _refused(value, (*loc, key))


def _loc(key: str) -> Loc:
    return tuple(key.split("."))


def _has(data: Any, loc: Loc) -> bool:
    for key in loc:
        if not isinstance(data, dict) or key not in data:
            return False
        data = data[key]
    return True
