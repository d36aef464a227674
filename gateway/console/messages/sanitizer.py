"""Sanitizes the HTML of a message: its structure and words remain, and nothing that runs or loads.

The output has only elements of an allow list, without attributes, and escaped text. The sanitizer reads one tag after
the other and builds no tree, because building trees of hostile documents takes quadratic time (a widely used sanitizer
took 53 s for half a megabyte). The page around the result is sandboxed too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from gateway.core.mime.page.tokens import decode_references

MAX_HTML = 1 << 20
"""Characters of HTML that are shown."""

_ALLOWED = frozenset(
    "a abbr address article aside b blockquote caption cite code dd del details dfn div dl dt em figcaption figure "
    "footer h1 h2 h3 h4 h5 h6 header hr i ins kbd li main mark nav ol p pre q s samp section small span strong sub "
    "summary sup table tbody td tfoot th thead tr u ul var".split()
)
_VOID = frozenset({"br", "hr"})
_SKIPPED = frozenset(
    "applet canvas embed frameset head iframe math noembed noframes noscript object script select style svg template "
    "textarea title video audio xmp".split()
)
"""Elements that are left out with their content, up to the end tag."""
_MAX_DEPTH = 256

_TAG = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))|<[!?][^>]*>?|</[^a-zA-Z>][^>]*>?"
    r"|<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*)(?P<rest>(?:[^>\"']|\"[^\"]*\"|'[^']*')*+)>?",
    re.DOTALL,
)


def sanitize_html(html: str, transform_text: Callable[[str], str] = str) -> str:
    """A fragment with balanced elements of the allow list. Never raises; takes linear time.

    `transform_text` is applied to each text before it is escaped.
    """
    html = html[:MAX_HTML].replace("\x00", "")
    out: list[str] = []
    open_: list[str] = []
    at = 0
    while (found := _TAG.search(html, at)) is not None:
        out.append(_text(html[at : found.start()], transform_text))
        at = found.end()
        name = (found["name"] or "").lower()
        if name in _SKIPPED and not found["end"]:
            at = _end_of_skipped(html, name, at)
        elif name == "img" and not found["end"]:
            out.append("<span>[picture]</span>")
        elif name in _VOID:
            out.append(f"<{name}>")
        elif name in _ALLOWED and not found["end"] and len(open_) < _MAX_DEPTH:
            open_.append(name)
            out.append(f"<{name}>")
        elif name in open_ and found["end"]:
            while (inner := open_.pop()) != name:
                out.append(f"</{inner}>")
            out.append(f"</{name}>")
    out.append(_text(html[at:], transform_text))
    out.extend(f"</{name}>" for name in reversed(open_))
    return "".join(out)


def _text(raw: str, transform: Callable[[str], str]) -> str:
    return escape(transform(decode_references(raw)))


_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])[^>]*>?", re.IGNORECASE) for name in _SKIPPED}


def _end_of_skipped(html: str, name: str, at: int) -> int:
    end = _ENDS[name].search(html, at)
    return len(html) if end is None else end.end()
