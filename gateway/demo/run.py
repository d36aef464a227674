"""The demo: the whole product on the embedded default, with a sample district, in one terminal.

Mailboxes first, then the gateway between them and the sample traffic; Ctrl-C takes it down in the reverse order.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TextIO

from gateway.demo.folder import DISTRICT, DOMAINS, NOTICES, Place, claim, free_ports, settle
from gateway.demo.guide import commands, facts, how_to_call, releasing
from gateway.demo.mailbox import Mailboxes, listening
from gateway.demo.phones import Phones, ringing
from gateway.demo.screen import Screen, open_console
from gateway.demo.story import Story, play, play_texts
from gateway.demo.traffic import pauses, sample_texts, samples
from gateway.demo.window import Window
from gateway.observability.events import start_logging
from gateway.ports.review import LookupStore


@dataclass(frozen=True, slots=True)
class Served:
    """What a running gateway gives the demo.

    `titles` are those of the policy in force, by clause; `login` is a name and a password of the console, None where
    none is served; `stopped` is set when the gateway ends by itself, because a part of it failed.
    """

    review: LookupStore
    titles: Mapping[str, str] = field(default_factory=dict)
    login: tuple[str, str] | None = None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    texts: bool = False


Serve = Callable[[Path], AbstractAsyncContextManager[Served]]
"""Runs the whole gateway of a configuration file in this loop: entered once mail is taken, drained on the way out."""


async def demo(
    folder: Path | None, *, traffic: bool, keep: bool, serve: Serve, command: str = "", stream: TextIO | None = None
) -> int:
    """Run until Ctrl-C (SIGINT) or SIGTERM; 0, or 1 where the gateway ended by itself. Raises Fault, as `serve` may.

    `folder` stays; without one a temporary folder is made, and removed at the end unless `keep`. `command` is how
    another terminal calls the installed command, `stream` what is written to (standard output).
    """
    stays = folder is not None or keep
    folder = claim(folder or Path(tempfile.mkdtemp(prefix="chaperone-demo-")))
    screen = Screen(open_console(stream or sys.stdout), folder)
    try:
        code = await _run(folder, screen, traffic, serve, command or how_to_call(sys.argv[0], os.environ))
        screen.say(f"Everything is kept in {folder}" if stays else "The demo's folder is removed; --keep keeps it.")
    finally:
        if not stays:
            shutil.rmtree(folder, ignore_errors=True)
    return code


async def _run(folder: Path, screen: Screen, traffic: bool, serve: Serve, command: str) -> int:
    began = asyncio.get_running_loop().time()
    mailboxes = Mailboxes(folder / "mailboxes")
    with _interrupts() as interrupts:
        async with AsyncExitStack() as up:
            ports = free_ports()
            inside = await up.enter_async_context(listening(mailboxes, ports["inside"], f"mail.{DOMAINS[0]}"))
            outside = await up.enter_async_context(listening(mailboxes, ports["outside"], "mail.elsewhere.example"))
            place = settle(folder, ports, inside, outside)
            phones = Phones(folder / "mailboxes", place.token)
            await up.enter_async_context(ringing(phones, ports["phones"]))
            screen.say("Starting the gateway; its classifiers take a few seconds to load.")
            up.enter_context(_logging_to(place.log))
            served = await interrupts.enter(up, serve(place.config))
            if served is None:
                return 0
            screen.opening(
                f"Chaperone · {DISTRICT}", facts(place, served.login), commands(place, command),
                names=place.people.names, releasing=releasing(place, command),
            )  # fmt: skip
            story = Story(Window(served.review, served.titles), screen, _clock, NOTICES)
            with screen.footing(f"listening on {place.smtp}"):
                await _tell(
                    story, mailboxes, phones, screen, place if traffic else None, served.texts,
                    (interrupts.stop, served.stopped),
                )  # fmt: skip
            screen.say(
                "The gateway ended by itself: its log says why."
                if served.stopped.is_set()
                else "Stopping: what is in flight is finished first (Ctrl-C again ends at once)."
            )
        screen.closing(story.tally, asyncio.get_running_loop().time() - began)
        return int(served.stopped.is_set())


async def _tell(
    story: Story, mailboxes: Mailboxes, phones: Phones, screen: Screen, sending: Place | None, texts: bool,
    ends: tuple[asyncio.Event, ...],
) -> None:  # fmt: skip
    """Tell the story until one of the ends; where there is a place, send the samples to it, `texts` too."""
    await story.begin()
    mailboxes.tell(story.arrived)
    phones.tell = story.arrived
    waits = {asyncio.ensure_future(each.wait()) for each in ends}
    deeds: set[asyncio.Task[None]] = {asyncio.create_task(story.run())}
    if sending is not None:
        deeds.add(asyncio.create_task(_traffic(story, screen, sending)))
        if texts:
            deeds.add(asyncio.create_task(play_texts(sample_texts(), phones, sending.texts, story)))
    try:
        while deeds and not any(each.done() for each in waits):
            done, _ = await asyncio.wait(waits | deeds, return_when=asyncio.FIRST_COMPLETED)
            for each in done & deeds:
                each.result()  # the samples are through, or something of ours failed
                deeds.discard(each)
    finally:
        await end(waits | deeds)


async def end(tasks: set[asyncio.Task[object]]) -> None:
    """Cancel until all are done: before Python 3.12 `asyncio.wait_for`, in libraries too, can lose a cancellation."""
    while tasks:
        for each in tasks:
            each.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=0.5)


async def _traffic(story: Story, screen: Screen, place: Place) -> None:
    written = samples(place.people.names, secrets.token_hex(4))
    await play(written, place.smtp, story, _clock, pauses())
    screen.say(f"That was the sample traffic, {len(written)} messages. The gateway goes on: send some of your own.")
    screen.say("")


class _Interrupts:
    """Ctrl-C and SIGTERM as an event; the second one ends the process as if nobody listened."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self._entering: asyncio.Task[object] | None = None

    def interrupt(self) -> None:
        self.stop.set()
        self.let_go()
        if self._entering is not None:
            self._entering.cancel()

    def let_go(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)

    async def enter(self, up: AsyncExitStack, opening: AbstractAsyncContextManager[Served]) -> Served | None:
        """Enter a context unless a signal comes first; None then, and whatever was opened of it is closed."""
        if self.stop.is_set():
            return None
        self._entering = asyncio.current_task()
        try:
            return await up.enter_async_context(opening)
        except asyncio.CancelledError:
            if not self.stop.is_set() or self._entering is None:
                raise
            self._entering.uncancel()
            return None
        finally:
            self._entering = None


@contextmanager
def _interrupts() -> Iterator[_Interrupts]:
    interrupts = _Interrupts()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupts.interrupt)
    try:
        yield interrupts
    finally:
        interrupts.let_go()


@contextmanager
def _logging_to(file: Path) -> Iterator[None]:
    """Keep log lines out of the terminal while the context lasts."""
    root = logging.getLogger()
    before = list(root.handlers)
    with file.open("a", encoding="utf-8", buffering=1) as log:
        root.handlers.clear()  # or they would be closed
        start_logging(log)
        try:
            yield
        finally:
            root.handlers[:] = before


def _clock() -> datetime:
    return datetime.now().astimezone()
