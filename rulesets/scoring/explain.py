"""A score as a card that a person can read: what was counted, by which rule and article, and how it became points.

Reads one row of `indicator_scores` with its trace; imports neither DuckDB nor anything heavy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from common.errors import Text

RULES = {
    "yes_no": Text("có / không", "yes / no"),
    "categories": Text("theo mức", "ordered categories"),
    "checklist": Text("danh mục kiểm tra", "checklist"),
    "proportional": Text("theo tỷ lệ", "proportional"),
    "pooled": Text("theo tỷ lệ gộp", "pooled proportional"),
    "target": Text("theo mục tiêu, quy đổi", "target, rescaled"),
    "threshold": Text("theo ngưỡng, không quy đổi", "threshold, not rescaled"),
    "floor": Text("theo tỷ lệ từ mức tối thiểu", "floor, then proportional"),
    "all_or_nothing": Text("đạt trọn hoặc không", "all or nothing"),
    "bands": Text("theo bậc", "bands"),
    "per_item": Text("theo số lượng", "per item"),
    "periods": Text("theo kỳ và thời hạn", "by periods and timeliness"),
    "relative_to_best": Text("so với giá trị cao nhất", "relative to the best"),
    "goalposts": Text("giữa hai cột mốc", "goalposts"),
    "points": Text("điểm do nguồn cung cấp", "points as delivered"),
    "best_of": Text("mức cao nhất trong các phần", "best of its parts"),
    "sum_of": Text("tổng các phần", "sum of its parts"),
    "not_scored": Text("không tính điểm", "not scored"),
    "bonus": Text("điểm thưởng", "bonus"),
    "penalty": Text("điểm trừ", "penalty"),
}
STATUSES = {
    "reported": Text("có số liệu", "reported"),
    "partial": Text("số liệu chưa đủ", "partly reported"),
    "exempt": Text("miễn áp dụng theo quyết định", "exempt by the decision"),
    "entered": Text("điểm được nhập", "points entered"),
    "missing": Text("thiếu số liệu", "missing"),
    "invalid": Text("số liệu không hợp lệ", "invalid"),
    "not_applicable": Text("không áp dụng, phần còn lại được quy đổi", "not applicable, the rest is rescaled"),
    "not_scored": Text("chỉ hiển thị", "shown only"),
}
REASONS = {
    "no_row": Text("không có dòng số liệu nào", "there is no row for it"),
    "no_value": Text("chưa có giá trị", "there is no value"),
    "declared_missing": Text("được báo là thiếu", "it was declared missing"),
    "half_a_ratio": Text("tỷ lệ thiếu tử số hoặc mẫu số", "one side of the ratio is missing"),
    "zero_denominator": Text("mẫu số bằng 0", "the denominator is 0"),
    "above_one": Text("tỷ lệ lớn hơn 1", "the ratio is above 1"),
    "above_maximum": Text("vượt giá trị tối đa", "it is above the maximum"),
    "negative": Text("giá trị âm", "it is negative"),
    "not_a_number": Text("không phải số", "it is not a number"),
    "decimal_comma": Text("dùng dấu chấm thập phân, không dùng dấu phẩy", "it has a decimal comma; use a point"),
    "too_many_digits": Text("có quá nhiều chữ số", "it has too many digits"),
    "not_a_ratio": Text("cần tử số/mẫu số", "numerator/denominator is needed"),
    "not_yes_no": Text("cần 'có' hoặc 'không'", "it must be yes or no"),
    "unknown_category": Text("không có mức này", "there is no such category"),
    "unknown_period": Text("mỗi kỳ cần 'đúng hạn', 'trễ hạn' hoặc 'không'", "each period is on_time, late or none"),
    "wrong_item_count": Text("số mục không đúng", "it has the wrong number of items"),
    "no_figure_in_group": Text("không cơ quan nào trong nhóm có số liệu", "no agency of the group has a figure"),
    "no_article": Text("miễn áp dụng nhưng không nêu điều khoản", "exempt without an article"),
    "unknown_article": Text("quyết định không có điều khoản miễn này", "the decision has no such exception"),
    "article_does_not_cover": Text("điều khoản không áp dụng cho chỉ số này", "the article does not cover it"),
}
POLICIES = {
    "group_highest_score": Text("tính bằng điểm cao nhất trong nhóm", "the highest score of the group"),
    "group_highest_figure": Text("tính bằng số liệu cao nhất trong nhóm", "the highest figure of the group"),
    "full_points": Text("tính điểm tối đa", "full points"),
    "leave_out_and_rescale": Text("không áp dụng, quy đổi phần còn lại", "left out, the rest is rescaled"),
}
_BASIS = {
    "decision": Text("theo quyết định", "given by the decision"),
    "assumption": Text("giả định, quyết định không nêu công thức", "assumed, the decision gives no formula"),
}
_FUNCTIONS = (
    (r"round_half_up\(", Text("làm tròn(", "round(")),
    (r"round_half_even\(", Text("làm tròn chẵn(", "round to even(")),
    (r"round_truncate\(", Text("cắt bớt(", "cut off(")),
    (r"min\(", Text("nhỏ nhất(", "least of(")),
    (r"max\(", Text("lớn nhất(", "greatest of(")),
)


def card(row: Mapping[str, Any], lang: str = "vi") -> list[tuple[str, str]]:
    """Label and text of each line. `row` is a row of `indicator_scores`; names, source and date are shown where given.

    Used keys: agency_id, agency_name, indicator_code, indicator_name, ruleset_title, decision, period, reference,
    points, max_points, trace, source, stage, as_of.
    """
    trace = json.loads(row["trace"])
    told = [
        (Text("Cơ quan", "Agency"), row.get("agency_name") or row.get("agency_id")),
        (Text("Chỉ số", "Indicator"), _joined(". ", row.get("indicator_code"), row.get("indicator_name"))),
        (Text("Quyết định", "Decision"), _joined(", ", row.get("decision"), row.get("ruleset_title"))),
        (Text("Kỳ số liệu", "Period"), row.get("period")),
        (Text("Điểm", "Points"), f"{_number(trace['points'], lang)} / {_number(trace['max_points'], lang)}"),
        (Text("Tình trạng", "Status"), _status(trace, lang)),
        (Text("Quy tắc", "Rule"), f"{RULES[trace['rule']].in_(lang)} ({_BASIS[trace['basis']].in_(lang)})"),
        (Text("Căn cứ", "Reference"), row.get("reference")),
        (Text("Điều khoản miễn", "Exception"), _exception(trace, lang)),
        (Text("Số liệu", "Figures"), _figures(trace, lang)),
        (Text("Vì", "Because"), _formula(trace.get("because", ""), lang)),
        (Text("Giới hạn", "Cap"), _number(trace.get("cap", ""), lang)),
        (Text("Cách tính", "Formula"), _worked_out(trace, lang)),
        (Text("Nguồn", "Source"), _joined(", ", row.get("source"), row.get("stage"), row.get("as_of"))),
    ]
    return [(label.in_(lang), str(text)) for label, text in told if text]


def lines(row: Mapping[str, Any], lang: str = "vi") -> list[str]:
    """The card as plain text, labels aligned."""
    told = card(row, lang)
    width = max(len(label) for label, _ in told)
    return [f"{label:<{width}}  {text}" for label, text in told]


def _joined(separator: str, *parts: Any) -> str:
    return separator.join(str(part) for part in parts if part)


def _number(text: str, lang: str) -> str:
    """A number as it is written in Vietnamese (decimal comma) or English."""
    return text if lang == "en" else re.sub(r"(?<=\d)\.(?=\d)", ",", text)


def _status(trace: Mapping[str, str], lang: str) -> str:
    status, reason = STATUSES[trace["status"]].in_(lang), trace.get("reason")
    return f"{status}: {REASONS[reason].in_(lang)}" if reason else status


def _exception(trace: Mapping[str, str], lang: str) -> str:
    if "article" not in trace:
        return ""
    article = Text(f"Điều {trace['article']}", f"Article {trace['article']}").in_(lang)
    policy = POLICIES[trace["policy"]].in_(lang) if "policy" in trace else ""
    source = Text(f"theo {trace['as']}", f"as {trace['as']}").in_(lang) if "as" in trace else ""
    return _joined(", ", article, policy, source)


def _figures(trace: Mapping[str, str], lang: str) -> str:
    if "figure" in trace:
        return _formula(trace["figure"].removeprefix("(").removesuffix(")"), lang)
    return trace.get("value", "")


def _formula(text: str, lang: str) -> str:
    """A formula in the signs of the language: × and ÷, decimal comma, semicolons between arguments."""
    if lang == "vi":
        text = text.replace(", ", "; ").replace(" and ", " và ")
    for pattern, word in _FUNCTIONS:
        text = re.sub(pattern, word.in_(lang), text)
    signs = text.replace(" * ", " × ").replace("/", " ÷ ").replace("  ÷  ", " ÷ ")
    return _number(signs.replace(">=", "≥").replace("<=", "≤"), lang)


def _worked_out(trace: Mapping[str, str], lang: str) -> str:
    if trace["status"] in {"missing", "invalid", "not_applicable", "not_scored"}:
        return ""
    formula, points = trace["formula"], trace["points"]
    if formula == points:
        return ""
    sign = "=" if len(points.partition(".")[2]) < 10 else "≈"
    shown = f"{Decimal(points):.4f}".rstrip("0").rstrip(".") if sign == "≈" else points
    return f"{_formula(formula, lang)} {sign} {_number(shown, lang)}"
