"""Compares or imports a roster in a child process with limits on memory, time and the size of what it writes.

An uploaded zip comes from outside: a broken or hostile one ends the child, never the gateway.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.core.fault import Fault
from gateway.directory.importing import import_roster
from gateway.directory.loader_process import map_roster
from gateway.directory.loading import RosterSources, load_sources
from gateway.directory.oneroster import TABLES
from gateway.directory.roster_difference import RosterDifference, check_removal, compare_rosters
from gateway.directory.tables import OneRosterFiles
from gateway.directory.validation import RemovalRefused, RosterError, RosterWarning, RosterWarnings

TIMEOUT = 300.0
"""Seconds until the child is ended."""
MAX_MEMORY, MAX_FILE, MAX_CPU = 4 << 30, 2 << 30, 240
"""Bytes of memory, bytes of one written file, and seconds of processor time of the child."""
_SHOWN, _SHOWN_WARNINGS = 200, 50
_PATHS = ("oneroster", "groups", "contacts", "special_staff")


class ImportFailed(Exception):
    """The roster was not imported. The text says why and names nobody."""


async def run_import(
    sources: RosterSources, upload: Path | None, *, max_removal: float, dry_run: bool, now: float, old: int | None
) -> dict[str, Any]:  # fmt: skip
    """Run the child. Returns the difference, as `main` writes it. Raises ImportFailed.

    Without an `upload`, the configured files are compared with the image in the open file `old`.
    """
    given = {
        "oneroster": sources.oneroster, "groups": sources.groups, "contacts": sources.contacts,
        "special_staff": sources.special_staff, "domains": list(sources.domains), "aliases": dict(sources.aliases),
        "student_domains": list(sources.student_domains),
    }  # fmt: skip
    request = {
        "sources": given, "upload": upload, "max_removal": max_removal, "dry_run": dry_run, "now": now, "old": old,
    }  # fmt: skip
    root = str(Path(__file__).parents[3])
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    try:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "gateway.directory.administration.import_process"),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            pass_fds=() if old is None else (old,), env={**os.environ, "PYTHONPATH": paths},
        )  # fmt: skip
    except OSError:
        raise ImportFailed("no process could be started to read it; try again in a moment") from None
    try:
        async with asyncio.timeout(TIMEOUT):
            out, _ = await child.communicate(json.dumps(request, default=str).encode())
    except TimeoutError:
        raise ImportFailed("reading it took too long; export it again, without tables that are not needed") from None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    try:
        answer: dict[str, Any] = json.loads(out) if child.returncode == 0 else {}
    except ValueError:
        answer = {}
    if not answer:
        raise ImportFailed("it could not be read within the limits of memory and time; export it again")
    if fault := answer.get("fault"):
        raise ImportFailed(str(fault))
    return answer


def main() -> None:
    """Run the child: the request is on standard input, the answer on standard output."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE, MAX_FILE))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU, MAX_CPU))
    request: dict[str, Any] = json.loads(sys.stdin.buffer.read())
    try:
        answer: dict[str, Any] = _import(request) if request["upload"] else _read_again(request)
    except Fault as fault:
        answer = {"fault": _without_path(str(fault), request)}
    sys.stdout.write(json.dumps(answer))


def _sources(request: Mapping[str, Any]) -> RosterSources:
    given = request["sources"]
    return RosterSources(**{**given, **{name: given[name] and Path(given[name]) for name in _PATHS}})


def _import(request: Mapping[str, Any]) -> dict[str, Any]:
    sources = _sources(request)
    with OneRosterFiles(Path(request["upload"]), RosterWarnings()) as files:
        if not any(files.has(table) for table in TABLES):
            raise RosterError(str(request["upload"]), None, "has no OneRoster table", "export users.csv and the others")

    def run(allowed: float, *, dry_run: bool) -> dict[str, Any]:
        imported = import_roster(
            Path(request["upload"]), sources.oneroster, max_removal=allowed, dry_run=dry_run, groups=sources.groups,
            contacts=sources.contacts, domains=sources.domains, aliases=sources.aliases,
            student_domains=sources.student_domains, now=request["now"],
        )  # fmt: skip
        return _answer(imported.difference, imported.warnings, request)

    try:
        return run(request["max_removal"], dry_run=request["dry_run"])
    except RemovalRefused as refused:
        if not request["dry_run"]:
            raise
        return {**run(1.0, dry_run=True), "refused": refused.what}


def _read_again(request: Mapping[str, Any]) -> dict[str, Any]:
    loaded = load_sources(_sources(request), request["now"])
    old = None if request["old"] is None else map_roster(request["old"]).roster
    refused = ""
    difference = compare_rosters(old, loaded.roster)
    if old is not None:
        try:
            check_removal(old, loaded.roster, max(request["max_removal"], loaded.roster.max_removal), "the roster")
        except RemovalRefused as error:
            refused = error.what
    return {**_answer(difference, loaded.warnings, request), "refused": refused}


def _answer(
    difference: RosterDifference, warnings: tuple[RosterWarning, ...], request: Mapping[str, Any]
) -> dict[str, Any]:  # fmt: skip
    people = {"added": difference.added, "removed": difference.removed, "changed": difference.changed}
    return {
        **{
            word: {id_: sorted(roles) for id_, roles in list(found.items())[:_SHOWN]} for word, found in people.items()
        },
        "counts": {word: len(found) for word, found in people.items()},
        "before": difference.before, "after": difference.after, "refused": "",
        "warnings": [_without_path(str(warning), request) for warning in warnings[:_SHOWN_WARNINGS]],
    }  # fmt: skip


def _without_path(text: str, request: Mapping[str, Any]) -> str:
    """A text with the name of the file instead of its path, which says nothing to whoever uploaded it."""
    upload, target = request["upload"], request["sources"]["oneroster"]
    text = text.replace(str(upload), "the upload") if upload else text
    return text.replace(str(target), Path(target).name)


if __name__ == "__main__":
    main()
