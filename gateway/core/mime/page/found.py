"""What a page contains besides its text."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.core.mime.page.drawing import Drawing
from gateway.core.mime.page.runs import Run

FRAME = "frame:"
"""How a placed document begins that stands in an attribute, not in an address."""


@dataclass(slots=True)
class Found:
    """What a page contains besides its text, for its reader to follow.

    `placed`: frames and addresses of files with the pieces that stand for their text. `styled`: texts in the styles of
    elements in the order of these.
    """

    addresses: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    placed: list[tuple[Run, str]] = field(default_factory=list)
    styled: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    drawing: Drawing = field(default_factory=Drawing)
