"""An object store that speaks S3 (moto) on 127.0.0.1, in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.servers import free_port, listening, running, servers_python

BUCKET = "dti"


@contextmanager
def s3() -> Iterator[str]:
    """The address of a server with one empty bucket while the block lasts."""
    port = free_port()
    words = [servers_python(), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with tempfile.TemporaryDirectory(prefix="dti-s3-") as name, running(words, lambda: listening(port), cwd=Path(name)):
        endpoint = f"http://127.0.0.1:{port}"
        client(endpoint).call_s3("create_bucket", Bucket=BUCKET)
        yield endpoint


def client(endpoint: str) -> Any:
    """The bucket as another program sees it."""
    from s3fs import S3FileSystem

    return S3FileSystem(
        key="a-key",
        secret="a-secret",
        client_kwargs={"endpoint_url": endpoint, "region_name": "us-east-1"},
        use_listings_cache=False,
        skip_instance_cache=True,
    )
