"""`alerts:` of `dti.yaml`: whom to tell, and how. Credentials stand here by name only, as in a source's file."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from connectors.auth_model import Secret, Tls
from connectors.parts import Name, Part
from connectors.vetting import UnsafeAddressError, is_loopback, origin, reach

Address = Annotated[str, Field(pattern=r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}$", max_length=254)]
_RESERVED = "ledger"


class _Reaching(Part):
    """A channel that leaves this machine."""

    allowed_networks: tuple[str, ...] = Field(default=(), description="private networks, such as 10.1.2.0/24")
    tls: Tls = Tls()
    seconds: float = Field(default=30, gt=0, le=120, description="for the whole delivery")

    @field_validator("allowed_networks")
    @classmethod
    def _networks(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for at, value in enumerate(values):
            try:
                reach([], networks=[value])
            except ValueError:
                raise FieldProblem(
                    "invalid-value", Text(f"'{value[:60]}' không hợp lệ", f"'{value[:60]}' is not valid"), at=(at,)
                ) from None
        return values

    def _open(self, host: str, field: str) -> None:
        if reach([], networks=self.allowed_networks).refuses_host(host):
            raise FieldProblem(
                "unsafe-address",
                Text("địa chỉ nội bộ chưa được cho phép", "a private address that is not allowed"),
                Text("thêm mạng đó vào 'allowed_networks'", "add its network to 'allowed_networks'"),
                (field,),
            )


class Mail(_Reaching):
    """E-mail by SMTP, with TLS that is verified; without it only to a server on this very machine."""

    type: Literal["mail"]
    name: Name
    host: str = Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Secret | str | None = None
    password: Secret | None = None
    sender: Address
    to: tuple[Address, ...] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _safe(self) -> Mail:
        if self.security == "none" and not is_loopback(self.host):
            raise FieldProblem(
                "mail-without-tls",
                Text("thư đi không mã hóa chỉ được phép trên chính máy này", "without TLS only to this very machine"),
                Text("viết 'security: starttls' hoặc 'tls'", "write 'security: starttls' or 'tls'"),
                ("security",),
            )
        if (self.username is None) != (self.password is None):
            raise FieldProblem(
                "mail-login",
                Text("'username' và 'password' đi cùng nhau", "'username' and 'password' go together"),
                at=("username" if self.password is None else "password",),
            )
        self._open(self.host, "host")
        return self


class Webhook(_Reaching):
    """An HTTPS POST of JSON, signed with a key that both sides know."""

    type: Literal["webhook"]
    name: Name
    url: str = Field(description="https://host/path; http:// for 127.0.0.1 only")
    key: Secret = Field(description="signs every message (HMAC-SHA256)")
    headers: dict[str, Secret | str] = Field(default_factory=dict, description="sent along, such as a token")

    @model_validator(mode="after")
    def _safe(self) -> Webhook:
        try:
            _, host, _ = origin(self.url)
        except UnsafeAddressError:
            raise FieldProblem(
                "unsafe-address",
                Text("địa chỉ phải là https://máy-chủ, không có tài khoản", "must be https://host, without a user"),
                Text("http:// chỉ dùng cho 127.0.0.1", "http:// is for 127.0.0.1 only"),
                ("url",),
            ) from None
        self._open(host, "url")
        for name in self.headers:
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", name):
                raise FieldProblem("invalid-value", Text("tên tiêu đề lạ", "not a header's name"), at=("headers", name))
        return self


class File(Part):
    """A file in the deployment's folder `alerts/`: JSON lines for programs, or text for people."""

    type: Literal["file"]
    name: Name
    format: Literal["jsonl", "text"] = "jsonl"


Channel = Annotated[Mail | Webhook | File, Field(discriminator="type")]


class Alerts(Part):
    """The channels, and how many days before a day of the season people are reminded of it."""

    remind_days: tuple[Annotated[int, Field(ge=0, le=180)], ...] = (14, 3)
    channels: tuple[Channel, ...] = ()

    @field_validator("channels")
    @classmethod
    def _names(cls, channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
        names = [channel.name for channel in channels]
        for at, name in enumerate(names):
            if name in names[:at] or name == _RESERVED:
                raise FieldProblem(
                    "channel-name",
                    Text(f"tên kênh '{name}' đã dùng", f"a channel named '{name}' is there already"),
                    Text("đặt tên khác", "give it another name"),
                    (at, "name"),
                )
        return channels
