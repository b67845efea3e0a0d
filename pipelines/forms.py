"""What a decision asks of an agency, as the form that it fills in: from the ruleset and the catalogue of metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from common.durable import write_whole
from common.errors import Text, UsageError
from common.yaml_files import display_path
from connectors.sheets.self_assessment import MONEY, NUMBER, TEXT, YES_NO, Asked, Form, Question, used_cell, workbook
from pipelines.publication.trial import formula
from pipelines.registers import Registers
from pipelines.releases import Release
from pipelines.sql import fill
from pipelines.warehouse import query
from rulesets.indicators import Indicator
from rulesets.load import LoadedRuleset
from rulesets.metrics import Metric
from rulesets.models import Ruleset
from rulesets.numbers import plain

# Reckoned from other answers, never asked: two answers to one question could differ.
DERIVED = {
    "general_information.staff": ("general_information.civil_servants", "general_information.public_employees"),
}
_ANSWERS = {"yes_no": YES_NO, "vnd": MONEY, "text": TEXT}


def form_of(loaded: LoadedRuleset, catalogue: Mapping[str, Metric]) -> Form:
    """The form of one ruleset: its general information, then every figure that feeds an indicator, each asked once.

    An item of the general information without a metric is personal data by the ruleset's own word, and is not asked.
    """
    ruleset = loaded.ruleset
    questions: dict[str, Question] = {}
    for item in ruleset.general_information:
        if item.metric is not None:
            questions[item.metric] = _question(f"Thông tin chung {item.code}", catalogue[item.metric], item.name_vi)
    for indicator in ruleset.indicator_list:
        for metric in _metrics(indicator):
            if metric not in questions and metric not in DERIVED:
                questions[metric] = _question(f"Chỉ số {indicator.code}", catalogue[metric])
    decision = ruleset.decision
    basis = ", ".join(part for part in (decision.annex, f"Quyết định số {decision.number}") if part)
    rows = {metric: number for number, metric in enumerate(questions)}
    asked = tuple(
        Asked(one.code, one.name_vi, Decimal(plain(one.max_points)), _inputs(one), _trial(one, ruleset, rows))
        for one in ruleset.indicator_list
        if one.max_points
    )
    return Form(basis, tuple(questions.values()), asked)


def _question(item: str, metric: Metric, words: str = "") -> Question:
    return Question(item, metric.id, words or metric.meaning_vi, _ANSWERS.get(metric.unit, NUMBER))


def _metrics(indicator: Indicator) -> Iterator[str]:
    """Every metric that feeds an indicator: what is counted comes before what it is a part of."""
    inputs = indicator.inputs
    for metric in (inputs.value, inputs.numerator, inputs.denominator):
        if metric is not None:
            yield metric
    for pool in inputs.pools:
        yield from (pool.numerator, pool.denominator)


def _inputs(indicator: Indicator) -> dict[str, str]:
    inputs = indicator.inputs
    roles = {"numerator": inputs.numerator, "denominator": inputs.denominator, "value": inputs.value}
    return {role: metric for role, metric in roles.items() if metric is not None}


def _trial(indicator: Indicator, ruleset: Ruleset, rows: Mapping[str, int]) -> str:
    """The formula of its points over the cells of the form."""

    def cell_of(metric: str) -> str:
        if metric not in DERIVED:
            return used_cell(rows[metric])
        parts = [used_cell(rows[one]) for one in DERIVED[metric]]
        blank = ",".join(f'{part}=""' for part in parts)
        return f'IF(OR({blank}),"",{"+".join(parts)})'

    return formula(indicator, ruleset, cell_of)


def known_figures(release: Release, year: int) -> dict[str, dict[str, int | str]]:
    """What systems showed of each agency in that year, by agency id and metric; whole numbers, yes, no, or text."""
    found: dict[str, dict[str, int | str]] = {}
    for row in query(release, fill(_COLLECTED, year=year)):
        value = str(row["value"])
        found.setdefault(row["agency_id"], {})[row["metric"]] = int(value) if value.isdecimal() else value
    return found


_COLLECTED = """
select agency_id, metric, value from metric_values
where assessment_year = {year} and stage = 'collected' and value is not null
qualify row_number() over (partition by agency_id, metric order by length(period), period desc) = 1
"""


def write_forms(  # noqa: PLR0917  what, by which words, for whom, when, where to
    loaded: LoadedRuleset,
    catalogue: Mapping[str, Metric],
    registers: Registers,
    asked: tuple[int, str],
    folder: Path,
    known: Mapping[str, Mapping[str, int | str]] | None = None,
) -> list[Path]:
    """One workbook for every agency that the ruleset assesses; `asked` are the year and the scheme of the codes by
    which agencies know themselves, `known` what systems showed of each (`known_figures`), which stands beside the
    answers. The names of the files are those that the preset `self_assessment` reads.

    Raises `UsageError` where no agency has a code of the scheme, or a file is there already.
    """
    year, scheme = asked
    form = form_of(loaded, catalogue)
    groups = loaded.ruleset.groups
    agencies = [
        (code.code, agency.name_vi, agency.agency_id)
        for agency, code in registers.codes_of(year)
        if code.scheme == scheme and agency.agency_group in groups
    ]
    if not agencies:
        among = ", ".join(groups)
        raise UsageError(
            "no-agencies",
            Text(
                f"sổ đăng ký năm {year} không có cơ quan nhóm {among} mang mã hệ '{scheme}'",
                f"the register of {year} has no agency of group {among} with a code of scheme '{scheme}'",
            ),
            hint=Text("xem registers/agency_codes.csv", "see registers/agency_codes.csv"),
        )
    paths = {folder / f"tu_danh_gia_{year}_{code}.xlsx": (code, name, own) for code, name, own in sorted(agencies)}
    there = next((path for path in paths if path.exists()), None)
    if there:
        raise UsageError(
            "file-exists",
            Text("tệp đã có", "the file exists"),
            hint=Text("chọn thư mục khác", "choose another folder"),
            where=display_path(there),
        )
    folder.mkdir(parents=True, exist_ok=True)
    for path, (code, name, own) in paths.items():
        write_whole(path, workbook(form, (code, name), year, known=(known or {}).get(own, {})))
    return list(paths)
