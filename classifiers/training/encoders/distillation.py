"""Teaches one encoder what several know. Needs torch.

The student starts as one of the teachers. Its lower layers stay unchanged. It learns from the labels and, more, from
the mean probabilities of all teachers (Hinton and others 2015, arXiv:1503.02531). Students with fewer layers, as
DistilBERT has them (Sanh and others 2019, arXiv:1910.01108), lost more than they saved; the how-to has figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from classifiers.components.encoder import SpecialPieces
from classifiers.features.annotations import Numbers
from classifiers.training.encoders.fitting import PIECE_DROPOUT, cost_of_labels, padded, rate_at
from classifiers.training.encoders.teaching import FARTHEST, TaughtWindow
from classifiers.training.encoders.transformer import EncoderNetwork
from classifiers.training.examples.labeled import Progress

BATCH = 32
EPOCHS = 1
LEARNING_RATE, HEADS_LEARNING_RATE = 6e-5, 2e-4
WARM_UP = 0.03
WEIGHT_DECAY = 0.01
LABELS_COST, LOGITS_COST = 0.3, 0.02
"""How much a wrong label and a wrong logit cost, beside a wrong probability."""
REPEATED = 2
"""How often a window that tells danger, distress and neither apart is read in an epoch."""


def fit_student(
    student: EncoderNetwork, windows: Sequence[TaughtWindow], costs: Sequence[float], seed: int, progress: Progress,
    checkpoints: Path, frozen: int, epochs: int = EPOCHS,
) -> None:  # fmt: skip
    """Fit a student on windows, in place, without its `frozen` lowest layers. `costs` are the weights of the heads.

    Each epoch is saved in `checkpoints`. An interrupted run continues after the last one, with a new optimizer.
    """
    torch.manual_seed(seed)
    texts = [window for window in windows for _ in range(REPEATED if window.tells_apart else 1)]
    fit = _Fit(student, frozen, costs, epochs * -(-len(texts) // BATCH), progress)
    for epoch in range(epochs):
        saved = checkpoints / f"student-{epoch}.pt"
        if saved.exists():
            student.load_state_dict(torch.load(saved))
            fit.skip(-(-len(texts) // BATCH))
            continue
        fit.epoch(texts, np.random.default_rng((seed, epoch)))
        torch.save(student.state_dict(), saved)
    student.eval()


class _Fit:
    """A fit in bfloat16. Weights are kept in single precision beside it, so that small steps are not lost."""

    def __init__(
        self, student: EncoderNetwork, frozen: int, costs: Sequence[float], steps: int, progress: Progress
    ) -> None:
        self._steps, self._progress, self._at = steps, progress, 0
        self._costs = torch.tensor(costs)
        self._dropped = SpecialPieces.after(len(student.table.weight) - SpecialPieces.COUNT).dropped
        self._half = deepcopy(student).bfloat16().eval()  # small steps from a fitted network need no dropout
        self._half.requires_grad_(False)
        self._fitted, self._fitted_half = (
            [*network.layers[frozen:].parameters(), *network.heads.parameters()] for network in (student, self._half)
        )
        for weights in self._fitted_half:
            weights.requires_grad_(True)
        self._optimizer = torch.optim.AdamW(
            [
                {"params": list(student.layers[frozen:].parameters()), "lr": LEARNING_RATE},
                {"params": list(student.heads.parameters()), "lr": HEADS_LEARNING_RATE},
            ],
            weight_decay=WEIGHT_DECAY,
            fused=True,
        )
        self._rates = [group["lr"] for group in self._optimizer.param_groups]

    def epoch(self, windows: Sequence[TaughtWindow], random: np.random.Generator) -> None:
        """Train on every window once."""
        for batch in _batches(windows, random):
            rate = rate_at(self._at, self._steps, WARM_UP)
            for group, usual in zip(self._optimizer.param_groups, self._rates, strict=True):
                group["lr"] = usual * rate
            pieces, present = padded([self._with_dropped(window.pieces, random) for window in batch])
            self._loss(self._half(pieces, present.bfloat16()).float(), batch).backward()
            for weights, half in zip(self._fitted, self._fitted_half, strict=True):
                assert half.grad is not None
                weights.grad, half.grad = half.grad.float(), None
            torch.nn.utils.clip_grad_norm_(self._fitted, 1.0)
            self._optimizer.step()
            self.copy_weights()
            self._at += 1
            self._progress("teaching the student", self._at, self._steps)

    def skip(self, steps: int) -> None:
        """Go on as if after so many steps, with the weights that the student has now."""
        self._at += steps
        self.copy_weights()

    def copy_weights(self) -> None:
        """Give the network in bfloat16 the weights of the student."""
        with torch.no_grad():
            for half, weights in zip(self._fitted_half, self._fitted, strict=True):
                half.copy_(weights)

    def _with_dropped(self, pieces: Numbers, random: np.random.Generator) -> Numbers:
        """Pieces with some of them dropped, but none of the special ones around them."""
        drop = random.random(len(pieces)) < PIECE_DROPOUT
        drop[:2] = drop[-1:] = False
        return np.where(drop, self._dropped, pieces)

    def _loss(self, logits: torch.Tensor, batch: Sequence[TaughtWindow]) -> torch.Tensor:
        labels = torch.from_numpy(np.stack([window.targets for window in batch]))
        weight = torch.tensor([window.weight for window in batch], dtype=torch.float32)
        taught = torch.from_numpy(np.stack([window.logits for window in batch]).astype(np.float32))
        chances = functional.binary_cross_entropy_with_logits(logits, torch.sigmoid(taught), reduction="none")
        return (
            LABELS_COST * cost_of_labels(logits, labels, weight, self._costs)
            + (chances * self._costs).sum() / (len(batch) * self._costs.sum())
            + LOGITS_COST * functional.mse_loss(logits.clamp(-FARTHEST, FARTHEST), taught)
        )


def _batches(windows: Sequence[TaughtWindow], random: np.random.Generator) -> Iterator[list[TaughtWindow]]:
    """Every window once, in batches of similar length, in a new order each epoch."""
    length = np.array([len(window.pieces) for window in windows])
    order = np.argsort(length + random.random(len(length)) * 4, kind="stable")
    batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
    for batch in random.permutation(len(batches)):
        yield [windows[int(at)] for at in batches[batch]]
