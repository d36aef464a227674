"""Words to look for: they occur in no other mail."""

from __future__ import annotations

import random

_WORDS = "meet alone tonight behind gymnasium nobody whisper secretly remember together tomorrow lakeside".split()


def secret(rng: random.Random) -> bytes:
    """A sentence whose words occur in no other mail, of letters that follow each other as in English.

    Other letters would make the mail `unreadable`, so that nothing in it counts as missed.
    """
    return " ".join(f"{rng.choice(_WORDS)}{rng.choice(_WORDS)}" for _ in range(4)).encode()
