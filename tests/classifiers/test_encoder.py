"""The encoders in the pipeline: what they read of a text, when they are asked, how they are weighed with the head."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.components.encoder import OnnxEncoder, OwnPieces, SharedPieces, SpecialPieces, strongest_sentence
from classifiers.components.encoder_windows import (
    MAX_PIECES,
    MAX_WINDOWS,
    select_windows,
    split_into_windows,
    windows_for_next_encoder,
)
from classifiers.components.stacking import Stacking, needs_encoder, pool_windows, resolve_hold, stacked_logits
from classifiers.features.annotations import TextAnnotations
from classifiers.pipeline import model_files as weights
from classifiers.training.fitting.linear_and_head import HEADS


def text_of(lengths: list[int]) -> TextAnnotations:
    """A text whose sentences have so many word pieces, each piece two characters wide."""
    starts = np.concatenate([[0], np.cumsum(lengths)])
    count = int(starts[-1])
    return TextAnnotations(
        text="x " * count,
        sentences=[(2 * int(a), 2 * int(b)) for a, b in pairwise(starts)],
        pieces=np.arange(count) % 1000,
        piece_starts=np.arange(count) * 2,
    )


def pieces_in(noted: TextAnnotations, first: int, behind: int) -> int:
    return (noted.sentences[behind - 1][1] - noted.sentences[first][0]) // 2


@given(st.lists(st.integers(1, 200), max_size=40))
def test_every_sentence_is_read_once_in_stretches_that_are_short_enough(lengths: list[int]) -> None:
    noted = text_of(lengths)
    found = list(split_into_windows(noted))
    assert [at for first, behind in found for at in range(first, behind)] == list(range(len(lengths)))
    for first, behind in found:
        assert behind - first == 1 or pieces_in(noted, first, behind) <= MAX_PIECES


def test_stretches_are_as_long_as_they_may_be() -> None:
    assert list(split_into_windows(text_of([30, 30, 30, 30]))) == [(0, 2), (2, 4)]
    assert list(split_into_windows(text_of([20] * 10))) == [(at, at + 2) for at in range(0, 10, 2)]
    assert list(split_into_windows(text_of([10] * 7))) == [(0, 7)]


def test_a_text_without_a_word_has_nothing_to_read() -> None:
    assert list(split_into_windows(TextAnnotations(text="  ", sentences=[]))) == []


def test_marks_stand_around_the_pieces() -> None:
    marks = SpecialPieces.behind(100)
    assert marks.around(np.array([5, 6]), True).tolist() == [100, 102, 5, 6, 101]
    assert marks.around(np.array([5, 6]), False).tolist() == [100, 103, 5, 6, 101]


def test_labels_count_where_they_are_highest_and_purposes_on_the_whole() -> None:
    said = pool_windows(np.array([[1.0, -2.0, 4.0], [3.0, -4.0, 0.0]], np.float32), 1)
    assert said.tolist() == [3.0, -2.0, 2.0]


def test_it_is_asked_where_an_output_stands_above_its_gate() -> None:
    gate = np.full(len(HEADS), np.inf, np.float32)
    gate[[HEADS.index("7a"), HEADS.index("help")]] = -1.0
    hold, call, nothing = np.full((3, len(HEADS)), -9.0, np.float32)
    hold[HEADS.index("7a")] = call[HEADS.index("help")] = -0.5
    nothing[HEADS.index("6")] = 99.0
    for direction, asked in (("staff_to_student", False), ("student_to_staff", True), ("", True)):
        assert needs_encoder(HEADS, hold, gate, direction)
        assert needs_encoder(HEADS, call, gate, direction) is asked
        assert not needs_encoder(HEADS, nothing, gate, direction)


def test_what_is_weighed_together_is_all_that_was_said_and_the_highest_of_it() -> None:
    head = np.arange(len(HEADS), dtype=np.float32)[None]
    both = stacked_logits(HEADS, [head, -head])
    assert both.shape == (1, 2 * len(HEADS) + 3)
    nine, first = HEADS.index("9"), HEADS.index("7a")
    assert both[0, -3:].tolist() == [nine, -first, 0]


def test_the_likeliest_clause_has_the_logit_of_holding_and_the_others_stand_below_it() -> None:
    logits = np.full((1, len(HEADS)), -9.0, np.float32)
    logits[0, [HEADS.index(name) for name in ("hold", "7a", "7d", "8")]] = 2.0, 5.0, 4.0, -1.0
    out = resolve_hold(HEADS, logits, point=1.5)[0]
    assert out[HEADS.index("7a")] == 2.0
    assert out[HEADS.index("7d")] == 2.0  # never above the likeliest
    assert out[HEADS.index("8")] == 0.5  # its own, moved as the point to hold is
    assert out[HEADS.index("4")] == -9.0


def test_a_mixing_takes_as_many_readers_as_it_has_rows_for() -> None:
    count = len(HEADS)
    none = np.full(count, np.inf)
    mixing = Stacking(
        np.zeros((3 * count + 4, count), np.float32), np.ones(count, np.float32), *[np.zeros(count)] * 2, none
    )
    assert mixing.logits(HEADS, [np.zeros((2, count), np.float32)] * 3).shape == (2, count)


def test_a_clause_with_a_point_of_its_own_is_held_whatever_else_is_said() -> None:
    count, clause = len(HEADS), HEADS.index("7c")
    own = np.full(count, np.inf, np.float32)
    own[clause] = 1.0
    weights, bias = np.zeros((2 * count + 3, count), np.float32), np.full(count, -9.0, np.float32)
    shift = np.full(count, -2.0, np.float32)
    mixing = Stacking(weights, bias, shift, np.zeros(count, np.float32), own)
    said = np.zeros((2, count), np.float32)
    said[1, clause] = 1.5
    quiet, loud = mixing.logits(HEADS, [said, said]) + shift
    assert quiet[clause] < 0 < loud[clause]
    assert not (np.delete(loud, clause) > 0).any()


def shipped() -> list[OnnxEncoder]:
    model = weights.read_model()
    cuts = [OwnPieces(each.tokenizer) if each.tokenizer else SharedPieces(29_525) for each in model.encoders]
    return [OnnxEncoder(each.network, cut) for each, cut in zip(model.encoders, cuts, strict=True)]


def test_the_shipped_encoders_read_a_bounded_number_of_stretches() -> None:
    noted = text_of([30] * 40)
    noted.stretches = select_windows(noted)
    assert len(noted.stretches) == MAX_WINDOWS
    readers = shipped()
    assert len(readers) == len(weights.ENCODERS)
    for reader in readers:
        noted.encoded.append(reader.read(noted, noted.stretches))
        assert noted.encoded[-1].shape == (MAX_WINDOWS, len(HEADS))
        assert np.isfinite(noted.encoded[-1]).all()
    assert strongest_sentence(readers[0], noted, 0) in noted.sentences


def test_a_sentence_of_any_length_is_cut_where_an_encoder_ends() -> None:
    noted = text_of([5000])
    for reader in shipped():
        assert reader.read(noted, [(0, 1)]).shape == (1, len(HEADS))


def test_the_next_encoder_reads_the_stretches_that_told_most_in_their_order() -> None:
    runs = [(0, 2), (2, 3), (3, 7), (7, 8)]
    said = np.array([[0.0, 9.0], [3.0, -1.0], [-2.0, 9.0], [5.0, 0.0]], np.float32)
    assert windows_for_next_encoder(runs, said, [0]) == [(2, 3), (7, 8)]
    assert windows_for_next_encoder(runs[:1], said[:1], [0, 1]) == [(0, 2)]
