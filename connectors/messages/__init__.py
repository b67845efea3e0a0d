"""The catalogue of messages: code → Vietnamese, English, and what to do in both. Facts stand in braces."""

from __future__ import annotations

from connectors.findings import Words
from connectors.messages.fetch import FETCH
from connectors.messages.files import FILES
from connectors.messages.gates import GATE, NOTE
from connectors.messages.landing import LANDING
from connectors.messages.rows import ROW
from connectors.messages.sftp import SFTP
from connectors.messages.sql import SQL

CATALOGUE: dict[str, Words] = {**FETCH, **ROW, **GATE, **NOTE, **LANDING, **FILES, **SFTP, **SQL}
