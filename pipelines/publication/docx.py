"""DOCX from a template that the office edits in Word: `{{ … }}` where text goes, as docxtpl reads it.

A deployment's own `templates/NAME.docx` comes before the shipped one. Text is escaped and never read as a tag, and the
same data give the same bytes: the container's times are the release's.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from common.errors import ConfigurationError, Text
from common.one_line import all_visible
from pipelines.publication.pdf import TEMPLATES
from pipelines.settings import Deployment

_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def docx(deployment: Deployment, template: str, data: Mapping[str, Any], moment: datetime) -> bytes:
    """The document; raise `ConfigurationError` (exit 3) for a template that cannot be filled, naming the file."""
    from docx.opc.exceptions import OpcError
    from docxtpl import DocxTemplate  # type: ignore[import-untyped]  # it has no types
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import SandboxedEnvironment

    own = deployment.root / "templates" / template
    path = own if own.is_file() else TEMPLATES / template
    try:
        document = DocxTemplate(path)
        environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
        document.render(all_visible(dict(data)), environment, autoescape=True)
        document.core_properties.modified = document.core_properties.created = moment.replace(tzinfo=None)
        buffer = io.BytesIO()
        document.save(buffer)
    except (TemplateError, OpcError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise _unusable(path, error) from None
    return settled(buffer.getvalue(), moment)


def _unusable(path: Path, error: Exception) -> ConfigurationError:
    return ConfigurationError(
        "template",
        Text(f"không dùng được mẫu văn bản: {error}", f"the template cannot be used: {error}"),
        hint=Text(
            "sửa các thẻ {{ … }} của mẫu trong Word; mẫu gốc ở pipelines/publication/templates/",
            "mend the {{ … }} tags of the template in Word; the shipped one is in pipelines/publication/templates/",
        ),
        where=str(path),
    )


def settled(content: bytes, moment: datetime) -> bytes:
    """The same container with the same times inside: ZIP stamps every entry with the hour of its writing."""
    stamp = moment.timetuple()[:6]
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":  # openpyxl writes the hour of saving, whatever it is told
                part = _MODIFIED.sub(rb"\g<1>" + moment.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), part)
            new.writestr(zipfile.ZipInfo(name, stamp), part, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
