"""The second pass: a released message that comes back is passed on; a forged one is not."""

from __future__ import annotations

from email import message_from_bytes

import pytest

from gateway.core.messages.delivery import State
from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.seal import seal
from tests.relays.smtp.harness import (  # fmt: skip
    AVERY,
    CLASS,
    JORDAN,
    PERSONAL,
    PRINCIPAL,
    TEACHER,
    VENDOR,
    mail_content,
    running_relay,
    without_trace,
)
from tests.relays.smtp.test_transaction import refusing

NAME = "01m0000000000000000000000a"
KEY = b"seal".ljust(32, b"!")


def sealed(whole: bytes, name: str = NAME) -> bytes:
    """A message as it comes back: with our fields, and those that the platform added."""
    ours = b"Received: from x by gateway.riverbend.example\r\n" + seal(
        KEY, name, TEACHER, HeaderSection.of(whole), whole
    )
    return b"Received: from us by platform.example\r\nX-Platform: 1\r\n" + ours + whole


async def test_released_message_passes_without_a_second_verdict() -> None:
    async with running_relay() as relay:
        relay.store.known[NAME] = {AVERY: State.SENT, JORDAN: State.QUEUED}
        whole = sealed(mail_content(TEACHER, AVERY))
        client = await relay.client()
        replies = await client.mail(TEACHER, [AVERY, JORDAN.upper()], whole, "ENVID=a", "NOTIFY=NEVER")
        assert replies[-1] == "250 2.0.0 Ok"
        assert not relay.store.accepted
        [taken] = relay.inside.taken
        assert without_trace(taken.content) == whole
        assert taken.content.count(b"X-Chaperone-Id") == 1
        assert taken.mail == f"MAIL FROM:<{TEACHER}> ENVID=a SIZE={len(taken.content)}"
        assert taken.rcpts == (f"RCPT TO:<{AVERY}> NOTIFY=NEVER", f"RCPT TO:<{JORDAN.upper()}> NOTIFY=NEVER")
        assert relay.count("messages_total", channel="mail", direction="out_of_scope") == 1


async def test_members_of_a_released_group_pass() -> None:
    async with running_relay() as relay:
        relay.store.known[NAME] = {CLASS: State.SENT}
        whole = sealed(mail_content(TEACHER, CLASS))
        assert (await (await relay.client()).mail(TEACHER, [AVERY, JORDAN], whole))[-1] == "250 2.0.0 Ok"
        assert not relay.store.accepted
        assert len(relay.inside.taken) == 1


@pytest.mark.parametrize("state", [State.RECEIVED, State.HELD, State.BOUNCED, State.REJECTED, State.DISCARDED])
async def test_message_that_was_not_released_is_new(state: State) -> None:
    async with running_relay() as relay:
        relay.store.known[NAME] = {AVERY: state}
        await (await relay.client()).mail(TEACHER, [AVERY], sealed(mail_content(TEACHER, AVERY)))
        [message] = relay.store.messages
        assert not relay.inside.taken
        assert b"X-Chaperone-Id" not in message.content
        original = mail_content(TEACHER, AVERY)
        assert message.content == sealed(original).replace(
            seal(KEY, NAME, TEACHER, HeaderSection.of(original), original), b""
        )
        assert message.prefix.count(b"X-Chaperone-Id: " + message.id.encode()) == 1


@pytest.mark.parametrize(
    "whole",
    [
        sealed(mail_content(TEACHER, AVERY), "01m0000000000000000000000b"),
        sealed(mail_content(TEACHER, AVERY)).replace(b"forty", b"fifty"),
        sealed(mail_content(TEACHER, AVERY)).replace(b"Subject: Order", b"Subject: other"),
        f"X-Chaperone-Id: {NAME}; {'0' * 64}\r\n".encode() + mail_content(TEACHER, AVERY),
        b"X-Chaperone-ID:\r\n " + NAME.encode() + b"\r\nx-chaperone-id: x\r\n" + mail_content(TEACHER, AVERY),
    ],
    ids=["unknown id", "other text", "other subject", "no digest", "folded and twice"],
)
async def test_message_with_a_forged_field_is_new(whole: bytes) -> None:
    async with running_relay() as relay:
        relay.store.known[NAME] = {AVERY: State.SENT}
        await (await relay.client()).mail(TEACHER, [AVERY], whole)
        [message] = relay.store.messages
        assert b"x-chaperone-id" not in message.content.lower()
        assert not relay.inside.taken


async def test_another_district_address_of_the_same_person_passes() -> None:
    async with running_relay() as relay:
        relay.directory.people["avery@students.riverbend.example"] = relay.directory.people[AVERY]
        relay.store.known[NAME] = {AVERY: State.SENT}
        for recipient in ("avery@students.riverbend.example", PERSONAL):
            await (await relay.client()).mail(TEACHER, [recipient], sealed(mail_content(TEACHER, AVERY)))
        assert [message.rcpts for message in relay.inside.taken] == [("RCPT TO:<avery@students.riverbend.example>",)]


@pytest.mark.parametrize("more", [PRINCIPAL, VENDOR, PERSONAL])
async def test_message_with_an_additional_recipient_is_new(more: str) -> None:
    async with running_relay() as relay:
        relay.store.known[NAME] = {AVERY: State.SENT, CLASS: State.SENT}
        await (await relay.client()).mail(TEACHER, [AVERY, more], sealed(mail_content(TEACHER, AVERY)))
        assert len(relay.store.accepted) == 1
        assert not relay.inside.taken


async def test_field_is_ignored_out_of_scope() -> None:
    async with running_relay() as relay:
        whole = b"X-Chaperone-Id: rubbish\r\n" + mail_content()
        await (await relay.client()).mail(TEACHER, [VENDOR], whole)
        assert without_trace(relay.outside.taken[0].content) == whole
        assert not relay.store.asked


async def test_each_next_hop_gets_its_recipients() -> None:
    async with running_relay() as relay:
        relay.store.known[NAME] = {AVERY: State.SENT, VENDOR: State.QUEUED}
        whole = sealed(mail_content(TEACHER, AVERY))
        assert (await (await relay.client()).mail(TEACHER, [AVERY, VENDOR], whole))[-1] == "250 2.0.0 Ok"
        assert without_trace(relay.inside.taken[0].content) == without_trace(relay.outside.taken[0].content) == whole
        assert (relay.inside.taken[0].rcpts, relay.outside.taken[0].rcpts) == (
            (f"RCPT TO:<{AVERY}>",),
            (f"RCPT TO:<{VENDOR}>",),
        )


@pytest.mark.parametrize(
    ("inside", "outside", "code"),
    [("550 5.1.1 no", "550 5.1.1 no", "550"), ("450 4.2.1 later", "450 4.2.1 later", "450"),
     ("550 5.1.1 no", "450 4.2.1 later", "450"), ("250 2.0.0 fine", "250 2.0.0 fine", "451")],
)  # fmt: skip
async def test_refusal_by_all_next_hops_is_passed_on(inside: str, outside: str, code: str) -> None:
    at = "DATA" if inside.startswith("250") else "RCPT"
    async with running_relay(refusing((at, inside)), refusing((at, outside))) as relay:
        relay.store.known[NAME] = {AVERY: State.SENT, VENDOR: State.QUEUED}
        replies = await (await relay.client()).mail(TEACHER, [AVERY, VENDOR], sealed(mail_content(TEACHER, AVERY)))
        assert replies[-1].startswith(code)
        assert not relay.store.accepted


@pytest.mark.parametrize("outside", ["550 5.1.1 no", "450 4.2.1 later", ""])
async def test_remaining_recipients_are_queued(outside: str) -> None:
    async with running_relay(outside=refusing(("RCPT", outside))) as relay:
        relay.store.known[NAME] = {AVERY: State.SENT, VENDOR: State.QUEUED}
        whole = sealed(mail_content(TEACHER, AVERY))
        replies = await (await relay.client()).mail(TEACHER, [AVERY, VENDOR], whole)
        assert replies[-1] == "250 2.0.0 Ok"
        assert len(relay.inside.taken) == 1
        [(message, contacts, due)] = relay.store.accepted
        assert [recipient.address for recipient in message.envelope.recipients] == [VENDOR]
        assert due == {VENDOR}
        assert not contacts
        assert not message.relation
        assert message.content == whole
        assert b"X-Chaperone-Id" not in message.prefix
        assert relay.woken == {"published": 0, "due": 1}


async def test_client_keeps_the_message_if_the_rest_cannot_be_queued() -> None:
    async with running_relay(outside=refusing(("RCPT", "450 4.2.1 later"))) as relay:
        relay.store.known[NAME] = {AVERY: State.SENT, VENDOR: State.QUEUED}

        async def states(message_id: str) -> dict[str, State]:
            relay.store.down = True
            return relay.store.known[message_id]

        relay.store.states = states
        replies = await (await relay.client()).mail(TEACHER, [AVERY, VENDOR], sealed(mail_content(TEACHER, AVERY)))
        assert replies[-1].startswith("451 4.3.0 ")


@pytest.mark.parametrize("stray", [b" not a field\r\n", b"\t; and: so on\r\n", b" \r\n", b" X-Chaperone-Id: x\r\n"])
async def test_leading_continuation_line_does_not_extend_our_field(stray: bytes) -> None:
    """It is kept after the trace field, and the message is recognized when it comes back."""
    async with running_relay() as relay:
        client = await relay.client()
        whole = stray + mail_content(TEACHER, AVERY)
        await client.mail(TEACHER, [AVERY], whole)
        [message] = relay.store.messages
        out = message.prefix + message.content
        assert message.content == (mail_content(TEACHER, AVERY) if b"Chaperone" in stray else whole)
        read = {name: value for name, value in message_from_bytes(out).items() if name != "Received"}
        assert read.pop("X-Chaperone-Id").startswith(f"{message.id}; ")
        assert read == dict(message_from_bytes(mail_content(TEACHER, AVERY)).items())
        relay.store.known[message.id] = {AVERY: State.SENT}
        back = b"Received: from us by platform.example\r\n" + out
        assert (await client.mail(TEACHER, [AVERY], back))[-1] == "250 2.0.0 Ok"
        assert len(relay.store.messages) == 1
        [taken] = relay.inside.taken
        assert without_trace(taken.content) == back


async def test_leading_continuation_line_is_passed_through() -> None:
    async with running_relay() as relay:
        whole = b" not a field\r\n" + mail_content(VENDOR, PRINCIPAL)
        assert (await (await relay.client()).mail(VENDOR, [PRINCIPAL], whole))[-1] == "250 2.0.0 Ok"
        [taken] = relay.inside.taken
        assert taken.content.endswith(b"\r\n" + whole)
        assert message_from_bytes(taken.content)["Subject"] == "Order"
