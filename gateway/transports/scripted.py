"""The in-memory twin of a transport: a next hop that says what its script says, and keeps what it was handed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

from gateway.core.messages.delivery import Claim, Deferred, NextHop, Outcome, Sent
from gateway.core.messages.message import Recipient
from gateway.core.messages.reply import Reply
from gateway.ports.channels import HopDown
from gateway.transports.smtp.connection import lost, unreachable
from gateway.transports.smtp.pool import mail, rcpt
from gateway.transports.smtp.transport import as_plain, everybody, refusal

EXTENSIONS = ("8BITMIME", "DSN", "PIPELINING", "SIZE", "SMTPUTF8")


@dataclass(frozen=True, slots=True)
class Handed:
    """One message as the next hop got it: the commands as they were said, and the content."""

    mail: str
    rcpts: tuple[str, ...]
    content: bytes


def always(command: str) -> str:
    """The script of a next hop that takes everything."""
    return "354 go on" if command == "DATA" else "250 2.0.0 Ok"


class ScriptedTransport:
    """See gateway.ports.channels.Transport. `says` is asked for every command:
    MAIL and RCPT as they are said, DATA, and "." for the end of the content; "" is a connection that breaks there. For "CONNECT" it is a next hop that is not there.
    """

    def __init__(self, says: Callable[[str], str] = always, extensions: Collection[str] = EXTENSIONS) -> None:
        self.handed: list[Handed] = []
        self._says, self._extensions = says, frozenset(extensions)

    def offers(self, extension: str) -> bool:
        """Whether the script's next hop knows an ESMTP extension."""
        return extension in self._extensions

    async def deliver(
        self, hop: NextHop, claim: Claim, still_ours: Callable[[], Awaitable[bool]]
    ) -> Mapping[str, Outcome]:
        """One transaction by the script."""
        message, recipients = claim.message, [each.recipient for each in claim.recipients]
        if not self._says("CONNECT"):
            return everybody(recipients, Deferred(unreachable().reply.text))
        content = message.prefix + message.content
        plain = as_plain(message, recipients)
        line = mail(self, message.envelope.sender, message.envelope.options, len(content), plain=plain)
        if isinstance(line, Reply):
            return everybody(recipients, refusal(line))
        outcomes: dict[str, Outcome] = {}
        accepted: list[tuple[Recipient, str]] = []
        try:
            begun = self._said(line.decode())
            if not begun.taken:
                return everybody(recipients, refusal(begun))
            for each in recipients:
                command = rcpt(self, each).decode()
                answer = self._said(command)
                if answer.taken:
                    accepted.append((each, command))
                else:
                    outcomes[each.address] = refusal(answer, at_rcpt=True)
            let_in = self._said("DATA") if accepted else None
        except HopDown as down:
            return everybody(recipients, Deferred(down.reply.text))
        if let_in is None or let_in.code != 354:
            return outcomes | (everybody([each for each, _ in accepted], refusal(let_in)) if let_in else {})
        if not await still_ours():
            return {}
        try:
            said = self._said(".")
        except HopDown as down:
            return outcomes | everybody([each for each, _ in accepted], Deferred(down.reply.text))
        ended = Sent(said.text, self.offers("DSN")) if said.taken else refusal(said)
        if said.taken:
            self.handed.append(Handed(line.decode(), tuple(command for _, command in accepted), content))
        return outcomes | everybody([each for each, _ in accepted], ended)

    def _said(self, command: str) -> Reply:
        line = self._says(command)
        if not line:
            raise lost()
        return Reply(int(line[:3]), (line.encode(),))
