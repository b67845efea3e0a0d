"""What a person wants to be otherwise: `AGENCY:INDICATOR=…` on the command line, or the rows of a CSV file."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.csv_cells import refuse_endless
from common.errors import Text, UsageError

COLUMNS = ("agency", "indicator", "numerator", "denominator", "value", "status", "article", "points")
_MISSING = {"", "missing", "thiếu"}


@dataclass(frozen=True)
class Wish:
    """One change as it was said: `set` a figure, enter `points`, or `exempt` by an article (empty: no longer exempt).

    `agency` is what was typed; `where` the option or the line of the file.
    """

    kind: str
    agency: str
    code: str
    where: str
    numerator: str | None = None
    denominator: str | None = None
    value: str | None = None
    article: str | None = None
    points: str | None = None


def from_options(sets: Sequence[str], points: Sequence[str], exempts: Sequence[str]) -> list[Wish]:
    """The wishes of the options; raises `UsageError` with the form that is expected."""
    wishes = []
    for said in sets:
        agency, code, text = _split(said, "--set", "AGENCY:INDICATOR=VALUE")
        wishes.append(_set(agency, code, f"--set {said}", text))
    for said in points:
        agency, code, text = _split(said, "--points", "AGENCY:CODE=POINTS")
        wishes.append(Wish("points", agency, code, f"--points {said}", points=text))
    for said in exempts:
        agency, code, text = _split(said, "--exempt", "AGENCY:INDICATOR=ARTICLE")
        wishes.append(Wish("exempt", agency, code, f"--exempt {said}", article=text or None))
    return wishes


def _split(said: str, option: str, form: str) -> tuple[str, str, str]:
    target, equals, text = unicodedata.normalize("NFC", said).partition("=")
    agency, colon, code = target.rpartition(":")
    if not (equals and colon and agency.strip() and code.strip()):
        raise UsageError(
            "whatif-form",
            Text(f"'{said}' không đúng dạng", f"'{said}' has not the right form"),
            hint=Text(f"{option} {form}", f"{option} {form}"),
            where=option,
        )
    return agency.strip(), code.strip(), text.strip()


def _set(agency: str, code: str, where: str, text: str) -> Wish:
    """`n/d` is a ratio; anything else is a value; nothing at all means that there is no figure."""
    if text.lower() in _MISSING:
        return Wish("set", agency, code, where)
    if ratio := ratio_of(text):
        return Wish("set", agency, code, where, numerator=ratio[0], denominator=ratio[1])
    return Wish("set", agency, code, where, value=text)


def ratio_of(text: str) -> tuple[str, str] | None:
    """Numerator and denominator of `n/d`, None for anything else."""
    numerator, slash, denominator = text.partition("/")
    if slash and _is_number(numerator) and _is_number(denominator):
        return numerator.strip(), denominator.strip()
    return None


def _is_number(text: str) -> bool:
    whole, _, rest = text.strip().removeprefix("-").partition(".")
    return whole.isdigit() and (rest.isdigit() or not rest)


def from_file(path: Path) -> list[Wish]:
    """The wishes of a CSV file: the columns of `dti score`, and `points`; raises `UsageError` at the line."""
    try:
        text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(str(path), Text(f"không đọc được: {error}", f"it cannot be read: {error}")) from None
    return [_wish(path, line, row) for line, row in _rows(path, text)]


def _rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    unknown = [name for name in reader.fieldnames or [] if name not in COLUMNS]
    if unknown or not {"agency", "indicator"} <= set(reader.fieldnames or []):
        listed = ", ".join(unknown) or "agency, indicator"
        raise _wrong(f"{path}:1", Text(f"cột lạ hoặc thiếu: {listed}", f"columns unknown or missing: {listed}"))
    last = 1
    try:
        for row in reader:
            refuse_endless(row.values())
            if None in row or None in row.values():
                raise _wrong(f"{path}:{reader.line_num}", Text("sai số cột", "wrong number of columns"))
            last = reader.line_num
            yield last, {name: row.get(name, "").strip() for name in COLUMNS}
    except csv.Error as error:
        raise _wrong(f"{path}:{last + 1}", Text(f"CSV sai: {error}", f"not valid CSV: {error}")) from None


def _wish(path: Path, line: int, row: dict[str, str]) -> Wish:
    where, status = f"{path}:{line}", row["status"].lower()
    if status not in {"", "reported", "missing", "exempt"}:
        raise _wrong(where, Text(f"status '{status}' lạ", f"unknown status '{status}'"))
    if (status == "exempt") != bool(row["article"]):
        raise _wrong(where, Text("exempt và article đi cùng nhau", "exempt and article belong together"))
    agency, code = row["agency"], row["indicator"]
    if status == "exempt":
        return Wish("exempt", agency, code, where, article=row["article"])
    if row["points"]:
        return Wish("points", agency, code, where, points=row["points"])
    if status == "missing":
        return Wish("set", agency, code, where)
    figure = {name: row[name] or None for name in ("numerator", "denominator", "value")}
    return Wish("set", agency, code, where, **figure)


def _wrong(where: str, message: Text) -> UsageError:
    columns = ",".join(COLUMNS)
    return UsageError(
        "whatif-file",
        message,
        hint=Text(f"tệp CSV UTF-8, dòng đầu: {columns}", f"a CSV file in UTF-8, first line: {columns}"),
        where=where,
    )
