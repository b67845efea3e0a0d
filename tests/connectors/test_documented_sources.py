"""The examples of docs/sources.md: each is a whole file, loads, and is pulled from a server of that shape."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.yaml_files import parse_model, parse_yaml
from connectors import AgencyCode, Landing, RestSource, load_source, pull
from connectors.files_model import FilesSource
from connectors.kinds import files
from connectors.sheets.inbox import Patience
from connectors.sql_model import SqlSource
from connectors.tables import read_table
from tests.support.edxml import document_id, message, status
from tests.support.portal import ROOT, Act, answer
from tests.support.probe import Request, serving
from tests.support.servers.postgres import Postgres
from tests.support.servers.sftp import USER, sftp_server
from tests.support.tokens import jwt
from tests.support.workbooks import workbook

TEXT = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
WHOLE = [(parse_yaml(block, Path("x.yaml")).data, block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.S)]
FILES = {data["name"]: block for data, block in WHOLE if data.get("kind") == "files"}
EXAMPLES = {data["name"]: block for data, block in WHOLE if data.get("kind") == "rest"}
CODES = ("H01.01", "H01.02", "H01.03")
SECRET = "canary-documented"


def agencies() -> list[AgencyCode]:
    return [
        AgencyCode(f"id-{code}", scheme, code, f"Sở số {n}", "department")
        for scheme in ("qd20", "soc")
        for n, code in enumerate(CODES, 1)
    ]


def body(value: Any) -> bytes:
    return answer(json.dumps(value, ensure_ascii=False).encode())


def open_data(request: Request) -> Act:
    assert request.path == "/api/datasets/2025"
    rows = [
        {"MA": code, "TEN": f"Sở số {n}", "SO_BO_DU_LIEU": f"1.00{n}", "DUNG_LUONG": f"{n},50"}
        for n, code in enumerate(CODES, 1)
    ]
    return body({"result": {"TOTAL": "3", "ROW": rows}})


def public_services(request: Request) -> Act:
    if request.path.endswith("/token"):
        assert request.headers["authorization"].startswith("Basic ")
        return body({"access_token": "t", "expires_in": 300})
    assert request.query == {"from-date": "2025-01-01T00:00:00.000Z", "to-date": "2025-12-31T23:59:59.999Z"}
    rows = [
        {
            "agency": {"code": code, "name": f"Sở số {n}"},
            "received": 10 * n,
            "resolved": 8 * n,
            "resolvedOverdue": n,
            "percentOverdue": 12.5,
        }
        for n, code in enumerate(CODES, 1)
    ]
    return body([*rows, {"agency": {"code": "", "name": "Tổng"}, "received": 60, "resolved": 48, "resolvedOverdue": 6}])


def security_centre(request: Request) -> Act:
    if request.path == "/security/user/authenticate":
        return body({"data": {"token": jwt({"exp": int(datetime.now(UTC).timestamp()) + 900})}})
    items = [
        {
            "id": f"{n:03}",
            "group": [CODES[n % 3]],
            "status": "active",
            "lastKeepAlive": "2025-10-16T01:00:00Z",
            "os": {},
        }
        for n in range(7)
    ]
    at = int(request.query["offset"])
    data = {"affected_items": items[at : at + 3], "total_affected_items": 7, "failed_items": []}
    return body({"data": data, "error": 0})


def digital_identity(request: Request) -> Act:
    code = request.path.split("/")[3]
    assert request.headers["authorization"] == f"Bearer {SECRET}"
    return body(100 + CODES.index(code))


def report_by_name(request: Request) -> Act:
    assert request.query == {"key": SECRET}
    at = request.json["trang"]
    assert request.json == {"nam": "2025", "quy": 3, "trang": at}
    rows = "".join(
        f"<row><agency_name>Sở số {n}</agency_name><total>{9 + n}</total><online>{n}</online></row>"
        for n in ((1, 2) if at == 0 else (3,))
    )
    text = f'<r:report xmlns:r="urn:x"><last>{"true" if at else "false"}</last>{rows}</r:report>'
    return answer(text.encode(), "Content-Type: application/xml; charset=utf-8", status="201 Created")


# How each server answers; the landed rows; one column of the first row.
SERVERS: dict[str, tuple[Callable[[Request], Act], int, str, Any]] = {
    "open_data": (open_data, 3, "datasets", 1001),
    "public_services": (public_services, 3, "resolved", 8),
    "security_centre": (security_centre, 7, "agent_id", "000"),
    "digital_identity": (digital_identity, 3, "accounts", 100),
    "report_by_name": (report_by_name, 3, "online", 1),
}


def at(address: str, example: str) -> RestSource:
    """The example with the hosts that it names replaced by a server on this machine."""
    text = re.sub(r"https://[a-z.]+\.example\.gov\.vn(:\d+)?", address, EXAMPLES[example])
    return parse_model(parse_yaml(text, Path(f"{example}.yaml")), RestSource)


def test_every_example_has_a_server() -> None:
    assert EXAMPLES.keys() == SERVERS.keys()


@pytest.mark.parametrize("example", SERVERS)
def test_an_example_loads_as_it_stands(example: str, tmp_path: Path) -> None:
    path = tmp_path / f"{example}.yaml"
    path.write_text(EXAMPLES[example], encoding="utf-8")
    assert load_source(path).name == example


@pytest.mark.parametrize("example", SERVERS)
def test_an_example_is_pulled(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in re.findall(r"secret: (\w+)", EXAMPLES[example]):
        monkeypatch.setenv(name, SECRET)
    respond, count, column, value = SERVERS[example]
    moment = datetime.now().astimezone()
    with serving(respond) as server:
        source = at(server.address, example)
        outcome = pull(source, 2025, landing=Landing(tmp_path), agencies=agencies(), moment=moment)
        again = pull(source, 2025, landing=Landing(tmp_path), agencies=agencies(), moment=moment)
    assert [one.message.en for one in outcome.findings] == []
    assert outcome.pull
    rows = read_table(outcome.pull.table).to_pylist()
    assert len(rows) == count
    assert {row["agency_code"] for row in rows} == set(CODES)
    assert rows[0][column] == value
    assert again.status == "unchanged"
    assert [note.code for note in outcome.notes if note.code != "RowsExcluded"] == []


def reports(folder: Path) -> None:
    rows = [(code, f"Sở số {n}", 10 * n, 50 + n) for n, code in enumerate(CODES, 1)]
    titles = ("Mã cơ quan", "Tên cơ quan", "Số hồ sơ", "Tỷ lệ (%)")
    (folder / "bao_cao_2025_07.xlsx").write_bytes(workbook(rows=rows, titles=titles))


def reports_by_sftp(folder: Path) -> None:
    lines = ["Mã cơ quan;Số hồ sơ", *(f"{code};1.00{n}" for n, code in enumerate(CODES, 1))]
    (folder / "bao_cao_2025_07.csv").write_text("".join(f"{line}\r\n" for line in lines), encoding="utf-8", newline="")


ORGANS = tuple(f"000.00.0{n}.H01" for n in (1, 2, 3))


def documents(folder: Path) -> None:
    """Three documents, one of them updated, one revoked again, and a status."""
    first, second, third = ORGANS
    found = [
        message("0", first, [second, third], 1, "2025/03/01 08:00:00"),
        message("0", second, [first], 2, "2025/03/02 08:00:00", paper="1"),
        message("0", third, [first], 3, "2025/03/03 08:00:00"),
        message("0", third, [first, second], 4, "2025/03/03 09:00:00"),
        message("2", second, [first], 2, "2025/03/04 08:00:00"),
        message("1", third, [first], 9, "2025/03/05 08:00:00", target=document_id(third, 3)),
        status(second, document_id(first, 1), first, "06", "2025/03/06 08:00:00"),
    ]
    for number, content in enumerate(found):
        (folder / f"{number}.edxml").write_bytes(content)


# What lies in the folder; its name; the landed rows; one column of the first row; whose rows.
FOLDERS: dict[str, tuple[Callable[[Path], None], str, int, str, Any, tuple[str, ...]]] = {
    "reports": (reports, "reports", 3, "received", 10, CODES),
    "reports_by_sftp": (reports_by_sftp, "", 3, "received", 1001, CODES),
    "documents_sent": (documents, "edxml", 3, "paper", 0, ORGANS),
    "documents_received": (documents, "edxml", 5, "document_id", document_id(ORGANS[1], 2), ORGANS),
}


def test_every_example_of_files_has_a_folder() -> None:
    assert FILES.keys() == FOLDERS.keys()


@pytest.mark.parametrize("example", FOLDERS)
def test_an_example_of_files_is_pulled(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"{example}.yaml"
    path.write_text(FILES[example], encoding="utf-8")
    source = load_source(path)
    assert isinstance(source, FilesSource)
    fill, name, count, column, value, whose = FOLDERS[example]
    monkeypatch.setattr(files, "Patience", lambda: Patience(quiet_seconds=0))
    with ExitStack() as running:
        folder = tmp_path / "inbox" / name
        folder.mkdir(parents=True)
        if source.sftp:
            server = running.enter_context(sftp_server(tmp_path))
            folder = server.root / source.sftp.folder.strip("/")
            folder.mkdir(parents=True)
            here = {"host": "127.0.0.1", "port": server.port, "host_key": server.host_key.line, "username": USER}
            there = source.sftp.model_copy(update={**here, "private_key": str(server.client_key.path)})
            source = source.model_copy(update={"sftp": there})
        fill(folder)
        moment, landing = datetime.now().astimezone(), Landing(tmp_path / "landing")
        known = [
            *(
                AgencyCode(f"id-{code}", scheme, code, f"Sở số {code}", "department")
                for scheme in ("qd20", "own")
                for code in CODES
            ),
            *(AgencyCode(f"id-{code}", "qcvn102", code, f"Cơ quan {code}", "department") for code in ORGANS),
        ]
        outcome = pull(source, 2025, landing=landing, agencies=known, moment=moment)
        again = pull(source, 2025, landing=landing, agencies=known, moment=moment)
    assert [one.message.en for one in outcome.findings] == []
    assert outcome.pull
    rows = read_table(outcome.pull.table).to_pylist()
    assert (len(rows), rows[0][column], {row["agency_code"] for row in rows}) == (count, value, set(whose))
    assert again.status == "unchanged"
    assert [note.code for note in outcome.notes] == []


(DATABASE,) = [block for data, block in WHOLE if data.get("kind") == "sql"]
FEEDBACK = f"""
CREATE SCHEMA bao_cao;
CREATE TABLE bao_cao.phan_anh (ma_co_quan text, ten_co_quan text, ngay_nhan date, dung_han boolean,
    cap_nhat timestamptz, hai_long int, nguoi_gui text);
INSERT INTO bao_cao.phan_anh
    SELECT 'H01.0' || n, 'Sở số ' || n, day, day <> DATE '2025-07-15', '2025-09-30 18:00:00Z', n, 'x'
    FROM generate_series(1, 3) AS n, generate_series(DATE '2025-06-30', '2025-10-01', '1 day') AS days(day);
CREATE VIEW bao_cao.v_phan_anh AS SELECT * FROM bao_cao.phan_anh;
CREATE ROLE dti_reader LOGIN PASSWORD '{SECRET}';
GRANT USAGE ON SCHEMA bao_cao TO dti_reader;
GRANT SELECT ON bao_cao.v_phan_anh TO dti_reader;
"""


def test_the_example_of_a_database_is_pulled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_server: Postgres
) -> None:
    path = tmp_path / "citizens_feedback.yaml"
    path.write_text(DATABASE, encoding="utf-8")
    source = load_source(path)
    assert isinstance(source, SqlSource)
    monkeypatch.setenv("FEEDBACK_DB_PASSWORD", SECRET)
    here = source.connection.model_copy(update={"host": "127.0.0.1", "port": postgres_server.port})
    source = source.model_copy(update={"connection": here})
    postgres_server.run("CREATE DATABASE phan_anh")
    try:
        postgres_server.run(FEEDBACK, database="phan_anh")
        moment = datetime.now().astimezone()
        outcome = pull(source, 2025, landing=Landing(tmp_path), agencies=agencies(), moment=moment)
        again = pull(source, 2025, landing=Landing(tmp_path), agencies=agencies(), moment=moment)
    finally:
        postgres_server.run("DROP DATABASE phan_anh WITH (FORCE)", "DROP ROLE IF EXISTS dti_reader")
    assert [one.message.en for one in (*outcome.findings, *outcome.notes)] == []
    assert outcome.pull
    rows = read_table(outcome.pull.table).to_pylist()
    assert [(row["agency_code"], row["received"], row["on_time"], row["satisfaction"]) for row in rows] == [
        (code, 92, 91, n) for n, code in enumerate(CODES, 1)
    ]
    assert {row["updated"].isoformat() for row in rows} == {"2025-10-01"}
    assert again.status == "unchanged"


def test_every_documented_word_exists() -> None:
    """The words in the tables of paginators and authentication are those of the models."""
    from connectors import source_schema

    schema = json.dumps(source_schema())
    for word in re.findall(r"^\| `(\w+)` \|", TEXT, re.M):
        assert f'"{word}"' in schema, word
