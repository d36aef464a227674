"""One SMTP session: the commands, their order and their limits (RFC 5321, 2920, 3207, 4954)."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace

from gateway.core.messages.refusal import Refused, unavailable
from gateway.core.messages.reply import Reply, reply
from gateway.relays.smtp import grammar as smtp_grammar
from gateway.relays.smtp.authentication import (
    LOGIN_PROMPTS,
    MECHANISMS,
    decode_response,
    encode_challenge,
    is_password,
    parse_plain,
)
from gateway.relays.smtp.connection import MAX_COMMAND, ClientConnection
from gateway.relays.smtp.content import ClientGone, IncomingContent, message_too_big
from gateway.relays.smtp.context import SmtpContext, SmtpPeer, is_trusted
from gateway.relays.smtp.limits import client_key
from gateway.relays.smtp.transaction import RelayTransaction
from gateway.relays.smtp.xclient import offered_attributes, parse_xclient

_CORK = 512  # bytes of replies to pipelined commands that are collected before they are sent
_MAX_AUTH_ERRORS = 3  # of one session
_IDLE_COMMANDS = frozenset({"EHLO", "HELO", "MAIL", "NOOP", "RSET", "VRFY", "HELP", "XCLIENT", "AUTH"})
_ERROR_REASONS = frozenset({"syntax", "sequence", "unknown_command", "relay_denied", "auth"})
_ALLOWED_WITHOUT_TLS = frozenset({"EHLO", "HELO", "NOOP", "RSET", "QUIT", "STARTTLS", "XCLIENT"})


class SmtpSession(ClientConnection):
    """The dialogue with one client. `tls` returns the TLS context in use; `tls_first`: TLS before the greeting."""

    def __init__(
        self, context: SmtpContext, tls: Callable[[], ssl.SSLContext | None],
        on_open: Callable[[ClientConnection], bool], on_close: Callable[[ClientConnection], None], *,
        tls_first: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(context, tls, on_open, on_close)
        self._tls_first = tls_first
        self._peer = SmtpPeer("")
        self._transaction: RelayTransaction | None = None
        self._content: IncomingContent | None = None
        self._closing = self._hears_xclient = False
        self._errors = self._idle_commands = self._auth_errors = 0
        self._client_key = ""
        self._commands: dict[str, Callable[[str], Awaitable[Reply | None]]] = {
            "EHLO": self._ehlo, "HELO": self._helo, "MAIL": self._mail, "RCPT": self._rcpt, "DATA": self._data,
            "RSET": self._rset, "NOOP": self._noop, "VRFY": self._vrfy, "HELP": self._help, "QUIT": self._quit,
            "STARTTLS": self._starttls, "AUTH": self._auth, "XCLIENT": self._xclient,
        }  # fmt: skip

    @property
    def in_transaction(self) -> bool:
        """See ClientConnection."""
        return self._transaction is not None

    # the dialogue

    async def _handle_client(self) -> None:
        self._tick()
        try:
            address = await self._client_address()
            self._hears_xclient = is_trusted(self._config.proxies, address)
            await self._identify(SmtpPeer(address))
            if self._tls_first:
                self._peer = replace(self._peer, tls=await self._start_tls(early=True))
            await self._wait_before_greeting()
            self._queue_reply(self._greeting())
            while True:
                await self._execute(await self._read_line())
        except ClientGone:
            pass
        finally:
            if self._timer is not None:
                self._timer.cancel()
            await self._abort_transaction()
            self._hang_up()
            if self._client_key:
                self._context.session_ended(self._client_key)
            self._on_close(self)

    def _greeting(self) -> Reply:
        return reply(220, self._config.hostname, "ESMTP")

    async def _identify(self, peer: SmtpPeer) -> None:
        """Note who the client is, and limit the sessions of one that is not trusted. Raises ClientGone."""
        trusted = bool(peer.account) or is_trusted(self._config.relay_from, peer.address)
        self._peer = replace(peer, trusted=trusted)
        client = "" if is_trusted(self._config.relay_from, peer.address) else client_key(peer.address)
        if client == self._client_key:
            return
        if self._client_key:
            self._context.session_ended(self._client_key)
            self._client_key = ""
        if client and not self._context.admit(client):
            self._context.event_log.refused("sessions")
            await self._say_last(reply(421, "4.7.0", "Too many sessions from your address, try again later"))
        self._client_key = client

    async def _wait_before_greeting(self) -> None:
        """A client outside relay_from that does not wait for the greeting is refused. Raises ClientGone."""
        if self._client_key and self._config.greeting_delay and await self._speaks_within(self._config.greeting_delay):
            self._context.event_log.refused("early_talker")
            await self._say_last(reply(554, "5.5.1", "Wait for the greeting before you send commands"))

    async def _say_last(self, answer: Reply) -> None:
        self._queue_reply(answer)
        await self._flush()
        raise ClientGone

    async def _execute(self, line: bytes) -> None:
        verb, _, rest = line.partition(b" ")
        name = verb.decode("ascii", "replace").upper()
        try:
            answer = await self._answer(name, rest, len(line))
        except Refused as refused:
            answer = self._refusal(refused)
        except ClientGone:
            raise
        except Exception:  # noqa: BLE001 - the relay's edge: after any failure the client keeps its copy
            self._context.event_log.unexpected_failure("smtp")
            await self._abort_transaction()
            answer = self._refusal(unavailable())
        if self._content is not None:
            await self._abort_transaction()
            await self._content.discard()
            self._ahead += self._content.rest
            self._content = None
        if answer is not None:
            self._queue_reply(answer)
        if self._closing:
            await self._flush()
            raise ClientGone
        if len(self._output) > _CORK:
            await self._flush()

    async def _answer(self, name: str, rest: bytes, length: int) -> Reply | None:
        command = self._commands.get(name)
        if length > MAX_COMMAND:
            raise Refused(500, "5.5.2", "Line too long", "syntax")
        if command is None:
            raise Refused(500, "5.5.1", "Command not recognized", "unknown_command")
        if self._config.require_tls and not self._peer.tls and name not in _ALLOWED_WITHOUT_TLS:
            raise Refused(530, "5.7.0", "Must issue a STARTTLS command first", "sequence")
        if name in _IDLE_COMMANDS:
            self._idle_commands += 1
            if self._idle_commands > self._config.max_idle_commands:
                self._closing = True
                raise Refused(421, "4.7.0", "Too many commands without a message", "idle_commands")
        return await command(rest.decode("utf-8", "surrogateescape").strip(" "))

    def _refusal(self, refused: Refused) -> Reply:
        self._context.event_log.refused(refused.reason)
        self._errors += refused.reason in _ERROR_REASONS
        if self._errors > self._config.max_errors:
            self._closing = True
            return reply(421, "4.7.0", "Too many errors")
        return reply(refused.code, refused.enhanced, refused.text)

    async def _abort_transaction(self) -> None:
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            await transaction.abort()

    # the commands

    async def _helo(self, argument: str) -> Reply:
        return await self._greet(argument, "SMTP")

    async def _ehlo(self, argument: str) -> Reply:
        await self._greet(argument, "ESMTP")
        offered = ["PIPELINING", f"SIZE {self._config.max_size}", "8BITMIME", "SMTPUTF8", "DSN"]
        if self._tls() is not None and not self._peer.tls:
            offered.append("STARTTLS")
        if self._config.accounts and self._peer.tls and not self._peer.account:
            offered.append(" ".join(("AUTH", *MECHANISMS)))
        if self._hears_xclient:
            offered.append(offered_attributes())
        lines = [f"250-{self._config.hostname}", *(f"250-{name}" for name in offered), "250 ENHANCEDSTATUSCODES"]
        return Reply(250, tuple(line.encode() for line in lines))

    async def _greet(self, argument: str, protocol: str) -> Reply:
        if not argument:
            raise Refused(501, "5.5.4", "Host name required", "syntax")
        await self._abort_transaction()
        self._peer = replace(self._peer, helo=argument, protocol=protocol)
        return Reply(250, (f"250 {self._config.hostname}".encode(),))

    async def _starttls(self, argument: str) -> None:
        if self._tls() is None or self._peer.tls:
            raise Refused(503, "5.5.1", "TLS is not available", "sequence")
        if argument:
            raise Refused(501, "5.5.4", "No argument allowed", "syntax")
        if self._ahead:  # clear text after STARTTLS may have been injected (RFC 3207 section 6)
            self._closing = True
            raise Refused(503, "5.5.1", "No data may follow STARTTLS", "sequence")
        await self._abort_transaction()
        self._queue_reply(reply(220, "2.0.0", "Ready to start TLS"))
        secured = await self._start_tls()
        self._peer = replace(self._peer, helo="", protocol="SMTP", tls=secured)

    async def _auth(self, argument: str) -> Reply:
        mechanism, _, initial = argument.partition(" ")
        mechanism = mechanism.upper()
        if not self._config.accounts:
            raise Refused(500, "5.5.1", "Command not recognized", "unknown_command")
        if self._peer.account or self._transaction is not None or self._peer.protocol != "ESMTP":
            raise Refused(503, "5.5.1", "AUTH is not allowed now", "sequence")
        if not self._peer.tls:
            raise Refused(538, "5.7.11", "Encryption required for authentication", "auth")
        if mechanism not in MECHANISMS:
            raise Refused(504, "5.5.4", "Mechanism not available", "syntax")
        client = client_key(self._peer.address)
        if self._context.auth_failures.is_reached(client, self.loop.time()):
            raise Refused(454, "4.7.0", "Too many failed sign-ins, try again later", "auth_rate")
        user, password = await self._credentials(mechanism, initial.strip().encode())
        if not is_password(self._config.accounts, user, password):
            self._context.auth_failures.allows(client, self.loop.time())
            self._auth_errors += 1
            self._closing = self._auth_errors >= _MAX_AUTH_ERRORS
            raise Refused(535, "5.7.8", "Authentication failed", "auth")
        self._peer = replace(self._peer, account=user, trusted=True)
        return reply(235, "2.7.0", "Authentication successful")

    async def _credentials(self, mechanism: str, initial: bytes) -> tuple[str, bytes]:
        """User and password. Raises Refused."""
        if mechanism == "PLAIN":
            return parse_plain(decode_response(initial or await self._ask(b"")))
        user = decode_response(initial or await self._ask(LOGIN_PROMPTS[0]))
        return user.decode("utf-8", "replace"), decode_response(await self._ask(LOGIN_PROMPTS[1]))

    async def _ask(self, prompt: bytes) -> bytes:
        """The client's line in response to a prompt."""
        self._queue_reply(Reply(334, (encode_challenge(prompt),)))
        line = await self._read_line()
        if len(line) > MAX_COMMAND:
            raise Refused(500, "5.5.2", "Line too long", "syntax")
        return line

    async def _xclient(self, argument: str) -> Reply:
        if not self._hears_xclient:
            raise Refused(550, "5.7.0", "XCLIENT is not allowed from here", "sequence")
        if self._transaction is not None:
            raise Refused(503, "5.5.1", "MAIL transaction in progress", "sequence")
        said = parse_xclient(argument)
        before = self._peer
        self._errors = self._idle_commands = 0
        await self._identify(
            SmtpPeer(
                before.address if said.address is None else said.address,
                tls=before.tls,
                account=before.account if said.login is None else said.login,
                helo=said.helo or "",
                protocol=said.protocol or "SMTP",
            )
        )
        return self._greeting()

    async def _mail(self, argument: str) -> Reply:
        if not self._peer.helo:
            raise Refused(503, "5.5.1", "Send HELO or EHLO first", "sequence")
        if self._transaction is not None:
            raise Refused(503, "5.5.1", "Nested MAIL command", "sequence")
        mail = smtp_grammar.parse_mail(argument, extended=self._peer.protocol == "ESMTP")
        if mail.size is not None and mail.size > self._config.max_size:
            raise message_too_big()
        self._limit_rates(mail.sender)
        self._transaction = RelayTransaction(self._context, self._peer, mail)
        return reply(250, "2.1.0", "Ok")

    def _limit_rates(self, sender: str) -> None:
        """Limit the messages of clients outside relay_from: each client's, and each sender's. Raises Refused."""
        if not self._client_key:
            return
        context, now = self._context, self.loop.time()
        if not context.client_rate.allows(self._peer.account or self._client_key, now):
            raise Refused(450, "4.7.1", "Too many messages from your address, try again later", "client_rate")
        if sender and not context.sender_rate.allows(sender.lower(), now):
            raise Refused(450, "4.7.1", "Too many messages from this sender, try again later", "sender_rate")

    async def _rcpt(self, argument: str) -> Reply:
        transaction = self._transaction
        if transaction is None:
            raise Refused(503, "5.5.1", "Need MAIL first", "sequence")
        extended = self._peer.protocol == "ESMTP"
        answer = await transaction.recipient(
            smtp_grammar.parse_rcpt(argument, utf8=transaction.utf8, extended=extended)
        )
        if answer.permanent and not self._peer.trusted:  # whoever tries many addresses that do not exist
            self._errors += 1
        return answer

    async def _data(self, argument: str) -> Reply:
        transaction = self._transaction
        if transaction is None or not transaction.has_recipients or argument:
            self._closing = bool(self._ahead)  # content sent without waiting for 354 must not be read as commands
            if argument:
                raise Refused(501, "5.5.4", "No argument allowed", "syntax")
            raise Refused(503, "5.5.1", "Need a valid recipient first", "no_recipients")
        config = self._config
        self._content = IncomingContent(
            bytes(self._ahead), self._read_content, max_size=config.max_size, refuse_bare=config.refuse_bare_newline
        )
        self._ahead.clear()
        self._deficit = 0.0
        self._queue_reply(reply(354, "End", "data with <CR><LF>.<CR><LF>"))
        await self._flush()
        answer = await transaction.content(self._content)
        if answer.accepted:
            self._errors = self._idle_commands = 0
        return answer

    async def _rset(self, argument: str) -> Reply:
        await self._abort_transaction()
        return reply(250, "2.0.0", "Ok")

    async def _noop(self, argument: str) -> Reply:
        return reply(250, "2.0.0", "Ok")

    async def _vrfy(self, argument: str) -> Reply:
        return reply(252, "2.5.0", "Cannot verify the address, but mail to it is accepted")

    async def _help(self, argument: str) -> Reply:
        return reply(214, "2.0.0", "See RFC 5321")

    async def _quit(self, argument: str) -> Reply:
        self._closing = True
        return reply(221, "2.0.0", "Bye")
