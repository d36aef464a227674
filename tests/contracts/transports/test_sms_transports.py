"""What every transport of texts does, on real SMPP and on the provider's HTTP API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from prometheus_client import CollectorRegistry

from gateway.core.channels.capabilities import SMS
from gateway.core.channels.smpp_message import SMSC, SmsPart, text_envelope, text_recipient
from gateway.core.channels.smpp_pdu import Command, Pdu, SmppAddress, Status, read_text
from gateway.core.channels.text_routing import APP, PROVIDER, route_option
from gateway.core.channels.twilio import form_options
from gateway.core.messages.delivery import Bounced, Claim, Claimed, Deferred, NextHop, Sent
from gateway.core.messages.message import Envelope, Message, Recipient, sha256_of
from gateway.core.messages.parties import AccountBasis, Direction, Pair, Relation
from gateway.observability.events import EventLog
from gateway.ports.channels import Transport
from gateway.smpp.connection import SmppLimits
from gateway.transports.smpp.transport import SmppTransport
from gateway.transports.smpp.upstream import SmppUpstream, SmscConfig
from gateway.transports.text_turns import REFUSALS
from gateway.transports.twilio.client import TwilioClient
from gateway.transports.twilio.transport import TwilioTransport
from tests.core.samples import message
from tests.peers.smpp_ends import body, smsc
from tests.peers.twilio_provider import SID, TOKEN, TextingApp, TwilioProvider, serving

LINE, STUDENT = "+15155550199", "+15155550120"
WORDS = "Practice is at four."


class Kept:
    """The store of SMS parts, in memory."""

    def __init__(self) -> None:
        self.parts: list[SmsPart] = []
        self.known: dict[int, str] = {}
        self.ended: list[tuple[str, int]] = []

    async def parts_of(self, message_id: str) -> list[SmsPart]:
        return self.parts

    async def smsc_ids(self, message_id: str, position: int) -> dict[int, str]:
        return self.known

    async def record_smsc_id(self, message_id: str, position: int, part: SmsPart, name: str) -> None:
        self.known[part.number] = name

    async def end_turn(self, message_id: str, position: int) -> None:
        self.ended.append((message_id, position))


@dataclass
class World:
    """A transport, a text for it, what arrived, and how to make the peer refuse."""

    transport: Transport
    message: Message
    arrived: Callable[[], list[str]]
    refuse: Callable[[], None]
    not_now: Callable[[], None]
    lose: Callable[[], None]
    kept: Kept
    usual: Callable[[], None]

    async def deliver(self, *, attempts: int = 0, ours: bool = True):
        async def holds_claim() -> bool:
            return ours

        claimed = tuple(Claimed(recipient, attempts, 0.0) for recipient in self.message.envelope.recipients)
        hop = NextHop("sms", "there", frozenset(), True)
        return await self.transport.deliver(hop, Claim("token", self.message, claimed), holds_claim)


def _text(enveloped: Envelope) -> Message:
    content = WORDS.encode()
    return replace(
        message(), channel=SMS, envelope=enveloped, content=content, sha256=sha256_of(content),
        relation=Relation(),
    )  # fmt: skip


@asynccontextmanager
async def smpp() -> AsyncIterator[World]:
    with smsc() as there:
        kept_, content = Kept(), body(LINE, STUDENT, WORDS.encode())
        kept_.parts = [SmsPart(1, 1, Command.SUBMIT_SM, content, "texting")]
        first = read_text(Command.SUBMIT_SM, content)
        to = text_recipient(STUDENT, SMSC, SmppAddress(1, 1, STUDENT[1:]))
        text = _text(text_envelope(LINE, [to], first, account="texting", total=1))

        async def nothing(_: Pdu) -> Pdu | None:
            return None

        limits = SmppLimits(timeout=1.0)
        config = SmscConfig("127.0.0.1", there.port, "us", "smsc-pw", limits=limits)
        async with SmppUpstream(config, nothing, EventLog(CollectorRegistry())) as upstream:
            while not upstream.bound():
                await _moment()

            def says(status: int) -> Callable[[], None]:
                def set_() -> None:
                    there.status = lambda _: status

                return set_

            yield World(
                SmppTransport(upstream, kept_, route=SMSC), text,  # type: ignore[arg-type]
                lambda: [read_text(pdu.command, pdu.body).short.decode() for _, pdu in there.accepted],
                says(Status.INVALID_DESTINATION), says(Status.SYSTEM_ERROR), says(-1), kept_, says(0),
            )  # fmt: skip


@asynccontextmanager
async def twilio() -> AsyncIterator[World]:
    with serving(TwilioProvider()) as provider:
        base = f"http://127.0.0.1:{provider.port}"
        form = (("From", LINE), ("To", STUDENT), ("Body", WORDS))
        text = _text(Envelope(LINE, (Recipient(STUDENT, (route_option(PROVIDER),)),), form_options(form, "form")))

        kept_ = Kept()

        async def nobody(_: str) -> list[str]:
            return []

        def says(*said: object) -> Callable[[], None]:
            def set_() -> None:
                provider.refuse = lambda _: said or None
                provider.delay = lambda _: 0.0

            return set_

        def lose() -> None:
            provider.delay = lambda _: 3.0

        async with TwilioClient(account_sid=SID, auth_token=TOKEN, api_base=base, app_url="", seconds=2.0) as client:
            yield World(
                TwilioTransport(
                    client, account_sid=SID, public_url=base, known=nobody, end_turn=kept_.end_turn, clock=lambda: 1.0
                ),
                text, lambda: [message["body"] for message in provider.messages],
                says(400, {"code": 21614, "message": "not a mobile number"}), says(503, {}), lose, kept_, says(),
            )  # fmt: skip


async def _moment() -> None:
    import asyncio

    await asyncio.sleep(0.01)


@pytest.fixture(params=[smpp, twilio], ids=["smpp", "twilio"])
def world(request):
    return request.param


async def test_text_is_delivered_unchanged(world) -> None:
    async with world() as w:
        outcomes = await w.deliver()
        assert [type(outcome) for outcome in outcomes.values()] == [Sent]
        assert set(outcomes) == {STUDENT}
        assert w.arrived() == [WORDS]


async def test_nothing_is_delivered_if_the_claim_is_lost(world) -> None:
    async with world() as w:
        assert await w.deliver(ours=False) == {}
        assert w.arrived() == []


async def test_permanent_refusal_bounces_and_temporary_defers(world) -> None:
    async with world() as w:
        w.refuse()
        assert [type(outcome) for outcome in (await w.deliver()).values()] == [Bounced]
        w.not_now()
        assert [type(outcome) for outcome in (await w.deliver()).values()] == [Deferred]
        assert w.arrived() == []
        w.usual()
        assert [type(outcome) for outcome in (await w.deliver(attempts=1)).values()] == [Sent]


async def test_lost_response_defers(world) -> None:
    async with world() as w:
        w.lose()
        (outcome,) = (await w.deliver()).values()
        assert isinstance(outcome, Deferred)
        assert outcome.reply.startswith("451 4.4.")


async def test_provider_that_lists_messages_gets_a_text_once_after_a_lost_response() -> None:
    async with twilio() as w:
        w.lose()
        await w.deliver()
        w.usual()
        (outcome,) = (await w.deliver(attempts=1)).values()
        assert isinstance(outcome, Sent)
        assert w.arrived() == [WORDS], "found in the list, and not sent again"


async def test_parts_that_the_smsc_took_are_not_sent_again() -> None:
    async with smpp() as w:
        w.kept.parts = [
            SmsPart(number, 3, Command.SUBMIT_SM, body(LINE, STUDENT, f"{number}".encode())) for number in (1, 2, 3)
        ]
        w.kept.known = {1: "A1", 2: "A2"}
        (outcome,) = (await w.deliver(attempts=1)).values()
        assert outcome == Sent("0x00000000 A1")
        assert w.arrived() == ["3"]
        assert set(w.kept.known) == {1, 2, 3}


def _by(direction: Direction, text: Message) -> Message:
    return replace(text, relation=Relation((Pair(STUDENT, "t1", "s1", direction, basis=AccountBasis.KNOWN),)))


@pytest.mark.parametrize("direction", list(Direction))
async def test_only_a_students_text_that_is_refused_again_and_again_loses_its_turn(direction: Direction) -> None:
    async with smpp() as w:
        w.message = _by(direction, w.message)
        for attempts in range(REFUSALS - 1):
            w.not_now()
            await w.deliver(attempts=attempts)
        assert w.kept.ended == []
        await w.deliver(attempts=REFUSALS - 1)
        assert w.kept.ended == [(w.message.id, 0)] * (direction is Direction.STUDENT_TO_STAFF)


@pytest.mark.parametrize("direction", list(Direction))
async def test_only_a_students_text_that_the_application_goes_on_refusing_loses_its_turn(direction: Direction) -> None:
    kept = Kept()
    form = (("From", STUDENT), ("To", LINE), ("Body", WORDS), ("MessageSid", "SM1"))
    text = _by(
        direction, _text(Envelope(STUDENT, (Recipient(LINE, (route_option(APP),)),), form_options(form, "form")))
    )

    async def nothing_known(_: str) -> list[str]:
        return []

    async def ours() -> bool:
        return True

    with serving(TextingApp()) as app:
        base = f"http://127.0.0.1:{app.port}"
        client = TwilioClient(account_sid=SID, auth_token="another", api_base=base, app_url=app.url)
        async with client:
            transport = TwilioTransport(
                client, account_sid=SID, public_url=base, known=nothing_known, end_turn=kept.end_turn
            )
            for attempts in range(REFUSALS):
                assert kept.ended == []
                claim = Claim("token", text, (Claimed(text.envelope.recipients[0], attempts, 0.0),))
                hop = NextHop("sms", "there", frozenset(), True)
                (outcome,) = (await transport.deliver(hop, claim, ours)).values()
                assert outcome == Deferred("451 4.5.0 The application answered 403")
    assert kept.ended == [(text.id, 0)] * (direction is Direction.STUDENT_TO_STAFF)
