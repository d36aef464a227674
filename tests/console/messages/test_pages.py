"""The page of a message: whose information was found, and which words call for help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.core.messages.message import Message
from gateway.core.messages.verdict import Finding
from gateway.core.policy.decision import PendingMessage, Transition
from gateway.core.policy.transitions import by_verdict
from tests.console.district import (
    AUDITOR,
    DIRECTOR,
    SampleMessage,
    add_message,
    build_message,
    build_verdict,
    policy,
    staff_address,
    student_address,
)
from tests.console.messages.test_mask_names import masked_world  # noqa: F401 - the fixture
from tests.console.running_console import RunningConsole, form_secret

NEWS = SampleMessage(
    staff_address("peter.lindgren"),
    (student_address("maya.lindqvist"),),
    "Some news",
    "Ngozi has an IEP.\n",
    (("8", 0.9, "IEP"),),
)
CALL = SampleMessage(
    student_address("maya.lindqvist"), (staff_address("peter.lindgren"),), "Hi", "He hits me when he drinks.\n",
    (("help", 0.97, "hits me"),), help=0.97,
)  # fmt: skip


async def put(console: RunningConsole, said: SampleMessage, *, about: str = "", cue: str = "") -> Message:
    """A message with findings of a cue, or about a person."""
    message = build_message(said, console.clock(), console.people)
    verdict = build_verdict(said, message)
    found: Sequence[Finding] = [replace(finding, about=about, cue=cue) for finding in verdict.findings]
    verdict = replace(verdict, findings=tuple(found))
    await console.store.intake.accept(message)

    def rule(pending: PendingMessage) -> Transition:
        return by_verdict(
            pending, verdict, policy(), message.received_at, relationships=console.people.relationships_to
        )

    await console.store.dispositions.apply([(message.id, rule)])
    return message


async def test_page_names_whose_information_it_is(console: RunningConsole) -> None:
    id_ = (await put(console, NEWS, about="k-03", cue="records")).id
    async with console.signed_in(DIRECTOR) as browser:
        page = (await browser.get(f"/messages/{id_}")).text
        assert "About <bdi>Ngozi Okafor</bdi>" in page
        assert "may know this" not in page
    async with console.api_client(DIRECTOR) as program:
        (found,) = (await program.get(f"/api/v1/messages/{id_}/content")).json()["findings"]
        assert found["about"] == "Ngozi Okafor"
        told = (await program.get("/api/v1/trace", params={"id": id_})).text
        assert "k-03" not in told
        assert "Ngozi" not in told


async def test_page_says_if_recipients_may_have_the_information(console: RunningConsole) -> None:
    id_ = (await put(console, NEWS, about="k-02", cue="records")).id
    async with console.signed_in(DIRECTOR) as browser:
        page = (await browser.get(f"/messages/{id_}")).text
        assert "About <bdi>Maya Lindqvist</bdi>" in page
        assert "everybody who gets the message may know this" in page
        assert "Weak signs" in page


async def test_hidden_names_hide_this_one_too(masked_world: RunningConsole) -> None:  # noqa: F811 - the fixture
    id_ = (await put(masked_world, NEWS, about="k-03", cue="records")).id
    async with masked_world.signed_in(DIRECTOR) as browser:
        page = (await browser.get(f"/messages/{id_}")).text
        assert "About <bdi>Student B</bdi>" in page
        assert "Ngozi" not in page
    async with masked_world.api_client(DIRECTOR) as program:
        answer = (await program.get(f"/api/v1/messages/{id_}/content")).text
        assert "Student B" in answer
        assert "Ngozi" not in answer


async def test_help_alert_shows_its_kind_and_marks_its_words(console: RunningConsole) -> None:
    id_ = (await put(console, CALL, cue="self_harm")).id
    async with console.signed_in(DIRECTOR) as browser:
        page = (await browser.get(f"/messages/{id_}")).text
        assert 'tabindex="-1" title="help: self harm, 97 % sure">hits me<sup>help</sup></mark>' in page
        assert "A student asks for help" in page
        assert "(self harm)" in page
        assert "Weak signs" not in page
        listed = (await browser.get("/help")).text
        assert '<span class="pill">self harm</span>' in listed
        assert "hits me" not in listed
    async with console.api_client(DIRECTOR) as program:
        calls = {item["id"]: item["kinds"] for item in (await program.get("/api/v1/help")).json()["items"]}
        assert calls[id_] == ["self_harm"]


async def test_help_alert_can_be_judged(console: RunningConsole) -> None:
    id_, other = (await put(console, CALL)).id, console.id("high")
    async with console.signed_in(DIRECTOR) as browser:
        form = form_secret(await browser.get(f"/messages/{id_}"))
        for was, status in (("right", 303), ("wrong", 303), ("perhaps", 422)):
            answer = await browser.post(f"/messages/{id_}/call", data={"form": form, "was": was})
            assert answer.status_code == status, was
        assert "Marked as no call for help by director" in (await browser.get(f"/messages/{id_}")).text
        assert (await browser.post(f"/messages/{other}/call", data={"form": form, "was": "right"})).status_code == 409
    assert list(await console.store.help_alerts.judgments("", 9)) == [(id_, False)]
    async with console.api_client(DIRECTOR) as program:
        assert (await program.post(f"/api/v1/messages/{id_}/call", json={"right": True})).status_code == 200
    assert list(await console.store.help_alerts.judgments("", 9)) == [(id_, True)]
    assert list(await console.store.help_alerts.judgments(id_, 9)) == []
    async with console.api_client(AUDITOR) as program:
        assert (await program.post(f"/api/v1/messages/{id_}/call", json={"right": True})).status_code == 403


async def test_page_tells_what_counters_say(console: RunningConsole) -> None:
    note = SampleMessage(
        staff_address("peter.lindgren"), (student_address("sadie.kowalczyk"),), "Practice", "Practice is at four.\n"
    )
    start = console.clock() - 3600
    for minute in range(26):
        message = await add_message(console.store, note, start + 60 * minute, console.people, policy())
    async with console.signed_in(DIRECTOR) as browser:
        page = (await browser.get(f"/messages/{message.id}")).text
    assert "Contact over time" in page
    assert "26th one-to-one message in 24 hours, last at " in page
