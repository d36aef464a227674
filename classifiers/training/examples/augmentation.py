"""Creates more examples from existing ones: long clean mail, and bad messages buried in it.

The messages of the corpus are short. Newsletters and rosters are the main source of false holds, and burying a message
in a long one is an old trick.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from classifiers.training.examples.labeled import Example

NEWSLETTERS_PER_FOLD, BURIED_PER_FOLD = 150, 150
"""Created examples of each kind per fold."""


def augment(examples: Sequence[Example], fold: int, seed: int) -> list[Example]:
    """More examples from those of one fold only, so that folds stay separate."""
    random_source = random.Random(f"{seed}:{fold}")
    clean = [
        example for example in examples if not example.labels and example.sender == "staff" and len(example.text) > 60
    ]
    bad = [example for example in examples if example.hold and example.sender == "staff"]
    if len(clean) < 10 or not bad:
        return []
    created = []
    for number in range(NEWSLETTERS_PER_FOLD):
        chosen = random_source.sample(clean, random_source.randint(3, 9))
        created.append(_joined(f"newsletter-{fold}-{number}", chosen, chosen[0]))
    for number in range(BURIED_PER_FOLD):
        inner = random_source.choice(bad)
        around = [example for example in clean if example.language == inner.language] or clean
        chosen = random_source.sample(around, min(random_source.randint(1, 4), len(around)))
        chosen.insert(random_source.randint(0, len(chosen)), inner)
        created.append(replace(_joined(f"buried-{fold}-{number}", chosen, inner), purpose="", hard=True))
    return created


def _joined(id: str, chosen: Sequence[Example], like: Example) -> Example:
    text = "\n\n".join(example.text for example in chosen)
    return replace(like, id=id, text=text, subject=chosen[0].subject, channel="mail", source="augmented", weight=0.7)
