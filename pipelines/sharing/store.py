"""The place that workers share for files: a mounted folder, or a bucket. What lies there never changes.

Whole folders are exchanged, each with its manifest last: on a mounted folder they appear by one rename, in a bucket
(which has no rename) a folder without its manifest does not count. A manifest is written only where none stands, which
S3 promises for `If-None-Match`, and the first one wins; there, a file's name carries its hash, so that a second sender
cannot write over what the first manifest names. What is fetched is held against the manifest's hashes before it gets
its name here.
"""

from __future__ import annotations

import json
import shutil
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from common.durable import fsync_file, fsync_folder, sha256_file, write_whole
from common.errors import DifferenceError, SourceError, Text
from connectors.credentials import reveal
from pipelines.sharing.model import S3, Cluster


def store_of(cluster: Cluster) -> Store:
    return Objects(cluster, cluster.s3) if cluster.s3 else Folder(cluster)


class Store(ABC):
    """Folders by their path below the store, such as `landing/portal/2025/20251016T…`."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    @abstractmethod
    def files(self, prefix: str) -> set[str]:
        """The paths of all files below a folder of the store."""

    @abstractmethod
    def read(self, path: str) -> bytes: ...

    @abstractmethod
    def write_new(self, path: str, content: bytes) -> bool:
        """Write a small file where none stands; False where one does."""

    @abstractmethod
    def send(self, folder: Path, path: str, manifest: str) -> bool:
        """Put a whole folder there; False where one stands already."""

    @abstractmethod
    def _copy_here(self, path: str, name: str, sha256: str, target: Path) -> None:
        """Copy one file of a folder of the store."""

    def fetch(self, path: str, manifest: str, folder: Path, work: Path) -> None:
        """Copy a folder of the store to `folder`, whole and as its manifest says, by way of `work`. Raises
        `DifferenceError` (exit 6) naming the file that differs."""
        content = self.read(f"{path}/{manifest}")
        with self.trouble(path):
            beside = work / uuid.uuid4().hex
            try:
                for name, sha256 in listed_files(content).items():
                    (beside / name).parent.mkdir(parents=True, exist_ok=True)
                    self._copy_here(path, name, sha256, beside / name)
                    if sha256_file(beside / name) != sha256:
                        raise _altered(f"{self.cluster.store}/{path}", name)
                    fsync_file(beside / name)
                write_whole(beside / manifest, content)
                folder.parent.mkdir(parents=True, exist_ok=True)
                if not folder.exists():
                    beside.rename(folder)
                    fsync_folder(folder.parent)
            finally:
                shutil.rmtree(beside, ignore_errors=True)

    @contextmanager
    def trouble(self, path: str) -> Iterator[None]:
        """Tell what the store refuses as `SourceError` (exit 4). Everything here can be done again."""
        try:
            yield
        except OSError as error:
            raise self._unreachable(path, error) from None

    def _unreachable(self, path: str, error: Exception) -> SourceError:
        detail = (str(error).strip() or type(error).__name__).splitlines()[0]
        return SourceError(
            "store-unreachable",
            Text(f"nơi lưu chung không đọc ghi được: {detail}", f"the shared store is of no use: {detail}"),
            hint=Text("kiểm tra rồi chạy lại; phần đã làm được giữ", "check it, run this again; what is done stays"),
            where=f"{self.cluster.store}/{path}",
        )


def listed_files(manifest: bytes) -> dict[str, str]:
    """The files that a manifest names, and their SHA-256."""
    listed: dict[str, Any] = json.loads(manifest)["files"]
    return {name: facts if isinstance(facts, str) else facts["sha256"] for name, facts in listed.items()}


def _altered(where: str, name: str) -> DifferenceError:
    return DifferenceError(
        "store-altered",
        Text(f"{name} khác với bản kê (sha256)", f"{name} differs from its manifest (sha256)"),
        hint=Text("khôi phục tệp này ở nơi lưu chung", "restore this file in the shared store"),
        where=where,
    )


def _own_files(folder: Path) -> list[Path]:
    """A folder's files, without what is hidden."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]


class Folder(Store):
    """A folder that all workers mount."""

    @property
    def _root(self) -> Path:
        return Path(self.cluster.store)

    def files(self, prefix: str) -> set[str]:
        with self.trouble(prefix):
            if not self._root.is_dir():
                raise FileNotFoundError(f"{self._root} is not mounted")
            return {path.relative_to(self._root).as_posix() for path in _own_files(self._root / prefix)}

    def read(self, path: str) -> bytes:
        with self.trouble(path):
            return (self._root / path).read_bytes()

    def write_new(self, path: str, content: bytes) -> bool:
        with self.trouble(path):
            target = self._root / path
            beside = target.with_name(f".{uuid.uuid4().hex}")
            write_whole(beside, content)
            try:
                target.hardlink_to(beside)  # fails where a file stands, unlike a rename
                fsync_folder(target.parent)
            except FileExistsError:
                return False
            finally:
                beside.unlink()
            return True

    def send(self, folder: Path, path: str, manifest: str) -> bool:  # noqa: ARG002  a rename shows it whole
        with self.trouble(path):
            target = self._root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = target.with_name(f".{uuid.uuid4().hex}")
            try:
                for file in _own_files(folder):
                    copied = beside / file.relative_to(folder)
                    copied.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, copied)
                    fsync_file(copied)
                if target.exists():
                    return False
                beside.rename(target)  # where another came first the target is not empty, and this fails
                fsync_folder(target.parent)
            except OSError:
                if target.exists():
                    return False
                raise
            finally:
                shutil.rmtree(beside, ignore_errors=True)
            return True

    def _copy_here(self, path: str, name: str, sha256: str, target: Path) -> None:  # noqa: ARG002
        shutil.copyfile(self._root / path / name, target)


class Objects(Store):
    """A bucket that speaks S3."""

    def __init__(self, cluster: Cluster, s3: S3) -> None:
        super().__init__(cluster)
        from s3fs import S3FileSystem  # type: ignore[import-untyped]  # has no types

        self._bucket = cluster.store.removeprefix("s3://")
        self._fs = S3FileSystem(
            key=reveal(s3.key_id),
            secret=reveal(s3.secret_key),
            client_kwargs={"endpoint_url": s3.endpoint, "region_name": s3.region},
            use_listings_cache=False,
            skip_instance_cache=True,
        )

    def files(self, prefix: str) -> set[str]:
        with self.trouble(prefix):
            found = self._fs.find(f"{self._bucket}/{prefix}")
            return {PurePosixPath(path).relative_to(self._bucket).as_posix() for path in found}

    def read(self, path: str) -> bytes:
        with self.trouble(path):
            return bytes(self._fs.cat_file(f"{self._bucket}/{path}"))

    def write_new(self, path: str, content: bytes) -> bool:
        with self.trouble(path):
            try:
                self._fs.pipe_file(f"{self._bucket}/{path}", content, mode="create")
            except FileExistsError:
                return False
            return True

    def send(self, folder: Path, path: str, manifest: str) -> bool:
        content = (folder / manifest).read_bytes()
        with self.trouble(path):
            for name, sha256 in listed_files(content).items():
                self._fs.put_file(str(folder / name), f"{self._bucket}/{path}/{name}.{sha256}")
        return self.write_new(f"{path}/{manifest}", content)

    def _copy_here(self, path: str, name: str, sha256: str, target: Path) -> None:
        self._fs.get_file(f"{self._bucket}/{path}/{name}.{sha256}", str(target))

    @contextmanager
    def trouble(self, path: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]  # has no types

        try:
            with super().trouble(path):
                yield
        except BotoCoreError as error:
            raise self._unreachable(path, error) from None
