"""`chaperone check`: checks everything the configuration refers to. Prints one line each, with a hint for errors."""

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
from gateway.commands.context import load_settings
from gateway.console.auth.oidc import SignInService, SignInServiceError
from gateway.core.channels.smpp_pdu import Command, Pdu
from gateway.core.fault import Fault
from gateway.core.messages.parties import Role
from gateway.directory.loading import load_sources
from gateway.observability.events import EventLog
from gateway.ports.channels import HopDown
from gateway.settings.model import Settings, SmppSettings, SmtpSettings
from gateway.store import probe
from gateway.transports.smpp.upstream import NotBound
from gateway.transports.smpp.upstream import probe_smsc as probe_smsc

Line = tuple[str, str, str]
"""What was checked; what was found; what is wrong with a hint, or "" if it is fine."""


def run(options: Namespace) -> int:
    """Check; returns 1 if anything is wrong. Raises Fault if the configuration itself cannot be read."""
    settings = load_settings(options)
    console, errors = Console(), 0

    async def check() -> None:
        nonlocal errors
        async for what, found, fault in _lines(settings):
            errors += bool(fault)
            word = Text.assemble(("error " if fault else "ok    ", "bold red" if fault else "green"))
            console.print(word + Text(f"{what}: {fault or found}"), soft_wrap=True)

    asyncio.run(check())
    return 1 if errors else 0


async def _lines(settings: Settings) -> AsyncIterator[Line]:
    yield "configuration", f"{settings.district.name}, mode {settings.policy.mode}", ""
    yield _line("policy", lambda: f"{(policy := load_policy(settings)).reference}, hash {policy.hash[:16]}")
    for line in _roster(settings):
        yield line
    yield await _model(settings)
    for line in await asyncio.to_thread(lambda: list(_ports(settings))):
        yield line
    yield await asyncio.to_thread(_line, "store", lambda: probe(settings.store.url))
    for line in await _bus(settings):
        yield line
    for hop in mail_next_hops(settings.smtp, settings.district.aliases):
        yield await _hop(hop.target)
    if smpp := settings.sms.smpp:
        yield await _smsc(smpp)
    if settings.console.oidc.issuer:
        yield await _sign_in_service(settings)


def _line(what: str, check: Callable[[], str]) -> Line:
    try:
        return what, check(), ""
    except Fault as fault:
        return what, "", str(fault)


def _roster(settings: Settings) -> Iterator[Line]:
    try:
        loaded = load_sources(directory_sources(settings), time.time())
    except Fault as fault:
        yield "directory", "", str(fault)
        return
    counts = loaded.roster.counts()
    people = f"{counts.get(Role.STAFF, 0)} staff, {counts.get(Role.STUDENT, 0)} students"
    yield "directory", f"{people}, {len(loaded.warnings)} irregularities corrected", ""
    for warning in loaded.warnings[:20]:
        yield "directory", f"note: {warning}", ""


def _ports(settings: Settings) -> Iterator[Line]:
    listens: Sequence[tuple[str, str, Callable[[str], bool]]] = [
        *(("smtp.listen", address, partial(_greets, smtp=settings.smtp)) for address in settings.smtp.listen),
        *(
            ("sms.smpp.listen", address, _speaks_smpp)
            for smpp in [settings.sms.smpp]
            if smpp
            for address in smpp.listen
        ),
        *(("sms.twilio.listen", twilio.listen, _speaks_twilio) for twilio in [settings.sms.twilio] if twilio),
        ("console.listen", settings.console.listen, _is_console),
        ("metrics.listen", settings.metrics.listen, _monitors),
    ]
    for key, address, ours in listens:
        try:
            for listener in listening_sockets((address,), key):
                listener.close()
            yield key, f"{address} is free", ""
        except Fault as fault:
            yield (key, f"{address} is held by this gateway", "") if ours(address) else (key, "", str(fault))


def _connected(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=3)


def _greets(address: str, smtp: SmtpSettings) -> bool:
    with suppress(OSError), _connected(address) as peer:
        if smtp.proxy_protocol:  # the relay greets only after the PROXY line
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
        return peer.recv(16) == Pdu(Command.ENQUIRE_LINK, sequence=1).response().encoded()
    return False


def _speaks_twilio(address: str) -> bool:
    with suppress(OSError), _connected(address) as peer:
        peer.sendall(b"GET /2010-04-01/ HTTP/1.0\r\n\r\n")
        return b'realm="Twilio API"' in peer.recv(2048)
    return False


async def _smsc(smpp: SmppSettings) -> Line:
    smsc = smsc_config(smpp)
    address = f"{smsc.host}:{smsc.port}"
    try:
        server_tls(smpp)
        await probe_smsc(smsc)
    except Fault as fault:
        return "smsc", "", str(fault)
    except NotBound as refused:
        return (
            "smsc",
            "",
            f"{address} refuses to bind ({refused}); correct the account in sms.smpp.upstream or its password",
        )
    except (OSError, TimeoutError, HopDown) as error:
        why = getattr(error, "strerror", None) or "no answer"
        return "smsc", "", f"{address} cannot be reached ({why}); start it, or correct sms.smpp.upstream"
    return "smsc", f"{address} accepts our bind", ""


async def _sign_in_service(settings: Settings) -> Line:
    what = "sign-in service"
    try:
        provider = oidc_provider(settings)
    except Fault as fault:
        return what, "", str(fault)
    assert provider is not None
    async with httpx.AsyncClient(timeout=5) as client:
        try:
            return what, await SignInService(provider, client).check(), ""
        except SignInServiceError as error:
            return what, "", f"{provider.issuer}: {error}; start it, or correct console.oidc.issuer"


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
        return "next hop", "", f"{target} cannot be reached ({why}); start it, or correct smtp.next_hop"
    if greeting[:3] != b"220":
        return "next hop", "", f"{target} does not greet as a mail server; correct smtp.next_hop"
    return "next hop", f"{target} greets", ""
