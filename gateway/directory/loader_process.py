"""A roster read aside: in a process of its own, so that neither parsing nor comparing ever holds up the mail.

The child leaves the image in a file of memory, or in the file of the last good roster, and the parent maps it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import mmap
import os
import sys
import tempfile
import weakref
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from gateway.directory.loading import Loaded, Sources, load_after
from gateway.directory.packed import Image, NotAnImage
from gateway.directory.roster import Roster
from gateway.directory.validation import RemovalRefused, RosterError, RosterWarning

TIMEOUT = 600.0
"""Seconds after which a reading is given up."""


@dataclass(frozen=True, slots=True)
class StoredImage:
    """A roster and the file that its image lies in, open for as long as the roster lives."""

    roster: Roster
    fd: int


def shelved(fd: int) -> StoredImage:
    """The roster whose image lies in an open file, which is closed with it. Raises NotAnImage, the file still open."""
    try:
        roster = Roster(Image.opened(mmap.mmap(fd, 0, access=mmap.ACCESS_READ)))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        raise NotAnImage("no roster image") from None
    weakref.finalize(roster, os.close, fd)
    return StoredImage(roster, fd)


async def read_aside(
    sources: Sources, max_removal: float, now: float, old: StoredImage | None = None, beside: Path | None = None
) -> tuple[StoredImage, tuple[RosterWarning, ...], int]:
    """Load the roster in a child process; with it the oddities, and how many people changed.

    The image is written to the new file `beside`, else to memory. Raises RosterError, as `load_after` does, and where
    the child could not do its work.
    """
    given = {
        "oneroster": sources.oneroster, "groups": sources.groups, "contacts": sources.contacts,
        "domains": list(sources.domains), "aliases": dict(sources.aliases),
        "student_domains": list(sources.student_domains),
    }  # fmt: skip
    asked = json.dumps({"sources": given, "max_removal": max_removal, "now": now}, default=str).encode()
    fd = _memory() if beside is None else os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        fds = (fd, *(() if old is None else (old.fd,)))
        answer = await _child(asked, fds, sources)
        if fault := answer.get("fault"):
            raise (RemovalRefused if answer["refused"] else RosterError)(*fault)
        try:
            found = shelved(fd)
        except NotAnImage:
            raise _failed(sources) from None
    except BaseException:
        os.close(fd)
        if beside is not None:
            os.unlink(beside)
        raise
    return found, tuple(RosterWarning(*each) for each in answer["warnings"]), answer["changed"]


async def _child(asked: bytes, fds: tuple[int, ...], sources: Sources) -> dict[str, Any]:
    house = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, (house, os.environ.get("PYTHONPATH"))))
    try:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "gateway.directory.loader_process", *map(str, fds)),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            pass_fds=fds, env={**os.environ, "PYTHONPATH": paths},
        )  # fmt: skip
    except OSError:
        raise _failed(sources) from None
    try:
        async with asyncio.timeout(TIMEOUT):
            out, _ = await child.communicate(asked)
    except TimeoutError:
        raise _failed(sources) from None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode != 0:
        raise _failed(sources)
    answer: dict[str, Any] = json.loads(out)
    return answer


def _failed(sources: Sources) -> RosterError:
    return RosterError(str(sources.oneroster), None, "could not be read aside", "run `chaperone check`")


def _memory() -> int:
    """A file of memory; where there is none, one without a name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("chaperone-roster")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def main() -> None:
    """The child: sources on standard input, the files of the new and the old image as arguments."""
    os.nice(10)
    asked = json.loads(sys.stdin.buffer.read())
    given: dict[str, Any] = asked["sources"]
    paths = {name: given[name] and Path(given[name]) for name in ("oneroster", "groups", "contacts")}
    sources = Sources(**{**given, **paths})
    new, *olds = (int(each) for each in sys.argv[1:])
    answer: dict[str, object]
    try:
        old = shelved(olds[0]).roster if olds else None
        loaded, changed = load_after(old, sources, asked["max_removal"], asked["now"])
        _leave(loaded, new)
        answer = {"changed": changed, "warnings": [astuple(each) for each in loaded.warnings]}
    except RosterError as error:
        fault = error.file, error.line, error.what, error.mend
        answer = {"fault": fault, "refused": isinstance(error, RemovalRefused)}
    sys.stdout.write(json.dumps(answer))


def _leave(loaded: Loaded, fd: int) -> None:
    with os.fdopen(fd, "wb") as file:
        loaded.roster.image.written(file)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main()
