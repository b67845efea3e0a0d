"""`dti source check`: what of a source works, step by step, and what to do about the first thing that does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from connectors.agencies import AgencyCode
from connectors.checks.files import file_steps
from connectors.checks.rest import rest_steps
from connectors.checks.sql import sql_steps
from connectors.checks.steps import Step
from connectors.contract import open_reading
from connectors.files_model import FilesSource
from connectors.source import AnySource
from connectors.sql_model import SqlSource

__all__ = ["Step", "check_source"]


def check_source(
    source: AnySource, year: int, agencies: Sequence[AgencyCode], moment: datetime, inbox: Path = Path("inbox")
) -> Iterator[Step]:
    """Steps in order, each as soon as it is known; ends after the first that fails. Lands nothing.

    `inbox` is the deployment's, for kind `files`. Raises `ConfigurationError` for a credential that is missing.
    """
    reading = open_reading(source, agencies)
    if isinstance(source, FilesSource):
        yield from file_steps(source, year, reading, inbox)
    elif isinstance(source, SqlSource):
        yield from sql_steps(source, year, reading)
    else:
        yield from rest_steps(source, year, reading, moment)
