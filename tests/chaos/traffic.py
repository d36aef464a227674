"""Clients that offer mail until it is accepted, and remember every answer."""

from __future__ import annotations

import queue
import random
import smtplib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from tests.chaos.links import Link
from tests.stories.sample_mails import SampleMail

_PATIENCE = 240.0  # seconds in which a message must be accepted or refused for good
_ANSWERS = 100  # and after so many replies, as the gateway may start slowly on a machine that is busy

State = Literal["waiting", "accepted", "unknown", "refused"]


@dataclass(eq=False)
class Offer:
    """One message: how often its content was sent, and the last answer.

    `unknown`: the answer was lost, so that it may have been accepted. It is not offered again, as a client that repeats
    it makes a second message.
    """

    mail: SampleMail
    subject: str
    state: State = "waiting"
    dots: int = 0
    answer: str = ""
    ended_at: float = 0.0

    @property
    def must_be_held(self) -> bool:
        """Whether the policy holds it."""
        return self.mail.expected not in ("clean", "out of scope")


@dataclass(eq=False)
class Traffic:
    """Some clients, each with one message at a time over a link chosen at random."""

    links: Sequence[Link]
    offers: list[Offer] = field(default_factory=list)
    clients: int = 3

    def __post_init__(self) -> None:
        self._waiting: queue.SimpleQueue[Offer | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(self.clients)
        ]
        for thread in self._threads:
            thread.start()

    def send(self, mail: SampleMail, subject: str) -> None:
        """Offer a message soon."""
        offer = Offer(mail, subject)
        self.offers.append(offer)
        self._waiting.put(offer)

    def waiting(self) -> int:
        """How many messages were not answered yet."""
        return sum(offer.state == "waiting" for offer in self.offers)

    def stop(self) -> None:
        """End the clients after the messages that wait."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join(_PATIENCE)

    def _run(self, number: int) -> None:
        chance = random.Random(number)
        while (offer := self._waiting.get()) is not None:
            end, answers = time.monotonic() + _PATIENCE, 0
            state: State = "waiting"
            while state == "waiting":
                state = _offer(offer, chance.choice(self.links).port)
                answers += offer.answer[:1].isdigit()
                if state == "waiting":
                    if time.monotonic() > end and answers >= _ANSWERS:
                        state = "refused"
                    threading.Event().wait(0.2)
            offer.ended_at = time.monotonic()
            offer.state = state


def _offer(offer: Offer, port: int) -> State:
    """Offer a message once."""
    mail, sent = offer.mail, False
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            client.ehlo()
            for command in (f"MAIL FROM:<{mail.sender}>", f"RCPT TO:<{mail.recipient}>", "DATA"):
                code, text = client.docmd(command)
                if code not in (250, 354):
                    return _refused(offer, code, text)
            stuffed = mail.content.replace(b"\r\n.", b"\r\n..")
            sent = True
            offer.dots += 1
            client.send(stuffed + b".\r\n")
            code, text = client.getreply()
    except (OSError, smtplib.SMTPException) as error:
        offer.answer = f"{type(error).__name__} {'after' if sent else 'before'} the final dot"
        return "unknown" if sent else "waiting"
    if code == 250:
        offer.answer = "250"
        return "accepted"
    return _refused(offer, code, text)


def _refused(offer: Offer, code: int, text: bytes) -> State:
    offer.answer = f"{code} {text.decode(errors='replace')}"
    return "refused" if code // 100 == 5 else "waiting"
