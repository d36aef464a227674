"""Reasons that the policy asks for short of a decision: to hold a message longer, and to give it from hand to hand."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import httpx
from pytest_asyncio import fixture as async_fixture

from gateway.core.messages.message import Message
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import ClauseReviewRules
from tests.console.district import DIRECTOR, HIGH, policy
from tests.console.world import World, form_of, opened


def in_writing() -> Policy:
    """The shipped policy, with a reason for whatever keeps a message of clause 7a from its decision."""
    shipped = policy()
    rules = ClauseReviewRules(reason=frozenset({"hold", "assign"}))
    return replace(shipped, clauses={**shipped.clauses, "7a": replace(shipped.clauses["7a"], review_rules=rules)})


@async_fixture(loop_scope="session")
async def asking(made_house: tuple[Path, Mapping[str, Message]], tmp_path: Path) -> AsyncIterator[World]:
    """A console with such a policy."""
    file, messages = made_house
    async with opened(f"sqlite:///{shutil.copy(file, tmp_path)}", messages, in_force=in_writing) as running:
        yield running


def misses_a_reason(answer: httpx.Response) -> bool:
    """Whether an answer of the API says that a reason is missing, and that the policy wants it."""
    told = answer.json()
    return (answer.status_code, answer.headers["content-type"], told.get("missing")) == (
        422, "application/problem+json", ["reason"]
    ) and "policy asks for a reason" in told["detail"]  # fmt: skip


async def test_a_program_says_why_it_holds_longer_and_gives_on(asking: World) -> None:
    path = f"/api/v1/messages/{asking.id('high')}"
    async with asking.program(HIGH) as high, asking.program(DIRECTOR) as director:
        needs = (await high.get(f"{path}/review")).json()["needs"]
        assert {deed for deed, asked in needs.items() if asked["reason"]} == {"discard", "hold", "assign"}
        assert misses_a_reason(await high.post(f"{path}/hold", json={"for": "1d"}))
        assert misses_a_reason(await high.post(f"{path}/hold", json={"for": "1d", "reason": " \n"}))
        assert (await high.post(f"{path}/hold", json={"for": "1d", "reason": "the parents come"})).status_code == 200
        assert (await high.post(f"{path}/assign", json={"to": HIGH})).status_code == 200  # nobody had it
        assert misses_a_reason(await high.post(f"{path}/assign", json={"to": DIRECTOR}))
        assert misses_a_reason(await director.post(f"{path}/assign", json={"to": DIRECTOR}))
        assert misses_a_reason(await director.post(f"{path}/assign", json={"to": ""}))
        why = {"to": DIRECTOR, "reason": "I know the family"}
        assert (await high.post(f"{path}/assign", json=why)).status_code == 200
        assert (await director.post(f"{path}/assign", json={"to": ""})).status_code == 200  # given back by who had it
        assert misses_a_reason(await high.post(f"{path}/discard", json={"reason": ""}))
        assert (await high.post(f"{path}/release", json={"reason": ""})).status_code == 200
    told = {
        each.act: each.detail.get("reason")
        for each in await asking.store.audit_trail.changes_about(asking.id("high"), 50)
    }
    assert (told["held longer"], told["assigned"]) == ("the parents come", "I know the family")


async def test_what_another_just_took_is_not_taken_over_without_a_word(asking: World) -> None:
    """Also where it was free when the program looked."""
    path = f"/api/v1/messages/{asking.id('high')}/assign"
    async with asking.program(HIGH) as high, asking.program(DIRECTOR) as director:
        assert (await high.post(path, json={"to": HIGH})).status_code == 200
        late = await director.post(path, json={"to": DIRECTOR, "instead_of": ""})
        assert misses_a_reason(late) or late.status_code == 409
    handled = await asking.store.claims.review_state(asking.id("high"))
    assert handled.assignment is not None
    assert handled.assignment.user == HIGH


async def test_a_message_of_another_clause_needs_none(asking: World) -> None:
    async with asking.program(HIGH) as high:
        for name in ("high", "text"):
            told = (await high.get(f"/api/v1/messages/{asking.id(name)}/review")).json()["needs"]
            assert told["hold"]["reason"]
    async with asking.program(DIRECTOR) as director:
        told = (await director.get(f"/api/v1/messages/{asking.id('flag')}/review")).json()["needs"]
        assert not told["hold"]["reason"]


async def test_the_page_asks_why(asking: World) -> None:
    path = f"/messages/{asking.id('high')}"
    async with asking.signed_in(HIGH) as high, asking.signed_in(DIRECTOR) as director:
        page = await high.get(path)
        assert 'id="longer-reason" name="reason" maxlength="2000" autocomplete="off" required' in page.text
        assert 'id="giving-reason" name="reason" maxlength="2000" autocomplete="off" required' in page.text
        assert "required by the policy" in page.text
        form = form_of(page)
        refused = await high.post(f"{path}/hold", data={"form": form, "for": "1d", "reason": ""})
        assert refused.status_code == 422
        assert "say why in a few words" in refused.text
        assert (await high.post(f"{path}/assign", data={"form": form, "to": "me"})).status_code == 303
        page = await director.get(path)
        assert f"Take it over from {HIGH}" in page.text
        assert 'id="over-reason" name="reason"' in page.text
        sent = {"form": form_of(page), "to": "me", "instead_of": HIGH}
        assert (await director.post(f"{path}/assign", data=sent)).status_code == 422
        assert (await director.post(f"{path}/assign", data={**sent, "reason": "he is ill"})).status_code == 303
        assert "he is ill" in (await director.get(path)).text
