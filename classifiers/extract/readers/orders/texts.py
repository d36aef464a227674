"""What a text file says beside its lines: in the order of numbers, with words for names."""

from __future__ import annotations

from classifiers.extract.readers.orders.named import sentences_of_names
from classifiers.extract.readers.orders.numbered import sentences_by_number

_MAX_TEXT = 200_000


def other_orders(text: str) -> list[str]:
    """The sentences of a text file that stand in another order than its words."""
    text = text[:_MAX_TEXT]
    return [*sentences_by_number(text), *sentences_of_names(text)]
