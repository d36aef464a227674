"""Whether elements of a page draw something without text: painted cells, boxes, ticked fields, shadows, gradients."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.core.mime.page.frame import Frame
from gateway.core.mime.page.runs import Run

MAX_PAINTED = 400
"""Dots from which a page may draw letters."""
_MANY = 40
"""Shadows or pictures of one box from which it may be a drawing."""
_PAINTS = re.compile(r"(?:box-shadow|background(?:-image)?)\s{0,9}:\s{0,9}([^;]*)", re.IGNORECASE)
_STEP = re.compile(r"gradient\(|,\s*(?:inset\s+)?-?[\d.]")
_COLORED = re.compile(r"background|border", re.IGNORECASE)
_SIGN = re.compile(r"(\S)\1{0,400}")
_BORDERLESS = frozenset("hr td th tr div span b i u p a em img font".split())


class Drawing:
    """Counts the dots that a page is painted with."""

    def __init__(self) -> None:
        self._painted = self._fields = self._signs = self._letters = 0
        self._last: tuple[str, object] = ("", None)

    @property
    def is_drawn(self) -> bool:
        """Whether a page may draw letters."""
        return max(self._painted, self._fields, self._signs) >= MAX_PAINTED

    def add(self, frame: Frame, parent: Frame, runs: Sequence[Run]) -> None:
        """An element ends."""
        name, attributes = frame.name, frame.attributes
        if name == "input":
            self._fields += (attributes.get("type") or "").strip().lower() in ("checkbox", "radio")
            return
        style = attributes.get("style") or ""
        if len(style) > 4 * _MANY and "," in style:
            self._painted += sum(
                count for text in _PAINTS.findall(style) if (count := len(_STEP.findall(text))) > _MANY
            )
        if len(runs) - frame.start > 3:
            return
        text = "".join([run.text for run in runs[frame.start :]]).strip()
        if not text:
            is_painted = "bgcolor" in attributes or (
                frame.main.background != parent.main.background and name in _BORDERLESS
            )
            self._painted += is_painted
        elif _SIGN.fullmatch(text):
            now = (text[0], frame.main.color)
            before = runs[frame.start - 1].text[-1:] if frame.start else ""
            is_other = now[1] != (self._last[1] if now[0] == self._last[0] != before else parent.main.color)
            self._signs += is_other and now[0] in (self._last[0], before)
            self._last = now
