"""Each ranking as papers to download: the decision's annex filled in, and its notice in DOCX and PDF."""

from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.publication.appendix import workbook
from pipelines.publication.docx import docx
from pipelines.publication.notice import notice
from pipelines.publication.pdf import pdf
from pipelines.publication.site import places
from pipelines.warehouse import open_release, ranking

if TYPE_CHECKING:
    from pipelines.publication.site.pages import Site
    from pipelines.publication.site.reading import Board

ANNEX_ROWS = 20_000
NOTICE_ROWS = 2_000
"""A larger group gets no papers: nobody would open a workbook of it, and the tables hold all of it."""
_NEEDED = {"claimed_points", "entered_scores"}


@dataclass(frozen=True)
class Paper:
    """A file of a ranking: `annex` or `notice`, its path in the site, how many bytes it has."""

    what: str
    path: str
    size: int

    @property
    def kind(self) -> str:
        return self.path.rpartition(".")[2].upper()


def write(site: Site) -> None:
    """Write the papers of every ranking, and remember them by the ranking's folder.

    A release that is older than what the annex shows has none.
    """
    there = {row[0] for row in site.con.execute("select table_name from duckdb_tables()").fetchall()}
    wanted = [one for one in site.boards if _has_annex(one) or one.agencies <= NOTICE_ROWS] if there >= _NEEDED else []
    # The file is not opened again for every question; typst, which does not need Python, works on the other processor.
    with open_release(site.release), ThreadPoolExecutor(max_workers=1) as aside:
        made = {board.folder: _papers(site, board, aside) for board in wanted}
        site.papers.update({folder: [one.result() for one in papers] for folder, papers in made.items() if papers})


def _has_annex(board: Board) -> bool:
    return board.scored and board.assessed <= ANNEX_ROWS


def _papers(site: Site, board: Board, aside: Executor) -> list[Future[Paper]]:
    """The annex and the notice of a ranking, of which the PDF may still be in the making."""
    found = ranking(site.release, board.year, board.group, board.period)
    if found.ruleset_id != board.ruleset_id:
        return []
    made = []
    if _has_annex(board):
        made.append(_done(_put(site, "annex", _name(board, ".xlsx"), workbook(found))))
    if board.agencies <= NOTICE_ROWS:
        moment = datetime.fromisoformat(site.release.as_of)
        data = notice(site.deployment, found)
        content = docx(site.deployment, "notice.docx", data, moment)
        made.append(_done(_put(site, "notice", _name(board, "-notice.docx"), content)))
        path = _name(board, "-notice.pdf")
        made.append(aside.submit(lambda: _put(site, "notice", path, pdf("notice.typ", data, moment))))
    return made


def _done(paper: Paper) -> Future[Paper]:
    there: Future[Paper] = Future()
    there.set_result(paper)
    return there


def _put(site: Site, what: str, path: str, content: bytes) -> Paper:
    site.write.file(path, content)
    return Paper(what, path, len(content))


def _name(board: Board, suffix: str) -> str:
    return f"{places.FILES}/{board.folder.replace('/', '-')}{suffix}"
