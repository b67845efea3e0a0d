"""Guards of SFTP that can be taken away, and what must then be seen to fail (`tests/connectors/test_sftp.py`).

What a mutant puts in place is what the library does by default, or what a hurried hand would write.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tenacity

from connectors import attempts, deadline, vetting
from connectors.sftp import connection, credentials, folder
from tests.support.mutants import Mutant, Patch


def _without(target: Any, name: str, instead: Any = lambda *_: None) -> Callable[[Patch], None]:
    return lambda patch: patch(target, name, instead)


def _old_algorithms(patch: Patch) -> None:
    patch(connection, "_CIPHERS", (*connection._CIPHERS, "aes256-cbc"))
    patch(connection, "_MACS", (*connection._MACS, "hmac-sha1"))


def _login_repeated(patch: Patch) -> None:
    original = connection.log_in

    def log_in(*given: Any) -> None:
        try:
            original(*given)
        except folder.SourceError:
            raise folder.PassingTrouble("SourceUnavailable", detail="login") from None

    patch(folder, "log_in", log_in)


def _own_keys(patch: Patch) -> None:
    """What `SSHClient` does: after the password, whatever lies in `~/.ssh`."""
    original = connection.log_in

    def log_in(transport: Any, login: Any, place: Any) -> None:
        from paramiko import Ed25519Key

        try:
            original(transport, login, place)
        except folder.SourceError:
            transport.auth_publickey(login.username, Ed25519Key(filename=str(Path.home() / ".ssh" / "id_ed25519")))

    patch(folder, "log_in", log_in)


def _drops_end_lists(patch: Patch) -> None:
    original = folder.list_folder

    def entries(client: Any, path: str, place: Any) -> Any:
        found: dict[str, Any] = {}
        try:
            for entry in client.listdir_iter(path, read_aheads=1):
                found[entry.filename] = folder._state(entry, entry.filename, place)
        except (OSError, EOFError):
            return found
        return original(client, path, place)

    patch(folder, "list_folder", entries)


def _no_silence(patch: Patch) -> None:
    def open_client(transport: Any, _: Any) -> Any:
        from paramiko import SFTPClient

        return SFTPClient.from_transport(transport)

    patch(folder, "open_client", open_client)


def _listed_once(patch: Patch) -> None:
    def names(self: Any, wanted: Any, place: Any) -> list[str]:
        self._listed = self._still = self._list(place)
        return sorted(name for name in self._listed if wanted(name))

    patch(folder.SftpFolder, "names", names)


def _states_alike(patch: Patch) -> None:
    patch(folder._State, "__eq__", lambda *_: True)
    patch(folder._State, "__ne__", lambda *_: False)
    patch(folder, "_check_whole", lambda *_: None)


def _more_attempts(patch: Patch) -> None:
    stop = tenacity.stop_after_attempt
    patch(attempts, "stop_after_attempt", lambda most: stop(most + 15))


def _no_budget(patch: Patch) -> None:
    patch(attempts.Attempts, "_may_wait", lambda *_: None)


_MUTANTS: dict[str, tuple[str, Callable[[Patch], Any]]] = {
    "host-key": ("the pinned key is not compared", _without(connection, "check_host_key")),
    "algorithms": ("old algorithms are spoken", _old_algorithms),
    "login-once": ("a refused login is tried again", _login_repeated),
    "own-keys": ("keys of the machine are tried", _own_keys),
    "key-mode": ("key files may be open to others", _without(credentials, "private_file", lambda path, _: path)),
    "secrets": ("an empty secret is a secret", _without(credentials, "reveal", lambda _: "")),
    "addresses": ("addresses are not vetted", _without(vetting.Reach, "_safe", lambda *_: True)),
    "kinds": ("anything is a file", _without(folder, "check_kind")),
    "names": ("any name will do", _without(folder, "check_name")),
    "declared-size": ("declared sizes are not looked at", _without(folder, "_check_size")),
    "actual-size": ("what comes is not counted", _without(folder, "_room", lambda *_: 2**15)),
    "whole": ("fewer bytes than declared are a file", _without(folder, "_check_whole")),
    "list-end": ("a dropped connection ends a list", _drops_end_lists),
    "attempts": ("attempts are not bounded as stated", _more_attempts),
    "budget": ("no budget of retries", _no_budget),
    "deadline": ("no deadline of an attempt", _without(deadline.Watchdog, "_bark")),
    "silence": ("no timeout of a read", _no_silence),
    "standing-still": ("a copy in progress is a file", _listed_once),
    "looked-at-again": ("a file is not looked at again after reading", _states_alike),
    "logs": ("the library logs", _without(connection, "_keep_out_of_logs")),
}

SFTP_MUTANTS = {name: Mutant(gone, (), remove) for name, (gone, remove) in _MUTANTS.items()}
