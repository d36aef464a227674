"""Claims, comments and due times of held messages, and the reasons that the policy requires for them."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import httpx
from pytest_asyncio import fixture as async_fixture

from gateway.core.messages.message import Message
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import ClauseReviewRules
from gateway.core.serialization.json_fields import from_rfc3339
from tests.console.district import DIRECTOR, HIGH, MIDDLE, OKAFOR, SECURITY, policy
from tests.console.running_console import RunningConsole, form_secret, running_console, submit_form


def reasons_policy() -> Policy:
    """The shipped policy; clause 7a requires a reason to hold a message longer or to assign it."""
    shipped = policy()
    rules = ClauseReviewRules(reason=frozenset({"hold", "assign"}))
    return replace(shipped, clauses={**shipped.clauses, "7a": replace(shipped.clauses["7a"], review_rules=rules)})


@async_fixture(loop_scope="session")
async def reasons_world(
    sqlite_district: tuple[Path, Mapping[str, Message]], tmp_path: Path
) -> AsyncIterator[RunningConsole]:
    """A console with this policy."""
    file, messages = sqlite_district
    async with running_console(
        f"sqlite:///{shutil.copy(file, tmp_path)}", messages, in_force=reasons_policy
    ) as running:
        yield running


def reason_is_missing(answer: httpx.Response) -> bool:
    """Whether an answer of the API says that the policy requires a reason."""
    told = answer.json()
    return (answer.status_code, answer.headers["content-type"], told.get("missing")) == (
        422, "application/problem+json", ["reason"]
    ) and "policy asks for a reason" in told["detail"]  # fmt: skip


async def test_api_requires_reasons_to_hold_longer_and_to_assign(reasons_world: RunningConsole) -> None:
    path = f"/api/v1/messages/{reasons_world.id('high')}"
    async with reasons_world.api_client(HIGH) as high, reasons_world.api_client(DIRECTOR) as director:
        needs = (await high.get(f"{path}/review")).json()["needs"]
        assert {deed for deed, asked in needs.items() if asked["reason"]} == {"discard", "hold", "assign"}
        assert reason_is_missing(await high.post(f"{path}/hold", json={"for": "1d"}))
        assert reason_is_missing(await high.post(f"{path}/hold", json={"for": "1d", "reason": " \n"}))
        assert (await high.post(f"{path}/hold", json={"for": "1d", "reason": "the parents come"})).status_code == 200
        assert (await high.post(f"{path}/assign", json={"to": HIGH})).status_code == 200  # it was free
        assert reason_is_missing(await high.post(f"{path}/assign", json={"to": DIRECTOR}))
        assert reason_is_missing(await director.post(f"{path}/assign", json={"to": DIRECTOR}))
        assert reason_is_missing(await director.post(f"{path}/assign", json={"to": ""}))
        why = {"to": DIRECTOR, "reason": "I know the family"}
        assert (await high.post(f"{path}/assign", json=why)).status_code == 200
        assert (await director.post(f"{path}/assign", json={"to": ""})).status_code == 200  # given back by its holder
        assert reason_is_missing(await high.post(f"{path}/discard", json={"reason": ""}))
        assert (await high.post(f"{path}/release", json={"reason": ""})).status_code == 200
    told = {
        entry.act: entry.detail.get("reason")
        for entry in await reasons_world.store.audit_trail.changes_about(reasons_world.id("high"), 50)
    }
    assert (told["held longer"], told["assigned"]) == ("the parents come", "I know the family")


async def test_message_that_was_just_claimed_is_not_taken_over(reasons_world: RunningConsole) -> None:
    """Even if it was free when the program read it."""
    path = f"/api/v1/messages/{reasons_world.id('high')}/assign"
    async with reasons_world.api_client(HIGH) as high, reasons_world.api_client(DIRECTOR) as director:
        assert (await high.post(path, json={"to": HIGH})).status_code == 200
        late = await director.post(path, json={"to": DIRECTOR, "instead_of": ""})
        assert reason_is_missing(late) or late.status_code == 409
    handled = await reasons_world.store.claims.review_state(reasons_world.id("high"))
    assert handled.assignment is not None
    assert handled.assignment.user == HIGH


async def test_other_clauses_need_no_reason(reasons_world: RunningConsole) -> None:
    async with reasons_world.api_client(HIGH) as high:
        for name in ("high", "text"):
            told = (await high.get(f"/api/v1/messages/{reasons_world.id(name)}/review")).json()["needs"]
            assert told["hold"]["reason"]
    async with reasons_world.api_client(DIRECTOR) as director:
        told = (await director.get(f"/api/v1/messages/{reasons_world.id('flag')}/review")).json()["needs"]
        assert not told["hold"]["reason"]


async def test_page_asks_for_the_reason(reasons_world: RunningConsole) -> None:
    path = f"/messages/{reasons_world.id('high')}"
    async with reasons_world.signed_in(HIGH) as high, reasons_world.signed_in(DIRECTOR) as director:
        page = await high.get(path)
        assert 'id="longer-reason" name="reason" maxlength="2000" autocomplete="off" required' in page.text
        assert 'id="giving-reason" name="reason" maxlength="2000" autocomplete="off" required' in page.text
        assert "required by the policy" in page.text
        form = form_secret(page)
        refused = await high.post(f"{path}/hold", data={"form": form, "for": "1d", "reason": ""})
        assert refused.status_code == 422
        assert "say why in a few words" in refused.text
        assert (await high.post(f"{path}/assign", data={"form": form, "to": "me"})).status_code == 303
        page = await director.get(path)
        assert f"Take it over from {HIGH}" in page.text
        assert 'id="over-reason" name="reason"' in page.text
        sent = {"form": form_secret(page), "to": "me", "instead_of": HIGH}
        assert (await director.post(f"{path}/assign", data=sent)).status_code == 422
        assert (await director.post(f"{path}/assign", data={**sent, "reason": "he is ill"})).status_code == 303
        assert "he is ill" in (await director.get(path)).text


async def test_message_is_claimed_assigned_and_given_back(console: RunningConsole) -> None:
    path, id_ = f"/messages/{console.id('high')}/assign", console.id("high")
    async with console.signed_in(HIGH) as high, console.signed_in(DIRECTOR) as director:
        assert (await submit_form(high, path, to="me")).status_code == 303
        assert "high has it" in (await director.get("/")).text
        assert "yours" in (await high.get("/?state=mine")).text
        assert (await submit_form(director, path, to="me")).status_code == 409  # the form says that it was free
        assert (await submit_form(director, path, to="me", instead_of=HIGH)).status_code == 303
        assert (
            await submit_form(director, path, to=MIDDLE, instead_of=DIRECTOR)
        ).status_code == 422  # not its building
        assert (await submit_form(director, path, to=HIGH, instead_of=DIRECTOR)).status_code == 303
        assert (await submit_form(high, path, to="", instead_of=HIGH)).status_code == 303
    acts = [
        (entry.act, entry.actor)
        for entry in reversed(await console.store.audit_trail.entries_about(id_, 20))
        if entry.act != "viewed"
    ]
    assert acts[1:] == [("taken", HIGH), ("taken", DIRECTOR), ("assigned", DIRECTOR), ("given back", HIGH)]


async def test_conflict_of_interest_prevents_claiming(console: RunningConsole) -> None:
    async with console.signed_in(OKAFOR) as teacher, console.signed_in(DIRECTOR) as director:
        for name in ("own", "child"):
            for deed in ("assign", "hold", "comments", "legal-hold", "discard"):
                answer = await submit_form(
                    teacher, f"/messages/{console.id(name)}/{deed}", to="me", text="x", reason="x", **{"for": "1d"}
                )
                assert answer.status_code == 403, (name, deed)
            assert (await submit_form(director, f"/messages/{console.id(name)}/assign", to=OKAFOR)).status_code == 422
            assert 'name="text"' not in (await teacher.get(f"/messages/{console.id(name)}")).text


async def test_comments_are_kept_and_shown(console: RunningConsole) -> None:
    path = f"/messages/{console.id('high')}"
    async with console.signed_in(HIGH) as high, console.signed_in(DIRECTOR) as director:
        assert (await submit_form(high, f"{path}/comments", text="Asked <b>him</b> about it")).status_code == 303
        assert (await submit_form(high, f"{path}/comments", text="  ")).status_code == 422
        assert "Asked &lt;b&gt;him&lt;/b&gt; about it" in (await director.get(path)).text
        history = (await director.get(path)).text
    assert "Comment by high" in re.sub(r"\s+", " ", history)


async def test_holding_longer_moves_the_due_time(console: RunningConsole) -> None:
    (before,) = [message for message in await console.store.lookups.held() if message.id == console.id("high")]
    async with console.signed_in(HIGH) as browser:
        path = f"/messages/{console.id('high')}/hold"
        assert (await submit_form(browser, path, **{"for": "1d"}, reason="a witness is away")).status_code == 303
        assert (await submit_form(browser, path, **{"for": "1y"})).status_code == 422
        assert "due in 23 hours" in (await browser.get("/")).text
    (after,) = [message for message in await console.store.lookups.held() if message.id == console.id("high")]
    assert after.due_at is not None
    assert before.due_at is not None
    assert 86400 - 60 < after.due_at - console.clock() <= 86400
    assert after.clauses == before.clauses
    async with console.api_client(DIRECTOR) as director:
        await director.post(f"/api/v1/messages/{console.id('high')}/release", json={"reason": ""})
    async with console.signed_in(HIGH) as browser:
        assert (await submit_form(browser, path, **{"for": "1d"})).status_code == 409


async def test_holding_longer_has_a_limit(console: RunningConsole) -> None:
    """By the policy two weeks after the message came. The audit log has the earlier due times."""
    id_ = console.id("high")
    path, call = f"/messages/{id_}/hold", f"/api/v1/messages/{id_}/hold"
    async with console.signed_in(HIGH) as browser, console.api_client(HIGH, lasts=None) as program:
        assert "due in" in (await browser.get(f"/messages/{id_}")).text
        assert (await submit_form(browser, path, **{"for": "7d"})).status_code == 303
        page = re.sub(r"\s+", " ", (await browser.get(f"/messages/{id_}")).text)
        assert "due in 6 days" in page
        assert "held longer once, last by high" in page
        console.clock.ahead += 6.9 * 86400
        assert (await program.post(call, json={"for": "7d"})).status_code == 200
        console.clock.ahead += 86400
        refused = await program.post(call, json={"for": "7d"})
        assert (refused.status_code, "at most" in refused.json()["detail"]) == (422, True)
        assert (await program.post(call, json={"for": "3d"})).status_code == 200
    async with console.signed_in(HIGH) as browser:
        page = (await browser.get(f"/messages/{id_}")).text
        assert '<option value="3d"' in page
        assert '<option value="7d"' not in page
        console.clock.ahead += 6.5 * 86400
    async with console.signed_in(HIGH) as browser, console.signed_in(SECURITY) as other:
        assert "cannot be held longer" in (await browser.get(f"/messages/{id_}")).text
        assert (await submit_form(browser, path, **{"for": "1h"})).status_code == 422
        assert ", due " in (await other.get(f"/messages/{id_}")).text
    acts = [entry for entry in await console.store.audit_trail.changes_about(id_, 50) if entry.act == "held longer"]
    for later, earlier in pairwise(acts):
        was, until = (from_rfc3339(str(item)) for item in (later.detail["was_due"], earlier.detail["until"]))
        assert abs(was - until) < 1
