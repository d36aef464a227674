"""Near-duplicates: shown side by side, decided in bulk, undone in bulk."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.messages.delivery import State
from tests.console.district import DIRECTOR, HIGH, MESSAGES, OKAFOR, staff_address, student_address
from tests.console.running_console import RunningConsole, SampleMessage, form_secret, submit_form

PARTY = "Hey {}, party at my place on Saturday after the game, I will bring the beer, tell nobody at home about it."


async def put_near_duplicates(console: RunningConsole) -> list[str]:
    """Three held near-duplicates and a message that is not one; the ids of the three."""
    ids = []
    for name in ("liam.whitcomb", "maya.lindqvist", "tess.vandermeer"):
        said = SampleMessage(
            staff_address("wade.brannigan"), (student_address(name),), "party saturday",
            PARTY.format(name.split(".")[0].title()),
            (("7b", 0.9, "beer"),),
        )  # fmt: skip
        ids.append((await console.add_message(said)).id)
    await console.add_message(replace(MESSAGES["high"], sender=staff_address("wade.brannigan")))
    return ids


async def test_bulk_release_on_the_page(console: RunningConsole) -> None:
    ids = await put_near_duplicates(console)
    async with console.signed_in(HIGH) as browser:
        assert "and 2 more like this" in (await browser.get("/")).text
        preview = (await browser.get(f"/together/{ids[1]}")).text
        assert "3 similar messages" in preview
        assert "<mark>Maya</mark>" in preview
        assert "After practice" not in preview
        sent = {
            "form": form_secret(await browser.get("/trace")),
            "deed": "release",
            "id": ids[:2],
            "reason": "a lesson",
        }
        done = await browser.post("/together", data=sent)
        assert "2 released" in done.text
    assert {(await console.store.lookups.trace(id=item))[0].recipients[0].state for item in ids[:2]} == {State.QUEUED}
    assert (await console.store.lookups.trace(id=ids[2]))[0].recipients[0].state is State.HELD
    gone = await console.deliver(after=5)
    assert not set(ids) & set(gone)  # a bulk decision waits longer
    assert set(ids[:2]) <= set(await console.deliver(after=11))
    views = [entry for entry in await console.store.audit_trail.entries_about(ids[2], 9) if entry.act == "viewed"]
    assert [item.detail for item in views] == [{"what": "beginning"}]


async def test_message_page_links_to_near_duplicates(console: RunningConsole) -> None:
    """A reviewer who opens one of them sees that there are more."""
    ids = await put_near_duplicates(console)
    link = f'<a href="/together/{ids[0]}">2 more like this are held: look at them together</a>'
    async with console.signed_in(HIGH) as browser:
        assert link in (await browser.get(f"/messages/{ids[0]}")).text
        await submit_form(browser, f"/messages/{ids[0]}/reject", reason="no")
        assert "more like this" not in (await browser.get(f"/messages/{ids[0]}")).text
        assert "more like this" not in (await browser.get(f"/messages/{console.id('high')}")).text


async def test_bulk_decision_can_be_undone(console: RunningConsole) -> None:
    ids = await put_near_duplicates(console)
    async with console.signed_in(HIGH) as browser:
        form = form_secret(await browser.get("/trace"))
        await browser.post("/together", data={"form": form, "deed": "reject", "id": ids})
        undone = await browser.post("/together/undo", data={"form": form, "ids": ",".join([*ids, "0" * 26])})
        assert undone.status_code == 200
        assert f"{len(ids)} messages are held again, and nobody was told anything" in undone.text
        assert "Too late for 1" in undone.text
        assert (await browser.post("/together/undo", data={"form": form, "ids": ",".join(ids)})).status_code == 409
    assert {(await console.store.lookups.trace(id=item))[0].recipients[0].state for item in ids} == {State.HELD}


async def test_bulk_decision_names_what_it_could_not_decide(console: RunningConsole) -> None:
    """Messages that are decided, of another building, or a conflict of interest are named; the others are decided."""
    ids = [*await put_near_duplicates(console), console.id("middle"), console.id("own")]
    async with console.api_client(DIRECTOR) as director:
        await director.post(f"/api/v1/messages/{ids[0]}/reject", json={"reason": ""})
    async with console.signed_in(OKAFOR) as browser:
        form = form_secret(await browser.get("/trace"))
        done = await browser.post("/together", data={"form": form, "deed": "release", "id": ids})
    assert "2 released" in done.text
    assert "3 not decided" in done.text
    assert "decided first by director" in done.text
    assert "somebody else must decide" in done.text


async def test_bulk_decision_and_undo_by_the_api(console: RunningConsole) -> None:
    ids = await put_near_duplicates(console)
    async with console.api_client(HIGH) as program:
        preview = (await program.get(f"/api/v1/mailings/{ids[1]}")).json()["items"]
        assert {item["id"] for item in preview} == set(ids)
        assert preview[0]["differs"] == []
        assert preview[1]["differs"] == ["Maya"]
        assert preview[1]["beginning"].startswith(PARTY.format("Maya")[:20])
        asked = {"ids": [*ids, console.id("middle")], "deed": "reject", "reason": "a party"}
        done = await program.post("/api/v1/mailings/decide", json=asked, headers={"Idempotency-Key": "one"})
        assert done.json()["done"] == ids
        assert [entry["id"] for entry in done.json()["left"]] == [console.id("middle")]
        again = await program.post("/api/v1/mailings/decide", json=asked, headers={"Idempotency-Key": "one"})
        assert (again.status_code, again.json()) == (200, done.json())
        back = await program.post("/api/v1/mailings/undo", json={"ids": ids})
        assert back.json() == {"messages": ids}
        assert (await program.post("/api/v1/mailings/undo", json={"ids": ids})).status_code == 409
        await program.post("/api/v1/mailings/decide", json={**asked, "ids": ids[:1], "deed": "release"})
        assert ids[0] not in await console.deliver(after=10)
        assert ids[0] in await console.deliver(after=6)
    async with console.api_client(HIGH, reads_only=True) as program:
        assert (await program.post("/api/v1/mailings/decide", json=asked)).status_code == 403


async def test_bulk_decision_needs_messages_and_an_action(console: RunningConsole) -> None:
    async with console.signed_in(HIGH) as browser:
        for fields in ({"deed": "release"}, {"id": console.id("high")}, {"id": console.id("high"), "deed": "discard"}):
            assert (await submit_form(browser, "/together", **fields)).status_code == 422
        assert (await browser.get("/together/nothing")).status_code == 404
