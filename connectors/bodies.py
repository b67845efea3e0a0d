"""The body of an answer: read in pieces under byte limits, complete or refused, and of the kind that was promised."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from email.message import Message
from typing import NoReturn

import requests

from common.errors import SourceError
from connectors.findings import PassingTrouble, Place, source_error, words
from connectors.source_model import Limits

_PIECE = 64 * 1024
_JSON_STARTS = b'[{"-0123456789tfn'
_SPACE = b" \t\r\n"
_TOKEN = re.compile(r"[a-z0-9.+/_-]{1,60}")


@dataclass(frozen=True)
class Expected:
    """What a good answer is: its media types, whether it is markup (XML), its statuses."""

    content_types: tuple[str, ...]
    markup: bool = False
    statuses: frozenset[int] = frozenset({200, 201, 204})


class LoginPageError(SourceError):
    """A page for people where data was promised: perhaps the login has run out."""


class _Gunzip:
    """Decompression that knows whether the stream ended: a cut gzip body otherwise passes for a short one."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)

    def feed(self, piece: bytes, most: int) -> bytes:
        return self._inflate.decompress(piece, most)

    @property
    def complete(self) -> bool:
        return self._inflate.eof and not self._inflate.unused_data


def read_body(response: requests.Response, limits: Limits, expected: Expected, place: Place) -> tuple[bytes, bool]:
    """The whole body, decoded, and whether its end was marked (length, chunks or gzip trailer).

    urllib3 itself raises where fewer bytes come than declared, or a last chunk is missing.

    Raises `SourceError` for what is too large or not the promised content, `PassingTrouble` for what was cut.
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", ""}:
        raise source_error("UnexpectedContent", place, detail=f"Content-Encoding: {encoding[:20]}")
    gunzip = _Gunzip() if encoding == "gzip" else None
    wire = 0
    decoded = bytearray()
    while piece := response.raw.read1(_PIECE, decode_content=False):
        wire += len(piece)
        if wire > limits.body_bytes:
            _too_large("body_bytes", limits.body_bytes, place)
        most = min(limits.decoded_bytes, max(_PIECE, limits.ratio * wire))
        decoded += _inflate(gunzip, piece, most - len(decoded)) if gunzip else piece
        if len(decoded) > limits.decoded_bytes:
            _too_large("decoded_bytes", limits.decoded_bytes, place)
        if len(decoded) > _PIECE and len(decoded) > limits.ratio * wire:
            _too_large("ratio", limits.ratio, place)
    declared = response.headers.get("Content-Length", "")
    if gunzip and wire and not gunzip.complete:
        raise PassingTrouble("Truncated", detail="gzip without an end")
    chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
    delimited = declared.isdigit() or chunked or gunzip is not None
    if not decoded and not delimited and response.status_code != 204:  # perhaps cut among the headers
        raise PassingTrouble("Truncated", detail="no body and no length")
    body = bytes(decoded)
    _check_kind(response, body, expected, place)
    return body, delimited


def _inflate(gunzip: _Gunzip, piece: bytes, room: int) -> bytes:
    try:
        return gunzip.feed(piece, room + 1)
    except zlib.error:
        raise PassingTrouble("Truncated", detail="gzip damaged") from None


def _check_kind(response: requests.Response, body: bytes, expected: Expected, place: Place) -> None:
    """A login page comes with status 200: the media type and the first byte must both be right."""
    text = body.removeprefix(b"\xef\xbb\xbf").lstrip(_SPACE)[:20].lower()
    if not text:
        raise source_error("Empty", place)
    header = Message()
    header["content-type"] = response.headers.get("Content-Type", "")
    media_type = header.get_content_type() if response.headers.get("Content-Type") else "unknown"
    media_type = media_type if _TOKEN.fullmatch(media_type) else "?"
    page = text.startswith((b"<!doctype html", b"<html"))
    if page or (text.startswith(b"<") and not expected.markup):
        message, hint = words("UnexpectedContent", place, {"detail": f"HTML/XML ({media_type})"})
        raise LoginPageError("UnexpectedContent", message, hint=hint, where=str(place))
    if media_type not in expected.content_types:
        raise source_error("UnexpectedContent", place, detail=media_type)
    charset = str(header.get_param("charset") or "utf-8").lower()
    if charset not in {"utf-8", "utf8"}:
        raise source_error("BadEncoding", place, detail=charset if _TOKEN.fullmatch(charset) else "?")
    if text[:1] not in (b"<" if expected.markup else _JSON_STARTS):
        raise source_error("UnexpectedContent", place, detail=f"byte 0x{text[:1].hex()}")


def _too_large(limit: str, value: int, place: Place) -> NoReturn:
    raise source_error("LimitExceeded", place, limit=limit, value=value)
