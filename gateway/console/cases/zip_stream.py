"""A zip file on its way to somebody: written piece by piece into a file without a name, and sent from there.

What it holds never stands in memory as a whole, however much of it there is.
"""

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

from gateway.console.cases.verify_evidence import MANIFEST, entry, manifest_from

_PIECE = 1 << 18
_MEMORY, _DISK = "/tmp", "/var/tmp"  # files without a name are made there, and nothing is looked up


def large_file() -> IO[bytes]:
    """A file without a name for what may be large: on disk, where nobody chose another folder by TMPDIR.

    In containers, and on many machines, /tmp is memory.
    """
    chosen = tempfile.gettempdir()
    return tempfile.TemporaryFile(dir=_DISK if chosen == _MEMORY and os.access(_DISK, os.W_OK | os.X_OK) else chosen)


class ZipStream:
    """A pack that is being made; its manifest comes last. Its methods block: they are called in a thread."""

    def __init__(self) -> None:
        self.file = large_file()  # it outlives this, and `close` ends it
        self._archive = zipfile.ZipFile(self.file, "w", zipfile.ZIP_STORED)
        self._listed: dict[str, Mapping[str, object]] = {}

    def add(self, name: str, content: bytes) -> None:
        """One file of it."""
        self._archive.writestr(entry(name), content)
        self._listed[name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}

    def add_from(self, name: str, source: IO[bytes]) -> None:
        """One file of it, from its beginning."""
        source.seek(0)
        digest = hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]  # a file is read into buffers, which IO does not say
        self._listed[name] = {"sha256": digest, "size": source.tell()}
        source.seek(0)
        with self._archive.open(entry(name), "w") as out:
            shutil.copyfileobj(source, out, _PIECE)

    def finish(self, head: Mapping[str, object]) -> str:
        """Write the manifest and end the file; the hash of the manifest."""
        content, digest = manifest_from(self._listed, head)
        self._archive.writestr(entry(MANIFEST), content)
        self._archive.close()
        return digest

    def size(self) -> int:
        """Bytes of the finished file."""
        return self.file.seek(0, 2)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The finished file; it is gone afterwards, also where whoever asked for it is gone before."""
        try:
            self.file.seek(0)
            while piece := await asyncio.to_thread(self.file.read, _PIECE):
                yield piece
        finally:
            self.close()

    def close(self) -> None:
        """Give the file up, also where it is not finished."""
        with contextlib.suppress(ValueError):  # a file of it was being written when somebody went away
            self._archive.close()
        self.file.close()
