"""Moments as people write them."""

from __future__ import annotations

from datetime import datetime

from pipelines.settings import ZONE


def parse_moment(text: str) -> datetime:
    """An ISO day (its last second) or moment, in Asia/Ho_Chi_Minh unless it says otherwise; raises `ValueError`."""
    moment = datetime.fromisoformat(text)
    if len(text) == len("2025-10-11"):
        moment = moment.replace(hour=23, minute=59, second=59)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)
