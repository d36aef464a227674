"""A district adds a clause: a table in its policy file and words in a lexicon are all that it takes."""

from __future__ import annotations

import time
from pathlib import Path

from classifiers.pipeline.classifier import load
from classifiers.pipeline.job import Job
from gateway.core.messages.message import Message
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action, AuditEntry
from gateway.core.policy.policy import Policy
from gateway.policies import SHIPPED, read
from gateway.stages.disposition import Disposition, unchanging
from gateway.stages.work import WorkEngine
from gateway.store import open_store
from tests.console.district import (
    DIRECTOR,
    PASSWORD_HASH,
    USERS,
    SampleMessage,
    build_message,
    roster,
    staff_address,
    student_address,
)
from tests.console.running_console import RunningConsole, running_console

CLAUSE = """
[clauses.10]
title = "Gambling"
text = "No bets, and no invitations to bet."
advice = "Leave bets out of messages to students."
due = "4h"
staff_to_student = { flag = 0.3, hold = 0.5 }
student_to_staff = { flag = 0.3, hold = 0.5 }
"""
LEXICON = """
[[cue]]
clause = "10"
cue = "bet"
floor = 0.9
en = ["(place|placing) (your|some) bets"]

[[cue]]
clause = "10"
cue = "odds"
floor = 0.4
en = ["the odds on (the game|saturday)"]
"""
BET = SampleMessage(
    staff_address("peter.lindgren"),
    (student_address("maya.lindqvist"),),
    "Saturday",
    "Homework is due. Place your bets.\n",
)
ODDS = SampleMessage(
    student_address("maya.lindqvist"), (staff_address("peter.lindgren"),), "Game", "What are the odds on the game?\n"
)


def own_policy(folder: Path) -> Policy:
    """The shipped policy with one more clause."""
    file = folder / "policy.toml"
    file.write_text(SHIPPED.read_text(encoding="utf-8") + CLAUSE, encoding="utf-8")
    return read(file, {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG})


def classify(folder: Path, messages: list[Message]) -> list[Verdict]:
    """What the shipped model says with one more lexicon."""
    (folder / "lexicons").mkdir()
    (folder / "lexicons" / "gambling.toml").write_text(LEXICON, encoding="utf-8")
    jobs = [
        Job(message.id, message.sha256, message.channel, message.relation.pairs[0].direction, message.content)
        for message in messages
    ]
    return load("", str(folder / "lexicons")).classify(jobs)


async def decided(console: RunningConsole, policy: Policy, verdicts: list[Verdict]) -> None:
    store = console.store
    stage = Disposition(
        store.dispositions, store.outbox, store.clock, store.work_failures,
        WorkEngine(store.work_failures, console.event_log), policy=unchanging(policy), shadow=False,
        verdict_timeout=60.0,
    )  # fmt: skip
    await stage.decide(verdicts)


async def test_own_clause_is_held_flagged_counted_and_shown(tmp_path: Path) -> None:
    policy, people, now = own_policy(tmp_path), roster(), time.time()
    messages = [build_message(said, now, people) for said in (BET, ODDS)]
    verdicts = classify(tmp_path, messages)
    assert [verdict.score("10") for verdict in verdicts] == [0.9, 0.4]
    url = f"sqlite:///{tmp_path / 'store.db'}"
    async with open_store(url) as store:
        await store.accounts.add(USERS[DIRECTOR], PASSWORD_HASH, AuditEntry(now, "tests", "account added", DIRECTOR))
        for message in messages:
            await store.intake.accept(message)
    async with running_console(
        url, {"bet": messages[0], "odds": messages[1]}, people=people, in_force=lambda: policy
    ) as console:
        await decided(console, policy, verdicts)
        counted = console.event_log.registry.get_sample_value
        assert counted("chaperone_findings_total", {"clause": "10"}) == 2.0
        assert counted("chaperone_decisions_total", {"action": "hold", "channel": "mail"}) == 1.0
        assert counted("chaperone_decisions_total", {"action": "flag", "channel": "mail"}) == 1.0
        async with console.api_client(DIRECTOR) as client:
            (held,) = (await client.get("/api/v1/held")).json()["items"]
            assert (held["id"], held["clauses"]) == (console.id("bet"), ["10"])
            (flagged,) = (await client.get("/api/v1/delivered")).json()["items"]
            assert (flagged["id"], flagged["clauses"]) == (console.id("odds"), ["10"])
        async with console.signed_in(DIRECTOR) as browser:
            assert "Gambling" in (await browser.get("/")).text
            page = (await browser.get(f"/messages/{console.id('bet')}")).text
            assert "No bets, and no invitations to bet." in page
            assert "Place your bets<sup>10</sup>" in page
            assert "Gambling" in (await browser.get("/delivered")).text
        async with console.anonymous() as anybody:
            assert "No bets, and no invitations to bet." in (await anybody.get("/policy")).text
