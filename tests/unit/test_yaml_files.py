"""YAML that people write: exact values, and every mistake at its line and column."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from common.errors import ConfigurationError
from common.yaml_files import parse_model, parse_yaml, read_yaml

BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in pairwise("abcdefgh")
)
"""Eight lines that would be a hundred million values."""


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    code: str
    points: Decimal


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    title: str
    items: list[Inner]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: no", "no"),
        ("a: on", "on"),
        ("a: 1:30", "1:30"),
        ("a: 012", "012"),
        ("a: 0.1", Decimal("0.1")),
        ("a: 6.10", Decimal("6.10")),
        ('a: "6.10"', "6.10"),
        ("a: 'true'", "true"),
        ("a: true", True),
        ("a: -5", -5),
        ("a: ~", None),
        ("a:", None),
        ("a: 1_000", "1_000"),
        ("a: 0x1F", "0x1F"),
        ("a: 2025-10-16", "2025-10-16"),
        ("a: Thể chế số", "Thể chế số"),
    ],
)
def test_scalars_are_exact_and_unsurprising(text: str, value: Any) -> None:
    found = parse_yaml(text, Path("x.yaml")).data["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("a: 1\na: 2\n", "yaml-duplicate-key", "x.yaml:2:1"),
        ("a: 1e3\n", "yaml-number", "x.yaml:1:4"),
        ("a: .nan\n", "yaml-number", "x.yaml:1:4"),
        ("a: [1, 2\nb: 3\n", "yaml-syntax", "x.yaml:2:2"),
        ("a:\n\t- 1\n", "yaml-syntax", "x.yaml:2:1"),
        ("a: 1\nb: 'x\nc: 2\n", "yaml-syntax", "x.yaml:2:4"),
        ("a: 1\n---\na: 2\n", "yaml-syntax", "x.yaml:2:1"),
        ("a: 1\nbé: x\x00\n", "yaml-refused", "x.yaml:2:6"),
        ("? [a, b]\n: 1\n", "yaml-key", "x.yaml:1:3"),
        ("a: &x [1, *x]\n", "yaml-refused", "x.yaml:1:11"),
        ("a: " + "[" * 900 + "]" * 900, "yaml-refused", "x.yaml:1:43"),
        ("".join(" " * level + "a:\n" for level in range(900)), "yaml-refused", "x.yaml:41:41"),
        (BOMB, "yaml-refused", "x.yaml:6:8"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(text: str, code: str, where: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_yaml(text, Path("x.yaml"))
    assert (caught.value.code, caught.value.where) == (code, where)
    assert caught.value.hint.vi


def test_all_mistakes_of_a_file_come_in_one_pass() -> None:
    text = "title: x\nitem: []\nitems:\n  - code: 6.10\n    points: 5.0\n  - code: '7'\n    point: 3\n"
    with pytest.raises(ConfigurationError) as caught:
        parse_model(parse_yaml(text, Path("x.yaml")), Outer)
    found = [(finding.where, finding.code) for finding in caught.value.findings]
    assert found == [
        ("x.yaml:2:1", "unknown-key"),
        ("x.yaml:4:5", "invalid-value"),
        ("x.yaml:6:5", "missing-key"),
        ("x.yaml:7:5", "unknown-key"),
    ]
    hints = [finding.hint.en for finding in caught.value.findings]
    assert hints[0] == "did you mean 'items'?"
    assert hints[1] == 'put it in quotes: "6.10"'
    assert hints[3] == "did you mean 'points'?"


def test_an_alias_says_the_same_again() -> None:
    assert parse_yaml("a: &x {b: 1}\nc: *x\n", Path("x.yaml")).data == {"a": {"b": 1}, "c": {"b": 1}}


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("a: Sở".encode("utf-16"))
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_yaml(path)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbftitle: x\n")
    assert read_yaml(path).data == {"title": "x"}
