"""The results site as files: every figure is the warehouse's, every link leads somewhere, nothing is half done."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import pytest

from pipelines import changes, journal, releases
from pipelines.publication.site import build, places
from pipelines.publication.site import pages as site_pages
from pipelines.publication.site.render import Writer
from pipelines.settings import Deployment
from rulesets.scoring.explain import card
from tests.support.deployments import dti, dti_json
from tests.support.hostile import HOSTILE, hostile_release
from tests.support.pages import Element, Pages

MOST = 100_000
"""Bytes of a page with its style sheet."""


@pytest.fixture(scope="module")
def pages(sample_years: Path) -> Pages:
    return Pages((sample_years / "site").resolve())


@pytest.fixture(scope="module")
def con(sample_years: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample_years / "warehouse.duckdb"), read_only=True) as con:
        yield con


def folder(row: dict[str, Any]) -> str:
    return places.board_folder(row["period"], row["agency_group"], row["ruleset_id"])


def rows_of(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    cursor = con.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def exact(element: Element) -> Decimal | None:
    given = element.attrs["value"]
    return Decimal(given) if given else None


@pytest.mark.slow
def test_every_rank_and_total_of_the_rankings_is_the_warehouses(pages: Pages, con: duckdb.DuckDBPyConnection) -> None:
    shown = {}
    boards = {folder(row) for row in rows_of(con, "select distinct ruleset_id, agency_group, period from rankings")}
    for path in pages.paths:
        if path.rpartition("/")[0] in boards and "/index" in path:
            table = pages.read(path).all("table")[0]
            for row in table.all("tbody")[0].all("tr"):
                name = row.all("th")[0].all("a")[0]
                agency = name.attrs["href"].rpartition("/")[2].removesuffix(".html")
                rank = row.all("td")[0].all("b")[0].text
                shown[path.rpartition("/")[0], agency] = (name.text, rank, exact(row.all("data")[0]))
    names = dict(con.execute("select agency_id, name_vi from agencies").fetchall())
    expected = {
        (folder(row), row["agency_id"]): (names[row["agency_id"]], str(row["rank"] or "–"), row["total"])
        for row in rows_of(con, "from rankings")
    }
    assert len(expected) > 200
    assert shown == expected


@pytest.mark.slow
def test_every_point_of_the_profiles_is_the_warehouses_and_has_its_card(
    pages: Pages, con: duckdb.DuckDBPyConnection
) -> None:
    scores: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows_of(con, "select s.*, i.reference from indicator_scores as s inner join indicators as i "
                            "using (ruleset_id, indicator_code)"):  # fmt: skip
        path = f"{folder(row)}/agency/{row['agency_id']}.html"
        scores.setdefault(path, {})[row["indicator_code"]] = row
    totals = {
        f"{folder(r)}/agency/{r['agency_id']}.html": (r["rank"], r["total"]) for r in rows_of(con, "from rankings")
    }
    assert {path for path in pages.paths if "/agency/" in path} == set(totals)
    for path, (rank, total) in totals.items():
        page = pages.read(path)
        facts = page.all("dl", class_="facts")[0].all("dd")
        assert facts[0].text.startswith(str(rank or "–")), path
        assert exact(facts[1].all("data")[0]) == total, path
        cards = {one.attrs["id"].removeprefix("i-"): one for one in page.all("details")}
        assert cards.keys() == scores.get(path, {}).keys(), path
        for code, row in scores.get(path, {}).items():
            assert exact(cards[code].all("summary")[0].all("data")[0]) == row["points"], (path, code)
            told = dict(card({"trace": row["trace"], "reference": row["reference"]}))
            said = cards[code].text
            for label in ("Quy tắc", "Căn cứ", "Cách tính", "Vì"):
                assert " ".join(told.get(label, "").split()) in said, (path, code, label)


@pytest.mark.slow
def test_every_figure_leads_to_its_pull_and_record(pages: Pages, con: duckdb.DuckDBPyConnection) -> None:
    page = pages.read("2024/district/agency/an-giang-cu-chau-doc.html")
    proofs = {row.attrs["id"]: row.text for row in page.all("tr") if row.attrs.get("id", "").startswith("n")}
    expected = rows_of(
        con,
        "select f.indicator_code, f.pull_id, v.body_sha256 from indicator_figures as f left join metric_values as v "
        "using (agency_id, assessment_year, period, metric, stage) "
        "where f.agency_id = 'an-giang-cu-chau-doc' and f.assessment_year = 2024 and f.pull_id is not null",
    )
    assert len(expected) > 100
    cards = {one.attrs["id"]: one for one in page.all("details")}
    for row in expected:
        links = cards[f"i-{row['indicator_code']}"].all("table")[0].all("a")
        led_to = [proofs[link.attrs["href"].removeprefix("#")] for link in links]
        assert any(row["pull_id"] in text and (row["body_sha256"] or "") in text for text in led_to), row


@pytest.mark.slow
def test_all_links_lead_somewhere_and_nothing_leads_out(pages: Pages) -> None:
    assert len(pages.paths) > 350
    assert pages.broken() == []
    for path in pages.paths:
        page = pages.read(path)
        assert not page.all("script")
        assert [e.attrs for e in page.walk() if "style" in e.attrs or any(n.startswith("on") for n in e.attrs)] == []
        ids = [e.attrs["id"] for e in page.walk() if "id" in e.attrs]
        assert len(ids) == len(set(ids)), path


@pytest.mark.slow
def test_no_page_is_heavy(pages: Pages) -> None:
    style = (pages.root / "site.css").stat().st_size
    heavy = [path for path in pages.paths if (pages.root / path).stat().st_size + style > MOST]
    assert heavy == []


@pytest.mark.slow
def test_the_downloads_are_a_valid_data_package_with_every_row(pages: Pages, con: duckdb.DuckDBPyConnection) -> None:
    package = pages.root / "downloads" / "datapackage.json"
    report = frictionless.validate(str(package))
    assert report.valid, report.flatten(["name", "message"])[:3]
    for resource in json.loads(package.read_text(encoding="utf-8"))["resources"]:
        name, file = resource["name"], pages.root / "downloads" / resource["path"]
        if name == "changes":
            continue
        expected = con.execute(f"select count(*) from {name}").fetchall()
        assert con.execute(f"select count(*) from '{file.with_suffix('.parquet')}'").fetchall() == expected
        assert con.execute(f"select count(*) from read_csv('{file}', all_varchar = true)").fetchall() == expected
    annexes = {path.name for path in package.parent.glob("*.xlsx")}
    assert {"2024-district.xlsx", "2025-commune.national-766-2022.xlsx"} <= annexes


@pytest.mark.slow
def test_within_two_clicks_one_finds_why_an_agency_lost_two_ranks(pages: Pages) -> None:
    """From the front page: the changes; there the agency; its page says whom it was passed by, and for which parts."""
    first = {target for _, target, _ in pages.links(places.HOME)}
    assert places.CHANGES in first
    lost = [
        row for row in pages.read(places.CHANGES).all("tr") if row.all("td") and row.all("td")[1].text == "giảm ▼ 2"
    ]
    assert lost
    link = lost[0].all("a")[0].attrs["href"]
    page = pages.read(link.partition("#")[0])
    assert link.endswith("#thay-doi")
    assert "thay-doi" in pages.ids(link.partition("#")[0])
    text = page.all("main")[0].text
    assert "Bị vượt bởi" in text
    assert "Các phần cộng lại đúng bằng thay đổi của tổng điểm" in text


@pytest.mark.slow
def test_changes_as_a_table_add_up_and_papers_are_what_they_are_called(
    pages: Pages, con: duckdb.DuckDBPyConnection
) -> None:
    """Each agency's parts add up to the change of its total, and what stands now is the warehouse's."""
    folder = pages.root / "downloads"
    with (folder / "changes.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    key = ("agency_id", "agency_group", "period")
    now = {tuple(row[name] for name in key): row for row in rows_of(con, "from rankings")}
    gains: dict[tuple[str, ...], Decimal] = {}
    for row in rows:
        own = tuple(row[name] for name in key)
        gains[own] = gains.get(own, Decimal(0)) + Decimal(row["gain"] or 0)
        assert (int(row["rank_after"]), Decimal(row["total_after"])) == (now[own]["rank"], now[own]["total"])
    for row in rows:
        own = tuple(row[name] for name in key)
        assert Decimal(row["total_after"]) - Decimal(row["total_before"]) == gains[own]
    assert len(gains) > 30
    assert {path.read_bytes()[:5] for path in folder.glob("*-notice.pdf")} == {b"%PDF-"}
    assert len(list(folder.glob("*-notice.docx"))) == len(list(folder.glob("*-notice.pdf"))) == 8


def test_the_same_release_gives_the_same_bytes(published: Path, tmp_path: Path) -> None:
    deployment = Deployment(published)
    release = releases.current(deployment)
    assert release is not None
    digests = []
    for name in ("a", "b"):
        made = build.publish_to(deployment, release, tmp_path / name)
        digests.append(made.digest)
    assert digests[0] == digests[1]
    files = [
        {p.relative_to(tmp_path / n).as_posix(): p.read_bytes() for p in (tmp_path / n).rglob("*") if p.is_file()}
        for n in "ab"
    ]
    assert files[0] == files[1]
    assert len(files[0]) > 200


def test_publish_shows_the_current_release_and_any_other_beside_it(own_copy: Deployment, tmp_path: Path) -> None:
    code, answer = dti_json(own_copy, "publish")
    assert (code, answer["data"]["current"], answer["data"]["release"]) == (0, True, 2)
    shown = own_copy.site.resolve()
    assert Pages(shown).broken() == []
    assert build.release_shown(own_copy) == 2
    code, answer = dti_json(own_copy, "publish", "--release", "1", "--out", str(tmp_path / "out"))
    assert (code, answer["data"]["current"], answer["data"]["release"]) == (0, False, 1)
    assert own_copy.site.resolve() == shown
    assert releases.read(tmp_path / "out").number == 1
    assert Pages(tmp_path / "out").broken() == []
    again = dti(own_copy, "publish", "--out", str(tmp_path / "out"))
    assert again.returncode == 0, again.stderr
    assert releases.read(tmp_path / "out").number == 2
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_folder_that_is_no_site_is_left_alone(own_copy: Deployment, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    code, answer = dti_json(own_copy, "publish", "--out", str(mine))
    assert (code, answer["error"]["code"]) == (2, "not-a-site")
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]


def test_a_fault_half_way_leaves_the_earlier_site_and_nothing_else(
    own_copy: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = releases.current(own_copy)
    assert release is not None
    build.publish(own_copy, release)
    shown = own_copy.site.resolve()
    real, count = Writer.page, iter(range(10_000))

    def breaks(self: Writer, path: str, template: str, **data: Any) -> None:
        if next(count) == 50:
            raise OSError(28, "No space left on device")
        real(self, path, template, **data)

    monkeypatch.setattr(Writer, "page", breaks)
    with pytest.raises(Exception, match="No space left"):
        build.publish(own_copy, release)
    assert own_copy.site.resolve() == shown
    assert [path.name for path in own_copy.sites.iterdir()] == [shown.name]
    assert (shown / "index.html").is_file()


@pytest.mark.slow
def test_a_refresh_whose_site_fails_still_publishes_and_says_so(own_copy: Deployment) -> None:
    settings = own_copy.root / "dti.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("site: false", "site: true"), encoding="utf-8")
    own_copy.sites.write_text("a file where the folder should be")
    code, answer = dti_json(own_copy, "refresh", "--year", "2025", "--as-of", "2025-10-16", "--rebuild")
    assert code == 1
    assert answer["data"]["published"]
    assert answer["data"]["current"]
    assert answer["data"]["site"]["code"] == "cannot-write"
    assert [entry["release"] for entry in journal.read(own_copy.journal, "site-failed")] == [3]
    code, answer = dti_json(own_copy, "doctor")
    behind = [one for one in answer["data"] if one["name"][1] == "Site"]
    assert not behind[0]["ok"]
    own_copy.sites.unlink()
    done = dti(own_copy, "publish")
    assert done.returncode == 0, done.stderr
    assert build.release_shown(own_copy) == 3


@pytest.mark.slow
def test_a_year_is_a_draft_until_it_is_frozen(own_copy: Deployment) -> None:
    release = releases.current(own_copy)
    assert release is not None
    ranking = "2025/province.national-766-2022/index.html"
    build.publish(own_copy, release)
    draft = Pages(own_copy.site.resolve()).read(ranking)
    assert "DỰ THẢO" in draft.text
    assert draft.all("body")[0].attrs["class"].split()[0] == "draft"
    settings = own_copy.root / "dti.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("site: false", "site: true"), encoding="utf-8")
    done = dti(own_copy, "release", "build", "2025", "--reason", "Quyết định công bố mẫu")
    assert done.returncode == 0, done.stderr
    final = Pages(own_copy.site.resolve()).read(ranking)
    assert "CHÍNH THỨC" in final.text
    assert "DỰ THẢO" not in final.text
    assert "draft" not in final.all("body")[0].attrs["class"]


def test_how_firm_ranks_are_is_public_only_where_the_deployment_says_so(own_copy: Deployment) -> None:
    release = releases.current(own_copy)
    assert release is not None
    ranking = "2025/province.national-766-2022/index.html"
    build.publish(own_copy, release)
    before = Pages(own_copy.site.resolve())
    profiles = [path for path in before.paths if path.startswith("2025/province.national-766-2022/agency/")]
    assert [path for path in [ranking, *profiles] if "Khoảng hạng" in before.read(path).text] == []
    settings = own_copy.root / "dti.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + "publish_robustness: true\n", encoding="utf-8")
    build.publish(Deployment(own_copy.root), release)
    site = Pages(own_copy.site.resolve())
    page = site.read(ranking)
    rows = page.all("table")[0].all("tbody")[0].all("tr")
    shown = {row.all("th")[0].all("a")[0].text: row.all("td")[1].text for row in rows}
    code, answer = dti_json(own_copy, "robustness", "--year", "2025", "--group", "province", "--period", "2025")
    assert code == 0
    assert shown == {one["name_vi"]: f"{one['low']}–{one['high']}" for one in answer["data"]["agencies"]}
    assert any(one["low"] < one["high"] for one in answer["data"]["agencies"])
    assert f"trong {answer['data']['assumptions']['draws']} lần" in page.text
    told = {path: site.read(path).all("dl")[0].text for path in profiles}
    assert len(told) == len(shown)
    for one in answer["data"]["agencies"]:
        (own,) = [text for path, text in told.items() if path.endswith(f"/{one['agency_id']}.html")]
        assert f"Khoảng hạng Rank interval{one['low']}–{one['high']}" in " ".join(own.split())
    assert site.broken() == []


def test_pages_are_the_same_however_many_agencies_are_read_at_a_time(
    own_copy: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = releases.current(own_copy)
    assert release is not None
    build.publish_to(own_copy, release, tmp_path / "one")
    monkeypatch.setattr(site_pages, "BATCH", 3)
    monkeypatch.setattr(changes, "_ROWS", 1)  # every agency is compared by itself
    build.publish_to(own_copy, release, tmp_path / "other")
    one, other = ({path: path.read_bytes() for path in _pages(tmp_path / name)} for name in ("one", "other"))
    assert [path.name for path in one] == [path.name for path in other]
    assert list(one.values()) == list(other.values())
    rows = [
        sorted((tmp_path / name / "downloads" / "changes.csv").read_bytes().splitlines()) for name in ("one", "other")
    ]
    assert rows[0] == rows[1]


def _pages(folder: Path) -> list[Path]:
    """All of a site but the list of downloads, which tells how large the files are."""
    return [path for path in sorted(folder.rglob("*.html")) if path.parent.name != "downloads"]


def test_simulated_figures_are_named_above_every_ranking_and_profile(own_copy: Deployment) -> None:
    release = releases.current(own_copy)
    assert release is not None
    build.publish(own_copy, release)
    site = Pages(own_copy.site.resolve())
    boards = [path for path in site.paths if path.startswith("2025")]
    assert len(boards) > 100
    assert [path for path in boards if "SỐ LIỆU TỪ HỆ THỐNG MÔ PHỎNG" not in site.read(path).all("aside")[0].text] == []


def test_hostile_names_are_text_and_nothing_else(published: Path, tmp_path: Path) -> None:
    """X05: names as elements, templates, formulas, marks of direction, and 300 characters without a space."""
    release = hostile_release(Deployment(published), tmp_path)
    build.publish_to(Deployment(published), release, tmp_path / "site")
    site = Pages(tmp_path / "site")
    plain = Pages(_plain_site(published, tmp_path))
    assert site.paths == plain.paths
    assert site.broken() == []
    ranking = "2025/province.national-766-2022/index.html"
    names = [one.text for one in site.read(ranking).all("bdi")]
    for name in HOSTILE:
        assert " ".join(name.split()) in names
    for path in site.paths:
        shapes = [[e.tag for e in pages.read(path).walk()] for pages in (site, plain)]
        assert shapes[0] == shapes[1], path
    everything = b"".join(path.read_bytes() for path in (tmp_path / "site").rglob("*") if path.suffix == ".html")
    assert "Nguyễn Thị Bí Mật".encode() not in everything, "rows that were set aside are counted, never shown"


def _plain_site(published: Path, tmp_path: Path) -> Path:
    """The same release with names of the same order that mean no harm."""
    release = hostile_release(Deployment(published), tmp_path / "plain", harmless=True)
    build.publish_to(Deployment(published), release, tmp_path / "plain-site")
    return tmp_path / "plain-site"


def test_an_older_release_without_later_tables_has_pages_too(published: Path, tmp_path: Path) -> None:
    deployment = Deployment(published)
    release = releases.current(deployment)
    assert release is not None
    shutil.copytree(release.folder, tmp_path / "old")
    with duckdb.connect(str(tmp_path / "old" / releases.FILE)) as con:
        for table in ("grades", "exception_articles", "source_states", "claimed_points", "frozen_years"):
            con.execute(f"drop table {table}")
        con.execute("alter table indicators drop column rule_vi")
        con.execute("alter table rulesets drop column notes")
    build.publish_to(deployment, dataclasses.replace(release, folder=tmp_path / "old"), tmp_path / "site")
    assert Pages(tmp_path / "site").broken() == []


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("6.10", "6.10"),
        ("MDSH", "MDSH"),
        ("..", "~.."),
        ("a/b", "a~2fb"),
        ("~2f", "~7e2f"),
        ("", "~"),
        ("đ", "~c4~91"),
    ],
)
def test_codes_become_addresses_that_stay_inside(name: str, made: str) -> None:
    assert places.safe(name) == made
