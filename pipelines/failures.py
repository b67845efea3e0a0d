"""Why a run of the job failed, as the error that it was: with its exit code, and with what stays published."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from common.errors import DifferenceError, DtiError, Finding, GateError, SourceError, StorageError, Text
from common.storage import TROUBLES, storage_error, trouble_in
from pipelines import journal, releases
from pipelines.machine import bytes_needed
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from dagster import DagsterEvent, ExecuteInProcessResult

# What Python, DuckDB, Arrow and the C++ library say when memory is at its end.
_MEMORY = (
    "MemoryError",
    "Out of Memory",
    "OutOfMemory",
    "std::bad_alloc",
    "malloc of size",
    "bad allocation",
    "can't start new thread",
)


def cause(result: ExecuteInProcessResult, deployment: Deployment) -> DtiError:
    """The first failure as the error that it was, with what stays published."""
    from pipelines.assets.errors import expected_error

    kept = None
    with suppress(DifferenceError):
        kept = releases.current(deployment)
    stays = f"bản {kept.number} được giữ nguyên" if kept else "chưa có bản nào được công bố"
    stays_en = f"release {kept.number} stays" if kept else "nothing is published yet"
    failures = result.get_step_failure_events()
    expected = next((error for error in map(expected_error, failures) if error), None)
    error = expected or _blocked(result, _pulls_of_this_run(deployment)) or _unexpected(result, failures)
    error = _about_the_machine(error, deployment) or error
    error.message = Text(f"{error.message.vi}; {stays}", f"{error.message.en}; {stays_en}")
    return error


def failed_site(result: ExecuteInProcessResult) -> DtiError | None:
    """The fault of the results site, if nothing else failed: it comes after the release is shown."""
    from pipelines.assets.errors import expected_error

    failures = result.get_step_failure_events()
    if {event.step_key for event in failures} != {"site"}:
        return None
    return expected_error(failures[0]) or _unexpected(result, failures)


def _pulls_of_this_run(deployment: Deployment) -> list[dict[str, Any]]:
    """The pulls since the last run began, as the journal has them."""
    pulls: list[dict[str, Any]] = []
    for entry in filter(journal.own, journal.read(deployment.journal)):
        if entry["event"] == "refresh":
            pulls.clear()
        elif entry["event"] == "pull":
            pulls.append(entry)
    return pulls


def _finding(reason: dict[str, str]) -> Finding:
    message, hint = Text(reason["message"], reason["message_en"]), Text(reason["hint"], reason["hint_en"])
    return Finding(reason["code"], message, hint, reason["where"])


def _blocked(result: ExecuteInProcessResult, pulls: list[dict[str, Any]]) -> DtiError | None:
    """A blocking check that failed: `SourceError` when the source of a landing asset gave nothing, else `GateError`."""
    from dagster import AssetCheckSeverity

    failed = [
        check
        for check in result.get_asset_check_evaluations()
        if not check.passed and check.blocking and check.severity == AssetCheckSeverity.ERROR
    ]
    if not failed:
        return None
    names = ", ".join(f"{check.asset_key.to_user_string()}:{check.check_name}" for check in failed)
    details = [
        Finding(check.check_name, Text(line, line), where=check.asset_key.to_user_string())
        for check in failed
        if check.check_name != "gates"
        for value in check.metadata.values()
        for line in str(value.value).splitlines()
    ]
    at_the_border = any(check.check_name == "gates" for check in failed)
    reasons = [_finding(reason) for pull in pulls for reason in pull["reasons"]] if at_the_border else []
    gone = at_the_border and "held" not in {pull["status"] for pull in pulls}
    return (SourceError if gone else GateError)(
        "check-failed",
        Text(f"kiểm tra chặn không đạt: {names}", f"blocking check failed: {names}"),
        hint=Text("dti status cho biết lý do và việc cần làm", "dti status tells why and what to do"),
        findings=[*reasons, *details],
    )


def _unexpected(result: ExecuteInProcessResult, failures: Sequence[DagsterEvent]) -> DtiError:
    """A failure that nobody foresaw, of a step or, without one, of what comes before the first."""
    errors = [event.step_failure_data.error for event in failures]
    errors += [event.job_failure_data.error for event in result.all_events if event.is_job_failure]
    error = next((one for one in errors if one), None)
    while error and error.cause:
        error = error.cause
    text = error.message.strip() if error else "?"
    return DtiError(
        "unexpected",
        Text(text, text),
        hint=Text("xem chi tiết của bước này: make ui", "see the details of this step: make ui"),
        where=failures[0].step_key or "" if failures else "",
    )


def _about_the_machine(error: DtiError, deployment: Deployment) -> DtiError | None:
    """The same failure told as what it comes from, where that is the machine: a disk, or too little memory."""
    if error.code in {code for code, _, _ in TROUBLES.values()}:
        text = f"'{error.where}'"
        number = next(number for number, (code, _, _) in TROUBLES.items() if code == error.code)
    elif error.code in {"unexpected", "dbt", "dbt-failed"}:
        text = "\n".join([error.message.en, *(finding.message.en for finding in error.findings)])
        number = trouble_in(text) or 0
    else:
        return None
    if number:
        return storage_error(number, text, deployment.root, bytes_needed(deployment))
    return _out_of_memory(error) if any(words in text for words in _MEMORY) else None


def _out_of_memory(error: DtiError) -> DtiError:
    return StorageError(
        "OutOfMemory",
        Text("không đủ bộ nhớ", "there is not enough memory"),
        hint=Text(
            "cho tiến trình thêm bộ nhớ (ulimit -v, systemd MemoryMax) hoặc chạy lúc máy rảnh",
            "give the process more memory (ulimit -v, systemd's MemoryMax), or run it when the machine is idle",
        ),
        where=error.where,
        findings=error.findings,
    )
