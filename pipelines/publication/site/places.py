"""Addresses of the site's pages. They follow from ids, codes and periods alone, so that a link stays good.

`2024/department/index.html`, `2024/department/agency/<agency_id>.html`, `2024/department/indicator/6.10.html`: the
period, then the ranking. A ruleset whose id ends with the group is that group's ranking; any other carries its own name
behind the group, because two decisions may judge one group: `2025/province.national-766-2022/`.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from urllib.parse import quote

HOME, CHANGES, QUALITY, METHOD, DOWNLOADS = (
    "index.html",
    "changes.html",
    "quality.html",
    "method/index.html",
    "downloads/index.html",
)
FILES = "downloads"
_PLAIN = re.compile(r"[^A-Za-z0-9._-]")


def safe(name: str) -> str:
    """A name as part of a path: anything but plain letters, digits, `.`, `_`, `-` becomes `~` and its bytes in hex.

    Different names stay different, none is hidden, and none leads elsewhere.
    """
    made = _PLAIN.sub(lambda found: "".join(f"~{byte:02x}" for byte in found[0].encode()), name)
    return f"~{made}" if made.startswith(".") or not made else made


def slug(ruleset_id: str) -> str:
    return safe(ruleset_id.replace("/", "-"))


def board_folder(period: str, group: str, ruleset_id: str) -> str:
    """The folder of a ranking."""
    own = ruleset_id.rpartition("/")[2] == group
    return f"{safe(period)}/{safe(group)}" + ("" if own else f".{slug(ruleset_id)}")


def numbered(path: str, page: int) -> str:
    """The address of a further page of a long list: `index.html`, `index-2.html`, …"""
    stem, _, suffix = path.rpartition(".")
    return path if page == 1 else f"{stem}-{page}.{suffix}"


def relative(target: str, here: str) -> str:
    """A link from one page to another, `#place` included, that also works from a disk."""
    path, mark, place = target.partition("#")
    link = _from(path, posixpath.dirname(here)) if path and path != here else ""
    return f"{link}{mark}{quote(place)}" if link or mark else quote(posixpath.basename(here))


@lru_cache(maxsize=4096)  # the pages of one folder lead to the same others
def _from(path: str, folder: str) -> str:
    return quote(posixpath.relpath(path, folder or "."))
