"""Short answers are measured alone and with what they answer, and the two differ where the conversation tells."""

from __future__ import annotations

from classifiers.pipeline.classifier import load
from classifiers.training.evaluation.replies import load_replies, reply_report
from classifiers.training.examples.labeled import Example
from gateway import policies
from gateway.commands.classify import WAITING


def test_the_conversations_are_whole() -> None:
    found = load_replies()
    assert len({example.id for example, _ in found}) == len(found) == 300
    assert all(1 <= len(earlier) <= 3 for _, earlier in found)


def test_what_an_answer_adds_stands_beside_what_it_says_alone() -> None:
    labels = frozenset({"7b", "hold"})
    made = Example("a", "I'll bring it", "", "sms", "staff", labels, "personal", "en", False, "made")
    earlier = ("coach will there be beer at the bonfire for us?",)
    lines = list(reply_report(load(), policies.read(None, WAITING), [(made, earlier)]))
    assert lines[0].startswith("short answers in conversations, 1:")
    alone, within = (part.split(" of ")[0].split("%")[0] for part in lines[1].split("flagged")[1].split(" of 1 ", 1))
    assert (float(alone), float(within)) == (0.0, 100.0)
