"""Why this score, as a card to hand on: Markdown for a mail, PDF for a file, from what `dti explain` found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from common.errors import Text
from common.one_line import visible
from pipelines.publication.wording import day
from rulesets.scoring.explain import card as told

_HEADS = (
    Text("Số liệu", "Metric"),
    Text("Giá trị", "Value"),
    Text("Giai đoạn", "Stage"),
    Text("Nguồn", "Source"),
    Text("Lần lấy", "Pull"),
    Text("Bản ghi", "Record"),
)
_SIMULATED = Text(
    "Số liệu từ hệ thống mô phỏng, không phải kết quả chính thức.", "Figures of simulated systems, no official result."
)
_STAGES = {
    "declared": Text("tự khai", "declared"),
    "collected": Text("hệ thống", "collected"),
    "appraised": Text("thẩm định", "appraised"),
}
_MARKED = re.compile(r"([\\`*_{}\[\]<>#+\-!|~])")


def card_data(found: Mapping[str, Any], lang: str = "vi") -> dict[str, Any]:
    """The card as text alone, in one language: what the templates print and nothing else."""
    known = datetime.fromisoformat(found["release_as_of"])
    rows = [{"label": label, "text": text} for label, text in told(found, lang)]
    simulated = any(figure["simulated"] for figure in found["figures"])
    return {
        "title": Text("Vì sao được điểm này", "Why this score").in_(lang),
        "name": f"{found['agency_name']} – {found['indicator_code']}",
        "rows": rows,
        "figures_title": Text("Số liệu gốc", "Source figures").in_(lang),
        "heads": [head.in_(lang) for head in _HEADS],
        "figures": [_figure(figure, lang) for figure in found["figures"]],
        "decisions_title": Text("Quyết định của hội đồng", "Decisions of the council").in_(lang),
        "decisions": [
            *(decision_words(one).in_(lang) for one in found.get("decisions", [])),
            *(correction_words(one).in_(lang) for one in found.get("corrections", [])),
        ],
        "simulated": _SIMULATED.in_(lang) if simulated else "",
        "footer": Text(
            f"Bản phát hành {found['release']}, số liệu biết đến {known:%H:%M} ngày {day(known.date())}.",
            f"Release {found['release']}, as known at {known:%Y-%m-%d %H:%M}.",
        ).in_(lang),
    }


def decision_words(one: Mapping[str, Any]) -> Text:
    """One decision of the council in a sentence: what was put, when, on what paper, by whom and why."""
    ratio = f"{one['numerator']}/{one['denominator']}" if one["numerator"] is not None else None
    put = one["value"] if one["value"] is not None else ratio
    what = Text(f"{one['points']} điểm", f"{one['points']} points")
    if one["points"] is None:
        what = Text(f"giá trị {put}", f"value {put}")
    tail = f"{one['document']}, {one['author']}: {one['reason']}"
    return Text(f"{day(one['decided_on'])}: {what.vi} ({tail})", f"{one['decided_on']}: {what.en} ({tail})")


def correction_words(one: Mapping[str, Any]) -> Text:
    """One corrected figure in a sentence: what the source gave, what is right, when, on what paper, by whom and why."""
    tail = f"{one['document']}, {one['author']}: {one['reason']}"
    return Text(
        f"{day(one['decided_on'])}: {one['metric']} của nguồn {one['source']} là {one['uncorrected']}, đính chính "
        f"thành {one['value']} ({tail})",
        f"{one['decided_on']}: {one['metric']} of source {one['source']} is {one['uncorrected']}, corrected to "
        f"{one['value']} ({tail})",
    )


def _figure(figure: Mapping[str, Any], lang: str) -> list[str]:
    ratio = f"{figure['numerator']}/{figure['denominator']}"
    value = figure["value"] if figure["value"] is not None else ratio
    simulated = Text(" (mô phỏng)", " (simulated)").in_(lang) if figure["simulated"] else ""
    record = f"sha256 {figure['body_sha256'][:12]}…{figure['pointer']}" if figure["body_sha256"] else ""
    stage = _STAGES[figure["stage"]].in_(lang) if figure["stage"] in _STAGES else figure["stage"]
    return [figure["metric"], value, stage, f"{figure['source']}{simulated}", figure["pull_id"] or "", record]


def markdown(data: Mapping[str, Any]) -> str:
    """The card as Markdown; what names and reasons hold is text and never markup."""
    lines = [f"# {escaped(data['title'])}", "", f"**{escaped(data['name'])}**", ""]
    lines += _table(["", ""], [[f"**{escaped(row['label'])}**", escaped(row["text"])] for row in data["rows"]])
    if data["decisions"]:
        lines += ["", f"## {escaped(data['decisions_title'])}", "", *(f"- {escaped(one)}" for one in data["decisions"])]
    if data["figures"]:
        cells = [[escaped(cell) for cell in row] for row in data["figures"]]
        lines += ["", f"## {escaped(data['figures_title'])}", "", *_table(data["heads"], cells)]
    lines += ["", *([f"**{escaped(data['simulated'])}**", ""] if data["simulated"] else []), escaped(data["footer"])]
    return "\n".join(lines) + "\n"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(heads) + " |",
        "|" + "---|" * len(heads),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def escaped(text: str) -> str:
    """Text with the signs of Markdown escaped, on one line."""
    return _MARKED.sub(r"\\\1", visible(" ".join(str(text).split())))


def card_pdf(data: Mapping[str, Any], as_of: str) -> bytes:
    """The card as a page; the same release gives the same bytes."""
    from pipelines.publication.pdf import pdf

    return pdf("card.typ", data, datetime.fromisoformat(as_of))
