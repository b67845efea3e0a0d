"""`dti`: the table of contents of the command line."""

from __future__ import annotations

import gc
import json
import os
import sys

import typer

from pipelines.cli import (
    alert_commands,
    appeal_commands,
    approve_command,
    backfill_command,
    demo_command,
    document_commands,
    export_command,
    form_commands,
    init_command,
    lift_command,
    publish_command,
    read,
    release_commands,
    robustness_command,
    ruleset_commands,
    run_commands,
    score_commands,
    source_commands,
    sql_command,
    why_commands,
)

app = typer.Typer(
    name="dti",
    help="Chỉ số chuyển đổi số của tỉnh: thu thập, tính điểm, giải thích, xếp hạng, công bố. "
    "Digital transformation index of a province.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command("demo")(demo_command.demo)
app.command("init")(init_command.init)
app.command("refresh")(run_commands.refresh)
app.command("backfill")(backfill_command.backfill)
app.command("rank")(read.rank)
app.command("explain")(score_commands.explain)
app.command("changes")(read.changes)
app.command("publish")(publish_command.publish)
app.command("whatif")(why_commands.whatif)
app.command("lift")(lift_command.lift)
app.command("robustness")(robustness_command.robustness)
app.command("score")(score_commands.score)
app.command("approve")(approve_command.approve)
app.command("export")(export_command.export)
app.command("sql")(sql_command.sql)
app.command("status")(read.status)
app.command("doctor")(read.doctor)

source = typer.Typer(help="Nguồn số liệu. Source systems.", no_args_is_help=True)
source.command("list")(source_commands.list_sources)
source.command("check")(source_commands.check)
source.command("pull")(source_commands.pull)
source.command("schema")(source_commands.schema)
app.add_typer(source, name="source")

pull = typer.Typer(help="Các lần lấy số liệu. Pulls.", no_args_is_help=True)
pull.command("list")(source_commands.list_pulls)
pull.command("accept")(source_commands.accept)
pull.command("reject")(source_commands.reject)
app.add_typer(pull, name="pull")

ruleset = typer.Typer(help="Bộ chỉ số của các quyết định. Rulesets.", no_args_is_help=True)
ruleset.command("list")(ruleset_commands.list_rulesets)
ruleset.command("lint")(ruleset_commands.lint)
ruleset.command("show")(ruleset_commands.show)
ruleset.command("schema")(ruleset_commands.schema)
ruleset.command("diff")(ruleset_commands.diff)
ruleset.command("import")(ruleset_commands.import_annex)
app.add_typer(ruleset, name="ruleset")

form = typer.Typer(help="Phiếu tự đánh giá. Self-assessment forms.", no_args_is_help=True)
form.command("write")(form_commands.write)
form.command("check")(form_commands.check)
app.add_typer(form, name="form")

document = typer.Typer(help="Văn bản và phụ lục. Papers.", no_args_is_help=True)
document.command("notice")(document_commands.notice)
document.command("appendix")(document_commands.appendix)
app.add_typer(document, name="document")

release = typer.Typer(help="Các bản phát hành. Releases.", no_args_is_help=True)
release.command("list")(release_commands.list_releases)
release.command("build")(release_commands.build)
release.command("verify")(release_commands.verify)
release.command("repair")(release_commands.repair)
app.add_typer(release, name="release")

appeal = typer.Typer(help="Kiến nghị về điểm. Appeals against a score.", no_args_is_help=True)
appeal.command("new")(appeal_commands.new)
appeal.command("list")(appeal_commands.list_appeals)
appeal.command("show")(appeal_commands.show)
appeal.command("resolve")(appeal_commands.resolve)
appeal.command("finish")(appeal_commands.finish)
app.add_typer(appeal, name="appeal")

alerts = typer.Typer(help="Báo tin cho người vận hành. Notices to people.", no_args_is_help=True)
alerts.command("list")(alert_commands.list_alerts)
alerts.command("send")(alert_commands.send)
alerts.command("test")(alert_commands.try_channel)
app.add_typer(alerts, name="alerts")


def run() -> None:
    """Entry point: whatever escapes is a bug and says so in one line, with the trace only on request."""
    as_json = "--json" in sys.argv
    gc.set_threshold(100_000, 50, 100)  # most of a run is imports, in which a collection finds nothing
    try:
        sys.exit(app(standalone_mode=not as_json) or 0)
    except Exception as error:
        if os.environ.get("DTI_DEBUG"):
            raise
        sys.exit(_explain(error, as_json))


def _explain(error: Exception, as_json: bool) -> int:
    """Say what escaped a command; returns the exit code. Words that typer does not know are a usage error (2)."""
    usage = as_json and hasattr(error, "format_message")
    code, hint = ("usage", "--help") if usage else ("unexpected", "DTI_DEBUG=1")
    message = error.format_message() if usage else f"lỗi không lường trước (unexpected error): {error!r}"  # type: ignore[attr-defined]  # checked above
    if as_json:
        body = {"ok": False, "error": {"code": code, "message": message, "hint": hint, "where": ""}}
        print(json.dumps(body, ensure_ascii=False, indent=1))
    else:
        print(f"{message}\n  → {hint}", file=sys.stderr)
    return 2 if usage else 1


if __name__ == "__main__":
    run()
