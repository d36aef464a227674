"""Loads a roster in a child process, so that parsing and comparing never block the event loop.

The child writes the image to a memory file, or to the file of the last good roster, and the parent maps it.
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

from gateway.directory.loading import LoadedRoster, RosterSources, load_replacement
from gateway.directory.roster import Roster
from gateway.directory.roster_image import InvalidImage, RosterImage
from gateway.directory.validation import LoadingFailed, RemovalRefused, RosterError, RosterWarning

_KINDS = {kind.__name__: kind for kind in (RosterError, RemovalRefused, LoadingFailed)}
LOAD_TIMEOUT = 600.0
"""Seconds until loading is given up."""


@dataclass(frozen=True, slots=True)
class MappedRoster:
    """A roster and the open file of its image. The file stays open as long as the roster lives."""

    roster: Roster
    fd: int


def map_roster(fd: int) -> MappedRoster:
    """Map the roster image in an open file. Raises InvalidImage and leaves the file open."""
    try:
        roster = Roster(RosterImage.load(mmap.mmap(fd, 0, access=mmap.ACCESS_READ)))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        raise InvalidImage("not a roster image") from None
    weakref.finalize(roster, os.close, fd)
    return MappedRoster(roster, fd)


async def load_in_child(
    sources: RosterSources, max_removal: float, now: float, old: MappedRoster | None = None, target: Path | None = None
) -> tuple[MappedRoster, tuple[RosterWarning, ...], int]:
    """Load the roster in a child process. Return it, the warnings, and the number of people that changed.

    The image is written to the new file `target`, or to memory when that is None. Raises RosterError, as
    `load_replacement` does, LoadingFailed when the child fails, and OSError when the target cannot be written.
    """
    given = {
        "oneroster": sources.oneroster, "groups": sources.groups, "contacts": sources.contacts,
        "special_staff": sources.special_staff, "domains": list(sources.domains), "aliases": dict(sources.aliases),
        "student_domains": list(sources.student_domains), "unknown_is_student": sources.unknown_is_student,
        "reads_guardians": sources.reads_guardians,
    }  # fmt: skip
    request = json.dumps({"sources": given, "max_removal": max_removal, "now": now}, default=str).encode()
    fd = _memory_file() if target is None else os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        fds = (fd, *(() if old is None else (old.fd,)))
        answer = await _run_child(request, fds, sources)
        if fault := answer.get("fault"):
            raise _KINDS[answer["kind"]](*fault)
        try:
            mapped = map_roster(fd)
        except InvalidImage:
            raise _failed(sources) from None
    except BaseException:
        os.close(fd)
        if target is not None:
            os.unlink(target)
        raise
    return mapped, tuple(RosterWarning(*fields) for fields in answer["warnings"]), answer["changed"]


async def _run_child(request: bytes, fds: tuple[int, ...], sources: RosterSources) -> dict[str, Any]:
    root = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    try:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "gateway.directory.loader_process", *map(str, fds)),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            pass_fds=fds, env={**os.environ, "PYTHONPATH": paths},
        )  # fmt: skip
    except OSError:
        raise _failed(sources) from None
    try:
        async with asyncio.timeout(LOAD_TIMEOUT):
            out, _ = await child.communicate(request)
    except TimeoutError:
        raise _failed(sources) from None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode != 0:
        raise _failed(sources)
    try:
        answer: dict[str, Any] = json.loads(out)
    except ValueError:
        raise _failed(sources) from None
    return answer


def _failed(sources: RosterSources) -> LoadingFailed:
    return LoadingFailed(
        str(sources.oneroster), None, "could not be loaded in a child process", "run `chaperone check`"
    )


def _memory_file() -> int:
    """A memory file, or an unnamed temporary file when the system has none."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("chaperone-roster")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


_PATHS = ("oneroster", "groups", "contacts", "special_staff")
"""The sources that are files."""


def main() -> None:
    """Run the child. Standard input has the sources; the arguments are the files of the new and the old image."""
    os.nice(10)
    request = json.loads(sys.stdin.buffer.read())
    given: dict[str, Any] = request["sources"]
    paths = {name: given[name] and Path(given[name]) for name in _PATHS}
    sources = RosterSources(**{**given, **paths})
    new, *olds = (int(argument) for argument in sys.argv[1:])
    answer: dict[str, object]
    try:
        old = map_roster(olds[0]).roster if olds else None
        loaded, changed = load_replacement(old, sources, request["max_removal"], request["now"])
        _write_image(loaded, new)
        answer = {"changed": changed, "warnings": [astuple(warning) for warning in loaded.warnings]}
    except RosterError as error:
        fault = error.file, error.line, error.what, error.hint
        answer = {"fault": fault, "kind": type(error).__name__}
    sys.stdout.write(json.dumps(answer))


def _write_image(loaded: LoadedRoster, fd: int) -> None:
    with os.fdopen(fd, "wb") as file:
        loaded.roster.image.write(file)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main()
