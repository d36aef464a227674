"""Scope as a client sees it: which messages are passed through, and which are stored."""

from __future__ import annotations

import pytest

from gateway.core.messages.message import Recipient, sha256_of
from gateway.core.messages.parties import AccountBasis, Direction
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
from tests.transports.smtp.fake_hop import accept_all


def refusing(*replies: tuple[str, str]):
    """A next hop that gives these replies to commands with these beginnings, and otherwise accepts everything."""
    return lambda command: next((reply for begin, reply in replies if command.startswith(begin)), accept_all(command))


async def test_message_out_of_scope_is_passed_through_and_not_stored() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        sent = mail_content()
        replies = await client.mail(TEACHER, [VENDOR], sent)
        assert replies == ["250 2.1.0 Ok", "250 2.0.0 Ok", "354 End data with <CR><LF>.<CR><LF>", "250 2.0.0 Ok"]
        [taken] = relay.outside.taken
        assert without_trace(taken.content) == sent
        assert taken.content.count(b"Received:") == 1
        assert b"X-Chaperone-Id" not in taken.content
        assert not relay.store.asked
        assert relay.count("messages_total", channel="mail", direction="out_of_scope") == 1
        assert not relay.inside.commands


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (b"My school mail is down, write me here.\r\nDana Whitfield\r\n", True),
        (b"The party is on Saturday at 4.\r\nKaren\r\n", False),
        (b"Say hi to Dana Whitfield for me.\r\nKaren\r\n", False),
    ],
)
async def test_letter_of_an_outsider_is_in_scope_if_a_teachers_name_signs_it(text: bytes, stored: bool) -> None:
    async with running_relay() as relay:
        client = await relay.client()
        content = b"From: <xk9@home.example>\r\nTo: <" + AVERY.encode() + b">\r\nSubject: hi\r\n\r\n" + text
        assert (await client.mail("xk9@home.example", [AVERY], content))[-1].startswith("250")
        if stored:
            ((pair,),) = [message.relation.pairs for message in relay.store.messages]
            assert (pair.staff, pair.student, pair.basis) == ("t1", "s1", AccountBasis.SIGNATURE)
            assert not relay.inside.taken
        else:
            assert not relay.store.messages
            ((taken),) = relay.inside.taken
            assert without_trace(taken.content) == content


async def test_message_in_scope_is_stored_before_the_reply() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        sent = mail_content(TEACHER, AVERY)
        replies = await client.mail(TEACHER, [AVERY], sent, "BODY=8BITMIME ENVID=aB RET=HDRS", "NOTIFY=NEVER")
        [message] = relay.store.messages
        assert replies[-1] == f"250 2.0.0 Ok: queued as {message.id}"
        assert message.content == sent
        assert message.sha256 == sha256_of(sent)
        assert message.envelope.sender == TEACHER
        assert message.envelope.options == ("BODY=8BITMIME", "ENVID=aB", "RET=HDRS")
        assert message.envelope.recipients == (Recipient(AVERY, ("NOTIFY=NEVER",)),)
        assert [(pair.staff, pair.student, pair.direction) for pair in message.relation.pairs] == [
            ("t1", "s1", Direction.STAFF_TO_STUDENT)
        ]
        assert message.prefix.startswith(
            b"Received: from client.example ([127.0.0.1])\r\n\tby gateway.riverbend.example"
        )
        assert f"id {message.id};".encode() in message.prefix
        assert f"\r\nX-Chaperone-Id: {message.id}; ".encode() in message.prefix
        assert (message.subject, message.message_id, message.excerpt) == ("Order", "<1@client.example>", "forty boxes")
        assert relay.store.accepted[0][2] == frozenset()
        assert relay.woken == {"published": 1, "due": 0}
        assert not relay.inside.commands
        assert not relay.outside.commands


async def test_in_shadow_mode_every_recipient_is_due() -> None:
    async with running_relay(shadow=True) as relay:
        await (await relay.client()).mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY))
        assert relay.store.accepted[0][2] == {AVERY}
        assert relay.woken == {"published": 1, "due": 1}


async def test_message_in_scope_is_split_by_recipient() -> None:
    async with running_relay() as relay:
        replies = await (await relay.client()).mail(TEACHER, [AVERY, VENDOR, PRINCIPAL], mail_content(TEACHER, AVERY))
        assert [reply[:3] for reply in replies] == ["250", "250", "250", "250", "354", "250"]
        assert relay.store.accepted[0][2] == {VENDOR, PRINCIPAL}
        assert relay.woken == {"published": 1, "due": 1}
        assert not relay.outside.commands


async def test_pair_at_a_later_recipient_aborts_the_open_transaction() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        replies = await client.mail(TEACHER, [PRINCIPAL, AVERY, VENDOR], mail_content(TEACHER, AVERY))
        assert replies[-1].startswith("250")
        assert [recipient.address for recipient in relay.store.messages[0].envelope.recipients] == [
            PRINCIPAL,
            AVERY,
            VENDOR,
        ]
        assert relay.inside.commands[-1] == "RSET"
        assert not relay.inside.taken
        assert not relay.outside.commands


async def test_recipient_of_another_next_hop_is_deferred() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        replies = await client.mail("x@elsewhere.example", [PRINCIPAL, VENDOR], mail_content())
        assert replies[2].startswith("452 4.5.3 ")
        assert replies[-1] == "250 2.0.0 Ok"
        assert relay.inside.taken[0].rcpts == (f"RCPT TO:<{PRINCIPAL}>",)
        replies = await client.mail("x@elsewhere.example", [VENDOR], mail_content())
        assert replies[-1] == "250 2.0.0 Ok"
        assert len(relay.outside.taken) == 1


async def test_entries_with_one_target_are_one_next_hop() -> None:
    async with running_relay(one_hop=True) as relay:
        replies = await (await relay.client()).mail("x@elsewhere.example", [PRINCIPAL, VENDOR], mail_content())
        assert replies[-1] == "250 2.0.0 Ok"
        assert len(relay.inside.taken[0].rcpts) == 2


async def test_refused_first_recipient_does_not_fix_the_next_hop() -> None:
    async with running_relay(refusing(("RCPT", "550 5.1.1 gone"))) as relay:
        replies = await (await relay.client()).mail("x@elsewhere.example", [PRINCIPAL, VENDOR], mail_content())
        assert [reply[:3] for reply in replies] == ["250", "550", "250", "354", "250"]
        assert len(relay.outside.taken) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("From", f"Dana <{TEACHER}>"), ("Sender", TEACHER), ("Resent-From", TEACHER), ("From", f"\"x\" <{PERSONAL}>"),
     ("From", "Dana Whitfield <dana.whitfield.1@freemail.example>")],
)  # fmt: skip
async def test_authors_in_the_header_count_for_scope(field: str, value: str) -> None:
    async with running_relay() as relay:
        client = await relay.client()
        sent = f"X: y\r\n{field}: {value}\r\nSubject: hi\r\n\r\nhello\r\n".encode()
        replies = await client.mail("bounce@list.example", [AVERY, PRINCIPAL], sent)
        assert replies[-1].startswith("250 2.0.0 Ok: queued as")
        [message] = relay.store.messages
        assert {pair.recipient for pair in message.relation.pairs} == {AVERY}
        assert message.envelope.sender == "bounce@list.example"
        assert relay.store.accepted[0][2] == {PRINCIPAL}
        assert "DATA" not in relay.inside.commands
        assert relay.inside.commands[-1] == "RSET"


async def test_social_network_notification_counts_as_the_named_person() -> None:
    sent = b"From: Chat <no-reply@mail.chat.example>\r\nSubject: Dana Whitfield posted a photo\r\n\r\nx\r\n"
    for networks, taken in ((("chat.example",), 1), ((), 0)):
        async with running_relay(networks=networks) as relay:
            await (await relay.client()).mail("no-reply@mail.chat.example", [AVERY], sent)
            assert len(relay.store.accepted) == taken
            assert len(relay.inside.taken) == 1 - taken


async def test_group_has_a_pair_for_each_member() -> None:
    async with running_relay() as relay:
        await (await relay.client()).mail(TEACHER, [CLASS], mail_content(TEACHER, CLASS))
        assert [(pair.recipient, pair.student) for pair in relay.store.messages[0].relation.pairs] == [
            (CLASS, "s1"), (CLASS, "s2")
        ]  # fmt: skip


async def test_bounce_is_passed_through() -> None:
    async with running_relay() as relay:
        sent = b"From: <>\r\nSubject: Undelivered\r\n\r\nx\r\n"
        assert (await (await relay.client()).mail("", [AVERY], sent))[-1] == "250 2.0.0 Ok"
        assert relay.inside.taken[0].mail == "MAIL FROM:<>"
        assert without_trace(relay.inside.taken[0].content) == sent


async def test_next_hop_gets_the_parameters_unchanged() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        sent = mail_content()
        await client.mail(
            TEACHER, [VENDOR], sent, f"RET=hdrs ENVID=Ab+2Bc SIZE={len(sent)} BODY=8BITMIME SMTPUTF8",
            "NOTIFY=SUCCESS,delay ORCPT=rfc822;Vendor@Paper.example",
        )  # fmt: skip
        [taken] = relay.outside.taken
        assert taken.mail == (
            f"MAIL FROM:<{TEACHER}> RET=hdrs ENVID=Ab+2Bc BODY=8BITMIME SMTPUTF8 SIZE={len(taken.content)}"
        )
        assert taken.rcpts == (f"RCPT TO:<{VENDOR}> NOTIFY=SUCCESS,delay ORCPT=rfc822;Vendor@Paper.example",)


async def test_next_hop_without_extensions() -> None:
    async with running_relay(hop_more={"extensions": ()}) as relay:
        client = await relay.client()
        replies = await client.mail(TEACHER, [VENDOR], mail_content(), "RET=FULL SIZE=99 BODY=7BIT", "NOTIFY=NEVER")
        assert replies[-1] == "250 2.0.0 Ok"
        assert (relay.outside.taken[0].mail, relay.outside.taken[0].rcpts) == (
            f"MAIL FROM:<{TEACHER}>", (f"RCPT TO:<{VENDOR}>",)
        )  # fmt: skip
        for options in ("BODY=8BITMIME", "SMTPUTF8", "BODY=8BITMIME SMTPUTF8"):
            assert (await client.mail(TEACHER, [VENDOR], mail_content(), options))[-1] == "250 2.0.0 Ok"
            assert relay.outside.taken[-1].mail == f"MAIL FROM:<{TEACHER}>"


EIGHT_BIT = "Zoë hat 40 Kästen"


@pytest.mark.parametrize(
    ("options", "extensions", "subject", "text", "answer"),
    [
        ("BODY=8BITMIME", (), "Order", EIGHT_BIT, "554 5.6.3 "),
        ("BODY=8BITMIME", (), "Order", "plain\r\n" * 30_000 + EIGHT_BIT, "554 5.6.3 "),
        ("BODY=8BITMIME", ("8BITMIME",), "Order", EIGHT_BIT, "250 "),
        ("BODY=8BITMIME SMTPUTF8", ("8BITMIME",), "Order", EIGHT_BIT, "250 "),
        ("BODY=8BITMIME SMTPUTF8", ("8BITMIME",), EIGHT_BIT, "plain", "554 5.6.7 "),
        ("BODY=8BITMIME SMTPUTF8", ("SMTPUTF8",), EIGHT_BIT, "plain", "554 5.6.3 "),
        ("BODY=8BITMIME SMTPUTF8", ("8BITMIME", "SMTPUTF8"), EIGHT_BIT, EIGHT_BIT, "250 "),
    ],
)
async def test_content_decides_what_a_next_hop_cannot_take(options, extensions, subject, text, answer: str) -> None:
    """Nothing is converted: content that needs no extension goes without it, other content is refused."""
    async with running_relay(hop_more={"extensions": extensions}) as relay:
        client = await relay.client()
        content = mail_content(subject=subject, text=text)
        assert (await client.mail(TEACHER, [VENDOR], content, options))[-1].startswith(answer)
        assert len(relay.outside.taken) == answer.startswith("250")
        assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1].startswith("250 ")


async def test_next_hop_without_smtputf8_takes_ascii_recipients() -> None:
    async with running_relay(hop_more={"extensions": ("8BITMIME",)}) as relay:
        client = await relay.client()
        replies = await client.mail(TEACHER, ["z\u00f6@paper.example", VENDOR], mail_content(), "SMTPUTF8")
        assert replies[1].startswith("553 5.6.7 ")
        assert replies[-1] == "250 2.0.0 Ok"
        assert relay.outside.taken[0].rcpts == (f"RCPT TO:<{VENDOR}>",)
        replies = await client.mail("z\u00f6@paper.example", [VENDOR], None, "SMTPUTF8")
        assert replies[-1].startswith("553 5.6.7 ")


async def test_internationalized_addresses_are_passed_through() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        replies = await client.mail(
            "jos\u00e9@b\u00fc.example", ["\u7528\u6237@\u4f8b\u5b50.example"], mail_content(), "SMTPUTF8"
        )
        assert replies[-1] == "250 2.0.0 Ok"
        assert relay.outside.taken[0].rcpts == ("RCPT TO:<\u7528\u6237@\u4f8b\u5b50.example>",)
        assert b"with UTF8SMTP" in relay.outside.taken[0].content


async def test_two_transactions_on_one_session_share_a_connection() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        for _ in range(3):
            assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1] == "250 2.0.0 Ok"
        assert (await client.mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY)))[-1].startswith(
            "250 2.0.0 Ok: queued"
        )
        assert (await client.mail(TEACHER, [JORDAN, VENDOR], mail_content(TEACHER, AVERY)))[-1].startswith("250")
        assert relay.outside.connections == 1
        assert len(relay.outside.taken) == 3
        assert len(relay.store.accepted) == 2


async def test_rset_and_hello_drop_the_transaction() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        for forget in ("RSET", "EHLO client.example", "HELO client.example"):
            await client.mail(TEACHER, [AVERY])
            await client.say(forget)
            assert (await client.say("DATA")).startswith("503 5.5.1")
            await client.mail(TEACHER, [VENDOR])
            await client.say(forget)
            assert (await client.say(f"RCPT TO:<{VENDOR}>")).startswith("503 5.5.1")
        assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1] == "250 2.0.0 Ok"
        assert not relay.store.accepted
        assert len(relay.outside.taken) == 1


async def test_untrusted_client_can_send_only_to_the_district() -> None:
    async with running_relay(relay_from=()) as relay:
        client = await relay.client()
        replies = await client.mail(
            "x@elsewhere.example", [VENDOR, "a@x.riverbend.example", PRINCIPAL.upper()], mail_content()
        )
        assert replies[1].startswith("550 5.7.1 ")
        assert replies[2].startswith("550 5.7.1 ")
        assert replies[-1] == "250 2.0.0 Ok"
        assert relay.inside.taken[0].rcpts == (f"RCPT TO:<{PRINCIPAL.upper()}>",)
        assert relay.count("smtp_refusals_total", reason="relay_denied") == 2


@pytest.mark.parametrize(
    "local", ["victim%elsewhere.example", "elsewhere.example!victim", '"victim@elsewhere.example"', '"a%b.example"']
)
async def test_untrusted_client_cannot_route_beyond_the_district(local: str) -> None:
    """The next hop trusts us and would treat such an address as a route."""
    address = f"{local}@riverbend.example"
    async with running_relay(relay_from=()) as relay:
        replies = await (await relay.client()).mail("x@elsewhere.example", [address])
        assert replies[1].startswith("550 5.7.1 ")
        assert not relay.inside.commands
    async with running_relay() as relay:
        replies = await (await relay.client()).mail("x@elsewhere.example", [address], mail_content())
        assert replies[-1] == "250 2.0.0 Ok"
        assert relay.inside.taken[0].rcpts == (f"RCPT TO:<{address}>",)


async def test_header_with_too_many_authors_is_refused() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        many = ", ".join(f"a{number}@elsewhere.example" for number in range(300_000))
        for recipient in (VENDOR, AVERY):
            whole = f"From: {many}\r\n\r\nx\r\n".encode()
            assert (await client.mail("x@elsewhere.example", [recipient], whole))[-1].startswith("554 5.6.0 ")
        assert not relay.outside.taken
        assert not relay.store.accepted
        assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1] == "250 2.0.0 Ok"


async def test_unusable_helo_name_is_left_out_of_the_trace_field() -> None:
    async with running_relay() as relay:
        for name, shown in (("h" * 255, "h" * 255), ("h" * 256, "unknown"), ("(a)", "unknown"), ("[192.0.2.1]",) * 2):
            client = await relay.client(f"EHLO {name}")
            assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1] == "250 2.0.0 Ok"
            assert relay.outside.taken[-1].content.startswith(f"Received: from {shown} ([127.0.0.1])\r\n".encode())


async def test_postmaster_belongs_to_the_district() -> None:
    async with running_relay(relay_from=()) as relay:
        assert (await (await relay.client()).mail("x@elsewhere.example", ["postmaster"], mail_content()))[
            -1
        ] == "250 2.0.0 Ok"
        assert relay.inside.taken[0].rcpts == ("RCPT TO:<postmaster@riverbend.example>",)


async def test_mail_loop_is_stopped() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        often = "Received: from a by b; c\r\n" * 50
        assert (await client.mail(TEACHER, [VENDOR], mail_content(extra=often)))[-1] == "250 2.0.0 Ok"
        once_more = mail_content(extra=often + "Received: from a by b; c\r\n")
        assert (await client.mail(TEACHER, [VENDOR], once_more))[-1].startswith("554 5.4.6 ")
        assert (await client.mail(TEACHER, [AVERY], once_more))[-1].startswith("554 5.4.6 ")
        assert len(relay.outside.taken) == 1
        assert not relay.store.accepted


async def test_district_sender_from_outside_is_marked() -> None:
    async with running_relay(relay_from=()) as relay:
        assert (await (await relay.client()).mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY)))[-1][:3] == "250"
        [message] = relay.store.messages
        assert [pair.claimed for pair in message.relation.pairs] == [True]


async def test_district_sender_from_outside_is_refused_where_set() -> None:
    async with running_relay(relay_from=(), refuse_outside_claims=True) as relay:
        client = await relay.client()
        assert (await client.mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY)))[0].startswith("550 5.7.1 ")
        replies = await client.mail(VENDOR, [AVERY], mail_content(TEACHER, AVERY))
        assert replies[-1].startswith("550 5.7.1 ")
        assert (await client.mail(PERSONAL, [AVERY], mail_content(PERSONAL, AVERY)))[-1][:3] == "250"
        assert len(relay.store.messages) == 1
    async with running_relay(refuse_outside_claims=True) as relay:
        assert (await (await relay.client()).mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY)))[-1][:3] == "250"


async def test_proxy_protocol_is_heard_from_proxies_only() -> None:
    async with running_relay(proxy_protocol=True, proxies=("192.0.2.0/24",), relay_from=("198.51.100.0/24",)) as relay:
        client = await relay.connected()
        client.send(b"PROXY TCP4 198.51.100.7 10.0.0.1 4711 25\r\n")
        assert (await client.reply()).startswith("220")
        assert (await client.reply()).startswith("5")
