"""Texts that nobody wrote: parts of two texts of the training data, for a lesson.

The teachers know the training texts by heart and say little more of them than their labels do. What they say of texts
that none of them has learned teaches more. (TinyBERT augments its texts for the same reason: Jiao and others 2019,
arXiv:1909.10351.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from classifiers.components.sentences import split_sentences
from classifiers.features.annotations import TextAnnotations
from classifiers.features.vectors import StaticVectors
from classifiers.training.fitting.preparation import PreparedExample

STUDENTS, LABELED, JOINED = 0.45, 0.6, 0.6
"""The shares of texts by students, of texts of which the first part has a label, and of texts of two parts."""
MOST_SENTENCES, MOST_WORDS, CUT_WORDS = 3, 24, (10, 24)
"""Sentences of a part at most; words of a single sentence from which it is cut, and how many are kept."""
FEWEST_CHARACTERS = 4


def recombined_texts(
    prepared: Sequence[PreparedExample], vectors: StaticVectors, count: int, random: np.random.Generator
) -> Iterator[TextAnnotations]:
    """Texts for a lesson, `count` at most, each of one sentence as far as its reader knows.

    Both parts are by authors in the same role.
    """
    by_role = [[one for one in prepared if (one.example.sender == "student") == role] for role in (False, True)]
    labeled = [[one for one in of_role if one.example.labels] for of_role in by_role]
    for _ in range(count):
        role = int(random.random() < STUDENTS)
        chosen = [labeled[role] if random.random() < LABELED and labeled[role] else by_role[role]]
        chosen += [by_role[role]] * int(random.random() < JOINED)
        if not by_role[role]:
            continue
        drawn = [of[int(random.integers(len(of)))] for of in chosen]
        parts = [_part(one.new.text, random) for one in drawn]
        text = " ".join(parts if random.random() < 0.5 else parts[::-1]).strip()
        if len(text) >= FEWEST_CHARACTERS:
            languages = {one.example.language for one in drawn}
            pieces, starts = vectors.pieces(text)
            yield TextAnnotations(
                text=text,
                sentences=[(0, len(text))],
                direction="student_to_staff" if role else "staff_to_student",
                language=languages.pop() if len(languages) == 1 else "mixed",
                pieces=pieces,
                piece_starts=starts,
            )


def _part(text: str, random: np.random.Generator) -> str:
    """Some sentences of a text in a row, or some words of its only one."""
    sentences = [text[start:end].strip() for start, end in split_sentences(text)]
    if len(sentences) > 1:
        size = int(random.integers(1, min(MOST_SENTENCES, len(sentences)) + 1))
        first = int(random.integers(0, len(sentences) - size + 1))
        return " ".join(sentences[first : first + size])
    words = text.split()
    if len(words) > MOST_WORDS:
        first = int(random.integers(0, len(words) - CUT_WORDS[0]))
        words = words[first : first + int(random.integers(*CUT_WORDS))]
    return " ".join(words)
