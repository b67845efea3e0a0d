"""How a ruleset judges, in words of both languages: how points add up, are rounded and ranked, what a grade asks."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from common.errors import Text
from rulesets.judgement import Level, Minimum, Rounding
from rulesets.models import Aggregation, MainIndex, Pillar, Ruleset
from rulesets.words import number, percent

_LANGUAGES = ("vi", "en")
_WHOLES = {
    "indicator": Text("chỉ số thành phần", "each indicator"),
    "main_index": Text("chỉ số chính", "each main index"),
    "pillar": Text("trụ cột", "each pillar"),
    "total": Text("tổng điểm", "the total"),
}
_MODES = {
    "half_up": Text("làm tròn", "rounded half up"),
    "half_even": Text("làm tròn chẵn", "rounded half to even"),
    "truncate": Text("cắt bớt", "cut off"),
}
_AGGREGATIONS = {
    "sum": Text("tổng", "the sum"),
    "weighted_arithmetic": Text("trung bình cộng có trọng số", "the weighted arithmetic mean"),
    "weighted_geometric": Text("trung bình nhân có trọng số", "the weighted geometric mean"),
}
_TIES = {
    "competition": Text(
        "bằng điểm thì đồng hạng, hạng sau bỏ cách (1, 2, 2, 4)", "equal points share a rank: 1, 2, 2, 4"
    ),
    "dense": Text("bằng điểm thì đồng hạng, hạng sau liền kề (1, 2, 2, 3)", "equal points share a rank: 1, 2, 2, 3"),
}


def method(ruleset: Ruleset) -> list[Text]:
    """One line per thing that the ruleset says about wholes and ranks."""
    return [_adding(ruleset.aggregation), *_rounding(ruleset), *_ranking(ruleset)]


def _adding(whole: Aggregation) -> Text:
    kind = _AGGREGATIONS[whole.kind]
    weights = [
        ", ".join(f"{code}: {number(weight, lang)}" for code, weight in whole.weights.items()) for lang in _LANGUAGES
    ]
    shown = [f" ({text})" if text else "" for text in weights]
    return Text(
        f"Tổng điểm là {kind.vi} của các chỉ số chính{shown[0]}.",
        f"The total is {kind.en} of the main indices{shown[1]}.",
    )


def _rounding(ruleset: Ruleset) -> Iterator[Text]:
    given = {name: getattr(ruleset.rounding, name) for name in _WHOLES}
    said = [(name, one) for name, one in given.items() if isinstance(one, Rounding)]
    if not said:
        yield Text("Không làm tròn ở bước nào; chỉ làm tròn khi hiển thị.", "Nothing is rounded but for the eye.")
    for name, one in said:
        whole, mode = _WHOLES[name], _MODES[one.mode]
        vi = f"{whole.vi}: {mode.vi} đến {one.digits} chữ số thập phân."
        yield Text(vi[0].upper() + vi[1:], f"{whole.en.capitalize()}: {mode.en} to {one.digits} decimals.")


def _ranking(ruleset: Ruleset) -> Iterator[Text]:
    ranking = ruleset.ranking
    if not ranking.ranked:
        yield Text("Quyết định không xếp hạng.", "The decision ranks nobody.")
        return
    by = (
        Text("điểm đã làm tròn", "rounded points")
        if ranking.by == "rounded"
        else Text("điểm chính xác", "exact points")
    )
    among = Text("trong nhóm cơ quan", "within the group of agencies")
    if ranking.within == "parent":
        among = Text("trong cùng cơ quan cấp trên", "within the agency above")
    ties = _TIES.get(ranking.ties)
    if ties is None:
        codes = ", ".join(ranking.tie_break)
        ties = Text(f"bằng điểm thì xét lần lượt chỉ số chính {codes}", f"ties are broken by main indices {codes}")
    yield Text(f"Xếp hạng {among.vi} theo {by.vi}; {ties.vi}.", f"Ranked {among.en} by {by.en}; {ties.en}.")


def standings(ruleset: Ruleset) -> Iterator[tuple[str, Text]]:
    """Each grade or level, the highest first, with what must be reached."""
    if ruleset.grades:
        share = ruleset.grades.by == "share"
        for band in ruleset.grades.bands:
            vi, en = (percent(band.from_, lang) if share else number(band.from_, lang) for lang in _LANGUAGES)
            yield band.grade, Text(f"từ {vi}", f"from {en}")
    if ruleset.levels:
        for level in ruleset.levels.levels:
            asked = ("; ".join(_minima(ruleset, level, lang)) for lang in _LANGUAGES)
            yield f"{level.level} {level.name_vi}".strip(), Text(*asked)


def _minima(ruleset: Ruleset, level: Level, lang: str) -> Iterator[str]:
    parts: list[MainIndex | Pillar] = [*ruleset.main_indices, *ruleset.pillars]
    names = {part.code: part.name_vi if lang == "vi" else part.name_en or part.name_vi for part in parts}
    if level.total:
        yield f"{Text('tổng', 'total').in_(lang)} ≥ {_minimum(level.total, lang)}"
    for code, minimum in [*level.pillars.items(), *level.main_indices.items()]:
        yield f"{names.get(code, code)} ≥ {_minimum(minimum, lang)}"


def _minimum(minimum: Minimum, lang: str) -> str:
    return percent(minimum.share, lang) if minimum.share is not None else number(minimum.points or Fraction(0), lang)
