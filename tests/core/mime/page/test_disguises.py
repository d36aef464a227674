"""Pages that show a phrase in disguise: our reading has the phrase, and everything that Chromium draws."""

from __future__ import annotations

import pytest

from gateway.core.mime.html import read_html
from tests.differential.html_pages import make_page
from tests.differential.html_text import compare, letters

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", range(300))
def test_phrase_is_read(seed):
    page = make_page(seed)
    if "inherit" in page.html:  # such a rule shows hidden letters too
        pytest.skip("letters between the letters of the phrase are shown")
    reading = read_html(page.html)
    assert letters(page.phrase) in letters(reading.shown) or letters(page.phrase) in letters(reading.hidden)


@pytest.mark.peer("chromium")
async def test_what_chromium_draws_is_read():
    defects, shown = await compare(map(make_page, range(5_000, 5_057)))
    assert [(missing, page.html) for page, missing in defects] == []
    assert sum(count for kind, count in shown.items() if kind.endswith(": drawn")) > 30
