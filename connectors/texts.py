"""Vietnamese text as it goes wrong: old encodings, characters that only look right, and personal data.

TCVN3 and VNI are 8-bit encodings of the 1990s that live on in old databases. Read as Latin-1 they give letters that
Vietnamese does not have, except some of VNI's pairs (`caù nhaân`), which are found by pairs that no syllable has.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LETTERS = "aàáảãạăằắẳẵặâầấẩẫậbcdđeèéẻẽẹêềếểễệfghiìíỉĩịjklmnoòóỏõọôồốổỗộơờớởỡợpqrstuùúủũụưừứửữựvwxyỳýỷỹỵz"
_VIETNAMESE = frozenset(_LETTERS + _LETTERS.upper() + "–—‘’“”…·°²³½ ")
_VNI_PAIR = re.compile(r"[aeiouyöô][øûïåäëüùõâáàãêéèú]|ñ|ö", re.IGNORECASE)
_VNI_NEVER = re.compile(r"a[ùõâáàãêéèú]|e[ùõâáàã]|o[ùõâ]|[uy][ùõ]", re.IGNORECASE)
_INVISIBLE = {"\u200b", "\u200c", "\u200d", "\ufeff"}

_CITIZEN_ID = r"0[0-9]{2}([ .-]?[0-9]{3}){3}"
_MOBILE_PHONE = r"(\+?84|0)[ .-]?[35789]([ .-]?[0-9]){8}"
_NUMBER = re.compile(rf"(?<![0-9])({_CITIZEN_ID}|{_MOBILE_PHONE})(?![0-9])")
# Ids of databases: their digits are nobody's number. One letter at least must be there.
_MACHINE_ID = re.compile(
    r"(?<![0-9A-Za-z])(?=[0-9-]*[a-f])([0-9a-f]{24,64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9A-Za-z])"
)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_SURNAMES = frozenset(
    "nguyen tran le pham huynh hoang phan vu vo dang bui do ngo duong dinh truong trinh luong doan".split()  # noqa: SIM905
)


def foreign(text: str) -> tuple[str, str] | None:
    """The code and the first character of what does not belong into a Vietnamese text (NFC); None if all is well.

    Codes: `Mojibake` (UTF-8 read as Windows-1252), `LegacyEncoding` with TCVN3 or VNI, `SuspectText` for all else.
    """
    if text.isascii() and text.isprintable():
        return None
    odd = next((c for c in text if not (" " <= c <= "~" or c in _VIETNAMESE)), None)
    if odd is None:
        pair = _VNI_NEVER.search(text)
        return ("LegacyEncoding", f"VNI, '{pair[0]}'") if pair else None
    if _is_mojibake(text):
        return "Mojibake", codepoint(odd)
    beyond = [c for c in text if c > "~"]
    if all("\xa1" <= c <= "\xff" for c in beyond) and not any(c in "\xa0\xd0\xf0" for c in beyond):
        return "LegacyEncoding", f"{'VNI' if _VNI_PAIR.search(text) else 'TCVN3'}, {codepoint(odd)}"
    return "SuspectText", codepoint(odd)


def only_looks_odd(text: str) -> bool:
    """Whether the odd characters are letters, spaces or invisible joints: harmless in a name that nothing is matched
    by. Control characters and changes of direction are not."""
    odd = [c for c in text if not (" " <= c <= "~" or c in _VIETNAMESE)]
    return all(c in _INVISIBLE or unicodedata.category(c)[0] in "LZM" for c in odd)


def personal(text: str) -> bool:
    """Whether a text looks like personal data: a citizen's id, a mobile phone, an e-mail, or a person's full name."""
    return bool(_NUMBER.search(_MACHINE_ID.sub("x", text)) or ("@" in text and _EMAIL.search(text))) or _person(text)


@lru_cache(4_096)
def showable_name(name: str) -> str:
    """A field's name for messages and manifests. Maps keyed by people's names are met in practice: those are counted,
    not shown."""
    plain = re.fullmatch(r"[A-Za-z_$@#][\w.$@#-]{0,59}", name, re.ASCII)
    return name if plain and not personal(name) else f"({len(name)} characters)"


def codepoint(character: str) -> str:
    """`U+00D0 LATIN CAPITAL LETTER ETH`."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '?')}"


def folded(name: str) -> str:
    """A name for exact matching: NFC, and any run of white space as one space. Nothing else is folded."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def _person(text: str) -> bool:
    words = text.split()
    if not 3 <= len(words) <= 5 or not all(word[0].isupper() and word.isalpha() for word in words):
        return False
    base = unicodedata.normalize("NFD", words[0].lower().replace("đ", "d"))
    return "".join(c for c in base if not unicodedata.combining(c)) in _SURNAMES


def _is_mojibake(text: str) -> bool:
    try:
        body = b"".join(_windows_1252(c) for c in text)
        return not body.decode("utf-8").isascii()
    except ValueError:
        return False


def _windows_1252(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")  # the five bytes that Windows-1252 leaves open
