"""LibreOffice without a window, as the officials' spreadsheet program: opens a workbook, types into cells, saves.

Its own interpreter speaks to it through a pipe, with a profile of its own; nothing of it is left running.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

_SCRIPT = r"""
import json, subprocess, sys, time
import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

profile, name, source, target, cells = sys.argv[1:]
office = subprocess.Popen(["soffice", "--headless", "--norestore", "--nologo", f"-env:UserInstallation=file://{profile}",
                           f"--accept=pipe,name={name};urp;"])
try:
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for attempt in range(300):
        try:
            context = resolver.resolve(f"uno:pipe,name={name};urp;StarOffice.ComponentContext")
            break
        except NoConnectException:
            time.sleep(0.1)
    desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    book = desktop.loadComponentFromURL(f"file://{source}", "_blank", 0, (PropertyValue("Hidden", 0, True, 0),))
    for address, value in json.loads(cells).items():
        sheet, _, cell = address.partition("!")
        place = book.Sheets.getByName(sheet).getCellRangeByName(cell)
        if isinstance(value, str):
            place.String = value
        else:
            place.Value = value
    book.calculateAll()
    book.storeToURL(f"file://{target}", (PropertyValue("FilterName", 0, "Calc MS Excel 2007 XML", 0),))
    book.close(True)
    try:
        desktop.terminate()
    except Exception:
        pass
finally:
    try:
        office.wait(20)
    except subprocess.TimeoutExpired:
        office.kill()
"""


def fill(source: Path, target: Path, cells: Mapping[str, str | int | float], scratch: Path) -> None:
    """Open `source`, type into cells (`Số liệu!F8`), reckon everything anew and save as XLSX under `target`."""
    profile = scratch / f"office-{uuid.uuid4().hex}"
    words = [str(profile), f"dti{uuid.uuid4().hex}", str(source), str(target), json.dumps(dict(cells))]
    try:
        done = subprocess.run(
            ["/usr/bin/python3", "-c", _SCRIPT, *words], capture_output=True, text=True, timeout=180, check=False
        )
    finally:
        shutil.rmtree(profile, ignore_errors=True)
    assert target.exists(), done.stderr
