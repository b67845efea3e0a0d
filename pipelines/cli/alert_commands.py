"""`dti alerts`: what people are told, by which channel, and whether it gets there."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import Text
from pipelines.cli.answers import Answer, Screen, answers
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from pipelines.alerts.telling import Delivery

_NO_CHANNEL = Text("chưa khai kênh nào: 'alerts' trong dti.yaml", "no channel yet: 'alerts' in dti.yaml")


@answers
def send(deployment: Deployment) -> Answer:
    """Báo những gì chưa báo. Tell every channel what it has not been told yet."""
    from pipelines.alerts.telling import tell

    return _delivered(tell(deployment))


@answers
def try_channel(
    deployment: Deployment,
    channel: Annotated[str, typer.Argument(help="Tên kênh (mặc định: mọi kênh). Channel, or all.")] = "",
) -> Answer:
    """Gửi thử một tin. Send a message that only says that the channel works."""
    from pipelines.alerts.telling import try_channels

    return _delivered(try_channels(deployment, [channel] if channel else []))


@answers
def list_alerts(deployment: Deployment) -> Answer:
    """Việc cần biết lúc này, và kênh nào đã báo. What there is to tell now, and who was told."""
    from pipelines.alerts.health import health_of
    from pipelines.alerts.notices import as_json, notices

    current = notices(deployment)
    channels = health_of(deployment, current)
    data = {"notices": [as_json(one) for one in current], "channels": [asdict(one) for one in channels]}

    def text(screen: Screen) -> None:
        for one in current:
            screen.item("•", one.title.vi, one.title.en, indent=0)
            for part in (one.cause, one.kept):
                if part.vi:
                    screen.item(" ", part.vi, part.en, indent=1)
            if one.next:
                screen.item("→", one.next, one.next, indent=2)
        if not current:
            screen.line("Không có gì cần báo.", "There is nothing to tell.")
        for channel in channels:
            state = Text("tốt", "well") if channel.well else Text("LỖI", "FAILING")
            screen.field(
                (channel.channel, channel.channel),
                f"{channel.type}, {state.vi}; {channel.last_told.vi}; {channel.untold} việc chưa báo",
                f"{channel.type}, {state.en}; {channel.last_told.en}; {channel.untold} not told",
            )
        if not channels:
            screen.line(*_NO_CHANNEL)

    return Answer(data, text)


def _delivered(deliveries: list[Delivery]) -> Answer:
    """What every channel was told; exit code 4 when one could not be."""
    data = [
        {
            "channel": one.channel,
            "new": one.new,
            "over": one.over,
            "error": one.error.as_dict("vi") if one.error else None,
        }
        for one in deliveries
    ]

    def text(screen: Screen) -> None:
        for one in deliveries:
            if one.error:
                screen.item("✗", f"{one.channel}: {one.error.message.vi}", f"{one.channel}: {one.error.message.en}", 0)
                screen.item("→", one.error.hint.vi, one.error.hint.en)
            elif one.silent:
                screen.item("·", f"{one.channel}: không có gì mới", f"{one.channel}: nothing new", 0)
            else:
                counts = f"{one.new} + {one.over}"
                screen.item("✓", f"{one.channel}: đã báo ({counts} việc)", f"{one.channel}: told ({counts})", 0)
        if not deliveries:
            screen.line(*_NO_CHANNEL)

    failed = [one.error for one in deliveries if one.error]
    return Answer({"deliveries": data}, text, exit_code=failed[0].exit_code if failed else 0)
