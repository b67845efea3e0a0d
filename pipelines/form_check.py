"""A filled-in self-assessment form, tried out: every error with its cell, before the deadline and without a pull.

What a pull would set aside, and what only the decision knows: questions that were taken out, indicators that are not
the decision's, a maximum that was changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.errors import Finding, Text, UsageError
from connectors.sheets.self_assessment import FIGURES, INDICATORS, Form
from pipelines.forms import form_of
from pipelines.registers import Registers, read_registers
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from connectors.one_file import FileTrial


@dataclass
class FormCheck:
    """What one form came to. `agency` is its name, "" while the form does not say; counts are of accepted rows."""

    name: str
    agency: str = ""
    agency_id: str = ""
    agency_group: str = ""
    ruleset_id: str = ""
    asked: int = 0
    answered: int = 0
    claimed: int = 0
    errors: list[Finding] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    """Accepted answers by metric, as the warehouse writes them."""

    def as_dict(self) -> dict[str, Any]:
        own = {name: value for name, value in vars(self).items() if name != "errors"}
        return {**own, "errors": [error.as_dict("vi") for error in self.errors]}


def check_form(deployment: Deployment, path: Path, year: int) -> FormCheck:
    """Try a form out against every source of the deployment that reads files of that name.

    Raises `UsageError` where there is no such file, or no source that would read it.
    """
    if not path.is_file():
        raise UsageError(
            "file-missing", Text(f"không tìm thấy tệp '{path}'", f"there is no file '{path}'"), where=str(path)
        )
    registers = read_registers(deployment.registers)
    trials = list(_trials(deployment, path, year, registers))
    if not trials:
        raise UsageError(
            "no-source-for-file",
            Text(f"không nguồn nào đọc tệp tên '{path.name}' năm {year}", f"no source reads '{path.name}' of {year}"),
            hint=Text("giữ đúng tên tệp đã nhận, ví dụ tu_danh_gia_2024_MÃ.xlsx", "keep the name the form came with"),
            where=str(path),
        )
    made = FormCheck(path.name, errors=[error for trial in trials for error in trial.errors])
    rows = [row for trial in trials for row in trial.rows]
    _identify(made, path, year, registers)
    if made.agency_id:
        _against_the_decision(made, deployment, year, rows)
    _count(made, rows)
    return made


def _trials(deployment: Deployment, path: Path, year: int, registers: Registers) -> Iterator[FileTrial]:
    from connectors import load_sources
    from connectors.files_model import FilesSource
    from connectors.one_file import try_file
    from pipelines.pulling import agency_codes

    for source in load_sources(deployment.sources).values():
        if isinstance(source, FilesSource):
            trial = try_file(source, year, path, agency_codes(registers, year))
            if trial is not None:
                yield trial


def _identify(made: FormCheck, path: Path, year: int, registers: Registers) -> None:
    """The agency that the file's name tells: a form is filed under its name."""
    code = path.stem.rpartition("_")[2]
    for agency, one in registers.codes_of(year):
        if one.code == code:
            made.agency, made.agency_id, made.agency_group = agency.name_vi, agency.agency_id, agency.agency_group
            return


def _against_the_decision(made: FormCheck, deployment: Deployment, year: int, rows: list[dict[str, Any]]) -> None:
    from rulesets.lint import catalogue_of
    from rulesets.load import in_force, resolve

    known = [resolve(name, deployment.ruleset_folders) for name in deployment.settings.rulesets]
    loaded = in_force(known, made.agency_group, year)
    if loaded is None or not loaded.ruleset.public:
        return
    made.ruleset_id = loaded.ruleset_id
    form = form_of(loaded, catalogue_of(deployment.ruleset_folders))
    made.asked = len(form.questions)
    made.errors += _missing_rows(made, form, rows)
    made.errors += _changed_maxima(form, rows)


def _missing_rows(made: FormCheck, form: Form, rows: list[dict[str, Any]]) -> Iterator[Finding]:
    """Questions and indicators that the sheet no longer has, and those that it should not have."""
    told = {error.where.partition("!")[0] for error in made.errors}
    for sheet, column, wanted in (
        (FIGURES, "metric", [question.metric for question in form.questions]),
        (INDICATORS, "indicator_code", [one.code for one in form.indicators]),
    ):
        there = {row[column] for row in rows if column in row}
        gone = [code for code in wanted if code not in there]
        if gone and there and sheet not in told:  # a sheet that was refused, or rows set aside, are told already
            listed = ", ".join(gone[:5]) + (" …" if len(gone) > 5 else "")
            yield Finding(
                "rows-missing",
                Text(f"thiếu {len(gone)} dòng: {listed}", f"{len(gone)} rows are missing: {listed}"),
                Text("chép lại các dòng từ phiếu gốc", "copy the rows back from the form"),
                sheet,
            )
        for row in rows:
            if column in row and row[column] not in wanted:
                yield Finding(
                    "not-asked",
                    Text(f"phiếu không hỏi '{row[column]}'", f"the form does not ask '{row[column]}'"),
                    where=row["pointer"],
                )


def _changed_maxima(form: Form, rows: list[dict[str, Any]]) -> Iterator[Finding]:
    maxima = {one.code: one.max_points for one in form.indicators}
    for row in rows:
        code = row.get("indicator_code")
        if code in maxima and Decimal(row["max_points"]) != maxima[code]:
            yield Finding(
                "maximum-changed",
                Text(f"điểm tối đa của {code} phải là {maxima[code]}", f"the maximum of {code} must be {maxima[code]}"),
                where=row["pointer"].replace("!A", "!D"),
            )


def _count(made: FormCheck, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if "metric" in row:
            answer = _answer(row)
            if answer is not None:
                made.figures[row["metric"]] = answer
        elif row.get("points_claimed") is not None:
            made.claimed += 1
    made.answered = len(made.figures)


def _answer(row: dict[str, Any]) -> str | None:
    """The answer as the warehouse writes it: a number, `yes`, `no`, or text."""
    if row.get("number_value") is not None:
        return str(row["number_value"])
    if row.get("yes_no") is not None:
        return {"Có": "yes", "Không": "no"}[row["yes_no"]]
    return row.get("text_value")
