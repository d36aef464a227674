"""What comes back after its release passes once; what only looks so does not."""

from __future__ import annotations

from email import message_from_bytes

import pytest

from gateway.core.messages.delivery import State
from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.seal import seal
from tests.relays.test_smtp_scope import refusing
from tests.relays.world import (
    AVERY,
    CLASS,
    JORDAN,
    PERSONAL,
    PRINCIPAL,
    TEACHER,
    VENDOR,
    content,
    without_trace,
    world,
)  # fmt: skip

NAME = "01m0000000000000000000000a"
KEY = b"seal".ljust(32, b"!")


def sealed(whole: bytes, name: str = NAME) -> bytes:
    """A message as it comes back: with our fields and what the platform put before them."""
    ours = b"Received: from x by gateway.riverbend.example\r\n" + seal(KEY, name, HeaderSection.of(whole), whole)
    return b"Received: from us by platform.example\r\nX-Platform: 1\r\n" + ours + whole


async def test_what_was_released_passes_without_a_second_verdict_or_field() -> None:
    async with world() as w:
        w.kept.known[NAME] = {AVERY: State.SENT, JORDAN: State.QUEUED}
        whole = sealed(content(TEACHER, AVERY))
        client = await w.client()
        said = await client.mail(TEACHER, [AVERY, JORDAN.upper()], whole, "ENVID=a", "NOTIFY=NEVER")
        assert said[-1] == "250 2.0.0 Ok"
        assert not w.kept.accepted
        [taken] = w.inside.taken
        assert without_trace(taken.content) == whole
        assert taken.content.count(b"X-Chaperone-Id") == 1
        assert taken.mail == f"MAIL FROM:<{TEACHER}> ENVID=a SIZE={len(taken.content)}"
        assert taken.rcpts == (f"RCPT TO:<{AVERY}> NOTIFY=NEVER", f"RCPT TO:<{JORDAN.upper()}> NOTIFY=NEVER")
        assert w.count("messages_total", channel="mail", direction="out_of_scope") == 1


async def test_members_of_a_released_group_pass() -> None:
    async with world() as w:
        w.kept.known[NAME] = {CLASS: State.SENT}
        whole = sealed(content(TEACHER, CLASS))
        assert (await (await w.client()).mail(TEACHER, [AVERY, JORDAN], whole))[-1] == "250 2.0.0 Ok"
        assert not w.kept.accepted
        assert len(w.inside.taken) == 1


@pytest.mark.parametrize("state", [State.RECEIVED, State.HELD, State.BOUNCED, State.REJECTED, State.DISCARDED])
async def test_what_was_not_released_is_new(state: State) -> None:
    async with world() as w:
        w.kept.known[NAME] = {AVERY: state}
        await (await w.client()).mail(TEACHER, [AVERY], sealed(content(TEACHER, AVERY)))
        [message] = w.kept.messages
        assert not w.inside.taken
        assert b"X-Chaperone-Id" not in message.content
        original = content(TEACHER, AVERY)
        assert message.content == sealed(original).replace(seal(KEY, NAME, HeaderSection.of(original), original), b"")
        assert message.prefix.count(b"X-Chaperone-Id: " + message.id.encode()) == 1


@pytest.mark.parametrize(
    "whole",
    [
        sealed(content(TEACHER, AVERY), "01m0000000000000000000000b"),
        sealed(content(TEACHER, AVERY)).replace(b"forty", b"fifty"),
        sealed(content(TEACHER, AVERY)).replace(b"Subject: Order", b"Subject: other"),
        f"X-Chaperone-Id: {NAME}; {'0' * 64}\r\n".encode() + content(TEACHER, AVERY),
        b"X-Chaperone-ID:\r\n " + NAME.encode() + b"\r\nx-chaperone-id: x\r\n" + content(TEACHER, AVERY),
    ],
    ids=["unknown id", "other text", "other subject", "no digest", "folded and twice"],
)
async def test_a_forged_field_is_removed_before_the_hash_and_the_message_is_new(whole: bytes) -> None:
    async with world() as w:
        w.kept.known[NAME] = {AVERY: State.SENT}
        await (await w.client()).mail(TEACHER, [AVERY], whole)
        [message] = w.kept.messages
        assert b"x-chaperone-id" not in message.content.lower()
        assert not w.inside.taken


async def test_another_district_address_of_the_same_person_passes() -> None:
    async with world() as w:
        w.roster.people["avery@students.riverbend.example"] = w.roster.people[AVERY]
        w.kept.known[NAME] = {AVERY: State.SENT}
        for recipient in ("avery@students.riverbend.example", PERSONAL):
            await (await w.client()).mail(TEACHER, [recipient], sealed(content(TEACHER, AVERY)))
        assert [each.rcpts for each in w.inside.taken] == [("RCPT TO:<avery@students.riverbend.example>",)]


@pytest.mark.parametrize("more", [PRINCIPAL, VENDOR, PERSONAL])
async def test_one_recipient_more_than_was_released_makes_it_new(more: str) -> None:
    async with world() as w:
        w.kept.known[NAME] = {AVERY: State.SENT, CLASS: State.SENT}
        await (await w.client()).mail(TEACHER, [AVERY, more], sealed(content(TEACHER, AVERY)))
        assert len(w.kept.accepted) == 1
        assert not w.inside.taken


async def test_out_of_scope_the_field_is_neither_read_nor_removed() -> None:
    async with world() as w:
        whole = b"X-Chaperone-Id: rubbish\r\n" + content()
        await (await w.client()).mail(TEACHER, [VENDOR], whole)
        assert without_trace(w.outside.taken[0].content) == whole
        assert not w.kept.asked


async def test_several_next_hops_each_get_their_recipients() -> None:
    async with world() as w:
        w.kept.known[NAME] = {AVERY: State.SENT, VENDOR: State.QUEUED}
        whole = sealed(content(TEACHER, AVERY))
        assert (await (await w.client()).mail(TEACHER, [AVERY, VENDOR], whole))[-1] == "250 2.0.0 Ok"
        assert without_trace(w.inside.taken[0].content) == without_trace(w.outside.taken[0].content) == whole
        assert (w.inside.taken[0].rcpts, w.outside.taken[0].rcpts) == (
            (f"RCPT TO:<{AVERY}>",),
            (f"RCPT TO:<{VENDOR}>",),
        )


@pytest.mark.parametrize(
    ("inside", "outside", "code"),
    [("550 5.1.1 no", "550 5.1.1 no", "550"), ("450 4.2.1 later", "450 4.2.1 later", "450"),
     ("550 5.1.1 no", "450 4.2.1 later", "450"), ("250 2.0.0 fine", "250 2.0.0 fine", "451")],
)  # fmt: skip
async def test_where_nobody_took_it_the_client_hears_so(inside: str, outside: str, code: str) -> None:
    at = "DATA" if inside.startswith("250") else "RCPT"
    async with world(refusing((at, inside)), refusing((at, outside))) as w:
        w.kept.known[NAME] = {AVERY: State.SENT, VENDOR: State.QUEUED}
        said = await (await w.client()).mail(TEACHER, [AVERY, VENDOR], sealed(content(TEACHER, AVERY)))
        assert said[-1].startswith(code)
        assert not w.kept.accepted


@pytest.mark.parametrize("outside", ["550 5.1.1 no", "450 4.2.1 later", ""])
async def test_where_one_next_hop_took_it_the_rest_is_queued_here(outside: str) -> None:
    async with world(outside=refusing(("RCPT", outside))) as w:
        w.kept.known[NAME] = {AVERY: State.SENT, VENDOR: State.QUEUED}
        whole = sealed(content(TEACHER, AVERY))
        said = await (await w.client()).mail(TEACHER, [AVERY, VENDOR], whole)
        assert said[-1] == "250 2.0.0 Ok"
        assert len(w.inside.taken) == 1
        [(message, contacts, due)] = w.kept.accepted
        assert [each.address for each in message.envelope.recipients] == [VENDOR]
        assert due == {VENDOR}
        assert not contacts
        assert not message.relation
        assert message.content == whole
        assert b"X-Chaperone-Id" not in message.prefix
        assert w.woken == {"published": 0, "due": 1}


async def test_where_one_took_it_and_the_rest_cannot_be_queued_the_client_keeps_it() -> None:
    async with world(outside=refusing(("RCPT", "450 4.2.1 later"))) as w:
        w.kept.known[NAME] = {AVERY: State.SENT, VENDOR: State.QUEUED}

        async def states(message_id: str) -> dict[str, State]:
            w.kept.down = True
            return w.kept.known[message_id]

        w.kept.states = states
        said = await (await w.client()).mail(TEACHER, [AVERY, VENDOR], sealed(content(TEACHER, AVERY)))
        assert said[-1].startswith("451 4.3.0 ")


@pytest.mark.parametrize("stray", [b" not a field\r\n", b"\t; and: so on\r\n", b" \r\n", b" X-Chaperone-Id: x\r\n"])
async def test_a_first_line_that_begins_with_a_blank_belongs_to_no_field_of_ours_that_is_read(stray: bytes) -> None:
    """It goes on as it came, behind the trace field, and what comes back with it is known."""
    async with world() as w:
        client = await w.client()
        whole = stray + content(TEACHER, AVERY)
        await client.mail(TEACHER, [AVERY], whole)
        [message] = w.kept.messages
        out = message.prefix + message.content
        assert message.content == (content(TEACHER, AVERY) if b"Chaperone" in stray else whole)
        read = {name: value for name, value in message_from_bytes(out).items() if name != "Received"}
        assert read.pop("X-Chaperone-Id").startswith(f"{message.id}; ")
        assert read == dict(message_from_bytes(content(TEACHER, AVERY)).items())
        w.kept.known[message.id] = {AVERY: State.SENT}
        back = b"Received: from us by platform.example\r\n" + out
        assert (await client.mail(TEACHER, [AVERY], back))[-1] == "250 2.0.0 Ok"
        assert len(w.kept.messages) == 1
        [taken] = w.inside.taken
        assert without_trace(taken.content) == back


async def test_a_stray_first_line_passes_through_out_of_scope() -> None:
    async with world() as w:
        whole = b" not a field\r\n" + content(VENDOR, PRINCIPAL)
        assert (await (await w.client()).mail(VENDOR, [PRINCIPAL], whole))[-1] == "250 2.0.0 Ok"
        [taken] = w.inside.taken
        assert taken.content.endswith(b"\r\n" + whole)
        assert message_from_bytes(taken.content)["Subject"] == "Order"
