"""How every command answers: a table for people or JSON for programs on stdout, progress and errors on stderr.

`{"ok": true, "data": …, "warnings": […]}` or `{"ok": false, "error": {"code", "message", "hint", "where"}}`; exit codes
0 done, 1 unexpected, 2 usage, 3 configuration or ruleset invalid, 4 source failed or stale, 5 a quality gate blocked,
6 difference found, 7 locked.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from common.errors import DtiError, Text, UsageError
from common.one_line import visible
from common.storage import storage_told
from pipelines import progress, sharing, stopping
from pipelines.settings import Deployment

Json = Annotated[bool, typer.Option("--json", help="Trả lời bằng JSON trên stdout. Answer in JSON.")]
Lang = Annotated[str, typer.Option("--lang", help="Ngôn ngữ: vi | en. Language of labels and messages.")]
Data = Annotated[str, typer.Option("--data", help="Thư mục triển khai (mặc định: DTI_DATA hoặc data/). Deployment.")]


_LABEL = 16


@dataclass
class Answer:
    """What a command found. `text` prints it for a person with `Screen`; `data` is the same for a program."""

    data: Any
    text: Callable[[Screen], None]
    warnings: list[Text] = field(default_factory=list)
    exit_code: int = 0


class Screen:
    """The person's terminal, in one language."""

    def __init__(self, lang: str) -> None:
        from rich.console import Console

        self.lang = lang
        self.console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)

    def t(self, vi: str, en: str) -> str:
        """The text in this screen's language."""
        return en if self.lang == "en" else vi

    def line(self, vi: str = "", en: str | None = None) -> None:
        self.console.print(visible(vi if en is None else self.t(vi, en)), markup=False, soft_wrap=True)

    def title(self, vi: str, en: str) -> None:
        from rich.text import Text as RichText

        self.console.print()
        self.console.print(RichText(visible(self.t(vi, en)), style="bold"), soft_wrap=True)

    def field(self, label: tuple[str, str], vi: str, en: str) -> None:
        """A labelled fact, folded so that what follows stands under what came first."""
        head = f"{self.t(*label):<{_LABEL}}"
        self._folded(head, " " * _LABEL, self.t(vi, en))

    def item(self, mark: str, vi: str, en: str, indent: int = 2) -> None:
        """A line of a list, folded behind its mark."""
        head = f"{' ' * indent}{mark} "
        self._folded(head, " " * len(head), self.t(vi, en))

    def _folded(self, head: str, under: str, text: str) -> None:
        lines = textwrap.wrap(
            text, max(40, self.console.width), initial_indent=head, subsequent_indent=under, break_on_hyphens=False
        )
        for line in lines or [head.rstrip()]:
            self.console.print(visible(line), markup=False, soft_wrap=True)

    def table(self, columns: list[tuple[str, str]], rows: list[list[Any]], numeric: tuple[int, ...] = ()) -> None:
        """A plain table; `columns` are headings in Vietnamese and English."""
        from rich import box
        from rich.table import Table
        from rich.text import Text as RichText

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for at, (vi, en) in enumerate(columns):
            table.add_column(self.t(vi, en), justify="right" if at in numeric else "left", overflow="fold")
        for row in rows:
            table.add_row(*(RichText("" if cell is None else visible(str(cell))) for cell in row))
        self.console.print(table)


def answers(command: Callable[..., Answer]) -> Callable[..., None]:
    """Give a command the common options, print its answer or its error, and end with the right exit code.

    The command receives `deployment` and, if it asks for it, `lang`; its other parameters are its own options.
    """
    own = inspect.signature(command, eval_str=True)

    @functools.wraps(command)
    def run(*, json_out: bool, lang: str, data: str, **options: Any) -> None:
        as_json = json_out
        if lang not in {"vi", "en"}:
            raise typer.BadParameter("vi | en", param_hint="--lang")
        if not as_json or os.environ.get("DTI_PROGRESS"):
            progress.listen(lambda text: print(visible(f"· {text.in_(lang)}"), file=sys.stderr, flush=True))
        late: list[Text] = []
        stopping.listen(lambda error: _fail(error, as_json, lang))
        try:
            if "deployment" in own.parameters:
                options["deployment"] = Deployment.at(data or None)
                late = sharing.catch_up(options["deployment"])
            if "lang" in own.parameters:
                options["lang"] = lang
            with storage_told(Path.cwd()):
                answer = command(**options)
            answer.warnings.extend(late)
        except DtiError as error:
            _fail(error, as_json, lang)
            raise typer.Exit(error.exit_code) from None
        _print(answer, as_json, lang)
        raise typer.Exit(answer.exit_code)

    shown = [p for p in own.parameters.values() if p.name not in {"deployment", "lang"}]
    common = [
        inspect.Parameter("data", inspect.Parameter.KEYWORD_ONLY, default="", annotation=Data),
        inspect.Parameter("lang", inspect.Parameter.KEYWORD_ONLY, default="vi", annotation=Lang),
        inspect.Parameter("json_out", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Json),
    ]
    run.__signature__ = inspect.Signature([*shown, *common])  # type: ignore[attr-defined]  # typer reads it
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in [*shown, *common]}
    return run


def _print(answer: Answer, as_json: bool, lang: str) -> None:
    if as_json:
        body = {"ok": True, "data": answer.data, "warnings": [text.in_(lang) for text in answer.warnings]}
        print(visible(json.dumps(body, ensure_ascii=False, indent=1, default=plain)))
        return
    screen = Screen(lang)
    answer.text(screen)
    for warning in answer.warnings:
        print(visible(f"! {warning.in_(lang)}"), file=sys.stderr)


def _fail(error: DtiError, as_json: bool, lang: str) -> None:
    if as_json:
        body = {"ok": False, "error": error.as_dict(lang)}
        print(visible(json.dumps(body, ensure_ascii=False, indent=1, default=plain)))
        return
    word = "Error" if lang == "en" else "Lỗi"
    where = f"{error.where}: " if error.where else ""
    print(visible(f"{word}: {where}{error.message.in_(lang)} [{error.code}]"), file=sys.stderr)
    if len(error.findings) > 1 or (error.findings and error.code != error.findings[0].code):
        for finding in error.findings:
            print(visible(f"  {finding.line(lang)}"), file=sys.stderr)
    if error.hint.in_(lang):
        print(visible(f"  → {error.hint.in_(lang)}"), file=sys.stderr)


def target(text: str) -> Path:
    """A file that a person asks a command to write; raise `UsageError` where it cannot stand."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise UsageError(
            "cannot-write",
            Text(f"không ghi được '{text}'", f"'{text}' cannot be written"),
            hint=Text("cần tên tệp trong một thư mục có sẵn, ghi được", "name a file in a folder that can be written"),
            where=text,
        )
    return path


def day_of(text: str) -> date:
    """An ISO day that a person typed; raise `UsageError` (exit 2) for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "not-a-day",
            Text(f"'{text}' không phải ngày", f"'{text}' is not a day"),
            hint=Text("ví dụ 2025-11-20", "for example 2025-11-20"),
        ) from None


def plain(value: Any) -> Any:
    """Values as JSON has them; an exact decimal is text, because JSON's readers would make a float of it."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "_asdict"):
        return value._asdict()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def number(value: Decimal | None, digits: int, lang: str) -> str:
    """A number the way it is written in Vietnamese (decimal comma) or English."""
    if value is None:
        return "–"
    text = f"{value:.{digits}f}"
    return text if lang == "en" else text.replace(".", ",")
