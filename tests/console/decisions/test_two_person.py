"""Who is offered to agree: a second person with a copy in common, and nobody else; the page says why not."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

from pytest_asyncio import fixture as async_fixture

from gateway.core.accounts.account import AccountRole, User
from gateway.core.messages.message import Message
from gateway.core.messages.parties import Direction, Pair
from gateway.core.policy.decision import AuditEntry
from tests.console.decisions.test_service import two_people
from tests.console.district import DIRECTOR, HIGH, MIDDLE, SAID, student
from tests.console.world import World, opened, send


@async_fixture(loop_scope="session")
async def strict(made_house: tuple[Path, Mapping[str, Message]], tmp_path: Path) -> AsyncIterator[World]:
    """A console whose policy wants two people for clause 7a."""
    file, messages = made_house
    async with opened(f"sqlite:///{shutil.copy(file, tmp_path)}", messages, in_force=two_people) as running:
        yield running


async def proposed(world: World, id_: str, who: str) -> None:
    """Somebody proposes to release a message."""
    async with world.signed_in(who) as browser:
        assert (await send(browser, f"/messages/{id_}/release", reason="fine")).status_code == 303


async def shown(world: World, id_: str, who: str) -> tuple[bool, str]:
    """Whether the page offers to agree; and what the API says why not."""
    async with world.signed_in(who) as browser, world.program(who) as program:
        page = await browser.get(f"/messages/{id_}")
        told = (await program.get(f"/api/v1/messages/{id_}/review")).json()["cannot_agree"]
    assert page.status_code == 200
    assert "proposes to release it" in page.text
    offered = "Agree: release" in page.text
    assert offered == (told == "")
    assert offered or told in page.text.replace("&#39;", "'")
    return offered, told


async def test_only_who_has_a_copy_in_common_is_offered_to_agree(strict: World) -> None:
    pairs = tuple(
        Pair(student(name), person, pupil, Direction.STAFF_TO_STUDENT)
        for name, person, pupil in (("maya.lindqvist", "s-06", "k-02"), ("nadia.petrakis", "s-11", "k-19"))
    )
    id_ = (await strict.put(replace(SAID["both"], pairs=pairs))).id
    await proposed(strict, id_, MIDDLE)
    offered, why = await shown(strict, id_, HIGH)
    assert not offered
    assert why.startswith("middle has proposed to release copies of another building")
    assert (await shown(strict, id_, DIRECTOR)) == (True, "")
    offered, why = await shown(strict, id_, MIDDLE)
    assert (offered, why) == (False, "You proposed it yourself: a second person has to agree.")
    async with strict.signed_in(HIGH) as high:
        assert "Disagree" in (await high.get(f"/messages/{id_}")).text
        refused = await send(high, f"/messages/{id_}/release", reason="agreed")
    assert refused.status_code == 409
    assert "copies of another building" in refused.text


async def test_where_copies_are_shared_a_second_one_agrees(strict: World) -> None:
    await proposed(strict, strict.id("both"), MIDDLE)
    assert (await shown(strict, strict.id("both"), HIGH)) == (True, "")


async def test_two_accounts_of_one_person_are_not_offered_to_agree(strict: World) -> None:
    for name in ("ruth", "ruth@riverbend.example"):
        user = User(name, AccountRole.TECHNOLOGY_DIRECTOR, person="s-14")
        await strict.store.accounts.add(user, "", AuditEntry(time.time(), "tests", "account added", name))
    async with strict.program("ruth") as program:
        path = f"/api/v1/messages/{strict.id('high')}/release"
        assert (await program.post(path, json={"reason": "fine"})).status_code == 202
    async with strict.program("ruth@riverbend.example") as program:
        told = (await program.get(f"/api/v1/messages/{strict.id('high')}/review")).json()
    assert told["cannot_agree"] == "You proposed it yourself: a second person has to agree."


async def test_with_who_decides_no_more_nobody_agrees(strict: World) -> None:
    """Their proposal counts no more: the next one begins anew, and is told so before."""
    await proposed(strict, strict.id("high"), HIGH)
    await strict.store.accounts.disable(HIGH, AuditEntry(time.time(), "tests", "account disabled", HIGH))
    offered, why = await shown(strict, strict.id("high"), DIRECTOR)
    assert (offered, why) == (
        False, "high can no longer decide on this message: propose it yourself, and a second person agrees."
    )  # fmt: skip


async def test_without_a_proposal_nothing_is_said(strict: World) -> None:
    async with strict.program(HIGH) as program:
        told = (await program.get(f"/api/v1/messages/{strict.id('high')}/review")).json()
    assert told["cannot_agree"] is None
