"""A student starts as its teacher and comes nearer to what the teachers say."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training encoders is an extra")
pytest.importorskip("onnx", reason="training encoders is an extra")

from classifiers.training.encoders.distillation import fit_student  # noqa: E402 - needs the imports above
from classifiers.training.encoders.fitting import padded  # noqa: E402 - needs the imports above
from classifiers.training.encoders.teaching import TaughtWindow  # noqa: E402 - needs the imports above
from classifiers.training.encoders.transformer import EncoderNetwork  # noqa: E402 - needs the imports above

HEADS, PIECES = 3, 40


def ignore_progress(stage: str, done: int, of: int) -> None:
    """Ignore progress."""


@pytest.fixture
def teacher() -> EncoderNetwork:
    torch.manual_seed(5)
    return EncoderNetwork(PIECES, HEADS, positions=16, layers=4).eval()


def taught_by(teacher: EncoderNetwork, count: int) -> list[TaughtWindow]:
    """Random windows without labels, with what a teacher says of them."""
    random = np.random.default_rng(5)
    windows = []
    for _ in range(count):
        row = random.integers(0, PIECES - 5, int(random.integers(4, 12)))
        with torch.no_grad():
            logits = 3 * teacher(*padded([row]))
        unknown = np.full(HEADS, np.nan, np.float32)
        windows.append(TaughtWindow(row, unknown, 1.0, False, logits[0].numpy()))
    return windows


def distance(student: EncoderNetwork, windows: list[TaughtWindow]) -> float:
    """The mean squared difference between a student's logits and its teacher's."""
    with torch.no_grad():
        return float(
            np.mean([(student(*padded([one.pieces]))[0].numpy() - one.logits).astype(float) ** 2 for one in windows])
        )


def test_the_student_comes_nearer_to_its_teacher(teacher: EncoderNetwork, tmp_path: Path) -> None:
    windows = taught_by(teacher, 320)
    student = deepcopy(teacher)
    before, lower = distance(student.eval(), windows), student.layers[0].wide.weight.clone()
    fit_student(student, windows, [1.0] * HEADS, 5, ignore_progress, tmp_path, frozen=2, epochs=3)
    assert distance(student, windows) < 0.7 * before
    assert torch.equal(student.layers[0].wide.weight, lower)


def test_an_interrupted_lesson_goes_on_after_its_last_epoch(teacher: EncoderNetwork, tmp_path: Path) -> None:
    windows = taught_by(teacher, 64)
    fit_student(deepcopy(teacher), windows, [1.0] * HEADS, 5, ignore_progress, tmp_path, frozen=2, epochs=2)
    steps: list[int] = []
    (tmp_path / "student-1.pt").unlink()
    fit_student(
        deepcopy(teacher),
        windows,
        [1.0] * HEADS,
        5,
        lambda _stage, done, _of: steps.append(done),
        tmp_path,
        frozen=2,
        epochs=2,
    )
    assert steps == [3, 4]
