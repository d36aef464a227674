"""Things that a file names in the order in which they appear: shapes of an animation, boxes of a diagram."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from classifiers.extract.hidden_writing.word_order import reads_down
from classifiers.extract.readers.words_in_values import is_address_to_somebody
from gateway.core.mime.spelling.spelled_words import spells_words

_NAMES = {"cNvPr": ("id",), "pt": ("modelId",), "frame": ("id",), "custom-shape": ("id",)}
"""Elements that give the thing around them, or themselves, a name."""
_REFERENCES = {"spTgt": "spid", "cxn": "destId", "set": "targetElement", "animate": "targetElement",
               "transitionFilter": "targetElement", "par": "targetElement"}  # fmt: skip
_MIN_THINGS, _MAX_THINGS = 6, 2_000


class ReferredThings:
    """Collects names, the texts of things by name, and the references to them."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._references: list[tuple[int, str]] = []

    def name_of(self, element: str, attributes: Mapping[str, str]) -> str:
        """The name that an element gives; "" if it gives none. References are noted."""
        if element in _REFERENCES:
            found = _local(attributes, _REFERENCES[element])
            place = attributes.get("srcOrd", "0")
            if found and len(self._references) < _MAX_THINGS:
                self._references.append((int(place) if place.isdecimal() and len(place) < 7 else 0, found))
        return _local(attributes, _NAMES[element][0]) if element in _NAMES else ""

    def add(self, name: str, text: str) -> None:
        """A thing with a name and a text."""
        if text and len(self._texts) < _MAX_THINGS:
            self._texts.setdefault(name, text)

    def said(self) -> list[str]:
        """What the things say in the order of the references, if that is more of a sentence than that of the file."""
        ordered = sorted(self._references, key=lambda reference: reference[0])
        names = [name for _, name in ordered if name in self._texts]
        names = names[:1] + [name for before, name in pairwise(names) if name != before]
        if len(names) < _MIN_THINGS:
            return []
        texts = [self._texts[name] for name in names]
        if len("".join(texts)) <= 2 * len(texts):
            letters = "".join(texts)
            return [letters] if spells_words("".join(filter(str.isalpha, letters))) else []
        said, across = " ".join(texts), " ".join(self._texts.values())
        return [said] if is_address_to_somebody(said) and reads_down(said.split(), across.split()) else []


def _local(attributes: Mapping[str, str], name: str) -> str:
    return next((value for key, value in attributes.items() if key.rpartition(":")[2] == name), "")
