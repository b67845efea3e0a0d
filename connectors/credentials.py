"""Credentials: read by name from the environment or a secrets file, never from YAML, never shown.

Errors name the variable and the file, never the value.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from common.errors import ConfigurationError, Text
from connectors.auth_model import Secret, Tls

FILE_VARIABLE = "DTI_SECRETS"
_FOR_OTHERS = 0o077
_QUOTED = re.compile(r"^(['\"])(.*)\1$")


Reveal = Callable[[Secret | str], str]


def reveal(value: Secret | str, published: Mapping[str, str] = MappingProxyType({})) -> str:
    """The value of a credential, or a plain text as it is. `published` are the sample credentials of a simulator: they
    win, so that a simulator is never shown a real one.

    Raises `ConfigurationError` (exit 3) where it is missing, empty, or holds a line break or another control character.
    """
    if isinstance(value, str):
        return value
    name = value.secret
    found = published.get(name)
    if found is None:
        found = os.environ.get(name)
    if found is None:
        found = _from_file(name)
    if found is None:
        raise _refused("secret-missing", name, Text("chưa được đặt", "is not set"))
    if not found.strip():
        raise _refused("secret-empty", name, Text("để trống", "is empty"))
    if any(ord(character) < 32 or ord(character) == 127 for character in found):
        raise _refused("secret-line-break", name, Text("chứa dấu xuống dòng", "holds a line break"))
    return found


def _refused(code: str, name: str, what: Text) -> ConfigurationError:
    return ConfigurationError(
        code,
        Text(f"thông tin bí mật '{name}' {what.vi}", f"secret '{name}' {what.en}"),
        hint=Text(
            f"đặt biến môi trường {name}, hoặc ghi '{name}=…' vào tệp mà {FILE_VARIABLE} chỉ tới (quyền 600)",
            f"set the environment variable {name}, or write '{name}=…' into the file that {FILE_VARIABLE} names (600)",
        ),
        where=name,
    )


def _from_file(name: str) -> str | None:
    place = os.environ.get(FILE_VARIABLE)
    if not place:
        return None
    path = private_file(Path(place), FILE_VARIABLE)
    for line in path.read_text(encoding="utf-8").splitlines():
        key, sign, value = line.partition("=")
        if sign and key.strip() == name:
            return _QUOTED.sub(r"\2", value.strip())
    return None


def private_file(path: Path, named_by: str) -> Path:
    """The path, if it is a file that nobody but its owner can read. Raises `ConfigurationError`."""
    try:
        mode = path.stat().st_mode
    except OSError:
        raise ConfigurationError(
            "secret-file-missing",
            Text(f"không đọc được tệp của {named_by}", f"the file of {named_by} cannot be read"),
            where=str(path),
        ) from None
    if mode & _FOR_OTHERS:
        raise ConfigurationError(
            "secret-file-open",
            Text(f"tệp của {named_by} mở cho người khác đọc", f"the file of {named_by} is open to others"),
            hint=Text(f"chmod 600 {path}", f"chmod 600 {path}"),
            where=str(path),
        )
    return path


def client_files(tls: Tls) -> tuple[str, str] | None:
    """Certificate and key for mTLS, checked before the first call. Raises `ConfigurationError`."""
    if not tls.client_certificate and not tls.client_key:
        return None
    certificate, key = Path(tls.client_certificate or "."), Path(tls.client_key or ".")
    private_file(key, "tls.client_key")
    try:
        ends = _ends(certificate.read_bytes())
    except (OSError, ValueError):
        ends = None
    if ends is None or ends <= datetime.now(UTC):
        seen = Text("hết hạn", "has expired") if ends else Text("không đọc được", "cannot be read")
        raise ConfigurationError(
            "client-certificate",
            Text(f"chứng thư máy khách {seen.vi}", f"the client certificate {seen.en}"),
            hint=Text("xin đơn vị vận hành cấp lại", "ask the operator for a new one"),
            where=str(certificate),
        )
    return str(certificate), str(key)


def authorities(tls: Tls) -> str | bool:
    """The file of certificate authorities to trust, or True for the public ones. Raises `ConfigurationError`."""
    if tls.ca is None:
        return True
    try:
        ssl.create_default_context(cafile=tls.ca)
    except (OSError, ValueError):
        raise ConfigurationError(
            "certificate-authorities",
            Text("không đọc được tệp 'tls.ca'", "the file of 'tls.ca' cannot be read"),
            hint=Text("ghi đường dẫn tới một tệp PEM", "give the path of a PEM file"),
            where=tls.ca,
        ) from None
    return tls.ca


def _ends(pem: bytes) -> datetime:
    from cryptography import x509  # the standard library reads certificates of a peer only, not of a file

    return x509.load_pem_x509_certificate(pem).not_valid_after_utc
