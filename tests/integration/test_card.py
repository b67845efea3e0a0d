"""`dti explain` as a card: Markdown, JSON and PDF say what the screen says."""

from __future__ import annotations

import io
import json
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

from pypdf import PdfReader
from typer.testing import CliRunner, Result

from pipelines.cli.main import app
from pipelines.explanation import explain
from pipelines.publication.card import card_data, card_pdf, markdown
from pipelines.releases import read

WORDS = ("explain", "an-giang-so-tai-chinh", "CKMB", "--year", "2025")


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*WORDS, *words], env={"DTI_DATA": str(folder)})


def found_in(folder: Path) -> dict[str, Any]:
    return explain(read((folder / "warehouse.duckdb").resolve().parent), *WORDS[1:3], 2025)


def text_of(content: bytes) -> str:
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return unicodedata.normalize("NFC", " ".join(text.replace("\u200b", "").split()))


def test_every_form_says_what_the_screen_says(published: Path, tmp_path: Path) -> None:
    screen = run(published).stdout
    card = card_data(found_in(published))
    for form in ("md", "json", "pdf"):
        done = run(published, "--format", form, "--out", str(tmp_path / f"card.{form}"))
        assert done.exit_code == 0, done.output
    written = {form: (tmp_path / f"card.{form}").read_bytes() for form in ("md", "json", "pdf")}
    record = json.loads(written["json"])
    assert record["points"] == record["trace"]["points"]
    pdf_text = text_of(written["pdf"])
    for row in card["rows"]:
        assert row["text"] in screen
        assert row["label"] in written["md"].decode()
        assert " ".join(f"{row['label']} {row['text']}".split()) in pdf_text
    assert card["figures"][0][4] in pdf_text.replace(" ", "")  # broken over two lines
    assert written["md"].decode() == run(published, "--format", "md").stdout


def test_the_page_carries_its_fonts_and_is_the_same_every_time(published: Path) -> None:
    found = found_in(published)
    card, as_of = card_data(found), found["release_as_of"]
    content = card_pdf(card, as_of)
    assert content == card_pdf(card, as_of)
    fonts = {
        kid["/FontDescriptor"]["/FontName"]: "/FontFile2" in kid["/FontDescriptor"]
        for page in PdfReader(io.BytesIO(content)).pages
        for font in page["/Resources"]["/Font"].values()
        for kid in (one.get_object() for one in font.get_object()["/DescendantFonts"])
    }
    assert fonts
    assert all(fonts.values())


def test_what_a_name_or_a_reason_holds_is_text(published: Path) -> None:
    hostile = "#panic(1) *x* | [a](b) <b> _y_\nz"
    decision = dict.fromkeys(("numerator", "denominator", "value"))
    row = {"points": "5", "document": "BB 1", "author": "Hội đồng", "reason": hostile, **decision}
    found = {**found_in(published), "agency_name": hostile}
    found["decisions"] = [{**row, "decided_on": date(2025, 11, 20)}]
    card = card_data(found)
    text = markdown(card)
    assert r"\#panic(1) \*x\* \| \[a\](b) \<b\> \_y\_ z" in text
    assert "#panic(1) *x* | [a](b) <b> _y_ z" in text_of(card_pdf(card, found["release_as_of"]))


def test_forms_that_cannot_be_are_refused(published: Path, tmp_path: Path) -> None:
    for words in (("--format", "docx"), ("--format", "pdf"), ("--out", str(tmp_path / "x"))):
        done = run(published, *words, "--json")
        assert (done.exit_code, json.loads(done.stdout)["error"]["code"]) == (2, "card-format")
    done = run(published, "--format", "md", "--out", str(tmp_path / "no" / "x.md"), "--json")
    assert json.loads(done.stdout)["error"]["code"] == "cannot-write"
