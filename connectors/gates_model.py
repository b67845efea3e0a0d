"""The gates of a source as YAML writes them: what must hold before a pull may be used without anybody looking."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from connectors.parts import Part, Share

Ratio = Annotated[Decimal, Field(gt=1)]


class Coverage(Part):
    """Least share of the agencies of a request's groups that must be there."""

    of_register: Share = Field(default=Decimal("0.98"), description="of the register's agencies as of that year")
    of_last_accepted: Share = Field(default=Decimal("0.95"), description="of the agencies of the last accepted pull")
    rows_of_last_accepted: Share = Field(
        default=Decimal("0.9"), description="of its rows in each group, where agencies have several (contract.key)"
    )


class Frozen(Part):
    """A source that shows the figures of the period before instead of this one's."""

    periods: int = Field(default=1, ge=1, le=12, description="so many periods before must have had the same figures")
    share: Share = Field(default=Decimal("0.9"), description="least share of a group's agencies with the same figures")


class Level(Part):
    """The median of the agencies' ratios, now to then, beyond which a field holds the pull. What a running year may
    have grown, or may still lack, since then is allowed for."""

    last_accepted: Ratio = Field(default=Decimal("1.5"), description="to the last accepted pull of the year")
    period_before: Ratio = Field(default=Decimal("1.8"), description="to the period before")


class Correlation(Part):
    """Least rank correlation (Spearman) between the agencies' figures now and then."""

    last_accepted: Share = Field(default=Decimal("0.5"), description="with the last accepted pull of the year")
    period_before: Share = Field(default=Decimal("0.1"), description="with the period before")


class Outlier(Part):
    """One agency that moved unlike the others of its group: accepted, and flagged for a person before a year is made
    official."""

    last_accepted: Ratio = Field(default=Decimal("1.5"), description="ratio to the last accepted pull of the year")
    period_before: Ratio = Field(default=Decimal(4), description="ratio to the period before")
    least_move: Decimal = Field(default=Decimal("0.5"), ge=0, description="smaller moves, in medians, are no outliers")
    share: Share = Field(default=Decimal("0.25"), description="more outliers in a field are a shift, and hold the pull")


class Gates(Part):
    """Each gate that fails holds the pull with a finding; none can be left out, only its measure is set here."""

    minimum_rows: int = Field(default=1, ge=1, description="per request and period")
    coverage: Coverage = Coverage()
    quarantine_share: Share = Field(default=Decimal("0.01"), description="largest share of received rows in quarantine")
    outside_typical_share: Share = Field(
        default=Decimal("0.05"), description="largest share of a group's agencies outside a field's typical range"
    )
    constant_from_rows: int = Field(default=5, ge=2, description="so many equal values are suspect")
    unit_ratio: Decimal = Field(
        default=Decimal(90), gt=1, description="a median so many times larger or smaller than last time is suspect"
    )
    compared_from_agencies: int = Field(
        default=5, ge=3, description="least agencies of a group whose figures are compared with an earlier pull's"
    )
    fell_share: Share = Field(
        default=Decimal("0.8"), description="so many agencies whose counts of a running year fell went back in time"
    )
    frozen: Frozen = Frozen()
    level: Level = Level()
    correlation: Correlation = Correlation()
    outlier: Outlier = Outlier()
