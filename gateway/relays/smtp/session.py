"""One SMTP session: commands, limits, STARTTLS, and the content of DATA in large pieces (RFC 5321, 2920, 3207).

aiosmtpd provides the connection, the upgrade to TLS and the PROXY protocol; the dialogue is implemented here. A client
that disconnects does not cancel running work. The next read or reply notices it, so no message is left half accepted.
"""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import cast

from aiosmtpd.proxy_protocol import AF, V2_CMD, get_proxy
from aiosmtpd.smtp import SMTP, TLSSetupException

from gateway.core.messages.refusal import Refused, unavailable
from gateway.core.messages.reply import Reply, reply
from gateway.relays.smtp import grammar as smtp_grammar
from gateway.relays.smtp.content import ClientGone, IncomingContent, message_too_big
from gateway.relays.smtp.context import SmtpContext, SmtpPeer, client_key, is_trusted
from gateway.relays.smtp.transaction import RelayTransaction

_MAX_COMMAND = 4096  # bytes
_MAX_LINE = 1 << 20  # bytes of an overlong line that are read before the session ends
_CORK = 512  # bytes of replies to pipelined commands that are collected before they are sent
_PIECE = 1 << 17
_MIN_RATE = 500.0  # bytes a second: time spent on slower content counts towards the client time-out
_CLOSE_TIMEOUT = 5.0
_TICK = 10.0
_IDLE_COMMANDS = frozenset({"EHLO", "HELO", "MAIL", "NOOP", "RSET", "VRFY", "HELP"})
_ERROR_REASONS = frozenset({"syntax", "sequence", "unknown_command", "relay_denied"})
_ALLOWED_WITHOUT_TLS = frozenset({"EHLO", "HELO", "NOOP", "RSET", "QUIT", "STARTTLS"})
_SHUTTING_DOWN = b"421 4.3.2 Shutting down, try again later"


class _NoHooks:
    """aiosmtpd's handler. The session uses none of its hooks."""


class SmtpSession(SMTP):
    """The dialogue with one client. `on_open` returns whether there is room for it; `on_close` is called at its end."""

    line_length_limit = 1 << 16  # aiosmtpd's name for the size of the read buffer; it does not limit lines here

    def __init__(
        self, context: SmtpContext, tls: ssl.SSLContext | None, on_open: Callable[[SmtpSession], bool],
        on_close: Callable[[SmtpSession], None],
    ) -> None:  # fmt: skip
        super().__init__(_NoHooks(), hostname=context.config.hostname, loop=asyncio.get_running_loop())
        self.tls_context = tls
        self._context, self._config = context, context.config
        self._on_open, self._on_close = on_open, on_close
        self._peer = SmtpPeer("")
        self._transaction: RelayTransaction | None = None
        self._content: IncomingContent | None = None
        self._ahead = bytearray()
        self._output = bytearray()
        self._silent_since = math.inf
        self._deficit = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._abort_timer: asyncio.TimerHandle | None = None
        self._idle = self._stopping = self._closing = False
        self._errors = self._idle_commands = 0
        self._client_key = ""
        self._commands: dict[str, Callable[[str], Awaitable[Reply | None]]] = {
            "EHLO": self._ehlo, "HELO": self._helo, "MAIL": self._mail, "RCPT": self._rcpt, "DATA": self._data,
            "RSET": self._rset, "NOOP": self._noop, "VRFY": self._vrfy, "HELP": self._help, "QUIT": self._quit,
            "STARTTLS": self._starttls,
        }  # fmt: skip

    # the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected, or its TLS handshake is done."""
        if self._original_transport is None and not self._on_open(self):
            self._closing = True
            self.transport = transport
            self._hang_up(b"421 4.3.2 Too many sessions, try again later")
            return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone: pending reads and writes fail."""
        if self._original_transport is not None:
            self._original_transport.close()
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self.transport = None

    def eof_received(self) -> bool:
        """The client sends no more. Its commands are still answered."""
        if self._handler_coroutine is not None:
            self._reader.feed_eof()
        return self._tls_protocol is None

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Disable aiosmtpd's timer, which limits the whole of DATA. `_tick` allows for progress."""

    def stop(self) -> None:
        """End the session, after the open transaction if there is one."""
        self._stopping = True
        if self._idle and self._transaction is None:
            self._hang_up(_SHUTTING_DOWN)

    async def finished(self) -> None:
        """Wait until the session has ended."""
        if self._handler_coroutine is not None:
            await asyncio.wait([self._handler_coroutine])

    def abort(self) -> None:
        """End the session now. A message without a reply has not been accepted."""
        self._hang_up(_SHUTTING_DOWN)
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    def _tick(self) -> None:
        """Check whether the client has timed out."""
        left = self._silent_since + self._context.client_timeout - self.loop.time()
        if left <= 0:
            if self._transaction is not None:  # otherwise the client was done and only omitted QUIT
                self._context.event_log.refused("timeout")
            self._hang_up(b"421 4.4.2 Timeout, closing the connection")
        else:
            self._timer = self.loop.call_later(min(left, self._context.client_timeout, _TICK), self._tick)

    def _hang_up(self, words: bytes = b"") -> None:
        """Close the connection. A client that does not read the last reply in time is disconnected."""
        transport = cast(asyncio.Transport | None, self.transport)
        if transport is None:
            return
        if words and not transport.is_closing():
            transport.write(words + b"\r\n")
        transport.close()
        if self._abort_timer is None:
            self._abort_timer = self.loop.call_later(_CLOSE_TIMEOUT, transport.abort)

    # the dialogue

    async def _handle_client(self) -> None:
        self._tick()
        try:
            await self._identify_client()
            await self._admit()
            self._queue_reply(reply(220, self._config.hostname, "ESMTP"))
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

    async def _identify_client(self) -> None:
        """Determine the client's address, from the load balancer if there is one."""
        name = self._writer.get_extra_info("peername")
        address = str(name[0]) if isinstance(name, tuple) else ""
        if self._config.proxy_protocol and is_trusted(self._config.proxies, address):
            self._silent_since = self.loop.time()
            try:
                proxy = await get_proxy(self._reader)
            except (asyncio.IncompleteReadError, OSError):
                raise ClientGone from None
            if not proxy.valid:
                raise ClientGone
            if proxy.version == 1 or proxy.command == V2_CMD.PROXY:  # otherwise the balancer itself is the client
                address = str(proxy.src_addr) if proxy.family in (AF.INET, AF.INET6) else ""
        self._peer = SmtpPeer(address, trusted=is_trusted(self._config.relay_from, address))

    async def _admit(self) -> None:
        """Limit the sessions of a client that is not trusted. Raises ClientGone."""
        client = "" if self._peer.trusted else client_key(self._peer.address)
        if client and not self._context.admit(client):
            self._context.event_log.refused("sessions")
            self._queue_reply(Reply(421, (b"421 4.7.0 Too many sessions from your address, try again later",)))
            await self._flush()
            raise ClientGone
        self._client_key = client

    async def _read_line(self) -> bytes:
        """The next command line without its line ending. Queued replies are sent once no complete line is buffered."""
        searched = read = 0
        since = None
        while (end := self._ahead.find(b"\n", searched)) < 0:
            if self._stopping and self._transaction is None and not self._ahead:
                self._queue_reply(Reply(421, (_SHUTTING_DOWN,)))
                await self._flush()
                raise ClientGone
            await self._flush()
            searched = len(self._ahead)
            self._idle = not searched
            if searched and since is None:  # a line that has begun must end within the client time-out
                since = self.loop.time()
            self._ahead += await self._read(since)
            self._idle = False
            read += len(self._ahead) - searched
            if read > _MAX_LINE:
                raise ClientGone
            if len(self._ahead) > 2 * _MAX_COMMAND and b"\n" not in self._ahead:
                del self._ahead[: len(self._ahead) - 2 * _MAX_COMMAND]  # too long, so it will be refused anyway
                searched = len(self._ahead)
        line = bytes(self._ahead[:end])
        del self._ahead[: end + 1]
        return line.rstrip(b"\r")

    async def _read_content(self) -> bytes:
        """The next bytes of content. Time beyond what `_MIN_RATE` allows counts towards the client time-out."""
        began = self.loop.time()
        data = await self._read(began - self._deficit)
        self._deficit = max(self._deficit + self.loop.time() - began - len(data) / _MIN_RATE, 0.0)
        return data

    async def _read(self, since: float | None = None) -> bytes:
        """The next bytes of the client. They must arrive within the client time-out, counted from `since` or now."""
        self._silent_since = self.loop.time() if since is None else since
        try:
            data = await self._reader.read(_PIECE)
        except OSError:
            raise ClientGone from None
        if not data:
            raise ClientGone
        self._silent_since = math.inf
        return data

    def _queue_reply(self, answer: Reply) -> None:
        self._output += answer.raw + b"\r\n"

    async def _flush(self) -> None:
        if not self._output:
            return
        self._silent_since = self.loop.time()
        try:
            self._writer.write(bytes(self._output))
            self._output.clear()
            await self._writer.drain()
        except OSError:
            raise ClientGone from None
        self._silent_since = math.inf

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
        if length > _MAX_COMMAND:
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
        if self.tls_context is not None and not self._peer.tls:
            offered.append("STARTTLS")
        lines = [f"250-{self._config.hostname}", *(f"250-{name}" for name in offered), "250 ENHANCEDSTATUSCODES"]
        return Reply(250, tuple(line.encode() for line in lines))

    async def _greet(self, argument: str, protocol: str) -> Reply:
        if not argument:
            raise Refused(501, "5.5.4", "Host name required", "syntax")
        await self._abort_transaction()
        self._peer = replace(self._peer, helo=argument, protocol=protocol)
        return Reply(250, (f"250 {self._config.hostname}".encode(),))

    async def _starttls(self, argument: str) -> None:
        if self.tls_context is None or self._peer.tls:
            raise Refused(503, "5.5.1", "TLS is not available", "sequence")
        if argument:
            raise Refused(501, "5.5.4", "No argument allowed", "syntax")
        if self._ahead:  # clear text after STARTTLS may have been injected (RFC 3207 section 6)
            self._closing = True
            raise Refused(503, "5.5.1", "No data may follow STARTTLS", "sequence")
        await self._abort_transaction()
        await self._flush()
        try:
            await self.smtp_STARTTLS("")
        except (TLSSetupException, OSError):
            raise ClientGone from None
        cipher = self._writer.get_extra_info("cipher") or ("unknown cipher", "TLS")
        self._peer = replace(self._peer, helo="", protocol="SMTP", tls=f"{cipher[1]} {cipher[0]}")

    async def _mail(self, argument: str) -> Reply:
        if not self._peer.helo:
            raise Refused(503, "5.5.1", "Send HELO or EHLO first", "sequence")
        if self._transaction is not None:
            raise Refused(503, "5.5.1", "Nested MAIL command", "sequence")
        mail = smtp_grammar.parse_mail(argument, extended=self._peer.protocol == "ESMTP")
        if mail.size is not None and mail.size > self._config.max_size:
            raise message_too_big()
        self._transaction = RelayTransaction(self._context, self._peer, mail)
        return reply(250, "2.1.0", "Ok")

    async def _rcpt(self, argument: str) -> Reply:
        transaction = self._transaction
        if transaction is None:
            raise Refused(503, "5.5.1", "Need MAIL first", "sequence")
        extended = self._peer.protocol == "ESMTP"
        return await transaction.recipient(smtp_grammar.parse_rcpt(argument, utf8=transaction.utf8, extended=extended))

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
