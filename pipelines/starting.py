"""A deployment for another province, from nothing: settings, registers with their headers, one source, a README."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from dataclasses import dataclass, fields
from pathlib import Path
from string import Template

from common.durable import fsync_folder
from common.errors import ConfigurationError, Text, UsageError
from pipelines.judging import check_years
from pipelines.registers import Agency, Appraisal, Code, Exemption
from pipelines.settings import Deployment

STARTER = Path(__file__).parent / "starter"
_REGISTERS = {"agencies": Agency, "agency_codes": Code, "exceptions": Exemption, "appraisals": Appraisal}
_EMPTY = ("rulesets", "inbox")
_NAMES = {"gitignore": ".gitignore"}


@dataclass(frozen=True)
class Wish:
    """What a new deployment is to be called, and what it starts with."""

    name: str
    title: str
    years: list[int]
    rulesets: list[str]
    environment: str


def make(folder: Path, wish: Wish) -> list[str]:
    """Write the files of a new deployment, all or none; returns their names.

    Raises `UsageError` for a folder that holds something, `ConfigurationError` where no ruleset is in force in a year.
    """
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            "folder-not-empty",
            Text(f"{folder} đã có nội dung", f"{folder} holds something already"),
            hint=Text("chọn một thư mục mới hoặc trống", "choose a new or an empty folder"),
            where=str(folder),
        )
    work = folder.with_name(f".{folder.name}.starting")
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir(parents=True)
        _write(work, wish)
        _check(Deployment(work))
        written = sorted(path.relative_to(work).as_posix() for path in work.rglob("*") if path.is_file())
        work.rename(folder)
    except OSError as error:
        raise UsageError(
            "cannot-write", Text(f"không ghi được: {error}", f"cannot be written: {error}"), where=str(folder)
        ) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    fsync_folder(folder.parent)
    return written


def _write(work: Path, wish: Wish) -> None:
    words = {
        "name": wish.name,
        "title": json.dumps(wish.title, ensure_ascii=False),  # a JSON text is a YAML text
        "years": ", ".join(map(str, wish.years)),
        "rulesets": "\n".join(f"  - {name}" for name in wish.rulesets),
        "environment": wish.environment,
    }
    for path in sorted(path for path in STARTER.rglob("*") if path.is_file()):
        target = work / path.relative_to(STARTER)
        target = target.with_name(_NAMES.get(target.name, target.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        own = {"title": wish.title} if path.suffix == ".md" else {}
        template = Template(path.read_text(encoding="utf-8"))
        target.write_text(template.safe_substitute(words | own), encoding="utf-8")
    (work / "registers").mkdir()
    for name, kind in _REGISTERS.items():
        head = ",".join(field.name for field in fields(kind))
        (work / "registers" / f"{name}.csv").write_text(head + "\n", encoding="utf-8")
    for name in _EMPTY:
        (work / name).mkdir()
        (work / name / ".gitkeep").touch()


def _check(deployment: Deployment) -> None:
    """What was written is valid: years that are judged, rulesets that there are."""
    from rulesets.load import resolve

    settings = deployment.settings
    used = [resolve(name, deployment.ruleset_folders) for name in settings.rulesets]
    try:
        check_years(deployment, used)
    except ConfigurationError as error:
        error.where = "--years"
        raise


def name_of(folder: Path) -> str:
    """A name from the folder's: `Thừa Thiên Huế` becomes `thua_thien_hue`."""
    plain = unicodedata.normalize("NFD", folder.resolve().name.replace("đ", "d").replace("Đ", "D"))
    ascii_only = "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()
    return re.sub(r"[^a-z0-9]+", "_", ascii_only).strip("_") or "dti"
