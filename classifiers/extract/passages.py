"""A passage: a piece of the text of a message, and what it is to its reader."""

from __future__ import annotations

from dataclasses import dataclass

from classifiers.extract.quoting import PassageKind
from gateway.core.mime.charsets.written import without_lone_surrogates


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of received text. `start` is its offset in the text of `part`, which is "" for attached files."""

    part: str
    start: int
    text: str
    kind: PassageKind

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", without_lone_surrogates(self.text))  # no classifier takes them
