"""Augmentation uses only the examples that it is given."""

from __future__ import annotations

from classifiers.training.examples.augmentation import augment
from classifiers.training.examples.labeled import (
    load_corpus,
)


def test_augmentation_uses_only_its_own_examples() -> None:
    own = load_corpus()[:400]
    examples = augment(own, 0, 1)
    texts = {example.text for example in own}
    assert examples == augment(own, 0, 1)
    assert examples
    for example in examples:
        assert all(piece in texts for piece in _pieces(example.text, texts))
    assert {example.hold for example in examples} == {True, False}


def _pieces(text: str, texts: set[str]) -> list[str]:
    """The longest runs of paragraphs that are texts of the corpus."""
    left, out = text.split("\n\n"), []
    while left:
        size = next((n for n in range(len(left), 0, -1) if "\n\n".join(left[:n]) in texts), 1)
        out.append("\n\n".join(left[:size]))
        left = left[size:]
    return out
