"""JSON read strictly: UTF-8, one document, no duplicate keys, no NaN or Infinity, exact decimals, bounded nesting."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from connectors.findings import PassingTrouble, Place, source_error
from connectors.texts import showable_name
from connectors.values import LongInteger


class _FlawError(ValueError):
    """A flaw met by one of the decoder's hooks: code and facts of the catalogue."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def parse_json(body: bytes, place: Place, *, depth: int, digits: int) -> Any:
    """The document as dicts, lists, strings, int, Decimal, bool, None; an int of too many digits as `LongInteger`.

    Python's defaults keep the last of two equal keys, accept NaN and 1e999 as floats, and refuse a byte-order mark.
    Raises `SourceError` (`BadEncoding`, `DuplicateKey`, `LimitExceeded`), or `PassingTrouble` (`NotJson`): a body that
    was cut where no length was declared shows only as broken JSON, and may come whole the next time.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise source_error("BadEncoding", place, detail=f"byte {error.start}") from None
    try:
        document = json.loads(
            text,
            parse_float=Decimal,
            parse_int=lambda number: _integer(number, digits),
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except _FlawError as flaw:
        raise source_error(flaw.code, place, **flaw.facts) from None
    except json.JSONDecodeError as error:
        raise PassingTrouble("NotJson", detail=f"{error.msg}, character {error.pos}") from None
    except RecursionError:
        raise source_error("LimitExceeded", place, limit="depth", value=depth) from None
    if _deeper_than(document, depth):
        raise source_error("LimitExceeded", place, limit="depth", value=depth)
    return document


def _integer(number: str, digits: int) -> int | LongInteger:
    """Python itself raises at some thousand digits: one corrupt figure must not cost all others."""
    return int(number) if len(number.lstrip("-")) <= digits else LongInteger(number)


def _refuse_constant(name: str) -> Any:
    raise PassingTrouble("NotJson", detail=name)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        raise _FlawError("DuplicateKey", key=showable_name(next(name for name in names if names.count(name) > 1)))
    return result


def _deeper_than(document: Any, depth: int) -> bool:
    layer = [document]
    for _ in range(depth):
        containers = [item for item in layer if isinstance(item, dict | list)]
        layer = [child for item in containers for child in (item.values() if isinstance(item, dict) else item)]
        if not layer:
            return False
    return any(isinstance(item, dict | list) for item in layer)
