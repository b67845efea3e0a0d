"""Who we are to an SFTP server: read by reference before anything is sent, never shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import ConfigurationError, Text
from connectors.credentials import private_file, reveal
from connectors.sftp.model import Sftp

if TYPE_CHECKING:
    from paramiko import PKey

_NAMED_BY = "sftp.private_key"


@dataclass(frozen=True)
class SftpLogin:
    """A user name, and either a password or a key."""

    username: str
    password: str | None = field(default=None, repr=False)
    key: PKey | None = field(default=None, repr=False)


def login_of(sftp: Sftp) -> SftpLogin:
    """The login of a source.

    Raises `ConfigurationError` (exit 3) for a secret that is missing, or a key file that is open to others, unreadable
    or locked by another passphrase.
    """
    username = reveal(sftp.username)
    if sftp.password is not None:
        return SftpLogin(username, password=reveal(sftp.password))
    path = private_file(Path(reveal(sftp.private_key or "")), _NAMED_BY)
    return SftpLogin(username, key=_read_key(path, reveal(sftp.passphrase) if sftp.passphrase else None))


def _read_key(path: Path, passphrase: str | None) -> PKey:
    """The key alone: a certificate that happens to lie beside it is not looked at."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from paramiko import ECDSAKey, Ed25519Key, PasswordRequiredException, RSAKey, SSHException

    for kind in (Ed25519Key, ECDSAKey, RSAKey):
        try:
            return kind.from_private_key_file(str(path), passphrase)
        except PasswordRequiredException:
            break
        except (SSHException, UnsupportedAlgorithm, ValueError, TypeError, IndexError):
            continue  # of another type, broken, or locked by another passphrase: the library does not tell
    raise ConfigurationError(
        "private-key",
        Text(f"không đọc được khóa của {_NAMED_BY}", f"the key of {_NAMED_BY} cannot be read"),
        hint=Text(
            "cần khóa Ed25519, ECDSA hoặc RSA dạng OpenSSH hay PEM; nếu có mật khẩu, ghi 'passphrase: {secret: …}'",
            "it must be an Ed25519, ECDSA or RSA key in OpenSSH or PEM form; if locked, give 'passphrase: {secret: …}'",
        ),
        where=str(path),
    )
