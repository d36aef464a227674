"""Local parts of any letters: reading them never fails, because a mail whose sender cannot be read would not arrive."""

from __future__ import annotations

import random

from gateway.directory.names.local_parts import local_part_keys

_LETTERS = "ab.-_ 1\u0301\u02b0\u00aa\u00df\u4e2d\u0660\u1d43\ufb01'\u2019\u200d\U0001d4d0"


def test_no_local_part_fails() -> None:
    seed = 1
    rng = random.Random(seed)
    for _ in range(5000):
        local_part_keys("".join(rng.choice(_LETTERS) for _ in range(rng.randrange(1, 9))))


def test_a_mark_beside_a_name_is_left_out() -> None:
    assert local_part_keys("\u200d-whitfield").partial == local_part_keys("whitfield").partial
