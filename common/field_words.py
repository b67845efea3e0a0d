"""What pydantic says about a field, in the words of who writes the file: Vietnamese and English, with a hint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from common.errors import Text

_SHOWN = 60
"""Characters of a wrong value that a message repeats."""

_FORMS = {
    "string": (
        Text("một đoạn chữ", "text"),
        Text("viết chữ, hoặc đặt trong ngoặc kép", "write text, or put it in quotes"),
    ),
    "int": (Text("một số nguyên", "a whole number"), Text("viết như 10", "write it as 10")),
    "decimal": (Text("một số", "a number"), Text("viết như 10 hoặc 0.35", "write it as 10 or 0.35")),
    "bool": (Text("true hoặc false", "true or false"), Text("viết true hoặc false", "write true or false")),
    "date": (Text("một ngày có thật", "a day that exists"), Text("viết như 2025-12-31", "write it as 2025-12-31")),
    "list": (Text("một danh sách", "a list"), Text("viết như [a, b]", "write it as [a, b]")),
    "dict": (
        Text("các khóa với giá trị", "keys with values"),
        Text("viết 'khóa: giá trị', mỗi khóa một dòng", "write 'key: value', one to a line"),
    ),
    "union": (Text("một khối có '{}'", "a part with '{}'"), Text("thêm '{}: …'", "add '{}: …'")),
}
_KINDS = (
    (r"string_type|string_sub_type|bytes_type", "string"),
    (r"int_", "int"),
    (r"float_|decimal_|finite", "decimal"),
    (r"bool_", "bool"),
    (r"date_|datetime_|time_", "date"),
    (r"list_|tuple_|set_|iterable_", "list"),
    (r"dict_|model_|mapping_", "dict"),
)
_BOUNDS = {
    "greater_than_equal": ("ge", Text("từ {} trở lên", "{} or more")),
    "greater_than": ("gt", Text("lớn hơn {}", "more than {}")),
    "less_than_equal": ("le", Text("không quá {}", "at most {}")),
    "less_than": ("lt", Text("nhỏ hơn {}", "less than {}")),
    "too_short": ("min_length", Text("ít nhất {} mục", "at least {} items")),
    "too_long": ("max_length", Text("nhiều nhất {} mục", "at most {} items")),
    "string_too_short": ("min_length", Text("ít nhất {} ký tự", "at least {} characters")),
    "string_too_long": ("max_length", Text("nhiều nhất {} ký tự", "at most {} characters")),
}


def told(name: str, detail: Mapping[str, Any]) -> tuple[Text, Text]:
    """Message and hint for one entry of `ValidationError.errors()`; `name` is the dotted name of the field."""
    subject = Text(f"'{name}'", f"'{name}'") if name else Text("tệp", "the file")
    needed, hint = _needed(detail)
    given = detail.get("input")
    if "string_type" in detail["type"] and isinstance(given, int | Decimal) and not isinstance(given, bool):
        hint = Text(f'đặt trong ngoặc kép: "{given}"', f'put it in quotes: "{given}"')
    told_vi = f"{subject.vi} không hợp lệ: {needed.vi}{_shown(given, 'vi')}"
    return Text(told_vi, f"{subject.en} is not valid: {needed.en}{_shown(given, 'en')}"), hint


def _needed(detail: Mapping[str, Any]) -> tuple[Text, Text]:
    """What is needed instead, and how to write it; what pydantic says itself where these words do not know better."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        most = Text(words.vi.format(context[key]), words.en.format(context[key]))
        return Text(f"cần {most.vi}", f"{most.en} is needed"), Text(f"dùng {most.vi}", f"use {most.en}")
    if kind in {"literal_error", "enum", "union_tag_invalid"}:
        known = str(context.get("expected") or context.get("expected_tags")).replace(" or ", ", ")
        return Text("không có lựa chọn này", "there is no such choice"), Text(f"chọn: {known}", f"choose: {known}")
    if kind == "union_tag_not_found":
        key = str(context["discriminator"]).strip("'")
        part, hint = (Text(text.vi.format(key), text.en.format(key)) for text in _FORMS["union"])
        return Text(f"cần {part.vi}", f"{part.en} is needed"), hint
    if kind == "string_pattern_mismatch":
        return (
            Text("sai dạng", "it does not have the right form"),
            Text(f"dạng cần có: {context['pattern']}", f"the form is: {context['pattern']}"),
        )
    wanted = f"{context['class'].lower()}_" if kind == "is_instance_of" else kind
    for pattern, form in _KINDS:
        if re.match(pattern, wanted):
            what, hint = _FORMS[form]
            return Text(f"cần {what.vi}", f"{what.en} is needed"), hint
    said = str(detail["msg"]).removeprefix("Value error, ")
    return Text(said, said), Text("", "")


def _shown(given: Any, lang: str) -> str:
    """The value that was given, short enough for one line; nothing for lists and mappings."""
    if isinstance(given, dict | list):
        return ""
    if given is None:
        return Text(" (đang để trống)", " (it is empty)").in_(lang)
    text = repr(given) if isinstance(given, str) else str(given).lower() if isinstance(given, bool) else str(given)
    return f" ({shorten(text)})"


def shorten(text: str) -> str:
    """A value as a message repeats it: a file that is none is not printed whole."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
