"""The pool of connections to next hops: reuse, replacement, TLS and time-outs."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace

import pytest

from gateway.core.messages.delivery import Deferred, NextHop, Sent
from gateway.core.messages.message import Recipient
from gateway.ports.channels import HopDown
from gateway.transports.smtp.destination import Destination, TlsPolicy
from gateway.transports.smtp.pool import SmtpPool
from gateway.transports.smtp.transport import SmtpTransport
from tests.contracts.transports.test_smtp_transport import AVERY, JO, claim
from tests.relays.smtp.harness import wait_until
from tests.relays.smtp.test_transaction import refusing
from tests.transports.smtp.fake_hop import accept_all, fake_hop

ONE = (Recipient(AVERY),)


async def holds_claim() -> bool:
    return True


def hop_of(hop) -> NextHop:
    return NextHop("mail", hop.target, frozenset(), True)


def open_pool(hop=None, *, target: str = "", timeouts=None, idle: float = 20.0, **more) -> SmtpPool:
    """A pool. `more` is configured of `hop`, which is reached as `target` if given."""
    name = target or (hop.target if hop else "")
    destinations = {name: Destination(name, (name,), **more)} if more else {}
    return SmtpPool("gateway.riverbend.example", destinations, timeouts=timeouts, idle=idle)


async def deliver_one(transport: SmtpTransport, where: NextHop, **more) -> object:
    return (await transport.deliver(where, claim(ONE, **more), holds_claim))[AVERY]


async def test_connection_is_reused_and_closed_when_idle() -> None:
    async with fake_hop() as hop, open_pool(idle=0.05) as pool:
        transport = SmtpTransport(pool)
        for _ in range(5):
            assert isinstance(await deliver_one(transport, hop_of(hop)), Sent)
        assert hop.connections == 1
        await wait_until(lambda: hop.commands[-1] == "QUIT")
        assert isinstance(await deliver_one(transport, hop_of(hop)), Sent)
        assert hop.connections == 2


async def test_refusal_at_connect_or_ehlo_defers() -> None:
    for at, refused in (("CONNECT", "554 5.7.1 not you"), ("EHLO", "421 4.3.2 busy")):
        async with fake_hop(refusing((at, refused))) as hop, open_pool() as pool:
            outcome = await deliver_one(SmtpTransport(pool), hop_of(hop))
            assert outcome == Deferred(refused.replace("421", "451"))


async def test_number_of_connections_is_limited() -> None:
    async with fake_hop() as hop, open_pool(hop, connections=2) as pool:
        transport = SmtpTransport(pool)
        outcomes = await asyncio.gather(*(deliver_one(transport, hop_of(hop)) for _ in range(8)))
        assert all(isinstance(outcome, Sent) for outcome in outcomes)
        assert hop.connections == 2


async def test_failures_do_not_leak_connections() -> None:
    breaks = {"at": ""}

    def says(command: str) -> str:
        return "" if command.startswith(breaks["at"] or "nothing") else accept_all(command)

    async with fake_hop(says) as hop, open_pool(hop, connections=1) as pool:
        transport = SmtpTransport(pool)
        for at in ("MAIL", "RCPT", "DATA", ".", "", "CONNECT", "EHLO"):
            breaks["at"] = at
            for _ in range(3):
                outcome = await deliver_one(transport, hop_of(hop))
                assert isinstance(outcome, Deferred if at else Sent)
                assert not (at and "cannot be reached" in outcome.reply) or at in ("CONNECT", "EHLO")
            hop.break_all()


async def test_canceled_delivery_releases_its_connection() -> None:
    async with fake_hop() as hop, open_pool(hop, connections=1) as pool:
        hop.reading.clear()
        transport = SmtpTransport(pool)
        task = asyncio.create_task(deliver_one(transport, hop_of(hop)))
        await wait_until(lambda: hop.received)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        hop.reading.set()
        assert isinstance(await deliver_one(transport, hop_of(hop)), Sent)


async def test_excess_recipients_are_left_out() -> None:
    """What the next hop has taken is on record before the next transaction. The others are due again at once."""
    count = {"now": 0}

    def says(command: str) -> str:
        if command.startswith("MAIL"):
            count["now"] = 0
        if command.startswith("RCPT"):
            count["now"] += 1
            if count["now"] > 2:
                return "452 4.5.3 too many recipients"
        return accept_all(command)

    people = tuple(Recipient(f"a{n}@x.example") for n in range(5))
    async with fake_hop(says) as hop, open_pool() as pool:
        for left in (5, 3, 1):
            outcomes = await SmtpTransport(pool).deliver(hop_of(hop), claim(people[-left:]), holds_claim)
            assert outcomes == {person.address: Sent("250 2.0.0 Ok", True) for person in people[-left:][:2]}
        assert [len(message.rcpts) for message in hop.taken] == [2, 2, 1]


async def test_recipients_are_deferred_by_a_next_hop_that_takes_none() -> None:
    def says(command: str) -> str:
        return "452 4.5.3 too many recipients" if command.startswith("RCPT") else accept_all(command)

    async with fake_hop(says) as hop, open_pool() as pool:
        outcomes = await SmtpTransport(pool).deliver(hop_of(hop), claim(), holds_claim)
        assert outcomes == dict.fromkeys((AVERY, JO), Deferred("452 4.5.3 too many recipients"))


async def test_next_hop_without_pipelining_or_ehlo() -> None:
    async with fake_hop(extensions=()) as hop, open_pool() as pool:
        assert await deliver_one(SmtpTransport(pool), hop_of(hop)) == Sent("250 2.0.0 Ok", False)
    async with (
        fake_hop(lambda command: "502 what" if command.startswith("EHLO") else accept_all(command)) as hop,
        open_pool() as pool,
    ):
        assert await deliver_one(SmtpTransport(pool), hop_of(hop)) == Sent("250 2.0.0 Ok", False)
        assert hop.commands[:2] == ["EHLO gateway.riverbend.example", "HELO gateway.riverbend.example"]


async def test_refused_recipient_does_not_break_a_pipelined_group() -> None:
    async with (
        fake_hop(lambda command: "550 no" if AVERY in command else accept_all(command)) as hop,
        open_pool() as pool,
    ):
        outcomes = await SmtpTransport(pool).deliver(hop_of(hop), claim(), holds_claim)
        assert isinstance(outcomes[JO], Sent)
        assert hop.commands[1:5] == [
            hop.taken[0].mail, f"RCPT TO:<{AVERY}>", f"RCPT TO:<{JO}>", "DATA"
        ]  # fmt: skip


async def test_large_message_is_sent_in_pieces() -> None:
    large = b"Subject: x\r\n\r\n" + (b"." + b"x" * 75 + b"\r\n") * 40_000
    async with fake_hop() as hop, open_pool() as pool:
        assert isinstance(await deliver_one(SmtpTransport(pool), hop_of(hop), content=large), Sent)
        assert hop.taken[0].content == large


@pytest.fixture
def secured(certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


async def test_tls_is_verified_if_required(certificate, secured) -> None:
    async with (
        fake_hop(tls=secured) as hop,
        open_pool(target=f"localhost:{hop.port}", tls=TlsPolicy.VERIFY, ca_file=certificate[0]) as pool,
    ):
        by_name = NextHop("mail", f"localhost:{hop.port}", frozenset(), True)
        assert isinstance(await deliver_one(SmtpTransport(pool), by_name), Sent)
        assert hop.taken[0].secure
    async with fake_hop(tls=secured) as hop, open_pool(hop, tls=TlsPolicy.VERIFY) as pool:
        assert isinstance(await deliver_one(SmtpTransport(pool), hop_of(hop)), Deferred)
    async with fake_hop() as hop, open_pool(hop, tls=TlsPolicy.VERIFY) as pool:
        assert (await deliver_one(SmtpTransport(pool), hop_of(hop))).reply.startswith("451 4.7.4 ")
        assert "MAIL" not in " ".join(hop.commands)


async def test_no_tls_on_loopback(secured) -> None:
    async with fake_hop(tls=secured) as hop, open_pool() as pool:
        assert isinstance(await deliver_one(SmtpTransport(pool), hop_of(hop)), Sent)
        assert not hop.taken[0].secure


def elsewhere(hop) -> NextHop:
    """The same next hop, by an address that is not recognized as loopback."""
    return NextHop("mail", f"127.1:{hop.port}", frozenset(), True)


async def test_tls_is_used_if_offered(secured) -> None:
    async with fake_hop(tls=secured) as hop, open_pool() as pool:
        assert isinstance(await deliver_one(SmtpTransport(pool), elsewhere(hop)), Sent)
        assert hop.taken[0].secure


async def test_message_received_over_tls_is_not_sent_in_clear_text(secured) -> None:
    made = claim(ONE)
    over_tls = replace(made, message=replace(made.message, tls=True))
    async with fake_hop() as hop, open_pool() as pool:
        transport = SmtpTransport(pool)
        assert isinstance((await transport.deliver(hop_of(hop), over_tls, holds_claim))[AVERY], Sent)
        for _ in range(2):
            outcome = (await transport.deliver(elsewhere(hop), over_tls, holds_claim))[AVERY]
            assert isinstance(outcome, Deferred)
            assert outcome.reply.startswith("451 4.7.4 ")
        assert isinstance((await transport.deliver(elsewhere(hop), made, holds_claim))[AVERY], Sent)
        assert len(hop.taken) == 2
        with pytest.raises(HopDown):
            await pool.begin(elsewhere(hop), "", (), ONE[0], size=None, tls=True)
    async with fake_hop(tls=secured) as hop, open_pool() as pool:
        assert isinstance((await SmtpTransport(pool).deliver(elsewhere(hop), over_tls, holds_claim))[AVERY], Sent)
        assert hop.taken[0].secure


async def test_broken_tls_falls_back_to_clear_text() -> None:
    def says(command: str) -> str:
        return "454 4.7.0 no TLS today" if command == "STARTTLS" else accept_all(command)

    made = claim(ONE)
    over_tls = replace(made, message=replace(made.message, tls=True))
    async with fake_hop(says, extensions=("STARTTLS",)) as hop, open_pool() as pool:
        assert isinstance(await deliver_one(SmtpTransport(pool), elsewhere(hop)), Sent)
        assert isinstance((await SmtpTransport(pool).deliver(elsewhere(hop), over_tls, holds_claim))[AVERY], Deferred)
        assert len(hop.taken) == 1


async def test_broken_tls_connection_is_replaced(secured) -> None:
    async with fake_hop(tls=secured) as hop, open_pool() as pool:
        transport = SmtpTransport(pool)
        for _ in range(3):
            assert isinstance(await asyncio.wait_for(deliver_one(transport, elsewhere(hop)), 30), Sent)
            hop.break_all()
        assert hop.connections == 3
        assert all(message.secure for message in hop.taken)
