"""The demo's terminal output: colors on a terminal, plain lines elsewhere.

Each message gets a block of its own. Control characters are removed from everything that comes from messages, so that
mail cannot control the terminal.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.style import Style
from rich.table import Table
from rich.text import Text

from gateway.core.messages.delivery import State
from gateway.demo.mailboxes import DeliveredCopy
from gateway.demo.message_status import MessageStatus
from gateway.demo.tracked_message import DemoCounts, DemoResult, LaterResult, TrackedMessage

_INDENT = " " * 12
_WIDEST = 96
_DIRECTIONS = {"staff_to_student": "staff to student", "student_to_staff": "student to staff"}
_ASCII = str.maketrans(dict(zip("✓⚑■▲→✗●·“”", '+!#!>x*-""', strict=True)) | {"…": "..."})

_FIRST_RESULTS: Mapping[DemoResult, tuple[str, str, str]] = {  # sign and word, style, what it means
    DemoResult.RELEASED: ("✓ released", "green", ""),
    DemoResult.FLAGGED: ("⚑ FLAGGED", "bold yellow", "delivered, and listed for review"),
    DemoResult.HELD: ("■ HELD", "bold red", "nothing is delivered until an administrator decides"),
    DemoResult.ALERTED: ("▲ ALERT", "bold magenta", "delivered at once, and the safety team is notified at once"),
    DemoResult.PASSED: ("→ passed through", "cyan", "no staff-student pair: nothing is kept"),
    DemoResult.REFUSED: ("✗ refused", "red", ""),
    DemoResult.NOTICE: ("● notice", "blue", "written by the gateway"),
    DemoResult.WAITING: ("● accepted", "dim", "stored, waiting for its verdict"),
}
_LATER_RESULTS: Mapping[LaterResult, tuple[str, str]] = {
    LaterResult.RELEASED: ("✓ released after all", "green"),
    LaterResult.DELIVERED: ("✓ delivered", "green"),
    LaterResult.REJECTED: ("✗ rejected by an administrator", "red"),
    LaterResult.BOUNCED: ("✗ could not be delivered", "red"),
}


def open_console(stream: TextIO) -> Console:
    """A console on a stream; characters that the stream cannot encode are replaced."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    plain = not stream.isatty()
    return Console(file=stream, highlight=False, width=_WIDEST if plain else None)


class Screen:
    """Everything the demo prints. Paths are shown relative to `root`."""

    def __init__(self, console: Console, root: Path) -> None:
        self._console, self._root = console, root
        self._names: Mapping[str, str] = {}
        self._release_command = ""
        self._ascii = not console.encoding.lower().startswith("utf")
        self._explained_release = False
        self._live: Live | None = None
        self._block: list[Text] = []
        self._footer = ""

    # start and end

    def show_opening(
        self, title: str, facts: Sequence[tuple[str, str]], commands: Sequence[tuple[str, str]], *,
        names: Mapping[str, str], release_command: str,
    ) -> None:  # fmt: skip
        """Print a panel with the addresses, and below it the commands, without borders so that they can be copied.

        `names` replace addresses from now on. `release_command` is the command that releases a message; it ends with
        ID.
        """
        self._names, self._release_command = names, release_command
        table = Table.grid(padding=(0, 3), expand=False)
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in facts:
            table.add_row(self._text(name), self._text(value))
        width = min(self._console.width, _WIDEST)
        self._console.print()
        self._console.print(
            Panel(
                table,
                title=self._text(title, "bold"),
                title_align="left",
                border_style="dim",
                padding=(1, 2),
                width=width,
            )
        )
        self._line()
        for name, command in commands:
            if name:
                self._line(("  " + name, "dim"))
            self._line(("    " + command, ""))
        self._line()
        self._print()

    def print_line(self, text: str, style: str = "dim") -> None:
        """Print one line; an empty one if there is no text."""
        self._line(("  " + text if text else "", style))
        self._print()

    @contextmanager
    def footer(self, text: str) -> Iterator[None]:
        """Keep a status line at the bottom of a terminal while the context lasts; elsewhere do nothing."""
        if not self._console.is_terminal or self._console.is_dumb_terminal:
            yield
            return
        self._footer = text
        with Live(console=self._console, auto_refresh=False, transient=True) as self._live:
            self.show_counts(DemoCounts())
            yield
        self._live = None

    def show_counts(self, counts: DemoCounts) -> None:
        """Show the counts in the status line."""
        if self._live is not None:
            messages = _counted(counts.messages, "message")
            line = f"  ● {self._footer} · {messages} · {counts.still_held} held · Ctrl-C stops"
            self._live.update(self._text(line, "dim"), refresh=True)

    def show_summary(self, counts: DemoCounts, seconds: float) -> None:
        """Print how many messages had which result."""
        held = f"{counts.of(DemoResult.HELD)} held"
        since = [f"{counts.released_later} released since"] * bool(counts.released_later)
        since += [f"{counts.rejected_later} rejected"] * bool(counts.rejected_later)
        if since:
            held += f" ({', '.join(since)})"
        parts = [
            f"{counts.of(DemoResult.RELEASED)} released", f"{counts.of(DemoResult.FLAGGED)} flagged", held,
            _counted(counts.of(DemoResult.ALERTED), "alert"), f"{counts.of(DemoResult.PASSED)} passed through",
        ]  # fmt: skip
        parts += [f"{counts.of(DemoResult.REFUSED)} refused"] * bool(counts.of(DemoResult.REFUSED))
        parts += [f"{counts.of(DemoResult.WAITING)} without a verdict"] * bool(counts.of(DemoResult.WAITING))
        self._line()
        self._line(
            (f"  {_counted(counts.messages, 'message')} in {_duration(seconds)}", "bold"), (": " + ", ".join(parts), "")
        )
        self._print()

    # messages

    def show(self, message: TrackedMessage, result: DemoResult) -> None:
        """Print one message with its result."""
        sign, style, meaning = _FIRST_RESULTS[result]
        status = message.status
        self._heading(message, message.noticed_at, message.note)
        if result is DemoResult.REFUSED:
            meaning = message.refusal
        elif result is DemoResult.RELEASED and status:
            meaning = _purpose_and_time(status)
        elif (
            result is DemoResult.HELD
            and status
            and len(held := status.addresses_in(State.HELD)) < len(message.recipients)
        ):
            meaning = f"kept from {self._people(held)} until an administrator decides"
        elif result in (DemoResult.FLAGGED, DemoResult.ALERTED) and status and not message.copies:
            meaning = meaning.replace("delivered", "to be delivered", 1)
        self._line((_INDENT, ""), (sign, style), ("  " * bool(meaning) + meaning, "dim"))
        if status and result in (DemoResult.HELD, DemoResult.FLAGGED, DemoResult.ALERTED):
            self._reasons(status, style)
        self._copies(message.copies)
        if result is DemoResult.HELD and status:
            self._line((_INDENT + "  id ", "dim"), (status.id, "bold"))
            if not self._explained_release:
                self._explained_release = True
                self._line((_INDENT + "  release it from a second terminal:", "dim"))
                self._line(("    " + self._release_command.removesuffix("ID") + status.id, ""))
        self._line()
        self._print()

    def show_change(
        self, message: TrackedMessage, result: LaterResult, recipients: Sequence[str], at: datetime
    ) -> None:
        """Print what happened to a message that was shown before."""
        sign, style = _LATER_RESULTS[result]
        self._heading(message, at, "")
        self._line((_INDENT, ""), (sign, style))
        delivered = result in (LaterResult.RELEASED, LaterResult.DELIVERED)
        self._copies(message.copies_for(*recipients) if delivered else ())
        self._line()
        self._print()

    def _heading(self, message: TrackedMessage, at: datetime, note: str) -> None:
        status = message.status
        direction = _DIRECTIONS.get(status.direction, "") if status and not message.is_notice else ""
        self._line(
            ("  " + at.strftime("%H:%M:%S") + "  ", "dim"),
            (self._person(message.sender), "bold"), (" → ", "dim"), (self._people(message.recipients), "bold"),
            ("   " * bool(direction) + direction, "dim"),
        )  # fmt: skip
        self._line((_INDENT, ""), (message.subject or "(no subject)", "italic"), (f"   ({note})" * bool(note), "dim"))

    def _reasons(self, status: MessageStatus, style: str) -> None:
        for reason in status.reasons:
            score = f"   {reason.score:.2f}" if reason.score else ""
            self._line((f"{_INDENT}  {reason.clause:<3} ", style), (reason.title, ""), (score, "dim"))
            words = "  ".join(f"“{word}”" for word in reason.words)
            if words:
                self._line((_INDENT + "      ", ""), (words, style.removeprefix("bold ")))
        if status.action == DemoResult.ALERTED and status.help:
            self._line((f"{_INDENT}  a student asks for help", ""), (f"   {status.help:.2f}", "dim"))
        if status.failed:
            self._line((f"{_INDENT}  the classifiers could not read all of it: {', '.join(status.failed)}", "dim"))
        elif not status.reasons and status.action == DemoResult.HELD:
            self._line((f"{_INDENT}  no verdict came in time", "dim"))

    def _copies(self, copies: Sequence[DeliveredCopy]) -> None:
        for copy in copies:
            path = copy.path.relative_to(self._root) if copy.path.is_relative_to(self._root) else copy.path
            self._line((_INDENT + "  ", ""), ("→ ", "dim"), (str(path), Style(dim=True, link=copy.path.as_uri())))

    def _person(self, address: str) -> str:
        return self._names.get(address.lower(), address or "the gateway")

    def _people(self, addresses: Sequence[str]) -> str:
        shown = ", ".join(self._person(address) for address in addresses[:3])
        return shown + (f" and {len(addresses) - 3} more" if len(addresses) > 3 else "")

    def _line(self, *pieces: tuple[str, str | Style]) -> None:
        line = Text()
        for text, style in pieces:
            line.append_text(self._text(text, style))
        self._block.append(line)

    def _print(self) -> None:
        """Print the lines gathered so far, without wrapping: copied commands must stay whole."""
        self._console.print(Text("\n").join(self._block), soft_wrap=True)
        self._block.clear()

    def _text(self, text: str, style: str | Style = "") -> Text:
        text = printable(text)
        return Text(text.translate(_ASCII) if self._ascii else text, style=style)


def printable(text: str) -> str:
    """The text with control characters, bidirectional marks and unusual spaces replaced by a space."""
    return "".join(character if character.isprintable() else " " for character in text)


def _purpose_and_time(status: MessageStatus) -> str:
    read = f"read in {status.took_ms:.0f} ms" if status.took_ms is not None else ""
    return ", ".join(text for text in (status.purpose, read) if text)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
