"""Sends a message of a staff member again, by the intake: it is stored, read and decided like any other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from gateway.console.web.errors import Problem
from gateway.core.channels.capabilities import MAIL
from gateway.core.messages.addresses import domain_of
from gateway.core.messages.message import Envelope, Recipient
from gateway.core.messages.parties import Person, Relation
from gateway.core.messages.refusal import Refused
from gateway.core.mime.headers import HeaderSection
from gateway.core.notices.mail_headers import mail_parameters
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.policy import Policy
from gateway.core.relation.mail_claims import read_claims
from gateway.core.relation.relate import relate_mail
from gateway.core.review.views import MessageDetail
from gateway.ports.clock import StoreClock
from gateway.stages.intake import MessageIntake

_WITHOUT_PAIR = "The roster no longer has these recipients as students: write to them from your mail program."


class Submission:
    """Puts mail of staff into the intake. `name` is an id derived from the first message: it is sent again once."""

    def __init__(
        self, intake: MessageIntake, directory: ConsoleDirectory, clock: StoreClock, policy: Callable[[], Policy]
    ) -> None:  # fmt: skip
        self._intake, self._directory, self._clock, self._policy = intake, directory, clock, policy

    async def corrected(
        self, name: str, person: Person, original: MessageDetail, recipients: Sequence[str], subject: str, text: str
    ) -> None:
        """Send a new mail with a text of the person's own. Raises a Problem."""
        if not person.address.isascii() or not all(address.isascii() for address in recipients):
            raise Problem(422, "An address with other letters than ASCII: write to it from your mail program.")
        now = await self._clock.now()
        answered = _line(original.header.message_id)
        content = _mail(name, person, recipients, _line(subject), text, answered, now)
        await self._take(name, person.address, recipients, content, now)

    async def unchanged(self, name: str, original: MessageDetail, sender: str, recipients: Sequence[str]) -> None:
        """Send the same bytes again. Raises a Problem."""
        await self._take(name, sender, recipients, original.content, await self._clock.now())

    async def _take(self, name: str, sender: str, recipients: Sequence[str], content: bytes, now: float) -> None:
        section = HeaderSection.of(content)
        relation = self._relation(sender, section, recipients)
        envelope = Envelope(sender, tuple(map(Recipient, recipients)), mail_parameters(content, recipients))
        try:
            if await self._intake.has_message(name):
                raise Problem(409, "You have sent this message again already.")
            await self._intake.take(MAIL, envelope, content, relation, now, section=section, name=name)
        except Refused as refused:
            raise Problem(503, "The gateway cannot take this message now. Try again in a moment.") from refused

    def _relation(self, sender: str, section: HeaderSection, recipients: Sequence[str]) -> Relation:
        """The pairs of the new message. Raises a Problem for a recipient without one: it would not be read."""
        relation = relate_mail(
            sender, read_claims(section), recipients, self._directory, self._policy().social_networks, True
        )
        if not recipients or not all(relation.pairs_of(address) for address in recipients):
            raise Problem(409, _WITHOUT_PAIR)
        return relation


def _line(text: str) -> str:
    """A text on one line: a header field must not get a second one from it."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _mail(
    name: str, person: Person, recipients: Sequence[str], subject: str, text: str, answers: str, now: float
) -> bytes:  # fmt: skip
    """A plain mail. The library encodes and folds what is not ASCII."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(_line(person.name), addr_spec=person.address)
    mail["To"] = [Address(addr_spec=address) for address in recipients]
    mail["Subject"] = subject
    mail["Date"] = format_datetime(datetime.fromtimestamp(int(now), UTC))
    mail["Message-ID"] = f"<{name}@{domain_of(person.address)}>"
    if answers.startswith("<") and answers.isascii() and len(answers) < 900 and " " not in answers:
        mail["References"] = answers
    mail.set_content(text.replace("\r\n", "\n"))
    return mail.as_bytes()
