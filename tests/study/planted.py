"""Plants the faults and writes `docs/planted_faults.md`: `python -m tests.study.planted`.

Two sets of seeds: the measures of the gates were chosen by what the first one showed, the second was never looked at
for that. `--quick N` runs N worlds of the first and writes nothing.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from connectors import PullOutcome
from connectors.manifest import FLAGS
from pipelines.settings import CODE
from tests.study.kinds import KINDS
from tests.study.worlds import SOURCES, kinds_of, world

TUNING, HELD_OUT = range(1, 13), range(201, 213)
REPORT = CODE / "docs" / "planted_faults.md"


@dataclass
class Found:
    """What came of the faults of one kind, and of clean pulls."""

    fate: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    gates: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    escaped: list[str] = field(default_factory=list)
    clean: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)

    @property
    def planted(self) -> int:
        return sum(fates.total() for fates in self.fate.values())

    def share(self, *fates: str) -> tuple[int, int]:
        """How many had one of these fates, of how many."""
        return sum(one[fate] for one in self.fate.values() for fate in fates), self.planted


def fate_of(outcome: PullOutcome) -> str:
    """held: not used before somebody decides; flagged: used, but no year is made official before; else escaped."""
    if outcome.status in {"held", "failed"}:
        return "held"
    if any(note.code in FLAGS for note in outcome.notes):
        return "flagged"
    return "escaped"


def study(seeds: range) -> Found:
    """Every kind once in every world, in a source and a situation chosen by chance."""
    found = Found()
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="dti-study-") as folder, world(seed, Path(folder)) as made:
            for name, when, outcome in made.clean:
                found.clean[fate_of(outcome)] += 1
                for one in outcome.findings:
                    found.false[f"{one.code} ({name}, {when.split(', ')[1]})"] += 1
                for note in outcome.notes:
                    if note.code in FLAGS:
                        found.flags[f"{name}, {when.split(', ')[1]}"] += 1
            for kind, (_, change) in KINDS.items():
                random = Random(f"{seed} {kind}")
                for name, first in kinds_of(SOURCES, random):
                    outcome = made.planted(name, change, first, random)
                    if outcome:
                        fate = fate_of(outcome)
                        found.fate[kind][fate] += 1
                        found.gates[kind].update({one.code for one in outcome.findings})
                        if fate == "escaped":
                            found.escaped.append(f"{kind}: {name}, {'first' if first else 'nightly'}, world {seed}")
                        break
    return found


HEAD = """# Planted faults: what the gates catch, and what not

<!-- Written by `python -m tests.study.planted`; edit the study instead. -->

Data faults are planted in otherwise clean pulls of the sample's sources and go through the real contract, gates and
suites. Each of {worlds} worlds draws the figures of all agencies and years anew (in every other one the years differ
twice as much as the sample's do); in each world every kind is planted once, in a source and a situation chosen by
chance: as a *nightly* pull, after an accepted one of the same year, or as the *first* of a year, after two others.
The national portal's real figures are among the sources. The measures of the gates were chosen by what the first set of
seeds showed; the second set was not looked at for that.

*held*: not used before somebody decides. *flagged*: used in provisional rankings, shown on the morning screen, and no
year is made official before somebody looked. *escaped*: neither.
"""
WHY = """## Why faults escape

* **One agency, a little off** (a fifth more; figures of a similar agency): smaller than what years differ by. Where the
  source sends totals, its own sums tell; else the agency's declared figure beside the collected one
  (`figure_differences`) and the explanation that the agency reads are what is left.
* **One figure per agency** (a count of datasets, of accounts): another agency's figure looks like any other.
* **Lists in which an agency may have nothing** (`coverage: {of_register: 0}`): one that is gone is named, not held.
* **One word used for another in a list**: seen where it empties a count or moves the median, not where both are rare.
* **An older state in the first pull of a year**: there is nothing newer to compare it with, and a running year may
  still lack what has not come.
* **Last year's column in a year that resembles it**: flagged only where figures are too large to be equal by chance.

## What clean pulls cost

A clean pull that is held costs a person a look; so does each flag before a year is made official. Flags come from
agencies with small figures, whose years differ most.
"""


def line(name: str, found: Found) -> str:
    held, planted = found.share("held")
    caught, _ = found.share("held", "flagged")
    clean = found.clean["held"] + found.clean["flagged"] + found.clean["escaped"]
    flags = found.flags.total()
    return (
        f"| {name} | {planted} | {held} ({100 * held // planted} %) | {caught} ({100 * caught // planted} %) "
        f"| {clean} | {found.clean['held']} | {found.clean['flagged']} ({flags} flags) |"
    )


def report(tuning: Found, held_out: Found, worlds: int) -> str:
    """The whole document."""
    lines = [HEAD.format(worlds=f"{worlds} and {worlds}").rstrip(), ""]
    lines += [
        "| seeds | planted | held | held or flagged | clean pulls | of them held | of them flagged |",
        "|---|---|---|---|---|---|---|",
        line("chosen by", tuning),
        line("held out", held_out),
        "",
        "| kind | what is done | chosen by: held + flagged of planted | held out | gates that saw it, often first |",
        "|---|---|---|---|---|",
    ]
    for kind, (what, _) in KINDS.items():
        shown = [
            f"{one.fate[kind]['held']} + {one.fate[kind]['flagged']} of {one.fate[kind].total()}"
            for one in (tuning, held_out)
        ]
        seen = tuning.gates[kind] + held_out.gates[kind]
        gates = ", ".join(name for name, _ in sorted(seen.items(), key=lambda item: (-item[1], item[0]))[:4])
        lines.append(f"| {kind} | {what} | {shown[0]} | {shown[1]} | {gates or '–'} |")
    escaped = [*tuning.escaped, *held_out.escaped]
    lines += ["", f"## What escaped ({len(escaped)})", "", *(f"* {one}" for one in escaped), "", WHY.rstrip()]
    false = tuning.false + held_out.false
    lines += ["", "Clean pulls held by: " + ("; ".join(f"{k} × {n}" for k, n in sorted(false.items())) or "none") + "."]
    return "\n".join(lines) + "\n"


def main(words: list[str]) -> int:
    """Run both sets and write the report; with `--quick N` N worlds of the first set, on the terminal."""
    if words[:1] == ["--quick"]:
        found = study(TUNING[: int(words[1])])
        sys.stdout.write("\n".join([line("quick", found), *found.escaped, *found.false]) + "\n")
        return 0
    REPORT.write_text(report(study(TUNING), study(HELD_OUT), len(TUNING)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
