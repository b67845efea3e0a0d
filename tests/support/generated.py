"""Rulesets and values made at random, from a seed, over every rule and policy, with limits and ties hit on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from rulesets.models import Ruleset
from tests.support.engine import PERIOD, YEAR, Row

LEAVES = (
    *("yes_no", "categories", "checklist", "proportional", "pooled", "target", "threshold", "floor", "all_or_nothing"),
    *("bands", "per_item", "periods", "relative_to_best", "goalposts", "points"),
)
KINDS = (*LEAVES, "best_of", "sum_of", "not_scored", "bonus", "penalty")
ARTICLES = {
    "7.2": "group_highest_score",
    "7.3": "group_highest_figure",
    "7.4": "full_points",
    "5.1": "leave_out_and_rescale",
}
DENOMINATORS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 97, 100, 1000, 999_983)


@dataclass
class Case:
    """One ruleset with one group of agencies, and everything known about them."""

    ruleset: Ruleset
    agencies: dict[str, str | None]
    values: list[Row] = field(default_factory=list)
    entered: list[Row] = field(default_factory=list)


class Maker:
    """Everything random about a case comes from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one_of(self, *options: Any) -> Any:
        return self.random.choice(options)

    def case(self, agencies: int) -> Case:
        ruleset = Ruleset.model_validate(self.ruleset())
        names = {f"a{n}": self.one_of("p", "q") for n in range(agencies)}
        case = Case(ruleset, names)
        for agency in names:
            self.fill(case, agency)
        return case

    # Rulesets

    def ruleset(self) -> Row:
        levels = ("indicator", "main_index", "pillar", "total")
        rounding = {level: self.rounding() for level in levels if self.chance(0.25)}
        self.decimals = min((one["digits"] for one in rounding.values()), default=4)
        mains = [str(n) for n in range(1, self.random.randint(2, 4))]
        indicators = [row for main in mains for row in self.indicators(main)]
        indicators += [
            self.indicator(f"x{n}", None, self.one_of("bonus", "penalty")) for n in range(self.one_of(0, 0, 1, 2))
        ]
        points = {
            m: sum((Decimal(i["max_points"]) for i in indicators if i["main_index"] == m), Decimal(0)) for m in mains
        }
        aggregation = self.aggregation(mains)
        total = sum(points.values()) if aggregation["kind"] == "sum" else self.one_of(Decimal(100), Decimal(1))
        pillars = [self.pillar(n, mains, points) for n in range(self.one_of(0, 1, 2))]
        return {
            "title_vi": "t",
            "decision": {"number": "1", "date": "2025-01-01", "authority_vi": "a"},
            "valid": {"from": 2025},
            "groups": ["department"],
            "structure": {"main_indices": len(mains), "points": total},
            "main_indices": [self.main_index(m, points[m], indicators) for m in mains],
            "pillars": pillars,
            "indicators": indicators,
            "exceptions": self.exceptions([i["code"] for i in indicators]),
            "aggregation": aggregation,
            "rounding": rounding,
            "ranking": self.ranking(mains),
            **self.judgement(mains, [p["code"] for p in pillars], total),
        }

    def rounding(self) -> Row:
        return {"digits": self.one_of(0, 1, 2, 3), "mode": self.one_of("half_up", "half_even", "truncate")}

    def ranking(self, mains: list[str]) -> Row:
        ties = self.one_of("competition", "competition", "dense", "ordinal")
        return {
            "ranked": not self.chance(0.05),
            "by": self.one_of("exact", "rounded"),
            "ties": ties,
            "tie_break": self.random.sample(mains, self.random.randint(1, len(mains))) if ties == "ordinal" else [],
            "within": self.one_of("group", "group", "parent"),
        }

    def aggregation(self, codes: list[str]) -> Row:
        kind = self.one_of("sum", "sum", "sum", "weighted_arithmetic", "weighted_geometric")
        if kind == "sum" or not codes:
            return {"kind": "sum"}
        shares = [self.random.randint(1, 5) for _ in codes]
        return {"kind": kind, "weights": {c: f"{s}/{sum(shares)}" for c, s in zip(codes, shares, strict=True)}}

    def main_index(self, code: str, points: Decimal, indicators: list[Row]) -> Row:
        inside = [i["code"] for i in indicators if i["main_index"] == code and i["max_points"] > 0]
        return {"code": code, "name_vi": "n", "points": points, "aggregation": self.aggregation(inside)}

    def pillar(self, number: int, mains: list[str], points: dict[str, Decimal]) -> Row:
        inside = self.random.sample(mains, self.random.randint(1, len(mains)))
        aggregation = self.aggregation(inside)
        most = sum(points[m] for m in inside) if aggregation["kind"] == "sum" else Decimal(100)
        return {
            "code": f"P{number}",
            "name_vi": "n",
            "main_indices": inside,
            "points": most,
            "aggregation": aggregation,
        }

    def judgement(self, mains: list[str], pillars: list[str], total: Decimal) -> Row:
        kind = self.one_of("none", "grades", "levels")
        if kind == "grades":
            by = self.one_of("total", "share")
            most = Decimal(1) if by == "share" else total
            limits = [(share * most).quantize(Decimal("0.0001")) for share in map(Decimal, ("0.9", "0.7", "0.5", "0"))]
            bands = [{"grade": f"g{n}", "from": limit} for n, limit in enumerate(limits)]
            return {"grades": {"by": by, "bands": bands}}
        if kind == "levels":
            levels = []
            for number, share in enumerate(("0.6", "0.4", "0.2")):
                low = {"share": Decimal(share)}
                levels.append(
                    {
                        "level": f"L{number}",
                        "total": (total * Decimal(share)).quantize(Decimal("0.0001")),
                        "main_indices": {m: low for m in mains if self.chance(0.5)},
                        "pillars": {p: low for p in pillars if self.chance(0.5)},
                    }
                )
            return {"levels": {"levels": levels, "below": self.one_of("not_ranked", "ranked")}}
        return {}

    def exceptions(self, codes: list[str]) -> list[Row]:
        return [
            {
                "article": article,
                "policy": policy,
                "indicators": "all" if self.chance(0.7) else self.random.sample(codes, max(1, len(codes) // 2)),
                "who_vi": "w",
            }
            for article, policy in ARTICLES.items()
        ]

    def indicators(self, main: str) -> Iterator[Row]:
        for number in range(1, self.random.randint(2, 5)):
            yield self.indicator(f"{main}.{number}", main, self.one_of(*LEAVES, "best_of", "sum_of"))
        if self.chance(0.1):
            yield self.indicator(f"{main}.s", main, "not_scored")

    def indicator(self, code: str, main: str | None, kind: str) -> Row:
        most = Decimal(0) if kind in ("not_scored", "bonus", "penalty") else self.points()
        return {
            "code": code,
            "main_index": main,
            "name_vi": "n",
            "max_points": most,
            "rule": self.rule(kind, most),
            "zero_denominator": self.one_of("full", "zero", "not_applicable", "missing"),
            "above_one": self.one_of("invalid", "cap"),
            "missing": self.one_of("zero", "zero", "leave_out", "unranked") if self.chance(0.3) else "zero",
            "unit": self.one_of("one", "one", "percent"),
            "basis": "decision",
            "reference": "r",
        }

    def points(self) -> Decimal:
        """A maximum that rounding leaves as it is."""
        choices = map(Decimal, ("1", "2", "5", "10", "20", "7", "12.5", "0.25", "33.3333"))
        return self.one_of(*(one for one in choices if -int(one.as_tuple().exponent) <= self.decimals))

    def share(self) -> Any:
        return self.one_of(*map(Decimal, ("0.2", "0.5", "0.75", "0.8", "1")), "1/3", "2/3")

    def rule(self, kind: str, most: Decimal) -> Row:
        make = getattr(self, f"rule_{kind}", None)
        return {"kind": kind, **(make(most) if make else {})}

    def rule_categories(self, most: Decimal) -> Row:
        return {"shares": {"đầy đủ": 1, "một phần": self.share(), "không": 0}}

    def rule_checklist(self, most: Decimal) -> Row:
        if self.chance(0.5):
            return {"count": self.random.randint(1, 5)}
        shares = self.one_of(["0.5", "0.5"], ["0.25", "0.25", "0.5"], ["0.3", "0.3", "0.3"], ["1"])
        return {"items": [{"name_vi": f"i{n}", "share": Decimal(s)} for n, s in enumerate(shares)]}

    def rule_target(self, most: Decimal) -> Row:
        return {"target": self.share()}

    def rule_threshold(self, most: Decimal) -> Row:
        return {"threshold": self.share()}

    def rule_floor(self, most: Decimal) -> Row:
        return {"floor": self.share()}

    def rule_bands(self, most: Decimal) -> Row:
        of = self.one_of("share", "count")
        limits = ("0", "0.2", "0.5", "0.8", "1") if of == "share" else ("0", "1", "2", "3", "5")
        chosen = self.random.sample(limits, self.random.randint(1, 4))
        bands: list[Row] = []
        for limit in chosen:
            worth = {"share": self.share()} if self.chance(0.6) else {"points": (most / 2).quantize(Decimal("0.001"))}
            bands.append({self.one_of("from", "from", "above"): Decimal(limit), **worth})
        return {"of": of, "bands": bands, **({"gate": True} if self.chance(0.3) else {})}

    def rule_per_item(self, most: Decimal) -> Row:
        return {"points": self.one_of(*map(Decimal, ("0.5", "1", "3", "0.3")))}

    def rule_periods(self, most: Decimal) -> Row:
        count = self.one_of(1, 2, 4)
        each = (most / count).quantize(Decimal("0.0001"), rounding="ROUND_DOWN")
        return {"count": count, "on_time": each, "late": (each / 2).quantize(Decimal("0.0001"), rounding="ROUND_DOWN")}

    def rule_goalposts(self, most: Decimal) -> Row:
        lower, upper = self.random.sample((-10, 0, 3, 10, 25, 100), 2)
        return {"lower": lower, "upper": upper}

    def rule_bonus(self, most: Decimal) -> Row:
        return {"points": self.one_of(Decimal("0.5"), 2), "limit": self.one_of(3, 5)}

    rule_penalty = rule_bonus

    def rule_best_of(self, most: Decimal) -> Row:
        return {"parts": [self.part() for _ in range(self.random.randint(2, 3))]}

    rule_sum_of = rule_best_of

    def part(self) -> Row:
        most = self.points()
        return {
            "max_points": most,
            **({"cap": max((most / 2).quantize(Decimal("0.0001")), Decimal("0.0001"))} if self.chance(0.3) else {}),
            "rule": self.rule(self.one_of(*LEAVES), most),
            "zero_denominator": self.one_of("full", "zero", "missing"),
            "above_one": self.one_of("invalid", "cap"),
        }

    # Values

    def fill(self, case: Case, agency: str) -> None:
        if self.chance(0.04):
            points = str(round(self.random.random() * float(case.ruleset.structure.points), 2))
            case.entered.append(self.entry(agency, "total", self.one_of(points, points, "-1", "x")))
            return
        entered = {m.code for m in case.ruleset.main_indices if self.chance(0.06)}
        for code in entered:
            case.entered.append(self.entry(agency, code, self.one_of("0.1", "0.25", "0.2", "-1", "1e9")))
        for one in case.ruleset.indicator_list:
            if one.main_index in entered or self.chance(0.05):
                continue
            row: Row = {"agency_id": agency, "assessment_year": YEAR, "period": PERIOD, "indicator_code": one.code}
            row |= {"numerator": None, "denominator": None, "value": None, "status": "reported", "article": None}
            if self.chance(0.12):
                row |= {"status": "exempt", "article": self.one_of(*ARTICLES, *ARTICLES, "9.9")}
            elif self.chance(0.03):
                row |= {"status": "missing"}
            elif not self.chance(0.03):
                row |= self.value(one.rule, ";", one.max_points)
            case.values.append(row)

    def entry(self, agency: str, code: str, points: str) -> Row:
        return {"agency_id": agency, "assessment_year": YEAR, "period": PERIOD, "code": code, "points": points}

    def value(self, rule: Any, separator: str, most: Any) -> Row:
        if hasattr(rule, "parts"):
            texts = [self.value(part.rule, "|", part.max_points)["value"] or "" for part in rule.parts]
            return {"value": ";".join(texts[:-1] if self.chance(0.02) else texts)}
        if self.chance(0.02):
            return {"value": self.one_of("abc", "1,5", "NaN", "-3", "1e3", "", "5/0", "3/", "có")}
        make = getattr(self, f"value_{rule.kind}", None)
        if make:
            return {"value": make(rule, separator, most)}
        n, d = self.ratio()
        if rule.kind in ("per_item", "bonus", "penalty", "not_scored") or (rule.kind == "bands" and rule.of == "count"):
            n, d = self.random.randint(0, 6), 1
        gate = self.one_of("yes", "no", "có", "") if getattr(rule, "gate", None) else None
        if separator == ";" and self.chance(0.7):
            return {"numerator": n, "denominator": d, "value": gate}
        text = f"{n}/{d}" if self.chance(0.7) else self.one_of("0", "0.5", "0.8", "1", "0.3333", "85", "100")
        return {"value": text if gate is None else f"{text}{separator}{gate}"}

    def ratio(self) -> tuple[int, int]:
        d = self.one_of(*DENOMINATORS)
        n = self.one_of(d, self.random.randint(0, d), self.random.randint(0, d), d * 4 // 5, d // 2)
        return (n + 1 if self.chance(0.03) else n), d

    def value_yes_no(self, rule: Any, separator: str, most: Any) -> str:
        return str(self.one_of("yes", "no", "Có", " không ", "1", "0"))

    def value_categories(self, rule: Any, separator: str, most: Any) -> str:
        return str(self.one_of(*rule.shares, "Đầy  đủ"))

    def value_checklist(self, rule: Any, separator: str, most: Any) -> str:
        count = rule.count or len(rule.items)
        if self.chance(0.2):
            return str(self.random.randint(0, count + (1 if self.chance(0.1) else 0)))
        return separator.join(
            self.one_of("yes", "no", "có", "yes", "" if self.chance(0.1) else "no") for _ in range(count)
        )

    def value_periods(self, rule: Any, separator: str, most: Any) -> str:
        words = ("on_time", "late", "none", "đúng hạn", "" if self.chance(0.1) else "trễ")
        return separator.join(self.one_of(*words) for _ in range(rule.count))

    def value_pooled(self, rule: Any, separator: str, most: Any) -> str:
        ratios = (self.ratio() for _ in range(self.random.randint(1, 3)))
        return separator.join("" if self.chance(0.03) else f"{n}/{d}" for n, d in ratios)

    def value_goalposts(self, rule: Any, separator: str, most: Any) -> str:
        return str(self.one_of(-20, -10, 0, 3, "4.5", 10, 25, "33.3", 100, 101))

    def value_points(self, rule: Any, separator: str, most: Any) -> str:
        share = self.one_of(0, Decimal("0.3"), Decimal("0.335"), Decimal("0.5"), 1, Decimal("1.01"))
        return str(Decimal(str(round(float(most), 4))) * share)
