"""Commands about rulesets: they read and write files only, and import no heavy library before they need it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import Text, UsageError
from pipelines.cli.answers import Answer, Screen, answers, target
from pipelines.cli.ruleset_screens import about, lint_error, print_lint, print_moves, summary
from pipelines.cli.source_commands import schema_answer
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from rulesets.diff_ranks import Move

RulesetName = Annotated[str, typer.Argument(help="Mã bộ quy tắc hoặc tệp YAML. Id of a ruleset, or a file.")]


@answers
def list_rulesets(deployment: Deployment) -> Answer:
    """Các bộ quy tắc tìm thấy. The rulesets that are found."""
    from rulesets.load import find_rulesets

    found = find_rulesets(deployment.ruleset_folders)
    in_use = set(deployment.settings.rulesets) if (deployment.root / "dti.yaml").exists() else set()
    data = [{**summary(item), "in_use": item.ruleset_id in in_use} for item in found]

    def text(screen: Screen) -> None:
        heads = [
            ("Bộ quy tắc", "Ruleset"),
            ("Quyết định", "Decision"),
            ("Nhóm", "Groups"),
            ("Năm", "Years"),
            ("Chỉ số", "Indicators"),
            ("Điểm", "Points"),
            ("Phụ lục", "Annex"),
        ]
        rows = [
            [
                ("* " if one["in_use"] else "  ") + one["ruleset_id"],
                one["decision"],
                ", ".join(one["groups"]),
                f"{one['year_from']}–{one['year_to'] or ''}",
                f"{one['main_indices']}/{one['indicators'] or '–'}",
                one["points"],
                screen.t("có", "yes") if one["public"] else screen.t("chưa có", "not public"),
            ]
            for one in data
        ]
        screen.table(heads, rows, numeric=(4, 5))
        screen.line("* đang dùng trong triển khai này.", "* in use by this deployment.")

    return Answer(data, text)


@answers
def lint(
    deployment: Deployment,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RULESET]...", help="Mã, thư mục quyết định hoặc tệp; mặc định tất cả. Which ones."),
    ] = None,
    against: Annotated[
        str, typer.Option("--against", help="Văn bản quyết định để so từng chữ. Text of the decision to compare with.")
    ] = "",
) -> Answer:
    """Kiểm tra bộ quy tắc: mọi lỗi một lượt, mỗi lỗi kèm dòng và cách sửa. Check rulesets, all findings in one pass."""
    from rulesets.lint import lint as run_lint
    from rulesets.lint import select

    folders = deployment.ruleset_folders
    if against and not names:
        raise UsageError(
            "which-ruleset",
            Text("chưa nói so bộ quy tắc nào", "which ruleset is to be compared is not said"),
            hint=Text("dti ruleset lint an_giang/1407-2024 --against TỆP", "dti ruleset lint RULESET --against TEXT"),
        )
    paths = [path for name in names for path in select(name, folders)] if names else None
    report = run_lint(paths, folders, Path(against) if against else None)
    if report.errors:
        raise lint_error(report)
    return Answer(report.as_dict("vi"), lambda screen: print_lint(screen, report))


@answers
def show(deployment: Deployment, name: RulesetName) -> Answer:
    """Một bộ quy tắc: cấu trúc và từng chỉ số với quy tắc bằng lời. One ruleset with its rules in words."""
    from rulesets import words
    from rulesets.load import resolve

    item = resolve(name, deployment.ruleset_folders)
    ruleset = item.ruleset
    data = {**summary(item), "ruleset": ruleset.model_dump(mode="json", by_alias=True)}

    def text(screen: Screen) -> None:
        screen.title(f"{item.ruleset_id}: {ruleset.title_vi}", f"{item.ruleset_id}: {ruleset.title_en}")
        for line in about(ruleset):
            screen.line(line.vi, line.en)
        heads = [("Mã", "Code"), ("Tên", "Name"), ("Điểm", "Points"), ("Quy tắc", "Rule"), ("Căn cứ", "Basis")]
        basis = {"assumption": screen.t("giả định", "assumption"), "decision": screen.t("quyết định", "decision")}
        rows = []
        for main in ruleset.main_indices:
            points = "–" if main.points is None else words.number(main.points, screen.lang)
            rows.append([main.code, screen.t(main.name_vi, main.name_en or main.name_vi), points, "", ""])
            rows += [
                [
                    f"  {one.code}",
                    screen.t(one.name_vi, one.name_en or one.name_vi),
                    words.number(one.max_points, screen.lang),
                    words.indicator_rule(one).in_(screen.lang),
                    basis[one.basis],
                ]
                for one in ruleset.indicator_list
                if one.main_index == main.code
            ]
        screen.table(heads, rows, numeric=(2,))

    return Answer(data, text)


@answers
def schema(
    output: Annotated[str, typer.Option("--output", help="Ghi vào tệp. Write to a file.")] = "",
) -> Answer:
    """JSON Schema của tệp quy tắc, cho trình soạn thảo. JSON Schema of ruleset files, for editors."""
    from rulesets.schema import ruleset_schema

    return schema_answer(ruleset_schema(), output)


@answers
def diff(
    deployment: Deployment,
    before: RulesetName,
    after: RulesetName,
    values: Annotated[
        str, typer.Option("--values", help="Bảng giá trị CSV: hạng của ai đổi, vì đâu. Values: whose rank moves.")
    ] = "",
    values_after: Annotated[
        str, typer.Option("--values-after", help="Bảng giá trị cho bộ sau, nếu khác. Values of the second, if others.")
    ] = "",
) -> Answer:
    """Hai bộ quy tắc khác nhau ở đâu, và hạng của ai đổi vì đâu. What differs, and whose rank moves by which change."""
    from rulesets import diff as differ
    from rulesets.load import resolve

    old, new = (resolve(name, deployment.ruleset_folders) for name in (before, after))
    changes = differ.diff(old.ruleset, new.ruleset)
    data = {"before": old.ruleset_id, "after": new.ruleset_id, "changes": [change.as_dict() for change in changes]}
    moved: list[Move] = []
    if values:
        from rulesets.diff_ranks import moves, read_cells

        cells = read_cells(old, new, Path(values))
        cells_after = read_cells(old, new, Path(values_after)) if values_after else cells
        moved = moves(old.ruleset, new.ruleset, changes, cells, cells_after)
        data["moves"] = [move.as_dict() for move in moved]

    def text(screen: Screen) -> None:
        screen.title(f"Từ {old.ruleset_id} đến {new.ruleset_id}", f"From {old.ruleset_id} to {new.ruleset_id}")
        heads = [("Khác", "Change"), ("Mã", "Code"), ("Trước", "Before"), ("Sau", "After")]
        rows = [
            [differ.KINDS[change.kind].in_(screen.lang), change.code, change.before, change.after] for change in changes
        ]
        if rows:
            screen.table(heads, rows)
        screen.line(f"{len(changes)} khác biệt.", f"{len(changes)} differences.")
        if values:
            print_moves(screen, moved)

    return Answer(data, text)


@answers
def import_annex(
    deployment: Deployment,
    name: Annotated[str, typer.Argument(metavar="RULESET", help="Bộ quy tắc chưa có phụ lục. Ruleset without annex.")],
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="Phụ lục: .xlsx hoặc .csv. The annex.")] = "",
    *,
    output: Annotated[
        str, typer.Option("--output", help="Tệp YAML (mặc định: trong triển khai). Where the ruleset goes.")
    ] = "",
    template: Annotated[
        str, typer.Option("--template", help="Ghi tệp mẫu .xlsx hoặc .csv rồi dừng. Write the template instead.")
    ] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Ghi đè tệp đã có. Overwrite a file.")] = False,
) -> Answer:
    """Nhập phụ lục chính thức vào bộ quy tắc, hoặc ghi tệp mẫu. Complete a ruleset with its official annex."""
    from common.durable import write_whole
    from common.yaml_files import display_path
    from rulesets.annex import complete, find_base
    from rulesets.lint import catalogue_of

    base = find_base(name, deployment.ruleset_folders)
    if bool(file) == bool(template):
        raise UsageError(
            "annex-or-template",
            Text("cần một phụ lục hoặc --template", "give an annex, or --template"),
            hint=Text(f"dti ruleset import {name} --template mau.xlsx", f"dti ruleset import {name} --template a.xlsx"),
        )
    if template:
        from rulesets.annex_template import write_template

        write_template(base, target(template), catalogue_of(deployment.ruleset_folders))
        return Answer({"written": template}, lambda s: s.line(f"Đã ghi mẫu {template}", f"Wrote {template}"))
    written = target(output) if output else deployment.root / "rulesets" / f"{base.ruleset_id}.yaml"
    if written.exists() and not replace:
        raise UsageError(
            "file-exists",
            Text("tệp đã có", "the file exists"),
            hint=Text("thêm --replace để ghi đè", "add --replace to overwrite it"),
            where=display_path(written),
        )
    text, ruleset = complete(base, Path(file), deployment.ruleset_folders)
    written.parent.mkdir(parents=True, exist_ok=True)
    write_whole(written, text.encode())
    count, shown = len(ruleset.indicator_list), display_path(written)
    data = {"written": shown, "indicators": count, "main_indices": len(ruleset.main_indices)}
    vi = f"Đã ghi {shown}: {count} chỉ số, đúng số lượng và điểm công bố."
    return Answer(data, lambda s: s.line(vi, f"Wrote {shown}: {count} indicators, counts and points as published."))
