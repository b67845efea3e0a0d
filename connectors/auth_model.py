"""How a source wants callers to prove who they are, as its YAML writes it.

The words are those of dlt's `rest_api` (`http_basic`, `api_key`, `bearer`, `oauth2_client_credentials`); `login` is
ours. Credentials stand here by name only: `{secret: NAME}`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from connectors.parts import Part

_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"


class Secret(Part):
    """A credential by reference: the environment variable NAME, else the line `NAME=…` of the file in DTI_SECRETS."""

    secret: str = Field(pattern=_VARIABLE)

    @model_validator(mode="before")
    @classmethod
    def _is_a_name(cls, value: Any) -> Any:
        """A credential that was written into the file must not appear in the message about it."""
        name = value.get("secret") if isinstance(value, dict) else value
        if isinstance(value, Secret) or (isinstance(value, dict) and re.fullmatch(_VARIABLE, str(name))):
            return value
        raise FieldProblem(
            "secret-in-file",
            Text("thông tin bí mật không được ghi trong tệp này", "credentials do not stand in this file"),
            Text("viết {secret: TEN_BIEN} và đặt biến môi trường đó", "write {secret: NAME} and set that variable"),
        )


class NoAuth(Part):
    """The source asks nobody who they are."""

    type: Literal["none"] = "none"


class HttpBasic(Part):
    """RFC 7617: user and password with every call."""

    type: Literal["http_basic"]
    username: Secret | str
    password: Secret


class ApiKey(Part):
    """A key with every call, in a header or in the query string."""

    type: Literal["api_key"]
    name: str = Field(default="Authorization", pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
    api_key: Secret
    location: Literal["header", "query"] = "header"


class Bearer(Part):
    """RFC 6750: a long-lived token with every call."""

    type: Literal["bearer"]
    token: Secret


class OAuth2(Part):
    """RFC 6749, 4.4: client credentials are exchanged for a short-lived token."""

    type: Literal["oauth2_client_credentials"]
    access_token_url: str = Field(description="https://host/path, or a /path below the source's own address")
    client_id: Secret | str
    client_secret: Secret
    client_in: Literal["header", "body"] = Field(default="header", description="Basic header or form fields")
    scope: str | None = None


class Login(Part):
    """A call with user and password (Basic) that answers with a JWT for the calls that follow."""

    type: Literal["login"]
    path: str = Field(pattern=r"^/[^#\s]*$")
    method: Literal["GET", "POST"] = "POST"
    username: Secret | str
    password: Secret
    token_path: str = Field(default="data.token", description="JMESPath to the token in the answer")
    audience: str | None = Field(default=None, description="refuse a token that is not for this audience")


AuthModel = Annotated[NoAuth | HttpBasic | ApiKey | Bearer | OAuth2 | Login, Field(discriminator="type")]


class Tls(Part):
    """Files for TLS: the authority of an internal network, and a client's own certificate (mTLS). There is no way to
    switch verification off."""

    ca: str | None = Field(default=None, description="PEM file of certificate authorities, instead of the public ones")
    client_certificate: str | None = Field(default=None, description="PEM file of our certificate")
    client_key: str | None = Field(default=None, description="PEM file of its key, readable by its owner only")
