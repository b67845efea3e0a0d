"""A published ranking as the engine wants it, in memory: what a scenario is a change of.

The figures, exceptions and entered points are those of a release, or of one revision of a frozen year; the rulesets are
the very ones that judged them. Before anything is asked of a board, the engine has to give what was published.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import duckdb

from common.errors import DifferenceError, Text, UsageError
from pipelines import frozen
from pipelines.releases import Release
from pipelines.settings import Deployment
from pipelines.sql import fill, literal, records
from pipelines.warehouse import no_ranking

if TYPE_CHECKING:
    from pipelines.frozen import FrozenYear
    from rulesets.load import LoadedRuleset
    from rulesets.scoring.scenarios import Scenario


@dataclass(frozen=True)
class Board:
    """Rankings of one year, one per group, with the rulesets that judged them by id.

    `con` holds `base_roster`, `base_values`, `base_entered`, and as `published_…` what the engine gave for them.
    """

    con: duckdb.DuckDBPyConnection
    release: Release
    year: int
    periods: dict[str, str]
    rulesets: dict[str, LoadedRuleset]
    revision: int | None

    def ruleset_of(self, group: str) -> LoadedRuleset:
        """The ruleset that judged a group of the board."""
        found = self.con.execute(
            fill("select distinct ruleset_id from base_roster where agency_group = {group}", group=group)
        ).fetchall()
        return self.rulesets[found[0][0]]

    def run(self, scenarios: Sequence[Scenario], extra: Sequence[LoadedRuleset] = ()) -> None:
        """Score scenarios in one pass, the base as scenario 0 before them; raises `DtiError` as the engine does.

        Raises `DifferenceError` (exit 6) when the base does not come out as it was published.
        """
        from rulesets.scoring import scenarios as engine
        from rulesets.scoring import write_reference

        write_reference(self.con, [*self.rulesets.values(), *extra])
        engine.put(self.con, [engine.Scenario(), *scenarios])
        engine.score(self.con)
        self._check_base()

    def measure(self, scenarios: Sequence[Scenario], codes: Collection[str], agencies: Iterable[str] = ()) -> None:
        """Points of some indicators (`_results`) under a great many scenarios, the base as scenario 0; with `agencies`
        of these alone. No totals and no ranks."""
        from rulesets.scoring import scenarios as engine
        from rulesets.scoring import write_reference

        narrow = [replace(one, ruleset=engine.only_indicators(one.ruleset, codes)) for one in self.rulesets.values()]
        write_reference(self.con, narrow)
        engine.put(self.con, [engine.Scenario(), *scenarios], agencies)
        self.con.execute("delete from entered_scores where code not in (select indicator_code from _indicators)")
        engine.score_points(self.con)

    def rows(self, sql: str, **values: str | int | None) -> list[dict[str, Any]]:
        return records(self.con, fill(sql, **values))

    def _check_base(self) -> None:
        from rulesets.scoring.scenarios import unmarked

        for table, columns in _COMPARED.items():
            keys = f"ruleset_id, agency_id, assessment_year, period, {columns}"
            again = f"select {keys} from {unmarked(table)} where scenario = 0"
            then = f"select {keys} from published_{table}"
            off = self.con.execute(f"({again} except all {then}) union all ({then} except all {again})").fetchall()
            if off:
                raise DifferenceError(
                    "base-differs",
                    Text(
                        f"tính lại không ra kết quả đã công bố ({table}: {off[0]})",
                        f"the published result does not come out again ({table}: {off[0]})",
                    ),
                    hint=Text(
                        "phần mềm khác với lúc công bố: dti refresh --rebuild, hoặc dti release verify NĂM",
                        "the software is not the one that published it: dti refresh --rebuild, or dti release verify",
                    ),
                    where=str(self.release.file),
                )


_COMPARED = {"indicator_scores": "indicator_code, points, status", "rankings": "total, rank, grade"}
_TABLES = ("indicator_values", "entered_scores", "indicator_scores", "rankings", "indicator_figures")


def open_board(
    deployment: Deployment,
    release: Release,
    year: int,
    groups: Iterable[str],
    *,
    period: str = "",
    revision: int | None = None,
) -> Board:
    """The board of some groups of a year; without `period` each group's whole year, else its newest period.

    A year that is frozen is judged by its own rulesets. Raises `UsageError` for what is not there, `DifferenceError`
    when a ruleset has been edited since.
    """
    year_frozen = _frozen(deployment, release, year, revision)
    con = duckdb.connect()
    con.execute("set autoinstall_known_extensions = false")
    con.execute(f"attach {literal(str(release.file))} as published (read_only)")
    for table in _TABLES:
        here = f"published.{table}"
        if revision is not None and year_frozen is not None:
            here = f"read_parquet({literal(str(year_frozen.table(table)))})"
        con.execute(f"create temp view _{table} as from {here}")
    periods = {}
    for group in dict.fromkeys(groups):
        chosen = records(con, fill(_CHOSEN, year=year, group=group, period=period))
        if not chosen:
            raise no_ranking(release, year, group, period)
        periods[group] = chosen[0]["period"]
        con.execute(fill(_CHOOSE, year=year, group=group, **chosen[0]))
    con.execute(_COPY)
    con.execute("create table agencies as from published.agencies")
    hashes = dict(con.execute("select ruleset_id, content_hash from published.rulesets").fetchall())
    for table in _TABLES:
        con.execute(f"drop view _{table}")
    con.execute("detach published")
    used = [row[0] for row in con.execute("select distinct ruleset_id from base_roster order by all").fetchall()]
    rulesets = _rulesets(deployment, used, hashes, year_frozen)
    return Board(con, release, year, periods, rulesets, year_frozen.revision if year_frozen else None)


def _frozen(deployment: Deployment, release: Release, year: int, revision: int | None) -> FrozenYear | None:
    """The revision asked for, else the one whose rows the release holds; None while the year is provisional."""
    known = {one.revision: one for one in frozen.all_frozen(deployment, year)}
    if revision is None:
        return known.get(_revision_in(release, year) or 0)
    if revision not in known:
        listed = ", ".join(map(str, known)) or "–"
        raise UsageError(
            "unknown-revision",
            Text(f"năm {year} không có lần chốt {revision}", f"{year} has no revision {revision}"),
            hint=Text(f"có: {listed}", f"there are: {listed}"),
        )
    frozen.verify_files(known[revision])
    return known[revision]


def _revision_in(release: Release, year: int) -> int | None:
    from pipelines.warehouse import open_release, revision_of

    with open_release(release) as con:
        return revision_of(con, year)


def _rulesets(
    deployment: Deployment, ids: Sequence[str], hashes: dict[str, str], one: FrozenYear | None
) -> dict[str, LoadedRuleset]:
    """The rulesets that judged, from the frozen year's folder or from today's; raise where they were edited since."""
    from rulesets.load import resolve

    folders = deployment.ruleset_folders if one is None else [one.folder / "rulesets"]
    wanted = hashes if one is None else one.rulesets
    loaded = {name: resolve(name, folders) for name in ids}
    for name, ruleset in loaded.items():
        if ruleset.content_hash != wanted.get(name):
            raise DifferenceError(
                "ruleset-edited",
                Text("bộ chỉ số đã được sửa sau khi công bố", "the ruleset was edited after it was published"),
                hint=Text(
                    "dti refresh --rebuild; để xem trước bản sửa: dti whatif --ruleset TỆP",
                    "dti refresh --rebuild; to see an edit beforehand: dti whatif --ruleset FILE",
                ),
                where=str(ruleset.path),
            )
    return loaded


_CHOSEN = """
select distinct period, ruleset_id from _rankings
where assessment_year = {year} and agency_group = {group} and {period} in ('', period)
order by length(period), period desc, ruleset_id
limit 1
"""
_CHOOSE = """
create temp table if not exists _chosen (
    ruleset_id varchar, assessment_year integer, agency_group varchar, period varchar
);
insert into _chosen values ({ruleset_id}, {year}, {group}, {period});
"""
_COPY = """
create table published_rankings as from _rankings
semi join _chosen using (ruleset_id, assessment_year, agency_group, period);
create table published_indicator_scores as from _indicator_scores
semi join _chosen using (ruleset_id, assessment_year, agency_group, period);
create table base_roster as
select ruleset_id, assessment_year, period, agency_group, agency_id, parent_id from published_rankings;
create table base_values as
select ruleset_id, agency_id, assessment_year, period, indicator_code, numerator, denominator, value, status, article,
    stage, source, pull_id
from _indicator_values
semi join base_roster using (ruleset_id, agency_id, assessment_year, period);
create table base_entered as
select ruleset_id, agency_id, assessment_year, period, code, points
from _entered_scores
semi join base_roster using (ruleset_id, agency_id, assessment_year, period);
create table figures as from _indicator_figures
semi join base_roster using (ruleset_id, agency_id, assessment_year, period);
"""
