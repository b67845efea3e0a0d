"""The gates of a source as YAML writes them: what must hold before a pull may be used without anybody looking."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from connectors.parts import Part, Share


class Coverage(Part):
    """Least share of the agencies of a request's groups that must be there."""

    of_register: Share = Field(default=Decimal("0.98"), description="of the register's agencies as of that year")
    of_last_accepted: Share = Field(default=Decimal("0.95"), description="of the agencies of the last accepted pull")
    rows_of_last_accepted: Share = Field(
        default=Decimal("0.9"), description="of its rows in each group, where agencies have several (contract.key)"
    )


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
