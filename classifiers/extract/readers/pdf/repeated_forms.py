"""Whether the pages of a PDF draw so many drawings inside drawings that no program shows them in a reasonable time.

A form XObject is drawn by name, any number of times, and may draw others. A few levels of two drawings each make
millions. PDFium draws them one by one, so they are counted before a page is opened.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from classifiers.extract.readers.pdf.opening import object_errors, open_objects

MAX_DRAWN = 200_000
"""Drawings of all pages, each as often as it is drawn."""
_MAX_PAGES, _MAX_FORMS, _MAX_LEVELS = 100, 3_000, 60
_MAX_COMMANDS = 4_000_000
"""Bytes of the commands of one drawing."""
_MAY_DRAW = re.compile(rb"/Form\b|/[A-Za-z]{0,4}#[0-9A-Fa-f]{2}")
_DRAWN = re.compile(rb"/([^\s\0/<>\[\](){}%]{1,127})(?:[\s\0]|%[^\r\n]{0,200}[\r\n]){1,20}Do\b")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


def draws_too_much(data: bytes) -> bool:
    """Whether more is drawn on the pages of a PDF than `MAX_DRAWN`. False if it cannot be read."""
    if _MAY_DRAW.search(data) is None:
        return False
    counter = _Counter()
    try:
        reader = open_objects(data)
        for page in islice(reader.pages, _MAX_PAGES) if reader is not None else ():
            with suppress(*object_errors()):
                counter.add_page(page)
    except object_errors():
        return False
    return counter.left < 0


class _Counter:
    """Counts what pages draw. A drawing costs the same wherever it is drawn."""

    def __init__(self) -> None:
        self._costs: dict[int, int] = {}
        self.left = MAX_DRAWN

    def add_page(self, page: Any) -> None:
        """Count the drawings of a page."""
        forms = _forms(page) if self.left >= 0 else {}
        contents = page.get_contents() if forms else None
        if contents is not None:
            self.left -= self._drawn_by(contents.get_data(), forms, forms, 0)

    def _drawn_by(self, commands: bytes, forms: Mapping[bytes, Any], of_page: Mapping[bytes, Any], level: int) -> int:
        total = 0
        for name, count in Counter(_DRAWN.findall(commands[:_MAX_COMMANDS])).items():
            name = _plain(name)
            form = forms.get(name, of_page.get(name))
            if form is not None:
                total += count * self._cost(form, of_page, level)
        return min(total, 2 * MAX_DRAWN)

    def _cost(self, form: Any, of_page: Mapping[bytes, Any], level: int) -> int:
        key = getattr(form, "idnum", id(form))
        if key not in self._costs:
            self._costs[key] = inner = 0  # what draws itself is drawn once
            if level < _MAX_LEVELS and len(self._costs) <= _MAX_FORMS:
                with suppress(*object_errors()):  # one that cannot be read: others are drawn all the same
                    inner = self._inside(form.get_object(), of_page, level)
            self._costs[key] = 1 + inner
        return self._costs[key]

    def _inside(self, form: Any, of_page: Mapping[bytes, Any], level: int) -> int:
        if form.get("/Subtype") != "/Form":
            return 0
        return self._drawn_by(form.get_data(), _forms(form), of_page, level + 1)


def _forms(item: Any) -> dict[bytes, Any]:
    """The drawings and pictures that a page or a drawing may name."""
    resources = item.get("/Resources")
    resources = resources.get_object() if resources is not None else {}
    named = resources.get("/XObject")
    named = named.get_object() if named is not None else {}
    return {name[1:].encode("latin-1", "replace"): dict.__getitem__(named, name) for name in named}


def _plain(name: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes((int(found[1], 16),)), name) if b"#" in name else name
