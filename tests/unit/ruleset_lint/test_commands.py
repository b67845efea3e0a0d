"""`dti ruleset …`: exit codes, JSON, and messages that name the place and the next step."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from pipelines.cli import ruleset_commands as commands

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "ruleset_against"

app = typer.Typer()
for name, command in {
    "list": commands.list_rulesets,
    "lint": commands.lint,
    "show": commands.show,
    "schema": commands.schema,
    "diff": commands.diff,
    "import": commands.import_annex,
}.items():
    app.command(name)(command)


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def answer(*words: object) -> tuple[int, Any]:
    result = run(*words, "--json")
    return result.exit_code, json.loads(result.stdout)


def test_list_shows_every_ruleset_and_which_are_in_use() -> None:
    code, body = answer("list")
    assert code == 0
    found = {one["ruleset_id"]: one for one in body["data"]}
    assert len(found) == 12
    assert found["national/766-2022"]["in_use"]
    assert not found["nghe_an/1082-2023/commune"]["public"]
    assert "an_giang/1407-2024/district" in run("list").stdout


def test_lint_of_everything_passes() -> None:
    code, body = answer("lint")
    assert (code, body["ok"], body["data"]["errors"]) == (0, True, 0)
    assert "12 bộ quy tắc không có lỗi" in run("lint").stdout


def test_lint_by_folder_compares_with_a_text_and_fails_on_a_difference(tmp_path: Path) -> None:
    text = (SAMPLE / "decision.md").read_text(encoding="utf-8")
    (tmp_path / "text.md").write_text(text, encoding="utf-8")
    code, body = answer("lint", SAMPLE / "department.yaml", "--against", tmp_path / "text.md")
    assert code == 0
    assert body["data"]["compared"][0]["equal_indicators"] == 3
    (tmp_path / "text.md").write_text(text.replace("hằng năm", "hàng năm"), encoding="utf-8")
    code, body = answer("lint", SAMPLE / "department.yaml", "--against", tmp_path / "text.md")
    assert (code, body["ok"]) == (3, False)
    assert "department.yaml:16:" in body["error"]["where"]
    assert "text.md:20" in body["error"]["findings"][0]["hint"]
    assert run("lint", "--against", tmp_path / "text.md").exit_code == 2
    assert answer("lint", SAMPLE / "department.yaml", "--against", tmp_path / "none.md")[0] == 3


@pytest.mark.parametrize("path", sorted((HERE / "mistakes").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_mistake_never_shows_a_stack_trace(path: Path) -> None:
    result = run("lint", path)
    assert result.exit_code == 3
    assert "Traceback" not in result.output
    assert path.name in result.output
    assert not result.exception or isinstance(result.exception, SystemExit)


def test_warnings_say_that_they_are_none_of_the_errors() -> None:
    result = run("lint", HERE / "mistakes" / "threshold_jumps.yaml")
    assert "cảnh báo: điểm nhảy" in result.output


def test_show_puts_every_rule_into_words() -> None:
    result = run("show", "an_giang/1407-2024/district")
    assert result.exit_code == 0
    assert "giả định" in result.stdout
    code, body = answer("show", "hau_giang/1949-2022/district")
    assert (code, body["data"]["public"], body["data"]["points"]) == (0, False, "360")


def test_schema_is_json_schema(tmp_path: Path) -> None:
    assert answer("schema")[1]["data"]["$schema"].startswith("https://json-schema.org/")
    assert run("schema", "--output", tmp_path / "ruleset.json").exit_code == 0
    assert json.loads((tmp_path / "ruleset.json").read_text(encoding="utf-8"))["title"]


def test_an_unknown_ruleset_names_the_nearest() -> None:
    for words in (("show", "an_giang/1407-2024/distric"), ("lint", "an_giang/1407-2023")):
        code, body = answer(*words)
        assert code == 2
        assert "an_giang/1407-2024" in body["error"]["hint"]


def test_import_writes_into_the_deployment_and_asks_before_it_overwrites(tmp_path: Path) -> None:
    template = tmp_path / "mau.csv"
    name = "nghe_an/1082-2023/commune"
    assert run("import", name, "--template", template, "--data", tmp_path).exit_code == 0
    assert run("import", name, "--data", tmp_path).exit_code == 2
    code, body = answer("import", name, template, "--data", tmp_path)
    assert code == 3
    assert body["error"]["where"].startswith("mau.csv!")
    template.write_text(annex(template.read_text(encoding="utf-8-sig")), encoding="utf-8")
    code, body = answer("import", name, template, "--data", tmp_path)
    assert (code, body["data"]["indicators"]) == (0, 27), body
    assert run("import", name, template, "--data", tmp_path).exit_code == 2
    assert run("import", name, template, "--data", tmp_path, "--replace").exit_code == 0
    assert answer("list", "--data", tmp_path)[1]["data"][9]["public"]
    assert answer("lint", name, "--data", tmp_path)[0] == 0


def test_diff_says_whose_rank_moves_and_by_which_change(tmp_path: Path) -> None:
    before = (SAMPLE / "department.yaml").read_text(encoding="utf-8")
    (tmp_path / "before.yaml").write_text(before, encoding="utf-8")
    (tmp_path / "after.yaml").write_text(before.replace("proportional", "target, target: 0.5", 1), encoding="utf-8")
    rows = ["a,1.1,,,có", "b,1.1,,,có", "a,1.2,4,10,", "b,1.2,1,4,", "a,2.1,8,10,", "b,2.1,85,100,"]
    csv_text = "agency,indicator,numerator,denominator,value\n" + "\n".join(rows) + "\n"
    (tmp_path / "values.csv").write_text(csv_text, encoding="utf-8")
    files = (tmp_path / "before.yaml", tmp_path / "after.yaml")
    code, body = answer("diff", *files, "--values", tmp_path / "values.csv")
    assert code == 0
    assert [change["kind"] for change in body["data"]["changes"]] == ["rule"]
    # a: 10 + 2 + 14 = 26, b: 10 + 1.25 + 14.875 = 26.125; then a: 10 + 4 + 14 = 28, b: 10 + 2.5 + 14.875 = 27.375
    assert [(m["agency"], m["rank_before"], m["rank_after"]) for m in body["data"]["moves"]] == [
        ("a", 2, 1),
        ("b", 1, 2),
    ]
    assert body["data"]["moves"][0]["causes"][0]["code"] == "1.2"
    assert "2 cơ quan đổi hạng" in run("diff", *files, "--values", tmp_path / "values.csv").stdout
    (tmp_path / "values.csv").write_text("agency,indicator\na,9.9\n", encoding="utf-8")
    assert answer("diff", *files, "--values", tmp_path / "values.csv")[0] == 3


def annex(template: str) -> str:
    """A made-up annex of 27 indicators and 500 points over the seven published main indices."""
    heads, *mains = csv.reader(io.StringIO(template))
    rows = [heads]
    for number, main in enumerate(mains, start=1):
        points = [17, 17, 40] if number == 7 else [17, 17, 17, 20]
        rows.append([*main[:3], str(sum(points)), *main[4:]])
        for k, most in enumerate(points, start=1):
            given = {
                "Mã": f"{number}.{k}",
                "Chỉ số chính": main[0],
                "Tên": f"Chỉ số mẫu {number} {k}",
                "Căn cứ": "decision",
            }
            given |= {"Điểm tối đa": str(most), "Quy tắc": "yes_no", "Giá trị": "self_assessment.annual_plan"}
            rows.append([given.get(head, "") for head in heads])
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
