"""Guessing passwords is limited by name and address, and does not lock other people out."""

from __future__ import annotations

from gateway.console.auth.credentials import hash_secret
from gateway.console.auth.sign_in_attempts import MAX_BY_CLIENT, MAX_BY_NAME, MAX_BY_NAME_AND_CLIENT
from gateway.core.policy.decision import AuditEntry
from tests.console.district import DIRECTOR, HIGH
from tests.console.running_console import RunningConsole, form_secret, sign_in


async def test_guessing_is_limited_by_name(console: RunningConsole) -> None:
    async with console.anonymous() as browser:
        for _ in range(MAX_BY_NAME_AND_CLIENT):
            wrong = await sign_in(browser, DIRECTOR, "not the password")
            assert (wrong.status_code, "Name or password is wrong" in wrong.text) == (401, True)
        right = await sign_in(browser, DIRECTOR)
        assert (right.status_code, right.headers["retry-after"]) == (429, "900")
        assert (await sign_in(browser, HIGH)).status_code == 303  # others can sign in
    console.clock.ahead += 901
    async with console.signed_in(DIRECTOR) as browser:
        assert (await browser.get("/trace")).status_code == 200
    found = [act for act in await console.store.audit_trail.entries_about(DIRECTOR, 50) if act.act == "sign-in refused"]
    assert len(found) == MAX_BY_NAME_AND_CLIENT
    assert console.event_log.registry.get_sample_value("chaperone_login_failures_total") == MAX_BY_NAME_AND_CLIENT + 1


async def _refuse(console: RunningConsole, name: str, client: str, times: int) -> None:
    act = AuditEntry(console.clock(), "nobody", "sign-in refused", "unknown name")
    for _ in range(times):
        await console.store.sign_in_failures.record(hash_secret(name, "name"), client, act)


async def test_guessing_does_not_lock_out_others_at_the_same_address(console: RunningConsole) -> None:
    """A school has one address: one person there who guesses must not lock the others out."""
    for number in range(10):
        await _refuse(console, f"name {number}", "127.0.0.1", MAX_BY_NAME_AND_CLIENT)
    async with console.anonymous() as browser:
        assert (await sign_in(browser, HIGH)).status_code == 303


async def test_guessing_from_another_address_does_not_lock_out_the_user(console: RunningConsole) -> None:
    await _refuse(console, HIGH, "198.51.100.7", MAX_BY_NAME_AND_CLIENT)
    async with console.anonymous() as browser:
        assert (await sign_in(browser, HIGH)).status_code == 303


async def test_known_browser_is_not_locked_out_by_guessing_at_its_address(console: RunningConsole) -> None:
    """A browser that gave the right password has a count of its own, which has a limit too."""
    async with console.anonymous() as known, console.anonymous() as other:
        assert (await sign_in(known, HIGH)).status_code == 303
        await known.post("/sign-out", data={"form": form_secret(await known.get("/trace"))})
        await _refuse(console, HIGH, "127.0.0.1", MAX_BY_NAME)
        for number in range(MAX_BY_CLIENT - MAX_BY_NAME):
            await _refuse(console, f"name {number}", "127.0.0.1", 1)
        other.cookies.set("chaperone-known", "0" * 32 + "." + "0" * 64, domain="127.0.0.1", path="/")
        assert (await sign_in(other, HIGH)).status_code == 429
        other.cookies.update({name: value for name, value in known.cookies.items() if name == "chaperone-known"})
        assert (await sign_in(other, DIRECTOR)).status_code == 429  # the cookie is for this account only
        for _ in range(MAX_BY_NAME_AND_CLIENT - 1):
            assert (await sign_in(known, HIGH, "not the password")).status_code == 401
        assert (await sign_in(known, HIGH)).status_code == 303
        known.cookies.delete("chaperone")
        for _ in range(MAX_BY_NAME_AND_CLIENT):
            await sign_in(known, HIGH, "not the password")
        assert (await sign_in(known, HIGH)).status_code == 429


async def test_guessing_one_name_from_many_addresses_is_limited(console: RunningConsole) -> None:
    for number in range(MAX_BY_NAME // MAX_BY_NAME_AND_CLIENT):
        await _refuse(console, HIGH, f"198.51.100.{number}", MAX_BY_NAME_AND_CLIENT)
    async with console.anonymous() as browser:
        assert (await sign_in(browser, HIGH)).status_code == 429
        assert (await sign_in(browser, DIRECTOR)).status_code == 303


async def test_guessing_is_limited_by_client(console: RunningConsole) -> None:
    """Trying many names is limited, and a header cannot fake another address."""
    for number in range(MAX_BY_CLIENT):
        act = AuditEntry(console.clock(), "nobody", "sign-in refused", "unknown name")
        await console.store.sign_in_failures.record(f"name {number}", "10.1.2.3", act)
    async with console.anonymous() as browser:
        browser.headers["x-forwarded-for"] = "198.51.100.7, 10.1.2.3"  # the proxy on this machine appends the last
        assert (await sign_in(browser, HIGH)).status_code == 429
        browser.headers["x-forwarded-for"] = "10.1.2.3, 198.51.100.7"
        assert (await sign_in(browser, HIGH)).status_code == 303
