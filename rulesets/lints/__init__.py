"""What lint finds in a ruleset that already loads: one module per matter, each a function that yields remarks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from common.errors import Finding, Text
from common.yaml_files import Loc, YamlFile
from rulesets.indicators import Indicator
from rulesets.models import Ruleset
from rulesets.numbers import Points
from rulesets.rule_base import Rule
from rulesets.rules import BestOf, Part, SumOf

Severity = Literal["error", "warning", "note"]
"""An error fails; a warning is probably a mistake; a note is worth knowing."""

NO_HINT = Text("", "")


class Remark(NamedTuple):
    """One thing that lint has to say, at a path inside the file."""

    severity: Severity
    loc: Loc
    code: str
    message: Text
    hint: Text = NO_HINT


class LintFinding(NamedTuple):
    """A remark at its `file:line:column`."""

    severity: Severity
    finding: Finding


def placed(remark: Remark, file: YamlFile) -> LintFinding:
    """The remark at its place in the file."""
    return LintFinding(remark.severity, Finding(remark.code, remark.message, remark.hint, file.where(remark.loc)))


class PlacedRule(NamedTuple):
    """A rule with where it stands and what it can earn: an indicator's own, or that of one of its parts."""

    loc: Loc
    rule: Rule
    most: Points
    of: Indicator | Part

    @property
    def inputs_loc(self) -> Loc:
        return (*self.loc[:-1], "inputs")


def rules_of(ruleset: Ruleset) -> Iterator[PlacedRule]:
    """Every rule of a ruleset, the parts of `best_of` and `sum_of` included."""
    for n, indicator in enumerate(ruleset.indicator_list):
        loc: Loc = ("indicators", n, "rule")
        yield PlacedRule(loc, indicator.rule, indicator.max_points, indicator)
        if isinstance(indicator.rule, BestOf | SumOf):
            for k, part in enumerate(indicator.rule.parts):
                yield PlacedRule((*loc, "parts", k, "rule"), part.rule, part.max_points, part)
