"""The in-memory twin of a transport: a next hop that answers by a script and keeps the messages it accepted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

from gateway.core.messages.delivery import Claim, Deferred, NextHop, Outcome, Sent
from gateway.core.messages.message import Recipient
from gateway.core.messages.reply import Reply
from gateway.ports.channels import HopDown
from gateway.transports.smtp.commands import content_limits, mail_command, rcpt_command, refused_recipient
from gateway.transports.smtp.destination import hop_lost, hop_unreachable
from gateway.transports.smtp.transport import refusal_outcome, same_outcome

EXTENSIONS = ("8BITMIME", "DSN", "PIPELINING", "SIZE", "SMTPUTF8")


@dataclass(frozen=True, slots=True)
class HandedMessage:
    """One message as the next hop received it: the commands as sent, and the content."""

    mail: str
    rcpts: tuple[str, ...]
    content: bytes


def accept_all(command: str) -> str:
    """The script of a next hop that accepts everything."""
    return "354 go on" if command == "DATA" else "250 2.0.0 Ok"


class ScriptedTransport:
    """See gateway.ports.channels.Transport.

    `script` is called with every command (MAIL and RCPT as sent, DATA, and "." for the end of the content) and returns
    the reply. A reply of "" breaks the connection; "" for "CONNECT" is a next hop that cannot be reached.
    """

    def __init__(self, script: Callable[[str], str] = accept_all, extensions: Collection[str] = EXTENSIONS) -> None:
        self.handed: list[HandedMessage] = []
        self._script, self._extensions = script, frozenset(extensions)

    def offers(self, extension: str) -> bool:
        """Whether the scripted next hop supports an ESMTP extension."""
        return extension in self._extensions

    async def deliver(
        self, hop: NextHop, claim: Claim, holds_claim: Callable[[], Awaitable[bool]]
    ) -> Mapping[str, Outcome]:
        """Run one transaction by the script."""
        message, recipients = claim.message, [claimed.recipient for claimed in claim.recipients]
        if not self._script("CONNECT"):
            return same_outcome(recipients, Deferred(hop_unreachable().reply.text))
        content = message.prefix + message.content
        if (refusal := content_limits(self, message.envelope.options).refuses(content)) is not None:
            return same_outcome(recipients, refusal_outcome(Reply(refusal.code, (refusal.reply.encode(),))))
        line = mail_command(self, message.envelope.sender, message.envelope.options, len(content))
        if isinstance(line, Reply):
            return same_outcome(recipients, refusal_outcome(line))
        outcomes: dict[str, Outcome] = {}
        accepted: list[tuple[Recipient, str]] = []
        try:
            mail_reply = self._reply(line.decode())
            if not mail_reply.accepted:
                return same_outcome(recipients, refusal_outcome(mail_reply))
            for recipient in recipients:
                if (unfit := refused_recipient(self, recipient)) is not None:
                    outcomes[recipient.address] = refusal_outcome(unfit)
                    continue
                command = rcpt_command(self, recipient).decode()
                rcpt_reply = self._reply(command)
                if rcpt_reply.accepted:
                    accepted.append((recipient, command))
                else:
                    outcomes[recipient.address] = refusal_outcome(rcpt_reply, at_rcpt=True)
            data_reply = self._reply("DATA") if accepted else None
        except HopDown as down:
            return same_outcome(recipients, Deferred(down.reply.text))
        remaining = [recipient for recipient, _ in accepted]
        if data_reply is None or data_reply.code != 354:
            return outcomes | (same_outcome(remaining, refusal_outcome(data_reply)) if data_reply else {})
        if not await holds_claim():
            return {}
        try:
            final = self._reply(".")
        except HopDown as down:
            return outcomes | same_outcome(remaining, Deferred(down.reply.text))
        outcome = Sent(final.text, self.offers("DSN")) if final.accepted else refusal_outcome(final)
        if final.accepted:
            self.handed.append(HandedMessage(line.decode(), tuple(command for _, command in accepted), content))
        return outcomes | same_outcome(remaining, outcome)

    def _reply(self, command: str) -> Reply:
        line = self._script(command)
        if not line:
            raise hop_lost()
        return Reply(int(line[:3]), (line.encode(),))
