"""The SMTP dialogue: commands, order, limits, TLS, PROXY protocol, time-outs and shutdown."""

from __future__ import annotations

import asyncio

import pytest

from tests.relays.smtp.harness import (
    AVERY,
    PRINCIPAL,
    TEACHER,
    VENDOR,
    SmtpClient,
    dot_stuffed,
    mail_content,
    running_relay,
    wait_until,
)
from tests.transports.smtp.fake_hop import accept_all

OUTSIDER = "x@elsewhere.example"


async def test_extensions() -> None:
    async with running_relay() as relay:
        client = await relay.client("")
        replies = (await client.say("EHLO client.example")).splitlines()
        assert [line[4:] for line in replies] == [
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
    async with running_relay() as relay:
        client = await relay.client("")
        assert (await client.say(line))[:3] == code
        assert await client.say("NOOP") == "250 2.0.0 Ok"


async def test_commands_out_of_order() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        assert (await client.say(f"MAIL FROM:<{TEACHER}>")).startswith("250")
        assert (await client.say(f"MAIL FROM:<{TEACHER}>")).startswith("503 5.5.1")
        assert (await client.say("DATA")).startswith("503 5.5.1")
        assert (await client.say(f"RCPT TO:<{AVERY}>")).startswith("250")
        assert (await client.say("DATA now")).startswith("501")
        assert (await client.data(mail_content(TEACHER, AVERY)))[-1].startswith("250")


async def test_client_without_ehlo() -> None:
    async with running_relay() as relay:
        client = await relay.client("HELO client.example")
        assert (await client.say(f"MAIL FROM:<{TEACHER}> SIZE=1")).startswith("501")
        assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1] == "250 2.0.0 Ok"
        assert b"with SMTP;" in relay.outside.taken[0].content


async def test_everything_pipelined() -> None:
    async with running_relay() as relay:
        client = await relay.client("")
        whole = mail_content(TEACHER, AVERY)
        client.send(
            b"EHLO c\r\n" + f"MAIL FROM:<{TEACHER}>\r\nRCPT TO:<{AVERY}>\r\nRCPT TO:<bad\r\nDATA\r\n".encode()
            + dot_stuffed(whole) + f".\r\nMAIL FROM:<{TEACHER}>\r\nRCPT TO:<{VENDOR}>\r\nDATA\r\n".encode()
            + mail_content() + b".\r\nNOOP\r\nQUIT\r\n"
        )  # fmt: skip
        replies = [(await client.reply())[:3] for _ in range(11)]
        assert replies == ["250", "250", "250", "553", "354", "250", "250", "250", "354", "250", "250"]
        assert await client.reply() == "221 2.0.0 Bye"
        assert await client.ended()
        assert relay.store.messages[0].content == whole
        assert len(relay.outside.taken) == 1


async def test_content_sent_before_354_is_not_read_as_commands() -> None:
    async with running_relay(
        inside=lambda command: "550 5.1.1 no" if command.startswith("RCPT") else accept_all(command)
    ) as relay:
        client = await relay.client()
        client.send(
            f"MAIL FROM:<{OUTSIDER}>\r\nRCPT TO:<{PRINCIPAL}>\r\nDATA\r\nRSET\r\nMAIL FROM:<{TEACHER}>\r\n".encode()
        )
        assert [(await client.reply())[:3] for _ in range(3)] == ["250", "550", "503"]
        assert await client.ended()
        assert not [command for command in relay.inside.commands if TEACHER in command]


async def test_number_of_recipients_is_limited() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        people = [f"a{n}@riverbend.example" for n in range(1001)]
        client.send(f"MAIL FROM:<{TEACHER}>\r\nRCPT TO:<{AVERY}>\r\n".encode())
        client.send("".join(f"RCPT TO:<{person}>\r\n" for person in people).encode())
        replies = [await client.reply() for _ in range(1003)]
        assert [reply[:3] for reply in replies].count("250") == 1001
        assert replies[-1].startswith("452 4.5.3 ")
        assert (await client.data(mail_content(TEACHER, AVERY)))[-1].startswith("250")
        assert len(relay.store.messages[0].envelope.recipients) == 1000


async def test_repeated_recipient_counts_once() -> None:
    async with running_relay() as relay:
        await (await relay.client()).mail(TEACHER, [AVERY, VENDOR, AVERY], mail_content(TEACHER, AVERY))
        assert [recipient.address for recipient in relay.store.messages[0].envelope.recipients] == [AVERY, VENDOR]


async def test_too_many_errors_end_the_session() -> None:
    async with running_relay(max_errors=3) as relay:
        client = await relay.client()
        for _ in range(3):
            assert (await client.say("WHAT")).startswith("500")
        assert (await client.say("WHAT")).startswith("421 4.7.0 ")
        assert await client.ended()


async def test_too_many_commands_without_a_message_end_the_session() -> None:
    async with running_relay(max_idle_commands=6) as relay:
        client = await relay.client()
        for _ in range(4):
            assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1] == "250 2.0.0 Ok"
        for _ in range(6):
            assert (await client.say("NOOP")).startswith("250")
        assert (await client.say("NOOP")).startswith("421 4.7.0 ")
        assert await client.ended()


async def test_number_of_sessions_is_limited() -> None:
    async with running_relay(max_sessions=2) as relay:
        clients = [await relay.client() for _ in range(2)]
        assert relay.count("smtp_sessions") == 2
        third = await relay.connected()
        assert (await third.reply()).startswith("421 4.3.2 ")
        assert await third.ended()
        assert await clients[0].say("QUIT") == "221 2.0.0 Bye"
        await wait_until(lambda: relay.count("smtp_sessions") == 1)
        assert await (await relay.client()).say("NOOP") == "250 2.0.0 Ok"


async def test_sessions_of_one_client_are_limited() -> None:
    """Trusted clients have no such limit, and one client does not lock out others."""
    proxy_lines = {name: f"PROXY TCP{6 if ':' in name else 4} {name} {name} 4711 25\r\n".encode() for name in (
        "198.51.100.7", "198.51.100.8", "192.0.2.7", "2001:db8::7", "2001:db8::8", "2001:db8:0:1::7",
    )}  # fmt: skip
    async with running_relay(
        proxy_protocol=True, proxies=("127.0.0.0/8",), relay_from=("192.0.2.0/24",), max_sessions_per_client=2
    ) as relay:

        async def connect(name: str) -> tuple[SmtpClient, str]:
            client = await relay.connected()
            client.send(proxy_lines[name])
            return client, (await client.reply())[:9]

        clients = [await connect("198.51.100.7") for _ in range(2)]
        assert {replies for _, replies in clients} == {"220 gatew"}
        last, replies = await connect("198.51.100.7")
        assert replies == "421 4.7.0"
        assert await last.ended()
        assert relay.count("smtp_refusals_total", reason="sessions") == 1
        assert [(await connect(name))[1][:3] for name in ("198.51.100.8", *["192.0.2.7"] * 4)] == ["220"] * 5
        assert [(await connect(name))[1][:3] for name in proxy_lines if ":" in name] == ["220"] * 3
        assert (await connect("2001:db8::7"))[1][:3] == "421"  # the third of one /64 network
        before = relay.count("smtp_sessions")
        assert await clients[0][0].say("QUIT") == "221 2.0.0 Bye"
        await wait_until(lambda: relay.count("smtp_sessions") == before - 1)
        assert (await connect("198.51.100.7"))[1][:3] == "220"


async def test_silence_ends_the_session() -> None:
    async with running_relay(client_timeout=1.5) as relay:
        client = await relay.client()
        await client.mail(TEACHER, [VENDOR])
        await client.say("DATA")
        for line in mail_content(text="\r\n".join("slow " * 8 for _ in range(30))).splitlines(keepends=True):
            client.send(line)  # longer than the time-out in total, but never without progress
            await asyncio.sleep(0.05)
        assert await client.say(b".\r\n") == "250 2.0.0 Ok"
        await client.mail(TEACHER, [VENDOR])
        await client.say("DATA")
        client.send(b"half")
        assert (await client.reply()).startswith("421 4.4.2 ")
        assert await client.ended()
        await wait_until(lambda: relay.outside.commands[-1] == "RSET")
        assert relay.count("smtp_refusals_total", reason="timeout") == 1
        assert len(relay.outside.taken) == 1


@pytest.mark.parametrize("where", ["command", "content"])
async def test_trickle_is_no_progress(where: str) -> None:
    async with running_relay(client_timeout=0.3) as relay:
        client = await relay.client()
        if where == "content":
            await client.mail(TEACHER, [VENDOR])
            await client.say("DATA")
        ended = asyncio.create_task(client.reply())
        async with asyncio.timeout(60):
            while not ended.done():
                client.send(b"x")
                await asyncio.wait([ended], timeout=0.02)
        assert ended.result().startswith("421 4.4.2 ")
        assert not relay.outside.taken


async def test_time_out_is_shorter_with_many_sessions() -> None:
    async with running_relay(crowded=2, crowded_timeout=0.1) as relay:
        first = await relay.client()
        assert await first.say("NOOP") == "250 2.0.0 Ok"
        second = await relay.client("")
        assert (await second.reply()).startswith("421 4.4.2 ")
        assert relay.count("smtp_refusals_total", reason="timeout") == 0


async def test_starttls(certificate) -> None:
    async with running_relay(tls_cert=certificate[0], tls_key=certificate[1]) as relay:
        client = await relay.client()
        assert "STARTTLS" in await client.say("EHLO client.example")
        await client.mail(TEACHER, [AVERY])
        assert (await client.say("STARTTLS")).startswith("220")
        await client.start_tls()
        assert (await client.say(f"RCPT TO:<{AVERY}>")).startswith("503")
        assert "STARTTLS" not in await client.say("EHLO client.example")
        assert (await client.mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY)))[-1].startswith("250")
        assert relay.store.messages[0].tls
        assert b"with ESMTPS id" in relay.store.messages[0].prefix
        assert b"\r\n\t(TLSv1.3 TLS_" in relay.store.messages[0].prefix
        assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1] == "250 2.0.0 Ok"
        large = mail_content(text="\r\n".join("l" * 76 for _ in range(20_000)))
        assert (await client.mail(TEACHER, [VENDOR], large))[-1] == "250 2.0.0 Ok"
        assert (await client.say("STARTTLS")).startswith("503")
        await client.mail(TEACHER, [VENDOR])
        await client.say("DATA")
        client.send(b"half")
        client.writer.transport.abort()
        await wait_until(lambda: relay.count("smtp_sessions") == 0)
        assert len(relay.outside.taken) == 2


async def test_clear_text_after_starttls_is_ignored(certificate) -> None:
    async with running_relay(tls_cert=certificate[0], tls_key=certificate[1]) as relay:
        client = await relay.client()
        client.send(b"STARTTLS\r\nMAIL FROM:<evil@x.example>\r\n")
        assert (await client.reply()).startswith("503 5.5.1 ")
        assert await client.ended()
        client = await relay.client()
        client.send(b"STARTTLS\r\n")
        assert (await client.reply()).startswith("220")
        client.send(b"no hello of TLS\r\n")
        assert await client.ended()
        await wait_until(lambda: relay.count("smtp_sessions") == 0)


async def test_tls_may_be_required(certificate) -> None:
    async with running_relay(tls_cert=certificate[0], tls_key=certificate[1], require_tls=True) as relay:
        client = await relay.client()
        assert (await client.say(f"MAIL FROM:<{TEACHER}>")).startswith("530 5.7.0 ")
        assert (await client.say("STARTTLS")).startswith("220")
        await client.start_tls()
        await client.say("EHLO client.example")
        assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1] == "250 2.0.0 Ok"


async def test_proxy_protocol() -> None:
    v2 = b"\r\n\r\n\x00\r\nQUIT\n"
    async with running_relay(proxy_protocol=True, proxies=("127.0.0.0/8",), relay_from=("192.0.2.0/24",)) as relay:
        for proxy_lines, trusted in (
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 25\r\n", True),
            (b"PROXY TCP4 198.51.100.7 10.0.0.1 4711 25\r\n", False),
            (b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 25\r\n", False),
            (b"PROXY UNKNOWN\r\n", False),
            (v2 + b"\x21\x11\x00\x0c" + bytes([192, 0, 2, 9, 10, 0, 0, 1, 1, 2, 0, 25]), True),
        ):
            client = await relay.connected()
            client.send(proxy_lines)
            assert (await client.reply()).startswith("220")
            await client.say("EHLO client.example")
            replies = await client.mail(OUTSIDER, [VENDOR])
            assert replies[1][:3] == ("250" if trusted else "550")
        client = await relay.connected()
        client.send(b"EHLO not.proxied.example\r\n")
        assert await client.ended()
        assert not await client.reader.read()


@pytest.mark.parametrize("broken", [b"PROXY", b"PROXY TCP4 x y 1 2\r\n", b"\r\n\r\n\x00\r\nQUIT\n\x11\x11\x00\x00"])
async def test_invalid_proxy_line_ends_the_session(broken: bytes) -> None:
    async with running_relay(proxy_protocol=True, proxies=("127.0.0.0/8",)) as relay:
        client = await relay.connected()
        client.send(broken)
        client.writer.write_eof()
        assert await client.ended()
        await wait_until(lambda: relay.count("smtp_sessions") == 0)


async def test_stop_ends_idle_sessions_and_finishes_open_transactions() -> None:
    async with running_relay() as relay:
        idle, busy, late = [await relay.client() for _ in range(3)]
        await busy.mail(TEACHER, [AVERY])
        assert (await busy.say("DATA")).startswith("354")
        await late.mail(TEACHER, [VENDOR])
        stopping = asyncio.create_task(relay.relay.__aexit__(None, None, None))
        assert (await idle.reply()).startswith("421 4.3.2 ")
        with pytest.raises(OSError, match=r".*"):
            await relay.client()
        assert not stopping.done()
        assert (await busy.say(mail_content(TEACHER, AVERY) + b".\r\n")).startswith("250 2.0.0 Ok: queued")
        assert (await busy.reply()).startswith("421 4.3.2 ")
        assert (await late.data(mail_content()))[-1] == "250 2.0.0 Ok"
        assert (await late.reply()).startswith("421 4.3.2 ")
        await asyncio.wait_for(stopping, 30)
        assert relay.count("smtp_sessions") == 0


async def test_session_that_does_not_finish_in_time_is_closed() -> None:
    async with running_relay(drain=0.05) as relay:
        client = await relay.client()
        await client.mail(TEACHER, [VENDOR])
        assert (await client.say("DATA")).startswith("354")
        client.send(mail_content(text="unfinished\r\n" * 8000))
        await wait_until(lambda: relay.outside.received > 10)
        await asyncio.wait_for(relay.relay.__aexit__(None, None, None), 30)
        assert (await client.reply()).startswith("421 4.3.2 ")
        assert not relay.outside.taken
        assert relay.count("smtp_sessions") == 0


async def test_unexpected_error_is_a_temporary_refusal(caplog) -> None:
    async with running_relay() as relay:
        client = await relay.client()

        async def broken(*_, **__):
            raise RuntimeError("secret@riverbend.example")

        accept, relay.store.accept = relay.store.accept, broken
        replies = await client.mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY))
        assert replies[-1].startswith("451 4.3.0 ")
        assert [record.message for record in caplog.records if record.name == "chaperone"].count("failed") == 1
        relay.store.accept = accept
        assert (await client.mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY)))[-1].startswith("250")
