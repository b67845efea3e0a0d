"""What the points lead to: pillars, exceptions, rounding and ranking, grades, levels, dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import pairwise

from common.errors import Text
from common.yaml_files import Loc
from rulesets.judgement import Level
from rulesets.lints import Remark
from rulesets.models import Ruleset
from rulesets.numbers import plain


def check(ruleset: Ruleset) -> Iterator[Remark]:
    """Every remark about how points are brought together and judged."""
    yield from _main_indices(ruleset)
    yield from _exceptions(ruleset)
    yield from _rounding(ruleset)
    yield from _grades(ruleset)
    yield from _levels(ruleset)
    yield from _dates(ruleset)


def _main_indices(ruleset: Ruleset) -> Iterator[Remark]:
    """Main indices outside all pillars, pillars that count one twice, codes in the wrong place."""
    in_pillars = {code for pillar in ruleset.pillars for code in pillar.main_indices}
    for n, main in enumerate(ruleset.main_indices):
        if ruleset.pillars and main.code not in in_pillars:
            message = Text(f"'{main.code}' không thuộc trụ cột nào", f"'{main.code}' belongs to no pillar")
            yield Remark("warning", ("main_indices", n), "no-pillar", message, Text("thêm vào một trụ cột", "add it"))
    for n, pillar in enumerate(ruleset.pillars):
        for code, times in Counter(pillar.main_indices).items():
            if times > 1:
                message = Text(f"trụ cột tính '{code}' {times} lần", f"the pillar counts '{code}' {times} times")
                loc: Loc = ("pillars", n, "main_indices")
                yield Remark("error", loc, "pillar-counts-twice", message, Text("mỗi mã một lần", "give each once"))
    mains = {main.code for main in ruleset.main_indices}
    for n, indicator in enumerate(ruleset.indicator_list):
        prefix = indicator.code.rpartition(".")[0]
        if prefix in mains and indicator.main_index not in (prefix, None):
            main_code = indicator.main_index
            message = Text(
                f"mã '{indicator.code}' nhưng thuộc chỉ số chính '{main_code}'",
                f"the code is '{indicator.code}', but the main index is '{main_code}'",
            )
            hint = Text(f"có phải '{prefix}'?", f"did you mean '{prefix}'?")
            yield Remark("warning", ("indicators", n, "main_index"), "code-elsewhere", message, hint)


def _exceptions(ruleset: Ruleset) -> Iterator[Remark]:
    """A highest figure exists only where the rule reads one, and is the best one only where more earns more."""
    places = {i.code: i for i in ruleset.indicator_list}
    for n, exception in enumerate(ruleset.exceptions):
        if exception.policy != "group_highest_figure":
            continue
        for k, code in enumerate(exception.indicators or ()):
            rule = places[code].rule if code in places else None
            if rule is not None and rule.figure in {"words", "parts", "none"}:
                message = Text(
                    f"'{code}' ({rule.kind}) không có số liệu để lấy mức cao nhất",
                    f"'{code}' ({rule.kind}) has no figure that could be the highest",
                )
                hint = Text("dùng 'group_highest_score'", "use 'group_highest_score'")
                yield Remark("error", ("exceptions", n, "indicators", k), "no-figure", message, hint)
            elif rule is not None and not rule.rises:
                message = Text(
                    f"số liệu cao nhất của '{code}' không phải tốt nhất", f"the highest figure of '{code}' is not best"
                )
                hint = Text("dùng 'group_highest_score'", "use 'group_highest_score'")
                yield Remark("warning", ("exceptions", n, "indicators", k), "highest-not-best", message, hint)


def _rounding(ruleset: Ruleset) -> Iterator[Remark]:
    if ruleset.ranking.by == "rounded" and ruleset.rounding.total is None:
        message = Text("xếp hạng theo điểm làm tròn nhưng tổng không làm tròn", "ranked by a total that is not rounded")
        hint = Text("thêm 'rounding: {total: {digits: 2}}'", "add 'rounding: {total: {digits: 2}}'")
        yield Remark("error", ("ranking", "by"), "no-rounding", message, hint)
    if not ruleset.ranking.ranked and "ties" in ruleset.ranking.model_fields_set:
        message = Text("không xếp hạng thì 'ties' không có tác dụng", "without ranks 'ties' has no effect")
        yield Remark("warning", ("ranking", "ties"), "no-effect", message, Text("xóa dòng này", "remove this line"))


def _grades(ruleset: Ruleset) -> Iterator[Remark]:
    if ruleset.grades is None:
        return
    most = Fraction(1) if ruleset.grades.by == "share" else ruleset.structure.points
    seen: Counter[str] = Counter()
    for n, band in enumerate(ruleset.grades.bands):
        loc: Loc = ("grades", "bands", n)
        if band.from_ > most:
            message = Text(f"không ai đạt được '{band.grade}'", f"nobody can reach '{band.grade}'")
            hint = Text(f"giới hạn cao nhất là {plain(most)}", f"the limit can be {plain(most)} at most")
            yield Remark("error", (*loc, "from"), "grade-unreachable", message, hint)
        seen[band.grade] += 1
        if seen[band.grade] == 2:
            message = Text(f"hai mức cùng tên '{band.grade}'", f"two bands are called '{band.grade}'")
            yield Remark("error", (*loc, "grade"), "grade-twice", message, Text("đổi tên một mức", "rename one"))


Minima = dict[tuple[str, str], Fraction]


def _levels(ruleset: Ruleset) -> Iterator[Remark]:
    if ruleset.levels is None:
        return
    levels = ruleset.levels.levels
    most = _maxima(ruleset)
    minima = [_minima(level, most) for level in levels]
    for n, (level, asked) in enumerate(zip(levels, minima, strict=True)):
        loc: Loc = ("levels", "levels", n)
        if not asked:
            message = Text(f"'{level.level}' không đòi hỏi gì", f"'{level.level}' asks for nothing")
            hint = Text("thêm mức tối thiểu", "give it minima")
            yield Remark("error", loc, "level-without-minimum", message, hint)
        if level.level in (one.level for one in levels[:n]):
            message = Text(f"hai mức độ cùng tên '{level.level}'", f"two levels are called '{level.level}'")
            yield Remark("error", (*loc, "level"), "level-twice", message, Text("đổi tên một mức", "rename one"))
        for key, points in asked.items():
            if key in most and points > most[key]:
                message = Text(
                    f"không ai đạt được {plain(points)} trong {plain(most[key])} điểm",
                    f"nobody can reach {plain(points)} of {plain(most[key])} points",
                )
                hint = Text("giảm mức tối thiểu", "lower the minimum")
                yield Remark("error", _at(loc, key), "level-unreachable", message, hint)
        yield from _totals(ruleset, asked, loc)
    for n, (higher, lower) in enumerate(pairwise(minima), start=1):
        for key in higher.keys() & lower.keys():
            if lower[key] > higher[key]:
                message = Text("mức thấp hơn lại đòi hỏi nhiều hơn", "the lower level asks for more")
                hint = Text("xếp các mức từ cao xuống thấp", "order the levels from the highest down")
                yield Remark("error", _at(("levels", "levels", n), key), "levels-order", message, hint)


def _totals(ruleset: Ruleset, asked: Minima, loc: Loc) -> Iterator[Remark]:
    """Group minima that add up to more than the stated minimum of their part: the stated one then never decides."""
    for pillar in ruleset.pillars:
        stated = asked.get(("pillars", pillar.code))
        groups = sum((asked.get(("main_indices", code), Fraction(0)) for code in pillar.main_indices), Fraction(0))
        if stated is not None and groups > stated:
            message = Text(
                f"các nhóm của '{pillar.code}' đã đòi hỏi {plain(groups)}, hơn mức tối thiểu {plain(stated)}",
                f"the groups of '{pillar.code}' ask for {plain(groups)}, more than the stated minimum {plain(stated)}",
            )
            hint = Text("cả hai được kiểm tra như công bố", "both are checked as published")
            yield Remark("note", _at(loc, ("pillars", pillar.code)), "minimum-never-decides", message, hint)


def _maxima(ruleset: Ruleset) -> Minima:
    points = {main.code: main.points for main in ruleset.main_indices}
    most: Minima = {("total", ""): ruleset.structure.points}
    most |= {("main_indices", code): p for code, p in points.items() if p is not None}
    for pillar in ruleset.pillars:
        parts = [points.get(code) for code in pillar.main_indices]
        if pillar.points is not None:
            most["pillars", pillar.code] = pillar.points
        elif None not in parts:
            most["pillars", pillar.code] = sum((p for p in parts if p is not None), Fraction(0))
    return most


def _minima(level: Level, most: Minima) -> Minima:
    asked = {("total", ""): level.total} if level.total else {}
    asked |= {("pillars", code): minimum for code, minimum in level.pillars.items()}
    asked |= {("main_indices", code): minimum for code, minimum in level.main_indices.items()}
    return {
        key: minimum.of(most.get(key, Fraction(0)))
        for key, minimum in asked.items()
        if key in most or minimum.points is not None
    }


def _at(loc: Loc, key: tuple[str, str]) -> Loc:
    return (*loc, *(part for part in key if part))


def _dates(ruleset: Ruleset) -> Iterator[Remark]:
    dates = ruleset.dates
    days: list[tuple[Loc, str]] = [(("period_from",), dates.period_from), (("period_to",), dates.period_to)]
    for key in ("report_before", "publish_before"):
        if due := getattr(dates, key):
            days.append(((key, "on"), due.on))
    for loc, day in days:
        try:
            date.fromisoformat(f"2024-{day}")
        except ValueError:
            message = Text(f"không có ngày {day}", f"there is no {day}")
            yield Remark("error", ("dates", *loc), "no-such-day", message, Text("viết tháng-ngày", "write month-day"))
    if dates.period_to < dates.period_from:
        message = Text("kỳ đánh giá kết thúc trước khi bắt đầu", "the period ends before it starts")
        yield Remark("error", ("dates", "period_to"), "period-order", message, Text("đổi chỗ hai ngày", "swap them"))
    if ruleset.valid.year_from < ruleset.decision.date.year:
        message = Text("áp dụng cho năm trước khi có quyết định", "valid for years before the decision")
        hint = Text("kiểm tra 'valid' và 'decision.date'", "check 'valid' and 'decision.date'")
        yield Remark("warning", ("valid", "from"), "valid-before-decision", message, hint)
