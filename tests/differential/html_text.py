"""Compares the text that our reader finds in HTML with what Chromium draws.

`python -m tests.differential.html_text --count N` makes N pages. The phrase of a page that Chromium draws must be in
one of our readings, and so must all words of eight letters or more.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections import Counter
from collections.abc import Iterable

from gateway.core.mime.html import read_html
from tests.differential.html_pages import DisguisedPage, make_page
from tests.differential.rendered_text import HEIGHT, WIDTH, RenderedText, rendered_text
from tests.peers.chromium import running_chromium

_WORDS = re.compile(r"[^\W_]{8,}")


def letters(text: str) -> str:
    """The letters and digits of a text."""
    return "".join(filter(str.isalnum, text)).lower()


def unread(page: DisguisedPage, rendered: RenderedText) -> list[str]:
    """What Chromium draws of a page and our reader does not find."""
    reading = read_html(page.html)
    ours = (letters(reading.shown), letters(reading.hidden))
    wanted = {letters(word) for piece in rendered.pieces for word in _WORDS.findall(piece)}
    phrase = letters(page.phrase)
    if phrase in letters(rendered.written) or phrase in letters(rendered.seen):
        wanted.add(phrase)
    return sorted(word for word in wanted if not any(word in text for text in ours))


async def compare(pages: Iterable[DisguisedPage]) -> tuple[list[tuple[DisguisedPage, list[str]]], Counter[str]]:
    """The pages with text that our reader does not find, and how many pages of each kind show their phrase."""
    defects = []
    shown: Counter[str] = Counter()
    async with running_chromium() as browser:
        context = await browser.new_context(
            java_script_enabled=False, viewport={"width": WIDTH, "height": HEIGHT}, offline=True
        )
        tab = await context.new_page()
        for page in pages:
            rendered = await rendered_text(tab, page.html)
            is_shown = letters(page.phrase) in (letters(rendered.written) + " " + letters(rendered.seen))
            shown[f"{page.kinds[0]}: {'drawn' if is_shown else 'not drawn'}"] += 1
            if missing := unread(page, rendered):
                defects.append((page, missing))
    return defects, shown


def main() -> int:
    """Compare generated pages and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    defects, shown = asyncio.run(compare(map(make_page, range(options.first, options.first + options.count))))
    for kind, count in sorted(shown.items()):
        print(f"{count:6} {kind}")
    for page, missing in defects[:30]:
        print(f"not read: {missing}\n  {page.html[:1500]}")
    print(f"{options.count} pages, {len(defects)} with text that was not read")
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main())
