"""A wrong field in words: what is needed and how to write it, in both languages, never the validator's own English."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from common.errors import ConfigurationError
from common.yaml_files import parse_model, parse_yaml


class Dot(BaseModel):
    kind: Literal["dot"]


class Dash(BaseModel):
    kind: Literal["dash"]


class Sheet(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    title: str = ""
    count: int = 0
    share: Annotated[Decimal, Field(ge=0, lt=2)] = Decimal(0)
    day: Annotated[date, Field(strict=False)] = date(2025, 1, 1)
    shown: bool = True
    items: Annotated[list[str], Field(min_length=1, max_length=2)] = ["a"]
    inner: dict[str, int] = {}
    mode: Literal["half_up", "truncate"] = "half_up"
    code: Annotated[str, Field(pattern="^[a-z]+$", max_length=5)] = "a"
    mark: Annotated[Dot | Dash, Field(discriminator="kind")] = Dot(kind="dot")


@pytest.mark.parametrize(
    ("text", "vi", "hint_vi"),
    [
        ("title: 6.10", "cần một đoạn chữ (6.10)", 'đặt trong ngoặc kép: "6.10"'),
        ("title: true", "cần một đoạn chữ (true)", "viết chữ, hoặc đặt trong ngoặc kép"),
        ("title:", "cần một đoạn chữ (đang để trống)", "viết chữ, hoặc đặt trong ngoặc kép"),
        ("count: x", "cần một số nguyên ('x')", "viết như 10"),
        ("count: 1.5", "cần một số nguyên (1.5)", "viết như 10"),
        ("share: x", "cần một số ('x')", "viết như 10 hoặc 0.35"),
        ("share: -0.5", "cần từ 0 trở lên (-0.5)", "dùng từ 0 trở lên"),
        ("share: 2.0", "cần nhỏ hơn 2 (2.0)", "dùng nhỏ hơn 2"),
        ("day: 2025-02-30", "cần một ngày có thật ('2025-02-30')", "viết như 2025-12-31"),
        ("shown: có", "cần true hoặc false ('có')", "viết true hoặc false"),
        ("items: a", "cần một danh sách ('a')", "viết như [a, b]"),
        ("items: []", "cần ít nhất 1 mục", "dùng ít nhất 1 mục"),
        ("items: [a, b, c]", "cần nhiều nhất 2 mục", "dùng nhiều nhất 2 mục"),
        ("inner: 5", "cần các khóa với giá trị (5)", "viết 'khóa: giá trị', mỗi khóa một dòng"),
        ("mode: up", "không có lựa chọn này ('up')", "chọn: 'half_up', 'truncate'"),
        ("code: A", "sai dạng ('A')", "dạng cần có: ^[a-z]+$"),
        ("code: abcdef", "cần nhiều nhất 5 ký tự ('abcdef')", "dùng nhiều nhất 5 ký tự"),
        ("mark: {}", "cần một khối có 'kind'", "thêm 'kind: …'"),
        ("mark: {kind: line}", "không có lựa chọn này", "chọn: 'dot', 'dash'"),
    ],
)
def test_what_is_needed_and_how_to_write_it(text: str, vi: str, hint_vi: str) -> None:
    found = refused(text)
    assert found.message.vi == f"'{text.partition(':')[0]}' không hợp lệ: {vi}"
    assert found.hint.vi == hint_vi
    assert found.message.en
    assert found.hint.en
    assert "Input should" not in found.message.vi + found.message.en


def test_a_file_that_is_none_is_not_printed_whole() -> None:
    found = refused("root:x:0:0 " * 500)
    assert found.message.vi.startswith("tệp không hợp lệ: cần các khóa với giá trị ('root:x:0:0")
    assert len(found.message.vi) < 150


def refused(text: str) -> Any:
    with pytest.raises(ConfigurationError) as caught:
        parse_model(parse_yaml(text, Path("x.yaml")), Sheet)
    (finding,) = caught.value.findings
    return finding
