"""Names: word for word and in one spelling, each once; near-duplicates such as "Thể chế số" and "Thế chế số"."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from common.errors import Text
from common.yaml_files import Loc
from rulesets.indicators import Indicator
from rulesets.lints import Remark, Severity
from rulesets.load import LoadedRuleset
from rulesets.models import MainIndex, Pillar, Ruleset

Named = tuple[str, int, Indicator | MainIndex | Pillar]


def fold(name: str) -> str:
    """A name without diacritics, case, punctuation and spaces: what a slip of the pen leaves unchanged."""
    bare = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return "".join(letter for letter in bare if letter.isalnum())


def spelling(data: Any, loc: Loc = ()) -> Iterator[Remark]:
    """Texts that are not NFC, and names with stray spaces, anywhere in a file."""
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from spelling(value, (*loc, key))
    elif isinstance(data, str):
        if not unicodedata.is_normalized("NFC", data):
            message = Text("chữ chưa ở dạng Unicode NFC", "the text is not in Unicode form NFC")
            yield Remark("error", loc, "not-nfc", message, Text("gõ lại hoặc chuyển sang NFC", "convert it to NFC"))
        if loc and loc[-1] in {"name_vi", "title_vi"} and data != " ".join(data.split()):
            message = Text("tên có khoảng trắng thừa", "the name has stray spaces")
            yield Remark("warning", loc, "name-spaces", message, Text("xóa khoảng trắng thừa", "remove them"))


def duplicates(ruleset: Ruleset) -> Iterator[Remark]:
    """Names that stand twice in one list, exactly or nearly."""
    for key in ("main_indices", "pillars", "indicators"):
        seen: dict[str, list[Named]] = {}
        for n, item in enumerate(getattr(ruleset, key) or ()):
            for named in seen.setdefault(fold(item.name_vi), []):
                yield from _pair(named, (key, n, item))
            seen[fold(item.name_vi)].append((key, n, item))


def _pair(first: Named, second: Named) -> Iterator[Remark]:
    (_, _, one), (key, n, two) = first, second
    if two.name_vi in getattr(one, "name_variants", ()) or one.name_vi in getattr(two, "name_variants", ()):
        return
    same = one.name_vi == two.name_vi
    apart = isinstance(one, Indicator) and isinstance(two, Indicator) and one.main_index != two.main_index
    severity: Severity = "error" if same and not apart else "warning"
    yield Remark(
        severity,
        (key, n, "name_vi"),
        "name-twice" if same else "name-nearly-twice",
        Text(
            f"'{two.code}' {'cùng' if same else 'gần như cùng'} tên với '{one.code}': {one.name_vi}",
            f"'{two.code}' has {'the same' if same else 'nearly the same'} name as '{one.code}': {one.name_vi}",
        ),
        Text(
            "so lại với văn bản; nếu văn bản viết hai cách, ghi vào name_variants",
            "compare with the text; where it has two spellings, record one in name_variants",
        ),
    )


def across(target: LoadedRuleset, others: Sequence[LoadedRuleset]) -> Iterator[Remark]:
    """Main indices that another ruleset of the same authority spells nearly, but not quite, like this one."""
    known = {
        fold(main.name_vi): (main, other.ruleset_id)
        for other in others
        if other.ruleset_id != target.ruleset_id and authority(other.ruleset_id) == authority(target.ruleset_id)
        for main in other.ruleset.main_indices
    }
    for n, main in enumerate(target.ruleset.main_indices):
        like, where = known.get(fold(main.name_vi), (main, ""))
        spellings = {*main.name_variants, *like.name_variants}
        if like.name_vi != main.name_vi and not spellings & {like.name_vi, main.name_vi}:
            yield Remark(
                "warning",
                ("main_indices", n, "name_vi"),
                "name-differs",
                Text(
                    f"'{main.name_vi}', còn {where} viết '{like.name_vi}'",
                    f"'{main.name_vi}', but {where} spells it '{like.name_vi}'",
                ),
                Text("sửa, hoặc ghi cách viết kia vào name_variants", "mend it, or record it in name_variants"),
            )


def authority(ruleset_id: str) -> str:
    """Whose decision it is: the first folder of the id, `an_giang` of `an_giang/1407-2024/district`."""
    return ruleset_id.split("/", maxsplit=1)[0]
