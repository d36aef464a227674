"""Texts to a peer that throttles us are offered again after growing pauses. The clock is a test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

import pytest

from gateway.core.channels.capabilities import SMS
from gateway.core.channels.smpp_message import ESME, SMSC, SmsPart, text_envelope, text_recipient
from gateway.core.channels.smpp_pdu import THROTTLING_STATUSES, Command, Pdu, SmppAddress, Status, read_text
from gateway.core.messages.delivery import Claim, Claimed, Deferred, NextHop, Outcome, Sent
from gateway.core.messages.message import Message
from gateway.core.messages.parties import AccountBasis, Direction, Pair, Relation
from gateway.transports.smpp.transport import SmppTransport
from tests.contracts.transports.test_sms_transports import LINE, STUDENT, Kept
from tests.core.samples import message
from tests.instant_loop import START, InstantLoop
from tests.peers.smpp_ends import body

RECOVERIES = [0.1, 1.0, 5.0, 20.0, 45.0]


class _Peer:
    """A peer that answers with a status until its clock has come to a time, and accepts everything afterwards."""

    def __init__(self, status: int, until: float, answer_after: float = 0.0) -> None:
        self._status, self._until, self._answer_after = status, until, answer_after
        self.offers: list[float] = []

    def bound(self, account: str = "") -> bool:
        return True

    async def ask(self, request: Pdu, account: str = "", *, urgent: bool = False) -> Pdu:
        now = asyncio.get_running_loop().time() - START
        self.offers.append(now)
        await asyncio.sleep(self._answer_after)
        return request.response(self._status if now < self._until else Status.OK, b"A1\0")


def _run(work: Callable[[], Coroutine[Any, Any, Mapping[str, Outcome]]]) -> Mapping[str, Outcome]:
    with asyncio.Runner(loop_factory=InstantLoop) as runner:
        return runner.run(work())


def _text(direction: Direction, route: str) -> tuple[Message, Kept]:
    content = body(LINE, STUDENT, b"Practice is at four.")
    kept = Kept()
    kept.parts = [SmsPart(1, 1, Command.SUBMIT_SM, content, "texting")]
    to = text_recipient(STUDENT, route, SmppAddress(1, 1, STUDENT[1:]))
    enveloped = text_envelope(LINE, [to], read_text(Command.SUBMIT_SM, content), account="texting", total=1)
    pair = Pair(STUDENT, "t1", "s1", direction, basis=AccountBasis.KNOWN)
    return replace(message(), channel=SMS, envelope=enveloped, relation=Relation((pair,))), kept


def _deliver(peer: _Peer, direction: Direction, route: str, *, keeps_claim: int = 1000) -> tuple[Outcome | None, Kept]:
    text, kept = _text(direction, route)
    asked = 0

    async def holds_claim() -> bool:
        nonlocal asked
        asked += 1
        return asked <= keeps_claim

    async def deliver() -> Mapping[str, Outcome]:
        transport = SmppTransport(peer, kept, route=route)  # type: ignore[arg-type]
        claim = Claim("token", text, (Claimed(text.envelope.recipients[0], 0, 0.0),))
        return await transport.deliver(NextHop(SMS, route, frozenset({route})), claim, holds_claim)

    return next(iter(_run(deliver).values()), None), kept


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("route", [SMSC, ESME])
@pytest.mark.parametrize("status", sorted(THROTTLING_STATUSES))
@pytest.mark.parametrize("until", RECOVERIES)
def test_a_text_arrives_soon_after_the_peer_recovers(
    direction: Direction, route: str, status: int, until: float
) -> None:
    peer = _Peer(status, until)
    outcome, _ = _deliver(peer, direction, route)
    assert isinstance(outcome, Sent)
    assert until <= peer.offers[-1] <= max(2 * until, 0.25)


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("route", [SMSC, ESME])
def test_a_peer_that_goes_on_throttling_is_asked_seldom_and_the_text_is_due_later(
    direction: Direction, route: str
) -> None:
    peer = _Peer(Status.THROTTLED, 1e6)
    outcome, _ = _deliver(peer, direction, route)
    assert isinstance(outcome, Deferred)
    pauses = [later - earlier for earlier, later in zip(peer.offers, peer.offers[1:], strict=False)]
    assert pauses == sorted(pauses)
    assert min(pauses) >= 0.25
    assert len(peer.offers) <= 12
    assert 50.0 <= peer.offers[-1] <= 60.0


def test_a_claim_that_is_lost_during_a_pause_ends_the_offers() -> None:
    peer = _Peer(Status.THROTTLED, 1e6)
    outcome, _ = _deliver(peer, Direction.STUDENT_TO_STAFF, ESME, keeps_claim=3)
    assert outcome is None
    assert len(peer.offers) == 3


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("seconds", [0.0, 0.9, 1.1, 15.0])
def test_only_a_late_response_lets_a_students_next_text_go_and_no_pause_does(
    direction: Direction, seconds: float
) -> None:
    _, kept = _deliver(_Peer(Status.THROTTLED, 10.0, answer_after=seconds), direction, ESME)
    assert bool(kept.ended) is (direction is Direction.STUDENT_TO_STAFF and seconds > 1.0)
