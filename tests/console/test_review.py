"""What can be done with a held message: words to the sender, reasons, two people, claims, more time, mailings."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from pytest_asyncio import fixture as async_fixture

from gateway.core.decision import Act
from gateway.core.delivery import State
from gateway.core.fields import from_rfc3339
from gateway.core.followup import Follow
from gateway.core.policy import Policy
from gateway.core.review import Handling
from tests.console.district import DIRECTOR, HIGH, MIDDLE, OKAFOR, SAID, SECURITY, policy, staff, student
from tests.console.world import Said, World, form_of, opened


async def states(world: World, name: str) -> set[State]:
    (trace,) = await world.store.trace(id=world.id(name))
    return {each.state for each in trace.recipients}


async def send(browser: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """Send a form of ours."""
    return await browser.post(path, data={"form": form_of(await browser.get("/trace")), **fields})


async def searched(browser: httpx.AsyncClient, **fields: str) -> str:
    """The queue as a form narrows it."""
    return (await browser.get((await send(browser, "/search", **fields)).headers["location"])).text


async def rejection(world: World) -> dict[str, object]:
    """What the sender is to be told."""
    world.clock.ahead += 30
    (found,) = [each for each in await world.store.due_followups(100, 60) if each.kind is Follow.REJECTION]
    return dict(found.body)


async def test_the_sender_is_told_the_usual_words(world: World) -> None:
    async with world.signed_in(HIGH) as browser:
        await send(browser, f"/messages/{world.id('high')}/reject", reason="private")
    told = str((await rejection(world))["words"])
    assert "clause 7a (Sexual, flirtatious or grooming)" in told
    assert "Speak with an administrator" in told
    assert "private" not in told


async def test_the_administrator_writes_other_words(world: World) -> None:
    async with world.signed_in(HIGH) as browser:
        page = await browser.get(f"/messages/{world.id('high')}")
        usual = html.unescape(re.findall(r'name="usual" value="([^"]*)"', page.text)[0])
        assert "What you can do" in usual
        await send(
            browser, f"/messages/{world.id('high')}/reject", usual=usual, words="Please come to my office at three."
        )
    assert (await rejection(world))["words"] == "Please come to my office at three."


async def test_who_wrote_a_text_is_told_too_in_words_that_can_be_changed(world: World) -> None:
    """With the clause and what to do, at the district account; and nothing of it where it is taken back in time."""
    path = f"/messages/{world.id('text')}"
    async with world.signed_in(HIGH) as browser:
        page = await browser.get(path)
        usual = html.unescape(re.findall(r'name="usual" value="([^"]*)"', page.text)[0])
        assert "clause 7a (Sexual, flirtatious or grooming)" in usual
        assert "district account of whoever wrote the text" in page.text
        await send(browser, f"{path}/reject", usual=usual, words=usual)
        await send(browser, f"{path}/undo")
        assert Follow.REJECTED_TEXT not in {each.kind for each in await world.store.due_followups(100, 60)}
        await send(browser, f"{path}/reject", usual=usual, words=usual)
    world.clock.ahead += 30
    (told,) = [each for each in await world.store.due_followups(100, 60) if each.kind is Follow.REJECTED_TEXT]
    assert told.body["people"] == ["s-06"]
    assert "What you can do: Speak with an administrator" in str(told.body["words"])


async def test_a_discard_tells_nobody_and_needs_a_reason(world: World) -> None:
    path = f"/messages/{world.id('high')}/discard"
    async with world.signed_in(HIGH) as browser:
        assert (await send(browser, path)).status_code == 422
        assert await states(world, "high") == {State.HELD}
        assert (await send(browser, path, reason="a bomb of mails")).status_code == 303
    assert await states(world, "high") == {State.DISCARDED}
    world.clock.ahead += 30
    assert Follow.REJECTION not in {each.kind for each in await world.store.due_followups(100, 60)}


async def test_of_a_discard_too_can_be_taken_back(world: World) -> None:
    async with world.signed_in(HIGH) as browser:
        answer = await send(browser, f"/messages/{world.id('high')}/discard", reason="x")
        assert "Discarded. It takes effect" in (await browser.get(answer.headers["location"])).text
        assert (await send(browser, f"/messages/{world.id('high')}/undo")).status_code == 303
    assert await states(world, "high") == {State.HELD}


async def test_a_message_is_taken_given_on_and_given_back(world: World) -> None:
    path, id_ = f"/messages/{world.id('high')}/assign", world.id("high")
    async with world.signed_in(HIGH) as high, world.signed_in(DIRECTOR) as director:
        assert (await send(high, path, to="me")).status_code == 303
        assert "high has it" in (await director.get("/")).text
        assert "yours" in (await high.get("/?state=mine")).text
        assert (await send(director, path, to="me")).status_code == 409  # the page of before said that it was free
        assert (await send(director, path, to="me", instead_of=HIGH)).status_code == 303
        assert (await send(director, path, to=MIDDLE, instead_of=DIRECTOR)).status_code == 422  # not its building
        assert (await send(director, path, to=HIGH, instead_of=DIRECTOR)).status_code == 303
        assert (await send(high, path, to="", instead_of=HIGH)).status_code == 303
    acts = [(each.act, each.actor) for each in reversed(await world.store.acts_about(id_, 20)) if each.act != "viewed"]
    assert acts[1:] == [("taken", HIGH), ("taken", DIRECTOR), ("assigned", DIRECTOR), ("given back", HIGH)]


async def test_nobody_takes_what_they_have_a_part_in(world: World) -> None:
    async with world.signed_in(OKAFOR) as teacher, world.signed_in(DIRECTOR) as director:
        for name in ("own", "child"):
            for deed in ("assign", "hold", "comments", "legal-hold", "discard"):
                answer = await send(
                    teacher, f"/messages/{world.id(name)}/{deed}", to="me", text="x", reason="x", **{"for": "1d"}
                )
                assert answer.status_code == 403, (name, deed)
            assert (await send(director, f"/messages/{world.id(name)}/assign", to=OKAFOR)).status_code == 422
            assert 'name="text"' not in (await teacher.get(f"/messages/{world.id(name)}")).text


async def test_comments_stay_and_are_shown(world: World) -> None:
    path = f"/messages/{world.id('high')}"
    async with world.signed_in(HIGH) as high, world.signed_in(DIRECTOR) as director:
        assert (await send(high, f"{path}/comments", text="Asked <b>him</b> about it")).status_code == 303
        assert (await send(high, f"{path}/comments", text="  ")).status_code == 422
        assert "Asked &lt;b&gt;him&lt;/b&gt; about it" in (await director.get(path)).text
        history = (await director.get(path)).text
    assert "Comment by high" in re.sub(r"\s+", " ", history)


async def test_held_longer_it_is_due_later(world: World) -> None:
    (before,) = [each for each in await world.store.held() if each.id == world.id("high")]
    async with world.signed_in(HIGH) as browser:
        path = f"/messages/{world.id('high')}/hold"
        assert (await send(browser, path, **{"for": "1d"}, reason="a witness is away")).status_code == 303
        assert (await send(browser, path, **{"for": "1y"})).status_code == 422
        assert "due in 23 hours" in (await browser.get("/")).text
    (after,) = [each for each in await world.store.held() if each.id == world.id("high")]
    assert after.due_at is not None
    assert before.due_at is not None
    assert 86400 - 60 < after.due_at - world.clock() <= 86400
    assert after.clauses == before.clauses
    async with world.program(DIRECTOR) as director:
        await director.post(f"/api/v1/messages/{world.id('high')}/release", json={"reason": ""})
    async with world.signed_in(HIGH) as browser:
        assert (await send(browser, path, **{"for": "1d"})).status_code == 409


async def test_putting_off_has_an_end_and_the_due_time_stays_in_sight(world: World) -> None:
    """By the policy two weeks after it came, on the page and by the API; what was due before is on record."""
    id_ = world.id("high")
    path, call = f"/messages/{id_}/hold", f"/api/v1/messages/{id_}/hold"
    async with world.signed_in(HIGH) as browser, world.program(HIGH, lasts=None) as program:
        assert "due in" in (await browser.get(f"/messages/{id_}")).text
        assert (await send(browser, path, **{"for": "7d"})).status_code == 303
        page = re.sub(r"\s+", " ", (await browser.get(f"/messages/{id_}")).text)
        assert "due in 6 days" in page
        assert "put off once, lately by high" in page
        world.clock.ahead += 6.9 * 86400
        assert (await program.post(call, json={"for": "7d"})).status_code == 200
        world.clock.ahead += 86400
        refused = await program.post(call, json={"for": "7d"})
        assert (refused.status_code, "at most" in refused.json()["detail"]) == (422, True)
        assert (await program.post(call, json={"for": "3d"})).status_code == 200
    async with world.signed_in(HIGH) as browser:
        page = (await browser.get(f"/messages/{id_}")).text
        assert '<option value="3d"' in page
        assert '<option value="7d"' not in page
        world.clock.ahead += 6.5 * 86400
    async with world.signed_in(HIGH) as browser, world.signed_in(SECURITY) as other:
        assert "cannot be put off any more" in (await browser.get(f"/messages/{id_}")).text
        assert (await send(browser, path, **{"for": "1h"})).status_code == 422
        assert ", due " in (await other.get(f"/messages/{id_}")).text
    acts = [each for each in await world.store.done_about(id_, 50) if each.act == "held longer"]
    for later, earlier in pairwise(acts):
        was, until = (from_rfc3339(str(each)) for each in (later.detail["was_due"], earlier.detail["until"]))
        assert abs(was - until) < 1


async def test_the_list_is_narrowed_and_the_view_kept(world: World) -> None:
    async with world.signed_in(DIRECTOR) as browser:
        page = await searched(browser, text="practice maya", channel="mail")
        assert world.id("high") in page
        assert world.id("middle") not in page
        assert "(1 of 7)" in page
        assert "Nothing here is left" in await searched(browser, text="no such words")
        assert world.id("text") in (await browser.get("/?channel=sms")).text
        kept = await send(browser, "/views", name="practice", query="text=practice&evil=1&page=7")
        where = kept.headers["location"]
        assert world.id("middle") not in (await browser.get(where)).text
        assert f'href="{where}"' in (await browser.get("/")).text
        await send(browser, "/views", name="practice", query="", drop="yes")
        assert f'href="{where}"' not in (await browser.get("/")).text
    async with world.program(DIRECTOR) as program:
        found = (await program.get("/api/v1/held", params={"clause": "7a", "text": "practice"})).json()["items"]
        assert [each["id"] for each in found] == [world.id("high")]
        assert (await program.get("/api/v1/held", params={"building": "no-such"})).json()["items"] == []


# --- two people ------------------------------------------------------------------------------------------------------


def two_people() -> Policy:
    shipped = policy()
    handling = Handling(two_people=frozenset({"release", "reject"}), reason=frozenset({"release"}))
    return replace(shipped, clauses={**shipped.clauses, "7a": replace(shipped.clauses["7a"], handling=handling)})


@async_fixture(loop_scope="session")
async def strict(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """A console whose policy wants two people for clause 7a, and a reason to release."""
    import shutil

    file, messages = request.getfixturevalue("made_house")
    async with opened(f"sqlite:///{shutil.copy(file, tmp_path)}", messages, in_force=two_people) as running:
        yield running


async def test_two_people_agree(strict: World) -> None:
    path = f"/api/v1/messages/{strict.id('high')}/release"
    async with strict.program(HIGH) as high, strict.program(DIRECTOR) as director:
        assert (await high.post(path, json={"reason": ""})).status_code == 422
        first = await high.post(path, json={"reason": "known to the parents"})
        assert (first.status_code, first.json()["waits_for"]) == (202, "a second person")
        assert (await high.post(path, json={"reason": "again"})).status_code == 202  # one is not two
        assert await states(strict, "high") == {State.HELD}
        assert (await director.post(path.replace("release", "reject"), json={"reason": "x"})).status_code == 409
        queue = (await director.get("/api/v1/held", params={"state": "second"})).json()["items"]
        assert [each["id"] for each in queue] == [strict.id("high")]
        second = await director.post(path, json={"reason": "so it is"})
        assert (second.status_code, second.json()["recipients"]) == (200, [student("maya.lindqvist")])
    acts = await strict.store.acts_about(strict.id("high"), 3)
    assert [each.act for each in acts] == ["released", "proposed", "decided"]
    assert acts[0].detail["reason"] == "high: known to the parents; so it is"
    assert await strict.store.handled_of(strict.id("high")) == (await strict.store.handled_of("nothing"))


async def test_a_second_person_disagrees(strict: World) -> None:
    id_ = strict.id("high")
    async with strict.signed_in(HIGH) as high, strict.signed_in(DIRECTOR) as director:
        answer = await send(high, f"/messages/{id_}/release", reason="fine")
        assert "waits until a second person agrees" in (await high.get(answer.headers["location"])).text
        page = (await director.get(f"/messages/{id_}")).text
        assert "Agree: release" in page
        assert "high proposes to release" in (await director.get("/")).text
        assert (await send(director, f"/messages/{id_}/withdraw")).status_code == 303
        assert (await send(director, f"/messages/{id_}/withdraw")).status_code == 409
        assert (await send(director, f"/messages/{id_}/reject", reason="no")).status_code == 303
        assert await states(strict, "high") == {State.HELD}
        assert (await send(high, f"/messages/{id_}/reject")).status_code == 303
    assert await states(strict, "high") == {State.REJECTED}


# --- a mailing -------------------------------------------------------------------------------------------------------

PARTY = "Hey {}, party at my place on Saturday after the game, I will bring the beer, tell nobody at home about it."


async def mailing(world: World) -> list[str]:
    """Three of one mailing and one that is not, held; the ids of the three."""
    ids = []
    for name in ("liam.whitcomb", "maya.lindqvist", "tess.vandermeer"):
        said = Said(
            staff("wade.brannigan"), (student(name),), "party saturday", PARTY.format(name.split(".")[0].title()),
            (("7b", 0.9, "beer"),),
        )  # fmt: skip
        ids.append((await world.put(said)).id)
    await world.put(replace(SAID["high"], sender=staff("wade.brannigan")))
    return ids


async def test_a_mailing_is_decided_together_after_a_look(world: World) -> None:
    ids = await mailing(world)
    async with world.signed_in(HIGH) as browser:
        assert "and 2 more of this mailing" in (await browser.get("/")).text
        preview = (await browser.get(f"/together/{ids[1]}")).text
        assert "3 messages of one mailing" in preview
        assert "<mark>Maya</mark>" in preview
        assert "After practice" not in preview
        sent = {"form": form_of(await browser.get("/trace")), "deed": "release", "id": ids[:2], "reason": "a lesson"}
        done = await browser.post("/together", data=sent)
        assert "2 released" in done.text
    assert {(await world.store.trace(id=each))[0].recipients[0].state for each in ids[:2]} == {State.QUEUED}
    assert (await world.store.trace(id=ids[2]))[0].recipients[0].state is State.HELD
    gone = await world.outgoing(after=5)
    assert not set(ids) & set(gone)  # a mailing waits longer than one message
    assert set(ids[:2]) <= set(await world.outgoing(after=11))
    views = [each for each in await world.store.acts_about(ids[2], 9) if each.act == "viewed"]
    assert [each.detail for each in views] == [{"what": "beginning"}]


async def test_a_mailing_is_taken_back_together(world: World) -> None:
    ids = await mailing(world)
    async with world.signed_in(HIGH) as browser:
        form = form_of(await browser.get("/trace"))
        await browser.post("/together", data={"form": form, "deed": "reject", "id": ids})
        assert (await browser.post("/together/undo", data={"form": form, "ids": ",".join(ids)})).status_code == 303
        assert (await browser.post("/together/undo", data={"form": form, "ids": ",".join(ids)})).status_code == 409
    assert {(await world.store.trace(id=each))[0].recipients[0].state for each in ids} == {State.HELD}


async def test_of_a_mailing_each_is_decided_by_who_may(world: World) -> None:
    """What was decided before, is another building's or one's own is named, and the others are decided."""
    ids = [*await mailing(world), world.id("middle"), world.id("own")]
    async with world.program(DIRECTOR) as director:
        await director.post(f"/api/v1/messages/{ids[0]}/reject", json={"reason": ""})
    async with world.signed_in(OKAFOR) as browser:
        form = form_of(await browser.get("/trace"))
        done = await browser.post("/together", data={"form": form, "deed": "release", "id": ids})
    assert "2 released" in done.text
    assert "3 not decided" in done.text
    assert "decided first by director" in done.text
    assert "somebody else must decide" in done.text


async def test_a_mailing_is_decided_and_taken_back_by_the_api(world: World) -> None:
    ids = await mailing(world)
    async with world.program(HIGH) as program:
        preview = (await program.get(f"/api/v1/mailings/{ids[1]}")).json()["items"]
        assert {each["id"] for each in preview} == set(ids)
        assert preview[0]["differs"] == []
        assert preview[1]["differs"] == ["Maya"]
        assert preview[1]["beginning"].startswith(PARTY.format("Maya")[:20])
        asked = {"ids": [*ids, world.id("middle")], "deed": "reject", "reason": "a party"}
        done = await program.post("/api/v1/mailings/decide", json=asked, headers={"Idempotency-Key": "one"})
        assert done.json()["done"] == ids
        assert [each["id"] for each in done.json()["left"]] == [world.id("middle")]
        again = await program.post("/api/v1/mailings/decide", json=asked, headers={"Idempotency-Key": "one"})
        assert (again.status_code, again.json()) == (200, done.json())
        back = await program.post("/api/v1/mailings/undo", json={"ids": ids})
        assert back.json() == {"messages": ids}
        assert (await program.post("/api/v1/mailings/undo", json={"ids": ids})).status_code == 409
        await program.post("/api/v1/mailings/decide", json={**asked, "ids": ids[:1], "deed": "release"})
        assert ids[0] not in await world.outgoing(after=10)
        assert ids[0] in await world.outgoing(after=6)
    async with world.program(HIGH, reads_only=True) as program:
        assert (await program.post("/api/v1/mailings/decide", json=asked)).status_code == 403


async def test_a_mailing_asks_for_something(world: World) -> None:
    async with world.signed_in(HIGH) as browser:
        for fields in ({"deed": "release"}, {"id": world.id("high")}, {"id": world.id("high"), "deed": "discard"}):
            assert (await send(browser, "/together", **fields)).status_code == 422
        assert (await browser.get("/together/nothing")).status_code == 404


# --- calls for help --------------------------------------------------------------------------------------------------


async def test_the_help_list_says_who_was_alerted_and_who_took_it_up(world: World) -> None:
    id_ = world.id("help")
    await world.store.record([Act(world.clock(), "gateway", "alerted", id_, {"to": ["safety@riverbend.example"]})])
    async with world.signed_in(HIGH) as high, world.program(DIRECTOR) as director, world.signed_in(MIDDLE) as middle:
        page = (await high.get("/help")).text
        assert "1 not taken up" in page
        assert "safety@riverbend.example" in page
        assert "Tess Vandermeer" in page
        assert "1 alerted" in (await high.get("/")).text
        assert id_ not in (await middle.get("/help")).text
        assert (await director.post(f"/api/v1/messages/{id_}/acknowledge")).status_code == 200
        (call,) = (await director.get("/api/v1/help")).json()["items"]
        assert (call["id"], call["taken_by"], call["alerted"]) == (id_, DIRECTOR, ["safety@riverbend.example"])
        assert "Taken up by director" in (await high.get("/help")).text
        assert "Taken up by <strong>director</strong>" in (await high.get(f"/messages/{id_}")).text


async def test_a_call_is_given_back_by_who_took_it_up_or_a_director(world: World) -> None:
    id_ = world.id("help")
    async with world.signed_in(HIGH) as high, world.program(DIRECTOR) as director, world.program(OKAFOR) as other:
        assert (await send(high, f"/messages/{id_}/give-back")).status_code == 409  # nobody has it
        assert (await send(high, f"/messages/{id_}/acknowledge")).status_code == 303
        second = await other.post(f"/api/v1/messages/{id_}/acknowledge")
        assert (second.status_code, "high took this call for help up first" in second.text) == (409, True)
        assert (await other.post(f"/api/v1/messages/{id_}/give-back")).status_code == 403
        assert "Give it back" in (await high.get("/help")).text
        assert (await send(high, f"/messages/{id_}/give-back")).status_code == 303
        assert "1 not taken up" in (await high.get("/help")).text
        page = (await high.get(f"/messages/{id_}")).text
        assert "I take this up" in page
        assert "Call for help given back by high" in re.sub(r"\s+", " ", page)
        assert (await send(high, f"/messages/{id_}/acknowledge")).status_code == 303
        assert (await director.post(f"/api/v1/messages/{id_}/give-back")).status_code == 200
        (call,) = (await director.get("/api/v1/help")).json()["items"]
        assert (call["taken_by"], call["taken_at"], call["alerts"]) == ("", None, [])


async def test_a_call_that_nobody_took_up_stays_on_the_queue_and_in_the_list(world: World) -> None:
    world.clock.ahead += 100 * 86400
    async with world.signed_in(HIGH) as high:
        assert "I take this up" in (await high.get("/")).text
        assert "1 not taken up" in (await high.get("/help")).text


async def test_what_was_done_stays_in_sight_however_often_it_is_read(world: World) -> None:
    """Also that names were opened, and what can be undone: none of it falls off a page after many readings."""
    id_, help_ = world.id("high"), world.id("help")
    async with world.signed_in(HIGH) as high, world.program(DIRECTOR) as director:
        await send(high, f"/messages/{id_}/comments", text="The parents were called")
        await send(high, f"/messages/{help_}/acknowledge")
        views = [
            Act(world.clock(), DIRECTOR, "viewed", each, {"what": "x"}) for each in (id_, help_) for _ in range(600)
        ]
        await world.store.record(views)
        page = (await high.get(f"/messages/{id_}")).text
        assert "The parents were called" in page
        assert "Who read it" in page
        assert "Taken up by <strong>high</strong>" in (await high.get(f"/messages/{help_}")).text
        whole = (await director.get(f"/api/v1/messages/{id_}/history")).json()["items"]
        assert [each["detail"]["text"] for each in whole if each["act"] == "commented"] == ["The parents were called"]
        done = await send(high, f"/messages/{id_}/release")
        await world.store.record(views[:1])
        assert "Released. It takes effect" in (await high.get(done.headers["location"])).text


async def test_what_was_decided_is_listed(world: World) -> None:
    async with world.program(DIRECTOR) as director, world.signed_in(HIGH) as high, world.signed_in(MIDDLE) as middle:
        await director.post(f"/api/v1/messages/{world.id('high')}/reject", json={"reason": "7a"})
        assert [each["id"] for each in (await director.get("/api/v1/decided")).json()["items"]] == [world.id("high")]
        assert "After practice" in (await high.get("/decided")).text
        assert "After practice" not in (await middle.get("/decided")).text
        whole = (await director.get(f"/api/v1/messages/{world.id('high')}/history")).json()["items"]
        assert [each["act"] for each in whole] == ["decided", "rejected"]
        said = (await director.get(f"/api/v1/messages/{world.id('both')}/conversation")).json()["items"]
        assert {each["id"] for each in said} >= {world.id("high"), world.id("both")}
