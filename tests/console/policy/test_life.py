"""The life of the policy in pages and API: check, publish, propose and agree, simulate."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from gateway.console.config import PolicyRules
from gateway.console.policy.life import PolicyLifeService
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import AccountRole, User
from gateway.core.policy_versions.version import LEAD, PolicyProposal, PolicySimulation, PublishedPolicy
from gateway.policies import SHIPPED, hash_of
from gateway.stages.policy_versions.simulations import PolicySimulations, SimulationFailed, SimulationProgress
from gateway.stages.wakeup import Wakeup
from tests.console.district import DIRECTOR, HIGH
from tests.console.running_console import RunningConsole, submit_form

SHIPPED_TEXT = SHIPPED.read_text("utf-8")
CHANGED = SHIPPED_TEXT.replace("alert = 0.5", "alert = 0.45")
WORDS = "Calls for help</strong>: alert 0.45, was 0.50"
ANN, BOB = (User(name, AccountRole.TECHNOLOGY_DIRECTOR) for name in (DIRECTOR, "bob"))


def _life(console: RunningConsole, people: int = 2) -> PolicyLifeService:
    store, services = console.store, console.services()
    return PolicyLifeService(
        services.authorization, console.people, store.clock, store.accounts, store.policy_versions,
        store.policy_proposals, store.policy_simulations, PolicyRules(people=people),
    )  # fmt: skip


async def _acts(console: RunningConsole) -> list[str]:
    await console.store.audit.link(10_000)
    rows = await console.store.audit.rows(0, 10_000)
    return [row.entry.act for row in rows if row.entry.act.startswith("policy ")]


async def test_director_checks_and_publishes_in_pages(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        assert "quoted_weight" in (await browser.get("/policies/edit")).text
        part = (await submit_form(browser, "/policies/check", policy=CHANGED.replace("\n", "\r\n"))).text
        assert WORDS in part
        assert "<html" not in part
        wrong = await submit_form(
            browser, "/policies/edit", policy=CHANGED.replace('due = "4h"', "due = 4", 1), do="publish", note="n"
        )
        assert wrong.status_code == 422
        assert "Line 3" in wrong.text
        assert "a duration such as" in wrong.text
        published = await submit_form(browser, "/policies/edit", policy=CHANGED, do="publish", base="1", note="A try")
        assert published.headers["location"] == "/policies/versions/2"
        page = (await browser.get("/policies/versions/2")).text
        assert WORDS in page
        assert "In force within seconds" in page
        again = await submit_form(browser, "/policies/edit", policy=SHIPPED_TEXT, do="publish", base="1")
        assert again.status_code == 409  # version 2 came in between
    (newest, first) = await console.store.policy_versions.periods()
    assert (newest.author, newest.note, newest.hash) == (DIRECTOR, "A try", hash_of(CHANGED))
    assert first.until == newest.since
    assert await _acts(console) == ["policy published"]
    async with console.signed_in(HIGH) as browser:
        for path in ("/policies", "/policies/edit", "/policies/versions/1"):
            assert (await browser.get(path)).status_code == 403


async def test_api_publishes_and_lists(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as program:
        check = (await program.post("/api/v1/policies/check", json={"policy": CHANGED})).json()
        assert (check["usable"], check["base"], check["notes"]) == (True, 1, [])
        assert [row["key"] for row in check["changes"]] == ["help.alert"]
        wrong = await program.post(
            "/api/v1/policies", json={"policy": CHANGED.replace(", hold = 0.5 }", ", hold = 5 }", 1)}
        )
        assert wrong.status_code == 422
        assert wrong.json()["key"].endswith(".hold")
        assert wrong.json()["line"] > 0
        done = await program.post("/api/v1/policies", json={"policy": CHANGED, "note": "A try", "base": 1})
        assert (done.status_code, done.json()["state"], done.json()["version"]["version"]) == (201, "published", 2)
        assert (await program.post("/api/v1/policies", json={"policy": CHANGED})).status_code == 409
        console.clock.ahead += LEAD
        page = (await program.get("/api/v1/policies", params={"limit": 1})).json()
        assert [(row["version"], row["in_force"], row["author"]) for row in page["items"]] == [(2, True, DIRECTOR)]
        page = (await program.get("/api/v1/policies", params={"cursor": page["next"]})).json()
        assert [(row["version"], row["in_force"]) for row in page["items"]] == [(1, False)]
        assert page["next"] is None
        assert (await program.get("/api/v1/policies/2")).json()["policy"] == CHANGED


async def test_two_people_publish(console: RunningConsole) -> None:
    life = _life(console)
    proposal = await life.submit(ANN, CHANGED, "A try", 1)
    assert isinstance(proposal, PolicyProposal)
    assert await console.store.policy_versions.mark() == 1
    with pytest.raises(Problem) as own:
        await life.agree(ANN, proposal.id, 1)
    assert "another technology director" in own.value.detail
    with pytest.raises(Problem):
        await life.agree(replace(BOB, role=AccountRole.BUILDING_ADMINISTRATOR), proposal.id, 1)
    version = await life.agree(BOB, proposal.id, 1)
    assert (version.period.author, version.period.seconded_by) == (DIRECTOR, "bob")
    with pytest.raises(Problem) as again:
        await life.agree(BOB, proposal.id, None)
    assert again.value.status == 409
    assert await _acts(console) == ["policy proposed", "policy seconded", "policy published"]


async def test_proposal_is_withdrawn_expires_or_is_overtaken(console: RunningConsole) -> None:
    life = _life(console)
    withdrawn, expired, overtaken = [await life.submit(ANN, f"{CHANGED}# {number}\n", "", None) for number in range(3)]
    assert isinstance(withdrawn, PolicyProposal)
    assert isinstance(expired, PolicyProposal)
    assert isinstance(overtaken, PolicyProposal)
    assert (await life.withdraw(BOB, withdrawn.id)).ended_by == "bob"
    published = await _life(console, people=1).submit(ANN, CHANGED, "", None)
    assert isinstance(published, PublishedPolicy)
    with pytest.raises(Problem) as changed:
        await life.agree(BOB, overtaken.id, 1)  # the page showed differences from version 1
    assert "Look at the differences again" in changed.value.detail
    console.clock.ahead += 8 * 86400
    for proposal in (withdrawn, expired):
        with pytest.raises(Problem) as ended:
            await life.agree(BOB, proposal.id, None)
        assert ended.value.status == 409
    assert await _acts(console) == ["policy proposed"] * 3 + ["policy proposal withdrawn", "policy published"]


async def test_simulation_runs_in_the_background_and_can_be_canceled(console: RunningConsole) -> None:
    side = {"actions": {"alert": 0, "hold": 1, "flag": 0, "release": 1}, "held_for": {"7a": 1}, "minutes": 2.0}
    counts = {"messages": 2, "left_out": 0, "more_held": 1, "fewer_held": 0, "changes": 0, "changed": []}
    result = json.dumps({**counts, "now": side, "then": side})

    async def simulate(simulation: PolicySimulation) -> AsyncGenerator[SimulationProgress, None]:
        if simulation.minutes == 1:
            raise SimulationFailed("the store does not answer")
        yield SimulationProgress(1, 2)
        while simulation.minutes == 3:  # until it is canceled
            await life.cancel(ANN, simulation.id)
            yield SimulationProgress(1, 2)
        yield SimulationProgress(2, 2, result)

    life, wakeup = _life(console), Wakeup()
    stage = PolicySimulations(console.store.policy_simulations, simulate, console.event_log)
    ids = []
    for minutes in (2.0, 1.0, 3.0):
        ids.append((await life.simulate(ANN, CHANGED, 7, minutes)).id)
        console.clock.ahead += 1
    async with console.signed_in(DIRECTOR) as browser:
        assert "<progress" in (await browser.get(f"/policies/simulations/{ids[0]}")).text
        while await stage.step(wakeup):
            pass
        pages = [(await browser.get(f"/policies/simulations/{id_}")).text for id_ in ids]
    assert "Minutes of review" in pages[0]
    assert "the store does not answer" in pages[1]
    assert "It was canceled" in pages[2]
