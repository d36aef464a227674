"""The policy and what was in force when, as public pages."""

from __future__ import annotations

import re

from gateway.core.policy_versions.version import NewPolicy
from gateway.policies import SHIPPED, hash_of
from tests.console.running_console import RunningConsole

SHIPPED_TEXT = SHIPPED.read_text("utf-8")


async def test_public_page_shows_exactly_what_was_in_force_when(console: RunningConsole) -> None:
    versions, texts = console.store.policy_versions, [SHIPPED_TEXT, SHIPPED_TEXT + "# changed\n", SHIPPED_TEXT]
    for number, source in enumerate(texts):
        new = NewPolicy(
            hash_of(source), source, "file", lead=0, adopted="# The *adopted* text\n<script>alert(1)</script>"
        )
        assert await versions.publish(new, await versions.mark(), []) is not None
        console.clock.ahead += 3600.5 * (number + 1)
    periods = await versions.periods()
    async with console.anonymous() as browser:
        page = (await browser.get("/policy")).text
        earlier = (await browser.get(f"/policy/{periods[1].number}")).text
        by_hash = await browser.get(f"/policy/{periods[2].hash}")
        assert (await browser.get("/policy/99999")).status_code == 404
    table = page[page.index("<tbody>") :]
    times = re.findall(r'<time datetime="([^"]+)">', table)
    assert len(times) == 2 * len(periods) - 1  # the newest one is in force: it has no end
    assert [times[2], times[4]] == [times[0], times[3]] or times[2] == times[0]  # each ends where the next begins
    assert "# changed" in earlier
    assert "<em>adopted</em>" in earlier
    assert "<script>alert" not in earlier
    assert by_hash.status_code == 200


async def test_public_page_speaks_spanish(console: RunningConsole) -> None:
    async with console.anonymous() as browser:
        english = (await browser.get("/policy")).text
        spanish = (await browser.get("/policy?lang=es")).text
        preferred = (await browser.get("/policy", headers={"accept-language": "es-MX,en;q=0.5"})).text
    assert '<html lang="en">' in english
    assert "Drugs and alcohol" in english
    for page in (spanish, preferred):
        assert '<html lang="es">' in page
        assert "Drogas y alcohol" in page
        assert "Lo que el personal" in page
