"""Own messages of staff: what their pages show, what they refuse, and the link by mail that opens them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from email import message_from_bytes
from email import policy as mail_policy

import httpx
import pytest

from gateway.core.messages.delivery import State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import Message
from gateway.core.notices.sender_rules import with_sender_notices
from gateway.core.policy.decision import PendingMessage, Transition
from gateway.core.policy.transitions import by_verdict
from tests.console.district import (
    DIRECTOR,
    HIGH,
    LINDGREN,
    MESSAGES,
    OKAFOR,
    SampleMessage,
    build_message,
    build_verdict,
    policy,
    staff_address,
    student_address,
)
from tests.console.running_console import RunningConsole, form_secret

_FORBIDDEN = ("After practice", "just between us", ">7a", "liam.whitcomb", "tess.vandermeer")
_BULLYING = SampleMessage(
    staff_address("peter.lindgren"), (student_address("maya.lindqvist"),), "Your essay",
    "This essay is worthless, like everything that you hand in.\n", (("7e", 0.9, "worthless"),),
)  # fmt: skip


async def _reject(console: RunningConsole, message: Message, words: str = "") -> None:
    async with console.api_client(DIRECTOR) as program:
        answer = await program.post(
            f"/api/v1/messages/{message.id}/reject", json={"reason": "unkind", **({"notice": words} if words else {})}
        )
        assert answer.status_code == 200, answer.text


async def _rejected(console: RunningConsole, sample: SampleMessage = _BULLYING) -> Message:
    message = await console.add_message(sample)
    await _reject(console, message)
    return message


async def _submit(browser: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    return await browser.post(path, data={"form": form_secret(await browser.get("/mine")), **fields})


async def _followups(console: RunningConsole, kind: FollowupKind) -> Sequence[Followup]:
    claimed = await console.store.followups.claim_due(500, 60)
    return [item for item in claimed if isinstance(item, Followup) and item.kind is kind]


# the list


async def test_own_messages_show_where_they_are(console: RunningConsole) -> None:
    """What is held under a clause of which nobody is warned looks like what is being checked."""
    async with console.signed_in(LINDGREN) as browser:
        page = (await browser.get("/mine")).text
    assert "maya.lindqvist@students.riverbend.example" in page
    assert "being checked" in page
    assert "waits for an administrator" not in page
    for hidden in (*_FORBIDDEN, console.id("high")):
        assert hidden not in page
    (act, *_) = await console.store.audit_trail.entries_about(LINDGREN, 5)
    assert act.act == "own messages looked up"


async def test_a_message_that_may_be_told_of_waits_for_an_administrator(console: RunningConsole) -> None:
    await console.add_message(_BULLYING)
    async with console.signed_in(LINDGREN) as browser:
        page = (await browser.get("/mine")).text
        spanish = (await browser.get("/mine?lang=es")).text
    assert "waits for an administrator" in page
    assert "espera a un administrador" in spanish
    assert '<html lang="es">' in spanish


async def test_texts_from_own_number_are_listed(console: RunningConsole) -> None:
    """The number that the roster knows as theirs."""
    (number,) = [address for address in console.people.addresses_of("s-06") if address.startswith("+")][:1]
    message = await console.add_message(replace(MESSAGES["text"], sender=number))
    async with console.signed_in(LINDGREN) as browser:
        page = (await browser.get("/mine")).text
    assert message.envelope.recipients[0].address in page
    assert "dont tell" not in page


async def test_a_claimed_sender_is_not_the_author(console: RunningConsole) -> None:
    """Somebody wrote under their name from outside: its text is not theirs."""
    pair = replace(console.messages["high"].relation.pairs[0], claimed=True, recipient=_BULLYING.to[0])
    message = await _rejected(console, replace(_BULLYING, pairs=(pair,)))
    async with console.signed_in(LINDGREN) as browser:
        assert (await browser.get(f"/mine/message/{message.id}")).status_code == 404


# why, and what to do


async def test_a_rejected_message_says_why_and_takes_a_corrected_text(console: RunningConsole) -> None:
    message = await _rejected(console)
    async with console.signed_in(LINDGREN) as browser:
        page = (await browser.get("/mine")).text
        assert "Why it was not delivered" in page
        text = (await browser.get(f"/mine/message/{message.id}")).text
        assert "worthless" in text
        same = await _submit(browser, f"/mine/message/{message.id}/again", text=_BULLYING.text)
        assert same.status_code == 422
        sent = await _submit(
            browser, f"/mine/message/{message.id}/again", subject="Your essay\r\nBcc: x@evil.example",
            text="Please see me about your essay.\r\nBcc: y@evil.example",
        )  # fmt: skip
        assert sent.status_code == 303
        assert (await _submit(browser, f"/mine/message/{message.id}/again", text="again")).status_code == 409
        assert "You sent it again" in (await browser.get("/mine")).text
    (request,) = (await console.store.senders.of([message.id]))[message.id]
    detail = await console.store.lookups.detail(request.other)
    assert detail is not None
    mail = message_from_bytes(detail.content, policy=mail_policy.SMTP)
    assert (mail["From"], mail["To"]) == ("Peter Lindgren <peter.lindgren@riverbend.example>", _BULLYING.to[0])
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Your essay Bcc: x@evil.example"
    assert {copy.state for copy in detail.trace.recipients} == {State.RECEIVED}  # read and decided like any other
    assert detail.trace.relation.pairs[0].staff == "s-06"
    acts = [entry.act for entry in await console.store.audit_trail.entries_about(message.id, 20)]
    assert {"own message read", "own message sent again"} <= set(acts)


async def test_a_grave_message_is_not_sent_again(console: RunningConsole) -> None:
    message = await _rejected(console, MESSAGES["high"])
    async with console.signed_in(LINDGREN) as browser:
        answer = await _submit(browser, f"/mine/message/{message.id}/again", text="Something else.")
    assert answer.status_code == 409


async def test_another_look_is_asked_for_once_and_answered(console: RunningConsole) -> None:
    message = await _rejected(console)
    async with console.signed_in(LINDGREN) as browser, console.signed_in(HIGH) as reviewer:
        asked = await _submit(browser, f"/mine/message/{message.id}/look", words="It was meant as <b>help</b>.")
        assert asked.status_code == 303
        assert (await _submit(browser, f"/mine/message/{message.id}/look")).status_code == 409
        assert "Senders who ask for another look" in (await reviewer.get("/")).text
        page = await reviewer.get(f"/messages/{message.id}")
        assert "It was meant as &lt;b&gt;help&lt;/b&gt;." in page.text
        form = form_secret(page)
        empty = await reviewer.post(f"/messages/{message.id}/look", data={"form": form, "text": " "})
        assert empty.status_code == 422
        answer = await reviewer.post(f"/messages/{message.id}/look", data={"form": form, "text": "See me at noon."})
        assert answer.status_code == 303
        assert "See me at noon." in (await browser.get("/mine")).text
        assert "Senders who ask for another look" not in (await reviewer.get("/")).text
    (notice,) = await _followups(console, FollowupKind.LOOK_ANSWERED)
    assert notice.body["people"] == ["s-06"]
    assert "noon" not in json.dumps(dict(notice.body))


async def test_a_returned_message_is_sent_anyway_once_and_unchanged(console: RunningConsole) -> None:
    sample = replace(_BULLYING, text="Did you see the game last night?\n", found=(("6", 0.9, "game"),))
    message = build_message(sample, console.clock(), console.people)
    await console.store.intake.accept(message)
    in_force = policy()
    nudging = replace(in_force, review=replace(in_force.review, nudge=True))

    def rule(pending: PendingMessage) -> Transition:
        transition = by_verdict(pending, build_verdict(sample, message), nudging, console.clock())
        return with_sender_notices(transition, pending, nudging, console.clock(), frozenset())

    await console.store.dispositions.apply([(message.id, rule)])
    (notice,) = await _followups(console, FollowupKind.NUDGE)
    assert notice.body["people"] == ["s-06"]
    async with console.signed_in(LINDGREN) as browser:
        page = (await browser.get("/mine")).text
        assert "Send it as it is" in page
        assert "Ask for another look" not in page
        assert (await _submit(browser, f"/mine/message/{message.id}/anyway")).status_code == 303
        assert (await _submit(browser, f"/mine/message/{message.id}/anyway")).status_code == 409
    (request,) = (await console.store.senders.of([message.id]))[message.id]
    detail = await console.store.lookups.detail(request.other)
    assert detail is not None
    assert detail.content == message.content
    assert [copy.state for copy in detail.trace.recipients] == [State.RECEIVED]
    assert await console.store.senders.nudged_since(0.0)  # so it is not returned again


@pytest.mark.parametrize("name", ["own", "child", "middle", "help", "flag", "clean"])
async def test_others_messages_are_not_found(console: RunningConsole, name: str) -> None:
    """Those of colleagues, those to oneself, and a student's: by id, whatever their state."""
    who = LINDGREN if name != "child" else OKAFOR
    async with console.signed_in(who) as browser:
        form = form_secret(await browser.get("/mine"))
        assert (await browser.get(f"/mine/message/{console.id(name)}")).status_code == 404
        for action in ("again", "anyway", "look"):
            answer = await browser.post(
                f"/mine/message/{console.id(name)}/{action}", data={"form": form, "text": "x", "words": "x"}
            )
            assert answer.status_code == 404, action


# the link by mail


async def _ask_for_link(client: httpx.AsyncClient, address: str) -> httpx.Response:
    form = form_secret(await client.get("/mine/sign-in"))
    return await client.post("/mine/sign-in", data={"form": form, "address": address})


async def _use(client: httpx.AsyncClient, secret: str) -> httpx.Response:
    page = await client.get(f"/mine/link/{secret}")
    return await client.post("/mine/link", data={"form": form_secret(page), "secret": secret})


async def test_a_link_by_mail_opens_own_messages_and_nothing_else(console: RunningConsole) -> None:
    """Also for an administrator: it has the rights of staff. It works once."""
    async with console.anonymous() as client, console.anonymous() as other:
        assert (await _ask_for_link(client, "Dana.Okafor@riverbend.example")).status_code == 200
        (link,) = await _followups(console, FollowupKind.SIGN_IN_LINK)
        assert link.body["to"] == ["dana.okafor@riverbend.example"]
        secret = str(link.body["secret"])
        for _ in range(2):  # a program that looks at links does not use it up
            assert (await other.get(f"/mine/link/{secret}")).status_code == 200
        assert (await _use(client, secret)).status_code == 303
        assert (await client.get("/mine")).status_code == 200
        assert (await client.get("/")).headers["location"] == "/mine"
        for path in ("/messages/" + console.id("high"), "/account", "/tools", "/trace", "/personal-accounts"):
            assert (await client.get(path)).status_code == 403, path
        assert (await _use(other, secret)).status_code == 401


async def test_nobody_else_gets_a_link(console: RunningConsole) -> None:
    """Students, guardians, strangers, personal addresses: the answer is the same, and nothing is sent."""
    addresses = (
        student_address("maya.lindqvist"), "nobody@riverbend.example", "x@elsewhere.example", "", "a\r\nb@c",
        "staff@riverbend.example",
    )  # fmt: skip
    async with console.anonymous() as client:
        answers = {(await _ask_for_link(client, address)).text for address in addresses}
    assert len({re.sub(r'value="[^"]+"', "", text) for text in answers}) == 1
    assert not await _followups(console, FollowupKind.SIGN_IN_LINK)


async def test_links_are_limited_forged_links_fail_and_old_ones_end(console: RunningConsole) -> None:
    async with console.anonymous() as client:
        for _ in range(5):
            assert (await _ask_for_link(client, staff_address("peter.lindgren"))).status_code == 200
        links = await _followups(console, FollowupKind.SIGN_IN_LINK)
        assert len(links) == 3
        assert (await _use(client, "x" * 43)).status_code == 401
        console.clock.ahead += 16 * 60
        assert (await _use(client, str(links[0].body["secret"]))).status_code == 401
        refused = await client.post("/mine/link", data={"form": "x", "secret": str(links[1].body["secret"])})
        assert refused.status_code == 403


async def test_the_api_does_the_same(console: RunningConsole) -> None:
    message = await _rejected(console, replace(_BULLYING, sender=staff_address("dana.okafor")))
    async with console.api_client(OKAFOR) as program:
        rows = (await program.get("/api/v1/me/messages")).json()["items"]
        (row,) = [row for row in rows if row["id"] == message.id]
        assert row["recipients"][0]["state"] == "rejected"
        assert row["reasons"][0]["clause"] == "7e"
        assert "worthless" in (await program.get(f"/api/v1/me/messages/{message.id}")).json()["text"]
        asked = await program.post(f"/api/v1/me/messages/{message.id}/look", json={"words": "please"})
        assert asked.json()["look"] == "asked"
        sent = await program.post(f"/api/v1/me/messages/{message.id}/again", json={"subject": "s", "text": "Kinder."})
        assert sent.status_code == 201
    async with console.api_client(HIGH) as program:
        (open_request,) = (await program.get("/api/v1/look-requests")).json()["items"]
        assert (open_request["id"], open_request["words"]) == (message.id, "please")
        done = await program.post(f"/api/v1/messages/{message.id}/look", json={"text": "Yes."})
        assert done.json()["done"] == "answered"
