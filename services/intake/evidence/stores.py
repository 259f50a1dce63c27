"""Where the content of evidence lies: a folder of this machine, or a bucket that speaks S3.

Keys are `2026/03/05/<id>`: the day on which a file was stored, so that what nobody needs is found by looking
through one day. What is put here is ciphertext already.
"""

import asyncio
import os
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

from obstore.exceptions import BaseError
from obstore.store import S3Store

from services.intake.settings import IntakeSettings

if TYPE_CHECKING:
    # The library has its types for readers and checkers only.
    from obstore.store import S3Config

_PART = ".part"
_LONGEST = timedelta(seconds=20)


class StoreAway(OSError):
    """The store does not answer, or refuses us; the same request may be made again."""


class Store(Protocol):
    """Keeps files by their keys. All of these raise OSError where it cannot now."""

    async def put(self, key: str, content: bytes) -> None:
        """Keep the content for good: after the return it survives a crash."""
        ...

    async def get(self, key: str) -> bytes:
        """Give it back. Raises FileNotFoundError."""
        ...

    async def remove(self, key: str) -> None:
        """Keep it no longer; what is not there is removed already."""
        ...

    async def keys(self, day: date) -> Sequence[str]:
        """What was put on that day."""
        ...


def key_of(day: date, evidence_id: UUID) -> str:
    """The key of a file that is stored on that day."""
    return f"{day:%Y/%m/%d}/{evidence_id}"


class FolderStore:
    """A folder with one file a key. Its files are read by nobody but the service's own user."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, content: bytes) -> None:
        await asyncio.to_thread(self._write, self._folder / key, content)

    async def get(self, key: str) -> bytes:
        return await asyncio.to_thread((self._folder / key).read_bytes)

    async def remove(self, key: str) -> None:
        await asyncio.to_thread((self._folder / key).unlink, missing_ok=True)

    async def keys(self, day: date) -> Sequence[str]:
        return await asyncio.to_thread(self._names, f"{day:%Y/%m/%d}")

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(path.name + _PART)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        # A new name is safe once its folder is written too: the day's, the month's, the year's, and ours.
        for folder in (path.parent, *path.parents[1:4]):
            _sync(folder)

    def _names(self, day: str) -> list[str]:
        folder = self._folder / day
        return [f"{day}/{path.name}" for path in folder.iterdir()] if folder.is_dir() else []


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class BucketStore:
    """A bucket of any S3-compatible store. Calls end within half a minute, their repetitions included."""

    def __init__(self, store: S3Store) -> None:
        self._store = store

    async def put(self, key: str, content: bytes) -> None:
        try:
            await self._store.put_async(key, content)
        except (BaseError, FileNotFoundError) as error:
            raise _away(error) from error

    async def get(self, key: str) -> bytes:
        try:
            found = await self._store.get_async(key)
            return bytes(await found.bytes_async())
        except BaseError as error:
            raise _away(error) from error

    async def remove(self, key: str) -> None:
        try:
            await self._store.delete_async(key)
        except FileNotFoundError:
            return
        except BaseError as error:
            raise _away(error) from error

    async def keys(self, day: date) -> Sequence[str]:
        try:
            return [one["path"] async for chunk in self._store.list(f"{day:%Y/%m/%d}") for one in chunk]
        except (BaseError, FileNotFoundError) as error:
            raise _away(error) from error


def _away(error: Exception) -> StoreAway:
    return StoreAway(f"the evidence store: {type(error).__name__}")


def open_store(settings: IntakeSettings) -> Store:
    """The store that the settings name: `file:<folder>` or `s3://<bucket>/<prefix>`."""
    place = urlsplit(settings.evidence_url)
    if place.scheme == "file":
        return FolderStore(Path(unquote(place.path)))
    config: S3Config = {"region": settings.evidence_s3_region}
    if settings.evidence_s3_endpoint:
        config["endpoint"] = settings.evidence_s3_endpoint
    # Without keys of ours the machine's own role is asked for, as the cloud gives it.
    if settings.evidence_s3_key_id and settings.evidence_s3_secret:
        config["access_key_id"] = settings.evidence_s3_key_id
        config["secret_access_key"] = settings.evidence_s3_secret.get_secret_value()
    store = S3Store(
        place.netloc,
        prefix=place.path.strip("/") or None,
        config=config,
        client_options={"allow_http": config.get("endpoint", "").startswith("http:"), "timeout": "10s"},
        retry_config={"max_retries": 3, "retry_timeout": _LONGEST},
    )
    return BucketStore(store)
