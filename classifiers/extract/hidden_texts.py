"""What is hidden in the texts of a message: in each of them, in the blocks of each, and in what was hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from classifiers.extract.hidden_writing.finders import find_hidden_writing
from classifiers.extract.passages import Passage
from classifiers.extract.quoting import PassageKind
from classifiers.extract.separate_texts import read_separately
from gateway.core.mime.guard import Guard

_MAX_SAID = 24
"""Hidden texts in which other ones are looked for."""
_MAX_IN_BLOCKS = 24
"""Texts of a message that are looked at in blocks. Two people write fewer; whoever writes more makes them costly."""


@dataclass(frozen=True, slots=True)
class HiddenTexts:
    """Passages with blanks for what nobody can read, the texts that were hidden in them, and words for `failed`."""

    passages: list[Passage]
    texts: list[str]
    failed: list[str]


def read_hidden_writing(passages: Sequence[Passage], guard: Guard) -> HiddenTexts:
    """Blank what nobody can read, so that nothing is judged from it. What it says when decoded is read instead."""
    shown = list(dict.fromkeys(passages))  # files, and a broken one above all, may repeat themselves
    texts: list[str] = []
    said: list[str] = []
    failed: list[str] = []
    for at, passage in enumerate(shown):
        found = find_hidden_writing(passage.text, passage.kind, guard)
        if found.text is not passage.text:
            shown[at] = replace(passage, text=found.text)
        said += found.said
        failed += found.failed
    for passage in shown:
        apart = guard.run_at_most(
            _MAX_IN_BLOCKS, "blocks of a text", read_separately, passage.text, passage.kind, guard
        )
        if apart is not None:
            texts += apart.texts  # what undoes disguises later looks at whole texts too
            said += apart.said
            failed += apart.failed
    said = list(dict.fromkeys(said))
    texts += guard.run("writing inside of another", _with_writing_inside, said, guard) or said
    return HiddenTexts(shown, texts, failed)


def _with_writing_inside(said: Sequence[str], guard: Guard) -> list[str]:
    """What hidden writing says, and what is hidden in that."""
    texts: list[str] = []
    for text in said[:_MAX_SAID]:
        found = find_hidden_writing(text, PassageKind.HIDDEN, guard)
        inner = [words for words in found.said if words not in said]
        is_read_anew = len(inner) == len(found.said) > 0  # else what is blanked may be all that there is of it
        texts += [found.text if is_read_anew else text, *inner]
    return [*texts, *said[_MAX_SAID:]]
