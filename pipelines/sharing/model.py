"""What several workers share, as the section `cluster` of `dti.yaml` writes it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from connectors.auth_model import Secret
from connectors.vetting import is_loopback

IN_PROCESS = "dagster.in_process_executor"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class S3(Part):
    """An object store that speaks S3. Plain http is taken on this very machine only."""

    endpoint: str = Field(description="https://host[:port]")
    region: str = "us-east-1"
    key_id: Secret
    secret_key: Secret

    @field_validator("endpoint")
    @classmethod
    def _over_tls(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise FieldProblem(
                "endpoint-without-tls",
                Text(f"'{value}' không dùng TLS", f"'{value}' is without TLS"),
                Text("viết https://máy chủ", "write https://host"),
            )
        return value.rstrip("/")


class Cluster(Part):
    """Several workers: one PostgreSQL for locks, journal and the lake's catalog, one place for files."""

    catalog: Secret = Field(description="postgresql://user:password@host/database?sslmode=verify-full")
    store: str = Field(description="a shared folder (/…), or s3://bucket/prefix")
    s3: S3 | None = None
    executor: str = Field(default=IN_PROCESS, description="Dagster's executor of runs that Dagster starts")

    @field_validator("store")
    @classmethod
    def _a_place(cls, value: str) -> str:
        if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]+(/[\w.=-]+)*/?|/.+", value):
            raise FieldProblem(
                "store",
                Text(f"'{value}' không phải nơi lưu chung", f"'{value}' is no shared place"),
                Text("viết /thư/mục/chung hoặc s3://bucket/tiền-tố", "write /shared/folder or s3://bucket/prefix"),
            )
        return value.rstrip("/")

    @field_validator("executor")
    @classmethod
    def _a_name(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", value):
            raise FieldProblem(
                "executor",
                Text(f"'{value}' không phải tên executor", f"'{value}' does not name an executor"),
                Text("ví dụ dagster.multiprocess_executor", "for example dagster.multiprocess_executor"),
            )
        return value

    @model_validator(mode="after")
    def _s3_is_described(self) -> Cluster:
        if self.in_objects != (self.s3 is not None):
            raise FieldProblem(
                "store-s3",
                Text("s3 và store: s3://… phải đi cùng nhau", "s3 and store: s3://… go together"),
                Text("thêm s3: {endpoint, key_id, secret_key}", "add s3: {endpoint, key_id, secret_key}"),
                at=("store",),
            )
        return self

    @property
    def in_objects(self) -> bool:
        return self.store.startswith("s3://")

    @property
    def lake_path(self) -> str:
        """Where the lake's Parquet files lie."""
        return f"{self.store}/lake/"
