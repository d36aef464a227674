"""A zip file that is written to an unnamed temporary file and sent from there: it is never in memory as a whole."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import AsyncIterator, Mapping
from typing import IO

from gateway.console.cases.verify_evidence import MANIFEST, manifest_from_hashes, zip_entry

_CHUNK = 1 << 18
_MEMORY, _DISK = "/tmp", "/var/tmp"  # only unnamed files are created there


def large_file() -> IO[bytes]:
    """An unnamed file for large content: on disk, unless TMPDIR names another folder.

    In containers, and on many machines, /tmp is in memory.
    """
    chosen = tempfile.gettempdir()
    return tempfile.TemporaryFile(dir=_DISK if chosen == _MEMORY and os.access(_DISK, os.W_OK | os.X_OK) else chosen)


class ZipStream:
    """A pack that is being written; its manifest comes last. The methods block: call them in a thread."""

    def __init__(self) -> None:
        self.file = large_file()  # closed by `close`
        self._archive = zipfile.ZipFile(self.file, "w", zipfile.ZIP_STORED)
        self._listed: dict[str, Mapping[str, object]] = {}

    def add(self, name: str, content: bytes) -> None:
        """Add a file."""
        self._archive.writestr(zip_entry(name), content)
        self._listed[name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}

    def add_from(self, name: str, source: IO[bytes]) -> None:
        """Add a file from the start of `source`."""
        source.seek(0)
        digest = hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]  # a file supports readinto, which IO does not declare
        self._listed[name] = {"sha256": digest, "size": source.tell()}
        source.seek(0)
        with self._archive.open(zip_entry(name), "w") as out:
            shutil.copyfileobj(source, out, _CHUNK)

    def finish(self, head: Mapping[str, object]) -> str:
        """Add the manifest and end the zip file. Returns the hash of the manifest."""
        content, digest = manifest_from_hashes(self._listed, head)
        self._archive.writestr(zip_entry(MANIFEST), content)
        self._archive.close()
        return digest

    def size(self) -> int:
        """Bytes of the finished file."""
        return self.file.seek(0, 2)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The finished file in pieces. It is closed at the end, even if the client disconnects early."""
        try:
            self.file.seek(0)
            while chunk := await asyncio.to_thread(self.file.read, _CHUNK):
                yield chunk
        finally:
            self.close()

    async def pieces(self) -> AsyncIterator[bytes]:
        """The finished file in pieces. It stays open, and several clients may read it at once."""
        at = 0
        while chunk := await asyncio.to_thread(os.pread, self.file.fileno(), _CHUNK, at):
            at += len(chunk)
            yield chunk

    def close(self) -> None:
        """Discard the file, finished or not."""
        with contextlib.suppress(ValueError):  # the archive raises it if a file in it is still open
            self._archive.close()
        self.file.close()
