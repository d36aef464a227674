"""What a next hop says while a client's transaction is open, and what becomes of it when the next hop goes away."""

from __future__ import annotations

import asyncio

import pytest

from gateway.assembly.factories import mail_next_hops
from gateway.settings.model import SmtpSettings
from gateway.transports.smtp.connection import SmtpTimeouts
from tests.relays.hop import always
from tests.relays.test_smtp_scope import refusing
from tests.relays.world import AVERY, TEACHER, VENDOR, content, until, without_trace, world

OTHER = "sales@paper.example"


async def test_a_refused_sender_is_the_reply_to_each_recipient() -> None:
    async with world(outside=refusing(("MAIL", "550 5.7.1 not you"))) as w:
        said = await (await w.client()).mail(TEACHER, [VENDOR, OTHER], content())
        assert said == [
            "250 2.1.0 Ok",
            "550 5.7.1 not you",
            "550 5.7.1 not you",
            "503 5.5.1 Need a valid recipient first",
        ]


@pytest.mark.parametrize(
    ("refused", "said"),
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
async def test_a_next_hop_that_would_not_have_us_is_the_reply_to_the_recipient(refused, said: str) -> None:
    async with world(outside=refusing(*refused)) as w:
        client = await w.client()
        assert await client.mail(TEACHER, [VENDOR]) == ["250 2.1.0 Ok", said]
        assert (await client.say(f"RCPT TO:<{AVERY}>")) == "250 2.1.5 Ok"


def test_an_alias_goes_where_its_domain_goes_unless_it_has_a_way_of_its_own() -> None:
    hops = {"Riverbend.example": "127.0.0.1:1", "own.example": "127.0.0.1:2", "*": "127.0.0.1:3"}
    aliases = dict.fromkeys(("old.example", "own.example"), "riverbend.example") | {"far.example": "else.example"}
    inside, own, rest = mail_next_hops(SmtpSettings(next_hop=hops), aliases)
    assert (inside.domains, own.domains, rest.domains) == (
        {"riverbend.example", "old.example"}, {"own.example"}, frozenset(),
    )  # fmt: skip
    assert rest.default
    assert rest.others == inside.domains | own.domains


async def test_replies_to_recipients_are_the_next_hops_word_for_word() -> None:
    many = "550-5.1.1 The account does not exist.\n550-5.1.1 Please check\n550 5.1.1 learn more"
    async with world(outside=refusing((f"RCPT TO:<{VENDOR}", many))) as w:
        client = await w.client()
        said = await client.mail(TEACHER, [VENDOR, OTHER], content())
        assert said[1] == many
        assert said[-1] == "250 2.0.0 Ok"
        assert w.outside.taken[0].rcpts == (f"RCPT TO:<{OTHER}>",)


@pytest.mark.parametrize("reply", ["554 5.7.1 no content today", "451 4.3.0 later", "452-4.3.1 full\n452 4.3.1 later"])
async def test_a_refusal_of_data_is_the_reply_to_the_final_dot(reply: str) -> None:
    async with world(outside=refusing(("DATA", reply))) as w:
        client = await w.client()
        said = await client.mail(TEACHER, [VENDOR], content())
        assert said[-2:] == ["354 End data with <CR><LF>.<CR><LF>", reply]
        assert not w.outside.taken
        assert w.count("smtp_refusals_total", reason="next_hop") == 1
        assert (await client.say("NOOP")) == "250 2.0.0 Ok"


@pytest.mark.parametrize(("at", "strange"), [("DATA", "250 fine"), ("RCPT", "354 go on"), (".", "354 more")])
async def test_an_answer_that_makes_no_sense_is_no_acceptance(at: str, strange: str) -> None:
    async with world(outside=refusing((at, strange))) as w:
        client = await w.client()
        said = await client.mail(TEACHER, [VENDOR], content())
        assert next(each for each in said if each[:3] not in ("250", "354")).startswith("451 4.5.0 ")
        assert not w.outside.taken
        assert w.count("messages_total", channel="mail", direction="out_of_scope") == 0


@pytest.mark.parametrize("reply", ["554 5.6.0 spam", "250 2.0.0 Ok: queued as 4XyZ", "450 4.7.1 greylisted"])
async def test_the_word_on_the_content_is_the_next_hops(reply: str) -> None:
    async with world(outside=refusing((".", reply))) as w:
        client = await w.client()
        assert (await client.mail(TEACHER, [VENDOR], content()))[-1] == reply
        passed = w.count("messages_total", channel="mail", direction="out_of_scope")
        assert passed == reply.startswith("250")
        assert (await client.mail(TEACHER, [VENDOR], content()))[-1] == reply
        assert w.outside.connections == 1


async def test_an_unreachable_next_hop_defers_the_recipient_and_not_what_is_in_scope() -> None:
    async with world(outside=refusing(("CONNECT", ""))) as w:
        client = await w.client()
        said = await client.mail(TEACHER, [VENDOR])
        assert said[1].startswith("451 4.4.1 ")
        said = [await client.say(f"RCPT TO:<{AVERY}>"), *await client.data(content(TEACHER, AVERY))]
        assert said[-1].startswith("250 2.0.0 Ok: queued")
        assert len(w.kept.messages[0].envelope.recipients) == 1


async def test_the_next_hop_is_not_asked_where_the_envelope_shows_a_pair() -> None:
    async with world(inside=refusing(("CONNECT", ""))) as w:
        assert (await (await w.client()).mail(TEACHER, [AVERY], content(TEACHER, AVERY)))[-1].startswith("250")
        assert w.inside.connections == 0


@pytest.mark.parametrize("at", ["RCPT TO:<sales", "DATA", "."])
async def test_a_next_hop_that_dies_leaves_the_message_with_the_client(at: str) -> None:
    async with world(outside=refusing((at, ""))) as w:
        client = await w.client()
        said = await client.mail(TEACHER, [VENDOR, OTHER], content())
        assert said[1] == "250 2.0.0 Ok"
        assert said[-1].startswith("451 4.4.2 ")
        assert (await client.mail(TEACHER, [VENDOR], content()))[-1][:3] == ("250" if at.startswith("RCPT") else "451")


async def test_what_was_promised_by_a_next_hop_that_died_is_still_taken_in_when_a_pair_comes() -> None:
    async with world(inside=refusing(("RCPT TO:<x@", ""))) as w:
        client = await w.client()
        said = await client.mail(TEACHER, ["office@riverbend.example", "x@riverbend.example", AVERY], content())
        assert [each[:3] for each in said[1:4]] == ["250", "451", "250"]
        assert said[-1].startswith("250 2.0.0 Ok: queued")
        assert [each.address for each in w.kept.messages[0].envelope.recipients] == ["office@riverbend.example", AVERY]


async def test_a_next_hop_that_closes_closes_nobody_else() -> None:
    async with world(outside=refusing(("RCPT", "421-4.3.2 going\n421 4.3.2 down"))) as w:
        client = await w.client()
        assert (await client.mail(TEACHER, [VENDOR]))[1] == "451-4.3.2 going\n451 4.3.2 down"
        assert (await client.say("NOOP")) == "250 2.0.0 Ok"


async def test_a_refusal_in_the_middle_of_the_content_is_passed_on() -> None:
    async with world(outside=refusing(("CONTENT", "552 5.3.4 too much"))) as w:
        sent = content(text="x\r\n" * 400_000)
        assert (await (await w.client()).mail(TEACHER, [VENDOR], sent))[-1] == "552 5.3.4 too much"


async def test_an_acceptance_before_the_end_is_none() -> None:
    async with world(outside=refusing(("CONTENT", "250 2.0.0 already fine"))) as w:
        sent = content(text="x\r\n" * 400_000)
        assert (await (await w.client()).mail(TEACHER, [VENDOR], sent))[-1].startswith("451 4.4.2 ")


@pytest.mark.parametrize("how", ["closed", "421"])
async def test_an_idle_connection_that_broke_is_replaced_without_anybody_noticing(how: str) -> None:
    old = []

    def outside(command: str) -> str:
        if command.startswith("MAIL"):
            old.append(command)
            if len(old) == 2:
                return "" if how == "closed" else "421 4.4.2 idle for too long"
        return always(command)

    async with world(outside=outside) as w:
        client = await w.client()
        for _ in range(3):
            assert (await client.mail(TEACHER, [VENDOR], content()))[-1] == "250 2.0.0 Ok"
        assert w.outside.connections == 2


async def test_a_silent_next_hop_is_given_up() -> None:
    hang = asyncio.Event()
    async with world(hop_timeouts=SmtpTimeouts(final=0.05)) as w:
        w.outside.reading = hang
        said = await (await w.client()).mail(TEACHER, [VENDOR], content())
        assert said[-1].startswith("451 4.4.2 ")
        hang.set()


@pytest.mark.parametrize("at", ["CONNECT", "EHLO", "MAIL", "RCPT", f"RCPT TO:<{OTHER}"])
async def test_a_client_hears_of_a_silent_next_hop_before_it_loses_patience(at: str) -> None:
    async with world(outside=refusing((at, "silence")), hop_answers_within=0.3) as w:
        client = await w.client()
        said = await client.mail(TEACHER, [VENDOR, OTHER])
        assert said[-1] == "451 4.4.1 The next hop does not answer"
        assert await client.say(f"RCPT TO:<{AVERY}>") == "250 2.1.5 Ok"  # what is in scope asks no next hop
        assert await client.say("RSET") == "250 2.0.0 Ok"
        w.outside.says = always
        assert (await client.mail(TEACHER, [VENDOR, OTHER], content()))[-1] == "250 2.0.0 Ok"
        assert len(w.outside.taken) == 1


async def test_a_reset_transaction_is_reset_at_the_next_hop_before_anybody_uses_the_connection() -> None:
    async with world() as w:
        client = await w.client()
        await client.mail(TEACHER, [VENDOR])
        await client.say("RSET")
        await until(lambda: w.outside.commands[-1] == "RSET")
        await client.mail(TEACHER, [OTHER], content())
        assert w.outside.taken[0].rcpts == (f"RCPT TO:<{OTHER}>",)


async def test_a_slow_next_hop_slows_the_client_and_fills_no_memory() -> None:
    reading = asyncio.Event()
    async with world(hop_more={"limit": 1 << 16}) as w:
        w.outside.reading = reading
        client = await w.client()
        await client.mail(TEACHER, [VENDOR])
        assert (await client.say("DATA")).startswith("354")
        client.send(content())
        line = b"y" * 62 + b"\r\n"
        stuck = False
        for _ in range(400):  # 16 MB at most, as long as the relay takes it
            client.send(line * 640)
            try:
                async with asyncio.timeout(0.3):
                    await client.writer.drain()
            except TimeoutError:
                stuck = True
                break
        assert stuck, "the relay read on though its next hop did not"
        reading.set()
        client.send(b".\r\n")
        assert await client.reply() == "250 2.0.0 Ok"
        assert w.outside.taken[0].content.endswith(line)


async def test_a_client_that_vanishes_leaves_nothing_at_the_next_hop() -> None:
    async with world() as w:
        client = await w.client()
        await client.mail(TEACHER, [VENDOR])
        await client.say("DATA")
        client.send(content(text="half a mess"))
        await until(lambda: w.outside.received > 50)
        client.writer.transport.abort()
        await until(lambda: not w.outside.open)
        assert not w.outside.taken
        other = await w.client()
        assert (await other.mail(TEACHER, [VENDOR], content()))[-1] == "250 2.0.0 Ok"
        assert without_trace(w.outside.taken[0].content) == content()
        await until(lambda: w.count("smtp_sessions") == 1)


async def test_a_client_that_only_stops_talking_still_gets_its_answer() -> None:
    async with world() as w:
        client = await w.client()
        await client.mail(TEACHER, [VENDOR])
        await client.say("DATA")
        client.send(content() + b".\r\nQUIT\r\n")
        client.writer.write_eof()
        assert await client.reply() == "250 2.0.0 Ok"
        assert await client.reply() == "221 2.0.0 Bye"
        assert len(w.outside.taken) == 1
