"""The page and the API of personal accounts: who may see and decide what, and what is on record."""

from __future__ import annotations

from gateway.core.messages.parties import AccountBasis
from gateway.core.relation.personal_account import AccountStatus, StoredAccount
from gateway.ports.directory_accounts import Sightings
from tests.console.district import AUDITOR, DIRECTOR, HIGH, MIDDLE, OKAFOR
from tests.console.running_console import RunningConsole, submit_form

ACCOUNTS, ORGANIZATIONS = "/api/v1/personal-accounts", "/api/v1/organizations"
HOME = "lindgren.home@freemail.example"


async def guess(console: RunningConsole) -> None:
    account = StoredAccount(HOME, "s-06", AccountStatus.GUESSED, AccountBasis.LOCAL_PART, 0.8, messages=2)
    await console.store.directory_accounts.record(Sightings((account,), {"gone@riverbend.example": 2}))


async def test_a_guess_is_confirmed_over_the_api_and_on_record(console: RunningConsole) -> None:
    await guess(console)
    async with console.api_client(HIGH) as own, console.api_client(MIDDLE) as other:
        (row,) = (await own.get(ACCOUNTS)).json()["items"]
        assert (row["address"], row["person"], row["status"], row["basis"]) == (HOME, "s-06", "guessed", "local_part")
        assert (await other.get(ACCOUNTS)).json()["items"] == []
        body = {"address": HOME, "person": "s-06", "status": "confirmed", "reason": "he said so"}
        assert (await other.post(ACCOUNTS, json=body)).status_code == 404
        decided = await own.post(ACCOUNTS, json=body, headers={"Idempotency-Key": "k"})
        assert (decided.status_code, decided.json()["status"], decided.json()["decided_by"]) == (200, "confirmed", HIGH)
        assert (await own.get(ACCOUNTS)).json()["items"] == []
        assert len((await own.get(f"{ACCOUNTS}?status=confirmed")).json()["items"]) == 1
        (unknown,) = (await own.get("/api/v1/unknown-addresses")).json()["items"]
        assert (unknown["address"], unknown["messages"]) == ("gone@riverbend.example", 2)
    (entry,) = await console.store.audit_trail.changes_about(HOME, 10)
    assert (entry.actor, entry.act, entry.detail["person"]) == (HIGH, "personal account confirmed", "s-06")


async def test_what_cannot_be_decided_is_refused(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as director, console.api_client(OKAFOR) as parent:
        body = {"address": HOME, "person": "s-06", "status": "refused"}
        for change, code in (
            ({"address": "peter.lindgren@riverbend.example"}, 422),
            ({"address": "nothing"}, 422),
            ({"person": "nobody"}, 404),
            ({"status": "guessed"}, 422),
        ):
            assert (await director.post(ACCOUNTS, json=body | change)).status_code == code, change
        assert (await parent.post(ACCOUNTS, json=body | {"person": "k-03"})).status_code == 403  # an own child
        assert (await director.post(ACCOUNTS, json=body)).status_code == 200
    async with console.api_client(AUDITOR) as auditor:
        for path in (ACCOUNTS, ORGANIZATIONS, "/api/v1/unknown-addresses"):
            assert (await auditor.get(path)).status_code == 403


async def test_the_page_decides_and_registers(console: RunningConsole) -> None:
    await guess(console)
    async with console.signed_in(HIGH) as browser, console.api_client(HIGH) as own:
        page = (await browser.get("/personal-accounts")).text
        assert HOME in page
        assert "Peter Lindgren" in page
        assert "80 % sure" in page
        assert "gone@riverbend.example" in page
        sent = {"address": HOME, "person": "s-06", "status": "refused"}
        assert (await submit_form(browser, "/personal-accounts", **sent)).status_code == 303
        assert [row["status"] for row in (await own.get(f"{ACCOUNTS}?status=all")).json()["items"]] == ["refused"]
        organizations = "/personal-accounts/organizations"
        assert (await submit_form(browser, organizations, name="Fund.Example", label="a fund")).status_code == 303
        (row,) = (await own.get(ORGANIZATIONS)).json()["items"]
        assert (row["name"], row["label"], row["by"]) == ("fund.example", "a fund", HIGH)
        assert "fund.example" in (await browser.get("/personal-accounts")).text
        assert (await submit_form(browser, organizations, remove="fund.example")).status_code == 303
        assert (await own.get(ORGANIZATIONS)).json()["items"] == []
        made = await own.post(ORGANIZATIONS, json={"name": "other.example"})
        assert made.status_code == 201
        assert (await own.delete(f"{ORGANIZATIONS}/other.example")).status_code == 200
        assert (await own.delete(f"{ORGANIZATIONS}/other.example")).status_code == 404
