"""Who is passed through and who is taken in: the whole of DESIGN.md section 3 that a client can see."""

from __future__ import annotations

import pytest

from gateway.core.messages.message import Recipient, sha256_of
from gateway.core.messages.parties import Direction
from tests.relays.hop import always
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


def refusing(*said: tuple[str, str]):
    """A next hop that answers each command beginning so with that, else takes everything."""
    return lambda command: next((reply for begin, reply in said if command.startswith(begin)), always(command))


async def test_out_of_scope_arrives_within_the_transaction_and_leaves_no_trace() -> None:
    async with world() as w:
        client = await w.client()
        sent = content()
        said = await client.mail(TEACHER, [VENDOR], sent)
        assert said == ["250 2.1.0 Ok", "250 2.0.0 Ok", "354 End data with <CR><LF>.<CR><LF>", "250 2.0.0 Ok"]
        [taken] = w.outside.taken
        assert without_trace(taken.content) == sent
        assert taken.content.count(b"Received:") == 1
        assert b"X-Chaperone-Id" not in taken.content
        assert not w.kept.asked
        assert w.count("messages_total", channel="mail", direction="out_of_scope") == 1
        assert not w.inside.commands


async def test_in_scope_is_durable_before_the_reply_and_the_next_hop_never_hears_of_it() -> None:
    async with world() as w:
        client = await w.client()
        sent = content(TEACHER, AVERY)
        said = await client.mail(TEACHER, [AVERY], sent, "BODY=8BITMIME ENVID=aB RET=HDRS", "NOTIFY=NEVER")
        [message] = w.kept.messages
        assert said[-1] == f"250 2.0.0 Ok: queued as {message.id}"
        assert message.content == sent
        assert message.sha256 == sha256_of(sent)
        assert message.envelope.sender == TEACHER
        assert message.envelope.options == ("BODY=8BITMIME", "ENVID=aB", "RET=HDRS")
        assert message.envelope.recipients == (Recipient(AVERY, ("NOTIFY=NEVER",)),)
        assert [(each.staff, each.student, each.direction) for each in message.relation.pairs] == [
            ("t1", "s1", Direction.STAFF_TO_STUDENT)
        ]
        assert message.prefix.startswith(
            b"Received: from client.example ([127.0.0.1])\r\n\tby gateway.riverbend.example"
        )
        assert f"id {message.id};".encode() in message.prefix
        assert f"\r\nX-Chaperone-Id: {message.id}; ".encode() in message.prefix
        assert (message.subject, message.message_id, message.excerpt) == ("Order", "<1@client.example>", "forty boxes")
        assert w.kept.accepted[0][2] == frozenset()
        assert w.woken == {"published": 1, "due": 0}
        assert not w.inside.commands
        assert not w.outside.commands


async def test_in_shadow_mode_everybody_is_due() -> None:
    async with world(shadow=True) as w:
        await (await w.client()).mail(TEACHER, [AVERY], content(TEACHER, AVERY))
        assert w.kept.accepted[0][2] == {AVERY}
        assert w.woken == {"published": 1, "due": 1}


async def test_a_message_in_scope_is_split_by_recipient() -> None:
    async with world() as w:
        said = await (await w.client()).mail(TEACHER, [AVERY, VENDOR, PRINCIPAL], content(TEACHER, AVERY))
        assert [each[:3] for each in said] == ["250", "250", "250", "250", "354", "250"]
        assert w.kept.accepted[0][2] == {VENDOR, PRINCIPAL}
        assert w.woken == {"published": 1, "due": 1}
        assert not w.outside.commands


async def test_a_pair_at_a_later_recipient_resets_the_open_transaction_and_takes_all_in() -> None:
    async with world() as w:
        client = await w.client()
        said = await client.mail(TEACHER, [PRINCIPAL, AVERY, VENDOR], content(TEACHER, AVERY))
        assert said[-1].startswith("250")
        assert [each.address for each in w.kept.messages[0].envelope.recipients] == [PRINCIPAL, AVERY, VENDOR]
        assert w.inside.commands[-1] == "RSET"
        assert not w.inside.taken
        assert not w.outside.commands


async def test_a_recipient_of_another_next_hop_comes_again_alone() -> None:
    async with world() as w:
        client = await w.client()
        said = await client.mail("x@elsewhere.example", [PRINCIPAL, VENDOR], content())
        assert said[2].startswith("452 4.5.3 ")
        assert said[-1] == "250 2.0.0 Ok"
        assert w.inside.taken[0].rcpts == (f"RCPT TO:<{PRINCIPAL}>",)
        said = await client.mail("x@elsewhere.example", [VENDOR], content())
        assert said[-1] == "250 2.0.0 Ok"
        assert len(w.outside.taken) == 1


async def test_entries_with_one_target_are_one_next_hop() -> None:
    async with world(one_hop=True) as w:
        said = await (await w.client()).mail("x@elsewhere.example", [PRINCIPAL, VENDOR], content())
        assert said[-1] == "250 2.0.0 Ok"
        assert len(w.inside.taken[0].rcpts) == 2


async def test_a_first_recipient_that_was_refused_binds_nobody_to_its_next_hop() -> None:
    async with world(refusing(("RCPT", "550 5.1.1 gone"))) as w:
        said = await (await w.client()).mail("x@elsewhere.example", [PRINCIPAL, VENDOR], content())
        assert [each[:3] for each in said] == ["250", "550", "250", "354", "250"]
        assert len(w.outside.taken) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("From", f"Dana <{TEACHER}>"), ("Sender", TEACHER), ("Resent-From", TEACHER), ("From", f"\"x\" <{PERSONAL}>"),
     ("From", "Dana Whitfield <dana.whitfield.1@freemail.example>")],
)  # fmt: skip
async def test_what_the_header_claims_widens_the_scope(field: str, value: str) -> None:
    async with world() as w:
        client = await w.client()
        sent = f"X: y\r\n{field}: {value}\r\nSubject: hi\r\n\r\nhello\r\n".encode()
        said = await client.mail("bounce@list.example", [AVERY, PRINCIPAL], sent)
        assert said[-1].startswith("250 2.0.0 Ok: queued as")
        [message] = w.kept.messages
        assert {pair.recipient for pair in message.relation.pairs} == {AVERY}
        assert message.envelope.sender == "bounce@list.example"
        assert w.kept.accepted[0][2] == {PRINCIPAL}
        assert "DATA" not in w.inside.commands
        assert w.inside.commands[-1] == "RSET"


async def test_notifications_of_social_networks_count_as_the_person_they_name() -> None:
    sent = b"From: Chat <no-reply@mail.chat.example>\r\nSubject: Dana Whitfield wants to be your friend\r\n\r\nx\r\n"
    for networks, taken in ((("chat.example",), 1), ((), 0)):
        async with world(networks=networks) as w:
            await (await w.client()).mail("no-reply@mail.chat.example", [AVERY], sent)
            assert len(w.kept.accepted) == taken
            assert len(w.inside.taken) == 1 - taken


async def test_a_group_is_one_recipient_with_a_pair_for_each_member() -> None:
    async with world() as w:
        await (await w.client()).mail(TEACHER, [CLASS], content(TEACHER, CLASS))
        assert [(pair.recipient, pair.student) for pair in w.kept.messages[0].relation.pairs] == [
            (CLASS, "s1"), (CLASS, "s2")
        ]  # fmt: skip


async def test_a_bounce_has_no_sender_and_passes() -> None:
    async with world() as w:
        sent = b"From: <>\r\nSubject: Undelivered\r\n\r\nx\r\n"
        assert (await (await w.client()).mail("", [AVERY], sent))[-1] == "250 2.0.0 Ok"
        assert w.inside.taken[0].mail == "MAIL FROM:<>"
        assert without_trace(w.inside.taken[0].content) == sent


async def test_the_next_hop_gets_the_parameters_as_they_came() -> None:
    async with world() as w:
        client = await w.client()
        sent = content()
        await client.mail(
            TEACHER, [VENDOR], sent, f"RET=hdrs ENVID=Ab+2Bc SIZE={len(sent)} BODY=8BITMIME SMTPUTF8",
            "NOTIFY=SUCCESS,delay ORCPT=rfc822;Vendor@Paper.example",
        )  # fmt: skip
        [taken] = w.outside.taken
        assert taken.mail == (
            f"MAIL FROM:<{TEACHER}> RET=hdrs ENVID=Ab+2Bc BODY=8BITMIME SMTPUTF8 SIZE={len(taken.content)}"
        )
        assert taken.rcpts == (f"RCPT TO:<{VENDOR}> NOTIFY=SUCCESS,delay ORCPT=rfc822;Vendor@Paper.example",)


async def test_a_next_hop_without_extensions_gets_what_it_can_take_or_nothing() -> None:
    async with world(hop_more={"extensions": ()}) as w:
        client = await w.client()
        said = await client.mail(TEACHER, [VENDOR], content(), "RET=FULL SIZE=99 BODY=7BIT", "NOTIFY=NEVER")
        assert said[-1] == "250 2.0.0 Ok"
        assert (w.outside.taken[0].mail, w.outside.taken[0].rcpts) == (
            f"MAIL FROM:<{TEACHER}>", (f"RCPT TO:<{VENDOR}>",)
        )  # fmt: skip
        said = await client.mail(TEACHER, [VENDOR], None, "BODY=8BITMIME")
        assert said[-1].startswith("554 5.6.3 ")
        await client.say("RSET")
        said = await client.mail(TEACHER, [VENDOR], None, "SMTPUTF8")
        assert said[-1].startswith("553 5.6.7 ")


async def test_internationalized_addresses_pass() -> None:
    async with world() as w:
        client = await w.client()
        said = await client.mail(
            "jos\u00e9@b\u00fc.example", ["\u7528\u6237@\u4f8b\u5b50.example"], content(), "SMTPUTF8"
        )
        assert said[-1] == "250 2.0.0 Ok"
        assert w.outside.taken[0].rcpts == ("RCPT TO:<\u7528\u6237@\u4f8b\u5b50.example>",)
        assert b"with UTF8SMTP" in w.outside.taken[0].content


async def test_two_transactions_on_one_session_share_a_connection() -> None:
    async with world() as w:
        client = await w.client()
        for _ in range(3):
            assert (await client.mail(TEACHER, [VENDOR], content()))[-1] == "250 2.0.0 Ok"
        assert (await client.mail(TEACHER, [AVERY], content(TEACHER, AVERY)))[-1].startswith("250 2.0.0 Ok: queued")
        assert (await client.mail(TEACHER, [JORDAN, VENDOR], content(TEACHER, AVERY)))[-1].startswith("250")
        assert w.outside.connections == 1
        assert len(w.outside.taken) == 3
        assert len(w.kept.accepted) == 2


async def test_reset_and_hello_forget_the_transaction() -> None:
    async with world() as w:
        client = await w.client()
        for forget in ("RSET", "EHLO client.example", "HELO client.example"):
            await client.mail(TEACHER, [AVERY])
            await client.say(forget)
            assert (await client.say("DATA")).startswith("503 5.5.1")
            await client.mail(TEACHER, [VENDOR])
            await client.say(forget)
            assert (await client.say(f"RCPT TO:<{VENDOR}>")).startswith("503 5.5.1")
        assert (await client.mail(TEACHER, [VENDOR], content()))[-1] == "250 2.0.0 Ok"
        assert not w.kept.accepted
        assert len(w.outside.taken) == 1


async def test_strangers_reach_the_district_and_nobody_else() -> None:
    async with world(relay_from=()) as w:
        client = await w.client()
        said = await client.mail("x@elsewhere.example", [VENDOR, "a@x.riverbend.example", PRINCIPAL.upper()], content())
        assert said[1].startswith("550 5.7.1 ")
        assert said[2].startswith("550 5.7.1 ")
        assert said[-1] == "250 2.0.0 Ok"
        assert w.inside.taken[0].rcpts == (f"RCPT TO:<{PRINCIPAL.upper()}>",)
        assert w.count("smtp_refusals_total", reason="relay_denied") == 2


@pytest.mark.parametrize(
    "local", ["victim%elsewhere.example", "elsewhere.example!victim", '"victim@elsewhere.example"', '"a%b.example"']
)
async def test_strangers_get_no_further_than_the_district(local: str) -> None:
    """The next hop trusts us: it would take such an address for a route to somewhere else."""
    address = f"{local}@riverbend.example"
    async with world(relay_from=()) as w:
        said = await (await w.client()).mail("x@elsewhere.example", [address])
        assert said[1].startswith("550 5.7.1 ")
        assert not w.inside.commands
    async with world() as w:
        said = await (await w.client()).mail("x@elsewhere.example", [address], content())
        assert said[-1] == "250 2.0.0 Ok"
        assert w.inside.taken[0].rcpts == (f"RCPT TO:<{address}>",)


async def test_a_header_section_that_claims_everybody_is_refused_and_keeps_nobody_waiting() -> None:
    async with world() as w:
        client = await w.client()
        many = ", ".join(f"a{number}@elsewhere.example" for number in range(300_000))
        for recipient in (VENDOR, AVERY):
            whole = f"From: {many}\r\n\r\nx\r\n".encode()
            assert (await client.mail("x@elsewhere.example", [recipient], whole))[-1].startswith("554 5.6.0 ")
        assert not w.outside.taken
        assert not w.kept.accepted
        assert (await client.mail(TEACHER, [VENDOR], content()))[-1] == "250 2.0.0 Ok"


async def test_a_name_that_is_no_use_in_a_trace_field_is_left_out() -> None:
    async with world() as w:
        for name, shown in (("h" * 255, "h" * 255), ("h" * 256, "unknown"), ("(a)", "unknown"), ("[192.0.2.1]",) * 2):
            client = await w.client(f"EHLO {name}")
            assert (await client.mail(TEACHER, [VENDOR], content()))[-1] == "250 2.0.0 Ok"
            assert w.outside.taken[-1].content.startswith(f"Received: from {shown} ([127.0.0.1])\r\n".encode())


async def test_postmaster_is_the_districts() -> None:
    async with world(relay_from=()) as w:
        assert (await (await w.client()).mail("x@elsewhere.example", ["postmaster"], content()))[-1] == "250 2.0.0 Ok"
        assert w.inside.taken[0].rcpts == ("RCPT TO:<postmaster@riverbend.example>",)


async def test_a_message_that_goes_round_is_stopped() -> None:
    async with world() as w:
        client = await w.client()
        often = "Received: from a by b; c\r\n" * 50
        assert (await client.mail(TEACHER, [VENDOR], content(extra=often)))[-1] == "250 2.0.0 Ok"
        once_more = content(extra=often + "Received: from a by b; c\r\n")
        assert (await client.mail(TEACHER, [VENDOR], once_more))[-1].startswith("554 5.4.6 ")
        assert (await client.mail(TEACHER, [AVERY], once_more))[-1].startswith("554 5.4.6 ")
        assert len(w.outside.taken) == 1
        assert not w.kept.accepted
