"""What the commands about rulesets say: summaries, findings, and moves of ranks, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common.errors import ConfigurationError, Finding, Text
from pipelines.cli.answers import Screen

if TYPE_CHECKING:
    from decimal import Decimal

    from rulesets.diff_ranks import Move
    from rulesets.lint import LintReport
    from rulesets.load import LoadedRuleset
    from rulesets.models import Ruleset

SEVERITIES = {"error": Text("lỗi", "error"), "warning": Text("cảnh báo", "warning"), "note": Text("ghi chú", "note")}


def summary(item: LoadedRuleset) -> dict[str, Any]:
    """One ruleset as a row."""
    from common.yaml_files import display_path
    from rulesets.numbers import plain

    ruleset = item.ruleset
    return {
        "ruleset_id": item.ruleset_id,
        "title_vi": ruleset.title_vi,
        "title_en": ruleset.title_en,
        "decision": ruleset.decision.number,
        "date": ruleset.decision.date,
        "groups": ruleset.groups,
        "year_from": ruleset.valid.year_from,
        "year_to": ruleset.valid.year_to,
        "main_indices": ruleset.structure.main_indices,
        "indicators": ruleset.structure.indicators,
        "points": plain(ruleset.structure.points),
        "public": ruleset.public,
        "file": display_path(item.path),
        "hash": item.content_hash,
    }


def lint_error(report: LintReport) -> ConfigurationError:
    """All findings, errors first; what is no error says so in front."""
    findings = [
        finding
        if severity == "error"
        else Finding(
            finding.code,
            Text(
                f"{SEVERITIES[severity].vi}: {finding.message.vi}", f"{SEVERITIES[severity].en}: {finding.message.en}"
            ),
            finding.hint,
            finding.where,
        )
        for severity, finding in report.found
    ]
    compared = [comparison.outcome for comparison in report.compared]
    return ConfigurationError(
        "ruleset-invalid",
        Text(
            "; ".join([f"{report.errors} lỗi", *(outcome.vi for outcome in compared)]),
            "; ".join([f"{report.errors} errors", *(outcome.en for outcome in compared)]),
        ),
        hint=Text("sửa các lỗi trên rồi chạy lại", "mend the errors above and run it again"),
        where=findings[0].where,
        findings=findings,
        data=report.as_dict("en"),
    )


def print_lint(screen: Screen, report: LintReport) -> None:
    """Findings, what was compared, and how many."""
    for severity, finding in report.found:
        word = SEVERITIES[severity]
        screen.line(f"{word.vi}: {finding.line('vi')}", f"{word.en}: {finding.line('en')}")
    for comparison in report.compared:
        screen.line(f"✓ {comparison.outcome.vi}", f"✓ {comparison.outcome.en}")
    count, warnings, notes = len(report.rulesets), report.count("warning"), report.count("note")
    screen.line(
        f"✓ {count} bộ quy tắc không có lỗi; {warnings} cảnh báo, {notes} ghi chú.",
        f"✓ {count} rulesets without errors; {warnings} warnings, {notes} notes.",
    )


def about(ruleset: Ruleset) -> list[Text]:
    """What a decision is and publishes, in a few lines."""
    from rulesets.words import number

    decision, stated = ruleset.decision, ruleset.structure
    count = "–" if stated.indicators is None else str(stated.indicators)
    lines = [
        Text(
            f"{decision.number} ngày {decision.date:%d/%m/%Y}, {decision.authority_vi}",
            f"{decision.number} of {decision.date:%d/%m/%Y}, {decision.authority_en or decision.authority_vi}",
        ),
        Text(
            f"{stated.main_indices} chỉ số chính, {count} chỉ số thành phần, {number(stated.points)} điểm",
            f"{stated.main_indices} main indices, {count} indicators, {number(stated.points, 'en')} points",
        ),
    ]
    if not ruleset.public:
        lines.append(Text("Chưa có phụ lục chỉ số: dti ruleset import", "Its annex is not here: dti ruleset import"))
    return lines


def print_moves(screen: Screen, moved: list[Move]) -> None:
    """Whose rank moves, and where each change alone would put them."""
    from rulesets.diff import KINDS

    heads = [("Cơ quan", "Agency"), ("Hạng", "Rank"), ("Tổng", "Total"), ("Thay đổi nào", "By which change")]
    rows = []
    for move in moved:
        causes = [
            f"{cause.change.code} {KINDS[cause.change.kind].in_(screen.lang)}: → {cause.rank or '–'}"
            for cause in move.causes
            if cause.rank != move.rank_before
        ]
        together = screen.t("nhiều thay đổi cùng lúc", "several changes together")
        if move.moved:
            rank = f"{move.rank_before or '–'} → {move.rank_after or '–'}"
            total = f"{_total(move.total_before, screen)} → {_total(move.total_after, screen)}"
            rows.append([move.agency, rank, total, "; ".join(causes) or together])
    if rows:
        screen.table(heads, rows)
    totals = sum(move.total_before != move.total_after for move in moved)
    screen.line(
        f"{len(rows)} cơ quan đổi hạng, {totals} cơ quan đổi tổng điểm.",
        f"{len(rows)} ranks moved, {totals} totals changed.",
    )


def _total(total: Decimal | None, screen: Screen) -> str:
    return "–" if total is None else screen.t(f"{total.normalize():f}".replace(".", ","), f"{total.normalize():f}")
