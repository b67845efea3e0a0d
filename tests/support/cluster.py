"""Workers that share a PostgreSQL and a place for files, as tests set them up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipelines.settings import Deployment
from tests.support.servers.postgres import HOST, Postgres

CATALOG, DAGSTER, KEY, SECRET = "DTI_CATALOG", "DTI_DAGSTER", "DTI_S3_KEY", "DTI_S3_SECRET"
DAGSTER_YAML = f"storage: {{postgres: {{postgres_url: {{env: {DAGSTER}}}}}}}\n"
WORDS = "quote' and \\ space"  # in a password, so that nothing is glued together without care


@dataclass(frozen=True)
class Shared:
    """What the workers of one test share; `env` is what they are started with."""

    server: Postgres
    database: str
    section: str
    env: dict[str, str]
    endpoint: str = ""

    def join(self, deployment: Deployment) -> Deployment:
        """Make a deployment a worker."""
        path = deployment.root / "dti.yaml"
        path.write_text(path.read_text(encoding="utf-8") + self.section, encoding="utf-8")
        (deployment.root / "dagster.yaml").write_text(DAGSTER_YAML)
        return Deployment(deployment.root)

    def another(self, worker: Deployment, root: Path) -> Deployment:
        """A further worker with what people wrote of the first."""
        root.mkdir()
        for name in ("dti.yaml", "dagster.yaml", "sources", "registers", "inbox"):
            origin = worker.root / name
            if origin.is_dir():
                shutil.copytree(origin, root / name)
            elif origin.exists():
                shutil.copy(origin, root / name)
        return Deployment(root)

    def dagster(self, sql: str) -> list[tuple[Any, ...]]:
        """What Dagster's own storage says."""
        return self.server.run(sql, database=f"{self.database}_dagster")


@contextmanager
def workers_of(server: Postgres, database: str, store: str, s3_endpoint: str = "") -> Iterator[Shared]:
    """Databases of their own (the workers', Dagster's) with an account of their own, dropped afterwards."""
    both = (database, f"{database}_dagster")
    for name in both:
        server.run(f"drop database if exists {name} with (force)", f"create database {name}")
    password = WORDS.replace("'", "''")
    server.run(
        f"do $$ begin create role dti_{database} login; exception when duplicate_object then null; end $$",
        f"alter role dti_{database} password '{password}'",
        *(f"grant all on database {name} to dti_{database}" for name in both),
    )
    for name in both:
        server.run(f"grant all on schema public to dti_{database}", database=name)
    address = f"postgresql://dti_{database}:{quote(WORDS)}@{HOST}:{server.port}/"
    section = f"\ncluster:\n  catalog: {{secret: {CATALOG}}}\n  store: {store}\n"
    if s3_endpoint:
        section += f"  s3: {{endpoint: '{s3_endpoint}', key_id: {{secret: {KEY}}}, secret_key: {{secret: {SECRET}}}}}\n"
    env = {
        CATALOG: address + database,
        DAGSTER: address.replace("://", "+psycopg2://") + both[1],
        KEY: "a-key",
        SECRET: "a-secret",
    }
    try:
        yield Shared(server, database, section, env, s3_endpoint)
    finally:
        server.run(*(f"drop database if exists {name} with (force)" for name in both))
