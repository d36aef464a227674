"""Pictures that a page shows from elsewhere, so that nobody has read what they say.

Most pages have some, beside their text. Where there is next to no text, a picture is what a page says.
"""

from __future__ import annotations

import re

from gateway.core.mime.css.style import MIN_ALPHA
from gateway.core.mime.page.frame import Frame
from gateway.core.mime.page.shapes import side_of

_MAX_LETTERS = 28
"""Letters and digits of a page that is hardly more than a picture."""
_MIN_SIDE, _MIN_LONGER_SIDE = 6.0, 32.0
"""Pixels of the sides of a picture below which it shows no words."""
_ADDRESSES = "src", "srcset", "background", "poster", "data", "href", "xlink:href"
_SHOWING = frozenset("img image input source embed object video picture iframe frame".split())
_NOT_KNOWN = frozenset("source video iframe".split())
"""Elements that only some programs show."""
_WITH_BACKGROUND = frozenset("body table tr td th thead tbody tfoot".split())
_REMOTE = re.compile(r"\s{0,20}(?:https?:|ftp:)?//", re.IGNORECASE)
_RELATIVE = re.compile(r"\s{0,20}(?![a-z][a-z0-9+.-]{1,20}:|#)\S", re.IGNORECASE)
_IN_STYLE = re.compile(r"(?:url|image-set|image)\(\s{0,9}[\"']?(?:https?:)?//", re.IGNORECASE)
_IN_SOURCE = re.compile(r"\bsrc\s{0,9}=\s{0,9}[\"']?(?:https?:)?//", re.IGNORECASE)
_LINK = re.compile(r"<[a-z][a-z0-9+.-]{1,20}:[^<>]{0,400}>", re.IGNORECASE)
"""The target of a link, as it is put behind its text."""


class RemotePictures:
    """Notes whether a page shows a picture from elsewhere that may say something."""

    def __init__(self) -> None:
        self._is_shown = self._has_base = False

    def are_all_of(self, shown: str) -> bool:
        """Whether a picture is what a page says that shows a text."""
        return self._is_shown and sum(map(str.isalnum, _LINK.sub("", shown))) < _MAX_LETTERS

    def add(self, frame: Frame) -> None:
        """An element ends."""
        if self._is_shown:
            return
        name, attributes = frame.name, frame.attributes
        if name == "base":
            self._has_base = _REMOTE.match(attributes.get("href") or "") is not None
        is_remote = name in _SHOWING and any(self._is_remote(attributes.get(address)) for address in _ADDRESSES)
        is_remote = is_remote or (name in _WITH_BACKGROUND and self._is_remote(attributes.get("background")))
        if (is_remote or _has_style_with_picture(frame)) and _is_seen(frame):
            self._is_shown = True

    def add_source(self, html: str) -> None:
        """The source of a page that only Outlook shows."""
        self._is_shown = self._is_shown or _IN_SOURCE.search(html) is not None

    def _is_remote(self, address: str | None) -> bool:
        return bool(address) and (
            _REMOTE.match(address or "") is not None or (self._has_base and _RELATIVE.match(address or "") is not None)
        )


def _has_style_with_picture(frame: Frame) -> bool:
    style = frame.attributes.get("style")
    if style and "(" in style and _IN_STYLE.search(style):
        return True
    return bool(frame.rules) and any(
        "//" in value and _IN_STYLE.match(value) is not None
        for rule, _ in frame.rules
        for value in (*rule.declarations.normal.values(), *rule.declarations.important.values())
    )


def _is_seen(frame: Frame) -> bool:
    """Whether a picture is shown and large enough for words."""
    style = frame.main if frame.parent is None or frame.name not in _NOT_KNOWN else frame.parent.main
    if not style.is_displayed or not style.is_visible or style.is_hidden or style.opacity < MIN_ALPHA:
        return False
    sides = [side for side in (side_of(frame, "width"), side_of(frame, "height")) if side is not None]
    return not sides or (min(sides) >= _MIN_SIDE and (len(sides) < 2 or max(sides) >= _MIN_LONGER_SIDE))
