"""A replay uses the register of the district's store, at the times of the story."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.assembly.replay import ReplayRules, replay
from gateway.core.contact.story import StoryMessage
from gateway.core.messages.message import OutgoingMessage
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.policy.decision import Action
from gateway.core.tools.register import Tool
from tests.console.district import policy, roster
from tests.stages.reminder_run import ZONE

COACH, MAYA = "peter.lindgren@riverbend.example", "maya.lindqvist@students.riverbend.example"
JUNE, AUGUST = datetime(2027, 6, 1, 15, tzinfo=UTC).timestamp(), datetime(2027, 8, 2, 15, tzinfo=UTC).timestamp()


def read(message: OutgoingMessage) -> Verdict:
    """A verdict with the link that the text has."""
    cue = "quiz.example.com" if b"quiz" in message.message.content else "kahoot.it"
    finding = Finding("2", 0.6, "links", (), cue)
    return Verdict(message.message.id, message.message.sha256, "test", "en", (finding,), {"academic": 1.0})


async def test_register_counts_at_the_times_of_the_story() -> None:
    tools = [Tool("quiz.example.com", "Quiz", administrator_access="R", until=(JUNE + AUGUST) / 2)]
    rules = ReplayRules(policy(), roster(), ZONE, "riverbend.example", tools=tools)
    story = [
        StoryMessage(line, at, "mail", COACH, (MAYA,), text, subject="Homework")
        for line, at, text in ((1, JUNE, "quiz"), (2, JUNE + 60, "kahoot"), (3, AUGUST, "quiz"))
    ]
    outcome = await replay(story, rules, read)
    assert [message.action for message in outcome] == [Action.RELEASE, Action.FLAG, Action.FLAG]
    assert "kahoot.com" in outcome[1].reasons[0]
