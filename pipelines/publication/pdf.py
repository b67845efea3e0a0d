"""PDF, set by typst from a template of ours.

Data comes in as JSON, so that a name is text and never code; the fonts are those that ship with the project, so that
the same release gives the same bytes on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from common.one_line import all_visible

FONTS = Path(__file__).parent / "fonts"
TEMPLATES = Path(__file__).parent / "templates"


def pdf(template: str, data: Mapping[str, Any], moment: datetime) -> bytes:
    """The document of a template (`card.typ` in `templates/`), which reads `data` from `sys.inputs.data`.

    `moment` is the document's date: that of the release, not of the printing. `data` holds text, whole numbers, lists
    and mappings; what is a decimal is text already, written as people read it.
    """
    import typst

    compiled = typst.compile(
        TEMPLATES / template,
        root=TEMPLATES,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": json.dumps(all_visible(dict(data)), ensure_ascii=False)},
        timestamp=int(moment.timestamp()),
    )
    return bytes(compiled)
