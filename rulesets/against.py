"""Compare a ruleset with the text of its decision: every code, name and point of the annex, word for word.

The annex is the part of the text from its heading (`Phụ lục I`) to the next one. Its table has one line per entry with
tabs between code, name and maximum points; a name may run over several lines, pages break anywhere. A line with a Roman
number opens a section: with `Điểm tối đa` beside it the section is scored, otherwise it is general information.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from common.errors import ConfigurationError, Finding, Text
from common.yaml_files import Loc, display_path
from rulesets.load import LoadedRuleset
from rulesets.numbers import plain

_HEADING = re.compile(r"phụ lục\s+([0-9]+|[ivxlc]+)\b[^\t]{0,3}$", re.IGNORECASE)
_CODE = re.compile(r"[0-9]+(\.[0-9]+)*")
_SECTION = re.compile(r"[IVXLC]+")
_POINTS = re.compile(r"[0-9]{1,3}(\.[0-9]{3})*(,[0-9]+)?|[0-9]+([.,][0-9]{1,2})?")
_SCORED = "điểm tối đa"


@dataclass(frozen=True)
class Entry:
    """One entry of the annex as printed, with the line it starts on."""

    line: int
    code: str
    name: str
    scored: bool
    points: Fraction | None


@dataclass
class Comparison:
    """What was compared: how many of how many, and every difference at its place in the YAML."""

    ruleset_id: str
    annex: str
    indicators: int = 0
    equal_indicators: int = 0
    main_indices: int = 0
    equal_main_indices: int = 0
    general_items: int = 0
    equal_general_items: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def outcome(self) -> Text:
        """In one line: how many of the entries that the text prints are equal in the ruleset."""
        indicators = f"{self.equal_indicators}/{self.indicators}"
        mains = f"{self.equal_main_indices}/{self.main_indices}"
        general = f"{self.equal_general_items}/{self.general_items}"
        return Text(
            f"{self.ruleset_id} so với {self.annex}: khớp {indicators} chỉ số thành phần, {mains} chỉ số chính, "
            f"{general} mục thông tin chung",
            f"{self.ruleset_id} against {self.annex}: {indicators} indicators, {mains} main indices, "
            f"{general} items of general information are equal",
        )

    def as_dict(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "findings"}


@dataclass(frozen=True)
class _Said:
    """One entry as the ruleset says it."""

    loc: Loc
    code: str
    name: str
    points: Fraction | None


def compare(item: LoadedRuleset, text_path: Path) -> Comparison:
    """Compare every entry of a ruleset with the text; raise `ConfigurationError` for a text without its annex."""
    text = _read(text_path)
    annex, first, lines = _annex(item, text, text_path)
    entries = _entries(lines, first)
    scored = [entry for entry in entries if entry.scored]
    general = [entry for entry in entries if not entry.scored]
    ruleset = item.ruleset
    mains = [_Said(("main_indices", n), m.code, m.name_vi, m.points) for n, m in enumerate(ruleset.main_indices)]
    indicators = [
        _Said(("indicators", n), i.code, i.name_vi, i.max_points)
        for n, i in enumerate(ruleset.indicator_list)
        if i.main_index is not None
    ]
    items = [
        _Said(("general_information", n), g.code, g.name_vi, None) for n, g in enumerate(ruleset.general_information)
    ]
    result = Comparison(item.ruleset_id, annex)
    pair = _Pair(item, text_path, result.findings)
    main_codes = {said.code for said in mains}
    printed_mains = [entry for entry in scored if entry.code in main_codes or "." not in entry.code]
    printed_indicators = [entry for entry in scored if entry not in printed_mains]
    result.main_indices, result.equal_main_indices = len(printed_mains), pair.compare(mains, printed_mains)
    result.indicators, result.equal_indicators = len(printed_indicators), pair.compare(indicators, printed_indicators)
    result.general_items, result.equal_general_items = len(general), pair.compare(items, general)
    return result


@dataclass
class _Pair:
    """Compares lists of the ruleset with lists of the text and collects the differences."""

    item: LoadedRuleset
    text_path: Path
    findings: list[Finding]

    def compare(self, said: list[_Said], printed: list[Entry]) -> int:
        """Match by code; return how many are equal in name and points."""
        by_code: dict[str, Entry] = {}
        for entry in printed:
            if entry.code in by_code:
                message = Text(f"'{entry.code}' có hai dòng trong văn bản", f"the text has two lines '{entry.code}'")
                self._find("text-code-twice", message, self._text(entry), ("structure",))
            by_code.setdefault(entry.code, entry)
        equal = 0
        for one in said:
            found = by_code.pop(one.code, None)
            if found is None:
                message = Text(f"văn bản không có '{one.code}'", f"the text has no '{one.code}'")
                self._find("not-in-text", message, display_path(self.text_path), one.loc)
            else:
                equal += self._equal(one, found)
        for entry in by_code.values():
            message = Text(
                f"thiếu '{entry.code}' {entry.name}", f"'{entry.code}' {entry.name} is missing in the ruleset"
            )
            self._find("not-in-ruleset", message, self._text(entry), ("indicators",))
        return equal

    def _equal(self, said: _Said, printed: Entry) -> bool:
        name = _squeeze(said.name)
        if name != printed.name:
            ours, theirs = _first_difference(name, printed.name)
            message = Text(
                f"tên '{said.code}' khác: '{ours}', văn bản viết '{theirs}'",
                f"the name of '{said.code}' differs: '{ours}', the text has '{theirs}'",
            )
            self._find("name-differs", message, self._text(printed), (*said.loc, "name_vi"))
        if said.points != printed.points:
            key = "points" if said.loc[0] == "main_indices" else "max_points"
            ours, theirs = (plain(p) if p is not None else "–" for p in (said.points, printed.points))
            message = Text(
                f"điểm tối đa của '{said.code}' là {ours}, văn bản viết {theirs}",
                f"the points of '{said.code}' are {ours}, the text has {theirs}",
            )
            self._find("points-differ", message, self._text(printed), (*said.loc, key))
        return name == printed.name and said.points == printed.points

    def _text(self, entry: Entry) -> str:
        return f"{display_path(self.text_path)}:{entry.line}"

    def _find(self, code: str, message: Text, place: str, loc: Loc) -> None:
        hint = Text(f"so với {place}", f"compare with {place}")
        self.findings.append(Finding(code, message, hint, self.item.file.where(loc)))


def _read(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = Text("không phải UTF-8", "it is not UTF-8")
        if isinstance(error, OSError):
            why = Text("không có hoặc không mở được tệp này", "there is no such file, or it cannot be opened")
        raise ConfigurationError(
            "text-unreadable",
            Text(
                f"không đọc được văn bản của quyết định: {why.vi}",
                f"the text of the decision cannot be read: {why.en}",
            ),
            hint=Text("cần một tệp văn bản UTF-8", "a text file in UTF-8 is needed"),
            where=display_path(path),
        ) from None
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\f", "\n").split("\n")


def _annex(item: LoadedRuleset, lines: list[str], path: Path) -> tuple[str, int, list[str]]:
    """Heading, number of the first line, and lines of the annex that the ruleset names."""
    starts = [n for n, line in enumerate(lines) if _HEADING.match(line.strip(" *#\t"))]
    headings = [_squeeze(lines[n].strip(" *#")) for n in starts]
    wanted = item.ruleset.decision.annex
    chosen = [n for n, heading in enumerate(headings) if heading.casefold() == wanted.casefold()]
    if not wanted and len(starts) == 1:
        chosen = [0]
    if not headings:
        raise ConfigurationError(
            "no-annex",
            Text("văn bản không có phụ lục nào để so", "the text has no annex to compare with"),
            hint=Text(
                "dùng toàn văn quyết định, mỗi phụ lục có dòng tiêu đề riêng như 'Phụ lục I'",
                "take the full text of the decision, each annex under a heading of its own such as 'Phụ lục I'",
            ),
            where=f"{item.file.where(('decision',))} ({display_path(path)})",
        )
    if len(chosen) != 1:
        known = ", ".join(headings)
        raise ConfigurationError(
            "no-annex",
            Text(f"không tìm thấy phụ lục '{wanted}' trong văn bản", f"the text has no annex '{wanted}'"),
            hint=Text(
                f"ghi một trong các phụ lục vào 'decision.annex': {known}",
                f"name one of its annexes in 'decision.annex': {known}",
            ),
            where=f"{item.file.where(('decision', 'annex'))} ({display_path(path)})",
        )
    at = chosen[0]
    end = starts[at + 1] if at + 1 < len(starts) else len(lines)
    return headings[at], starts[at] + 1, lines[starts[at] : end]


@dataclass
class _Row:
    """A line of the table; while a scored one has no points yet, its name goes on in the next line."""

    line: int
    code: str
    scored: bool
    name: str
    points: str

    @property
    def open(self) -> bool:
        return self.scored and not self.points

    def go_on(self, cells: list[str]) -> None:
        self.name += f" {cells[0]}"
        self.points = next((cell for cell in cells[1:] if _POINTS.fullmatch(cell)), "")

    def entry(self) -> Entry:
        return Entry(self.line, self.code, _squeeze(self.name), self.scored, _number(self.points))


def _entries(lines: list[str], first: int) -> list[Entry]:
    """The entries of a table; unnumbered lines under an item of general information are its a, b, c, …"""
    rows: list[_Row] = []
    scored: bool | None = None
    for number, line in enumerate(lines, start=first):
        cells = [_squeeze(cell) for cell in line.split("\t")]
        code, rest = cells[0], cells[1:]
        if rest and _SECTION.fullmatch(code):
            scored = any(cell.casefold() == _SCORED for cell in rest)
        elif scored is None or not any(cells) or line.strip().isdigit():  # before the table, empty, a page number
            continue
        elif rest and _CODE.fullmatch(code):
            rows.append(_Row(number, code, scored, rest[0], rest[1] if scored and len(rest) > 1 else ""))
        elif rows and (rows[-1].open or not (scored or any(rest))):
            rows[-1].go_on(cells)
        elif rows and not scored and not code:
            last = rows[-1].code
            below = f"{last[:-1]}{chr(ord(last[-1]) + 1)}" if last[-1].isalpha() else f"{last}a"
            rows.append(_Row(number, below, scored, rest[0], ""))
    return [row.entry() for row in rows]


def _number(text: str) -> Fraction | None:
    """Points as printed in Vietnamese: `10`, `842,5`, `1.000`."""
    if not _POINTS.fullmatch(text):
        return None
    return Fraction(Decimal(re.sub(r"\.(?=[0-9]{3}(\D|$))", "", text).replace(",", ".")))


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _first_difference(ours: str, theirs: str) -> tuple[str, str]:
    """The first words that differ, with a word around them."""
    a, b = ours.split(), theirs.split()
    at = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    window = slice(max(0, at - 1), at + 3)
    return " ".join(a[window]), " ".join(b[window])
