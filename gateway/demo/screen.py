"""The screen: the demo at the terminal, in colour where there is one, in plain lines where there is none.

A message is told in a block of its own. Whatever comes from messages is cleaned of control characters first: mail
must not be able to write to the terminal as it likes.
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
from gateway.demo.mailbox import Arrival
from gateway.demo.scene import Kind, Scene, Tally, Turn
from gateway.demo.window import Outcome

_INDENT = " " * 12
_WIDEST = 96
_DIRECTIONS = {"staff_to_student": "staff to student", "student_to_staff": "student to staff"}
_ASCII = str.maketrans(dict(zip("✓⚑■▲→✗●·“”", '+!#!>x*-""', strict=True)) | {"…": "..."})

_LOOK: Mapping[Kind, tuple[str, str, str]] = {  # sign and word, style, what it means
    Kind.RELEASED: ("✓ released", "green", ""),
    Kind.FLAGGED: ("⚑ FLAGGED", "bold yellow", "delivered, and listed for review"),
    Kind.HELD: ("■ HELD", "bold red", "nothing is delivered until an administrator decides"),
    Kind.ALERTED: ("▲ ALERT", "bold magenta", "delivered at once, and the safety team is told at once"),
    Kind.PASSED: ("→ passed through", "cyan", "no staff-student pair: nothing of it is kept"),
    Kind.REFUSED: ("✗ refused", "red", ""),
    Kind.NOTICE: ("● notice", "blue", "written by the gateway"),
    Kind.WAITING: ("● accepted", "dim", "safe in the store, waiting for its verdict"),
}
_TURNS: Mapping[Turn, tuple[str, str]] = {
    Turn.LET_GO: ("✓ released after all", "green"),
    Turn.DELIVERED: ("✓ delivered", "green"),
    Turn.TURNED_DOWN: ("✗ rejected by an administrator", "red"),
    Turn.BOUNCED: ("✗ could not be delivered", "red"),
}


def open_console(stream: TextIO) -> Console:
    """A console on a stream that never fails for a character that the stream cannot write."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    plain = not stream.isatty()
    return Console(file=stream, highlight=False, width=_WIDEST if plain else None)


class Screen:
    """Everything that the demo says. `root` is the folder that paths are shown from."""

    def __init__(self, console: Console, root: Path) -> None:
        self._console, self._root = console, root
        self._names: Mapping[str, str] = {}
        self._releasing = ""
        self._ascii = not console.encoding.lower().startswith("utf")
        self._held_once = False
        self._live: Live | None = None
        self._block: list[Text] = []
        self._footing = ""

    # the beginning and the end

    def opening(
        self, title: str, facts: Sequence[tuple[str, str]], commands: Sequence[tuple[str, str]], *,
        names: Mapping[str, str], releasing: str,
    ) -> None:  # fmt: skip
        """The panel with the addresses, and below it, free of borders so that they can be copied, the commands.

        `names` are used for addresses from here on; `releasing` is the command that releases a message; it
        ends with ID.
        """
        self._names, self._releasing = names, releasing
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
        self._show()

    def say(self, text: str, style: str = "dim") -> None:
        """One line of its own, an empty one for no text."""
        self._line(("  " + text if text else "", style))
        self._show()

    @contextmanager
    def footing(self, words: str) -> Iterator[None]:
        """Keep one quiet line at the bottom of a terminal while the context lasts; nothing where there is none."""
        if not self._console.is_terminal or self._console.is_dumb_terminal:
            yield
            return
        self._footing = words
        with Live(console=self._console, auto_refresh=False, transient=True) as self._live:
            self.count(Tally())
            yield
        self._live = None

    def count(self, tally: Tally) -> None:
        """Show how many there were, at the bottom."""
        if self._live is not None:
            words = f"  ● {self._footing} · {_many(tally.messages, 'message')} · {tally.still_held} held · Ctrl-C stops"
            self._live.update(self._text(words, "dim"), refresh=True)

    def closing(self, tally: Tally, lasted: float) -> None:
        """What there was, in two lines."""
        held = f"{tally.of(Kind.HELD)} held"
        since = [f"{tally.let_go} released since"] * bool(tally.let_go)
        since += [f"{tally.turned_down} rejected"] * bool(tally.turned_down)
        if since:
            held += f" ({', '.join(since)})"
        parts = [
            f"{tally.of(Kind.RELEASED)} released", f"{tally.of(Kind.FLAGGED)} flagged", held,
            _many(tally.of(Kind.ALERTED), "alert"), f"{tally.of(Kind.PASSED)} passed through",
        ]  # fmt: skip
        parts += [f"{tally.of(Kind.REFUSED)} refused"] * bool(tally.of(Kind.REFUSED))
        parts += [f"{tally.of(Kind.WAITING)} without a verdict"] * bool(tally.of(Kind.WAITING))
        self._line()
        self._line(
            (f"  {_many(tally.messages, 'message')} in {_lasting(lasted)}", "bold"), (": " + ", ".join(parts), "")
        )
        self._show()

    # message by message

    def tell(self, scene: Scene, kind: Kind) -> None:
        """One message with its outcome."""
        sign, style, meaning = _LOOK[kind]
        outcome = scene.outcome
        self._heading(scene, scene.noticed, scene.note)
        if kind is Kind.REFUSED:
            meaning = scene.refusal
        elif kind is Kind.RELEASED and outcome:
            meaning = _reading(outcome)
        elif kind is Kind.HELD and outcome and len(held := outcome.among(State.HELD)) < len(scene.recipients):
            meaning = f"kept from {self._people(held)} until an administrator decides"
        elif kind in (Kind.FLAGGED, Kind.ALERTED) and outcome and not scene.arrivals:
            meaning = meaning.replace("delivered", "to be delivered", 1)
        self._line((_INDENT, ""), (sign, style), ("  " * bool(meaning) + meaning, "dim"))
        if outcome and kind in (Kind.HELD, Kind.FLAGGED, Kind.ALERTED):
            self._grounds(outcome, style)
        self._copies(scene.arrivals)
        if kind is Kind.HELD and outcome:
            self._line((_INDENT + "  id ", "dim"), (outcome.id, "bold"))
            if not self._held_once:
                self._held_once = True
                self._line((_INDENT + "  let it go from a second terminal:", "dim"))
                self._line(("    " + self._releasing.removesuffix("ID") + outcome.id, ""))
        self._line()
        self._show()

    def go_on(self, scene: Scene, turn: Turn, recipients: Sequence[str], at: datetime) -> None:
        """What became of a message that was told before."""
        sign, style = _TURNS[turn]
        self._heading(scene, at, "")
        self._line((_INDENT, ""), (sign, style))
        self._copies(scene.copies(*recipients) if turn in (Turn.LET_GO, Turn.DELIVERED) else ())
        self._line()
        self._show()

    def _heading(self, scene: Scene, at: datetime, note: str) -> None:
        direction = _DIRECTIONS.get(scene.outcome.direction, "") if scene.outcome and not scene.notice else ""
        self._line(
            ("  " + at.strftime("%H:%M:%S") + "  ", "dim"),
            (self._person(scene.sender), "bold"), (" → ", "dim"), (self._people(scene.recipients), "bold"),
            ("   " * bool(direction) + direction, "dim"),
        )  # fmt: skip
        self._line((_INDENT, ""), (scene.subject or "(no subject)", "italic"), (f"   ({note})" * bool(note), "dim"))

    def _grounds(self, outcome: Outcome, style: str) -> None:
        for each in outcome.grounds:
            score = f"   {each.score:.2f}" if each.score else ""
            self._line((f"{_INDENT}  {each.clause:<3} ", style), (each.title, ""), (score, "dim"))
            words = "  ".join(f"“{word}”" for word in each.words)
            if words:
                self._line((_INDENT + "      ", ""), (words, style.removeprefix("bold ")))
        if outcome.action == Kind.ALERTED and outcome.help:
            self._line((f"{_INDENT}  a student asks for help", ""), (f"   {outcome.help:.2f}", "dim"))
        if outcome.failed:
            self._line((f"{_INDENT}  the classifiers could not read all of it: {', '.join(outcome.failed)}", "dim"))
        elif not outcome.grounds and outcome.action == Kind.HELD:
            self._line((f"{_INDENT}  no verdict came in time", "dim"))

    def _copies(self, arrivals: Sequence[Arrival]) -> None:
        for each in arrivals:
            path = each.path.relative_to(self._root) if each.path.is_relative_to(self._root) else each.path
            self._line((_INDENT + "  ", ""), ("→ ", "dim"), (str(path), Style(dim=True, link=each.path.as_uri())))

    # words

    def _person(self, address: str) -> str:
        return self._names.get(address.lower(), address or "the gateway")

    def _people(self, addresses: Sequence[str]) -> str:
        shown = ", ".join(self._person(each) for each in addresses[:3])
        return shown + (f" and {len(addresses) - 3} more" if len(addresses) > 3 else "")

    def _line(self, *pieces: tuple[str, str | Style]) -> None:
        line = Text()
        for text, style in pieces:
            line.append_text(self._text(text, style))
        self._block.append(line)

    def _show(self) -> None:
        """Print the lines gathered so far at once, never wrapped by us: what is copied must be whole."""
        self._console.print(Text("\n").join(self._block), soft_wrap=True)
        self._block.clear()

    def _text(self, text: str, style: str | Style = "") -> Text:
        text = clean(text)
        return Text(text.translate(_ASCII) if self._ascii else text, style=style)


def clean(text: str) -> str:
    """The text without anything that a terminal would obey or hide: controls, bidirectional marks, odd blanks."""
    return "".join(each if each.isprintable() else " " for each in text)


def _reading(outcome: Outcome) -> str:
    read = f"read in {outcome.read_in:.0f} ms" if outcome.read_in is not None else ""
    return ", ".join(each for each in (outcome.purpose, read) if each)


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _lasting(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
