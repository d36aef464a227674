"""Listening addresses: free, or held by this gateway itself."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from gateway.assembly.factories import listening_sockets
from gateway.commands.checks.line import Line, error, ok
from gateway.core.channels.smpp_pdu import Command, Pdu
from gateway.core.fault import Fault
from gateway.settings.model import Settings


def listens(settings: Settings) -> dict[str, tuple[str, ...]]:
    """The listening addresses by key."""
    sms = settings.sms
    return {
        "smtp.listen": settings.smtp.listen,
        "smtp.listen_tls": settings.smtp.listen_tls,
        **({"sms.smpp.listen": sms.smpp.listen} if sms.smpp else {}),
        **({"sms.twilio.listen": (sms.twilio.listen,)} if sms.twilio else {}),
        "console.listen": (settings.console.listen,),
        "metrics.listen": (settings.metrics.listen,),
    }


def check_ports(settings: Settings) -> Iterator[Line]:
    """Every listening address. A port that this gateway itself holds is no error."""
    is_ours: dict[str, Callable[[str], bool]] = {
        "smtp.listen": partial(_greets, hostname=settings.smtp.hostname, proxied=settings.smtp.proxy_protocol),
        "smtp.listen_tls": _takes_connections,
        "sms.smpp.listen": _speaks_smpp,
        "sms.twilio.listen": _speaks_twilio,
        "console.listen": _is_console,
        "metrics.listen": _monitors,
    }
    serving = False
    for key, addresses in listens(settings).items():
        for address in addresses:
            try:
                for listener in listening_sockets((address,), key):
                    listener.close()
                yield ok(key, f"{address} is free")
            except Fault as fault:
                ours = is_ours[key](address) and (key != "smtp.listen_tls" or serving)
                serving = serving or ours
                yield ok(key, f"{address} is held by this gateway") if ours else error(key, str(fault))


def connected(address: str) -> socket.socket:
    """A connection to "host:port". Raises OSError."""
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=3)


def _greets(address: str, hostname: str, *, proxied: bool) -> bool:
    with suppress(OSError), connected(address) as peer:
        if proxied:  # the relay greets only after the PROXY line
            peer.sendall(b"PROXY UNKNOWN\r\n")
        return peer.recv(512).startswith(f"220 {hostname} ".encode())
    return False


def _takes_connections(address: str) -> bool:
    with suppress(OSError), connected(address):
        return True
    return False


def _monitors(address: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://{address}/metrics", timeout=3) as answer:
        return b"chaperone_policy_info" in answer.read()
    return False


def _is_console(address: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://{address}/api/openapi.json", timeout=3) as answer:
        return b"/api/v1/held" in answer.read()
    return False


def _speaks_smpp(address: str) -> bool:
    with suppress(OSError), connected(address) as peer:
        peer.sendall(Pdu(Command.ENQUIRE_LINK, sequence=1).encoded())
        return peer.recv(16) == Pdu(Command.ENQUIRE_LINK, sequence=1).response().encoded()
    return False


def _speaks_twilio(address: str) -> bool:
    with suppress(OSError), connected(address) as peer:
        peer.sendall(b"GET /2010-04-01/ HTTP/1.0\r\n\r\n")
        return b'realm="Twilio API"' in peer.recv(2048)
    return False
