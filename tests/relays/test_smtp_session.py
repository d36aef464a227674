"""The dialogue: commands, order, limits, TLS, the PROXY protocol, silence and the end."""

from __future__ import annotations

import asyncio

import pytest

from tests.relays.hop import always
from tests.relays.world import AVERY, PRINCIPAL, TEACHER, VENDOR, Client, content, stuffed, until, world

STRANGER = "x@elsewhere.example"


async def test_what_is_offered() -> None:
    async with world() as w:
        client = await w.client("")
        said = (await client.say("EHLO client.example")).splitlines()
        assert [line[4:] for line in said] == [
            "gateway.riverbend.example", "PIPELINING", f"SIZE {36 << 20}", "8BITMIME", "SMTPUTF8", "DSN",
            "ENHANCEDSTATUSCODES",
        ]  # fmt: skip
        assert await client.say("HELO client.example") == "250 gateway.riverbend.example"


@pytest.mark.parametrize(
    ("line", "code"),
    [("MAIL FROM:<a@b.example>", "503"), ("RCPT TO:<a@b.example>", "503"), ("DATA", "503"), ("EHLO", "501"),
     ("HELO", "501"), ("STARTTLS", "503"), ("BDAT 5 LAST", "500"), ("AUTH PLAIN", "500"), ("", "500"),
     ("\xff\xfe", "500"), ("NOOP x", "250"), ("noop", "250"), ("RSET", "250"), ("VRFY a", "252"), ("HELP", "214"),
     ("GET / HTTP/1.1", "500"),
     ("NOOP " + "x" * 5000, "500"), ("NOOP " + "x" * 100_000, "500")],
)  # fmt: skip
async def test_single_commands_before_hello(line: str, code: str) -> None:
    async with world() as w:
        client = await w.client("")
        assert (await client.say(line))[:3] == code
        assert await client.say("NOOP") == "250 2.0.0 Ok"


async def test_commands_out_of_order() -> None:
    async with world() as w:
        client = await w.client()
        assert (await client.say(f"MAIL FROM:<{TEACHER}>")).startswith("250")
        assert (await client.say(f"MAIL FROM:<{TEACHER}>")).startswith("503 5.5.1")
        assert (await client.say("DATA")).startswith("503 5.5.1")
        assert (await client.say(f"RCPT TO:<{AVERY}>")).startswith("250")
        assert (await client.say("DATA now")).startswith("501")
        assert (await client.data(content(TEACHER, AVERY)))[-1].startswith("250")


async def test_an_old_client_without_ehlo() -> None:
    async with world() as w:
        client = await w.client("HELO client.example")
        assert (await client.say(f"MAIL FROM:<{TEACHER}> SIZE=1")).startswith("501")
        assert (await client.mail(TEACHER, [VENDOR], content()))[-1] == "250 2.0.0 Ok"
        assert b"with SMTP;" in w.outside.taken[0].content


async def test_everything_at_once() -> None:
    async with world() as w:
        client = await w.client("")
        whole = content(TEACHER, AVERY)
        client.send(
            b"EHLO c\r\n" + f"MAIL FROM:<{TEACHER}>\r\nRCPT TO:<{AVERY}>\r\nRCPT TO:<bad\r\nDATA\r\n".encode()
            + stuffed(whole) + f".\r\nMAIL FROM:<{TEACHER}>\r\nRCPT TO:<{VENDOR}>\r\nDATA\r\n".encode()
            + content() + b".\r\nNOOP\r\nQUIT\r\n"
        )  # fmt: skip
        said = [(await client.reply())[:3] for _ in range(11)]
        assert said == ["250", "250", "250", "553", "354", "250", "250", "250", "354", "250", "250"]
        assert await client.reply() == "221 2.0.0 Bye"
        assert await client.ended()
        assert w.kept.messages[0].content == whole
        assert len(w.outside.taken) == 1


async def test_content_that_did_not_wait_for_its_turn_is_never_read_as_commands() -> None:
    async with world(inside=lambda command: "550 5.1.1 no" if command.startswith("RCPT") else always(command)) as w:
        client = await w.client()
        client.send(
            f"MAIL FROM:<{STRANGER}>\r\nRCPT TO:<{PRINCIPAL}>\r\nDATA\r\nRSET\r\nMAIL FROM:<{TEACHER}>\r\n".encode()
        )
        assert [(await client.reply())[:3] for _ in range(3)] == ["250", "550", "503"]
        assert await client.ended()
        assert not [each for each in w.inside.commands if TEACHER in each]


async def test_many_recipients() -> None:
    async with world() as w:
        client = await w.client()
        people = [f"a{n}@riverbend.example" for n in range(1001)]
        client.send(f"MAIL FROM:<{TEACHER}>\r\nRCPT TO:<{AVERY}>\r\n".encode())
        client.send("".join(f"RCPT TO:<{each}>\r\n" for each in people).encode())
        said = [await client.reply() for _ in range(1003)]
        assert [each[:3] for each in said].count("250") == 1001
        assert said[-1].startswith("452 4.5.3 ")
        assert (await client.data(content(TEACHER, AVERY)))[-1].startswith("250")
        assert len(w.kept.messages[0].envelope.recipients) == 1000


async def test_a_recipient_named_twice_is_one() -> None:
    async with world() as w:
        await (await w.client()).mail(TEACHER, [AVERY, VENDOR, AVERY], content(TEACHER, AVERY))
        assert [each.address for each in w.kept.messages[0].envelope.recipients] == [AVERY, VENDOR]


async def test_too_many_mistakes_end_the_session() -> None:
    async with world(max_errors=3) as w:
        client = await w.client()
        for _ in range(3):
            assert (await client.say("WHAT")).startswith("500")
        assert (await client.say("WHAT")).startswith("421 4.7.0 ")
        assert await client.ended()


async def test_too_many_commands_without_a_message_end_the_session() -> None:
    async with world(max_idle_commands=6) as w:
        client = await w.client()
        for _ in range(4):
            assert (await client.mail(TEACHER, [VENDOR], content()))[-1] == "250 2.0.0 Ok"
        for _ in range(6):
            assert (await client.say("NOOP")).startswith("250")
        assert (await client.say("NOOP")).startswith("421 4.7.0 ")
        assert await client.ended()


async def test_no_more_sessions_than_allowed() -> None:
    async with world(max_sessions=2) as w:
        clients = [await w.client() for _ in range(2)]
        assert w.count("smtp_sessions") == 2
        third = await w.connected()
        assert (await third.reply()).startswith("421 4.3.2 ")
        assert await third.ended()
        assert await clients[0].say("QUIT") == "221 2.0.0 Bye"
        await until(lambda: w.count("smtp_sessions") == 1)
        assert await (await w.client()).say("NOOP") == "250 2.0.0 Ok"


async def test_one_client_has_no_more_sessions_than_one_may() -> None:
    """Whoever may send to any domain has as many as there are, and others are let in whatever one does."""
    told = {name: f"PROXY TCP{6 if ':' in name else 4} {name} {name} 4711 25\r\n".encode() for name in (
        "198.51.100.7", "198.51.100.8", "192.0.2.7", "2001:db8::7", "2001:db8::8", "2001:db8:0:1::7",
    )}  # fmt: skip
    async with world(proxy_protocol=True, relay_from=("192.0.2.0/24",), max_sessions_per_client=2) as w:

        async def comes(name: str) -> tuple[Client, str]:
            client = await w.connected()
            client.send(told[name])
            return client, (await client.reply())[:9]

        clients = [await comes("198.51.100.7") for _ in range(2)]
        assert {said for _, said in clients} == {"220 gatew"}
        last, said = await comes("198.51.100.7")
        assert said == "421 4.7.0"
        assert await last.ended()
        assert w.count("smtp_refusals_total", reason="sessions") == 1
        assert [(await comes(name))[1][:3] for name in ("198.51.100.8", *["192.0.2.7"] * 4)] == ["220"] * 5
        assert [(await comes(name))[1][:3] for name in told if ":" in name] == ["220"] * 3
        assert (await comes("2001:db8::7"))[1][:3] == "421"  # of one network of 64 bits, where there were two
        before = w.count("smtp_sessions")
        assert await clients[0][0].say("QUIT") == "221 2.0.0 Bye"
        await until(lambda: w.count("smtp_sessions") == before - 1)
        assert (await comes("198.51.100.7"))[1][:3] == "220"


async def test_silence_ends_the_session_and_progress_does_not() -> None:
    async with world(client_timeout=0.3) as w:
        client = await w.client()
        await client.mail(TEACHER, [VENDOR])
        await client.say("DATA")
        for line in content(text="\r\n".join("slow " * 8 for _ in range(12))).splitlines(keepends=True):
            client.send(line)  # longer in all than the patience, never longer at once
            await asyncio.sleep(0.04)
        assert await client.say(b".\r\n") == "250 2.0.0 Ok"
        await client.mail(TEACHER, [VENDOR])
        await client.say("DATA")
        client.send(b"half")
        assert (await client.reply()).startswith("421 4.4.2 ")
        assert await client.ended()
        await until(lambda: w.outside.commands[-1] == "RSET")
        assert w.count("smtp_refusals_total", reason="timeout") == 1
        assert len(w.outside.taken) == 1


@pytest.mark.parametrize("where", ["command", "content"])
async def test_a_trickle_is_no_progress(where: str) -> None:
    async with world(client_timeout=0.3) as w:
        client = await w.client()
        if where == "content":
            await client.mail(TEACHER, [VENDOR])
            await client.say("DATA")
        began = asyncio.get_running_loop().time()
        ended = asyncio.create_task(client.reply())
        while not ended.done():
            client.send(b"x")
            await asyncio.wait([ended], timeout=0.02)
        assert ended.result().startswith("421 4.4.2 ")
        assert asyncio.get_running_loop().time() - began < 5
        assert not w.outside.taken


async def test_in_a_crowd_the_silent_have_to_go() -> None:
    async with world(crowded=2, crowded_timeout=0.1) as w:
        first = await w.client()
        assert await first.say("NOOP") == "250 2.0.0 Ok"
        second = await w.client("")
        assert (await second.reply()).startswith("421 4.4.2 ")
        assert w.count("smtp_refusals_total", reason="timeout") == 0


async def test_starttls(certificate) -> None:
    async with world(tls_cert=certificate[0], tls_key=certificate[1]) as w:
        client = await w.client()
        assert "STARTTLS" in await client.say("EHLO client.example")
        await client.mail(TEACHER, [AVERY])
        assert (await client.say("STARTTLS")).startswith("220")
        await client.start_tls()
        assert (await client.say(f"RCPT TO:<{AVERY}>")).startswith("503")
        assert "STARTTLS" not in await client.say("EHLO client.example")
        assert (await client.mail(TEACHER, [AVERY], content(TEACHER, AVERY)))[-1].startswith("250")
        assert w.kept.messages[0].tls
        assert b"with ESMTPS id" in w.kept.messages[0].prefix
        assert b"\r\n\t(TLSv1.3 TLS_" in w.kept.messages[0].prefix
        assert (await client.mail(TEACHER, [VENDOR], content()))[-1] == "250 2.0.0 Ok"
        large = content(text="\r\n".join("l" * 76 for _ in range(20_000)))
        assert (await client.mail(TEACHER, [VENDOR], large))[-1] == "250 2.0.0 Ok"
        assert (await client.say("STARTTLS")).startswith("503")
        await client.mail(TEACHER, [VENDOR])
        await client.say("DATA")
        client.send(b"half")
        client.writer.transport.abort()
        await until(lambda: w.count("smtp_sessions") == 0)
        assert len(w.outside.taken) == 2


async def test_nothing_said_in_clear_is_heard_after_starttls(certificate) -> None:
    async with world(tls_cert=certificate[0], tls_key=certificate[1]) as w:
        client = await w.client()
        client.send(b"STARTTLS\r\nMAIL FROM:<evil@x.example>\r\n")
        assert (await client.reply()).startswith("503 5.5.1 ")
        assert await client.ended()
        client = await w.client()
        client.send(b"STARTTLS\r\n")
        assert (await client.reply()).startswith("220")
        client.send(b"no hello of TLS\r\n")
        assert await client.ended()
        await until(lambda: w.count("smtp_sessions") == 0)


async def test_tls_may_be_required(certificate) -> None:
    async with world(tls_cert=certificate[0], tls_key=certificate[1], require_tls=True) as w:
        client = await w.client()
        assert (await client.say(f"MAIL FROM:<{TEACHER}>")).startswith("530 5.7.0 ")
        assert (await client.say("STARTTLS")).startswith("220")
        await client.start_tls()
        await client.say("EHLO client.example")
        assert (await client.mail(TEACHER, [VENDOR], content()))[-1] == "250 2.0.0 Ok"


async def test_the_proxy_protocol_names_the_client() -> None:
    v2 = b"\r\n\r\n\x00\r\nQUIT\n"
    async with world(proxy_protocol=True, relay_from=("192.0.2.0/24",)) as w:
        for told, trusted in (
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 25\r\n", True),
            (b"PROXY TCP4 198.51.100.7 10.0.0.1 4711 25\r\n", False),
            (b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 25\r\n", False),
            (b"PROXY UNKNOWN\r\n", False),
            (v2 + b"\x21\x11\x00\x0c" + bytes([192, 0, 2, 9, 10, 0, 0, 1, 1, 2, 0, 25]), True),
        ):
            client = await w.connected()
            client.send(told)
            assert (await client.reply()).startswith("220")
            await client.say("EHLO client.example")
            said = await client.mail(STRANGER, [VENDOR])
            assert said[1][:3] == ("250" if trusted else "550")
        client = await w.connected()
        client.send(b"EHLO not.proxied.example\r\n")
        assert await client.ended()
        assert not await client.reader.read()


@pytest.mark.parametrize("broken", [b"PROXY", b"PROXY TCP4 x y 1 2\r\n", b"\r\n\r\n\x00\r\nQUIT\n\x11\x11\x00\x00"])
async def test_a_broken_proxy_line_is_nobody(broken: bytes) -> None:
    async with world(proxy_protocol=True) as w:
        client = await w.connected()
        client.send(broken)
        client.writer.write_eof()
        assert await client.ended()
        await until(lambda: w.count("smtp_sessions") == 0)


async def test_stopping_ends_the_idle_and_lets_the_busy_finish() -> None:
    async with world() as w:
        idle, busy, late = [await w.client() for _ in range(3)]
        await busy.mail(TEACHER, [AVERY])
        assert (await busy.say("DATA")).startswith("354")
        await late.mail(TEACHER, [VENDOR])
        stopping = asyncio.create_task(w.relay.__aexit__(None, None, None))
        assert (await idle.reply()).startswith("421 4.3.2 ")
        with pytest.raises(OSError, match=r".*"):
            await w.client()
        assert not stopping.done()
        assert (await busy.say(content(TEACHER, AVERY) + b".\r\n")).startswith("250 2.0.0 Ok: queued")
        assert (await busy.reply()).startswith("421 4.3.2 ")
        assert (await late.data(content()))[-1] == "250 2.0.0 Ok"
        assert (await late.reply()).startswith("421 4.3.2 ")
        await asyncio.wait_for(stopping, 5)
        assert w.count("smtp_sessions") == 0


async def test_whoever_does_not_finish_in_time_is_cut_off_and_keeps_its_message() -> None:
    async with world(drain=0.05) as w:
        client = await w.client()
        await client.mail(TEACHER, [VENDOR])
        assert (await client.say("DATA")).startswith("354")
        client.send(content())
        await until(lambda: w.outside.received > 10)
        await asyncio.wait_for(w.relay.__aexit__(None, None, None), 5)
        assert (await client.reply()).startswith("421 4.3.2 ")
        assert not w.outside.taken
        assert w.count("smtp_sessions") == 0


async def test_something_unexpected_refuses_for_now_and_the_session_goes_on(caplog) -> None:
    async with world() as w:
        client = await w.client()

        async def broken(*_, **__):
            raise RuntimeError("secret@riverbend.example")

        accept, w.kept.accept = w.kept.accept, broken
        said = await client.mail(TEACHER, [AVERY], content(TEACHER, AVERY))
        assert said[-1].startswith("451 4.3.0 ")
        assert [record.message for record in caplog.records if record.name == "chaperone"].count("failed") == 1
        w.kept.accept = accept
        assert (await client.mail(TEACHER, [AVERY], content(TEACHER, AVERY)))[-1].startswith("250")
