"""`chaperone check`: everything that the configuration names, one line each, with the mend for what is wrong."""

from __future__ import annotations

import asyncio
import socket
import time
import urllib.request
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial

import httpx
from prometheus_client import CollectorRegistry
from rich.console import Console
from rich.text import Text

from gateway.assembly.console import oidc_provider
from gateway.assembly.factories import directory_sources, listening_sockets, load_policy, mail_next_hops, make_bus
from gateway.assembly.serve import start_classifiers
from gateway.assembly.smpp import server_tls, smsc_config
from gateway.bus.kafka import KafkaBus
from gateway.commands.context import settings_of
from gateway.console.auth.oidc import ServiceError, SignInService
from gateway.core.channels.smpp_pdu import Command, Pdu
from gateway.core.fault import Fault
from gateway.core.messages.parties import Role
from gateway.directory.loading import load_from
from gateway.observability.events import EventLog
from gateway.ports.channels import HopDown
from gateway.settings.model import Settings, SmppSettings, SmtpSettings
from gateway.store import probe
from gateway.transports.smpp.upstream import NotBound
from gateway.transports.smpp.upstream import probe as probe_smsc

Line = tuple[str, str, str]
"""What was looked at; what was found; what is wrong and its mend, "" where it is fine."""


def run(given: Namespace) -> int:
    """Check; 1 where anything is wrong, 2 where the configuration itself cannot be read."""
    settings = settings_of(given)
    console, wrong = Console(), 0

    async def look() -> None:
        nonlocal wrong
        async for what, found, fault in _lines(settings):
            wrong += bool(fault)
            word = Text.assemble(("error " if fault else "ok    ", "bold red" if fault else "green"))
            console.print(word + Text(f"{what}: {fault or found}"), soft_wrap=True)

    asyncio.run(look())
    return 1 if wrong else 0


async def _lines(settings: Settings) -> AsyncIterator[Line]:
    yield "configuration", f"{settings.district.name}, mode {settings.policy.mode}", ""
    yield _found("policy", lambda: f"{(policy := load_policy(settings)).reference}, hash {policy.hash[:16]}")
    for line in _roster(settings):
        yield line
    yield await _model(settings)
    for line in await asyncio.to_thread(lambda: list(_ports(settings))):
        yield line
    yield await asyncio.to_thread(_found, "store", lambda: probe(settings.store.url))
    for line in await _bus(settings):
        yield line
    for hop in mail_next_hops(settings.smtp, settings.district.aliases):
        yield await _hop(hop.target)
    if smpp := settings.sms.smpp:
        yield await _smsc(smpp)
    if settings.console.oidc.issuer:
        yield await _sign_in_service(settings)


def _found(what: str, look: Callable[[], str]) -> Line:
    try:
        return what, look(), ""
    except Fault as fault:
        return what, "", str(fault)


def _roster(settings: Settings) -> Iterator[Line]:
    try:
        loaded = load_from(directory_sources(settings), time.time())
    except Fault as fault:
        yield "directory", "", str(fault)
        return
    counts = loaded.roster.counts()
    people = f"{counts.get(Role.STAFF, 0)} staff, {counts.get(Role.STUDENT, 0)} students"
    yield "directory", f"{people}, {len(loaded.warnings)} oddities mended", ""
    for warning in loaded.warnings[:20]:
        yield "directory", f"note: {warning}", ""


def _ports(settings: Settings) -> Iterator[Line]:
    listens: Sequence[tuple[str, str, Callable[[str], bool]]] = [
        *(("smtp.listen", each, partial(_greets, smtp=settings.smtp)) for each in settings.smtp.listen),
        *(("sms.smpp.listen", each, _speaks_smpp) for smpp in [settings.sms.smpp] if smpp for each in smpp.listen),
        *(("sms.twilio.listen", each.listen, _speaks_twilio) for each in [settings.sms.twilio] if each),
        ("console.listen", settings.console.listen, _is_console),
        ("metrics.listen", settings.metrics.listen, _monitors),
    ]
    for key, address, ours in listens:
        try:
            for each in listening_sockets((address,), key):
                each.close()
            yield key, f"{address} is free", ""
        except Fault as fault:
            yield (key, f"{address} is held by this gateway", "") if ours(address) else (key, "", str(fault))


def _connected(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=3)


def _greets(address: str, smtp: SmtpSettings) -> bool:
    with suppress(OSError), _connected(address) as peer:
        if smtp.proxy_protocol:  # it greets nobody before the load balancer said who is there: here it is ourselves
            peer.sendall(b"PROXY UNKNOWN\r\n")
        return peer.recv(512).startswith(f"220 {smtp.hostname} ".encode())
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
    with suppress(OSError), _connected(address) as peer:
        peer.sendall(Pdu(Command.ENQUIRE_LINK, sequence=1).encoded())
        return peer.recv(16) == Pdu(Command.ENQUIRE_LINK, sequence=1).answered().encoded()
    return False


def _speaks_twilio(address: str) -> bool:
    with suppress(OSError), _connected(address) as peer:
        peer.sendall(b"GET /2010-04-01/ HTTP/1.0\r\n\r\n")
        return b'realm="Twilio API"' in peer.recv(2048)
    return False


async def _smsc(smpp: SmppSettings) -> Line:
    smsc = smsc_config(smpp)
    where = f"{smsc.host}:{smsc.port}"
    try:
        server_tls(smpp)
        await probe_smsc(smsc)
    except Fault as fault:
        return "smsc", "", str(fault)
    except NotBound as refused:
        return "smsc", "", f"{where} refuses to bind ({refused}); mend the account in sms.smpp.upstream or its password"
    except (OSError, TimeoutError, HopDown) as error:
        why = getattr(error, "strerror", None) or "no answer"
        return "smsc", "", f"{where} cannot be reached ({why}); start it, or mend sms.smpp.upstream"
    return "smsc", f"{where} lets us bind", ""


async def _sign_in_service(settings: Settings) -> Line:
    what = "sign-in service"
    try:
        provider = oidc_provider(settings)
    except Fault as fault:
        return what, "", str(fault)
    assert provider is not None
    async with httpx.AsyncClient(timeout=5) as client:
        try:
            return what, await SignInService(provider, client).look(), ""
        except ServiceError as error:
            return what, "", f"{provider.issuer}: {error}; start it, or mend console.oidc.issuer"


async def _model(settings: Settings) -> Line:
    try:
        async with AsyncExitStack() as up:
            await start_classifiers(up, settings, EventLog(CollectorRegistry()))
    except Fault as fault:
        return "model", "", str(fault)
    return "model", "loads and passes its self-test", ""


async def _bus(settings: Settings) -> list[Line]:
    bus = make_bus(settings, EventLog(CollectorRegistry()))
    if not isinstance(bus, KafkaBus):
        return [("bus", "embedded", "")]
    problems = await bus.inspect()
    return [("bus", "", problem) for problem in problems] or [("bus", f"{settings.bus.url} answers", "")]


async def _hop(target: str) -> Line:
    try:
        with await asyncio.to_thread(_connected, target) as peer:
            greeting = await asyncio.to_thread(peer.recv, 4)
    except OSError as error:
        why = error.strerror or "no answer"
        return "next hop", "", f"{target} cannot be reached ({why}); start it, or mend smtp.next_hop"
    if greeting[:3] != b"220":
        return "next hop", "", f"{target} does not greet as a mail server; mend smtp.next_hop"
    return "next hop", f"{target} greets", ""
