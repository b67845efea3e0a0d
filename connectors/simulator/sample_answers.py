"""How the agencies of the sample fill in their self-assessment: declared figures, points claimed, and evidence."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from connectors.sheets.self_assessment import Asked, Claim, Filled, Form
from connectors.simulator.truth import Figure, Ledger, SampleAgency, chance, declared

_WITH_EVIDENCE = 88  # percent of the claims


def filled(book: Ledger, agency: SampleAgency, form: Form) -> Filled:
    """Every figure as the agency declares it, and what it claims for each indicator by its own figures."""
    figures = {question.metric: declared(book, agency, question.metric) for question in form.questions}
    claims = {one.code: _claim(book, agency, one) for one in form.indicators}
    return Filled({metric: figure for metric, figure in figures.items() if figure is not None}, claims)


def _claim(book: Ledger, agency: SampleAgency, asked: Asked) -> Claim:
    points = _points(book, agency, asked)
    here = chance("evidence", agency.agency_id, asked.code, str(book.year)) < _WITH_EVIDENCE
    if not points or not here:
        return Claim(points)
    return Claim(points, f"https://{agency.slug}.example.vn/minh-chung/{book.year}/{asked.code}.pdf")


def _points(book: Ledger, agency: SampleAgency, asked: Asked) -> Decimal | None:
    """The share of the maximum that the agency reckons for itself, in half points, by no rule of ours. No figure, no
    claim."""
    figures = {role: declared(book, agency, metric) for role, metric in asked.inputs.items()}
    if not figures or None in figures.values():
        return None
    share = _share(figures, chance("claim", agency.agency_id, asked.code, str(book.year)))
    halves = Fraction(asked.max_points) * share * 2 // 1
    return Decimal(halves) / 2


def _share(figures: dict[str, Figure], luck: int) -> Fraction:
    value, numerator, denominator = (figures.get(role) for role in ("value", "numerator", "denominator"))
    if isinstance(value, str):
        return Fraction(value == "yes")
    if value is not None:
        return Fraction(60 + luck * 2 // 5, 100) if value else Fraction(0)
    if isinstance(numerator, int) and isinstance(denominator, int) and denominator:
        return min(Fraction(numerator, denominator), Fraction(1))
    return Fraction(1)  # nothing was asked of the agency
