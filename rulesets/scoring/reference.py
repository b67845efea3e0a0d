"""Rulesets as tables: the public reference tables, and the inner ones (`_…`) that the scoring statements read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rulesets.indicators import Indicator
from rulesets.load import LoadedRuleset
from rulesets.models import Ruleset
from rulesets.numbers import plain
from rulesets.rule_base import Inputs, Rule
from rulesets.rules import Bands, BestOf, Checklist, SumOf
from rulesets.scoring.inner import pillar_points, write_inner
from rulesets.scoring.tables import POINTS_TYPE, Column, fill, prepare
from rulesets.word_method import method, standings
from rulesets.words import indicator_rule

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = Sequence[Any]
_RULESET = ("ruleset_id", "VARCHAR", "Path of the ruleset's file below the folder of rulesets")
_NAMES = (("name_vi", "VARCHAR", "Name, word for word"), ("name_en", "VARCHAR", "Name in English, or empty"))
_POSITION = ("position", "INTEGER", "Order in the decision, from 1")


def write_reference(con: DuckDBPyConnection, rulesets: Sequence[LoadedRuleset]) -> None:
    """Create or replace all reference tables from valid rulesets; the same rulesets give the same rows."""
    prepare(con)
    ordered = sorted(rulesets, key=lambda item: item.ruleset_id)
    for name, comment, columns, rows in _TABLES:
        fill(
            con, name, comment, columns, [row for item in ordered for row in rows(item.ruleset_id, item.ruleset, item)]
        )
    write_inner(con, ordered)


def _ruleset_rows(ruleset_id: str, ruleset: Ruleset, item: LoadedRuleset) -> Iterator[Row]:
    shown = ruleset.rounding.total or ruleset.rounding.main_index or ruleset.rounding.indicator
    decision = ruleset.decision
    yield (
        *(ruleset_id, ruleset.title_vi, ruleset.title_en, decision.number, decision.authority_vi),
        *(decision.date.isoformat(), ruleset.groups, plain(ruleset.structure.points), shown.digits if shown else None),
        *(ruleset.public, ruleset.structure.main_indices, ruleset.structure.indicators, ruleset.ranking.ranked),
        *(ruleset.valid.year_from, ruleset.valid.year_to, item.content_hash, f"{ruleset_id}.yaml"),
        *(ruleset.ranking.within, decision.replaces, decision.reference),
        *([line.vi for line in method(ruleset)], [line.en for line in method(ruleset)], ruleset.notes),
    )


def _main_index_rows(ruleset_id: str, ruleset: Ruleset, _: LoadedRuleset) -> Iterator[Row]:
    for position, main in enumerate(ruleset.main_indices, start=1):
        points = None if main.points is None else plain(main.points)
        yield ruleset_id, main.code, position, main.name_vi, main.name_en, points, main.kind


def _pillar_rows(ruleset_id: str, ruleset: Ruleset, _: LoadedRuleset) -> Iterator[Row]:
    for position, pillar in enumerate(ruleset.pillars, start=1):
        points = pillar_points(ruleset, position - 1)
        shown = None if points is None else plain(points)
        yield ruleset_id, pillar.code, position, pillar.name_vi, pillar.name_en, pillar.main_indices, shown


def _indicator_rows(ruleset_id: str, ruleset: Ruleset, _: LoadedRuleset) -> Iterator[Row]:
    for position, one in enumerate(ruleset.indicator_list, start=1):
        stages = ruleset.stages_of(one)
        rule = one.rule.model_dump(mode="json", by_alias=True, exclude_none=True)
        parameters = {key: value for key, value in rule.items() if key not in {"kind", "figure"}}
        yield (
            *(ruleset_id, one.code, one.main_index, position, one.name_vi, one.name_en, plain(one.max_points)),
            *(one.rule.kind, json.dumps(parameters, ensure_ascii=False, sort_keys=True)),
            *(one.zero_denominator, one.missing, one.basis, one.reference, one.why, stages.precedence),
            None if stages.tolerance is None else plain(stages.tolerance),
            *indicator_rule(one),
        )


def _input_rows(ruleset_id: str, ruleset: Ruleset, _: LoadedRuleset) -> Iterator[Row]:
    for one in ruleset.indicator_list:
        for fed in fed_by(one):
            yield (ruleset_id, one.code, *fed)


def fed_by(one: Indicator) -> Iterator[tuple[int, int, str, str]]:
    """Part, item, role and metric of everything that feeds an indicator. Of more than one part or item only the points
    can be decided by hand: a single figure would not say which it is."""
    parts: list[tuple[Rule, Inputs]] = [(one.rule, one.inputs)]
    if isinstance(one.rule, BestOf | SumOf):
        parts = [(part.rule, part.inputs) for part in one.rule.parts]
    for number, (part_rule, inputs) in enumerate(parts, start=1):
        for item, role, metric in _metrics(part_rule, inputs):
            yield number, item, role, metric


def _metrics(rule: Rule, inputs: Inputs) -> Iterator[tuple[int, str, str]]:
    """Item, role and metric of everything that feeds one part, in the order in which a list value names them."""
    pairs = [(ratio.numerator, ratio.denominator) for ratio in inputs.pools]
    if inputs.numerator and inputs.denominator:
        pairs.append((inputs.numerator, inputs.denominator))
    for item, (numerator, denominator) in enumerate(pairs, start=1):
        yield item, "numerator", numerator
        yield item, "denominator", denominator
    if inputs.value:
        yield 1, "value", inputs.value
    if isinstance(rule, Checklist):
        for item, entry in enumerate(rule.items, start=1):
            if entry.metric:
                yield item, "value", entry.metric
    if isinstance(rule, Bands) and isinstance(rule.gate, str):
        yield 2, "gate", rule.gate


def _general_rows(ruleset_id: str, ruleset: Ruleset, _: LoadedRuleset) -> Iterator[Row]:
    for position, item in enumerate(ruleset.general_information, start=1):
        yield ruleset_id, item.code, position, item.name_vi, item.name_en, item.metric


def _grade_rows(ruleset_id: str, ruleset: Ruleset, _: LoadedRuleset) -> Iterator[Row]:
    for position, (grade, asked) in enumerate(standings(ruleset), start=1):
        yield ruleset_id, position, grade, asked.vi, asked.en


def _exception_rows(ruleset_id: str, ruleset: Ruleset, _: LoadedRuleset) -> Iterator[Row]:
    for item in ruleset.exceptions:
        yield ruleset_id, item.article, item.policy, item.indicators, item.who_vi, item.who_en, item.why


_TABLES: tuple[tuple[str, str, Sequence[Column], Callable[[str, Ruleset, LoadedRuleset], Iterator[Row]]], ...] = (
    (
        "rulesets",
        "One row per ruleset: a decision in force for one or several groups of agencies",
        (
            _RULESET,
            ("title_vi", "VARCHAR", "Title"),
            ("title_en", "VARCHAR", "Title in English, or empty"),
            ("decision", "VARCHAR", "Number of the decision"),
            ("authority", "VARCHAR", "Who issued it"),
            ("decided_on", "DATE", "Date of the decision; of two for one year the newer wins"),
            ("groups", "VARCHAR[]", "Groups of agencies that it assesses"),
            ("max_total", POINTS_TYPE, "Points in all"),
            ("digits", "INTEGER", "Decimals to show; empty where the ruleset rounds nowhere"),
            ("public", "BOOLEAN", "Whether the annex of indicators is known"),
            ("main_index_count", "INTEGER", "Main indices, as published"),
            ("indicator_count", "INTEGER", "Indicators, as published; empty where the decision does not say"),
            ("ranked", "BOOLEAN", "Whether agencies are ranked"),
            ("year_from", "INTEGER", "First assessment year"),
            ("year_to", "INTEGER", "Last assessment year; empty while in force"),
            ("content_hash", "VARCHAR", "SHA-256 of what the ruleset says, spaces and comments aside"),
            ("path", "VARCHAR", "File below the folder of rulesets"),
            ("ranked_within", "VARCHAR", "group, or parent: communes within their district"),
            ("replaces", "VARCHAR[]", "Decisions that it replaces"),
            ("reference", "VARCHAR", "What of the decision was at hand"),
            ("method_vi", "VARCHAR[]", "How points add up, are rounded and ranked"),
            ("method_en", "VARCHAR[]", "The same in English"),
            ("notes", "VARCHAR[]", "How doubtful places of the decision were read"),
        ),
        _ruleset_rows,
    ),
    (
        "main_indices",
        "One row per ruleset and main index (chỉ số chính)",
        (
            _RULESET,
            ("main_index_code", "VARCHAR", "Code"),
            _POSITION,
            *_NAMES,
            ("max_points", POINTS_TYPE, "Maximum; empty where it is not public"),
            ("kind", "VARCHAR", "foundation or activity, where the decision divides them"),
        ),
        _main_index_rows,
    ),
    (
        "pillars",
        "One row per ruleset and pillar (trụ cột); pillars may overlap",
        (
            _RULESET,
            ("pillar_code", "VARCHAR", "Code"),
            _POSITION,
            *_NAMES,
            ("main_index_codes", "VARCHAR[]", "Its main indices"),
            ("max_points", POINTS_TYPE, "Maximum; empty where it is not public"),
        ),
        _pillar_rows,
    ),
    (
        "indicators",
        "One row per ruleset and indicator (chỉ số thành phần)",
        (
            _RULESET,
            ("indicator_code", "VARCHAR", "Code, as text: 6.10 is not 6.1"),
            ("main_index_code", "VARCHAR", "Its main index; empty for bonus and penalty"),
            _POSITION,
            *_NAMES,
            ("max_points", POINTS_TYPE, "Maximum"),
            ("rule", "VARCHAR", "Kind of the rule"),
            ("parameters", "VARCHAR", "Parameters of the rule, JSON"),
            ("zero_denominator", "VARCHAR", "What 0/0 means"),
            ("missing", "VARCHAR", "What no value means"),
            ("basis", "VARCHAR", "decision or assumption"),
            ("reference", "VARCHAR", "Article or annex"),
            ("why", "VARCHAR", "Reason of an assumption"),
            ("stage_precedence", "VARCHAR[]", "Which value is scored where several stand side by side"),
            ("tolerance", POINTS_TYPE, "How far declared and collected may lie apart"),
            ("rule_vi", "VARCHAR", "The rule in words"),
            ("rule_en", "VARCHAR", "The rule in words, in English"),
        ),
        _indicator_rows,
    ),
    (
        "indicator_inputs",
        "One row per metric that feeds an indicator; in a list value parts are joined by ';', items in a part by '|'",
        (
            _RULESET,
            ("indicator_code", "VARCHAR", "Code"),
            ("part", "INTEGER", "Part of best_of and sum_of, else 1"),
            ("item", "INTEGER", "Place in the part's list"),
            ("role", "VARCHAR", "numerator, denominator, value or gate"),
            ("metric_id", "VARCHAR", "Metric of the catalogue"),
        ),
        _input_rows,
    ),
    (
        "general_information",
        "One row per ruleset and item of the general information: asked for, never scored",
        (
            _RULESET,
            ("item_code", "VARCHAR", "Number in the annex"),
            _POSITION,
            *_NAMES,
            ("metric_id", "VARCHAR", "Metric it is kept as"),
        ),
        _general_rows,
    ),
    (
        "grades",
        "One row per ruleset and grade or level, the highest first",
        (
            _RULESET,
            ("position", "INTEGER", "Order, from 1 for the highest"),
            ("grade", "VARCHAR", "Grade or level, in the words of the decision"),
            ("asked_vi", "VARCHAR", "What must be reached"),
            ("asked_en", "VARCHAR", "What must be reached, in English"),
        ),
        _grade_rows,
    ),
    (
        "exception_articles",
        "One row per ruleset and article that gives points without a figure of one's own",
        (
            _RULESET,
            ("article", "VARCHAR", "Article"),
            ("policy", "VARCHAR", "What it gives"),
            ("indicator_codes", "VARCHAR[]", "Indicators it covers; empty for all"),
            ("who_vi", "VARCHAR", "Whom it covers"),
            ("who_en", "VARCHAR", "Whom it covers, in English, or empty"),
            ("why", "VARCHAR", "How the article was read"),
        ),
        _exception_rows,
    ),
)
