"""What must hold between the parts of a ruleset: codes that exist, each once, and counts and points that agree.

All findings of a ruleset in one pass. Loading refuses a ruleset with any of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from common.errors import Finding, Text
from common.yaml_files import Loc, YamlFile
from rulesets.judgement import Rounding
from rulesets.models import Aggregation, Ruleset
from rulesets.numbers import plain
from rulesets.rule_base import Strict
from rulesets.rules import Bands, Part

Problem = tuple[Loc, str, Text, Text]


def findings(ruleset: Ruleset, file: YamlFile) -> list[Finding]:
    """Every disagreement inside one ruleset, at its place."""
    problems = [
        *_codes_once(ruleset),
        *_codes_known(ruleset),
        *_counts(ruleset),
        *_points(ruleset),
        *_kinds(ruleset),
        *_weights(ruleset),
        *_rounding(ruleset),
        *_band_points(ruleset),
        *_one_judgement(ruleset),
    ]
    return [Finding(code, message, hint, file.where(loc)) for loc, code, message, hint in problems]


def _codes_once(ruleset: Ruleset) -> Iterator[Problem]:
    lists: tuple[tuple[str, Iterable[str]], ...] = (
        ("main_indices", (m.code for m in ruleset.main_indices)),
        ("pillars", (p.code for p in ruleset.pillars)),
        ("indicators", (i.code for i in ruleset.indicator_list)),
        ("general_information", (g.code for g in ruleset.general_information)),
        ("exceptions", (e.article for e in ruleset.exceptions)),
        ("groups", ruleset.groups),
    )
    for key, codes in lists:
        seen: set[str] = set()
        for index, code in enumerate(codes):
            if code in seen:
                yield (
                    (key, index),
                    "code-twice",
                    Text(f"'{code}' xuất hiện hai lần trong '{key}'", f"'{code}' is given twice in '{key}'"),
                    Text("mỗi mã chỉ một lần", "give each once"),
                )
            seen.add(code)


def _codes_known(ruleset: Ruleset) -> Iterator[Problem]:
    mains = {m.code for m in ruleset.main_indices}
    pillars = {p.code for p in ruleset.pillars}
    indicators = {i.code for i in ruleset.indicator_list}
    uses: list[tuple[Loc, str | None, set[str], str]] = [
        (("indicators", n, "main_index"), i.main_index, mains, "main_indices")
        for n, i in enumerate(ruleset.indicator_list)
    ]
    for n, pillar in enumerate(ruleset.pillars):
        uses += [
            (("pillars", n, "main_indices", k), c, mains, "main_indices") for k, c in enumerate(pillar.main_indices)
        ]
    for n, exception in enumerate(ruleset.exceptions):
        if ruleset.public and exception.indicators is not None:
            where: Loc = ("exceptions", n, "indicators")
            uses += [((*where, k), c, indicators, "indicators") for k, c in enumerate(exception.indicators)]
    uses += [(("ranking", "tie_break", k), c, mains, "main_indices") for k, c in enumerate(ruleset.ranking.tie_break)]
    for n, level in enumerate(ruleset.levels.levels if ruleset.levels else ()):
        uses += [(("levels", "levels", n, "pillars", c), c, pillars, "pillars") for c in level.pillars]
        uses += [(("levels", "levels", n, "main_indices", c), c, mains, "main_indices") for c in level.main_indices]
    for loc, code, known, key in uses:
        if code is not None and code not in known:
            yield (
                loc,
                "unknown-code",
                Text(f"'{code}' không có trong '{key}'", f"'{code}' is not one of '{key}'"),
                Text(f"các mã có: {', '.join(sorted(known))}", f"there are: {', '.join(sorted(known))}"),
            )


def _differs(loc: Loc, what: Text, stated: object, found: object) -> Problem:
    return (
        loc,
        "count-differs",
        Text(f"{what.vi}: công bố {stated}, tệp có {found}", f"{what.en}: published {stated}, the file has {found}"),
        Text("so lại với văn bản của quyết định", "compare with the text of the decision"),
    )


def _counts(ruleset: Ruleset) -> Iterator[Problem]:
    stated = ruleset.structure
    if ruleset.main_indices and len(ruleset.main_indices) != stated.main_indices:
        what = Text("số chỉ số chính", "number of main indices")
        yield _differs(("structure", "main_indices"), what, stated.main_indices, len(ruleset.main_indices))
    if not ruleset.public:
        return
    scored = [i for i in ruleset.indicator_list if i.main_index is not None]
    what = Text("số chỉ số thành phần", "number of indicators")
    if stated.indicators is not None and len(scored) != stated.indicators:
        yield _differs(("structure", "indicators"), what, stated.indicators, len(scored))
    per_main = {m.code: sum(i.main_index == m.code for i in scored) for m in ruleset.main_indices}
    for n, main in enumerate(ruleset.main_indices):
        if main.indicators is not None and main.indicators != per_main[main.code]:
            yield _differs(("main_indices", n, "indicators"), what, main.indicators, per_main[main.code])
    for n, pillar in enumerate(ruleset.pillars):
        found = sum(per_main.get(code, 0) for code in pillar.main_indices)
        if pillar.indicators is not None and pillar.indicators != found:
            yield _differs(("pillars", n, "indicators"), what, pillar.indicators, found)


def _points(ruleset: Ruleset) -> Iterator[Problem]:
    what = Text("điểm tối đa", "maximum points")
    stated = {m.code: m.points for m in ruleset.main_indices}
    for n, main in enumerate(ruleset.main_indices):
        if main.points is None:
            if ruleset.public:
                text = Text(f"thiếu điểm tối đa của '{main.code}'", f"the points of '{main.code}' are missing")
                yield ("main_indices", n), "missing-key", text, Text("thêm 'points: …'", "add 'points: …'")
            continue
        if ruleset.public and main.aggregation.kind == "sum":
            found = sum((i.max_points for i in ruleset.indicator_list if i.main_index == main.code), Fraction(0))
            if found != main.points:
                yield _differs(("main_indices", n, "points"), what, plain(main.points), plain(found))
    known = [p for p in stated.values() if p is not None]
    if len(known) < len(stated):
        return
    if ruleset.aggregation.kind == "sum" and known and (total := sum(known, Fraction(0))) != ruleset.structure.points:
        yield _differs(("structure", "points"), what, plain(ruleset.structure.points), plain(total))
    for n, pillar in enumerate(ruleset.pillars):
        found = sum((stated.get(code) or Fraction(0) for code in pillar.main_indices), Fraction(0))
        if pillar.points is None and pillar.aggregation.kind != "sum":
            text = Text(f"thiếu điểm tối đa của '{pillar.code}'", f"the points of '{pillar.code}' are missing")
            yield ("pillars", n), "missing-key", text, Text("thêm 'points: …'", "add 'points: …'")
        if pillar.points is not None and pillar.aggregation.kind == "sum" and pillar.points != found:
            yield _differs(("pillars", n, "points"), what, plain(pillar.points), plain(found))


def _kinds(ruleset: Ruleset) -> Iterator[Problem]:
    """The two kinds of main indices have the counts and points that the decision prints for them."""
    for kind, stated in ruleset.structure.by_kind.items():
        mains = [m for m in ruleset.main_indices if m.kind == kind]
        codes = {m.code for m in mains}
        count = sum(i.main_index in codes for i in ruleset.indicator_list)
        points = sum((m.points or Fraction(0) for m in mains), Fraction(0))
        loc: Loc = ("structure", "by_kind", kind)
        if ruleset.public and count != stated.indicators:
            what = Text("số chỉ số thành phần", "number of indicators")
            yield _differs((*loc, "indicators"), what, stated.indicators, count)
        if all(m.points is not None for m in mains) and points != stated.points:
            yield _differs((*loc, "points"), Text("điểm tối đa", "maximum points"), plain(stated.points), plain(points))


def _weights(ruleset: Ruleset) -> Iterator[Problem]:
    """A mean needs a weight for each of its parts and for nothing else."""
    means: list[tuple[Loc, Aggregation, set[str]]] = [
        (("aggregation",), ruleset.aggregation, {m.code for m in ruleset.main_indices})
    ]
    for n, pillar in enumerate(ruleset.pillars):
        means.append((("pillars", n, "aggregation"), pillar.aggregation, set(pillar.main_indices)))
    for n, main in enumerate(ruleset.main_indices):
        parts = {i.code for i in ruleset.indicator_list if i.main_index == main.code and i.max_points > 0}
        means.append((("main_indices", n, "aggregation"), main.aggregation, parts))
    for loc, mean, parts in means:
        if mean.kind == "sum":
            continue
        for code in sorted(parts & {m.code for m in ruleset.main_indices if m.points is None}):
            text = Text(f"thiếu điểm tối đa của '{code}'", f"the points of '{code}' are missing")
            yield loc, "missing-key", text, Text("thêm 'points: …'", "add 'points: …'")
        for code in sorted(parts.symmetric_difference(mean.weights)):
            here = (*loc, "weights", code) if code in mean.weights else (*loc, "weights")
            yield (
                here,
                "weight-missing" if code in parts else "unknown-code",
                Text(f"trọng số của '{code}' không khớp các phần", f"the weight of '{code}' does not match the parts"),
                Text(f"cần đúng: {', '.join(sorted(parts))}", f"needed, exactly: {', '.join(sorted(parts))}"),
            )


def _rounding(ruleset: Ruleset) -> Iterator[Problem]:
    """A maximum has no more decimals than points are rounded to: else full points would be rounded away, or up."""
    rounding = ruleset.rounding
    mains = [(("main_indices", n, "points"), m.points) for n, m in enumerate(ruleset.main_indices)]
    pillars = [(("pillars", n, "points"), p.points) for n, p in enumerate(ruleset.pillars)]
    indicators = [(("indicators", n, "max_points"), i.max_points) for n, i in enumerate(ruleset.indicator_list)]
    levels: list[tuple[Rounding | None, list[tuple[Loc, Fraction | None]]]] = [
        (rounding.indicator, [*indicators]),
        (rounding.main_index, [*mains]),
        (rounding.pillar, [*pillars]),
        (rounding.total, [(("structure", "points"), ruleset.structure.points)]),
    ]
    for rule, maxima in levels:
        for loc, points in maxima:
            if rule and points is not None and (points * 10**rule.digits).denominator != 1:
                yield (
                    loc,
                    "coarse-rounding",
                    Text(
                        f"{plain(points)} điểm có nhiều chữ số thập phân hơn mức làm tròn ({rule.digits})",
                        f"{plain(points)} points have more decimals than they are rounded to ({rule.digits})",
                    ),
                    Text("tăng 'digits' của 'rounding'", "raise 'digits' of 'rounding'"),
                )


def _band_points(ruleset: Ruleset) -> Iterator[Problem]:
    for n, indicator in enumerate(ruleset.indicator_list):
        rules: list[tuple[Loc, Strict, Fraction]] = [(("indicators", n, "rule"), indicator.rule, indicator.max_points)]
        parts: list[Part] = getattr(indicator.rule, "parts", [])
        rules += [(("indicators", n, "rule", "parts", k, "rule"), p.rule, p.max_points) for k, p in enumerate(parts)]
        for loc, rule, most in rules:
            for k, band in enumerate(rule.bands if isinstance(rule, Bands) else ()):
                if band.points is not None and band.points > most:
                    yield (
                        (*loc, "bands", k, "points"),
                        "band-exceeds",
                        Text(
                            f"bậc {plain(band.points)} điểm vượt điểm tối đa",
                            f"{plain(band.points)} exceeds the maximum",
                        ),
                        Text(
                            f"nhiều nhất {plain(most)} điểm, hoặc dùng 'share'",
                            f"at most {plain(most)} points, or use 'share'",
                        ),
                    )


def _one_judgement(ruleset: Ruleset) -> Iterator[Problem]:
    if ruleset.grades and ruleset.levels:
        text = Text("'grades' và 'levels' cùng có mặt", "both 'grades' and 'levels' are given")
        yield ("levels",), "grades-and-levels", text, Text("giữ lại một", "keep one of them")
    if ruleset.public and not ruleset.main_indices:
        text = Text("thiếu 'main_indices'", "'main_indices' is missing")
        yield ("indicators",), "missing-key", text, Text("nêu các chỉ số chính", "list the main indices")
