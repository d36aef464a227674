"""What the demo sees and tells: the window on the gateway, scenes, the guide and the screen."""

from __future__ import annotations

import email.policy
import io
import sys
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from gateway.core.messages.delivery import State
from gateway.core.messages.message import Channel
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Finding, Span
from gateway.core.review.views import MessageDetail, RecipientTrace, Trace
from gateway.demo.folder import People, Place
from gateway.demo.guide import commands, how_to_call
from gateway.demo.mailbox import Arrival
from gateway.demo.scene import PATIENCE, Kind, Scene, Tally, Turn, ready, turns
from gateway.demo.screen import Screen, clean, open_console
from gateway.demo.window import Ground, Outcome, Window
from tests.stories.demo_twin import TITLES, Twin, by_subject

# --- the window ----------------------------------------------------------------------------------------------------

TEXT = "Let's keep this just\r\nbetween us, okay? Delete this when you've read it."


def mail(text: str = TEXT, title: str = "our secret") -> bytes:
    message = EmailMessage(policy=email.policy.SMTP)
    message["Subject"], message["Message-ID"] = title, "<m@x>"
    message.set_content(text)
    return message.as_bytes()


def finding(words: str, score: float, clause: str = "7a", part: str = "1", text: str = TEXT) -> Finding:
    at = text.index(words)
    return Finding(clause, score, "lexicon", (Span(part, at, at + len(words)),))


def twin_with(*findings: Finding, content: bytes | None = None, action: str = "hold") -> Window:
    twin = Twin(lambda _title, _text: (action, findings), {})
    twin.take(
        "s@riverbend.example", ["k@students.riverbend.example"], content or mail(), ["k@students.riverbend.example"]
    )
    return Window(twin, TITLES)


async def test_words_are_cut_from_the_message() -> None:
    window = twin_with(
        finding("just\r\nbetween us", 0.9),
        finding("between us", 0.95),
        finding("Delete this", 0.8),
        finding("secret", 0.7, part="subject", text="our secret"),
    )
    outcome = await window.outcome(message_id="<m@x>")
    assert outcome is not None
    ground = outcome.grounds[0]
    assert (ground.clause, ground.title, ground.score) == ("7a", TITLES["7a"], 0.95)
    assert ground.words == ("just between us", "Delete this when you've", "our secret")
    assert outcome == await window.outcome(id="m001")
    assert (outcome.subject, outcome.purpose, outcome.read_in) == ("our secret", "scheduling", 12.0)


@pytest.mark.parametrize(
    ("text", "found", "shown"),
    [
        ("Come over. There's a cooler of beer in the garage. Bring ice.", ["beer"], "cooler of beer in the"),
        ("Call 515-555-0142 now", ["0142"], "Call 515-555-0142 now"),
        ("You are so mature for your age, really.", ["You are", "age"], "You are so mature for your age"),
        ("Not a word. Ever.", ["word"], "Not a word"),
        ("one two three four five six seven, eight", ["one", "seven"], "one two three"),
        ("a\r\n\r\nbeer\r\n\r\nb", ["beer"], "beer"),
    ],
)
async def test_words_are_shown_so_that_they_can_be_understood(text: str, found: list[str], shown: str) -> None:
    findings = [finding(words, 0.9, "7b", text=text) for words in found]
    outcome = await twin_with(*findings, content=mail(text)).outcome(id="m001")
    assert outcome is not None
    assert outcome.grounds[0].words[0] == shown


async def test_long_words_are_cut_short() -> None:
    text = "and so on " * 30
    window = twin_with(Finding("8", 0.6, "head", (Span("1", 0, 300),)), content=mail(text))
    outcome = await window.outcome(id="m001")
    assert outcome is not None
    assert len(outcome.grounds[0].words[0]) < 80
    assert outcome.grounds[0].words[0].endswith("…")


async def test_spans_that_lead_nowhere_show_nothing() -> None:
    window = twin_with(Finding("9", 0.6, "head", (Span("7", 0, 9), Span("1", 9000, 9010))), Finding("9", 0.5, "rate"))
    outcome = await window.outcome(id="m001")
    assert outcome is not None
    assert (outcome.grounds[0].words, outcome.grounds[0].title) == ((), "")


async def test_what_the_store_does_not_know_is_none() -> None:
    window = twin_with()
    assert await window.outcome(id="nobody") is None
    assert await window.outcome(message_id="<other@x>") is None
    assert await window.outcome() is None
    assert await window.held() == ["m001"]


async def test_before_the_verdict_clauses_have_no_words() -> None:
    class Early(Twin):
        async def explained(self, id: str) -> MessageDetail | None:
            where = (RecipientTrace("k@x.example", State.RECEIVED, 0.0),)
            trace = Trace(id, "<m@x>", Channel.SMS, Direction.STAFF_TO_STUDENT, "s@x.example", where, "", "", ())
            return MessageDetail(trace, b"hi", Channel.SMS)

    outcome = await Window(Early(by_subject({}), {}), {}).outcome(id="m1")
    assert outcome is not None
    assert not outcome.decided
    assert (outcome.subject, outcome.grounds, outcome.read_in) == ("hi", (), None), "a text is its own title"


# --- scenes --------------------------------------------------------------------------------------------------------


def scene(**more: Any) -> Scene:
    return Scene(datetime(2026, 2, 3, 9, 30, tzinfo=UTC), 100.0, **more)


def outcome(action: str = "release", **states: State) -> Outcome:
    where = tuple(RecipientTrace(name, state, 0.0) for name, state in states.items())
    return Outcome("id1", "<m@x>", "s", "title", "staff_to_student", action, where)


def arrival(recipient: str = "k", gateway_id: str = "") -> Arrival:
    return Arrival(recipient, "s", "s", "title", "<m@x>", gateway_id, Path("/box/1.eml"), 0.0)


def test_a_message_is_told_when_its_outcome_is_known() -> None:
    followed = scene(sample=True)
    assert ready(followed, 100.5) is None
    followed.see(outcome("hold", k=State.RECEIVED))
    assert ready(followed, 101.0) is None
    followed.see(outcome("hold", k=State.HELD))
    assert ready(followed, 101.1) is Kind.HELD


def test_a_delivery_is_waited_for_a_while() -> None:
    followed = scene()
    followed.see(outcome("flag", k=State.QUEUED))
    assert ready(followed, 101.0) is None
    assert ready(followed, 110.0) is Kind.FLAGGED
    followed.see(outcome("flag", k=State.SENT))
    assert ready(followed, 101.0) is Kind.FLAGGED


def test_out_of_scope_is_what_arrives_and_is_not_in_the_store() -> None:
    followed = scene()
    followed.arrive(arrival(), 100.1)
    assert ready(followed, 100.2) is None  # its other copies may be on their way
    followed.arrive(arrival("j"), 100.2)
    assert ready(followed, 101.0) is Kind.PASSED
    assert followed.recipients == ("k", "j")
    in_scope = scene()
    in_scope.arrive(arrival(gateway_id="id1"), 100.1)
    assert ready(in_scope, 101.0) is None


def test_what_takes_long_is_told_as_waiting_once_and_again_when_it_is_known() -> None:
    followed = scene(sample=True)
    assert ready(followed, 100 + PATIENCE) is Kind.WAITING
    followed.tell(Kind.WAITING)
    assert ready(followed, 200.0) is None
    assert not followed.over
    followed.see(outcome("alert", k=State.SENT))
    assert ready(followed, 200.0) is Kind.ALERTED


def test_a_decision_in_words_of_somebody_else_is_told_by_its_states() -> None:
    followed = scene()
    followed.see(outcome("reject", k=State.REJECTED))
    assert ready(followed, 101.0) is Kind.HELD
    followed.see(outcome("", k=State.SENT))
    assert ready(followed, 101.0) is Kind.RELEASED


def test_refused_and_notices_are_told_at_once() -> None:
    assert ready(scene(refusal="452 full"), 100.0) is Kind.REFUSED
    assert ready(scene(notice=True), 100.0) is Kind.NOTICE


def test_what_becomes_of_a_held_message() -> None:
    followed = scene()
    followed.see(outcome("hold", k=State.HELD, j=State.HELD, p=State.SENT))
    followed.tell(Kind.HELD)
    assert not followed.over
    assert turns(followed) == {}
    followed.see(outcome("hold", k=State.QUEUED, j=State.REJECTED, p=State.SENT))
    assert turns(followed) == {Turn.TURNED_DOWN: ("j",)}
    followed.tell(Kind.HELD)
    followed.see(outcome("hold", k=State.SENT, j=State.REJECTED, p=State.SENT))
    assert turns(followed) == {Turn.LET_GO: ("k",)}
    followed.tell(Kind.HELD)
    assert followed.over


def test_a_release_that_is_seen_when_it_is_done() -> None:
    followed = scene()
    followed.see(outcome("hold", k=State.HELD))
    followed.tell(Kind.HELD)
    followed.see(outcome("hold", k=State.SENT))
    assert turns(followed) == {Turn.LET_GO: ("k",)}


def test_the_tally_counts_a_message_once() -> None:
    tally = Tally(held_before=2)
    tally.count(Kind.WAITING, None)
    tally.count(Kind.HELD, Kind.WAITING)
    tally.count(Kind.PASSED, None)
    tally.count(Kind.NOTICE, None)
    tally.let_go = 1
    assert (tally.messages, tally.of(Kind.WAITING), tally.still_held) == (2, 0, 2)


# --- the screen ----------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def told(stream: io.StringIO, kind: Kind, **more: Any) -> str:
    screen = Screen(open_console(stream), Path("/box"))
    screen.opening("t", [], [], names={"k@x": "Kit"}, releasing="chaperone held release -c FILE ID")
    start = len(stream.getvalue())
    followed = scene(sender="s@x", subject="a title", note="a note", **more)
    if kind not in (Kind.PASSED, Kind.REFUSED):
        held = State.HELD if kind is Kind.HELD else State.SENT
        grounds = (Ground("7a", "Grooming cues", 0.97, ("between us", "delete this")),)
        where = (RecipientTrace("k@x", held, 0.0), RecipientTrace("p@x", State.SENT, 0.0))
        followed.see(Outcome("id1", "<m>", "s@x", "a title", "staff_to_student", kind, where, grounds, read_in=31.4))
    followed.arrive(arrival("p@x"), 0.0)
    screen.tell(followed, kind)
    return stream.getvalue()[start:]


def test_a_held_message_is_told_with_clause_words_and_how_to_let_it_go() -> None:
    shown = told(io.StringIO(), Kind.HELD)
    assert "s@x → Kit, p@x   staff to student" in shown
    assert "a title   (a note)" in shown
    assert "HELD  kept from Kit until an administrator decides" in shown
    assert "7a  Grooming cues   0.97" in shown
    assert "“between us”  “delete this”" in shown
    assert "\n    chaperone held release -c FILE id1\n" in shown
    assert "→ 1.eml" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("kind", [Kind.RELEASED, Kind.FLAGGED, Kind.ALERTED, Kind.PASSED, Kind.WAITING])
def test_each_outcome_has_a_word_of_its_own(kind: Kind) -> None:
    words = {"release": "released", "flag": "FLAGGED", "alert": "ALERT", "passed": "passed through"}
    shown = told(io.StringIO(), kind)
    assert words.get(kind, "accepted") in shown
    assert "HELD" not in shown


def test_a_refusal_shows_the_reply() -> None:
    assert "452 4.3.1 full" in told(io.StringIO(), Kind.REFUSED, refusal="452 4.3.1 full")


def test_a_terminal_gets_colour_and_no_color_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1;31m" in told(Terminal(), Kind.HELD)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in told(Terminal(), Kind.HELD)


def test_a_stream_that_knows_ascii_only_gets_ascii() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    screen = Screen(open_console(stream), Path("/box"))
    screen.opening("Chaperone · é", [("a", "b")], [], names={}, releasing="ID")
    followed = scene(sender="s@x", subject="Horario de tutoría", recipients=("k@x",))
    screen.tell(followed, Kind.PASSED)
    shown = raw.getvalue().decode("ascii")
    assert "> passed through" in shown
    assert "tutor?a" in shown


def test_mail_cannot_write_to_the_terminal_as_it_likes() -> None:
    hostile = "pay\x1b[2J\x1b]0;owned\x07\r\nHELD \u202eevil\x9b31m"
    shown = clean(hostile)
    assert shown.isprintable()
    assert len(shown) == len(hostile)
    screen = Screen(open_console(stream := io.StringIO()), Path("/box"))
    followed = scene(sender=hostile, subject=hostile, recipients=(hostile,), refusal=hostile)
    screen.tell(followed, Kind.REFUSED)
    assert all(each.isprintable() or each == "\n" for each in stream.getvalue())
    assert stream.getvalue().count("\n") == 4


def test_what_became_of_it_later() -> None:
    screen = Screen(open_console(stream := io.StringIO()), Path("/box"))
    followed = scene(sender="s@x", subject="a title")
    followed.see(outcome("hold", k=State.SENT, j=State.SENT))
    followed.arrive(arrival("k"), 0.0)
    followed.arrive(arrival("other"), 0.0)
    at = datetime(2026, 2, 3, 10, 15, tzinfo=UTC)
    screen.go_on(followed, Turn.LET_GO, ["k"], at)
    screen.go_on(followed, Turn.TURNED_DOWN, ["j"], at)
    assert stream.getvalue().count("10:15:00  s@x") == 2
    assert "released after all" in stream.getvalue()
    assert stream.getvalue().count("1.eml") == 1
    assert "rejected by an administrator" in stream.getvalue()


def test_the_closing_adds_up() -> None:
    screen = Screen(open_console(stream := io.StringIO()), Path("/box"))
    tally = Tally()
    for kind in (Kind.RELEASED, Kind.RELEASED, Kind.HELD, Kind.ALERTED, Kind.PASSED, Kind.NOTICE):
        tally.count(kind, None)
    tally.let_go = 1
    screen.closing(tally, 83.4)
    words = "5 messages in 1 min 23 s: 2 released, 0 flagged, 1 held (1 released since), 1 alert, 1 passed through"
    assert words in stream.getvalue()


def test_the_footing_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for stream, there in ((Terminal(), True), (io.StringIO(), False)):
        screen = Screen(open_console(stream), Path("/box"))
        with screen.footing("listening here"):
            screen.count(Tally({Kind.HELD: 3}))
        assert ("listening here · 3 messages · 3 held" in stream.getvalue()) is there


# --- the guide -----------------------------------------------------------------------------------------------------


def test_another_terminal_can_call_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "chaperone"
    command.write_text("#!/bin/sh\n", encoding="utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert how_to_call(str(command), {}) == "chaperone"
    assert how_to_call(str(command), {"VIRTUAL_ENV": "x"}) == str(command)
    monkeypatch.setenv("PATH", "")
    assert how_to_call(str(command), {}) == str(command)
    assert how_to_call("/x/pytest", {}) == f"{sys.executable} -m gateway.cli"


@pytest.mark.parametrize(("there", "begins"), [("swaks", "swaks --server 127.0.0.1:1 "), ("curl", "printf '")])
def test_the_commands_use_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str, begins: str
) -> None:
    (tmp_path / there).touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    place = Place(Path("/a b"), "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", People(1, 1, 1, {}))
    lines = [line for _, line in commands(place, "chaperone")]
    assert lines[0].startswith(begins)
    assert "127.0.0.1:1" in lines[0]
    assert "chaperone held list -c '/a b/chaperone.toml'" in lines
    assert lines[-1].endswith(" ID")
