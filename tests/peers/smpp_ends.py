"""Both ends of SMPP, with plain sockets and threads: an SMSC that records every byte, and an application that binds.

Independent peers are `node_smpp` and `kannel`.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gateway.core.channels.smpp_pdu import (
    RESPONSE,
    Command,
    Pdu,
    PduDecoder,
    SmppAddress,
    Status,
    Tag,
    bind_body,
    encode_optional,
)
from gateway.core.channels.smpp_session import BINDS
from tests.peers.tls_socket import TlsSocket

Connection = socket.socket | TlsSocket
INTERNATIONAL = 1


def number(digits: str, ton: int = INTERNATIONAL) -> SmppAddress:
    """A number as an address: E.164 without the plus sign."""
    return SmppAddress(ton, 1, digits.lstrip("+"))


def body(
    source: str, to: str, short: bytes = b"", *, coding: int = 0, esm_class: int = 0, registered: int = 0,
    options: tuple[tuple[int, bytes], ...] = (), service: bytes = b"", ton: int = INTERNATIONAL,
) -> bytes:  # fmt: skip
    """The body of a submit_sm or deliver_sm."""
    head = service + b"\0" + number(source).encoded() + number(to, ton).encoded()
    fields = bytes((esm_class, 0, 0)) + b"\0\0" + bytes((registered, 0, coding, 0, len(short)))
    return head + fields + short + encode_optional(options)


def data_body(source: str, to: str, payload: bytes, *, coding: int = 0, registered: int = 0) -> bytes:
    """The body of a data_sm."""
    head = b"\0" + number(source).encoded() + number(to).encoded()
    return head + bytes((0, registered, coding)) + encode_optional(((Tag.PAYLOAD.value, payload),))


def multi_body(source: str, to: list[str], short: bytes, *, registered: int = 0) -> bytes:
    """The body of a submit_multi."""
    head = b"\0" + number(source).encoded() + bytes((len(to),))
    head += b"".join(b"\1" + number(digits).encoded() for digits in to)
    return head + bytes((0, 0, 0)) + b"\0\0" + bytes((registered, 0, 0, 0, len(short))) + short


def parts(content: bytes, size: int, reference: int, *, wide: bool = False) -> list[bytes]:
    """The short messages of a long text, each with its user data header."""
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    head = b"\x06\x08\x04" + reference.to_bytes(2, "big") if wide else b"\x05\x00\x03" + bytes((reference,))
    return [head + bytes((len(pieces), place)) + piece for place, piece in enumerate(pieces, 1)]


class SmppEnd:
    """One end of a session: reads in a thread and hands each response to the caller that waits for it.

    Only the reading thread closes the socket. If another thread closed it, its file descriptor could be reused for the
    next connection while the reader still reads from it.
    """

    def __init__(self, connection: Connection, answer: Callable[[Pdu], Pdu | None]) -> None:
        self._socket, self._answer = connection, answer
        self._waiting: dict[int, queue.SimpleQueue[Pdu | None]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.closed = threading.Event()
        self.unexpected: list[Pdu] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def send(self, content: bytes) -> None:
        """Write bytes as they are."""
        with self._lock:
            self._socket.sendall(content)

    def start(self, command: int, content: bytes = b"") -> queue.SimpleQueue[Pdu | None]:
        """Send a request; returns the queue that will hold its response."""
        sequence = next(self._numbers)
        waiting = self._waiting[sequence] = queue.SimpleQueue()
        if self.closed.is_set():
            raise ConnectionError("closed")
        self.send(Pdu(command, content, 0, sequence).encoded())
        return waiting

    def ask(self, command: int, content: bytes = b"", within: float = 30.0) -> Pdu:
        """Send a request and wait for its response. Raises ConnectionError if none comes."""
        try:
            answer = self.start(command, content).get(timeout=within)
        except (queue.Empty, OSError):
            answer = None
        if answer is None:
            raise ConnectionError("no response")
        return answer

    def cut(self) -> None:
        """End the connection without unbinding. It is closed on return, unless its own reader calls this."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if threading.current_thread() is not self._reader:
            self._reader.join(30)

    def _read(self) -> None:
        frames = PduDecoder()
        try:
            with contextlib.suppress(OSError):
                while content := self._socket.recv(65536):
                    for pdu in frames.feed(content):
                        self._take(pdu)
        finally:
            self.closed.set()
            for waiting in list(self._waiting.values()):
                waiting.put(None)
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # ends a write that holds the lock
            with self._lock:
                self._socket.close()

    def _take(self, pdu: Pdu) -> None:
        if not pdu.is_response:
            answer = self._answer(pdu)
            if answer is not None:
                self.send(answer.encoded())
        elif pdu.sequence in self._waiting:
            self._waiting.pop(pdu.sequence).put(pdu)
        else:
            self.unexpected.append(pdu)


@dataclass
class Esme:
    """A bound application; `received` are the deliver_sm and data_sm that it accepted."""

    end: SmppEnd
    received: list[Pdu] = field(default_factory=list)
    enquired: list[Pdu] = field(default_factory=list)
    status: Callable[[Pdu], int] = lambda _: 0

    def submit(self, content: bytes, command: int = Command.SUBMIT_SM) -> Pdu:
        """Submit a text; returns the response."""
        return self.end.ask(command, content)


def connected(port: int) -> socket.socket:
    """A connection to a port of this machine."""
    made = socket.create_connection(("127.0.0.1", port), 30)
    made.settimeout(None)
    return made


def _to(port: int, tls: ssl.SSLContext | None) -> Connection:
    made = connected(port)
    return made if tls is None else TlsSocket(made, tls, "localhost")


@contextlib.contextmanager
def esme(
    port: int, system_id: str = "texting", password: str = "text-pw", *,
    command: int = Command.BIND_TRANSCEIVER, tls: ssl.SSLContext | None = None, received: list[Pdu] | None = None,
) -> Iterator[Esme]:  # fmt: skip
    """An application bound to a port; it unbinds at the end. Raises ConnectionRefusedError with the bind status.

    `received` is the list to append to, from the first PDU on.
    """

    def answer(pdu: Pdu) -> Pdu | None:
        if pdu.command in (Command.DELIVER_SM, Command.DATA_SM):
            if (status := made.status(pdu)) < 0:
                return None
            if status == 0:
                made.received.append(pdu)
            return pdu.response(status, b"\0")
        made.enquired.append(pdu)
        return pdu.response()

    begun = threading.Event()

    def answered(pdu: Pdu) -> Pdu | None:
        begun.wait()
        return answer(pdu)

    made = Esme(SmppEnd(_to(port, tls), answered), [] if received is None else received)
    begun.set()
    try:
        response = made.end.ask(command, bind_body(system_id, password))
        if response.status:
            raise ConnectionRefusedError(response.status)
    except OSError:
        made.end.cut()
        raise
    try:
        yield made
    finally:
        with contextlib.suppress(OSError):
            made.end.ask(Command.UNBIND, within=5)
        made.end.cut()


@dataclass
class Smsc:
    """An SMSC on a port; `accepted` are the requests that it accepted, with the ids it assigned.

    `status` returns the status for a request: 0, an error, or below 0 for no answer. `format_id` formats ids. `offers`
    lists the bind commands that it accepts.
    """

    port: int
    accepted: list[tuple[str, Pdu]] = field(default_factory=list)
    unanswered: list[tuple[SmppEnd, Pdu]] = field(default_factory=list)
    asked: list[Pdu] = field(default_factory=list)
    enquired: list[Pdu] = field(default_factory=list)
    ends: list[SmppEnd] = field(default_factory=list)
    status: Callable[[Pdu], int] = lambda _: 0
    format_id: Callable[[int], str] = str
    passwords: list[str] = field(default_factory=list)
    offers: tuple[int, ...] = (Command.BIND_TRANSCEIVER,)
    binds: dict[SmppEnd, int] = field(default_factory=dict)
    on_accepted: Callable[[SmppEnd, str, Pdu], None] = lambda _end, _name, _pdu: None

    @property
    def end(self) -> SmppEnd:
        """The newest open session that receives."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with contextlib.suppress(IndexError):
                return [end for end in self.ends if not end.closed.is_set() and self._receives(end)][-1]
            time.sleep(0.02)
        raise ConnectionError("nobody is bound")

    def _receives(self, end: SmppEnd) -> bool:
        return self.binds.get(end, Command.BIND_TRANSMITTER) != Command.BIND_TRANSMITTER

    def answer_late(self) -> None:
        """Accept what has got no answer so far: until then it takes up room in the window of its session."""
        while self.unanswered:
            end, pdu = self.unanswered.pop()
            with contextlib.suppress(OSError):
                end.send(pdu.response(body=b"late\0").encoded())

    def deliver(self, content: bytes, command: int = Command.DELIVER_SM) -> Pdu:
        """Deliver a text or a receipt; returns the response."""
        return self.end.ask(command, content)


_SUBMITS = (Command.SUBMIT_SM, Command.DATA_SM, Command.SUBMIT_MULTI)


@contextlib.contextmanager
def smsc(port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Smsc]:
    """A running SMSC."""
    listener = socket.create_server(("127.0.0.1", port))
    made = Smsc(listener.getsockname()[1])
    numbers = itertools.count(0xA0000001)

    def answer(end: SmppEnd, pdu: Pdu) -> Pdu | None:
        if pdu.command in made.offers:
            made.binds[end] = pdu.command
            made.passwords.append(pdu.body.split(b"\0")[1].decode())
            status = Status.OK if made.passwords[-1] == "smsc-pw" else Status.INVALID_PASSWORD
            return pdu.response(status, b"double\0")
        if pdu.command in BINDS:
            return pdu.response(Status.BIND_FAILED)
        if pdu.command in _SUBMITS and made.binds[end] == Command.BIND_RECEIVER:
            return pdu.response(Status.WRONG_STATE)
        if pdu.command in _SUBMITS:
            if (status := made.status(pdu)) < 0:
                made.unanswered.append((end, pdu))
                return None
            if status:
                return pdu.response(status)
            name = made.format_id(next(numbers))
            made.accepted.append((name, pdu))
            more = b"\0" if pdu.command == Command.SUBMIT_MULTI else b""
            end.send(pdu.response(body=name.encode() + b"\0" + more).encoded())
            made.on_accepted(end, name, pdu)
            return None
        (made.enquired if pdu.command == Command.ENQUIRE_LINK else made.asked).append(pdu)
        status = 0 if pdu.command in (Command.ENQUIRE_LINK, Command.UNBIND) else made.status(pdu)
        if pdu.command == Command.QUERY_SM:
            return pdu.response(status, pdu.body.split(b"\0")[0] + b"\0\0\x02\0")
        return pdu.response(status)

    def begin(peer: socket.socket) -> None:
        box: list[SmppEnd] = []
        ready = threading.Event()

        def answered(pdu: Pdu) -> Pdu | None:
            ready.wait()
            return answer(box[0], pdu)

        try:
            box.append(SmppEnd(peer if tls is None else TlsSocket(peer, tls), answered))
        except OSError:  # failed handshake or gone: wait for the next one
            peer.close()
            return
        made.ends.append(box[0])
        ready.set()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                threading.Thread(target=begin, args=(peer,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield made
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for end in made.ends:
            end.cut()


def is_answer_to(pdu: Pdu, command: int) -> bool:
    """Whether it is the response to a request with this command."""
    return pdu.command == command | RESPONSE
