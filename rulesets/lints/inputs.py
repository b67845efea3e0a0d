"""Inputs: metrics that the catalogue knows, in a form and unit that the rule can read."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from common.errors import Text
from common.yaml_files import Loc
from rulesets.indicators import Indicator
from rulesets.lints import PlacedRule, Remark, rules_of
from rulesets.metrics import Metric
from rulesets.models import Ruleset
from rulesets.rule_base import Inputs, Rule
from rulesets.rules import Bands, Checklist, Delivered, NotScored, Periods, Pooled, YesNo

Use = tuple[Loc, str]

_COUNTED = ("count", "vnd", "points")
_AMOUNTS = (*_COUNTED, "share", "percent")


def check(ruleset: Ruleset, catalogue: Mapping[str, Metric]) -> Iterator[Remark]:
    """Every remark about inputs."""
    for loc, metric in uses(ruleset):
        if metric not in catalogue:
            near = difflib.get_close_matches(metric, catalogue, n=1)
            hint = (
                Text(f"có phải '{near[0]}'?", f"did you mean '{near[0]}'?")
                if near
                else Text("thêm vào metrics.yaml", "add it to metrics.yaml")
            )
            message = Text(f"không có chỉ tiêu '{metric}'", f"there is no metric '{metric}'")
            yield Remark("error", loc, "unknown-metric", message, hint)
    for placed in rules_of(ruleset):
        yield from _form(placed)
        yield from _units(placed, catalogue)
        yield from _policies(placed)


def uses(ruleset: Ruleset) -> Iterator[Use]:
    """Every metric that a ruleset names, with where."""
    for n, item in enumerate(ruleset.general_information):
        if item.metric:
            yield ("general_information", n, "metric"), item.metric
    for placed in rules_of(ruleset):
        yield from _input_uses(placed.of.inputs, placed.inputs_loc)
        if isinstance(placed.rule, Bands) and isinstance(placed.rule.gate, str):
            yield (*placed.loc, "gate"), placed.rule.gate
        if isinstance(placed.rule, Checklist):
            for k, entry in enumerate(placed.rule.items):
                if entry.metric:
                    yield (*placed.loc, "items", k, "metric"), entry.metric


def _input_uses(inputs: Inputs, loc: Loc) -> Iterator[Use]:
    for key in ("numerator", "denominator", "value"):
        if metric := getattr(inputs, key):
            yield (*loc, key), metric
    for k, pool in enumerate(inputs.pools):
        yield (*loc, "pools", k, "numerator"), pool.numerator
        yield (*loc, "pools", k, "denominator"), pool.denominator


def reads_ratio(rule: Rule) -> bool:
    """Whether the rule reads a ratio, so that a numerator and a denominator can feed it."""
    return rule.figure == "ratio" or (isinstance(rule, Bands) and rule.of == "share")


def _form(placed: PlacedRule) -> Iterator[Remark]:
    rule, inputs = placed.rule, placed.of.inputs
    kind = getattr(rule, "kind", "")
    given = "pools" if inputs.pools else "ratio" if inputs.numerator else "value" if inputs.value else ""
    if isinstance(rule, NotScored) or not given:
        return
    wanted = {
        "parts": (),
        "words": ("value",),
        "points": ("value",),
        "any_number": ("value", "ratio"),
        "number": ("value", "ratio") if reads_ratio(rule) or kind == "relative_to_best" else ("value",),
        "ratio": ("pools",) if isinstance(rule, Pooled) else ("ratio", "value"),
    }[rule.figure]
    if given not in wanted:
        names = {"value": "value", "ratio": "numerator + denominator", "pools": "pools"}
        known = ", ".join(names[w] for w in wanted)
        yield Remark(
            "error",
            placed.inputs_loc,
            "inputs-form",
            Text(f"'{kind}' không đọc được '{names[given]}'", f"'{kind}' cannot read '{names[given]}'"),
            Text(f"dùng: {known}", f"use: {known}")
            if known
            else Text("ghi 'inputs' trong từng phần", "give 'inputs' inside each part"),
        )


def _units(placed: PlacedRule, catalogue: Mapping[str, Metric]) -> Iterator[Remark]:
    inputs, loc = placed.of.inputs, placed.inputs_loc
    for numerator, denominator, at in [
        (inputs.numerator, inputs.denominator, (*loc, "denominator")),
        *((p.numerator, p.denominator, (*loc, "pools", k, "denominator")) for k, p in enumerate(inputs.pools)),
    ]:
        over, under = catalogue.get(numerator or ""), catalogue.get(denominator or "")
        if over and under and over.unit != under.unit:
            yield Remark(
                "warning",
                at,
                "units-differ",
                Text(f"tỷ lệ của '{over.unit}' trên '{under.unit}'", f"a ratio of '{over.unit}' to '{under.unit}'"),
                Text("tử số và mẫu số cần cùng đơn vị", "numerator and denominator need the same unit"),
            )
    metric = catalogue.get(inputs.value or "")
    if metric is None:
        return
    wanted = _wanted_units(placed)
    if wanted and metric.unit not in wanted:
        kind = getattr(placed.rule, "kind", "")
        hint_vi = f"'{kind}' cần đơn vị: {', '.join(wanted)}"
        hint_en = f"'{kind}' needs the unit: {', '.join(wanted)}"
        if {metric.unit, *wanted} == {"percent", "share"}:
            unit = "percent" if metric.unit == "percent" else "one"
            hint_vi, hint_en = f"{hint_vi}; hoặc ghi 'unit: {unit}'", f"{hint_en}; or write 'unit: {unit}'"
        message = Text(f"'{metric.id}' có đơn vị '{metric.unit}'", f"'{metric.id}' has the unit '{metric.unit}'")
        yield Remark("error", (*loc, "value"), "unit-mismatch", message, Text(hint_vi, hint_en))


def _wanted_units(placed: PlacedRule) -> tuple[str, ...]:
    rule = placed.rule
    if reads_ratio(rule):
        percent = isinstance(placed.of, Indicator) and placed.of.unit == "percent"
        return ("percent",) if percent else ("share",)
    if isinstance(rule, Delivered):
        return ("points",)
    if isinstance(rule, YesNo):
        return ("yes_no",)
    if isinstance(rule, Checklist | Periods):
        return ("list",)
    return {"words": ("category", "yes_no"), "number": _COUNTED, "any_number": _AMOUNTS}.get(rule.figure, ())


def _policies(placed: PlacedRule) -> Iterator[Remark]:
    """Policies for ratios on a rule that reads none: they would never apply."""
    if reads_ratio(placed.rule) or placed.of.inputs.numerator or placed.rule.figure == "none":
        return
    for key in ("zero_denominator", "above_one", "unit"):
        if key in placed.of.model_fields_set:
            kind = getattr(placed.rule, "kind", "")
            yield Remark(
                "warning",
                (*placed.loc[:-1], key),
                "no-effect",
                Text(f"'{key}' không có tác dụng với '{kind}'", f"'{key}' has no effect on '{kind}'"),
                Text("xóa dòng này", "remove this line"),
            )
