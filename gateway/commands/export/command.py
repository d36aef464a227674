"""`chaperone export person`: everything that is kept about a person, for a records request."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from argparse import Namespace
from pathlib import Path

from gateway.assembly.factories import open_store
from gateway.commands.context import actor, load_roster, load_settings
from gateway.console.records.export import FinishedExport, PersonExport
from gateway.core.fault import Fault, Refusal
from gateway.ports.content import ReadHere
from gateway.settings.model import Settings

_CHUNK = 1 << 20


def run(options: Namespace) -> int:
    """Write the file. Says how many messages it has, and how much is not in it."""
    settings = load_settings(options)
    out: Path = options.out
    if not out.parent.is_dir():
        raise Fault(f"export person: --out {out}: {out.parent} is no folder; name a file in an existing one")
    done = asyncio.run(_export(settings, options.person, out, redact=options.redact))
    kind = "redacted copy" if options.redact else "full copy, which names other people"
    print(f"ok {out}: {done.messages} messages, a {kind}; {done.left_out} things are not in it (left_out.json)")
    print(f"manifest {done.manifest}")
    return 0


async def _export(settings: Settings, person: str, out: Path, *, redact: bool) -> FinishedExport:
    roster = load_roster(settings)
    if roster is None:
        raise Refusal("export person: the roster says who the others are; correct it first")
    async with open_store(settings) as store:
        export = PersonExport.of(store, roster, ReadHere(), settings.district.name, settings.records.attorneys)
        try:
            subject = await export.find(person)
        except Refusal as refusal:
            raise Refusal(f"export person: {refusal}") from None
        done = await export.write(subject, actor(), redact=redact, progress=_show_progress)
    try:
        _save(done, out)
    finally:
        done.pack.close()
    return done


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {total} messages", end="\n" if done == total else "", file=sys.stderr, flush=True)


def _save(done: FinishedExport, out: Path) -> None:
    """Copy the pack to its place: a file that only this user reads, and that appears when it is complete."""
    part = out.with_name(f"{out.name}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            done.pack.file.seek(0)
            shutil.copyfileobj(done.pack.file, file, _CHUNK)
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Fault(f"export person: --out {out}: cannot be written ({error.strerror}); name another file") from None
