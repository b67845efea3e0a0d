"""Guards of the running system that can be taken away, and the cases of group X that must then fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines import content_hash, doctor_security, freshness, journal, releases
from tests.support.mutants import Mutant


def _raw_line(path: Path, value: Any) -> None:
    """A line of a journal as a hurried hand writes it: fields behind one another."""
    text = json.dumps(value, ensure_ascii=False).replace("\\r", "\r").replace("\\n", "\n")
    with path.open("a", encoding="utf-8", newline="") as lines:
        lines.write(text + "\n")


SECURITY_MUTANTS = {
    "release-hash": Mutant(
        "the comparison of a release with its hashes",
        ("X08",),
        lambda patch: [
            patch(
                releases, "sha256_file", lambda path: json.loads((path.parent / "release.json").read_text())["sha256"]
            ),
            patch(content_hash, "table_hash", _as_declared),
        ],
    ),
    "pages": Mutant(
        "the look at where Dagster's pages listen", ("X10",), lambda patch: patch(doctor_security, "_HOST_WORDS", set())
    ),
    "file-modes": Mutant(
        "the look at who may read and write files",
        ("X11",),
        lambda patch: [
            patch(doctor_security, "private_file", lambda path, _: path),
            patch(doctor_security, "_WRITABLE", 0),
        ],
    ),
    "command-lines": Mutant(
        "the look at command lines", ("X11",), lambda patch: patch(doctor_security, "command_lines", lambda: iter(()))
    ),
    "journal-lines": Mutant("JSON in the journal", ("X13",), lambda patch: patch(journal, "append_line", _raw_line)),
    "one-line": Mutant(
        "texts of one line in notices", ("X13",), lambda patch: patch(freshness, "one_line", lambda text, *_: text)
    ),
}


def _as_declared(con: Any, table: str) -> Any:
    """Whatever the manifest says of a table is what is found."""
    file = con.execute("select path from duckdb_databases() where not internal limit 1").fetchall()[0][0]
    manifest = json.loads((Path(file).parent / "release.json").read_text(encoding="utf-8"))
    return manifest["rows"][table], manifest["hashes"][table]
