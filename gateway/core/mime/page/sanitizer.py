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
    return "".join(markup + escape(transform_text(text)) for markup, text in sanitized_pieces(html))


def sanitized_pieces(html: str) -> list[tuple[str, str]]:
    """The fragment in pieces: markup, and the text that follows it, which is not yet escaped."""
    html = html[:MAX_HTML].replace("\x00", "")
    out: list[tuple[str, str]] = []
    open_: list[str] = []
    markup, at = "", 0
    while (found := _TAG.search(html, at)) is not None:
        out.append((markup, decode_references(html[at : found.start()])))
        markup, at = "", found.end()
        name = (found["name"] or "").lower()
        if name in _SKIPPED and not found["end"]:
            at = _end_of_skipped(html, name, at)
        elif name == "img" and not found["end"]:
            markup = "<span>[picture]</span>"
        elif name in _VOID:
            markup = f"<{name}>"
        elif name in _ALLOWED and not found["end"] and len(open_) < _MAX_DEPTH:
            open_.append(name)
            markup = f"<{name}>"
        elif name in open_ and found["end"]:
            while (inner := open_.pop()) != name:
                markup += f"</{inner}>"
            markup += f"</{name}>"
    out.append((markup, decode_references(html[at:])))
    out.append(("".join(f"</{name}>" for name in reversed(open_)), ""))
    return out


_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])[^>]*>?", re.IGNORECASE) for name in _SKIPPED}


def _end_of_skipped(html: str, name: str, at: int) -> int:
    end = _ENDS[name].search(html, at)
    return len(html) if end is None else end.end()
