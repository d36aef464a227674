"""Connections to next hops: kept, replaced, secured, and given up."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace

import pytest

from gateway.core.messages.delivery import Deferred, NextHop, Sent
from gateway.core.messages.message import Recipient
from gateway.ports.channels import HopDown
from gateway.transports.smtp.connection import HopTls, SmtpTimeouts
from gateway.transports.smtp.pool import SmtpPool
from gateway.transports.smtp.transport import SmtpTransport
from tests.contracts.test_transport import AVERY, JO, claim
from tests.relays.hop import always, hop
from tests.relays.test_smtp_scope import refusing
from tests.relays.world import until

ONE = (Recipient(AVERY),)


async def yes() -> bool:
    return True


def to(there) -> NextHop:
    return NextHop("mail", there.target, frozenset(), True)


def pool(**more) -> SmtpPool:
    return SmtpPool("gateway.riverbend.example", **more)


async def sent(transport: SmtpTransport, where: NextHop, **more) -> object:
    return (await transport.deliver(where, claim(ONE, **more), yes))[AVERY]


async def test_one_connection_serves_many_and_goes_when_it_was_idle_for_long() -> None:
    async with hop() as there, pool(idle=0.05) as kept:
        transport = SmtpTransport(kept)
        for _ in range(5):
            assert isinstance(await sent(transport, to(there)), Sent)
        assert there.connections == 1
        await until(lambda: there.commands[-1] == "QUIT")
        assert isinstance(await sent(transport, to(there)), Sent)
        assert there.connections == 2


async def test_a_next_hop_that_would_not_have_us_may_have_us_later() -> None:
    for at, refused in (("CONNECT", "554 5.7.1 not you"), ("EHLO", "421 4.3.2 busy")):
        async with hop(refusing((at, refused))) as there, pool() as connections:
            outcome = await sent(SmtpTransport(connections), to(there))
            assert outcome == Deferred(refused.replace("421", "451"))


async def test_as_many_connections_as_allowed() -> None:
    async with hop() as there, pool(limit=2) as kept:
        transport = SmtpTransport(kept)
        assert all(
            isinstance(each, Sent) for each in await asyncio.gather(*(sent(transport, to(there)) for _ in range(8)))
        )
        assert there.connections == 2


async def test_nothing_leaks_when_everything_goes_wrong() -> None:
    breaks = {"at": ""}

    def says(command: str) -> str:
        return "" if command.startswith(breaks["at"] or "nothing") else always(command)

    async with hop(says) as there, pool(limit=1, timeouts=SmtpTimeouts(connect=0.2)) as kept:
        transport = SmtpTransport(kept)
        for at in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".", ""):
            breaks["at"] = at
            for _ in range(3):
                outcome = await sent(transport, to(there))
                assert isinstance(outcome, Deferred if at else Sent)
                assert not (at and "cannot be reached" in outcome.reply) or at in ("CONNECT", "EHLO")


async def test_a_delivery_that_is_cancelled_gives_its_connection_back() -> None:
    async with hop() as there, pool(limit=1) as kept:
        there.reading.clear()
        transport = SmtpTransport(kept)
        task = asyncio.create_task(sent(transport, to(there)))
        await until(lambda: there.received)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        there.reading.set()
        assert isinstance(await sent(transport, to(there)), Sent)


async def test_a_next_hop_that_takes_only_some_at_once_gets_the_others_at_once_after() -> None:
    count = {"now": 0}

    def says(command: str) -> str:
        if command.startswith("MAIL"):
            count["now"] = 0
        if command.startswith("RCPT"):
            count["now"] += 1
            if count["now"] > 2:
                return "452 4.5.3 too many recipients"
        return always(command)

    people = tuple(Recipient(f"a{n}@x.example") for n in range(5))
    async with hop(says) as there, pool() as kept:
        outcomes = await SmtpTransport(kept).deliver(to(there), claim(people), yes)
        assert {type(each) for each in outcomes.values()} == {Sent}
        assert [len(each.rcpts) for each in there.taken] == [2, 2, 1]


async def test_a_next_hop_without_pipelining_or_ehlo() -> None:
    async with hop(extensions=()) as there, pool() as kept:
        assert await sent(SmtpTransport(kept), to(there)) == Sent("250 2.0.0 Ok", False)
    async with (
        hop(lambda command: "502 what" if command.startswith("EHLO") else always(command)) as there,
        pool() as kept,
    ):
        assert await sent(SmtpTransport(kept), to(there)) == Sent("250 2.0.0 Ok", False)
        assert there.commands[:2] == ["EHLO gateway.riverbend.example", "HELO gateway.riverbend.example"]


async def test_one_bad_recipient_does_not_lose_a_pipelined_group() -> None:
    async with hop(lambda command: "550 no" if AVERY in command else always(command)) as there, pool() as kept:
        outcomes = await SmtpTransport(kept).deliver(to(there), claim(), yes)
        assert isinstance(outcomes[JO], Sent)
        assert there.commands[1:5] == [
            there.taken[0].mail, f"RCPT TO:<{AVERY}>", f"RCPT TO:<{JO}>", "DATA"
        ]  # fmt: skip


async def test_a_large_message_goes_in_pieces() -> None:
    large = b"Subject: x\r\n\r\n" + (b"." + b"x" * 75 + b"\r\n") * 40_000
    async with hop() as there, pool() as kept:
        assert isinstance(await sent(SmtpTransport(kept), to(there), content=large), Sent)
        assert there.taken[0].content == large


@pytest.fixture
def secured(certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


async def test_tls_is_verified_where_that_is_wanted(certificate, secured) -> None:
    async with hop(tls=secured) as there, pool(tls=HopTls(True, certificate[0])) as kept:
        by_name = NextHop("mail", f"localhost:{there.port}", frozenset(), True)
        assert isinstance(await sent(SmtpTransport(kept), by_name), Sent)
        assert there.taken[0].secure
    async with hop(tls=secured) as there, pool(tls=HopTls(True)) as kept:
        assert isinstance(await sent(SmtpTransport(kept), to(there)), Deferred)
    async with hop() as there, pool(tls=HopTls(True)) as kept:
        assert (await sent(SmtpTransport(kept), to(there))).reply.startswith("451 4.7.4 ")
        assert "MAIL" not in " ".join(there.commands)


async def test_on_loopback_nobody_listens_and_nothing_is_secured(secured) -> None:
    async with hop(tls=secured) as there, pool() as kept:
        assert isinstance(await sent(SmtpTransport(kept), to(there)), Sent)
        assert not there.taken[0].secure


def elsewhere(there) -> NextHop:
    """The same next hop by a spelling of its address that is not seen to be loopback."""
    return NextHop("mail", f"127.1:{there.port}", frozenset(), True)


async def test_elsewhere_tls_is_used_where_it_is_offered(secured) -> None:
    async with hop(tls=secured) as there, pool() as kept:
        assert isinstance(await sent(SmtpTransport(kept), elsewhere(there)), Sent)
        assert there.taken[0].secure


async def test_what_came_over_tls_does_not_go_on_in_clear(secured) -> None:
    made = claim(ONE)
    over_tls = replace(made, message=replace(made.message, tls=True))
    async with hop() as there, pool() as kept:
        transport = SmtpTransport(kept)
        assert isinstance((await transport.deliver(to(there), over_tls, yes))[AVERY], Sent)
        for _ in range(2):
            outcome = (await transport.deliver(elsewhere(there), over_tls, yes))[AVERY]
            assert isinstance(outcome, Deferred)
            assert outcome.reply.startswith("451 4.7.4 ")
        assert isinstance((await transport.deliver(elsewhere(there), made, yes))[AVERY], Sent)
        assert len(there.taken) == 2
        with pytest.raises(HopDown):
            await kept.begin(elsewhere(there), "", (), ONE[0], size=None, tls=True)
    async with hop(tls=secured) as there, pool() as kept:
        assert isinstance((await SmtpTransport(kept).deliver(elsewhere(there), over_tls, yes))[AVERY], Sent)
        assert there.taken[0].secure


async def test_a_next_hop_whose_tls_is_broken_gets_in_clear_what_came_in_clear() -> None:
    def says(command: str) -> str:
        return "454 4.7.0 no TLS today" if command == "STARTTLS" else always(command)

    made = claim(ONE)
    over_tls = replace(made, message=replace(made.message, tls=True))
    async with hop(says, extensions=("STARTTLS",)) as there, pool() as kept:
        assert isinstance(await sent(SmtpTransport(kept), elsewhere(there)), Sent)
        assert isinstance((await SmtpTransport(kept).deliver(elsewhere(there), over_tls, yes))[AVERY], Deferred)
        assert len(there.taken) == 1


async def test_a_secured_connection_that_broke_is_replaced_too(secured) -> None:
    async with hop(tls=secured) as there, pool() as kept:
        transport = SmtpTransport(kept)
        for _ in range(3):
            assert isinstance(await asyncio.wait_for(sent(transport, elsewhere(there)), 5), Sent)
            there.break_all()
        assert there.connections == 3
        assert all(each.secure for each in there.taken)
