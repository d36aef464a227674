"""Runs the demo: the whole product with a sample district in one terminal.

Mailboxes start first, then the gateway, then the sample traffic. Ctrl-C stops them in reverse order.
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

from gateway.demo.folder import DISTRICT, DOMAINS, NOTICES, DemoFolder, free_ports, prepare_folder, write_configuration
from gateway.demo.guide import address_rows, command_name, example_commands, release_command
from gateway.demo.mailboxes import Mailboxes, serve_mailboxes
from gateway.demo.message_status import StatusLookup
from gateway.demo.phones import SimulatedPhones, serve_phones
from gateway.demo.playback import send_sample_texts, send_samples
from gateway.demo.screen import Screen, open_console
from gateway.demo.tracker import MessageTracker
from gateway.demo.traffic import pauses, sample_mails, sample_texts
from gateway.observability.json_lines import start_logging
from gateway.ports.review import LookupStore


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """What the demo needs of a running gateway.

    `titles` are the clause titles of the policy in force. `login` is a name and password for the console, or None if
    no console is served. `stopped` is set when the gateway stops because a part of it failed.
    """

    lookups: LookupStore
    titles: Mapping[str, str] = field(default_factory=dict)
    login: tuple[str, str] | None = None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    texts: bool = False


ServeGateway = Callable[[Path], AbstractAsyncContextManager[RunningGateway]]
"""Runs the gateway of a configuration file in this loop: entered once it accepts mail, drained on exit."""


async def demo(
    folder: Path | None,
    *,
    traffic: bool,
    keep: bool,
    serve: ServeGateway,
    command: str = "",
    stream: TextIO | None = None,
) -> int:
    """Run until SIGINT (Ctrl-C) or SIGTERM. Returns 0, or 1 if the gateway stopped by itself. Raises Fault.

    A given `folder` is kept. Without one a temporary folder is made, and removed at the end unless `keep` is set.
    `command` is how another terminal calls the installed command. Output goes to `stream` (default: standard output).
    """
    kept = folder is not None or keep
    folder = prepare_folder(folder or Path(tempfile.mkdtemp(prefix="chaperone-demo-")))
    screen = Screen(open_console(stream or sys.stdout), folder)
    try:
        code = await _run(folder, screen, traffic, serve, command or command_name(sys.argv[0], os.environ))
        screen.print_line(
            f"Everything is kept in {folder}" if kept else "The demo's folder is removed; --keep keeps it."
        )
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)
    return code


async def _run(folder: Path, screen: Screen, traffic: bool, serve: ServeGateway, command: str) -> int:
    began = asyncio.get_running_loop().time()
    mailboxes = Mailboxes(folder / "mailboxes")
    with _handled_signals() as signals:
        async with AsyncExitStack() as stack:
            ports = free_ports()
            inside = await stack.enter_async_context(serve_mailboxes(mailboxes, ports["inside"], f"mail.{DOMAINS[0]}"))
            outside = await stack.enter_async_context(
                serve_mailboxes(mailboxes, ports["outside"], "mail.elsewhere.example")
            )
            demo_folder = write_configuration(folder, ports, inside, outside)
            phones = SimulatedPhones(folder / "mailboxes", demo_folder.token)
            await stack.enter_async_context(serve_phones(phones, ports["phones"]))
            screen.print_line("Starting the gateway; its classifiers take a few seconds to load.")
            stack.enter_context(_logging_to(demo_folder.log))
            running = await signals.enter(stack, serve(demo_folder.config))
            if running is None:
                return 0
            screen.show_opening(
                f"Chaperone · {DISTRICT}", address_rows(demo_folder, running.login),
                example_commands(demo_folder, command), names=demo_folder.district.names,
                release_command=release_command(demo_folder, command),
            )  # fmt: skip
            tracker = MessageTracker(StatusLookup(running.lookups, running.titles), screen, _clock, NOTICES)
            with screen.footer(f"listening on {demo_folder.smtp}"):
                await _follow(
                    tracker, mailboxes, phones, screen, demo_folder if traffic else None, running.texts,
                    (signals.stop, running.stopped),
                )  # fmt: skip
            screen.print_line(
                "The gateway stopped by itself; its log says why."
                if running.stopped.is_set()
                else "Stopping: work in progress is finished first (press Ctrl-C again to stop at once)."
            )
        screen.show_summary(tracker.counts, asyncio.get_running_loop().time() - began)
        return int(running.stopped.is_set())


async def _follow(
    tracker: MessageTracker, mailboxes: Mailboxes, phones: SimulatedPhones, screen: Screen,
    send_to: DemoFolder | None, texts: bool, stops: tuple[asyncio.Event, ...],
) -> None:  # fmt: skip
    """Follow messages until one of the events is set. Send the samples to `send_to` if given, `texts` too."""
    await tracker.begin()
    mailboxes.report_to(tracker.delivered)
    phones.on_delivery = tracker.delivered
    waiting = {asyncio.ensure_future(stop.wait()) for stop in stops}
    tasks: set[asyncio.Task[None]] = {asyncio.create_task(tracker.run())}
    if send_to is not None:
        tasks.add(asyncio.create_task(_send_traffic(tracker, screen, send_to)))
        if texts:
            tasks.add(asyncio.create_task(send_sample_texts(sample_texts(), phones, send_to.texts, tracker)))
    try:
        while tasks and not any(wait.done() for wait in waiting):
            done, _ = await asyncio.wait(waiting | tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done & tasks:
                task.result()  # raises if the task failed
                tasks.discard(task)
    finally:
        await cancel_tasks(waiting | tasks)


async def cancel_tasks(tasks: set[asyncio.Task[object]]) -> None:
    """Cancel until all are done. Before Python 3.12 `asyncio.wait_for`, also in libraries, can lose a cancellation."""
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=0.5)


async def _send_traffic(tracker: MessageTracker, screen: Screen, folder: DemoFolder) -> None:
    mails = sample_mails(folder.district.names, secrets.token_hex(4))
    await send_samples(mails, folder.smtp, tracker, _clock, pauses())
    screen.print_line(f"That was the sample traffic, {len(mails)} messages. The gateway still runs: send your own.")
    screen.print_line("")


class _Signals:
    """SIGINT and SIGTERM as an event. A second signal ends the process as usual."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self._entering: asyncio.Task[object] | None = None

    def on_signal(self) -> None:
        self.stop.set()
        self.remove_handlers()
        if self._entering is not None:
            self._entering.cancel()

    def remove_handlers(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)

    async def enter(
        self, stack: AsyncExitStack, opening: AbstractAsyncContextManager[RunningGateway]
    ) -> RunningGateway | None:
        """Enter a context. If a signal comes first, close what was opened and return None."""
        if self.stop.is_set():
            return None
        self._entering = asyncio.current_task()
        try:
            return await stack.enter_async_context(opening)
        except asyncio.CancelledError:
            if not self.stop.is_set() or self._entering is None:
                raise
            self._entering.uncancel()
            return None
        finally:
            self._entering = None


@contextmanager
def _handled_signals() -> Iterator[_Signals]:
    signals = _Signals()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, signals.on_signal)
    try:
        yield signals
    finally:
        signals.remove_handlers()


@contextmanager
def _logging_to(file: Path) -> Iterator[None]:
    """Write log lines to a file instead of the terminal while the context lasts."""
    root = logging.getLogger()
    before = list(root.handlers)
    with file.open("a", encoding="utf-8", buffering=1) as log:
        root.handlers.clear()  # start_logging would close them
        start_logging(log)
        try:
            yield
        finally:
            root.handlers[:] = before


def _clock() -> datetime:
    return datetime.now().astimezone()
