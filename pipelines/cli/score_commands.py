"""Commands about points: why a score is what it is, and any ruleset over any table of values."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from common.errors import Text, UsageError
from pipelines.cli.answers import Answer, Screen, answers
from pipelines.cli.read import AsOf, Period, Year, newest_year
from pipelines.settings import Deployment

AgencyName = Annotated[
    str, typer.Argument(help="Mã, tên hoặc một phần tên cơ quan. Id, code or name.", metavar="AGENCY")
]
IndicatorCode = Annotated[
    str, typer.Argument(help="Mã chỉ số thành phần, ví dụ 6.10. Indicator code.", metavar="INDICATOR")
]

_FORMS = ("text", "md", "json", "pdf")


@answers
def explain(  # noqa: PLR0917  typer passes options by name
    deployment: Deployment,
    agency: AgencyName,
    indicator: IndicatorCode,
    year: Year = None,
    period: Period = "",
    as_of: AsOf = "",
    form: Annotated[str, typer.Option("--format", help="text | md | json | pdf (pdf cần --out). Form.")] = "text",
    out: Annotated[str, typer.Option("--out", help="Tệp nhận thẻ giải thích. File to write.")] = "",
    lang: str = "vi",
) -> Answer:
    """Vì sao được điểm này: từ điểm về tận bản ghi nguồn. Why this score, back to the source record."""
    from pipelines import warehouse
    from pipelines.explanation import explain as explained
    from pipelines.freshness import stale_warnings
    from rulesets.scoring.explain import lines

    _check_form(form, out)
    release = warehouse.find(deployment, as_of)
    found = explained(release, agency, indicator, year or newest_year(deployment), period)
    if form != "text":
        return _card(found, form, out, lang)

    def text(screen: Screen) -> None:
        screen.line()
        for line in lines(found, screen.lang):
            screen.line(line)
        _print_decisions(screen, found)
        _print_figures(screen, found)
        screen.line(
            f"Bản {found['release']}, số liệu biết đến {found['release_as_of'][:16]}.",
            f"Release {found['release']}, as known at {found['release_as_of'][:16]}.",
        )

    stale = stale_warnings(deployment, release, year or newest_year(deployment))
    return Answer({**found, "trace": json.loads(found["trace"])}, text, warnings=stale)


def _check_form(form: str, out: str) -> None:
    if form not in _FORMS or (form == "pdf" and not out) or (form == "text" and out):
        known = ", ".join(_FORMS)
        raise UsageError(
            "card-format",
            Text(f"--format {form} không hợp lệ hoặc thiếu --out", f"--format {form} is unknown or needs --out"),
            hint=Text(f"--format {known}; pdf: --out TỆP", f"--format {known}; pdf: --out FILE"),
            where="--format",
        )


def _card(found: dict[str, Any], form: str, out: str, lang: str) -> Answer:
    """The card in a form to hand on: written whole to a file, or printed."""
    from common.durable import write_whole
    from common.one_line import visible
    from pipelines.cli.answers import plain, target
    from pipelines.publication.card import card_data, card_pdf, markdown

    record = {**found, "trace": json.loads(found["trace"])}
    if form == "json":
        content = (visible(json.dumps(record, ensure_ascii=False, indent=1, default=plain)) + "\n").encode()
    elif form == "md":
        content = markdown(card_data(found, lang)).encode()
    else:
        content = card_pdf(card_data(found, lang), found["release_as_of"])
    if not out:
        return Answer(record, lambda _screen: print(content.decode(), end=""))
    path = target(out)
    write_whole(path, content)
    return Answer({"file": str(path), "format": form}, lambda screen: screen.line(f"Đã ghi {path}", f"Wrote {path}"))


def _print_decisions(screen: Screen, found: dict[str, Any]) -> None:
    from pipelines.publication.card import correction_words, decision_words

    for one in found["decisions"]:
        words = decision_words(one)
        screen.line(f"Hội đồng, {words.vi}", f"Council, {words.en}")
    for one in found["corrections"]:
        words = correction_words(one)
        screen.line(f"Đính chính, {words.vi}", f"Correction, {words.en}")


def _print_figures(screen: Screen, found: dict[str, Any]) -> None:
    """The raw figures with the pull, the answer and the record they were read from."""
    if not found["figures"]:
        return
    screen.title("Số liệu gốc", "Source figures")
    rows = []
    for figure in found["figures"]:
        value = figure["value"] if figure["value"] is not None else f"{figure['numerator']}/{figure['denominator']}"
        simulated = screen.t(" (mô phỏng)", " (simulated)") if figure["simulated"] else ""
        body = f"sha256 {figure['body_sha256'][:12]}…{figure['pointer']}" if figure["body_sha256"] else ""
        rows.append([figure["metric"], value, figure["stage"], figure["source"] + simulated, figure["pull_id"], body])
    heads = [("Số liệu", "Metric"), ("Giá trị", "Value"), ("Giai đoạn", "Stage"), ("Nguồn", "Source")]
    screen.table([*heads, ("Lần lấy", "Pull"), ("Bản ghi", "Record")], rows, numeric=(1,))


@answers
def score(
    deployment: Deployment,
    ruleset: Annotated[str, typer.Option("--ruleset", help="Tệp YAML hoặc mã bộ chỉ số. File or id of a ruleset.")],
    values: Annotated[str, typer.Option("--values", help="Tệp CSV các giá trị. CSV file of values.")],
    totals: Annotated[
        bool, typer.Option("--totals", help="Tổng, thứ hạng thay vì từng chỉ số. Totals, ranks.")
    ] = False,
    year: Annotated[
        int | None, typer.Option("--year", help="Năm của các giá trị; bộ chỉ số phải có hiệu lực. Their year.")
    ] = None,
) -> Answer:
    """Chấm điểm một bảng giá trị bất kỳ, không cần triển khai. Any ruleset over any table of values, as CSV."""
    from connectors.sheets.outgoing import safe_text
    from pipelines.judging import check_in_force
    from rulesets.load import resolve
    from rulesets.scoring.values_csv import SCORES, TOTALS, score_csv, to_csv

    path = Path(values)
    if not path.is_file():
        raise UsageError(
            "file-missing",
            Text(f"không tìm thấy tệp '{values}'", f"there is no file '{values}'"),
            hint=Text(
                "tệp CSV có dòng đầu: agency,indicator,numerator,denominator,value,status,article",
                "a CSV file whose first line is: agency,indicator,numerator,denominator,value,status,article",
            ),
            where=values,
        )
    loaded = resolve(ruleset, deployment.ruleset_folders)
    if year is not None:
        check_in_force(loaded, year, deployment.ruleset_folders)
    scored = score_csv(loaded, path)
    columns, rows = (TOTALS, scored.totals) if totals else (SCORES, scored.scores)
    data = [dict(zip(columns, row, strict=True)) for row in rows]
    warnings = [Text(one.line("vi"), one.line("en")) for one in scored.warnings]
    printed = [[safe_text(agency), *rest] for agency, *rest in rows]
    return Answer(data, lambda _screen: print(to_csv(columns, printed), end="", file=sys.stdout), warnings=warnings)
