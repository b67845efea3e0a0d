"""People are told of each trouble once, of its end once, of nothing when nothing changed; whatever channel fails."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError
from connectors import Landing
from connectors.manifest import sealed
from pipelines import journal
from pipelines.alerts import ledger
from pipelines.alerts.notices import Notice, notices
from pipelines.alerts.telling import tell, tell_quietly
from pipelines.lock import writing
from pipelines.settings import CODE, Deployment, now
from tests.support.certificates import certificate
from tests.support.deployments import dti, dti_json, faults
from tests.support.portal import answer, faulty
from tests.support.servers.mail import PASSWORD, USER, MailServer, mail_server
from tests.support.telling import SOURCE, YEAR, add_settings, age, configure, pulled

FILE = {"type": "file", "name": "log"}
TEXT = {"type": "file", "name": "board", "format": "text"}
KEY, KEY_VARIABLE = "canary-Hook/+=9zQ", "DTI_TEST_HOOK"
HOSTILE = "X\r\nBcc: kẻ@xấu.vn\n\n<script>alert(1)</script>\u2028=cmd|' /C calc'!A0\u202edti"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    monkeypatch.setenv("DTI_TEST_SMTP", PASSWORD)
    monkeypatch.delenv("DTI_SECRETS", raising=False)


def mail_channel(server: MailServer, **changes: Any) -> dict[str, Any]:
    return {
        "type": "mail",
        "name": "operators",
        "host": "127.0.0.1",
        "port": server.port,
        "username": USER,
        "password": {"secret": "DTI_TEST_SMTP"},
        "sender": "dti@so.gov.vn",
        "to": ["truc@so.gov.vn", "cds@so.gov.vn"],
        "tls": {"ca": str(server.authority)},
        **changes,
    }


def hook(address: str, **changes: Any) -> dict[str, Any]:
    return {"type": "webhook", "name": "room", "url": f"{address}/dti", "key": {"secret": KEY_VARIABLE}, **changes}


def told(deployment: Deployment, name: str = "log") -> list[dict[str, Any]]:
    """The messages in the file of a channel."""
    path = deployment.alerts / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def keys(message: dict[str, Any]) -> tuple[list[str], list[str]]:
    return [one["key"] for one in message["new"]], [one["key"] for one in message["over"]]


def outcome(deployment: Deployment) -> list[tuple[str, int, int, str | None]]:
    return [(one.channel, one.new, one.over, one.error.code if one.error else None) for one in tell(deployment)]


FAILED = f"failed/{SOURCE}/{YEAR}"


def test_a_trouble_is_told_once_and_its_end_once(own_copy: Deployment) -> None:
    deployment = configure(own_copy, FILE)
    assert outcome(deployment) == [("log", 0, 0, None)], "nothing is wrong: silent"
    pulled(deployment, "failed")
    assert outcome(deployment) == [("log", 1, 0, None)]
    pulled(deployment, "failed")
    assert outcome(deployment) == [("log", 0, 0, None)], "the same trouble on the next night: silent"
    pulled(deployment, "unchanged")
    assert outcome(deployment) == [("log", 0, 1, None)]
    assert outcome(deployment) == [("log", 0, 0, None)]
    pulled(deployment, "failed")
    assert outcome(deployment) == [("log", 1, 0, None)], "it came back: told again"
    assert [keys(one) for one in told(deployment)] == [([FAILED], []), ([], [FAILED]), ([FAILED], [])]
    assert len({one["id"] for one in told(deployment)}) == 3


def test_a_message_says_cause_what_was_kept_and_the_next_command(own_copy: Deployment) -> None:
    deployment = configure(own_copy, FILE, TEXT)
    pulled(deployment, "failed")
    tell(deployment)
    (message,) = told(deployment)
    (notice,) = message["new"]
    assert "máy chủ không trả lời" in notice["cause"]["vi"]
    assert "vẫn dùng lần lấy" in notice["kept"]["vi"]
    assert notice["next"] == f"dti source check {SOURCE} --year {YEAR}"
    shown = (deployment.alerts / "board.txt").read_text(encoding="utf-8")
    assert message["text"] in shown
    assert "Không lấy được số liệu" in shown
    assert "Source failed" in shown


def test_a_held_pull_is_told_by_its_id_and_the_next_one_again(own_copy: Deployment) -> None:
    deployment = configure(own_copy, FILE)
    newest = Landing(deployment.landing).newest(SOURCE, YEAR)
    assert newest is not None
    manifest = newest.folder / "pull.json"
    for pull_id in ("20251101T000000-aaaaaaaa", "20251102T000000-bbbbbbbb"):
        body = json.loads(manifest.read_text(encoding="utf-8")) | {"pull_id": pull_id, "status": "held"}
        body["moment"] = f"{pull_id[:4]}-{pull_id[4:6]}-{pull_id[6:8]}T00:00:00+07:00"
        folder = newest.folder.with_name(pull_id)
        folder.mkdir()
        del body["manifest_sha256"]
        (folder / "pull.json").write_text(json.dumps(sealed(body)), encoding="utf-8")
        pulled(deployment, "held", "thiếu 40 xã")
        tell(deployment)
    held = [f"held/{SOURCE}/{YEAR}/20251101T000000-aaaaaaaa", f"held/{SOURCE}/{YEAR}/20251102T000000-bbbbbbbb"]
    assert [keys(one) for one in told(deployment)] == [([held[0]], []), ([held[1]], [])], "superseded, not recovered"
    assert told(deployment)[1]["new"][0]["next"].startswith("dti pull accept|reject 20251102T000000-bbbbbbbb")


def test_a_night_without_a_run_is_noticed_and_told(own_copy: Deployment) -> None:
    deployment = add_settings(own_copy, 'cycle: {open: "01-01", lock: "11-15", appeal: "11-25", publish: "12-31"}')
    deployment = configure(deployment, FILE)
    age(deployment, 4)
    tell(deployment)
    new, _ = keys(told(deployment)[0])
    assert [key.split("/")[0] for key in new] == ["missed"]
    assert outcome(deployment) == [("log", 0, 0, None)]
    code, status = dti_json(deployment, "status")
    assert code == 4
    assert 3 <= len(status["data"]["missed"]) <= 4
    assert {one["code"] for one in status["data"]["readiness"]["obstacles"]} == {"missed"}
    assert dti(deployment, "doctor").returncode == 4
    pulled(deployment, "unchanged")
    assert outcome(deployment) == [("log", 0, 1, None)]


def test_what_was_not_confirmed_for_long_is_told_as_stale(
    own_copy: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = configure(own_copy, FILE)
    monkeypatch.setattr("pipelines.freshness.now", lambda: now() + timedelta(hours=37))
    tell(deployment)
    (notice,) = told(deployment)[0]["new"]
    assert notice["key"] == f"stale/{SOURCE}/{YEAR}"
    assert "cũ từ 20" in notice["title"]["vi"]
    assert notice["next"] == f"dti refresh --year {YEAR}"


def test_a_killed_run_is_told_by_the_next_one_that_can(own_copy: Deployment) -> None:
    """It could not tell by itself. Told while it is the last one; once, as past, where a later run went well."""
    deployment = configure(own_copy, FILE)
    journal.record(deployment.journal, "refresh", reason="dti refresh", as_of="", rebuild=False)
    assert "bị ngắt giữa chừng" in dti(deployment, "doctor").stdout
    assert outcome(deployment) == [("log", 1, 0, None)]
    pulled(deployment, "unchanged")
    assert outcome(deployment) == [("log", 0, 1, None)]
    later = configure(deployment, FILE, {"type": "file", "name": "late"})
    assert outcome(later) == [("log", 0, 0, None), ("late", 1, 0, None)]
    assert outcome(later) == [("log", 0, 0, None), ("late", 0, 0, None)]
    assert "báo muộn" in told(later, "late")[0]["text"]


def test_an_altered_pull_is_told_too(own_copy: Deployment) -> None:
    deployment = configure(own_copy, FILE)
    newest = Landing(deployment.landing).newest(SOURCE, YEAR)
    assert newest is not None
    manifest = newest.folder / "pull.json"
    manifest.chmod(0o644)
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("accepted", "Accepted"), encoding="utf-8")
    tell(deployment)
    assert [one["kind"] for one in told(deployment)[0]["new"]] == ["damaged"]
    assert newest.pull_id in told(deployment)[0]["new"][0]["cause"]["vi"]


def test_a_run_that_failed_is_told_with_its_error(own_copy: Deployment) -> None:
    deployment = configure(own_copy, FILE)
    error = {
        "code": "check-failed",
        "message": "kiểm tra chặn không đạt: rankings:x",
        "where": "",
        "hint": "dti status",
    }
    journal.record(deployment.journal, "refresh", reason="dagster", as_of="", rebuild=False)
    journal.record(deployment.journal, "refresh-end", error=error)
    tell(deployment)
    (notice,) = told(deployment)[0]["new"]
    assert (notice["kind"], notice["key"]) == ("blocked", "blocked/check-failed/")
    assert "rankings:x" in notice["cause"]["vi"]
    assert "bản 2" in notice["kept"]["vi"]


def test_a_day_of_the_season_is_reminded_of_at_the_chosen_distances(
    own_copy: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock of 2025 is on 15 November; each distance is told once, and its passing is no news."""
    deployment = configure(own_copy, FILE, remind_days=[14, 3])
    seen = []
    for day in ("10-20", "11-02", "11-03", "11-13", "11-15", "11-16"):
        today = datetime.fromisoformat(f"2025-{day}T07:00:00+07:00")
        monkeypatch.setattr("pipelines.alerts.notices.now", lambda today=today: today)
        seen.append([one.key for one in notices(deployment) if one.kind == "deadline"])
        tell(deployment)
    far, near, appeal = (f"deadline/2025-11-{at}" for at in ("15/lock/14", "15/lock/3", "25/appeal/14"))
    assert seen == [[], [far], [far], [near], [near], [appeal]]
    assert [keys(one) for one in told(deployment)] == [([far], []), ([near], []), ([appeal], [])]
    assert "khóa tự đánh giá (2025-11-15)" in told(deployment)[1]["text"]


def test_a_channel_that_fails_costs_nobody_else_anything(own_copy: Deployment) -> None:
    with faulty(answer(b"", status="503 No")) as server:
        deployment = configure(own_copy, hook(server.address), FILE)
        pulled(deployment, "failed")
        assert outcome(deployment) == [("room", 1, 0, "webhook-refused"), ("log", 1, 0, None)]
        _, status = dti_json(deployment, "status")
        room, log = status["data"]["alerts"]
        assert (room["untold"], room["failure"]["code"], log["untold"]) == (1, "webhook-refused", 0)
        assert room["failing_since"]
        assert [e["channel"] for e in journal.read(deployment.journal, "alert-failed")] == ["room"]
        assert "HTTP 503" in dti(deployment, "doctor").stdout
        assert dti(deployment, "alerts", "send").returncode == 4
        pulled(deployment, "unchanged")
        server.acts = [answer(b"ok", "Content-Type: text/plain")]
        assert outcome(deployment) == [("room", 0, 1, None), ("log", 0, 1, None)], "it was never heard, but is over"
        assert outcome(deployment) == [("room", 0, 0, None), ("log", 0, 0, None)]
        _, status = dti_json(deployment, "status")
        assert [one["failing_since"] for one in status["data"]["alerts"]] == [None, None]


@pytest.mark.parametrize("channel", ["file", "webhook"])
def test_killed_between_sending_and_the_ledger_it_is_told_again_as_the_same_message(
    own_copy: Deployment, channel: str
) -> None:
    """At least once: the second message has the identity of the first; a file even drops it."""
    script = (
        "import os, signal, sys; from pipelines.settings import Deployment\n"
        "from pipelines.alerts import ledger, telling\n"
        "ledger.write = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        "telling.tell(Deployment.at(sys.argv[1]))"
    )
    with faulty(answer(b"{}")) as server:
        deployment = configure(own_copy, FILE if channel == "file" else hook(server.address))
        pulled(deployment, "failed")
        words = [sys.executable, "-c", script, str(deployment.root)]
        died = subprocess.run(words, env={**os.environ, "PYTHONPATH": str(CODE)}, check=False)
        assert died.returncode == -signal.SIGKILL
        assert [one.new for one in tell(deployment)] == [1]
        assert [one.new for one in tell(deployment)] == [0]
        if channel == "file":
            assert len(told(deployment)) == 1
        else:
            first, second = [json.loads(one.partition(b"\r\n\r\n")[2]) for one in server.requests]
            assert first["id"] == second["id"]


def test_a_webhook_is_signed_and_its_text_is_for_chats(own_copy: Deployment) -> None:
    with faulty(answer(b"{}")) as server:
        deployment = configure(own_copy, hook(server.address, headers={"X-Room": {"secret": KEY_VARIABLE}}))
        pulled(deployment, "failed")
        assert outcome(deployment) == [("room", 1, 0, None)]
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines()[1:])
        expected = hmac.new(KEY.encode(), f"{headers['X-DTI-Timestamp']}.".encode() + body, hashlib.sha256).hexdigest()
        assert headers["X-DTI-Signature"] == f"sha256={expected}"
        assert json.loads(body)["id"] == headers["X-DTI-Message"]
        assert KEY not in body.decode()
        assert "việc cần xem" in json.loads(body)["text"] + json.loads(body)["subject"]


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (answer(b"", "Location: https://example.org", status="302 Found"), "webhook-refused"),
        (lambda connection: connection.close(), "webhook-unreachable"),
        (lambda connection: connection.recv(1), "webhook-unreachable"),
    ],
)
def test_a_webhook_that_does_not_take_it_is_named(own_copy: Deployment, act: Any, code: str) -> None:
    with faulty(act) as server:
        deployment = configure(own_copy, hook(server.address, seconds=0.5))
        pulled(deployment, "failed")
        assert outcome(deployment) == [("room", 1, 0, code)]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_through_verified_tls_one_a_night(own_copy: Deployment, tmp_path: Path, security: str) -> None:
    with mail_server(tmp_path / "server", security) as server:
        deployment = configure(own_copy, mail_channel(server, security=security))
        pulled(deployment, "failed")
        journal.record(deployment.journal, "refresh", reason="dti refresh", as_of="", rebuild=False)
        assert outcome(deployment) == [("operators", 2, 0, None)]
        assert outcome(deployment) == [("operators", 0, 0, None)]
        (taken,), (mail,) = server.taken(), server.mails()
        assert (taken["tls"], taken["user"], taken["to"]) == (True, USER, ["truc@so.gov.vn", "cds@so.gov.vn"])
        assert mail["Subject"] == "[DTI] Tỉnh An Giang (chỉ cổng quốc gia): 2 việc cần xem"
        assert mail["Message-ID"].endswith("@so.gov.vn>")
        assert "Không lấy được số liệu" in mail.get_content()


@pytest.fixture
def plain_server(tmp_path: Path) -> Iterator[MailServer]:
    with mail_server(tmp_path / "server", "plain", user="") as server:
        yield server


def test_without_tls_nothing_is_said_to_a_server(own_copy: Deployment, plain_server: MailServer) -> None:
    """A server that does not offer STARTTLS, as one does behind whom somebody strips it."""
    deployment = configure(own_copy, mail_channel(plain_server))
    pulled(deployment, "failed")
    assert outcome(deployment) == [("operators", 1, 0, "mail-no-tls")]
    assert plain_server.taken() == []


def test_plain_mail_is_for_this_machine_alone(own_copy: Deployment, plain_server: MailServer) -> None:
    local = mail_channel(plain_server, security="none", username=None, password=None)
    deployment = configure(own_copy, local)
    pulled(deployment, "failed")
    assert outcome(deployment) == [("operators", 1, 0, None)]
    far = configure(own_copy, local | {"host": "mail.so.gov.vn"})
    with pytest.raises(ConfigurationError) as caught:
        _ = far.settings
    assert caught.value.code == "mail-without-tls"


@pytest.mark.parametrize(
    ("server", "changes", "code"),
    [
        ({"host": "127.0.0.2"}, {}, "mail-tls"),
        ({}, {"password": {"secret": KEY_VARIABLE}}, "mail-login"),
        ({"refuses": "all"}, {}, "mail-refused"),
        ({"refuses": "slow"}, {"seconds": 1}, "mail-too-slow"),
        ({}, {"port": 1}, "mail-unreachable"),
        ({}, {"password": {"secret": "DTI_TEST_NOT_SET"}}, "secret-missing"),
    ],
)
def test_a_mail_that_is_not_taken_is_named_and_sent_next_time(
    own_copy: Deployment, tmp_path: Path, server: dict[str, str], changes: dict[str, Any], code: str
) -> None:
    with mail_server(tmp_path / "server", **server) as running:
        deployment = configure(own_copy, mail_channel(running, **changes))
        pulled(deployment, "failed")
        assert outcome(deployment) == [("operators", 1, 0, code)]
        assert outcome(deployment) == [("operators", 1, 0, code)]
        written = ledger.path_of(deployment).read_text(encoding="utf-8") + deployment.journal.read_text(
            encoding="utf-8"
        )
        assert not [secret for secret in (PASSWORD, KEY, "canary") if secret in written]
        assert running.taken() == []


def test_one_refused_recipient_does_not_make_the_others_hear_it_every_night(
    own_copy: Deployment, tmp_path: Path
) -> None:
    with mail_server(tmp_path / "server", refuses="cds@so.gov.vn") as server:
        deployment = configure(own_copy, mail_channel(server))
        pulled(deployment, "failed")
        assert outcome(deployment) == [("operators", 1, 0, "mail-some-refused")]
        assert outcome(deployment) == [("operators", 0, 0, None)]
        assert len(server.taken()) == 1


def test_hostile_names_stay_on_their_line_and_out_of_the_headers(own_copy: Deployment, tmp_path: Path) -> None:
    with mail_server(tmp_path / "server") as server, faulty(answer(b"{}")) as room:
        title = json.dumps({"vi": HOSTILE, "en": HOSTILE})
        path = own_copy.root / "dti.yaml"
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("title:")]
        path.write_text("\n".join([*lines, f"title: {title}"]), encoding="utf-8")
        deployment = configure(own_copy, mail_channel(server), hook(room.address), FILE, TEXT)
        pulled(deployment, "failed", HOSTILE)
        assert [one.error for one in tell(deployment)] == [None] * 4
        (mail,) = server.mails()
        assert mail["Bcc"] is None
        assert not [c for c in mail["Subject"] if not c.isprintable()]
        body = mail.get_content()
        assert not [line for line in body.splitlines() if line.startswith(("Bcc", "<script", "="))]
        assert "\u202e" not in body + (deployment.alerts / "board.txt").read_text(encoding="utf-8")
        assert len((deployment.alerts / "log.jsonl").read_text(encoding="utf-8").split("\n")) == 2
        assert len(deployment.journal.read_text(encoding="utf-8").splitlines()) == len(
            list(journal.read(deployment.journal))
        )


def test_a_webhook_with_a_certificate_for_another_name_is_not_told(own_copy: Deployment, tmp_path: Path) -> None:
    import ssl
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    made = certificate(tmp_path, (-1, 1), "127.0.0.2")
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate, made.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"https://127.0.0.1:{server.server_port}"
        channel = hook(address, allowed_networks=["127.0.0.0/8"], tls={"ca": str(made.certificate)})
        deployment = configure(own_copy, channel)
        pulled(deployment, "failed")
        assert outcome(deployment) == [("room", 1, 0, "webhook-tls")]
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        ({"type": "webhook", "name": "a", "url": "http://example.org", "key": {"secret": "K"}}, "unsafe-address"),
        ({"type": "webhook", "name": "a", "url": "https://10.0.0.5/x", "key": {"secret": "K"}}, "unsafe-address"),
        ({"type": "webhook", "name": "a", "url": "https://u:p@example.org", "key": {"secret": "K"}}, "unsafe-address"),
        ({"type": "webhook", "name": "a", "url": "https://example.org", "key": "plain"}, "secret-in-file"),
        ({"type": "file", "name": "ledger"}, "channel-name"),
        ({"type": "file", "name": "../x"}, "invalid-value"),
        ({"type": "mail", "name": "a", "host": "10.0.0.5", "sender": "a@b.vn", "to": ["a@b.vn"]}, "unsafe-address"),
        (
            {"type": "mail", "name": "a", "host": "b.vn", "sender": "a@b.vn\nBcc: x@y.z", "to": ["a@b.vn"]},
            "invalid-value",
        ),
        (
            {"type": "mail", "name": "a", "host": "b.vn", "sender": "a@b.vn", "to": ["a@b.vn"], "username": "u"},
            "mail-login",
        ),
    ],
)
def test_a_channel_that_cannot_be_right_is_refused_when_the_file_is_read(
    own_copy: Deployment, channel: dict[str, Any], code: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _ = configure(own_copy, channel).settings
    assert caught.value.code == code
    assert "dti.yaml:" in caught.value.where
    assert "plain" not in str(caught.value.as_dict("vi"))


def test_while_a_run_is_writing_nothing_is_called_over(own_copy: Deployment) -> None:
    deployment = configure(own_copy, FILE)
    pulled(deployment, "failed")
    tell(deployment)
    pulled(deployment, "unchanged")
    with writing(deployment.lock, "tests"):
        assert outcome(deployment) == [("log", 0, 0, None)]
    assert outcome(deployment) == [("log", 0, 1, None)]


def test_whatever_goes_wrong_in_telling_stays_there(own_copy: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = configure(own_copy, FILE)
    monkeypatch.setattr("pipelines.alerts.telling.notices", lambda _: 1 / 0)
    tell_quietly(deployment)
    assert [e["code"] for e in journal.read(deployment.journal, "alert-failed")] == ["unexpected"]
    (own_copy.root / "dti.yaml").write_text("name: [", encoding="utf-8")
    tell_quietly(Deployment(own_copy.root))


def test_the_command_line_lists_tests_and_sends(own_copy: Deployment) -> None:
    deployment = configure(own_copy, FILE)
    assert dti(deployment, "alerts", "test").returncode == 0
    assert told(deployment)[0]["new"][0]["kind"] == "test"
    pulled(deployment, "failed")
    code, listed = dti_json(deployment, "alerts", "list")
    assert (code, [one["key"] for one in listed["data"]["notices"]]) == (0, [FAILED])
    assert listed["data"]["channels"][0]["untold"] == 1
    code, sent = dti_json(deployment, "alerts", "send")
    assert (code, sent["data"]["deliveries"][0]["new"]) == (0, 1)
    code, answer_ = dti_json(deployment, "alerts", "test", "nobody")
    assert (code, answer_["error"]["code"]) == (2, "unknown-channel")
    assert "Không có gì cần báo" not in dti(deployment, "alerts", "list").stdout


def test_a_refresh_tells_by_itself_and_ends_as_it_did(own_copy: Deployment) -> None:
    deployment = configure(own_copy, FILE, {"type": "file", "name": "other"})
    (deployment.alerts / "other.jsonl").mkdir(parents=True)
    code, _ = dti_json(deployment, "refresh", env=faults({"fault": "html_page"}))
    assert code == 4
    assert keys(told(deployment)[0]) == ([FAILED], [])
    assert [e["channel"] for e in journal.read(deployment.journal, "alert-failed")] == ["other"]


def test_notices_of_one_source_are_about_the_same_whatever_pull() -> None:
    from common.errors import Text

    first, second = (Notice(f"held/s/2025/{n}", "held", Text("", ""), source="s", year=2025) for n in (1, 2))
    assert first.about == second.about != Notice("held/t", "held", Text("", ""), source="t", year=2025).about
