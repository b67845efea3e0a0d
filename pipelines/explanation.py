"""Why this score: one indicator of one agency, from the points back to the source record."""

from __future__ import annotations

import difflib
import unicodedata
from typing import Any

from common.errors import Text, UsageError
from pipelines.releases import Release
from pipelines.sql import fill
from pipelines.warehouse import query

_AGENCIES = """
select a.agency_id, a.name_vi, list(c.code) as codes
from agencies as a
left join agency_codes as c using (agency_id)
where make_date({year}, 12, 31) between a.valid_from and a.valid_to
group by all
order by all
"""
SCORES = """
select s.*, i.name_vi as indicator_name, i.name_en as indicator_name_en, i.basis, i.reference, i.why, i.position,
    m.name_vi as main_index_name, r.decision, r.authority, r.title_vi as ruleset_title
from indicator_scores as s
inner join indicators as i using (ruleset_id, indicator_code)
inner join rulesets as r using (ruleset_id)
left join main_indices as m on m.ruleset_id = s.ruleset_id and m.main_index_code = s.main_index_code
"""
"""Every indicator score with the names that explain it, without a condition or an order."""
_SCORES = f"""{SCORES}
where s.agency_id = {{agency}} and s.assessment_year = {{year}}
order by length(s.period), s.period desc, i.position
"""
_FIGURES = """
select v.metric, v.stage, v.numerator, v.denominator, v.value, v.unit, v.source, v.pull_id, v.as_of,
    v.body_sha256, v.pointer,
    p.simulated, ii.role
from indicator_inputs as ii
inner join metric_values as v on v.metric = ii.metric_id
left join pulls as p on p.source = v.source and p.pull_id = v.pull_id
where ii.ruleset_id = {ruleset} and ii.indicator_code = {indicator} and v.agency_id = {agency}
    and v.assessment_year = {year} and v.period = {period}
order by all
"""
_DECISIONS = """
select decided_on, numerator, denominator, value, points, document, author, reason
from appraisals
where ruleset_id = {ruleset} and code = {indicator} and agency_id = {agency} and assessment_year = {year}
    and period = {period}
order by decided_on desc
"""
_CORRECTIONS = """
select c.metric, c.source, c.expect as uncorrected, c.value, c.decided_on, c.document, c.author, c.reason
from corrections as c
inner join indicator_inputs as ii on ii.metric_id = c.metric
where ii.ruleset_id = {ruleset} and ii.indicator_code = {indicator} and c.agency_id = {agency}
    and c.assessment_year = {year} and c.period = {period} and not c.expired
order by all
"""


def fold(text: str) -> str:
    """Lower case without diacritics: how people type a name in a hurry."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d").replace("-", " "))
    return "".join(char for char in plain if not unicodedata.combining(char))


def find_agency(release: Release, wanted: str, year: int) -> dict[str, Any]:
    """An agency of the year by its id, a code of any scheme, or its name, also without diacritics.

    Raises `UsageError` naming those that may have been meant.
    """
    agencies = query(release, fill(_AGENCIES, year=year))
    exact = [one for one in agencies if wanted in (one["agency_id"], *(one["codes"] or []))]
    named = [one for one in agencies if fold(wanted) == fold(one["name_vi"])]
    partly = [one for one in agencies if fold(wanted) in fold(one["name_vi"])]
    for found in (exact, named, partly):
        if len(found) == 1:
            return found[0]
        if found:
            raise _which(wanted, [one["agency_id"] for one in found])
    names = {fold(one["name_vi"]): one["agency_id"] for one in agencies}
    raise _which(wanted, [names[near] for near in difflib.get_close_matches(fold(wanted), names, n=3, cutoff=0.5)])


def _which(wanted: str, ids: list[str]) -> UsageError:
    listed = ", ".join(ids[:5])
    meant = Text(f"có phải: {listed}?", f"did you mean: {listed}?")
    return UsageError(
        "which-agency",
        Text(f"'{wanted}' không chỉ một cơ quan", f"'{wanted}' does not name one agency"),
        hint=meant if ids else Text("xem tên: dti rank --group …", "for the names: dti rank --group …"),
    )


def explain(release: Release, agency: str, indicator: str, year: int, period: str = "") -> dict[str, Any]:
    """The score with its trace, the figures behind it and where they come from, and what the council decided about
    it (the newest first), and which of the figures were corrected, as one record.

    Without `period` the whole year if it is scored, else its newest period. Raises `UsageError` naming what there is.
    """
    who = find_agency(release, agency, year)
    scores = query(release, fill(_SCORES, agency=who["agency_id"], year=year))
    fitting = [one for one in scores if one["indicator_code"] == indicator and (not period or one["period"] == period)]
    if not fitting:
        raise _no_score(scores, who["name_vi"], indicator, year)
    score = fitting[0]
    key: dict[str, str | int | None] = {
        "ruleset": score["ruleset_id"],
        "indicator": indicator,
        "agency": who["agency_id"],
        "year": year,
        "period": score["period"],
    }
    known = "appraisals" in release.rows
    return {
        **score,
        "agency_name": who["name_vi"],
        "figures": query(release, fill(_FIGURES, **key)),
        "decisions": query(release, fill(_DECISIONS, **key)) if known else [],
        "corrections": query(release, fill(_CORRECTIONS, **key)) if "corrections" in release.rows else [],
        "release": release.number,
        "release_as_of": release.as_of,
    }


def _no_score(scores: list[dict[str, Any]], name: str, indicator: str, year: int) -> UsageError:
    codes = list(dict.fromkeys(one["indicator_code"] for one in scores))
    near = difflib.get_close_matches(indicator, codes, n=3, cutoff=0.3) or codes[:10]
    listed = ", ".join(near) or "–"
    return UsageError(
        "no-score",
        Text(f"{name} không có điểm {indicator} năm {year}", f"{name} has no score {indicator} in {year}"),
        hint=Text(f"có: {listed}", f"there are: {listed}"),
    )
