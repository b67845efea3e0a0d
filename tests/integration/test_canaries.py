"""X01 and X02 through the whole pipeline: sources that echo secrets and send people's data, refreshed by the command
line and by Dagster, in calm and in storm; then every byte that was written or printed is searched.

The search must prove itself: two public markers take the same way and have to be found, in Parquet, in DuckDB, in
Dagster's history and on the screen.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.simulator.systems.portal_766 import asked_for, published
from pipelines.dbt_project import PROJECT
from pipelines.settings import CODE, Deployment
from tests.support.canaries import Contents, contents_of, places_in
from tests.support.deployments import fresh_deployment
from tests.support.portal import Act, answer
from tests.support.probe import Request, Server, body, serving
from tests.support.tokens import jwt
from tests.support.workbooks import workbook

SECRETS = {
    f"DTI_CANARY_{name}": f"canary-{name.lower()}/+=&?9f3K" for name in ("QUERY", "HEADER", "OAUTH", "LOGIN", "GATEWAY")
}
IN_FILE = "DTI_CANARY_LOGIN"  # this one stands in the file of DTI_SECRETS, all others in the environment
ACCESS_TOKEN = "canary-access-token-7Qz"
PEOPLE = {
    place: {
        "hoTen": name,
        "cccd": f"0790990123{n:02}",
        "dienThoai": f"09123456{n:02}",
        "email": f"canary{n}@example.vn",
    }
    for n, (place, name) in enumerate(
        {
            "listed": "Nguyễn Thị Kim Cúc",
            "unlisted": "Trần Văn Tèo",
            "nested": "Lê Hoàng Phúc An",
            "error body": "Phạm Thị Hồng Đào",
            "field name": "Vũ Đức Bình Minh",
            "token": "Bùi Thị Xuân Nương",
            "workbook": "Đặng Quốc Khánh Toàn",
        }.items(),
        10,
    )
}
MARKER, MARKED_CODE = "Danhdau7f3a", "H99.DANHDAU7F3A"  # public: these are to be found
SOURCE = """
name: {name}
title: {{vi: Nguồn thử, en: Probe}}
kind: rest
base_url: {address}
auth: {auth}
headers: {{X-Gateway: {{secret: DTI_CANARY_GATEWAY}}}}
limits: {{backoff_seconds: 0.001, backoff_maximum_seconds: 0.002, attempts: 4}}
endpoint: {{path: "/{name}/rows/{{year}}"}}
paginator: {{type: single_page}}
requests:
  - name: list
    periods: [{{period: "{{year}}", groups: [province]}}]
contract:
  version: 1
  table: counts
  values: native
  agency: {{field: code, scheme: dvcqg, name: name}}
  fields:
    code: {{name: agency_code, type: text}}
    name: {{name: agency_name, type: text}}
    note: {{name: note, type: text, required: false}}
    received: {{name: received, type: integer, minimum: 0}}
gates: {{coverage: {{of_register: 0, of_last_accepted: 0}}, quarantine_share: 0.5}}
"""
FILES = """
name: reports
title: {vi: Báo cáo, en: Reports}
kind: files
requests:
  - name: counts
    file: "bao_cao_{year}.xlsx"
    layout: {type: xlsx}
    periods: [{period: "{year}", groups: [province]}]
contract:
  version: 1
  table: counts
  values: native
  agency: {field: Mã cơ quan, scheme: dvcqg, name: Tên cơ quan}
  fields:
    Mã cơ quan: {name: agency_code, type: text}
    Tên cơ quan: {name: agency_name, type: text}
    Số hồ sơ: {name: received, type: integer, minimum: 0}
gates: {coverage: {of_register: 0, of_last_accepted: 0}, quarantine_share: 0.5}
"""
AUTHS = {
    "query_key": '{type: api_key, name: "key", api_key: {secret: DTI_CANARY_QUERY}, location: query}',
    "header_key": "{type: api_key, name: X-Api-Key, api_key: {secret: DTI_CANARY_HEADER}}",
    "login_jwt": "{type: login, path: /login, username: dti, password: {secret: DTI_CANARY_LOGIN}}",
    "oauth_body": "{type: oauth2_client_credentials, access_token_url: ADDRESS/token, client_id: dti, client_in: body,"
    " client_secret: {secret: DTI_CANARY_OAUTH}}",
}
PORTAL_AUTH = AUTHS["oauth_body"].replace(" client_in: body,", "")
JOB = ["-m", "pipelines.definitions", "-j", "refresh"]
RANGE = {"dagster/asset_partition_range_start": "2025", "dagster/asset_partition_range_end": "2025"}


class Upstream:
    """All sources on one server. In calm, every question is first met by an error and a torn answer, both with a person
    and all secrets in them; in storm, one source sends people in a listed field and two others fail for good."""

    def __init__(self) -> None:
        self.stormy = False
        self.met: Counter[tuple[str, str]] = Counter()

    def __call__(self, request: Request) -> Act:
        self.met[request.target.partition("?")[0], request.body.decode()] += 1
        tries = self.met[request.target.partition("?")[0], request.body.decode()]
        echo = body({"error": f"{request.target} {dict(request.headers)} {SECRETS}", "applicant": PEOPLE["error body"]})
        if request.path == "/token":
            return answer(body({"access_token": ACCESS_TOKEN, "expires_in": 300, "user": PEOPLE["token"]}))
        if request.path == "/login":
            return answer(body({"data": {"token": self._jwt()}, "user": PEOPLE["token"]}))
        if tries % 3 == 1:
            return answer(echo, status=f"503 {SECRETS['DTI_CANARY_GATEWAY']}")
        if tries % 3 == 2:
            return answer(echo[:-9], declared=len(echo))
        if request.path == "/jsp/rest.jsp":
            return answer(body([self._with_people(row) for row in self._portal(request)]))
        if self.stormy and request.path.startswith("/header_key"):
            return answer(echo, status="403 No")
        if self.stormy and request.path.startswith("/oauth_body"):
            return answer(b"", f"Location: {request.target}&t={ACCESS_TOKEN}", status="302 Found")
        listed = self.stormy and request.path.startswith("/query_key")
        return answer(body(self._rows(sum(request.path.encode()), listed=listed)))

    @staticmethod
    def _jwt() -> str:
        return jwt({"exp": int(datetime.now(UTC).timestamp()) + 900, "sub": SECRETS["DTI_CANARY_LOGIN"]})

    @staticmethod
    def _portal(request: Request) -> list[dict[str, str]]:
        asked = asked_for(request.form)
        rows = published(asked["province"], asked["year"], asked["month"], datetime(2025, 10, 17, tzinfo=UTC))
        return [dict(row) for row in rows][: asked["size"]] if asked["page"] == 1 else []

    @staticmethod
    def _with_people(row: dict[str, Any]) -> dict[str, Any]:
        beside = {f"LIEN_HE_{key}": value for key, value in PEOPLE["unlisted"].items()}
        keyed = {PEOPLE["field name"]["hoTen"]: 1, PEOPLE["field name"]["cccd"]: 2}
        return {**row, **beside, **keyed, "HO_SO": [{"chuHoSo": PEOPLE["nested"], "files": [PEOPLE["nested"]]}]}

    def _rows(self, own: int, *, listed: bool) -> list[dict[str, Any]]:
        """Every source has figures of its `own`: those of another one would be held."""
        rows = [
            {"code": code, "name": f"Sở {MARKER}", "note": None, "received": own + n}
            for n, code in enumerate(("H13", "H17", "H26", MARKED_CODE), 1)
        ]
        if listed:
            rows[0] |= {"note": PEOPLE["listed"]["hoTen"], "name": PEOPLE["listed"]["hoTen"]}
            rows[1] |= {"note": f"liên hệ {PEOPLE['listed']['dienThoai']}", "code": PEOPLE["listed"]["cccd"]}
            rows[2] |= {"note": PEOPLE["listed"]["email"], "received": PEOPLE["listed"]["cccd"]}
        return [self._with_people(row) for row in rows]


@dataclass
class Run:
    """What was done with the deployment, and everything that was printed on the way."""

    deployment: Deployment
    folder: Path
    env: dict[str, str]
    texts: dict[str, str] = field(default_factory=dict)

    def do(self, name: str, *words: str) -> int:
        """A command in a process of its own; its output is kept."""
        done = subprocess.run(
            [sys.executable, "-m", *words],
            env={**os.environ, **self.env},
            cwd=self.folder / "cwd",
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        self.texts |= {f"({name}, stdout)": done.stdout, f"({name}, stderr)": done.stderr}
        return done.returncode

    def dti(self, name: str, *words: str) -> int:
        return self.do(name, "pipelines.cli.main", *words)

    @property
    def roots(self) -> list[Path]:
        """All that was written: the inbox and the file of secrets were put there by the test."""
        inside = [path for path in self.deployment.root.iterdir() if path.name != "inbox" and path.is_dir()]
        return [*inside, *(self.folder / name for name in ("home", "tmp", "cwd")), PROJECT]

    @cached_property
    def contents(self) -> Contents:
        """All of that, and the files of the deployment's own folder; read once, when everything has been done."""
        files = [path for path in self.deployment.root.iterdir() if path.is_file() and path.suffix != ".duckdb"]
        return contents_of(self.roots, self.texts | {str(path): path.read_text(encoding="utf-8") for path in files})

    def search(self, *canaries: str) -> list[str]:
        return places_in(self.contents, canaries)


def drop(deployment: Deployment, person: dict[str, str], named: str) -> None:
    """A workbook with people in a column that nobody asked for; `named` stands where an agency's name is expected."""
    rows = [("H13", "Cần Thơ", 5, person["hoTen"], person["cccd"]), ("H17", named, 6, person["dienThoai"], None)]
    titles = ("Mã cơ quan", "Tên cơ quan", "Số hồ sơ", "Người lập biểu", "Ghi chú")
    path = deployment.inbox / "reports" / "bao_cao_2025.xlsx"
    path.write_bytes(workbook(rows=rows, titles=titles))


def prepared(folder: Path, server: Server) -> Run:
    """A deployment with five sources over HTTP and an inbox; beside it a home, a temporary folder, the secrets."""
    deployment = fresh_deployment(folder / "data")
    for name in ("home", "tmp", "cwd", "data/inbox/reports", "data/.dagster"):
        (folder / name).mkdir(parents=True)
    portal = (deployment.sources / "portal_766.yaml").read_text(encoding="utf-8")
    live = f"base_url: {server.address}\nauth: {PORTAL_AUTH.replace('ADDRESS', server.address)}\n"
    live += "limits: {backoff_seconds: 0.001, backoff_maximum_seconds: 0.002}"
    sources = {"portal_766": portal.replace("base_url: simulator:portal_766", live), "reports": FILES}
    for name, auth in AUTHS.items():
        told = auth.replace("ADDRESS", server.address)
        sources[name] = SOURCE.format(name=name, address=server.address, auth=told)
    for name, text in sources.items():
        (deployment.sources / f"{name}.yaml").write_text(text, encoding="utf-8")
    drop(deployment, PEOPLE["workbook"], named="Đà Nẵng")
    register = deployment.registers / "agencies.csv"
    register.write_text(register.read_text(encoding="utf-8").replace("Cần Thơ,", f"Cần Thơ {MARKER},"), "utf-8")
    (folder / "secrets").touch(mode=0o600)
    (folder / "secrets").write_text(f"{IN_FILE}={SECRETS[IN_FILE]}\n", encoding="utf-8")
    env = {name: secret for name, secret in SECRETS.items() if name != IN_FILE}
    places = {"HOME": "home", "TMPDIR": "tmp", "DTI_SECRETS": "secrets", "DTI_DATA": "data"}
    env |= {name: str(folder / place) for name, place in places.items()} | {"PYTHONPATH": str(CODE)}
    return Run(deployment, folder, env | {"DAGSTER_HOME": str(deployment.dagster_home)})


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A calm refresh, one in a storm, one by Dagster's own command in a storm; and what people look at afterwards."""
    upstream = Upstream()
    with serving(upstream) as server:
        run = prepared(tmp_path_factory.mktemp("canaries"), server)
        assert run.dti("calm", "refresh", "--year", "2025") == 0, run.texts
        upstream.stormy = True
        drop(run.deployment, PEOPLE["workbook"], named=PEOPLE["workbook"]["hoTen"])
        assert run.dti("storm", "refresh", "--year", "2025", "--rebuild", "--json") == 4, run.texts
        config = {"resources": {"refresh": {"config": {"data": str(run.deployment.root), "rebuild": True}}}}
        (run.folder / "job.yaml").write_text(json.dumps(config), encoding="utf-8")
        job = ("dagster", "job", "execute", *JOB, "-c", str(run.folder / "job.yaml"), "--tags", json.dumps(RANGE))
        assert run.do("dagster", *job) == 0, run.texts
        for words in ("status", "pull list --json", "doctor", "source check query_key --year 2025", "release list"):
            run.dti(words, *words.split())
        run.dti("trial", "source", "pull", "query_key", "--year", "2025", "--dry-run", "--json")
        run.dti("explain", "explain", "can-tho", "TTTT", "--year", "2025")
    return run


@pytest.mark.slow
def test_the_run_was_what_it_should_be(whole_run: Run) -> None:
    """Every secret was used, every source met its fault, and releases were published."""
    states = {
        (entry["source"], entry["status"])
        for line in whole_run.deployment.journal.read_text(encoding="utf-8").splitlines()
        if (entry := json.loads(line))["event"] == "pull"
    }
    assert states == {
        *((name, "accepted") for name in ("portal_766", "reports", *AUTHS)),
        *((name, "unchanged") for name in ("portal_766", "login_jwt")),
        *((name, "failed") for name in ("header_key", "oauth_body")),
        *((name, "held") for name in ("query_key", "reports")),
    }
    assert sorted(path.name for path in whole_run.deployment.releases.iterdir()) == ["1", "2", "3"]


@pytest.mark.slow
def test_X01_no_secret_in_any_byte(whole_run: Run) -> None:
    credentials = [base64.b64encode(f"dti:{secret}".encode()).decode() for secret in SECRETS.values()]
    assert whole_run.search(*SECRETS.values(), *credentials, ACCESS_TOKEN) == []


@pytest.mark.slow
@pytest.mark.parametrize("place", PEOPLE)
def test_X02_no_person_in_any_byte(whole_run: Run, place: str) -> None:
    assert whole_run.search(*PEOPLE[place].values()) == []


@pytest.mark.slow
def test_the_public_marker_is_found_everywhere(whole_run: Run) -> None:
    """What is allowed to be stored took the same way and is found: the search sees what was written."""
    marked = whole_run.search(MARKER)
    assert {
        *(place for place in ("landing", "build", "releases") if any(f"/data/{place}/" in one for one in marked)),
        *(kind for kind in ("(Parquet)", "(DuckDB)", "stdout)") if any(kind in one for one in marked)),
    } == {"landing", "build", "releases", "(Parquet)", "(DuckDB)", "stdout)"}
    assert any("quarantine.parquet (Parquet)" in one for one in whole_run.search(MARKED_CODE))
    assert any("(SQLite event_logs)" in one for one in whole_run.search("query_key"))
    assert any(".dagster" in one and "(zlib)" in one for one in whole_run.search("login_jwt"))


HIDDEN = "canary-Hidden/+=9f3K"


def parquet(path: Path) -> None:
    pq.write_table(pa.table({"x": [f"{n} {HIDDEN}" for n in range(2000)]}), path, compression="zstd")


def database(path: Path) -> None:
    """Two thousand texts that all hold the canary: DuckDB stores what they share once, cut into pieces."""
    with duckdb.connect(str(path)) as con:
        con.execute("create table t as select concat(i, ' ', ?, ' ', i * 7) as x from range(20000) as r(i)", [HIDDEN])


def only_a_comment(path: Path) -> None:
    with duckdb.connect(str(path)) as con:
        con.execute("create table t (x integer)")
        con.execute(f"comment on column t.x is '{HIDDEN}'")


HIDING = {
    "x.parquet": parquet,
    "x.duckdb": database,
    "comment.duckdb": only_a_comment,
    "x.xlsx": lambda path: path.write_bytes(workbook(rows=[("A1", HIDDEN, 1, 1)])),
    "x.gz": lambda path: path.write_bytes(gzip.compress(HIDDEN.encode())),
    "x.bin": lambda path: path.write_bytes(zlib.compress(f"...{HIDDEN}".encode())),
    "x.zip.gz": lambda path: path.write_bytes(gzip.compress(workbook(rows=[("A1", HIDDEN, 1, 1)]))),
    "base64": lambda path: path.write_bytes(base64.b64encode(f"dti:{HIDDEN}".encode())),
    HIDDEN.replace("/", "%2F").replace("+", "%2B").replace("=", "%3D"): lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("name", HIDING)
def test_the_search_sees_through_what_files_are(tmp_path: Path, name: str) -> None:
    HIDING[name](tmp_path / name)
    contents = contents_of([tmp_path])
    assert places_in(contents, [HIDDEN]) != []
    assert places_in(contents, ["canary-Other/+=9f3K"]) == []
