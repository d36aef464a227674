"""Fitting the encoder: all heads at once, batches of texts of about one length, by a seed. Needs torch.

Long clean texts are read at another place every time; a long bad one does not say where it is bad, and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from classifiers.components.encoder import Marks
from classifiers.features.annotations import Floats, Numbers
from classifiers.training.examples import Progress
from classifiers.training.transformer import Encoder

BATCH = 32
RATE, HEADS_RATE = 8e-5, 1e-3
WARM = 0.06
DECAY = 0.01
WORD_DROP = 0.05
SMOOTH = 0.01


@dataclass(frozen=True, slots=True)
class Start:
    """What an encoder begins as, and how it is fitted.

    Its table has `kept` rows for word pieces, and behind them those of the marks. The lowest layers and the table under
    them stay as they were: a third of the time, and little of the gain. `longest` counts word pieces that are read
    together, marks too; `pace` is the share of the usual rates.
    """

    begin: Callable[[], Encoder]
    kept: int
    frozen: int
    longest: int
    epochs: int
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class Told:
    """One text to learn from: its word pieces, truth per head (nan: nothing is known), weight, who wrote it."""

    pieces: Numbers
    truth: Floats
    weight: float
    from_staff: bool
    clean: bool


def fit_encoder(
    told: Sequence[Told], start: Start, seed: int, progress: Progress, checkpoints: Path, half: bool = True
) -> Encoder:
    """The encoder fitted on texts.

    Each epoch is kept as a file in `checkpoints`; a run that was interrupted goes on behind the last of them.
    """
    torch.manual_seed(seed)
    network = start.begin()
    done = max((epoch + 1 for epoch in range(start.epochs) if _kept(checkpoints, epoch).exists()), default=0)
    if done:
        network.load_state_dict(torch.load(_kept(checkpoints, done - 1)))
    fitting = _Fitting(network, start, told, start.epochs, progress, half, start.pace)
    for epoch in range(done, start.epochs):
        fitting.epoch(epoch, np.random.default_rng((seed, epoch)))
        torch.save(network.state_dict(), _kept(checkpoints, epoch))
    network.eval()
    return network


class _Fitting:
    """A run over texts for some epochs: the rate rises for a while, then falls to nothing."""

    def __init__(
        self, network: Encoder, start: Start, told: Sequence[Told], epochs: int, progress: Progress, half: bool,
        pace: float,
    ) -> None:  # fmt: skip
        self._network, self._progress, self._half = network, progress, half
        self._reading = _Reading(Marks.behind(start.kept), start.longest)
        self._usable = [each for each in told if each.clean or len(each.pieces) <= self._reading.room]
        self._each = len(self._usable) // BATCH + 1
        self._steps = epochs * self._each
        network.requires_grad_(False)
        for part in (network.heads, *network.layers[start.frozen :]):
            part.requires_grad_(True)
        head = list(network.heads.parameters())
        rest = [each for layer in network.layers[start.frozen :] for each in layer.parameters()]
        self._fitted = [*rest, *head]
        self._optimiser = torch.optim.AdamW(
            [{"params": rest, "lr": RATE * pace}, {"params": head, "lr": HEADS_RATE * pace}],
            weight_decay=DECAY,
            fused=True,
        )
        self._rates = [each["lr"] for each in self._optimiser.param_groups]

    def epoch(self, number: int, random: np.random.Generator) -> None:
        """Every usable text once."""
        self._network.train()
        for at, batch in enumerate(self._reading.batches(self._usable, random), number * self._each):
            pieces, there, truth, weight = batch
            for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
                group["lr"] = rate * _slope(at, self._steps)
            with torch.autocast("cpu", torch.bfloat16, enabled=self._half):
                logits = self._network(pieces, there)
            loss = _loss(logits.float(), truth, weight)
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch does not say its types here
            torch.nn.utils.clip_grad_norm_(self._fitted, 1.0)
            self._optimiser.step()
            self._progress("fitting the encoder", at + 1, self._steps)


def _kept(checkpoints: Path, epoch: int) -> Path:
    return checkpoints / f"encoder-{epoch}.pt"


def _slope(at: int, steps: int) -> float:
    """The share of the rate at a step: up for a while, then down to nothing."""
    return min((at + 1) / (WARM * steps), max(0.0, (steps - at) / (steps * (1 - WARM))))


def _loss(logits: torch.Tensor, truth: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    known = ~torch.isnan(truth)
    aim = torch.where(known, truth, torch.zeros(())) * (1 - 2 * SMOOTH) + SMOOTH
    each = functional.binary_cross_entropy_with_logits(logits, aim, reduction="none")
    counted = known * weight[:, None]
    return (each * counted).sum() / counted.sum().clamp(min=1.0)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How texts are laid before the network."""

    marks: Marks
    longest: int

    @property
    def room(self) -> int:
        return self.longest - Marks.AROUND

    def batches(
        self, told: Sequence[Told], random: np.random.Generator
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Every text once, in batches of about one length and in a new order every time."""
        length = np.array([min(len(each.pieces), self.room) for each in told])
        order = np.argsort(length + random.random(len(length)) * 8, kind="stable")
        batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
        for number in random.permutation(len(batches)):
            chosen = [told[int(at)] for at in batches[number]]
            texts = [self._seen(each, random) for each in chosen]
            pieces = np.zeros((len(texts), max(map(len, texts))), np.int64)
            there = np.zeros(pieces.shape, np.float32)
            for row, text in enumerate(texts):
                pieces[row, : len(text)], there[row, : len(text)] = text, 1.0
            yield (
                torch.from_numpy(pieces),
                torch.from_numpy(there),
                torch.from_numpy(np.stack([each.truth for each in chosen])),
                torch.tensor([each.weight for each in chosen], dtype=torch.float32),
            )

    def _seen(self, each: Told, random: np.random.Generator) -> Numbers:
        """A text with a few pieces dropped; of a long one another stretch every time."""
        pieces = each.pieces
        if len(pieces) > self.room:
            begin = int(random.integers(0, len(pieces) - self.room + 1))
            pieces = pieces[begin : begin + self.room]
        pieces = np.where(random.random(len(pieces)) < WORD_DROP, self.marks.dropped, pieces)
        return self.marks.around(pieces, each.from_staff)
