"""XML: read as JMESPath wants it, and nothing that a document may declare about itself is obeyed."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import SourceError
from connectors.findings import PassingTrouble, Place
from connectors.strict_xml import parse_xml

PLACE = Place("probe")


def read(text: str | bytes, depth: int = 8) -> Any:
    return parse_xml(text if isinstance(text, bytes) else text.encode(), PLACE, depth=depth)


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("<a/>", {"a": ""}),
        ("<a> x </a>", {"a": "x"}),
        ("<a><b>1</b></a>", {"a": {"b": "1"}}),
        ("<a><b>1</b><b>2</b><b/></a>", {"a": {"b": ["1", "2", ""]}}),
        ('<a n="1">x</a>', {"a": {"@n": "1", "#text": "x"}}),
        ('<p:a xmlns:p="urn:x" p:n="1"><p:b>Sở</p:b></p:a>', {"a": {"@n": "1", "b": "Sở"}}),
        ("<a><![CDATA[<b>]]></a>", {"a": "<b>"}),
        ("\ufeff<?xml version='1.0' encoding='UTF-8'?><a>&lt;&#273;</a>", {"a": "<đ"}),
    ],
)
def test_elements_become_what_jmespath_reads(text: str, document: Any) -> None:
    assert read(text) == document


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><a>&y;</a>',
        "<!DOCTYPE a><a/>",
    ],
)
def test_declarations_are_refused(text: str) -> None:
    with pytest.raises(SourceError, match="DtdRefused"):
        read(text)


@pytest.mark.parametrize("text", ["<a><b></b>", "<a></a><a></a>", "<a>&e;</a>", "<a", "", "<a x='1' x='2'/>"])
def test_what_is_not_whole_may_come_whole_next_time(text: str) -> None:
    with pytest.raises(PassingTrouble, match="NotXml"):
        read(text)


def test_depth_and_encoding_are_bounded() -> None:
    with pytest.raises(SourceError, match="LimitExceeded"):
        read("<a>" * 9 + "</a>" * 9)
    assert read("<a>" * 8 + "</a>" * 8)
    with pytest.raises(SourceError, match="BadEncoding"):
        read("<a>Sở</a>".encode("utf-16"))
