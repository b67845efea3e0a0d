"""Names that attack whoever reads them, wherever results are told: terminal, JSON, logs, papers, tables, dossiers.

The pages themselves are looked at in `tests/integration/test_site.py` and, in a browser, in `tests/browser`.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import duckdb
import openpyxl
import pytest
from docx import Document
from pypdf import PdfReader
from typer.testing import CliRunner

from common.durable import append_line
from common.one_line import visible
from connectors.sheets.outgoing import plain_text
from pipelines import releases
from pipelines.cli.main import app
from pipelines.publication.site import build
from pipelines.settings import Deployment
from tests.support.deployments import dti
from tests.support.hostile import HOSTILE, TERMINAL, hostile_deployment

ACTIVE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069]")
FORMULA = "=HYPERLINK"
RANKING = ("--year", "2025", "--group", "province")
LETTER = ("--text", "Xem lại", "--document", "CV 1", "--by", "Văn phòng")


@pytest.fixture(scope="module")
def hostile(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A deployment whose first provinces by rank have hostile names, those for terminals first."""
    root = tmp_path_factory.mktemp("hostile") / "data"
    shutil.copytree(published, root, symlinks=True, ignore=shutil.ignore_patterns(".dagster"))
    return hostile_deployment(Deployment(root), *TERMINAL)


@pytest.fixture(scope="module")
def ids(hostile: Deployment) -> dict[str, str]:
    """Agency ids by name."""
    with duckdb.connect(str(hostile.warehouse), read_only=True) as con:
        return {name: agency for agency, name in con.execute("select agency_id, name_vi from agencies").fetchall()}


def run(hostile: Deployment, *words: str) -> str:
    done = CliRunner().invoke(app, list(words), env={"DTI_DATA": str(hostile.root)})
    assert done.exit_code == 0, done.output
    return done.output


SAID: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "rank": (RANKING, TERMINAL),
    "robustness": ((*RANKING, "--draws", "20"), TERMINAL),
    "explain": (("AGENCY", "MDSH", "--year", "2025"), TERMINAL[:1]),
    "lift": (("AGENCY", "--year", "2025", "--gain", "1"), TERMINAL[:1]),
    "whatif": (("--year", "2025", "--set", "AGENCY:MDSH=1"), TERMINAL[:1]),
}


@pytest.mark.parametrize("command", SAID)
def test_X05_a_terminal_shows_names_and_obeys_none(hostile: Deployment, ids: dict[str, str], command: str) -> None:
    """Titles, colours, cleared screens and changes of direction in a name are shown as their codes by every command."""
    words, names = SAID[command]
    said = run(hostile, command, *(word.replace("AGENCY", ids[TERMINAL[0]]) for word in words))
    assert ACTIVE.search(said) is None
    for name in names:
        assert visible(name)[:12] in "".join(said.split("\n"))


def test_X05_markup_and_templates_are_text_in_a_terminal(hostile: Deployment) -> None:
    """No mark-up of the screen's own library is read in a name, and no template."""
    said = "".join(run(hostile, "rank", *RANKING).split())
    for name in ("<script>alert(1)</script>", "{{7*7}}", "{%raw%}", "javascript:alert(1)//"):
        assert name in said


def test_X05_json_holds_the_very_names_and_no_sign_that_a_terminal_obeys(hostile: Deployment) -> None:
    """A program gets the name as it is; who looks at the same text in a terminal gets codes."""
    said = run(hostile, "rank", *RANKING, "--json")
    assert ACTIVE.search(said) is None
    assert {*TERMINAL, *HOSTILE} <= {row["name_vi"] for row in json.loads(said)["data"]["agencies"]}


@pytest.mark.parametrize("name", [*TERMINAL, *HOSTILE, "a\nb", "a\x85b"])
def test_X05_a_line_of_a_log_is_one_line(tmp_path: Path, name: str) -> None:
    """The journal, the ledgers and what is sent as JSON lines: one line, the name whole in it, nothing to obey."""
    log = tmp_path / "journal.jsonl"
    append_line(log, {"name": name})
    append_line(log, {"name": "sau"})
    text = log.read_bytes().decode()
    assert ACTIVE.search(text) is None
    assert [json.loads(line)["name"] for line in text.splitlines()] == [name, "sau"]


def test_X05_the_notice_holds_names_as_text(hostile: Deployment, tmp_path: Path) -> None:
    """DOCX and PDF: names are neither templates nor markup, and turn no direction."""
    for suffix in ("docx", "pdf"):
        run(hostile, "document", "notice", *RANKING, "--out", str(tmp_path / f"notice.{suffix}"))
    word = Document(str(tmp_path / "notice.docx"))
    cells = {cell.text for table in word.tables for row in table.rows for cell in row.cells}
    assert {visible(name) for name in [*TERMINAL, *HOSTILE]} <= cells
    assert ACTIVE.search("".join([*cells, *(one.text for one in word.paragraphs)])) is None
    sheets = PdfReader(tmp_path / "notice.pdf").pages
    text = "".join("".join(sheet.extract_text().split()) for sheet in sheets)
    assert ACTIVE.search(text) is None
    for name in ("<script>alert(1)</script>", "{{7*7}}", "{% raw %}", "W" * 300, *map(visible, TERMINAL)):
        assert "".join(name.split()) in text
    assert not any("/Annots" in sheet for sheet in sheets), "no name became a link"


def test_X05_the_card_is_markdown_without_markup_of_a_name(hostile: Deployment, ids: dict[str, str]) -> None:
    """In `dti explain --format md` every sign of Markdown and HTML in a name is escaped."""
    for name in (*TERMINAL, *HOSTILE):
        card = run(hostile, "explain", ids[name], "MDSH", "--year", "2025", "--format", "md")
        assert ACTIVE.search(card) is None
        assert re.search(r"(?<!\\)[<>\[\]]", card.replace("**", "").replace("|---|---|", "")) is None, name


def test_S18_the_annex_has_no_formula(hostile: Deployment, tmp_path: Path) -> None:
    """Names in the annex workbook are cells of type text, with their content whole."""
    path = tmp_path / "annex.xlsx"
    run(hostile, "document", "appendix", *RANKING, "--out", str(path))
    content = path.read_bytes()
    with ZipFile(BytesIO(content)) as parts:
        assert not any(b"<f>" in parts.read(part) for part in parts.namelist() if "worksheets/" in part)
    names = [cell for row in openpyxl.load_workbook(path).worksheets[0].iter_rows() for cell in row if cell.column == 2]
    found = {openpyxl.utils.escape.unescape(str(cell.value)): cell for cell in names if cell.value}
    assert {*TERMINAL, *HOSTILE} <= found.keys()
    assert {found[name].data_type for name in HOSTILE} == {"s"}


def test_S18_no_download_begins_a_field_like_a_formula(hostile: Deployment, tmp_path: Path) -> None:
    """CSV of the site and of `dti robustness`: the mark of text stands before it, and comes off again."""
    release = releases.current(hostile)
    assert release is not None
    site = build.publish_to(hostile, release, tmp_path / "site").folder
    run(hostile, "robustness", *RANKING, "--draws", "20", "--csv", str(tmp_path / "firm.csv"))
    files = [*(site / "downloads").glob("*.csv"), tmp_path / "firm.csv"]
    assert len(files) > 20
    marked = set()
    for path in files:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            fields = {field for row in csv.reader(lines) for field in row}
        assert [one for one in fields if one.lstrip().startswith((FORMULA, "+", "@"))] == [], path
        marked |= {path.name for one in fields if plain_text(one).startswith(FORMULA) and plain_text(one) != one}
    assert {"agencies.csv", "firm.csv", "changes.csv"} <= marked
    package = json.loads((site / "downloads" / "datapackage.json").read_text(encoding="utf-8"))
    assert len(package["resources"]) == len(files) - 1


def test_S18_scores_of_a_table_of_ones_own(tmp_path: Path) -> None:
    """`dti score` prints CSV: an agency called like a formula is text there too."""
    values = tmp_path / "values.csv"
    values.write_text('agency,indicator,value\n"=HYPERLINK(""x"")",total,252\n-1+1,total,251\n', encoding="utf-8")
    words = ("score", "--ruleset", "hau_giang/1949-2022/district", "--values", str(values), "--totals")
    done = dti(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert {row[0] for row in csv.reader(done.stdout.splitlines()[1:])} == {'\'=HYPERLINK("x")', "'-1+1"}


def test_X05_a_dossier_is_text(hostile: Deployment, ids: dict[str, str]) -> None:
    """An appeal of such an agency: explanation, letter and table hold its name as text."""
    for name in (FORMULA + '("http://attacker.test","bấm")', TERMINAL[0], "{{7*7}}"):
        words = ("appeal", "new", ids[name], "MDSH", "--year", "2025", "--set", "1", *LETTER, "--json")
        folder = Path(json.loads(run(hostile, *words))["data"]["folder"])
        for file in ("explanation.md", "explanation.json", "letter.md", "effect.json", "evidence.csv"):
            text = (folder / file).read_text(encoding="utf-8")
            assert ACTIVE.search(text.removeprefix("\ufeff")) is None, (name, file)
        paper = "\n".join(one.text for one in Document(str(folder / "letter.docx")).paragraphs)
        assert visible(name) in paper
        assert re.search(r"(?<!\\)[<>\[\]]", (folder / "letter.md").read_text(encoding="utf-8")) is None
