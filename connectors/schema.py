"""The JSON Schema of a source's file, for editors: whole where it stands alone, open where a preset fills it.

With `preset: NAME` an editor still knows every key of that kind and its description; it asks for what the preset needs
from a person, and for nothing that the preset gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.presets import Preset

Schema = dict[str, Any]
_NULL = {"type": "null"}


def with_presets(schema: Schema, presets: Mapping[str, Preset]) -> Schema:
    """A schema of complete sources (`oneOf` by kind), extended by sources that name a preset."""
    whole = {key: value for key, value in schema.items() if key != "$defs"}
    definitions: Schema = dict(schema["$defs"])
    definitions |= {_partial_name(name): _partial(body) for name, body in schema["$defs"].items()}
    kinds: Mapping[str, str] = schema["discriminator"]["mapping"]
    over = [
        {
            "if": {"properties": {"preset": {"const": name}}},
            "then": {"allOf": [_partial({"$ref": kinds[preset.source["kind"]]}), _required(preset)]},
        }
        for name, preset in presets.items()
    ]
    listed = "; ".join(f"{name}: {preset.title.en}" for name, preset in presets.items())
    named = {"properties": {"preset": {"enum": list(presets), "description": listed}}, "allOf": over}
    return {"type": "object", "if": {"required": ["preset"]}, "then": named, "else": whole, "$defs": definitions}


def _partial_name(name: str) -> str:
    return f"{name}_over_preset"


def _partial(schema: Any) -> Any:
    """The same schema with nothing required and null allowed for every key. What stands in a list stays whole: a list
    replaces the preset's."""
    if not isinstance(schema, dict):
        return schema
    partial: Schema = {}
    for key, value in schema.items():
        if key in {"required", "discriminator", "minProperties"}:
            continue
        if key == "$ref":
            home, _, name = value.rpartition("/")
            partial[key] = f"{home}/{_partial_name(name)}"
        elif key == "properties":
            partial[key] = {name: _nullable(part) for name, part in value.items()}
        elif key == "additionalProperties" and isinstance(value, dict):
            partial[key] = _nullable(value)
        elif key in {"anyOf", "oneOf"}:
            partial["anyOf"] = [_partial(part) for part in value]
        else:
            partial[key] = value
    return partial


def _nullable(schema: Schema) -> Schema:
    """Null removes what the preset says; the description stays where editors look for it."""
    told = {key: schema[key] for key in ("description", "title") if key in schema}
    return {**told, "anyOf": [_partial(schema), _NULL]}


def _required(preset: Preset) -> Schema:
    required: Schema = {"required": ["name", "title"]}
    for key, what in preset.needs.items():
        part = required
        *way, last = key.split(".")
        for name in way:
            _add(part, name)
            part = part.setdefault("properties", {}).setdefault(name, {})
        _add(part, last)
        part.setdefault("properties", {}).setdefault(last, {})["description"] = what.en
    return required


def _add(part: Schema, name: str) -> None:
    known: list[str] = part.setdefault("required", [])
    if name not in known:
        known.append(name)
