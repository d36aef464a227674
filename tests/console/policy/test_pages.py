"""The policy and its earlier versions as public pages."""

from __future__ import annotations

from tests.console.running_console import RunningConsole


async def test_earlier_policy_stays_readable(console: RunningConsole) -> None:
    await console.store.policy_versions.record("a" * 64, "title = 1", "# The *first* text\n<script>alert(1)</script>")
    console.clock.ahead += 86400
    await console.store.policy_versions.record("a" * 64, "title = 1", "# The second text")
    await console.store.policy_versions.record("a" * 64, "title = 1", "# The second text")
    async with console.anonymous() as browser:
        page = (await browser.get("/policy")).text
        assert "Earlier versions" in page
        versions = [hash_ for hash_, *_ in await console.store.policy_versions.versions()]
        assert len(versions) == 2
        texts = [(await browser.get(f"/policy/{item}")).text for item in versions]
    assert "The second text" in texts[0]
    assert "<em>first</em>" in texts[1]
    assert "<script>alert" not in texts[1]
    assert "title = 1" in texts[1]
