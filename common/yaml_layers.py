"""One YAML file over another: what both say becomes one, and every key still knows the file it stands in."""

from __future__ import annotations

from typing import Any

from common.yaml_files import Loc, YamlFile


def part_of(file: YamlFile, key: str) -> YamlFile:
    """What stands under a key of the top level, as a file of its own."""
    positions = {loc[1:]: at for loc, at in file.positions.items() if loc[:1] == (key,)}
    return YamlFile(file.path, file.data[key], positions)


def overlaid(under: YamlFile, over: YamlFile) -> YamlFile:
    """`over` on top of `under`. Mappings are merged key by key; a list or a scalar of `over` replaces what is under it;
    a key that is null in `over` removes that of `under`. A key that stands in both files has its place in `over`."""
    replaced: list[Loc] = []
    data = _merged(under.data, over.data, (), replaced)
    kept = {
        loc: position
        for loc, position in under.positions.items()
        if not any(loc[: len(gone)] == gone for gone in replaced)
    }
    return YamlFile(over.path, data, kept | over.positions)


def _merged(under: Any, over: Any, loc: Loc, replaced: list[Loc]) -> Any:
    """The merged value; the places whose value of `under` is gone are added to `replaced`."""
    if not (isinstance(under, dict) and isinstance(over, dict)):
        replaced.append(loc)
        return over
    merged = dict(under)
    for key, value in over.items():
        if value is None and key in under:
            replaced.append((*loc, key))
            del merged[key]
        elif key in under:
            merged[key] = _merged(under[key], value, (*loc, key), replaced)
        else:
            merged[key] = value
    return merged
