"""Nested objects of a row as one flat row, as far as the contract reaches into them.

`agency: {code: …}` becomes `agency.code` where the contract names it. Objects that it does not name stay whole, are
never looked into, and are dropped with the other unlisted fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.contract_model import Contract
from connectors.texts import showable_name
from connectors.values import UnfitError


@dataclass(frozen=True)
class Shape:
    """What a contract knows of a row: the dotted paths that it names, and the objects on the way to them."""

    listed: frozenset[str]
    inner: frozenset[str]
    known: frozenset[str]

    def flatten(self, raw: Any) -> tuple[dict[str, Any] | None, UnfitError | None]:
        """The row by dotted paths (`group.0` reaches into a list), or None for what is no object."""
        if not isinstance(raw, dict):
            return None, None
        if not self.inner:
            return raw, None
        flat: dict[str, Any] = {}
        open_parts: list[tuple[str, Any]] = [("", raw)]
        while open_parts:
            path, part = open_parts.pop()
            for key, value in part.items() if isinstance(part, dict) else enumerate(part):
                name = f"{path}.{key}" if path else str(key)
                if name in flat:
                    return flat, UnfitError("DuplicateKey", key=showable_name(name))
                if name in self.inner and isinstance(value, dict | list):
                    open_parts.append((name, value))
                elif name in self.inner and value is None:
                    flat |= {field: None for field in self.listed if field.startswith(f"{name}.")}
                elif name in self.listed or isinstance(part, dict):
                    flat[name] = value
        return flat, None

    def new_names(self, row: dict[str, Any]) -> set[str]:
        """Names of fields that the contract does not know, as far as they may be shown."""
        return {showable_name(name) for name in row.keys() - self.known}


def shape_of(contract: Contract) -> Shape:
    """The shape of a contract's rows."""
    listed = frozenset([*contract.fields, *(one.field for one in contract.exclude)])
    split = [name.split(".") for name in listed]
    inner = frozenset(".".join(parts[:i]) for parts in split for i in range(1, len(parts)))
    return Shape(listed, inner, listed | inner | frozenset(contract.ignore))
