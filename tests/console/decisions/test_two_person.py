"""The two-person rule: who can propose and agree, and what the page offers."""

from __future__ import annotations

import time
from dataclasses import replace

from gateway.core.accounts.account import AccountRole, User
from gateway.core.messages.delivery import State
from gateway.core.messages.parties import Direction, Pair
from gateway.core.policy.decision import AuditEntry
from tests.console.decisions.conftest import recipient_states
from tests.console.district import DIRECTOR, HIGH, MESSAGES, MIDDLE, OKAFOR, student_address
from tests.console.running_console import RunningConsole, submit_form


async def propose_release(console: RunningConsole, id_: str, who: str) -> None:
    """An account proposes to release a message."""
    async with console.signed_in(who) as browser:
        assert (await submit_form(browser, f"/messages/{id_}/release", reason="fine")).status_code == 303


async def can_agree(console: RunningConsole, id_: str, who: str) -> tuple[bool, str]:
    """Whether the page offers to agree, and the reason that the API gives if it does not."""
    async with console.signed_in(who) as browser, console.api_client(who) as program:
        page = await browser.get(f"/messages/{id_}")
        told = (await program.get(f"/api/v1/messages/{id_}/review")).json()["cannot_agree"]
    assert page.status_code == 200
    assert "proposes to release it" in page.text
    offered = "Agree: release" in page.text
    assert offered == (told == "")
    assert offered or told in page.text.replace("&#39;", "'")
    return offered, told


async def test_agreement_needs_a_copy_in_common(strict_world: RunningConsole) -> None:
    pairs = tuple(
        Pair(student_address(name), person, pupil, Direction.STAFF_TO_STUDENT)
        for name, person, pupil in (("maya.lindqvist", "s-06", "k-02"), ("nadia.petrakis", "s-11", "k-19"))
    )
    id_ = (await strict_world.add_message(replace(MESSAGES["both"], pairs=pairs))).id
    await propose_release(strict_world, id_, MIDDLE)
    offered, why = await can_agree(strict_world, id_, HIGH)
    assert not offered
    assert why.startswith("middle has proposed to release copies of another building")
    assert (await can_agree(strict_world, id_, DIRECTOR)) == (True, "")
    offered, why = await can_agree(strict_world, id_, MIDDLE)
    assert (offered, why) == (False, "You proposed it yourself: a second person has to agree.")
    async with strict_world.signed_in(HIGH) as high:
        assert "Disagree" in (await high.get(f"/messages/{id_}")).text
        refused = await submit_form(high, f"/messages/{id_}/release", reason="agreed")
    assert refused.status_code == 409
    assert "copies of another building" in refused.text


async def test_second_person_can_agree_on_shared_copies(strict_world: RunningConsole) -> None:
    await propose_release(strict_world, strict_world.id("both"), MIDDLE)
    assert (await can_agree(strict_world, strict_world.id("both"), HIGH)) == (True, "")


async def test_page_offers_no_agreement_to_the_same_person(strict_world: RunningConsole) -> None:
    for name in ("ruth", "ruth@riverbend.example"):
        user = User(name, AccountRole.TECHNOLOGY_DIRECTOR, person="s-14")
        await strict_world.store.accounts.add(user, "", AuditEntry(time.time(), "tests", "account added", name))
    async with strict_world.api_client("ruth") as program:
        path = f"/api/v1/messages/{strict_world.id('high')}/release"
        assert (await program.post(path, json={"reason": "fine"})).status_code == 202
    async with strict_world.api_client("ruth@riverbend.example") as program:
        told = (await program.get(f"/api/v1/messages/{strict_world.id('high')}/review")).json()
    assert told["cannot_agree"] == "You proposed it yourself: a second person has to agree."


async def test_proposal_of_a_disabled_account_lapses(strict_world: RunningConsole) -> None:
    """The next person has to propose it again, and the page says so."""
    await propose_release(strict_world, strict_world.id("high"), HIGH)
    await strict_world.store.accounts.disable(HIGH, AuditEntry(time.time(), "tests", "account disabled", HIGH))
    offered, why = await can_agree(strict_world, strict_world.id("high"), DIRECTOR)
    assert (offered, why) == (
        False, "high can no longer decide on this message: propose it yourself, and a second person agrees."
    )  # fmt: skip


async def test_no_proposal_no_reason(strict_world: RunningConsole) -> None:
    async with strict_world.api_client(HIGH) as program:
        told = (await program.get(f"/api/v1/messages/{strict_world.id('high')}/review")).json()
    assert told["cannot_agree"] is None


async def test_second_person_carries_out_the_decision(strict_world: RunningConsole) -> None:
    path = f"/api/v1/messages/{strict_world.id('high')}/release"
    async with strict_world.api_client(HIGH) as high, strict_world.api_client(DIRECTOR) as director:
        assert (await high.post(path, json={"reason": ""})).status_code == 422
        first = await high.post(path, json={"reason": "known to the parents"})
        assert (first.status_code, first.json()["waits_for"]) == (202, "a second person")
        assert (await high.post(path, json={"reason": "again"})).status_code == 202  # one is not two
        assert await recipient_states(strict_world, "high") == {State.HELD}
        assert (await director.post(path.replace("release", "reject"), json={"reason": "x"})).status_code == 409
        queue = (await director.get("/api/v1/held", params={"state": "second"})).json()["items"]
        assert [item["id"] for item in queue] == [strict_world.id("high")]
        second = await director.post(path, json={"reason": "so it is"})
        assert (second.status_code, second.json()["recipients"]) == (200, [student_address("maya.lindqvist")])
    acts = await strict_world.store.audit_trail.entries_about(strict_world.id("high"), 3)
    assert [entry.act for entry in acts] == ["released", "proposed", "decided"]
    assert acts[0].detail["reason"] == "high: known to the parents; so it is"
    assert await strict_world.store.claims.review_state(strict_world.id("high")) == (
        await strict_world.store.claims.review_state("nothing")
    )


async def test_second_person_can_disagree(strict_world: RunningConsole) -> None:
    id_ = strict_world.id("high")
    async with strict_world.signed_in(HIGH) as high, strict_world.signed_in(DIRECTOR) as director:
        answer = await submit_form(high, f"/messages/{id_}/release", reason="fine")
        assert "waits for a second person to agree" in (await high.get(answer.headers["location"])).text
        page = (await director.get(f"/messages/{id_}")).text
        assert "Agree: release" in page
        assert "high proposes to release" in (await director.get("/")).text
        assert (await submit_form(director, f"/messages/{id_}/withdraw")).status_code == 303
        assert (await submit_form(director, f"/messages/{id_}/withdraw")).status_code == 409
        assert (await submit_form(director, f"/messages/{id_}/reject", reason="no")).status_code == 303
        assert await recipient_states(strict_world, "high") == {State.HELD}
        assert (await submit_form(high, f"/messages/{id_}/reject")).status_code == 303
    assert await recipient_states(strict_world, "high") == {State.REJECTED}


async def test_two_accounts_of_one_person_count_as_one(strict_world: RunningConsole) -> None:
    """A director has a local account and one of the district's sign-in service."""
    for name in ("ruth", "ruth@riverbend.example"):
        user = User(name, AccountRole.TECHNOLOGY_DIRECTOR, person="s-14")
        await strict_world.store.accounts.add(user, "", AuditEntry(time.time(), "tests", "account added", name))
    path = f"/api/v1/messages/{strict_world.id('high')}/release"
    async with strict_world.api_client("ruth") as one, strict_world.api_client("ruth@riverbend.example") as same:
        for program in (one, same, one):
            assert (await program.post(path, json={"reason": "fine"})).status_code == 202
        assert await recipient_states(strict_world, "high") == {State.HELD}
    async with strict_world.api_client(HIGH) as high:
        assert (await high.post(path, json={"reason": "so it is"})).status_code == 200


async def test_disabled_account_is_no_second_person(strict_world: RunningConsole) -> None:
    """Its proposal lapses: the next person proposes again."""
    path = f"/api/v1/messages/{strict_world.id('high')}/release"
    async with strict_world.api_client(HIGH) as high, strict_world.api_client(DIRECTOR) as director:
        assert (await high.post(path, json={"reason": "fine"})).status_code == 202
        await strict_world.store.accounts.disable(HIGH, AuditEntry(time.time(), "tests", "account disabled", HIGH))
        assert (await director.post(path, json={"reason": "fine"})).status_code == 202
        assert await recipient_states(strict_world, "high") == {State.HELD}
    async with strict_world.api_client(OKAFOR) as okafor:
        assert (await okafor.post(path, json={"reason": "so it is"})).status_code == 200
    assert (await strict_world.store.audit_trail.entries_about(strict_world.id("high"), 1))[0].detail[
        "reason"
    ] == "director: fine; so it is"


async def test_agreement_covers_only_copies_that_both_may_decide(strict_world: RunningConsole) -> None:
    """There is a copy for each building. The first person sees one of them, the second sees both."""
    path = f"/api/v1/messages/{strict_world.id('both')}/release"
    async with strict_world.api_client(MIDDLE) as middle, strict_world.api_client(HIGH) as high:
        assert (await middle.post(path, json={"reason": "fine"})).status_code == 202
        second = await high.post(path, json={"reason": "so it is"})
        assert (second.status_code, second.json()["recipients"]) == (200, [student_address("nadia.petrakis")])
        assert (await high.post(path, json={"reason": "this one as well"})).status_code == 202
        (trace,) = await strict_world.store.lookups.trace(id=strict_world.id("both"))
        assert {recipient.address for recipient in trace.recipients if recipient.state == "held"} == {
            student_address("maya.lindqvist")
        }


async def test_people_without_a_copy_in_common_cannot_agree(strict_world: RunningConsole) -> None:
    pairs = tuple(
        Pair(student_address(name), person, pupil, Direction.STAFF_TO_STUDENT)
        for name, person, pupil in (("maya.lindqvist", "s-06", "k-02"), ("nadia.petrakis", "s-11", "k-19"))
    )
    id_ = (await strict_world.add_message(replace(MESSAGES["both"], pairs=pairs))).id
    path = f"/api/v1/messages/{id_}/release"
    async with (
        strict_world.api_client(MIDDLE) as middle,
        strict_world.api_client(HIGH) as high,
        strict_world.api_client(DIRECTOR) as director,
    ):
        assert (await middle.post(path, json={"reason": "fine"})).status_code == 202
        refused = await high.post(path, json={"reason": "so it is"})
        assert (refused.status_code, "another building" in refused.text) == (409, True)
        done = await director.post(path, json={"reason": "so it is"})
        assert (done.status_code, done.json()["recipients"]) == (200, [student_address("nadia.petrakis")])
        assert (await high.post(path, json={"reason": "so it is"})).status_code == 202
