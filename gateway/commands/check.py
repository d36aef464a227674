"""`chaperone check`: looks at everything the configuration refers to. One line each, with a hint for problems."""

from __future__ import annotations

import asyncio
import socket
import time
import tomllib
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

from gateway.assembly.factories import directory_sources, load_policy, mail_destinations, store_file
from gateway.commands.checks.certificates import check_certificate, check_mail_without_tls
from gateway.commands.checks.clock import check_clock, check_time_zone
from gateway.commands.checks.durations import check_retention, check_sizes, check_times, check_units
from gateway.commands.checks.line import Line, error, line_of, ok
from gateway.commands.checks.links import check_public_url
from gateway.commands.checks.networks import check_listen, check_proxies, check_relay_from
from gateway.commands.checks.next_hops import check_addresses, check_routes, check_server, own_addresses
from gateway.commands.checks.people import check_deciders, check_notices
from gateway.commands.checks.policy import check_rules
from gateway.commands.checks.ports import check_ports, listens
from gateway.commands.checks.roster import check_age, check_domains, check_people
from gateway.commands.checks.secret_files import check_secret_file, secret_files
from gateway.commands.checks.services import check_bus, check_model, check_sign_in_service, check_smsc
from gateway.commands.checks.storage import check_room
from gateway.commands.context import load_settings
from gateway.core.fault import Fault
from gateway.core.messages.parties import Role
from gateway.directory.loading import load_sources
from gateway.directory.roster import Roster
from gateway.settings.model import Settings
from gateway.store import probe
from gateway.store.migrations.reading import read_accounts, server_time

_STYLES = {"ok": "green", "warn": "bold yellow", "error": "bold red"}
_MAX_WARNINGS = 20


def run(options: Namespace) -> int:
    """Check; returns 1 if anything is an error. Raises Fault if the configuration itself cannot be read."""
    settings = load_settings(options)
    console, errors = Console(), 0

    async def check() -> None:
        nonlocal errors
        async for line in _lines(settings, options.config):
            errors += line.level == "error"
            console.print(
                Text.assemble((f"{line.level:5} ", _STYLES[line.level])) + Text(f"{line.what}: {line.found}"),
                soft_wrap=True,
            )

    asyncio.run(check())
    return 1 if errors else 0


async def _lines(settings: Settings, file: Path) -> AsyncIterator[Line]:
    written = await asyncio.to_thread(_as_written, file)
    yield ok("configuration", f"{settings.district.name}, mode {settings.policy.mode}")
    roster, lines = await asyncio.to_thread(_read_roster, settings)
    for line in (*_configuration(settings, written, file), *lines):
        yield line
    for line in await asyncio.to_thread(lambda: [*_policy(settings, roster), *_people(settings, roster)]):
        yield line
    yield await check_model(settings)
    for line in await asyncio.to_thread(lambda: [*check_ports(settings), *_store(settings, file)]):
        yield line
    for line in await check_bus(settings):
        yield line
    for line in await _next_hops(settings):
        yield line
    if smpp := settings.sms.smpp:
        yield await check_smsc(smpp)
    if settings.console.oidc.issuer:
        yield await check_sign_in_service(settings)


def _as_written(file: Path) -> Mapping[str, object]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _configuration(settings: Settings, written: Mapping[str, object], file: Path) -> Iterator[Line]:
    """What the settings alone show."""
    smtp, store, policy, now = settings.smtp, settings.store, settings.policy, time.time()
    yield from check_units(written)
    yield from check_retention(
        store.retain_delivered, store.retain_decided, getattr(store, "retain_metadata", None), settings.bus.retain,
        policy.verdict_timeout,
    )  # fmt: skip
    yield from check_times(policy.verdict_timeout, policy.no_verdict.staff_to_student == "release")
    yield from check_sizes(smtp.max_size, smtp.max_in_flight, store.max_waiting)
    yield from check_relay_from(smtp.relay_from)
    yield from check_proxies("smtp.proxies", smtp.proxies)
    yield from check_proxies("console.proxies", settings.console.proxies)
    yield from check_listen(listens(settings))
    for key, secret in secret_files(written, file.absolute().parent):
        yield from check_secret_file(key, secret)
    if smtp.tls_cert is not None and smtp.tls_key is not None:
        yield from check_certificate("smtp.tls_cert", smtp.tls_cert, smtp.tls_key, smtp.hostname, now)
    yield from check_mail_without_tls(smtp.listen, smtp.tls_cert)
    smpp, twilio = settings.sms.smpp, settings.sms.twilio
    if smpp and smpp.tls_cert is not None and smpp.tls_key is not None:
        yield from check_certificate("sms.smpp.tls_cert", smpp.tls_cert, smpp.tls_key, "", now)
    yield from check_public_url("console.public_url", settings.console.public_url, _resolves)
    if twilio:
        yield from check_public_url("sms.twilio.public_url", twilio.public_url, _resolves)
    district = written.get("district")
    yield from check_time_zone(
        settings.district.time_zone, isinstance(district, Mapping) and "time_zone" in district,
        float(time.localtime().tm_gmtoff), now,
    )  # fmt: skip


def _read_roster(settings: Settings) -> tuple[Roster | None, list[Line]]:
    try:
        loaded = load_sources(directory_sources(settings), time.time())
    except Fault as fault:
        return None, [error("directory", str(fault))]
    roster = loaded.roster
    counts = roster.counts()
    shown = f"{counts.get(Role.STAFF, 0)} staff, {counts.get(Role.STUDENT, 0)} students"
    lines = [ok("directory", f"{shown}, {len(loaded.warnings)} irregularities corrected")]
    lines += [ok("directory", f"note: {warning}") for warning in loaded.warnings[:_MAX_WARNINGS]]
    lines += check_people(counts)
    source = settings.directory.oneroster
    files = list(source.glob("*.csv")) if source.is_dir() else [source]
    lines += check_age(max(file.stat().st_mtime for file in files), time.time())
    addresses = [address for person in roster for address in roster.addresses_of(person.id)]
    lines += check_domains(settings.district.domains, addresses)
    return roster, lines


def _buildings(roster: Roster | None) -> set[str]:
    """The orgs of the roster: buildings, and those above them."""
    if roster is None:
        return set()
    return {org for person in roster for org in roster.buildings_of(person.id)}


def _policy(settings: Settings, roster: Roster | None) -> Iterator[Line]:
    try:
        policy = load_policy(settings)
    except Fault as fault:
        yield error("policy", str(fault))
        return
    yield ok("policy", f"{policy.reference}, hash {policy.hash[:16]}")
    yield from check_rules(policy, settings.policy.mode, _buildings(roster))


def _people(settings: Settings, roster: Roster | None) -> Iterator[Line]:
    domains = (*settings.district.domains, *settings.district.aliases)
    yield from check_notices(settings.notify.to, settings.notify.sender, domains, roster)
    yield from check_deciders(
        read_accounts(settings.store.url), settings.policy.mode, oidc=bool(settings.console.oidc.issuer),
        buildings=_buildings(roster),
    )  # fmt: skip


def _store(settings: Settings, file: Path) -> Iterator[Line]:
    yield line_of("store", lambda: probe(settings.store.url))
    if (embedded := store_file(settings)) is not None:
        yield from check_room(embedded, settings.store.max_waiting)
    files = {str(path): path.stat().st_mtime for path in (file, settings.directory.oneroster) if path.exists()}
    yield from check_clock(time.time(), files, server_time(settings.store.url))


async def _next_hops(settings: Settings) -> list[Line]:
    smtp = settings.smtp
    lines = list(check_routes(smtp.next_hop, settings.district.domains, settings.district.aliases))
    try:
        destinations = mail_destinations(smtp)
    except Fault as fault:
        return [*lines, error("next hop", str(fault))]
    own = await asyncio.to_thread(own_addresses)
    for name, destination in destinations.items():
        round_trip = list(check_addresses(name, destination.addresses, (*smtp.listen, *smtp.listen_tls), own))
        lines += round_trip or await check_server(destination, smtp.hostname)
    return lines


def _resolves(host: str) -> bool:
    try:
        return bool(socket.getaddrinfo(host, None))
    except (OSError, UnicodeError):
        return False
