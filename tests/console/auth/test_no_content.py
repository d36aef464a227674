"""Roles that may not read content see none: a search through every page and API answer that they get."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.cases.case import CaseDraft
from tests.console.auth.test_authorization import ROWS
from tests.console.district import AUDITOR, DIRECTOR, MESSAGES, SECURITY, student_address
from tests.console.running_console import RunningConsole, form_secret

NEVER = {"/events", "/sign-in/service", "/sign-in/service/back", "/api/openapi.json"}
WORDS = [
    *(line for said in MESSAGES.values() for line in said.text.splitlines() if len(line) > 8),
    *(said.subject for said in MESSAGES.values() if len(said.subject) > 8),
    *(words for said in MESSAGES.values() for _, _, words in said.found if len(words) > 8),
    "dot.png", "tracker.invalid",
]  # fmt: skip
"""Words of the messages."""
SAYS = "spoke with the mother at length"
"""What a reviewer wrote about a message: for reviewers and readers of the audit log."""


async def _answers(console: RunningConsole, who: str) -> dict[str, str]:
    """The answer to every GET and to searches, by URL."""
    found = {}
    async with console.signed_in(who) as browser, console.api_client(who) as program:
        for method, path in ROWS:
            if method != "GET" or path in NEVER:
                continue
            client: Any = program if path.startswith("/api/v1") else browser
            for name in MESSAGES if "{id}" in path else ("high",):
                target = path.format(
                    id=console.id(name), part="2", version="0", number=1, name="late", other="k-02", secret="x",
                    domain="x",
                )  # fmt: skip
                asked = {"address": MESSAGES[name].sender} if path == "/api/v1/trace" else {}
                answer = await client.get(target, params=asked)
                if answer.status_code == 200:
                    found[target] = answer.text
        form = form_secret(await browser.get("/trace"))
        for asked_for in (console.id("high"), MESSAGES["high"].sender, console.messages["high"].message_id):
            found[f"trace of {asked_for}"] = (
                await browser.post("/trace", data={"form": form, "asked": asked_for})
            ).text
    return found


@pytest.mark.parametrize("who", [SECURITY, AUDITOR])
async def test_no_word_of_a_message_is_shown(console: RunningConsole, who: str) -> None:
    assert await console.store.cases.open(CaseDraft("Her secret"), DIRECTOR, [console.id("high")], {}) == 1
    async with console.api_client(DIRECTOR) as director:
        for name in ("high", "help"):
            sent = {"text": SAYS}
            assert (await director.post(f"/api/v1/messages/{console.id(name)}/comments", json=sent)).status_code == 200
        sent = {"reason": SAYS}
        assert (await director.post(f"/api/v1/messages/{console.id('middle')}/reject", json=sent)).status_code == 200
        read = await director.get(f"/api/v1/messages/{console.id('child')}/content")
        assert any(item in read.text for item in WORDS)  # the search would find them
    await console.store.audit.link(1000)
    found = await _answers(console, who)
    assert len(found) > 20
    plain = {at: _plain(text) for at, text in found.items()}
    shown = {at: [item for item in WORDS if item in text or item in plain[at]] for at, text in found.items()}
    assert not {at: words for at, words in shown.items() if words}
    told = {at for at, text in found.items() if SAYS in text}
    if who == SECURITY:
        assert not told
    else:
        assert any(at.startswith(("/audit", "/api/v1/audit")) for at in told)  # these show it on purpose
    counts = {at for at, text in found.items() if student_address("maya.lindqvist") in text}
    assert not {at for at in counts if "report" in at or "stats" in at}


def _plain(text: str) -> str:
    """A text without the escapes of JSON."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text.replace("&#39;", "'").replace("&amp;", "&")
