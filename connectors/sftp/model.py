"""A folder of an SFTP server as YAML writes it: where, whose key the server must prove, who we are."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from ipaddress import ip_network
from typing import Any

from pydantic import Field, field_validator, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from connectors.auth_model import Secret
from connectors.parts import Part

# Key types by what they are called in a key; an RSA key signs with SHA-2, never with SHA-1.
SIGNATURES = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}", re.ASCII)


class Sftp(Part):
    """A folder that is read over SFTP. Nothing on the server is changed, moved or removed."""

    host: str = Field(pattern=r"^[A-Za-z0-9.:_-]+$", description="name or address, without a scheme")
    port: int = Field(default=22, ge=1, le=65535)
    username: Secret | str
    folder: str = Field(min_length=1, description="absolute, or from where the login leads")
    host_key: str = Field(description="'ssh-ed25519 AAAA…' as in the server's .pub file, or 'SHA256:…'")
    password: Secret | None = None
    private_key: Secret | str | None = Field(
        default=None, description="file of our private key, readable by its owner only; {secret: NAME} names the file"
    )
    passphrase: Secret | None = Field(default=None, description="of the private key")
    allowed_networks: tuple[str, ...] = Field(default=(), description="private networks that may be reached")

    @field_validator("private_key", mode="before")
    @classmethod
    def _is_a_file(cls, value: Any) -> Any:
        """A key that was written into the file must not appear in the message about it."""
        if isinstance(value, str) and ("\n" in value or "PRIVATE KEY" in value):
            raise FieldProblem(
                "secret-in-file",
                Text("khóa riêng không được ghi trong tệp này", "a private key does not stand in this file"),
                Text("ghi đường dẫn tới tệp khóa (quyền 600)", "give the path of the key's file (mode 600)"),
            )
        return value

    @field_validator("host_key")
    @classmethod
    def _names_a_key(cls, value: str) -> str:
        if not _FINGERPRINT.fullmatch(value) and _key(value) is None:
            raise FieldProblem(
                "invalid-value",
                Text("'host_key' không phải khóa máy chủ", "'host_key' is no host key"),
                Text(
                    "chép dòng trong tệp ssh_host_ed25519_key.pub do đơn vị vận hành gửi, hoặc 'SHA256:…'",
                    "copy the line of ssh_host_ed25519_key.pub that the operator sends, or 'SHA256:…'",
                ),
            )
        return value

    @field_validator("folder")
    @classmethod
    def _plain_path(cls, value: str) -> str:
        if not value.isprintable() or ".." in value.split("/"):
            raise FieldProblem("invalid-value", Text("đường dẫn không hợp lệ", "not a plain path"))
        return value

    @field_validator("allowed_networks")
    @classmethod
    def _networks(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for i, value in enumerate(values):
            try:
                ip_network(value)
            except ValueError:
                shown = value[:60]
                raise FieldProblem(
                    "invalid-value", Text(f"'{shown}' không hợp lệ", f"'{shown}' is not valid"), at=(i,)
                ) from None
        return values

    @model_validator(mode="after")
    def _one_proof(self) -> Sftp:
        if (self.password is None) == (self.private_key is None):
            raise FieldProblem(
                "missing-key",
                Text("cần đúng một trong 'password' và 'private_key'", "give either 'password' or 'private_key'"),
                at=("password",),
            )
        if self.passphrase and not self.private_key:
            raise FieldProblem(
                "missing-key",
                Text("'passphrase' đi cùng 'private_key'", "'passphrase' goes with 'private_key'"),
                at=("passphrase",),
            )
        return self

    @property
    def signatures(self) -> tuple[str, ...]:
        """How the server may prove its key: by the pinned type, or by any modern one where a fingerprint is pinned."""
        key = _key(self.host_key)
        kinds = SIGNATURES if key is None else {key[0]: SIGNATURES[key[0]]}
        return tuple(name for names in kinds.values() for name in names)

    @property
    def fingerprint(self) -> str:
        """`SHA256:…` of the pinned key."""
        key = _key(self.host_key)
        return self.host_key if key is None else fingerprint_of(key[1])


def fingerprint_of(key: bytes) -> str:
    """What `ssh-keygen -l` prints of a public key."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def _key(text: str) -> tuple[str, bytes] | None:
    """Type and bytes of a public key written as in a .pub file; a comment may follow. None for anything else."""
    kind, _, rest = text.strip().partition(" ")
    try:
        body = base64.b64decode(rest.split(" ")[0], validate=True)
    except (binascii.Error, ValueError):
        return None
    head = len(kind).to_bytes(4, "big") + kind.encode()
    return (kind, body) if kind in SIGNATURES and body.startswith(head) and len(body) > len(head) else None
