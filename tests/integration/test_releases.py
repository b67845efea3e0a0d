"""Releases: found by what they know, verified, kept or removed by the retention, never replaced by earlier ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from common.durable import write_json
from common.errors import ConfigurationError, DifferenceError
from pipelines import releases, warehouse
from pipelines.settings import Deployment
from tests.support.deployments import dti_json


def test_a_day_finds_the_newest_release_that_was_known_then(published: Path) -> None:
    deployment = Deployment(published)
    assert warehouse.find(deployment, "2025-10-11").number == 1
    assert warehouse.find(deployment, "2025-10-15").number == 1
    assert warehouse.find(deployment, "2025-10-16").number == 2
    with pytest.raises(ConfigurationError) as caught:
        warehouse.find(deployment, "2025-10-10")
    assert "dti refresh" in caught.value.hint.vi


def test_earlier_knowledge_never_replaces_the_current_release(own_copy: Deployment) -> None:
    code, answer = dti_json(own_copy, "refresh", "--year", "2025", "--as-of", "2025-10-12", "--rebuild")
    assert code == 0
    assert (answer["data"]["published"], answer["data"]["current"]) == (True, False)
    standing = releases.current(own_copy)
    assert standing is not None
    assert standing.number == 2
    assert warehouse.find(own_copy, "2025-10-12").number == 3


@pytest.mark.parametrize("spoil", ["flip", "truncate", "remove", "wal"])
def test_an_altered_file_is_found(own_copy: Deployment, spoil: str) -> None:
    release = releases.current(own_copy)
    assert release is not None
    releases.verify(release)
    content = bytearray(release.file.read_bytes())
    if spoil == "flip":
        content[len(content) // 2] ^= 1
        release.file.write_bytes(content)
    elif spoil == "truncate":
        release.file.write_bytes(content[:-1])
    elif spoil == "remove":
        release.file.unlink()
    else:
        release.file.with_name("dti.duckdb.wal").write_bytes(b"x")
    with pytest.raises(DifferenceError) as caught:
        releases.verify(release)
    assert str(release.file) in caught.value.where
    code, _ = dti_json(own_copy, "release", "verify")
    assert code == 6


def test_a_garbled_manifest_is_named(own_copy: Deployment) -> None:
    release = releases.current(own_copy)
    assert release is not None
    (release.folder / "release.json").write_text("{")
    code, answer = dti_json(own_copy, "release", "list")
    assert code == 6
    assert answer["error"]["where"].endswith("releases/2")


def test_the_retention_keeps_the_newest_and_the_current(own_copy: Deployment) -> None:
    with (own_copy.root / "dti.yaml").open("a") as settings:
        settings.write("retention: {releases: 2, days: 0}\n")
    first = releases.read(own_copy.releases / "1")
    for number in (3, 4, 5):
        folder = own_copy.releases / str(number)
        folder.mkdir()
        write_json(folder / "release.json", replace(first, number=number).manifest())
    assert releases.prune(Deployment(own_copy.root)) == [1, 3]
    assert sorted(int(path.name) for path in own_copy.releases.iterdir()) == [2, 4, 5]


def test_a_number_is_never_used_again(own_copy: Deployment) -> None:
    assert releases.next_number(own_copy) == 3
    with own_copy.journal.open("a") as journal:
        journal.write(json.dumps({"at": "x", "event": "publish", "release": 9}) + "\n")
    assert releases.next_number(own_copy) == 10
