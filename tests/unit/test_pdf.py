"""Documents carry their fonts, every Vietnamese letter included, and what names say is never run."""

from __future__ import annotations

import io
import json
import unicodedata
from datetime import datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from pipelines.publication import pdf
from pipelines.settings import ZONE

LETTERS = (
    "".join(
        letter + letter.upper()
        for base in "aăâeêioôơuưy"
        for letter in (
            unicodedata.normalize("NFC", base + tone) for tone in ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
        )
    )
    + "đĐ"
)
HOSTILE = '#panic(1) *x* $ {{7*7}} <script>alert(1)</script> =HYPERLINK("x") \u202edlrow\u202c'


@pytest.fixture
def template(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    (tmp_path / "page.typ").write_text((pdf.TEMPLATES / "page.typ").read_text(encoding="utf-8"), encoding="utf-8")
    faces = "#data.plain #strong(data.plain) #emph(data.plain) #strong(emph(data.plain))"
    body = f'#import "page.typ": *\n#show: page-of\n{faces}'
    (tmp_path / "probe.typ").write_text(body, encoding="utf-8")
    monkeypatch.setattr(pdf, "TEMPLATES", tmp_path)
    return "probe.typ"


def _read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def test_every_letter_is_there_and_every_font_is_embedded(template: str) -> None:
    moment = datetime(2025, 1, 30, tzinfo=ZONE)
    reader = _read(pdf.pdf(template, {"plain": LETTERS}, moment))
    text = unicodedata.normalize("NFC", "".join(page.extract_text() for page in reader.pages))
    assert sorted(set(LETTERS) - set(text)) == []
    fonts = {
        kid["/FontDescriptor"]["/FontName"]: "/FontFile2" in kid["/FontDescriptor"]
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
        for kid in (one.get_object() for one in font.get_object()["/DescendantFonts"])
    }
    assert len(fonts) == 4
    assert all(fonts.values())
    assert all("LiberationSerif" in name for name in fonts)


def test_text_is_never_code(template: str) -> None:
    text = _read(pdf.pdf(template, {"plain": HOSTILE}, datetime(2025, 1, 30, tzinfo=ZONE))).pages[0].extract_text()
    assert "#panic(1)" in text
    assert "{{7*7}}" in text
    assert "49" not in text


def test_the_same_data_gives_the_same_bytes(template: str) -> None:
    moment = datetime(2025, 1, 30, tzinfo=ZONE)
    data = json.loads(json.dumps({"plain": LETTERS}))
    assert pdf.pdf(template, data, moment) == pdf.pdf(template, data, moment)
