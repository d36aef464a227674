"""Short replies are measured alone and with their context."""

from __future__ import annotations

from classifiers.pipeline.classifier import load
from classifiers.training.evaluation.replies import load_replies, reply_report
from classifiers.training.examples.labeled import Example
from gateway import policies
from gateway.commands.classify import NO_VERDICT_ACTIONS


def test_the_shipped_replies_are_complete() -> None:
    replies = load_replies()
    assert len({example.id for example, _ in replies}) == len(replies) == 300
    assert all(1 <= len(earlier) <= 3 for _, earlier in replies)


def test_the_report_shows_replies_alone_and_with_context() -> None:
    labels = frozenset({"7b", "hold"})
    reply = Example("a", "I'll bring it", "", "sms", "staff", labels, "personal", "en", False, "made")
    earlier = ("coach will there be beer at the bonfire for us?",)
    lines = list(reply_report(load(), policies.read(None, NO_VERDICT_ACTIONS), [(reply, earlier)]))
    assert lines[0].startswith("short replies in conversations, 1:")
    alone, with_context = (
        part.split(" of ")[0].split("%")[0] for part in lines[1].split("flagged")[1].split(" of 1 ", 1)
    )
    assert (float(alone), float(with_context)) == (0.0, 100.0)
