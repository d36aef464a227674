"""Examples made for tests."""

from __future__ import annotations

from classifiers.training.examples.labeled import (
    Example,
)


def make_example(id: str, text: str, **more: object) -> Example:
    """An example with a text; a clean text message from staff unless `more` says otherwise."""
    plain = {"subject": "", "channel": "sms", "sender": "staff", "labels": frozenset(), "purpose": "other"}
    plain |= {"language": "en", "hard": False, "source": "made"}
    return Example(id=id, text=text, **(plain | more))  # type: ignore[arg-type]
