"""What of a deployment stands open to others: files with secrets, words on command lines, Dagster's pages."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from common.errors import ConfigurationError, DtiError, Text
from common.one_line import one_line
from connectors.auth_model import Secret, Tls
from connectors.credentials import FILE_VARIABLE, private_file, reveal
from connectors.vetting import is_loopback
from pipelines.settings import Deployment

PROCESSES = Path("/proc")
_WRITABLE = stat.S_IWOTH
_HOST_WORDS = {"-h", "--host"}
_PAGES = ("dagster-webserver", "dagster dev", "dg dev")


class Caution(DtiError):
    """Something to mend that does not spoil a night: told, but no failure."""

    exit_code = 0


def check_files(deployment: Deployment) -> Text:
    """Files with secrets are for their owner only, and nobody else may write what people configure.

    Raises `ConfigurationError` for the first that is not so.
    """
    secret = [path for path in (deployment.root / ".env", Path.cwd() / ".env") if path.exists()]
    for path in secret:
        private_file(path, ".env")
    place = os.environ.get(FILE_VARIABLE)
    if place:
        private_file(Path(place), FILE_VARIABLE)
    for part in _parts(_configured(deployment)):
        if isinstance(part, Tls) and part.client_key:
            private_file(Path(part.client_key), "tls.client_key")
    written = [deployment.root, deployment.root / "dti.yaml", deployment.sources, deployment.registers]
    written += [*deployment.sources.glob("*.yaml"), *deployment.registers.glob("*.csv")]
    for path in written:
        if path.exists() and path.stat().st_mode & _WRITABLE:
            raise ConfigurationError(
                "config-open",
                Text("ai cũng sửa được tệp cấu hình này", "anybody may change this configuration"),
                hint=Text(f"chmod o-w {path}", f"chmod o-w {path}"),
                where=str(path),
            )
    return Text(f"{len(written)} nơi không ai khác sửa được", f"{len(written)} places that nobody else may change")


def check_command_lines(deployment: Deployment) -> Text:
    """No secret that sources or channels name stands on a command line: every user of the machine can read those.

    Raises `ConfigurationError` with the name of the secret and of the program, never the value.
    """
    known = dict(_values(_configured(deployment)))
    for pid, words in command_lines():
        for name, value in known.items():
            if any(value in word for word in words):
                program = one_line(Path(words[0]).name, 40)
                raise ConfigurationError(
                    "secret-on-command-line",
                    Text(
                        f"giá trị của {name} nằm trên dòng lệnh của {program} (pid {pid}): ai trên máy cũng đọc được",
                        f"the value of {name} is on the command line of {program} (pid {pid}): everybody can read it",
                    ),
                    hint=Text(
                        f"đặt {name} bằng biến môi trường hoặc tệp {FILE_VARIABLE}, rồi đổi giá trị đó",
                        f"set {name} in the environment or in the file of {FILE_VARIABLE}, then change its value",
                    ),
                    where=name,
                )
    return Text(f"{len(known)} bí mật không có trên dòng lệnh nào", f"{len(known)} secrets, on no command line")


def check_pages(_: Deployment) -> Text:
    """Dagster's pages have no login, so they listen on this machine only. Raises `Caution` when they do not."""
    for pid, words in command_lines():
        line = " ".join(Path(word).name if at < 2 else word for at, word in enumerate(words))
        host = next((words[at + 1] for at, word in enumerate(words[:-1]) if word in _HOST_WORDS), None)
        host = host or next((word.partition("=")[2] for word in words if word.startswith("--host=")), None)
        if host and not is_loopback(host) and any(name in line for name in _PAGES):
            raise Caution(
                "pages-open",
                Text(
                    f"Dagster mở cho cả mạng ({one_line(host, 40)}, pid {pid}) mà không có đăng nhập",
                    f"Dagster is open to the network ({one_line(host, 40)}, pid {pid}) without a login",
                ),
                hint=Text(
                    "chạy bằng 'make ui' (127.0.0.1), hoặc đặt sau một proxy có đăng nhập",
                    "run it with 'make ui' (127.0.0.1), or behind a proxy with a login",
                ),
            )
    return Text("giao diện Dagster không mở ra mạng", "Dagster's pages are not open to the network")


def command_lines() -> Iterator[tuple[int, list[str]]]:
    """Pid and words of every process that can be looked at."""
    for folder in PROCESSES.glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode("utf-8", "surrogateescape").split("\0")
        except OSError:  # it has ended, or is not for us to see
            continue
        if words and words[0] and int(folder.name) != os.getpid():
            yield int(folder.name), [word for word in words if word]


def _configured(deployment: Deployment) -> list[BaseModel]:
    """The sources and the channels of the deployment."""
    from connectors import load_sources

    return [*load_sources(deployment.sources).values(), deployment.settings.alerts]


def _parts(value: Any) -> Iterator[BaseModel]:
    """Every part of a model, itself included."""
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from _parts(getattr(value, name))
    elif isinstance(value, dict):
        for one in value.values():
            yield from _parts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _parts(one)


def _values(models: list[BaseModel]) -> Iterator[tuple[str, str]]:
    """Name and value of every secret that is set; one that is not is the matter of its source."""
    for part in _parts(models):
        if isinstance(part, Secret):
            try:
                yield part.secret, reveal(part)
            except ConfigurationError:
                continue
