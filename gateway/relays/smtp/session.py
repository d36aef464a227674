"""One SMTP session: commands, limits, STARTTLS, and the content of DATA read in large pieces (RFC 5321, 2920, 3207).

aiosmtpd keeps the connection, the upgrade to TLS and the PROXY protocol; the dialogue is ours. A client that leaves
never cancels what is under way: the next read or reply finds it gone, so that no message is left half accepted.
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
from gateway.relays.smtp.content import Content, Gone, too_big
from gateway.relays.smtp.context import Peer, SmtpContext, client_of, trusts
from gateway.relays.smtp.transaction import Transaction

_MAX_COMMAND = 4096
_MAX_LINE = 1 << 20
_CORKED = 512
_PIECE = 1 << 17
_SLOWEST = 500.0  # bytes a second: whoever sends content slower uses up the session's patience, as by silence
_LAST_WORDS = 5.0
_TICK = 10.0
_IDLE = frozenset({"EHLO", "HELO", "MAIL", "NOOP", "RSET", "VRFY", "HELP"})
_MISTAKES = frozenset({"syntax", "sequence", "unknown_command", "relay_denied"})
_IN_CLEAR = frozenset({"EHLO", "HELO", "NOOP", "RSET", "QUIT", "STARTTLS"})
_SHUTTING_DOWN = b"421 4.3.2 Shutting down, try again later"


class _NoHooks:
    """aiosmtpd's handler: the session has no use for its hooks."""


class Session(SMTP):
    """The dialogue with one client. `entered` says whether there is room for it; `left` is told when it is over."""

    line_length_limit = 1 << 16  # how far the stream is read ahead; the length of lines is not limited by it

    def __init__(
        self, context: SmtpContext, tls: ssl.SSLContext | None, entered: Callable[[Session], bool],
        left: Callable[[Session], None],
    ) -> None:  # fmt: skip
        super().__init__(_NoHooks(), hostname=context.config.hostname, loop=asyncio.get_running_loop())
        self.tls_context = tls
        self._context, self._config = context, context.config
        self._entered, self._left = entered, left
        self._peer = Peer("")
        self._transaction: Transaction | None = None
        self._content: Content | None = None
        self._ahead = bytearray()
        self._said = bytearray()
        self._silent_since = math.inf
        self._behind = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._cut_off: asyncio.TimerHandle | None = None
        self._waits = self._stopping = self._over = False
        self._errors = self._idle_commands = 0
        self._counts_as = ""
        self._commands: dict[str, Callable[[str], Awaitable[Reply | None]]] = {
            "EHLO": self._ehlo, "HELO": self._helo, "MAIL": self._mail, "RCPT": self._rcpt, "DATA": self._data,
            "RSET": self._rset, "NOOP": self._noop, "VRFY": self._vrfy, "HELP": self._help, "QUIT": self._quit,
            "STARTTLS": self._starttls,
        }  # fmt: skip

    # the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came, or its TLS is up."""
        if self._original_transport is None and not self._entered(self):
            self._over = True
            self.transport = transport
            self._hang_up(b"421 4.3.2 Too many sessions, try again later")
            return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone: whoever reads from it or writes to it is told."""
        if self._original_transport is not None:
            self._original_transport.close()
        if self._cut_off is not None:
            self._cut_off.cancel()
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self.transport = None

    def eof_received(self) -> bool:
        """The client has no more to say; what it said is still answered."""
        if self._handler_coroutine is not None:
            self._reader.feed_eof()
        return self._tls_protocol is None

    def _reset_timeout(self, duration: float | None = None) -> None:
        """aiosmtpd's own timer bounds the whole of DATA; ours is renewed as it makes progress."""

    def stop(self) -> None:
        """End at once where nothing is under way, else after the open transaction."""
        self._stopping = True
        if self._waits and self._transaction is None:
            self._hang_up(_SHUTTING_DOWN)

    async def finished(self) -> None:
        """Wait until the session is over."""
        if self._handler_coroutine is not None:
            await asyncio.wait([self._handler_coroutine])

    def abort(self) -> None:
        """End now, whatever is under way: nothing that was not answered has been accepted."""
        self._hang_up(_SHUTTING_DOWN)
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    def _tick(self) -> None:
        """Look whether the client's time is up."""
        left = self._silent_since + self._context.patience - self.loop.time()
        if left <= 0:
            if self._transaction is not None:  # else it was only done, and forgot to say so
                self._context.event_log.refused("timeout")
            self._hang_up(b"421 4.4.2 Timeout, closing the connection")
        else:
            self._timer = self.loop.call_later(min(left, self._context.patience, _TICK), self._tick)

    def _hang_up(self, words: bytes = b"") -> None:
        """Close the connection; a client that does not take its last words in time is cut off."""
        transport = cast(asyncio.Transport | None, self.transport)
        if transport is None:
            return
        if words and not transport.is_closing():
            transport.write(words + b"\r\n")
        transport.close()
        if self._cut_off is None:
            self._cut_off = self.loop.call_later(_LAST_WORDS, transport.abort)

    # the dialogue

    async def _handle_client(self) -> None:
        self._tick()
        try:
            await self._meet()
            await self._let_in()
            self._say(reply(220, self._config.hostname, "ESMTP"))
            while True:
                await self._obey(await self._line())
        except Gone:
            pass
        finally:
            if self._timer is not None:
                self._timer.cancel()
            await self._leave()
            self._hang_up()
            if self._counts_as:
                self._context.go(self._counts_as)
            self._left(self)

    async def _meet(self) -> None:
        """Learn who is there, from the load balancer where there is one."""
        name = self._writer.get_extra_info("peername")
        address = str(name[0]) if isinstance(name, tuple) else ""
        if self._config.proxy_protocol:
            self._silent_since = self.loop.time()
            try:
                told = await get_proxy(self._reader)
            except (asyncio.IncompleteReadError, OSError):
                raise Gone from None
            if not told.valid:
                raise Gone
            if told.version == 1 or told.command == V2_CMD.PROXY:  # else the balancer speaks for itself
                address = str(told.src_addr) if told.family in (AF.INET, AF.INET6) else ""
        self._peer = Peer(address, trusted=trusts(self._config.relay_from, address))

    async def _let_in(self) -> None:
        """Whoever may not send to any domain has so many sessions at once and no more."""
        client = "" if self._peer.trusted else client_of(self._peer.address)
        if client and not self._context.come(client):
            self._context.event_log.refused("sessions")
            self._say(Reply(421, (b"421 4.7.0 Too many sessions from your address, try again later",)))
            await self._flush()
            raise Gone
        self._counts_as = client

    async def _line(self) -> bytes:
        """The next command line without its end; what was said before is sent when the client has no more in store."""
        looked = read = 0
        since = None
        while (end := self._ahead.find(b"\n", looked)) < 0:
            if self._stopping and self._transaction is None and not self._ahead:
                self._say(Reply(421, (_SHUTTING_DOWN,)))
                await self._flush()
                raise Gone
            await self._flush()
            looked = len(self._ahead)
            self._waits = not looked
            if looked and since is None:  # a line that has begun must end in the session's patience
                since = self.loop.time()
            self._ahead += await self._more(since)
            self._waits = False
            read += len(self._ahead) - looked
            if read > _MAX_LINE:
                raise Gone
            if len(self._ahead) > 2 * _MAX_COMMAND and b"\n" not in self._ahead:
                del self._ahead[: len(self._ahead) - 2 * _MAX_COMMAND]  # too long already: it will be refused
                looked = len(self._ahead)
        line = bytes(self._ahead[:end])
        del self._ahead[: end + 1]
        return line.rstrip(b"\r")

    async def _more_content(self) -> bytes:
        """The next bytes of the content; the time spent on them counts as far as they are too few for it."""
        began = self.loop.time()
        data = await self._more(began - self._behind)
        self._behind = max(self._behind + self.loop.time() - began - len(data) / _SLOWEST, 0.0)
        return data

    async def _more(self, since: float | None = None) -> bytes:
        """The next bytes of the client, who has the session's patience to send some, from now or from `since`."""
        self._silent_since = self.loop.time() if since is None else since
        try:
            data = await self._reader.read(_PIECE)
        except OSError:
            raise Gone from None
        if not data:
            raise Gone
        self._silent_since = math.inf
        return data

    def _say(self, said: Reply) -> None:
        self._said += said.raw + b"\r\n"

    async def _flush(self) -> None:
        if not self._said:
            return
        self._silent_since = self.loop.time()
        try:
            self._writer.write(bytes(self._said))
            self._said.clear()
            await self._writer.drain()
        except OSError:
            raise Gone from None
        self._silent_since = math.inf

    async def _obey(self, line: bytes) -> None:
        verb, _, rest = line.partition(b" ")
        name = verb.decode("ascii", "replace").upper()
        try:
            said = await self._answer(name, rest, len(line))
        except Refused as refused:
            said = self._refusal(refused)
        except Gone:
            raise
        except Exception:  # noqa: BLE001 - the relay's edge: whatever failed, the client keeps its copy
            self._context.event_log.unexpected_failure("smtp")
            await self._leave()
            said = self._refusal(unavailable())
        if self._content is not None:
            await self._leave()
            await self._content.discard()
            self._ahead += self._content.rest
            self._content = None
        if said is not None:
            self._say(said)
        if self._over:
            await self._flush()
            raise Gone
        if len(self._said) > _CORKED:
            await self._flush()

    async def _answer(self, name: str, rest: bytes, length: int) -> Reply | None:
        command = self._commands.get(name)
        if length > _MAX_COMMAND:
            raise Refused(500, "5.5.2", "Line too long", "syntax")
        if command is None:
            raise Refused(500, "5.5.1", "Command not recognized", "unknown_command")
        if self._config.require_tls and not self._peer.tls and name not in _IN_CLEAR:
            raise Refused(530, "5.7.0", "Must issue a STARTTLS command first", "sequence")
        if name in _IDLE:
            self._idle_commands += 1
            if self._idle_commands > self._config.max_idle_commands:
                self._over = True
                raise Refused(421, "4.7.0", "Too many commands without a message", "idle_commands")
        return await command(rest.decode("utf-8", "surrogateescape").strip(" "))

    def _refusal(self, refused: Refused) -> Reply:
        self._context.event_log.refused(refused.reason)
        self._errors += refused.reason in _MISTAKES
        if self._errors > self._config.max_errors:
            self._over = True
            return reply(421, "4.7.0", "Too many errors")
        return reply(refused.code, refused.enhanced, refused.text)

    async def _leave(self) -> None:
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            await transaction.leave()

    # the commands

    async def _helo(self, argument: str) -> Reply:
        return await self._greeted(argument, "SMTP")

    async def _ehlo(self, argument: str) -> Reply:
        await self._greeted(argument, "ESMTP")
        offered = ["PIPELINING", f"SIZE {self._config.max_size}", "8BITMIME", "SMTPUTF8", "DSN"]
        if self.tls_context is not None and not self._peer.tls:
            offered.append("STARTTLS")
        lines = [f"250-{self._config.hostname}", *(f"250-{each}" for each in offered), "250 ENHANCEDSTATUSCODES"]
        return Reply(250, tuple(line.encode() for line in lines))

    async def _greeted(self, argument: str, protocol: str) -> Reply:
        if not argument:
            raise Refused(501, "5.5.4", "Say your name", "syntax")
        await self._leave()
        self._peer = replace(self._peer, helo=argument, protocol=protocol)
        return Reply(250, (f"250 {self._config.hostname}".encode(),))

    async def _starttls(self, argument: str) -> None:
        if self.tls_context is None or self._peer.tls:
            raise Refused(503, "5.5.1", "TLS is not available", "sequence")
        if argument:
            raise Refused(501, "5.5.4", "No argument allowed", "syntax")
        if self._ahead:  # what was said in clear behind STARTTLS could be anybody's (RFC 3207 section 6)
            self._over = True
            raise Refused(503, "5.5.1", "Nothing may follow STARTTLS", "sequence")
        await self._leave()
        await self._flush()
        try:
            await self.smtp_STARTTLS("")
        except (TLSSetupException, OSError):
            raise Gone from None
        cipher = self._writer.get_extra_info("cipher") or ("unknown cipher", "TLS")
        self._peer = replace(self._peer, helo="", protocol="SMTP", tls=f"{cipher[1]} {cipher[0]}")

    async def _mail(self, argument: str) -> Reply:
        if not self._peer.helo:
            raise Refused(503, "5.5.1", "Say HELO or EHLO first", "sequence")
        if self._transaction is not None:
            raise Refused(503, "5.5.1", "Nested MAIL command", "sequence")
        mail = smtp_grammar.mail(argument, extended=self._peer.protocol == "ESMTP")
        if mail.size is not None and mail.size > self._config.max_size:
            raise too_big()
        self._transaction = Transaction(self._context, self._peer, mail)
        return reply(250, "2.1.0", "Ok")

    async def _rcpt(self, argument: str) -> Reply:
        transaction = self._transaction
        if transaction is None:
            raise Refused(503, "5.5.1", "Need MAIL first", "sequence")
        extended = self._peer.protocol == "ESMTP"
        return await transaction.recipient(smtp_grammar.rcpt(argument, utf8=transaction.utf8, extended=extended))

    async def _data(self, argument: str) -> Reply:
        transaction = self._transaction
        if transaction is None or not transaction.has_recipients or argument:
            self._over = bool(self._ahead)  # content that did not wait for its 354 must not be read as commands
            if argument:
                raise Refused(501, "5.5.4", "No argument allowed", "syntax")
            raise Refused(503, "5.5.1", "Need a valid recipient first", "no_recipients")
        config = self._config
        self._content = Content(
            bytes(self._ahead), self._more_content, max_size=config.max_size, refuse_bare=config.refuse_bare_newline
        )
        self._ahead.clear()
        self._behind = 0.0
        self._say(reply(354, "End", "data with <CR><LF>.<CR><LF>"))
        await self._flush()
        said = await transaction.content(self._content)
        if said.taken:
            self._errors = self._idle_commands = 0
        return said

    async def _rset(self, argument: str) -> Reply:
        await self._leave()
        return reply(250, "2.0.0", "Ok")

    async def _noop(self, argument: str) -> Reply:
        return reply(250, "2.0.0", "Ok")

    async def _vrfy(self, argument: str) -> Reply:
        return reply(252, "2.5.0", "Send a message and see")

    async def _help(self, argument: str) -> Reply:
        return reply(214, "2.0.0", "See RFC 5321")

    async def _quit(self, argument: str) -> Reply:
        self._over = True
        return reply(221, "2.0.0", "Bye")
