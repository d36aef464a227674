"""Text that one element shows of another, by its name: drawings used again, slots of a shadow tree."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.mime.page.frame import Attributes, Frame
from gateway.core.mime.page.runs import WHOLE, Run

REFERRING = frozenset({"use", "slot"})
"""Elements that show the text of others."""
_MAX_TEXT = 400
_MAX_REFERENCES = 1_000


class References:
    """The names of elements with their text, and the elements that show it."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}
        self._referring: list[tuple[Run, str]] = []

    def start(self, name: str, attributes: Attributes, frame: Frame) -> Run | None:
        """A piece that stands for the text of another element; None if there is none."""
        if name == "slot":
            key = f"slot {attributes.get('name') or ''}"
        else:
            key = (attributes.get("href") or attributes.get("xlink:href") or "").strip()
        if not key or len(self._referring) >= _MAX_REFERENCES:
            return None
        run = Run("", WHOLE, frame.kind, frame)
        self._referring.append((run, key))
        return run

    def end(self, frame: Frame, runs: Sequence[Run]) -> None:
        """An element ends that others may show."""
        slot = frame.attributes.get("slot")
        identifier = frame.attributes.get("id") if frame.in_svg else None
        if slot is None and not identifier:
            return
        text = "".join([run.text for run in runs[frame.start :]])[:_MAX_TEXT].strip()
        if text:
            self._texts.setdefault(f"slot {slot}" if slot is not None else f"#{identifier}", []).append(text)

    def fill(self) -> None:
        """Give the pieces the texts of the elements that they show."""
        for run, key in self._referring:
            if texts := self._texts.get(key):
                run.text = f" {' '.join(texts)[:_MAX_TEXT]} "
