"""More examples out of those there are: long clean mail, and bad messages buried in it.

The corpora are short; newsletters and rosters are the main source of false holds, and burying is an old trick.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from classifiers.training.examples import Example

NEWSLETTERS, BURIED = 150, 150
"""How many of each are made in a fold."""


def augmented(examples: Sequence[Example], fold: int, seed: int) -> list[Example]:
    """Further examples made of those of one fold, and of no other, so that folds stay apart."""
    draw = random.Random(f"{seed}:{fold}")
    clean = [each for each in examples if not each.labels and each.sender == "staff" and len(each.text) > 60]
    bad = [each for each in examples if each.hold and each.sender == "staff"]
    if len(clean) < 10 or not bad:
        return []
    made = []
    for number in range(NEWSLETTERS):
        chosen = draw.sample(clean, draw.randint(3, 9))
        made.append(_joined(f"newsletter-{fold}-{number}", chosen, chosen[0]))
    for number in range(BURIED):
        inner = draw.choice(bad)
        chosen = draw.sample([each for each in clean if each.language == inner.language] or clean, draw.randint(1, 4))
        chosen.insert(draw.randint(0, len(chosen)), inner)
        made.append(replace(_joined(f"buried-{fold}-{number}", chosen, inner), purpose="", hard=True))
    return made


def _joined(id: str, chosen: Sequence[Example], like: Example) -> Example:
    text = "\n\n".join(each.text for each in chosen)
    return replace(like, id=id, text=text, subject=chosen[0].subject, channel="mail", source="augmented", weight=0.7)
