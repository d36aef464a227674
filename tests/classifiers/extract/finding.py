"""What the finders make of a text that is new in its message."""

from __future__ import annotations

from classifiers.extract.hidden_writing.finders import find_hidden_writing
from classifiers.extract.quoting import PassageKind
from gateway.core.mime.guard import Guard


def without_codes(text: str) -> tuple[str, list[str]]:
    """The text with blanks for codes, and what they say. Fails if a finder does."""
    guard = Guard()
    found = find_hidden_writing(text, PassageKind.NEW, guard)
    assert guard.failures == []
    return found.text, list(found.said)
