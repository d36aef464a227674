"""Replies of a next hop while a client's transaction is open, and next hops that fail."""

from __future__ import annotations

import asyncio

import pytest

from gateway.assembly.factories import mail_next_hops
from gateway.settings.smtp import SmtpSettings
from gateway.transports.smtp.connection import SmtpTimeouts
from tests.relays.smtp.harness import AVERY, TEACHER, VENDOR, mail_content, running_relay, wait_until, without_trace
from tests.relays.smtp.test_transaction import refusing
from tests.transports.smtp.fake_hop import accept_all

OTHER = "sales@paper.example"


async def test_refusal_of_the_sender_is_the_reply_to_each_recipient() -> None:
    async with running_relay(outside=refusing(("MAIL", "550 5.7.1 not you"))) as relay:
        replies = await (await relay.client()).mail(TEACHER, [VENDOR, OTHER], mail_content())
        assert replies == [
            "250 2.1.0 Ok",
            "550 5.7.1 not you",
            "550 5.7.1 not you",
            "503 5.5.1 Need a valid recipient first",
        ]


@pytest.mark.parametrize(
    ("refused", "answer"),
    [
        ([("CONNECT", "554 5.7.1 not you")], "554 5.7.1 not you"),
        ([("CONNECT", "554-no service\n554 here")], "554-no service\n554 here"),
        ([("CONNECT", "421 4.3.2 too busy")], "451 4.3.2 too busy"),
        ([("CONNECT", "")], "451 4.4.1 The next hop cannot be reached, try again later"),
        ([("CONNECT", "SSH-2.0-hop")], "451 4.4.1 The next hop cannot be reached, try again later"),
        ([("EHLO", "550 5.7.1 bad name"), ("HELO", "550 5.7.1 bad name too")], "550 5.7.1 bad name too"),
        ([("EHLO", "450 4.7.1 come back")], "450 4.7.1 come back"),
        ([("EHLO", "")], "451 4.4.1 The next hop cannot be reached, try again later"),
    ],
)
async def test_refusal_at_connect_is_the_reply_to_the_recipient(refused, answer: str) -> None:
    async with running_relay(outside=refusing(*refused)) as relay:
        client = await relay.client()
        assert await client.mail(TEACHER, [VENDOR]) == ["250 2.1.0 Ok", answer]
        assert (await client.say(f"RCPT TO:<{AVERY}>")) == "250 2.1.5 Ok"


def test_alias_uses_its_domains_next_hop_unless_configured() -> None:
    hops = {"Riverbend.example": "127.0.0.1:1", "own.example": "127.0.0.1:2", "*": "127.0.0.1:3"}
    aliases = dict.fromkeys(("old.example", "own.example"), "riverbend.example") | {"far.example": "else.example"}
    inside, own, rest = mail_next_hops(SmtpSettings(next_hop=hops), aliases)
    assert (inside.domains, own.domains, rest.domains) == (
        {"riverbend.example", "old.example"}, {"own.example"}, frozenset(),
    )  # fmt: skip
    assert rest.default
    assert rest.others == inside.domains | own.domains


async def test_replies_to_recipients_are_passed_on_word_for_word() -> None:
    many = "550-5.1.1 The account does not exist.\n550-5.1.1 Please check\n550 5.1.1 learn more"
    async with running_relay(outside=refusing((f"RCPT TO:<{VENDOR}", many))) as relay:
        client = await relay.client()
        replies = await client.mail(TEACHER, [VENDOR, OTHER], mail_content())
        assert replies[1] == many
        assert replies[-1] == "250 2.0.0 Ok"
        assert relay.outside.taken[0].rcpts == (f"RCPT TO:<{OTHER}>",)


@pytest.mark.parametrize("reply", ["554 5.7.1 no content today", "451 4.3.0 later", "452-4.3.1 full\n452 4.3.1 later"])
async def test_refusal_of_data_is_the_reply_to_the_final_dot(reply: str) -> None:
    async with running_relay(outside=refusing(("DATA", reply))) as relay:
        client = await relay.client()
        replies = await client.mail(TEACHER, [VENDOR], mail_content())
        assert replies[-2:] == ["354 End data with <CR><LF>.<CR><LF>", reply]
        assert not relay.outside.taken
        assert relay.count("smtp_refusals_total", reason="next_hop", hop=relay.outside.target) == 1
        assert (await client.say("NOOP")) == "250 2.0.0 Ok"


@pytest.mark.parametrize(("at", "strange"), [("DATA", "250 fine"), ("RCPT", "354 go on"), (".", "354 more")])
async def test_nonsense_reply_is_no_acceptance(at: str, strange: str) -> None:
    async with running_relay(outside=refusing((at, strange))) as relay:
        client = await relay.client()
        replies = await client.mail(TEACHER, [VENDOR], mail_content())
        assert next(reply for reply in replies if reply[:3] not in ("250", "354")).startswith("451 4.5.0 ")
        assert not relay.outside.taken
        assert relay.count("messages_total", channel="mail", direction="out_of_scope") == 0


@pytest.mark.parametrize("reply", ["554 5.6.0 spam", "250 2.0.0 Ok: queued as 4XyZ", "450 4.7.1 greylisted"])
async def test_reply_to_the_content_is_passed_on(reply: str) -> None:
    async with running_relay(outside=refusing((".", reply))) as relay:
        client = await relay.client()
        assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1] == reply
        passed = relay.count("messages_total", channel="mail", direction="out_of_scope")
        assert passed == reply.startswith("250")
        assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1] == reply
        assert relay.outside.connections == 1


async def test_unreachable_next_hop_does_not_affect_messages_in_scope() -> None:
    async with running_relay(outside=refusing(("CONNECT", ""))) as relay:
        client = await relay.client()
        replies = await client.mail(TEACHER, [VENDOR])
        assert replies[1].startswith("451 4.4.1 ")
        replies = [await client.say(f"RCPT TO:<{AVERY}>"), *await client.data(mail_content(TEACHER, AVERY))]
        assert replies[-1].startswith("250 2.0.0 Ok: queued")
        assert len(relay.store.messages[0].envelope.recipients) == 1


async def test_next_hop_is_not_contacted_for_a_pair() -> None:
    async with running_relay(inside=refusing(("CONNECT", ""))) as relay:
        assert (await (await relay.client()).mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY)))[-1].startswith("250")
        assert relay.inside.connections == 0


@pytest.mark.parametrize("at", ["RCPT TO:<sales", "DATA", "."])
async def test_message_stays_with_the_client_if_the_next_hop_dies(at: str) -> None:
    async with running_relay(outside=refusing((at, ""))) as relay:
        client = await relay.client()
        replies = await client.mail(TEACHER, [VENDOR, OTHER], mail_content())
        assert replies[1] == "250 2.0.0 Ok"
        assert replies[-1].startswith("451 4.4.2 ")
        assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1][:3] == (
            "250" if at.startswith("RCPT") else "451"
        )


async def test_recipients_of_a_dead_next_hop_are_stored_with_a_later_pair() -> None:
    async with running_relay(inside=refusing(("RCPT TO:<x@", ""))) as relay:
        client = await relay.client()
        replies = await client.mail(TEACHER, ["office@riverbend.example", "x@riverbend.example", AVERY], mail_content())
        assert [reply[:3] for reply in replies[1:4]] == ["250", "451", "250"]
        assert replies[-1].startswith("250 2.0.0 Ok: queued")
        assert [recipient.address for recipient in relay.store.messages[0].envelope.recipients] == [
            "office@riverbend.example",
            AVERY,
        ]


async def test_421_of_the_next_hop_does_not_close_the_session() -> None:
    async with running_relay(outside=refusing(("RCPT", "421-4.3.2 going\n421 4.3.2 down"))) as relay:
        client = await relay.client()
        assert (await client.mail(TEACHER, [VENDOR]))[1] == "451-4.3.2 going\n451 4.3.2 down"
        assert (await client.say("NOOP")) == "250 2.0.0 Ok"


async def test_refusal_in_the_middle_of_the_content_is_passed_on() -> None:
    async with running_relay(outside=refusing(("CONTENT", "552 5.3.4 too much"))) as relay:
        sent = mail_content(text="x\r\n" * 400_000)
        assert (await (await relay.client()).mail(TEACHER, [VENDOR], sent))[-1] == "552 5.3.4 too much"


async def test_acceptance_before_the_end_does_not_count() -> None:
    async with running_relay(outside=refusing(("CONTENT", "250 2.0.0 already fine"))) as relay:
        sent = mail_content(text="x\r\n" * 400_000)
        assert (await (await relay.client()).mail(TEACHER, [VENDOR], sent))[-1].startswith("451 4.4.2 ")


@pytest.mark.parametrize("how", ["closed", "421"])
async def test_broken_idle_connection_is_replaced(how: str) -> None:
    old = []

    def outside(command: str) -> str:
        if command.startswith("MAIL"):
            old.append(command)
            if len(old) == 2:
                return "" if how == "closed" else "421 4.4.2 idle for too long"
        return accept_all(command)

    async with running_relay(outside=outside) as relay:
        client = await relay.client()
        for _ in range(3):
            assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1] == "250 2.0.0 Ok"
        assert relay.outside.connections == 2


async def test_silent_next_hop_times_out() -> None:
    hang = asyncio.Event()
    async with running_relay(hop_timeouts=SmtpTimeouts(final=0.05)) as relay:
        relay.outside.reading = hang
        replies = await (await relay.client()).mail(TEACHER, [VENDOR], mail_content())
        assert replies[-1].startswith("451 4.4.2 ")
        hang.set()


@pytest.mark.parametrize("at", ["CONNECT", "EHLO", "MAIL", "RCPT", f"RCPT TO:<{OTHER}"])
async def test_client_gets_a_reply_before_its_own_time_out(at: str) -> None:
    async with running_relay(outside=refusing((at, "silence")), hop_answers_within=1.0) as relay:
        client = await relay.client()
        replies = await client.mail(TEACHER, [VENDOR, OTHER])
        assert replies[-1] == "451 4.4.1 The next hop does not answer"
        assert await client.say(f"RCPT TO:<{AVERY}>") == "250 2.1.5 Ok"  # a pair needs no next hop
        assert await client.say("RSET") == "250 2.0.0 Ok"
        relay.outside.says = accept_all
        assert (await client.mail(TEACHER, [VENDOR, OTHER], mail_content()))[-1] == "250 2.0.0 Ok"
        assert len(relay.outside.taken) == 1


async def test_connection_is_reset_before_reuse() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        await client.mail(TEACHER, [VENDOR])
        await client.say("RSET")
        await wait_until(lambda: relay.outside.commands[-1] == "RSET")
        await client.mail(TEACHER, [OTHER], mail_content())
        assert relay.outside.taken[0].rcpts == (f"RCPT TO:<{OTHER}>",)


async def test_slow_next_hop_slows_the_client() -> None:
    reading = asyncio.Event()
    async with running_relay(hop_more={"limit": 1 << 16}) as relay:
        relay.outside.reading = reading
        client = await relay.client()
        await client.mail(TEACHER, [VENDOR])
        assert (await client.say("DATA")).startswith("354")
        client.send(mail_content())
        line = b"y" * 62 + b"\r\n"
        stuck = False
        for _ in range(400):  # at most 16 MB, while the relay accepts it
            client.send(line * 640)
            try:
                async with asyncio.timeout(0.3):
                    await client.writer.drain()
            except TimeoutError:
                stuck = True
                break
        assert stuck, "the relay kept reading although its next hop did not"
        reading.set()
        client.send(b".\r\n")
        assert await client.reply() == "250 2.0.0 Ok"
        assert relay.outside.taken[0].content.endswith(line)


async def test_vanished_client_leaves_nothing_at_the_next_hop() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        await client.mail(TEACHER, [VENDOR])
        await client.say("DATA")
        client.send(mail_content(text="half a message\r\n" * 8000))
        await wait_until(lambda: relay.outside.received > 50)
        client.writer.transport.abort()
        await wait_until(lambda: not relay.outside.open)
        assert not relay.outside.taken
        other = await relay.client()
        assert (await other.mail(TEACHER, [VENDOR], mail_content()))[-1] == "250 2.0.0 Ok"
        assert without_trace(relay.outside.taken[0].content) == mail_content()
        await wait_until(lambda: relay.count("smtp_sessions") == 1)


async def test_client_that_closes_its_side_still_gets_replies() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        await client.mail(TEACHER, [VENDOR])
        await client.say("DATA")
        client.send(mail_content() + b".\r\nQUIT\r\n")
        client.writer.write_eof()
        assert await client.reply() == "250 2.0.0 Ok"
        assert await client.reply() == "221 2.0.0 Bye"
        assert len(relay.outside.taken) == 1
