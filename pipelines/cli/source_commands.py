"""Commands about sources and pulls."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import Text, UsageError
from pipelines.cli.answers import Answer, Screen, answers, target
from pipelines.cli.read import AsOf, Year, newest_year
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from connectors import AnySource

Name = Annotated[str, typer.Argument(help="Tên nguồn (dti source list). Name of the source.")]
PullId = Annotated[str, typer.Argument(help="Mã lần lấy (dti pull list). Id of the pull.")]
Reason = Annotated[str, typer.Option("--reason", help="Lý do, được ghi lại. The reason, kept on record.")]
_MOST_SHOWN = 10


def _find(deployment: Deployment, name: str) -> AnySource:
    from difflib import get_close_matches

    from connectors import load_sources

    sources = load_sources(deployment.sources)
    if name not in sources:
        near = get_close_matches(name, sources, n=1)
        guess = near[0] if near else ", ".join(sources)
        raise UsageError(
            "unknown-source",
            Text(f"không có nguồn '{name}'", f"there is no source '{name}'"),
            hint=Text(f"có phải '{guess}'?", f"did you mean '{guess}'?"),
            where=str(deployment.sources),
        )
    return sources[name]


@answers
def list_sources(
    deployment: Deployment,
    presets: Annotated[
        bool, typer.Option("--presets", help="Các mẫu có sẵn và phần phải tự điền. Presets and what each needs.")
    ] = False,
) -> Answer:
    """Các nguồn của triển khai. The sources of the deployment."""
    from connectors import load_sources

    if presets:
        return _presets()
    found = load_sources(deployment.sources).values()
    data = [
        {
            "name": s.name,
            "title": s.title.model_dump(),
            "kind": s.kind,
            "preset": s.preset,
            "simulated": s.simulated,
            "first_year": s.first_year,
            "last_year": s.last_year,
        }
        for s in found
    ]

    def text(screen: Screen) -> None:
        heads = [("Nguồn", "Source"), ("Tên", "Title"), ("Kiểu", "Kind"), ("Mẫu", "Preset"), ("Mô phỏng", "Simulated")]
        yes, no = screen.t("có", "yes"), screen.t("không", "no")
        rows = [
            [
                s.name,
                s.title.en if screen.lang == "en" else s.title.vi,
                s.kind,
                s.preset or "–",
                yes if s.simulated else no,
            ]
            for s in found
        ]
        screen.table(heads, rows)

    return Answer(data, text)


def _presets() -> Answer:
    """The presets that exist, and what each needs from a person."""
    from connectors.presets import load_presets

    found = load_presets()
    data = [
        {"name": name, "kind": preset.source["kind"], **preset.model_dump(include={"title", "note", "needs"})}
        for name, preset in found.items()
    ]

    def text(screen: Screen) -> None:
        for name, preset in found.items():
            screen.line(f"{name}: {preset.title.vi}", f"{name}: {preset.title.en}")
            if preset.note:
                screen.line(f"    {preset.note.vi}", f"    {preset.note.en}")
            for key, what in preset.needs.items():
                screen.line(f"    · {key}: {what.vi}", f"    · {key}: {what.en}")
        screen.line("Dùng: 'preset: TÊN' trong tệp nguồn.", "Use: 'preset: NAME' in a source's file.")

    return Answer(data, text)


@answers
def check(deployment: Deployment, name: Name, year: Year = None) -> Answer:
    """Thử từng bước: địa chỉ, TLS, đăng nhập, trang đầu, hợp đồng, cơ quan. Try a source step by step."""
    from connectors import check_source
    from pipelines.pulling import agency_codes
    from pipelines.registers import read_registers
    from pipelines.settings import now

    source = _find(deployment, name)
    chosen = year or newest_year(deployment)
    agencies = agency_codes(read_registers(deployment.registers), chosen)
    steps = list(check_source(source, chosen, agencies, now(), deployment.inbox))

    def text(screen: Screen) -> None:
        for step in steps:
            mark = {"ok": "✓", "failed": "✗"}.get(step.status, "–")
            screen.line(f"{mark} {step.title.vi}: {step.detail.vi}", f"{mark} {step.title.en}: {step.detail.en}")
            for finding in step.findings[:5]:
                screen.line(f"    {finding.line('vi')}", f"    {finding.line('en')}")
            if step.hint.en:
                screen.line(f"    → {step.hint.vi}", f"    → {step.hint.en}")

    failed = any(step.status == "failed" for step in steps)
    return Answer([asdict(step) for step in steps], text, exit_code=4 if failed else 0)


@answers
def pull(
    deployment: Deployment,
    name: Name,
    year: Year = None,
    as_of: AsOf = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Lấy và kiểm tra, không lưu. Pull and check only.")
    ] = False,
) -> Answer:
    """Lấy số liệu của một nguồn, không dựng lại. Pull one source without rebuilding."""
    from tempfile import TemporaryDirectory

    from pipelines import sharing
    from pipelines.lock import writing
    from pipelines.machine import require_ready
    from pipelines.pulling import pull_year
    from pipelines.settings import now
    from pipelines.warehouse import moment_of

    source = _find(deployment, name)
    chosen = year or newest_year(deployment)
    moment = moment_of(as_of) if as_of else now()
    if dry_run:
        with TemporaryDirectory(dir=deployment.root, prefix=".trial-") as folder:  # beside the inbox, as landing is
            result = pull_year(deployment, source, chosen, moment, into=Path(folder))
    else:
        with writing(deployment.lock, "dti source pull"), sharing.claiming(deployment, [chosen], "dti source pull"):
            require_ready(deployment)
            result = pull_year(deployment, source, chosen, moment)
    code = 0 if result.good else 5 if result.status == "held" else 4

    def text(screen: Screen) -> None:
        screen.line(result.line("vi"), result.line("en"))
        for mark, found in (("✗", result.findings), ("·", result.notes)):
            for one in found[:_MOST_SHOWN]:
                screen.line(f"  {mark} {one.line('vi')}", f"  {mark} {one.line('en')}")
            if len(found) > _MOST_SHOWN:
                screen.line(f"  … (+{len(found) - _MOST_SHOWN})", f"  … (+{len(found) - _MOST_SHOWN})")

    return Answer(asdict(result), text, exit_code=code)


@answers
def schema(
    output: Annotated[str, typer.Option("--output", help="Ghi vào tệp. Write to a file.")] = "",
) -> Answer:
    """JSON Schema của tệp nguồn, cho trình soạn thảo. JSON Schema of source files, for editors."""
    from connectors import source_schema

    return schema_answer(source_schema(), output)


def schema_answer(body: dict[str, object], output: str) -> Answer:
    """A JSON Schema on stdout or in a file. Raises `UsageError` where that file cannot stand."""
    import json

    from common.durable import write_json

    if output:
        write_json(target(output), body)
        return Answer({"written": output}, lambda screen: screen.line(f"Đã ghi {output}", f"Wrote {output}"))
    return Answer(body, lambda _screen: print(json.dumps(body, ensure_ascii=False, indent=1)))


@answers
def list_pulls(
    deployment: Deployment, year: Year = None, name: Annotated[str, typer.Option("--source")] = ""
) -> Answer:
    """Các lần lấy số liệu, trạng thái và lý do. Pulls with their status and reasons."""
    from connectors import Landing

    found = Landing(deployment.landing).pulls(name or None, year)

    def text(screen: Screen) -> None:
        rows = [
            [
                p.pull_id,
                p.source,
                p.assessment_year,
                p.status,
                p.counts["received"],
                p.counts["accepted"],
                p.counts["quarantined"],
                "; ".join(reason.line(screen.lang) for reason in p.reasons[:2]),
            ]
            for p in found
        ]
        heads = [("Mã", "Id"), ("Nguồn", "Source"), ("Năm", "Year"), ("Trạng thái", "Status"), ("Nhận", "Received")]
        more = [("Chấp nhận", "Accepted"), ("Cách ly", "Quarantined"), ("Lý do", "Reasons")]
        screen.table([*heads, *more], rows, numeric=(2, 4, 5, 6))

    data = [
        {
            "pull_id": p.pull_id,
            "source": p.source,
            "year": p.assessment_year,
            "status": p.status,
            "moment": p.moment,
            "counts": p.counts,
            "reasons": [reason.as_dict("vi") for reason in p.reasons],
        }
        for p in found
    ]
    return Answer(data, text)


@answers
def accept(deployment: Deployment, pull_id: PullId, reason: Reason) -> Answer:
    """Chấp nhận một lần lấy bị giữ lại. Let a held pull into use."""
    return _decide(deployment, pull_id, "accept", reason)


@answers
def reject(deployment: Deployment, pull_id: PullId, reason: Reason) -> Answer:
    """Bác một lần lấy. Keep a pull out of use."""
    return _decide(deployment, pull_id, "reject", reason)


def _decide(deployment: Deployment, pull_id: str, decision: str, reason: str) -> Answer:
    from connectors import Landing
    from pipelines import journal, sharing
    from pipelines.approvals import person
    from pipelines.lock import writing

    command, by = f"dti pull {decision}", person()
    with writing(deployment.lock, command), sharing.claiming(deployment, [], command):
        landing = Landing(deployment.landing)
        sharing.claim(deployment, [landing.find(pull_id).assessment_year])
        decided = landing.decide(pull_id, decision, reason, by)
        journal.record(
            deployment.journal, f"pull-{decision}", pull_id=pull_id, source=decided.source, reason=reason, by=by
        )
    vi = {"accept": "Đã chấp nhận", "reject": "Đã bác"}[decision]
    return Answer(
        {"pull_id": pull_id, "decision": decision, "reason": reason, "by": by},
        lambda s: s.line(f"{vi} {pull_id}. Tiếp theo: dti refresh", f"{decision}ed {pull_id}. Next: dti refresh"),
    )
