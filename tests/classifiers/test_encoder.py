"""The encoder in the pipeline: what it reads of a text, when it is asked, and how it is weighed with the head."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.components.encoder import LONGEST, MOST, EncoderReader, Marks, pooled, stretches, telling, unsure
from classifiers.evidence import Evidence
from classifiers.weights import ENCODER, SHIPPED


def text_of(lengths: list[int]) -> Evidence:
    """A text whose sentences have so many word pieces, each piece two characters wide."""
    starts = np.concatenate([[0], np.cumsum(lengths)])
    count = int(starts[-1])
    return Evidence(
        text="x " * count,
        sentences=[(2 * int(a), 2 * int(b)) for a, b in pairwise(starts)],
        pieces=np.arange(count) % 1000,
        piece_starts=np.arange(count) * 2,
    )


def pieces_in(noted: Evidence, first: int, behind: int) -> int:
    return (noted.sentences[behind - 1][1] - noted.sentences[first][0]) // 2


@given(st.lists(st.integers(1, 200), max_size=40))
def test_every_sentence_is_read_once_in_stretches_that_are_short_enough(lengths: list[int]) -> None:
    noted = text_of(lengths)
    found = list(stretches(noted))
    assert [at for first, behind in found for at in range(first, behind)] == list(range(len(lengths)))
    for first, behind in found:
        assert behind - first == 1 or pieces_in(noted, first, behind) <= LONGEST - 3


def test_stretches_are_as_long_as_they_may_be() -> None:
    assert list(stretches(text_of([30, 30, 30, 30]))) == [(0, 2), (2, 4)]
    assert list(stretches(text_of([20] * 10))) == [(at, at + 2) for at in range(0, 10, 2)]
    assert list(stretches(text_of([10] * 7))) == [(0, 7)]


def test_a_text_without_a_word_has_nothing_to_read() -> None:
    assert list(stretches(Evidence(text="  ", sentences=[]))) == []


def test_marks_stand_around_the_pieces() -> None:
    marks = Marks.behind(100)
    assert marks.around(np.array([5, 6]), True).tolist() == [100, 102, 5, 6, 101]
    assert marks.around(np.array([5, 6]), False).tolist() == [100, 103, 5, 6, 101]
    assert len(marks.around(np.arange(500), True)) == LONGEST


def test_labels_count_where_they_are_highest_and_purposes_on_the_whole() -> None:
    said = pooled(np.array([[1.0, -2.0, 4.0], [3.0, -4.0, 0.0]], np.float32), 1)
    assert said.tolist() == [3.0, -2.0, 2.0]


def test_it_is_asked_where_an_output_stands_above_its_gate() -> None:
    gate = np.array([-1.0, np.inf], np.float32)
    assert unsure(np.array([-0.5, -9.0], np.float32), gate)
    assert not unsure(np.array([-1.5, 99.0], np.float32), gate)


def test_the_shipped_encoder_reads_a_bounded_number_of_stretches() -> None:
    reader = EncoderReader(SHIPPED / ENCODER, 29_525)
    noted = text_of([30] * 40)
    reader.read(noted)
    assert noted.encoded is not None
    assert noted.encoded.shape[0] == len(noted.stretches) == MOST
    assert np.isfinite(noted.encoded).all()
    start, end = telling(reader, noted, 0) or (0, 0)
    assert (start, end) in noted.sentences
