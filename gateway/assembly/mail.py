"""Assembly of mail: the SMTP relay and deliveries to the next hops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from gateway.assembly.factories import (
    delivery_hops,
    directory_sources,
    load_policy,
    mail_next_hops,
    make_intake,
    open_store,
    store_file,
)
from gateway.assembly.process import Process
from gateway.core.messages.parties import Directory
from gateway.core.policy.policy import Policy
from gateway.directory.live_directory import LiveDirectory
from gateway.observability.events import EventLog
from gateway.ports.store import Store
from gateway.relays.smtp.relay import SmtpConfig, SmtpRelay
from gateway.settings.model import Settings
from gateway.store import make_folder
from gateway.transports.smtp.pool import SmtpPool
from gateway.transports.smtp.transport import SmtpTransport

_CONCURRENCY = 20


async def open_directory(settings: Settings, event_log: EventLog) -> LiveDirectory:
    """The directory with its first roster. The last good roster is kept next to an embedded store. Raises Fault."""
    last_good = None
    if (file := store_file(settings)) is not None:
        make_folder(file)
        last_good = file.with_name(file.name + ".roster")
    return await LiveDirectory.opened(
        directory_sources(settings), event_log, max_removal=settings.directory.max_removal, last_good=last_good
    )


@asynccontextmanager
async def watch_roster(
    directory: LiveDirectory, changed: Callable[[], Awaitable[None]] | None = None
) -> AsyncIterator[None]:
    """Watch the roster's files while entered. `changed` is called whenever a new roster is loaded."""
    watching = asyncio.create_task(directory.watch(changed=changed))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def deliver_mail(process: Process) -> None:
    """Deliver due recipients to their next hops."""
    pool = await process.stack.enter_async_context(SmtpPool(process.settings.smtp.hostname))
    transport = SmtpTransport(pool)
    for hop in delivery_hops(mail_next_hops(process.settings.smtp, process.settings.district.aliases)):
        await process.deliver(hop, transport)


async def start_worker_relay(
    stack: AsyncExitStack, settings: Settings, sockets: Sequence[socket.socket], event_log: EventLog, *,
    wake_publisher: Callable[[], None], wake_delivery: Callable[[], None],
) -> None:  # fmt: skip
    """Start what a process needs that only receives: a directory, a store and a relay."""
    directory, policy = await open_directory(settings, event_log), load_policy(settings)
    store = await stack.enter_async_context(open_store(settings))
    await stack.enter_async_context(watch_roster(directory))
    await start_smtp_relay(
        stack, settings, sockets, event_log, directory, store, policy,
        wake_publisher=wake_publisher, wake_delivery=wake_delivery,
    )  # fmt: skip


async def start_smtp_relay(
    stack: AsyncExitStack, settings: Settings, sockets: Sequence[socket.socket], event_log: EventLog,
    directory: Directory, store: Store, policy: Policy, **wakes: Callable[[], None],
) -> None:  # fmt: skip
    """Start the SMTP relay and its connections to the next hops. `wakes` are passed on to `MessageIntake`."""
    pool = await stack.enter_async_context(SmtpPool(settings.smtp.hostname))
    intake = make_intake(settings, store, directory, event_log, lambda: policy, **wakes)
    hops = mail_next_hops(settings.smtp, settings.district.aliases)
    relay = SmtpRelay(
        _smtp_config(settings), sockets, directory, intake, hops, pool, SmtpTransport(pool), event_log,
        networks=lambda: policy.social_networks,
    )  # fmt: skip
    await stack.enter_async_context(relay)


def _smtp_config(settings: Settings) -> SmtpConfig:
    smtp, district = settings.smtp, settings.district
    return SmtpConfig(
        hostname=smtp.hostname,
        domains=(*district.domains, *district.aliases),
        relay_from=tuple(str(network) for network in smtp.relay_from),
        max_size=smtp.max_size,
        refuse_bare_newline=smtp.bare_newline == "refuse",
        tls_cert=str(smtp.tls_cert or ""),
        tls_key=str(smtp.tls_key or ""),
        require_tls=smtp.require_tls,
        proxy_protocol=smtp.proxy_protocol,
        proxies=tuple(str(network) for network in smtp.proxies),
        refuse_outside_claims=smtp.outside_claims == "refuse",
    )
