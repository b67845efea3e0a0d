"""What a YAML file may not be, told before it is read: endless by aliases, deeper than anyone writes, or not text."""

from __future__ import annotations

import re

import yaml

from common.errors import Text

DEPTH = 40
NODES = 200_000
"""Levels of a file, and values in it once every alias (`*name`) is written out."""

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Refusal = tuple[int, int, Text, Text]
"""Line, column (from 1), what is wrong, how to mend it."""


def control_character(text: str) -> Refusal | None:
    """The first character that YAML does not allow, which editors do not show."""
    found = _UNPRINTABLE.search(text)
    if found is None:
        return None
    line, start = text.count("\n", 0, found.start()) + 1, text.rfind("\n", 0, found.start())
    code = f"U+{ord(found[0]):04X}"
    return (
        *(line, found.start() - start),
        Text(f"có ký tự điều khiển {code}", f"there is a control character, {code}"),
        Text("xóa ký tự này", "remove it"),
    )


def over_limit(text: str, loader: type[yaml.SafeLoader]) -> Refusal | None:
    """The first place that nests too deep, holds itself, or unfolds too far; syntax errors of YAML pass through.

    It reads the file once more, so it is asked only where a file has aliases or was too deep to be read."""
    sizes: dict[str, int] = {}
    opened: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(text, Loader=loader):
        mark = event.start_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        if isinstance(event, yaml.CollectionStartEvent):
            opened.append((event.anchor, total))
            total += 1
            if len(opened) > DEPTH:
                return (
                    *place,
                    Text(f"lồng sâu hơn {DEPTH} cấp", f"it nests deeper than {DEPTH} levels"),
                    Text("kiểm tra dấu ngoặc và thụt dòng", "check brackets and indentation"),
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            sizes |= {anchor: total - before} if anchor else {}
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor in {anchor for anchor, _ in opened}:
                return (
                    *place,
                    Text(f"'*{event.anchor}' chứa chính nó", f"'*{event.anchor}' holds itself"),
                    Text("viết nội dung ra thay cho bí danh", "write out what is meant"),
                )
            total += sizes.get(event.anchor or "", 1)
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
        if total > NODES:
            return (
                *place,
                Text(f"tệp có hơn {NODES} giá trị", f"the file has more than {NODES} values"),
                Text("bỏ bớt bí danh '*…'", "use fewer aliases '*…'"),
            )
    return None
