"""The HTML of a message in a form that can be shown: its structure and its words, and nothing that acts or loads.

Only elements from a short list go out, always without attributes, and text goes out escaped: what is not written here
cannot come through. It reads tag after tag and builds no tree, because trees of hostile documents take quadratic time
(tried with a known sanitiser: 53 s for half a megabyte). The page around it is sandboxed as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape

LONGEST = 1 << 20
"""Characters that are shown."""

_SHOWN = frozenset(
    "a abbr address article aside b blockquote caption cite code dd del details dfn div dl dt em figcaption figure "
    "footer h1 h2 h3 h4 h5 h6 header hr i ins kbd li main mark nav ol p pre q s samp section small span strong sub "
    "summary sup table tbody td tfoot th thead tr u ul var".split()
)
_ALONE = frozenset({"br", "hr"})
_SKIPPED = frozenset(
    "applet canvas embed frameset head iframe math noembed noframes noscript object script select style svg template "
    "textarea title video audio xmp".split()
)
"""What is in these is left out, up to their end tag."""
_DEEPEST = 256

_TAG = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))|<[!?][^>]*>?|</[^a-zA-Z>][^>]*>?"
    r"|<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*)(?P<rest>(?:[^>\"']|\"[^\"]*\"|'[^']*')*+)>?",
    re.DOTALL,
)


def shown_html(html: str, words: Callable[[str], str] = str) -> str:
    """A fragment with balanced elements of the list, without attributes. Never raises; linear in size.

    `words`: what becomes of each text in it.
    """
    html = html[:LONGEST].replace("\x00", "")
    out: list[str] = []
    open_: list[str] = []
    at = 0
    while (found := _TAG.search(html, at)) is not None:
        out.append(_text(html[at : found.start()], words))
        at = found.end()
        name = (found["name"] or "").lower()
        if name in _SKIPPED and not found["end"]:
            at = _behind(html, name, at)
        elif name == "img" and not found["end"]:
            out.append("<span>[picture]</span>")
        elif name in _ALONE:
            out.append(f"<{name}>")
        elif name in _SHOWN and not found["end"] and len(open_) < _DEEPEST:
            open_.append(name)
            out.append(f"<{name}>")
        elif name in open_ and found["end"]:
            while (inner := open_.pop()) != name:
                out.append(f"</{inner}>")
            out.append(f"</{name}>")
    out.append(_text(html[at:], words))
    out.extend(f"</{name}>" for name in reversed(open_))
    return "".join(out)


def _text(raw: str, words: Callable[[str], str]) -> str:
    return escape(words(unescape(raw)))


_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])[^>]*>?", re.IGNORECASE) for name in _SKIPPED}


def _behind(html: str, name: str, at: int) -> int:
    end = _ENDS[name].search(html, at)
    return len(html) if end is None else end.end()
