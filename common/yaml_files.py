"""YAML that people write: read with positions, exact numbers and no surprises, then checked against a typed model.

YAML 1.2 core scalars only (`no`, `on` and `1:30` stay text); decimals become `Decimal`, never floats; a key given
twice is an error. All findings of a file come in one pass, each with `file:line:column` and a hint. PyYAML's node tree
is used because it carries the marks; its own construction of values (YAML 1.1, floats, last key wins) is not.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from common.errors import ConfigurationError, Finding, Text
from common.field_words import shorten, told
from common.yaml_limits import control_character, over_limit

Loc = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)$")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+$")
_FLOAT_LIKE = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+|\.inf|\.nan)$", re.IGNORECASE)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Position(NamedTuple):
    """1-based line and column in a file."""

    path: Path
    line: int
    column: int


@dataclass(frozen=True)
class YamlFile:
    """A parsed file: plain data, and the position of every key and item by its path.

    `path` is the file that a person asked for; where data was laid over that of another file (`common.yaml_layers`), a
    position names the file that its key stands in.
    """

    path: Path
    data: Any
    positions: dict[Loc, Position]

    def where(self, loc: Loc = ()) -> str:
        """`file:line:column` of the nearest enclosing place that the file has."""
        place: Loc = ()
        for part in loc:  # pydantic puts the names of union members into its paths: skip what the file does not have
            if (*place, part) in self.positions:
                place = (*place, part)
        position = self.positions.get(place, Position(self.path, 1, 1))
        return f"{display_path(position.path)}:{position.line}:{position.column}"


def display_path(path: Path) -> str:
    """The path as a person in the working directory would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def read_yaml(path: Path) -> YamlFile:
    """Read one YAML document; raise `ConfigurationError` (exit 3) for what cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(
            "file-missing", Text("không tìm thấy tệp", "file not found"), where=display_path(path)
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            "file-encoding",
            Text("tệp không phải UTF-8", "the file is not UTF-8"),
            hint=Text("lưu lại bằng mã UTF-8", "save it as UTF-8"),
            where=f"{display_path(path)}: byte {error.start}",
        ) from None
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> YamlFile:
    """As `read_yaml`, for text at hand; `path` names it in messages."""
    try:
        refusal = control_character(text) or (over_limit(text, _LOADER) if "&" in text and "*" in text else None)
        root = None if refusal else yaml.compose(text, Loader=_LOADER)
    except RecursionError:
        refusal, root = over_limit(text, _LOADER), None
    except yaml.MarkedYAMLError as error:
        cut_off = error.problem and "end of stream" in error.problem  # the end of the file is not where it began
        mark = (error.context_mark if cut_off else None) or error.problem_mark or error.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ConfigurationError(
            "yaml-syntax",
            Text(f"YAML sai cú pháp: {error.problem}", f"not valid YAML: {error.problem}"),
            hint=Text("kiểm tra thụt dòng, dấu hai chấm và dấu ngoặc kép", "check indentation, colons and quotes"),
            where=f"{display_path(path)}{place}",
        ) from None
    positions: dict[Loc, Position] = {}
    findings: list[Finding] = []
    try:
        data = _value(root, (), positions, findings, path) if root else None
    except RecursionError:
        refusal = over_limit(text, _LOADER)
    if refusal:
        line, column, message, hint = refusal
        raise ConfigurationError("yaml-refused", message, hint=hint, where=f"{display_path(path)}:{line}:{column}")
    if findings:
        raise invalid(findings, path)
    return YamlFile(path, data, positions)


def invalid(findings: list[Finding], path: Path) -> ConfigurationError:
    """One error out of all findings of a file."""
    count = len(findings)
    first = findings[0]
    return ConfigurationError(
        first.code if count == 1 else "invalid-file",
        first.message
        if count == 1
        else Text(f"{count} lỗi trong {display_path(path)}", f"{count} errors in {display_path(path)}"),
        hint=first.hint if count == 1 else None,
        where=first.where,
        findings=findings,
    )


def _value(node: yaml.Node, loc: Loc, positions: dict[Loc, Position], findings: list[Finding], path: Path) -> Any:
    positions.setdefault(loc, Position(path, node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, loc, positions, findings, path)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*loc, i), positions, findings, path) for i, item in enumerate(node.value)]
    try:
        return _scalar(node)
    except ValueError:
        findings.append(
            Finding(
                "yaml-number",
                Text(f"số {shorten(node.value)} không chính xác", f"{shorten(node.value)} is not an exact number"),
                Text("viết dạng thập phân, ví dụ 0.5", "write it as a decimal, for example 0.5"),
                f"{display_path(path)}:{node.start_mark.line + 1}:{node.start_mark.column + 1}",
            )
        )
        return None


def _mapping(
    node: yaml.MappingNode, loc: Loc, positions: dict[Loc, Position], findings: list[Finding], path: Path
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        mark = key_node.start_mark
        if not isinstance(key_node, yaml.ScalarNode):
            findings.append(
                Finding(
                    "yaml-key",
                    Text("khóa phải là một từ", "a key must be a word"),
                    Text("đặt trong ngoặc kép", "put it in quotes"),
                    f"{display_path(path)}:{mark.line + 1}:{mark.column + 1}",
                )
            )
            continue
        key = str(key_node.value)
        if key in result:
            findings.append(
                Finding(
                    "yaml-duplicate-key",
                    Text(f"khóa '{key}' xuất hiện hai lần", f"key '{key}' is given twice"),
                    Text("giữ lại một", "keep one of them"),
                    f"{display_path(path)}:{mark.line + 1}:{mark.column + 1}",
                )
            )
            continue
        positions[(*loc, key)] = Position(path, mark.line + 1, mark.column + 1)
        result[key] = _value(value_node, (*loc, key), positions, findings, path)
    return result


def _scalar(node: yaml.Node) -> Any:
    text: str = node.value
    if getattr(node, "style", None):  # quoted or block: always text
        return text
    if text in {"", "~", "null"}:
        return None
    if text in {"true", "false"}:
        return text == "true"
    if _INT.match(text):
        return int(text)
    if _DECIMAL.match(text):
        return Decimal(text)
    if _FLOAT_LIKE.match(text):
        raise ValueError(text)
    return text


def parse_model(file: YamlFile, model: type[Model]) -> Model:
    """Check a file against its model; raise `ConfigurationError` with every finding at its position."""
    try:
        return model.model_validate(file.data)
    except ValidationError as error:
        findings = [_mendable(file, _finding(file, model, detail)) for detail in error.errors()]
        raise invalid(sorted(findings, key=_place), file.path) from None


def _place(finding: Finding) -> tuple[str, tuple[int, ...]]:
    file, *place = finding.where.rsplit(":", 2)
    return file, tuple(int(part) for part in place if part.isdigit())


def _mendable(file: YamlFile, finding: Finding) -> Finding:
    """What stands in a file that this one was laid over is mended here, not there."""
    here = display_path(file.path)
    if finding.where.startswith(f"{here}:"):
        return finding
    hints = [f"{hint}; " if hint else "" for hint in finding.hint]
    way = Text(f"{hints[0]}ghi đè hoặc xóa (null) trong {here}", f"{hints[1]}override or remove it (null) in {here}")
    return replace(finding, hint=way)


def _finding(file: YamlFile, model: type[BaseModel], detail: ErrorDetails) -> Finding:
    loc = tuple(detail["loc"])
    name = ".".join(str(part) for part in loc)
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = sorted(set(_field_names(model)))
        near = difflib.get_close_matches(str(loc[-1]), known, n=1)
        hint = (
            Text(f"có phải '{near[0]}'?", f"did you mean '{near[0]}'?") if near else Text("xóa khóa này", "remove it")
        )
        return Finding("unknown-key", Text(f"khóa lạ '{name}'", f"unknown key '{name}'"), hint, file.where(loc))
    if kind == "missing":
        return Finding(
            "missing-key",
            Text(f"thiếu '{name}'", f"'{name}' is missing"),
            Text(f"thêm '{loc[-1]}: …'", f"add '{loc[-1]}: …'"),
            file.where(loc[:-1]),
        )
    if kind == "value_error" and "error" in detail.get("ctx", {}):
        cause = detail["ctx"]["error"]
        if isinstance(cause, FieldProblem):
            return Finding(cause.code, cause.message, cause.hint, file.where((*loc, *cause.at)))
    message, hint = told(name, detail)
    return Finding("invalid-value", message, hint, file.where(loc))


class FieldProblem(ValueError):
    """Raised inside model validators: a finding in both languages, at a path relative to the validated part."""

    def __init__(self, code: str, message: Text, hint: Text | None = None, at: Loc = ()) -> None:
        super().__init__(message.en)
        self.code = code
        self.message = message
        self.hint = hint or Text("", "")
        self.at = at


def _field_names(model: type[BaseModel], seen: set[type[BaseModel]] | None = None) -> Iterator[str]:
    """Every key that the model or a model inside it knows: what a misspelt key may have meant."""
    seen = seen if seen is not None else set()
    if model in seen:
        return
    seen.add(model)
    for name, info in model.model_fields.items():
        yield info.alias or name
        for inner in _models_in(info.annotation):
            yield from _field_names(inner, seen)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models_in(part)
