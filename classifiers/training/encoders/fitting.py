"""Fits an encoder: all heads at once, in batches of texts of similar length, repeatable by a seed. Needs torch.

A long clean text is cut at a different place each epoch. A long bad text is left out, because its label does not say
where it is bad.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from classifiers.components.encoder import SpecialPieces
from classifiers.features.annotations import Floats, Numbers
from classifiers.training.encoders.transformer import EncoderNetwork
from classifiers.training.examples.labeled import Progress

BATCH = 32
LEARNING_RATE, HEADS_LEARNING_RATE = 8e-5, 1e-3
WARM_UP = 0.06
WEIGHT_DECAY = 0.01
PIECE_DROPOUT = 0.05
LABEL_SMOOTHING = 0.01


@dataclass(frozen=True, slots=True)
class EncoderStart:
    """The start of an encoder, and how it is fitted.

    Its table has `kept_pieces` rows for word pieces, followed by those of the special pieces. The `frozen` lowest
    layers and the table stay unchanged: that saves a third of the time and costs little. `max_length` counts all pieces
    read together; `rate_share` is the share of the usual learning rates. `costs` are the weights of the heads, all
    alike if empty.
    """

    create: Callable[[], EncoderNetwork]
    kept_pieces: int
    frozen: int
    max_length: int
    epochs: int
    rate_share: float = 1.0
    costs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingText:
    """A training text: its word pieces, target per head (NaN: unknown), weight, and author's role."""

    pieces: Numbers
    targets: Floats
    weight: float
    from_staff: bool
    clean: bool


def fit_encoder(
    texts: Sequence[TrainingText],
    start: EncoderStart,
    seed: int,
    progress: Progress,
    checkpoints: Path,
    half_precision: bool = True,
) -> EncoderNetwork:
    """Fit an encoder on texts.

    Each epoch is saved in `checkpoints`. An interrupted run continues after the last one.
    """
    torch.manual_seed(seed)
    network = start.create()
    done = max((epoch + 1 for epoch in range(start.epochs) if _checkpoint(checkpoints, epoch).exists()), default=0)
    if done:
        network.load_state_dict(torch.load(_checkpoint(checkpoints, done - 1)))
    fitting = _Fit(network, start, texts, progress, half_precision)
    for epoch in range(done, start.epochs):
        fitting.epoch(epoch, np.random.default_rng((seed, epoch)))
        torch.save(network.state_dict(), _checkpoint(checkpoints, epoch))
    network.eval()
    return network


class _Fit:
    """A fit over some epochs. The learning rate rises for a while, then falls to zero."""

    def __init__(
        self,
        network: EncoderNetwork,
        start: EncoderStart,
        texts: Sequence[TrainingText],
        progress: Progress,
        half_precision: bool,
    ) -> None:
        self._network, self._progress, self._half = network, progress, half_precision
        self._costs = torch.tensor(start.costs or (1.0,))
        self._batches = _Batches(SpecialPieces.after(start.kept_pieces), start.max_length)
        self._usable = [text for text in texts if text.clean or len(text.pieces) <= self._batches.max_pieces]
        self._steps_per_epoch = len(self._usable) // BATCH + 1
        self._steps = start.epochs * self._steps_per_epoch
        network.requires_grad_(False)
        for part in (network.heads, *network.layers[start.frozen :]):
            part.requires_grad_(True)
        head = list(network.heads.parameters())
        layers = [weights for layer in network.layers[start.frozen :] for weights in layer.parameters()]
        self._fitted = [*layers, *head]
        self._optimizer = torch.optim.AdamW(
            [
                {"params": layers, "lr": LEARNING_RATE * start.rate_share},
                {"params": head, "lr": HEADS_LEARNING_RATE * start.rate_share},
            ],
            weight_decay=WEIGHT_DECAY,
            fused=True,
        )
        self._rates = [group["lr"] for group in self._optimizer.param_groups]

    def epoch(self, number: int, random: np.random.Generator) -> None:
        """Train on every usable text once."""
        self._network.train()
        for at, batch in enumerate(self._batches.batches(self._usable, random), number * self._steps_per_epoch):
            pieces, present, targets, weight = batch
            for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
                group["lr"] = rate * rate_at(at, self._steps, WARM_UP)
            with torch.autocast("cpu", torch.bfloat16, enabled=self._half):
                logits = self._network(pieces, present)
            loss = cost_of_labels(logits.float(), targets, weight, self._costs)
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
            torch.nn.utils.clip_grad_norm_(self._fitted, 1.0)
            self._optimizer.step()
            self._progress("fitting the encoder", at + 1, self._steps)


def _checkpoint(checkpoints: Path, epoch: int) -> Path:
    return checkpoints / f"encoder-{epoch}.pt"


def rate_at(at: int, steps: int, warm_up: float) -> float:
    """The share of the learning rate at a step: rising over the share `warm_up` of all, then falling to zero."""
    return min((at + 1) / (warm_up * steps), max(0.0, (steps - at) / (steps * (1 - warm_up))))


def cost_of_labels(
    logits: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor, costs: torch.Tensor
) -> torch.Tensor:
    """The mean cost of logits under labels. NaN among the targets is unknown and costs nothing."""
    known = ~torch.isnan(targets)
    smoothed = torch.where(known, targets, torch.zeros(())) * (1 - 2 * LABEL_SMOOTHING) + LABEL_SMOOTHING
    text = functional.binary_cross_entropy_with_logits(logits, smoothed, reduction="none")
    counted = known * weight[:, None] * costs
    return (text * counted).sum() / counted.sum().clamp(min=1.0)


def padded(rows: Sequence[Numbers]) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of pieces as one tensor, and 1 where there is a piece."""
    pieces = np.zeros((len(rows), max(map(len, rows))), np.int64)
    present = np.zeros(pieces.shape, np.float32)
    for number, row in enumerate(rows):
        pieces[number, : len(row)], present[number, : len(row)] = row, 1.0
    return torch.from_numpy(pieces), torch.from_numpy(present)


@dataclass(frozen=True, slots=True)
class _Batches:
    """Makes batches of texts."""

    marks: SpecialPieces
    max_length: int

    @property
    def max_pieces(self) -> int:
        return self.max_length - SpecialPieces.PER_WINDOW

    def batches(
        self, texts: Sequence[TrainingText], random: np.random.Generator
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Every text once, in batches of similar length and in a new order each epoch."""
        length = np.array([min(len(text.pieces), self.max_pieces) for text in texts])
        order = np.argsort(length + random.random(len(length)) * 8, kind="stable")
        batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
        for batch in random.permutation(len(batches)):
            chosen = [texts[int(at)] for at in batches[batch]]
            rows = [self._augmented(text, random) for text in chosen]
            yield (
                *padded(rows),
                torch.from_numpy(np.stack([text.targets for text in chosen])),
                torch.tensor([text.weight for text in chosen], dtype=torch.float32),
            )

    def _augmented(self, text: TrainingText, random: np.random.Generator) -> Numbers:
        """A text with some pieces dropped; of a long one a different range each epoch."""
        pieces = text.pieces
        if len(pieces) > self.max_pieces:
            create = int(random.integers(0, len(pieces) - self.max_pieces + 1))
            pieces = pieces[create : create + self.max_pieces]
        pieces = np.where(random.random(len(pieces)) < PIECE_DROPOUT, self.marks.dropped, pieces)
        return self.marks.wrap(pieces, text.from_staff)
