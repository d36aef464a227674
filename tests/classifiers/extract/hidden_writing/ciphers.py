"""Texts with their letters in another order, as pupils write secrets."""

from __future__ import annotations

import random


def along_rails(text: str, rails: int) -> str:
    """A text written down and up along rails, read rail by rail."""
    rows = [""] * rails
    for at, letter in enumerate(text):
        turn = at % (2 * rails - 2)
        rows[min(turn, 2 * rails - 2 - turn)] += letter
    return "".join(rows)


def in_columns(text: str, width: int, rng: random.Random | None = None) -> str:
    """A text written in rows, read column by column; with `rng`, in the order of a key."""
    order = rng.sample(range(width), width) if rng else range(width)
    return "".join(text[at::width] for at in order)
