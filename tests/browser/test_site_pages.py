"""The results site as people meet it: in a browser, wide, narrow, light, dark, by keyboard, on paper, attacked."""

from __future__ import annotations

import csv
import json
import re
from decimal import Decimal
from pathlib import Path

import axe_playwright_python
import duckdb
import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from pipelines.publication.site.words import signed
from tests.browser.conftest import Looked

pytestmark = pytest.mark.slow

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
RULES = {"preload": False, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
DISTRICT = "2024/district/agency/an-giang-cu-chau-doc.html"
KINDS = [
    *("index.html", "changes.html", "quality.html", "method/index.html", "method/an_giang-1407-2024-district.html"),
    *("downloads/index.html", "2024/district/index.html", "2025/commune.national-766-2022/index.html"),
    *("2024/department/compare.html", "2024/district/indicators.html", "2024/district/indicator/6.7.html", DISTRICT),
    *("2025/province.national-766-2022/agency/an-giang.html", "2018/district/index.html"),
]
PROVINCES = "2025/province.national-766-2022"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_kind_of_page_is_accessible_and_quiet(browser: Browser, site: Path, scheme: str) -> None:
    looked = Looked(browser, scheme)
    found = {}
    for path in KINDS:
        page = looked.at(site / path)
        page.evaluate("document.querySelectorAll('details').forEach((one, at) => { one.open = at % 5 == 0 })")
        page.evaluate(AXE)
        result = page.evaluate(f"axe.run(document, {json.dumps(RULES)})")
        for one in result["violations"]:
            found[path, one["id"]] = [node["html"][:120] for node in one["nodes"][:3]]
    assert found == {}
    assert looked.troubles == []
    assert {url.partition(":")[0] for url in looked.asked} <= {"file", "data"}
    looked.context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_scrolls_sideways(browser: Browser, site: Path, hostile_site: Path, width: int) -> None:
    looked = Looked(browser, width=width)
    paths = [site / path for path in KINDS]
    paths += [hostile_site / PROVINCES / name for name in ("index.html", "compare.html", "indicators.html")]
    paths += sorted((hostile_site / PROVINCES / "agency").glob("*.html"))[:12]
    wide = []
    for path in paths:
        page = looked.at(path)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wide.append(str(path))
    assert wide == []
    looked.context.close()


def test_hostile_names_do_nothing(browser: Browser, hostile_site: Path) -> None:
    """X05: nothing runs, nothing is asked for, and every name is there as text."""
    looked = Looked(browser)
    for path in (hostile_site / PROVINCES / "index.html", hostile_site / "index.html", hostile_site / "changes.html"):
        page = looked.at(path)
        assert page.evaluate("document.querySelectorAll('script, img, h1 h1, bdi *').length") == 0
    text = looked.at(hostile_site / PROVINCES / "index.html").evaluate("document.body.innerText")
    for name in ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "{% raw %}", "W" * 300):
        assert name in text
    assert looked.troubles == []
    assert {url.partition(":")[0] for url in looked.asked} <= {"file", "data"}
    looked.context.close()


def test_by_keyboard_one_skips_to_the_content_and_opens_a_card(browser: Browser, site: Path) -> None:
    looked = Looked(browser)
    page = looked.at(site / DISTRICT)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.focus("#i-6\\.10 > summary")
    page.keyboard.press("Enter")
    assert page.evaluate("document.getElementById('i-6.10').open")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    looked.context.close()


def test_a_link_to_a_card_opens_it_by_itself(browser: Browser, site: Path) -> None:
    """From the page of an indicator to an agency's card, and on to the source of its figure."""
    looked = Looked(browser)
    page = looked.at(site / "2024/district/indicator/6.7.html")
    page.click("text=UBND thành phố Châu Đốc")
    assert page.url.endswith("chau-doc.html#i-6.7")
    page.click("#i-6\\.7 > summary")
    page.click("#i-6\\.7 table a >> nth=0")
    assert re.search(r"#n\d+$", page.url)
    assert page.locator("tr:target").inner_text().count("20241125T235959-") == 1
    looked.context.close()


def test_two_clicks_lead_from_the_front_page_to_the_table_that_proves_why_two_ranks_were_lost(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    """The front page says who lost two ranks; one click: why, with its parts; one more: the same parts as a table."""
    looked = Looked(browser)
    page = looked.at(site / "index.html")
    fallen = page.locator("#h-moi ~ ul li", has_text=re.compile("▼ 2\\b")).first
    name = fallen.locator("a").inner_text()
    fallen.locator("a").click()
    assert page.url.endswith("#thay-doi")
    parts = page.get_by_role("region", name="Các phần của thay đổi").locator("tbody tr")
    told = [
        (row.locator("th").inner_text().partition(".")[0], row.locator("td").nth(2).inner_text()) for row in parts.all()
    ]
    assert told
    with page.expect_download() as caught:
        page.get_by_role("link", name="mọi thay đổi kèm lý do (CSV)").click()
    caught.value.save_as(tmp_path / "changes.csv")
    with (tmp_path / "changes.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["agency"] == name]
    period = next(row["period"] for row in rows if int(row["rank_after"]) - int(row["rank_before"]) == 2)
    proof = {(row["code"], signed(Decimal(row["gain"]))) for row in rows if row["period"] == period}
    assert set(told) <= proof
    assert [one for one in looked.troubles if not one.endswith("changes.csv")] == [], "a download ends its request"
    looked.context.close()


def test_on_paper_every_indicator_is_there_with_its_formula(
    browser: Browser, site: Path, sample_years: Path, tmp_path: Path
) -> None:
    with duckdb.connect(str(sample_years / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute(
            "select i.indicator_code, i.name_vi, s.points from indicator_scores as s inner join indicators as i "
            "using (ruleset_id, indicator_code) where s.agency_id = 'an-giang-cu-chau-doc' and s.assessment_year = 2024"
        ).fetchall()
    assert len(rows) == 65
    text = _printed(browser, site / DISTRICT, tmp_path)
    for code, name, points in rows:
        assert _packed(name) in text, code
        assert _packed(f"{code}") in text
        assert f"{points:.2f}".replace(".", ",") in text
    assert text.count("Quytắc") >= 65, "closed cards are printed open"
    assert "16,599909991" in text
    assert "DỰTHẢO" in text


def test_on_paper_long_tables_repeat_their_head(browser: Browser, site: Path, tmp_path: Path) -> None:
    path = tmp_path / "ranking.pdf"
    looked = Looked(browser)
    looked.at(site / "2025/commune.national-766-2022/index.html").pdf(path=str(path), prefer_css_page_size=True)
    looked.context.close()
    sheets = PdfReader(path).pages
    texts = [_packed(sheet.extract_text()) for sheet in sheets]
    tables = [text for text in texts if "UBNDxã" in text or "UBNDphường" in text]
    assert len(tables) >= 3
    assert all("Cơquan" in text and "Tổngđiểm" in text for text in tables)
    box = sheets[0].mediabox
    assert (round(box.width), round(box.height)) == (842, 595), "A4, landscape for a broad table"


def _printed(browser: Browser, path: Path, folder: Path) -> str:
    looked = Looked(browser)
    looked.at(path).pdf(path=str(folder / "page.pdf"), prefer_css_page_size=True)
    looked.context.close()
    return _packed("".join(sheet.extract_text() for sheet in PdfReader(folder / "page.pdf").pages))


def _packed(text: str) -> str:
    """Without white space: a PDF breaks lines where it likes."""
    return "".join(text.split())
