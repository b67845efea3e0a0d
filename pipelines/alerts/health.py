"""How the channels are: when each last got through, what it is failing of, what it still has to tell."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import Text
from pipelines.alerts.digest import digest_for
from pipelines.alerts.ledger import record_of
from pipelines.alerts.notices import Notice, notices
from pipelines.lock import holder
from pipelines.settings import Deployment


@dataclass(frozen=True)
class Health:
    """One channel. `failing_since` is None while it works; `failure` may also say that some recipients were refused;
    `untold` counts what it has not told yet."""

    channel: str
    type: str
    last_delivered_at: str | None
    failing_since: str | None
    failure: dict[str, str] | None
    untold: int
    told: list[str]

    @property
    def last_told(self) -> Text:
        """When it was last told anything, to the minute."""
        if self.last_delivered_at is None:
            return Text("chưa báo lần nào", "nothing told yet")
        at = self.last_delivered_at[:16].replace("T", " ")
        return Text(f"báo lần cuối {at}", f"last told {at}")

    @property
    def well(self) -> bool:
        return self.failing_since is None and self.failure is None


def health_of(deployment: Deployment, current: list[Notice] | None = None) -> list[Health]:
    """Every channel of `dti.yaml`."""
    channels = deployment.settings.alerts.channels
    if not channels:
        return []
    here = notices(deployment) if current is None else current
    running = holder(deployment.lock) is not None
    found = []
    for channel in channels:
        record = record_of(deployment, channel.name)
        news = digest_for(deployment, record, here, ends=not running)
        found.append(
            Health(
                channel.name,
                channel.type,
                record.last_delivered_at,
                record.failing_since,
                record.failure,
                len(news.new) + len(news.over),
                [key for key, told in record.known.items() if told.state == "told"],
            )
        )
    return found
