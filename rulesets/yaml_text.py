"""Write YAML that `common.yaml_files` reads back as the very same data: what looks like anything but text is quoted."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from common.yaml_files import parse_yaml

_LOOKS_LIKE_A_NUMBER = re.compile(r"[-+.]?[0-9]")


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """List items stand two spaces inside their key."""
        _ = indentless
        super().increase_indent(flow, False)


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    quoted = _LOOKS_LIKE_A_NUMBER.match(value) or value in {"true", "false", "null", "~", ""}
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"' if quoted else None)


def _decimal(dumper: _Dumper, value: Decimal) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:float", f"{value:f}")


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Decimal, _decimal)


def to_yaml(data: Any) -> str:
    """The data as block YAML with keys in their order; it reads back as the same data."""
    text = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)
    assert parse_yaml(text, Path("annex.yaml")).data == data  # noqa: S101  # a bug here would change a decision's words
    return text
