"""Lines of a register: CSV in UTF-8 with exactly the columns that it must have."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from common.csv_cells import refuse_endless
from common.errors import ConfigurationError, Text
from common.yaml_files import display_path


def csv_lines(path: Path, names: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells of each row; raise where the file is missing, no CSV in UTF-8, or has other columns."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(
            "file-missing", Text("không tìm thấy sổ đăng ký", "the register is missing"), where=display_path(path)
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(
            "file-encoding",
            Text("sổ đăng ký không phải UTF-8", "the register is not UTF-8"),
            hint=Text("lưu lại dạng CSV UTF-8", "save it as CSV UTF-8"),
            where=display_path(path),
        ) from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    last = 1
    try:
        if reader.fieldnames != names:
            raise ConfigurationError(
                "register-header",
                Text(f"dòng đầu phải là: {','.join(names)}", f"the first line must be: {','.join(names)}"),
                where=f"{display_path(path)}:1",
            )
        for row in reader:
            refuse_endless(row.values())
            last = reader.line_num
            yield last, row
    except csv.Error as error:
        raise ConfigurationError(
            "register-syntax",
            Text(f"CSV sai cú pháp: {error}", f"not valid CSV: {error}"),
            hint=Text('mỗi dấu " mở phải có dấu " đóng', 'every " that opens must close'),
            where=f"{display_path(path)}:{last + 1}",
        ) from None
