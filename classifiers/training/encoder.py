"""Fitting the encoder: all heads at once, batches of texts of about one length, by a seed. Needs torch.

Long clean texts are read at another place every time; a long bad one does not say where it is bad, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional

from classifiers.components.encoder import LONGEST, Marks
from classifiers.evidence import Floats, Numbers
from classifiers.training.examples import Progress
from classifiers.training.transformer import Encoder, begun

EPOCHS = 4
BATCH = 32
RATE, HEADS_RATE = 8e-5, 1e-3
FROZEN = 2
"""The lowest layers, and the table under them, that stay as they were: a third of the time, and little of the gain."""
WARM = 0.06
DECAY = 0.01
WORD_DROP = 0.05
SMOOTH = 0.01


@dataclass(frozen=True, slots=True)
class Told:
    """One text to learn from: its word pieces, truth per head (nan: nothing is known), weight, who wrote it."""

    pieces: Numbers
    truth: Floats
    weight: float
    from_staff: bool
    clean: bool


def rows_of(kept: Sequence[str], vocabulary: Sequence[str]) -> list[int]:
    """The rows of the original table for the kept word pieces, and behind them the marks: see `Marks`."""
    place = {piece: number for number, piece in enumerate(vocabulary)}
    return [place[piece] for piece in (*kept, "[CLS]", "[SEP]", "teacher", "student", "[MASK]")]


def fit_encoder(
    told: Sequence[Told],
    kept: Sequence[str],
    source: Path,
    seed: int,
    progress: Progress,
    checkpoints: Path,
    epochs: int = EPOCHS,
    half: bool = True,
) -> Encoder:
    """The encoder fitted on texts; `source` is a folder with the weights to start from.

    Each epoch is kept as a file in `checkpoints`; a run that was interrupted goes on behind the last of them.
    """
    torch.manual_seed(seed)
    vocabulary = (source / "vocab.txt").read_text("utf-8").splitlines()
    heads = len(told[0].truth)
    network = begun(load_file(source / "model.safetensors"), rows_of(kept, vocabulary), heads, LONGEST)
    marks = Marks.behind(len(kept))
    usable = [each for each in told if each.clean or len(each.pieces) <= LONGEST - 3]
    done = max((epoch + 1 for epoch in range(epochs) if _kept(checkpoints, epoch).exists()), default=0)
    if done:
        network.load_state_dict(torch.load(_kept(checkpoints, done - 1)))
    steps = epochs * (len(usable) // BATCH + 1)
    network.requires_grad_(False)
    for part in (network.heads, *network.layers[FROZEN:]):
        part.requires_grad_(True)
    head = list(network.heads.parameters())
    rest = [each for layer in network.layers[FROZEN:] for each in layer.parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": rest, "lr": RATE}, {"params": head, "lr": HEADS_RATE}], weight_decay=DECAY, fused=True
    )
    at = start = done * (steps // epochs)
    slope = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda more: _slope(start + more, steps))
    network.train()
    for epoch in range(done, epochs):
        for pieces, there, truth, weight in _batches(usable, marks, np.random.default_rng((seed, epoch))):
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                logits = network(pieces, there)
            loss = _loss(logits.float(), truth, weight)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_([*rest, *head], 1.0)
            optimiser.step()
            slope.step()
            at += 1
            progress("fitting the encoder", at, steps)
        torch.save(network.state_dict(), _kept(checkpoints, epoch))
    network.eval()
    return network


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


def _batches(
    told: Sequence[Told], marks: Marks, random: np.random.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Every text once, in batches of about one length and in a new order every time."""
    length = np.array([min(len(each.pieces), LONGEST - 3) for each in told])
    order = np.argsort(length + random.random(len(length)) * 8, kind="stable")
    batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
    for number in random.permutation(len(batches)):
        chosen = [told[int(at)] for at in batches[number]]
        texts = [_seen(each, marks, random) for each in chosen]
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


def _seen(each: Told, marks: Marks, random: np.random.Generator) -> Numbers:
    """A text with a few pieces dropped; of a long one another stretch every time."""
    pieces, room = each.pieces, LONGEST - 3
    if len(pieces) > room:
        begin = int(random.integers(0, len(pieces) - room + 1))
        pieces = pieces[begin : begin + room]
    pieces = np.where(random.random(len(pieces)) < WORD_DROP, marks.dropped, pieces)
    return marks.around(pieces, each.from_staff)
