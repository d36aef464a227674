"""Cookies, and forms that other sites send."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.core.messages.delivery import State
from tests.console.auth.test_authorization import ROWS
from tests.console.district import DIRECTOR, HIGH
from tests.console.running_console import RunningConsole, form_secret, running_console

POSTS = sorted(path for method, path in ROWS if method == "POST" and not path.startswith(("/api/", "/sign-in")))


@pytest.mark.parametrize("path", POSTS)
async def test_forged_form_is_refused(shared_console: RunningConsole, path: str) -> None:
    target = path.format(id=shared_console.id("high"), number=1, name="late")
    uploaded = {"file": ("roster.zip", b"PK")} if path.endswith("/upload") else None
    async with shared_console.signed_in(DIRECTOR) as browser, shared_console.signed_in(HIGH) as other:
        form, others = form_secret(await browser.get("/trace")), form_secret(await other.get("/trace"))
        tries: list[tuple[str, dict[str, str]]] = [
            ("", {}), ("x", {}), (others, {}), (form, {"Origin": "https://evil.example"}), (form, {"Origin": "null"}),
            (form, {"Sec-Fetch-Site": "cross-site"}), (form, {"Sec-Fetch-Site": "same-site"}),
            (form, {"Origin": shared_console.url.replace("127.0.0.1", "localhost")}),
        ]  # fmt: skip
        for sent, headers in tries:
            answer = await browser.post(target, data={"form": sent}, files=uploaded, headers=headers)
            assert answer.status_code == 403, (sent, headers)
        assert (await browser.post(target, json={"form": form})).status_code == 422
        as_file = await browser.post(target, files={"form": form})  # type: ignore[dict-item]
        assert as_file.status_code == (403 if uploaded else 422)
        assert (await browser.get("/trace")).status_code == 200  # still signed in
    (trace,) = await shared_console.store.lookups.trace(id=shared_console.id("high"))
    assert {recipient.state for recipient in trace.recipients} == {State.HELD}


async def test_sign_in_form_belongs_to_one_browser(console: RunningConsole) -> None:
    async with console.anonymous() as one, console.anonymous() as other:
        form = form_secret(await one.get("/sign-in"))
        await other.get("/sign-in")
        sent = {"form": form, "name": DIRECTOR, "password": "whatever it is"}
        assert (await other.post("/sign-in", data=sent)).status_code == 403


@pytest.mark.parametrize(
    ("url", "secure"), [("https://console.riverbend.example", True), ("http://console.test", False)]
)
async def test_cookie_attributes(
    sqlite_district: tuple[Path, dict[str, object]], tmp_path: Path, url: str, secure: bool
) -> None:
    file = tmp_path / "chaperone.db"
    file.write_bytes(sqlite_district[0].read_bytes())
    async with running_console(f"sqlite:///{file}", {}, public_url=url) as console, console.anonymous() as browser:
        first = await browser.get("/sign-in")
        form, cookie = form_secret(first), first.headers["set-cookie"]
        answer = await browser.post(
            "/sign-in", data={"form": form, "name": DIRECTOR, "password": "plenty of clover at noon"},
            headers={"cookie": cookie.partition(";")[0]},
        )  # fmt: skip
        assert answer.status_code == 303
        for item in (cookie, answer.headers["set-cookie"]):
            assert item.startswith("__Host-chaperone") is secure
            assert ("; Secure" in item) is secure
            assert "; HttpOnly" in item
            assert "; Path=/" in item
            assert "Domain" not in item
            assert re.search("samesite=(lax|strict)", item, re.IGNORECASE)
        assert ("strict-transport-security" in answer.headers) is secure
