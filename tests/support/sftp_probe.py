"""A small source of files on a genuine SFTP server, with canaries in its credentials, and the invariants of a pull."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.yaml_files import YamlFile, parse_model
from connectors import PullOutcome
from connectors.files_model import FilesSource
from connectors.sheets.inbox import Patience
from tests.support.probe import CANARIES, CODES, YEAR, Trial, assert_invariants, canaries_in
from tests.support.servers.sftp import PASSPHRASE, PASSWORD, USER, SftpServer

VARIABLE = "DTI_TEST_SFTP"
NAME = f"so_lieu_{YEAR}.csv"
SHORT = {
    "connect_seconds": 2,
    "read_seconds": 5,
    "request_seconds": 10,
    "source_seconds": 30,
    "backoff_seconds": 0.001,
    "backoff_maximum_seconds": 0.002,
}
DOCUMENT: dict[str, Any] = {
    "name": "probe",
    "title": {"vi": "Nguồn thử", "en": "Probe"},
    "kind": "files",
    "limits": SHORT,
    "requests": [
        {
            "name": "list",
            "file": "so_lieu_{year}*.csv",
            "layout": {"type": "csv"},
            "periods": [{"period": "{year}", "groups": ["department"]}],
        }
    ],
    "contract": {
        "version": 1,
        "table": "counts",
        "values": "strings",
        "agency": {"field": "code", "scheme": "probe"},
        "fields": {
            "code": {"name": "agency_code", "type": "text"},
            "received": {"name": "received", "type": "integer", "minimum": 0},
        },
    },
    "gates": {"coverage": {"of_register": 0, "of_last_accepted": 0}, "quarantine_share": 0},
}


def row(code: str) -> str:
    return f"{code},{100 + int(code[1:])}\r\n"


def table(*codes: str) -> bytes:
    """The file of these agencies, of all without any."""
    return ("code,received\r\n" + "".join(row(code) for code in codes or CODES)).encode()


@dataclass
class Bench:
    """A server, a landing, and pulls between them. `root` is searched for canaries after each."""

    server: SftpServer
    trial: Trial
    use: Callable[[Patience], None]

    def put(self, content: bytes, name: str = NAME) -> Path:
        path = self.server.root / "out" / name
        path.write_bytes(content)
        return path

    def source(self, limits: dict[str, Any] | None = None, **sftp: Any) -> FilesSource:
        """The source with settings of its `sftp` replaced; None removes one."""
        document = copy.deepcopy(DOCUMENT)
        document["limits"] |= limits or {}
        settings = {
            "host": "127.0.0.1",
            "port": self.server.port,
            "username": USER,
            "folder": "/out",
            "host_key": self.server.host_key.line,
            "password": {"secret": VARIABLE},
            **sftp,
        }
        document["sftp"] = {key: value for key, value in settings.items() if value is not None}
        return parse_model(YamlFile(Path("probe.yaml"), document, {}), FilesSource)

    def start(self) -> None:
        """Land good figures first, then clear the log."""
        self.put(table(*CODES[:3]))
        self.trial.keep(self.trial.pull(self.source()))
        self.server.reset()

    def pull(self, limits: dict[str, Any] | None = None, **sftp: Any) -> PullOutcome:
        return self.trial.pull(self.source(limits, **sftp))

    def assert_invariants(self, outcome: PullOutcome) -> None:
        """Those of every pull; the server's files are as they were, and no credential stands anywhere."""
        assert_invariants(self.trial, outcome)
        key = self.server.client_key.path.read_text().splitlines()[1]
        assert canaries_in(self.trial.root, self.trial.texts(), (*CANARIES, PASSWORD, PASSPHRASE, key)) == []
        assert self.server.events("changed") == []
        assert self.server.events("open", writing=True) == []

    def failed(self, code: str, limits: dict[str, Any] | None = None, **sftp: Any) -> str:
        """The pull fails for this reason and leaves the good one in use; the English message."""
        outcome = self.pull(limits, **sftp)
        assert (outcome.status, [one.code for one in outcome.findings]) == ("failed", [code])
        self.assert_invariants(outcome)
        found = outcome.findings[0]
        assert found.hint.vi
        assert found.where.startswith(f"probe/list/{YEAR}")
        return found.message.en

    def codes(self, outcome: PullOutcome) -> list[str]:
        """The accepted agencies, in order."""
        from connectors.tables import read_table

        assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
        self.assert_invariants(outcome)
        assert outcome.pull
        return [one["agency_code"] for one in read_table(outcome.pull.table).to_pylist()]
