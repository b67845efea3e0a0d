"""The ZIP container of a workbook, checked before it is read: kind, names, sizes, and what it must not hold.

`zipfile` believes the sizes that a file declares, lets two entries share one name or one body, and takes seconds to
list a hundred thousand entries; so the directory is checked first and every body is inflated here, against its size.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

from connectors.sheets.grid import Refusal, SheetLimits

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_END, _END64 = b"PK\x05\x06", b"PK\x06\x07"
_PIECE = 64 * 1024
_SMALL = 2**20
_ENCRYPTED = 0x1
_LONGEST_RECORD = 1024
_PARTS = re.compile(r".*\.(xml|rels|vml|png|jpe?g|gif|bmp|tiff?|emf|wmf)|xl/printersettings/[^/]*\.bin|.*/", re.DOTALL)
_FORBIDDEN = {
    "vbaproject": "VBA",
    "vbadata": "VBA",
    "xl/macrosheets/": "macros",
    "xl/dialogsheets/": "macros",
    "xl/externallinks/": "external links",
    "xl/connections": "connections",
    "xl/querytables/": "connections",
    "xl/model/": "connections",
    "xl/embeddings/": "embedded objects",
    "xl/activex/": "embedded objects",
    "customui": "macros",
    "xl/webextensions/": "web extensions",
}


def open_container(content: bytes, limits: SheetLimits) -> zipfile.ZipFile:
    """The container, with everything checked that its directory tells. Raises `Refusal` (`UnsafeFile`,
    `LimitExceeded`)."""
    if len(content) > limits.file_bytes:
        raise Refusal("LimitExceeded", limit="file_bytes", value=limits.file_bytes)
    refuse_other_kinds(content)
    _check_directory(content, limits)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    # zipfile raises NotImplementedError for features it lacks (a newer format, an unknown method): refused like damage
    except (zipfile.BadZipFile, ValueError, struct.error, OSError, NotImplementedError):
        raise Refusal("UnsafeFile", detail="damaged ZIP directory") from None
    entries = archive.infolist()
    if len(entries) > limits.entries:
        raise Refusal("LimitExceeded", limit="entries", value=limits.entries)
    check_names(entries)
    check_declared(entries, limits)
    _check_overlap(entries, len(content))
    check_parts(entries)
    return archive


def refuse_other_kinds(content: bytes) -> None:
    """By the first bytes, whatever the file is called."""
    if content.startswith(_OLE):
        locked = "EncryptedPackage".encode("utf-16-le") in content
        raise Refusal("UnsafeFile", detail="encrypted file" if locked else "old binary format (.xls, OLE)")
    if not content.startswith(b"PK\x03\x04"):
        raise Refusal("UnsafeFile", detail="not an XLSX workbook")


def _check_directory(content: bytes, limits: SheetLimits) -> None:
    """The number of entries, before they are listed. ZIP64 is for files far beyond these limits."""
    end = content.rfind(_END, max(0, len(content) - 65_557))
    if end < 0 or end + 22 > len(content):
        raise Refusal("UnsafeFile", detail="damaged ZIP directory")
    count, size = (
        struct.unpack("<H", content[end + 10 : end + 12])[0],
        struct.unpack("<L", content[end + 12 : end + 16])[0],
    )
    if content[max(0, end - 20) : max(0, end - 16)] == _END64:
        raise Refusal("UnsafeFile", detail="ZIP64")
    if count > limits.entries or size > limits.entries * _LONGEST_RECORD:
        raise Refusal("LimitExceeded", limit="entries", value=limits.entries)


def check_names(entries: list[zipfile.ZipInfo]) -> None:
    """No way out of the container, no name twice, nothing encrypted or packed in an unusual way."""
    seen: set[str] = set()
    for entry in entries:
        name = entry.orig_filename
        if name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in name.split("/"):
            raise Refusal("UnsafeFile", detail="path outside the container")
        if name.casefold() in seen:
            raise Refusal("UnsafeFile", detail="duplicate ZIP entry")
        seen.add(name.casefold())
        if entry.flag_bits & _ENCRYPTED:
            raise Refusal("UnsafeFile", detail="encrypted file")
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise Refusal("UnsafeFile", detail="unusual compression")


def check_declared(entries: list[zipfile.ZipInfo], limits: SheetLimits) -> None:
    """What the file says that it will grow to."""
    if sum(entry.file_size for entry in entries) > limits.inflated_bytes:
        raise Refusal("LimitExceeded", limit="inflated_bytes", value=limits.inflated_bytes)
    if any(e.file_size > _SMALL and e.file_size > limits.ratio * e.compress_size for e in entries):
        raise Refusal("LimitExceeded", limit="ratio", value=limits.ratio)


def _check_overlap(entries: list[zipfile.ZipInfo], size: int) -> None:
    """Entries that share one body are how a few kilobytes become petabytes."""
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    ends = [entry.header_offset for entry in ordered[1:]] + [size]
    for entry, end in zip(ordered, ends, strict=True):
        if entry.header_offset < 0 or entry.header_offset + 30 + entry.compress_size > end:
            raise Refusal("UnsafeFile", detail="overlapping ZIP entries")


def check_parts(entries: list[zipfile.ZipInfo]) -> None:
    """Parts that act or reach out when people open the file, by name; their types are checked when the file is read."""
    for entry in entries:
        name = entry.filename.lower()
        for part, what in _FORBIDDEN.items():
            if part in name:
                raise Refusal("UnsafeFile", detail=what)
        if not _PARTS.fullmatch(name):
            raise Refusal("UnsafeFile", detail="a part that no workbook of figures needs")


def inflate(content: bytes, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The body of one entry in pieces, never more than it declares. Raises `Refusal` if it is not what it declares."""
    start = entry.header_offset
    if content[start : start + 4] != b"PK\x03\x04":
        raise Refusal("UnsafeFile", detail="damaged ZIP entry")
    name, extra = struct.unpack("<2H", content[start + 26 : start + 30])
    start += 30 + name + extra
    body = memoryview(content)[start : start + entry.compress_size]
    size = crc = 0
    for piece in _pieces(body, entry):
        size += len(piece)
        check_actual(size, entry)
        crc = zlib.crc32(piece, crc)
        yield piece
    if size != entry.file_size or crc != entry.CRC:
        raise Refusal("UnsafeFile", detail="damaged ZIP entry")


def check_actual(size: int, entry: zipfile.ZipInfo) -> None:
    """A body that grows beyond what it declares is no accident."""
    if size > entry.file_size:
        raise Refusal("LimitExceeded", limit="declared size", value=entry.file_size)


def _pieces(body: memoryview, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    if entry.compress_type == zipfile.ZIP_STORED:
        for at in range(0, len(body), _PIECE):
            yield bytes(body[at : at + _PIECE])
        return
    engine = zlib.decompressobj(-15)
    try:
        pending: bytes | memoryview = body
        while not engine.eof:
            piece = engine.decompress(pending, _PIECE)
            pending = engine.unconsumed_tail
            if not piece and not pending and not engine.eof:
                raise Refusal("UnsafeFile", detail="damaged ZIP entry")
            yield piece
    except zlib.error:
        raise Refusal("UnsafeFile", detail="damaged ZIP entry") from None
