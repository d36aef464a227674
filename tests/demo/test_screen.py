"""What the demo prints."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.core.messages.delivery import State
from gateway.core.review.views import RecipientTrace
from gateway.demo.message_status import MessageStatus, ShownClause
from gateway.demo.screen import Screen, open_console, printable
from gateway.demo.tracked_message import (
    DemoCounts,
    DemoResult,
    LaterResult,
)
from tests.demo.test_tracked_message import copy, status, tracked


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def shown_block(stream: io.StringIO, kind: DemoResult, **more: Any) -> str:
    screen = Screen(open_console(stream), Path("/box"))
    screen.show_opening("t", [], [], names={"k@x": "Kit"}, release_command="chaperone held release -c FILE ID")
    start = len(stream.getvalue())
    followed = tracked(sender="s@x", subject="a title", note="a note", **more)
    if kind not in (DemoResult.PASSED, DemoResult.REFUSED):
        held = State.HELD if kind is DemoResult.HELD else State.SENT
        reasons = (ShownClause("7a", "Grooming cues", 0.97, ("between us", "delete this")),)
        recipients = (RecipientTrace("k@x", held, 0.0), RecipientTrace("p@x", State.SENT, 0.0))
        followed.update(
            MessageStatus("id1", "<m>", "s@x", "a title", "staff_to_student", kind, recipients, reasons, took_ms=31.4)
        )
    followed.add_copy(copy("p@x"), 0.0)
    screen.show(followed, kind)
    return stream.getvalue()[start:]


def test_a_held_message_is_shown_with_clause_words_and_release_command() -> None:
    shown = shown_block(io.StringIO(), DemoResult.HELD)
    assert "s@x → Kit, p@x   staff to student" in shown
    assert "a title   (a note)" in shown
    assert "HELD  kept from Kit until an administrator decides" in shown
    assert "7a  Grooming cues   0.97" in shown
    assert "“between us”  “delete this”" in shown
    assert "\n    chaperone held release -c FILE id1\n" in shown
    assert "→ 1.eml" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    "kind", [DemoResult.RELEASED, DemoResult.FLAGGED, DemoResult.ALERTED, DemoResult.PASSED, DemoResult.WAITING]
)
def test_each_result_has_its_own_word(kind: DemoResult) -> None:
    words = {"release": "released", "flag": "FLAGGED", "alert": "ALERT", "passed": "passed through"}
    shown = shown_block(io.StringIO(), kind)
    assert words.get(kind, "accepted") in shown
    assert "HELD" not in shown


def test_a_refusal_shows_the_reply() -> None:
    assert "452 4.3.1 full" in shown_block(io.StringIO(), DemoResult.REFUSED, refusal="452 4.3.1 full")


def test_a_terminal_gets_colors_unless_no_color_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1;31m" in shown_block(Terminal(), DemoResult.HELD)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in shown_block(Terminal(), DemoResult.HELD)


def test_an_ascii_stream_gets_ascii() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    screen = Screen(open_console(stream), Path("/box"))
    screen.show_opening("Chaperone · é", [("a", "b")], [], names={}, release_command="ID")
    followed = tracked(sender="s@x", subject="Horario de tutoría", recipients=("k@x",))
    screen.show(followed, DemoResult.PASSED)
    shown = raw.getvalue().decode("ascii")
    assert "> passed through" in shown
    assert "tutor?a" in shown


def test_mail_cannot_control_the_terminal() -> None:
    hostile = "pay\x1b[2J\x1b]0;owned\x07\r\nHELD \u202eevil\x9b31m"
    shown = printable(hostile)
    assert shown.isprintable()
    assert len(shown) == len(hostile)
    screen = Screen(open_console(stream := io.StringIO()), Path("/box"))
    followed = tracked(sender=hostile, subject=hostile, recipients=(hostile,), refusal=hostile)
    screen.show(followed, DemoResult.REFUSED)
    assert all(character.isprintable() or character == "\n" for character in stream.getvalue())
    assert stream.getvalue().count("\n") == 4


def test_later_results_are_shown() -> None:
    screen = Screen(open_console(stream := io.StringIO()), Path("/box"))
    followed = tracked(sender="s@x", subject="a title")
    followed.update(status("hold", k=State.SENT, j=State.SENT))
    followed.add_copy(copy("k"), 0.0)
    followed.add_copy(copy("other"), 0.0)
    at = datetime(2026, 2, 3, 10, 15, tzinfo=UTC)
    screen.show_change(followed, LaterResult.RELEASED, ["k"], at)
    screen.show_change(followed, LaterResult.REJECTED, ["j"], at)
    assert stream.getvalue().count("10:15:00  s@x") == 2
    assert "released after all" in stream.getvalue()
    assert stream.getvalue().count("1.eml") == 1
    assert "rejected by an administrator" in stream.getvalue()


def test_the_summary_adds_up() -> None:
    screen = Screen(open_console(stream := io.StringIO()), Path("/box"))
    counts = DemoCounts()
    for kind in (
        DemoResult.RELEASED,
        DemoResult.RELEASED,
        DemoResult.HELD,
        DemoResult.ALERTED,
        DemoResult.PASSED,
        DemoResult.NOTICE,
    ):
        counts.add(kind, None)
    counts.released_later = 1
    screen.show_summary(counts, 83.4)
    words = "5 messages in 1 min 23 s: 2 released, 0 flagged, 1 held (1 released since), 1 alert, 1 passed through"
    assert words in stream.getvalue()


def test_the_status_line_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for stream, there in ((Terminal(), True), (io.StringIO(), False)):
        screen = Screen(open_console(stream), Path("/box"))
        with screen.footer("listening here"):
            screen.show_counts(DemoCounts({DemoResult.HELD: 3}))
        assert ("listening here · 3 messages · 3 held" in stream.getvalue()) is there
