"""The ways of mail: in by the SMTP relay, in as many processes as are configured, and out to the next hops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from zoneinfo import ZoneInfo

from gateway.assembly.factories import (
    delivery_hops,
    directory_sources,
    load_policy,
    mail_next_hops,
    open_store,
    store_file,
)
from gateway.assembly.process import Process
from gateway.core.messages.message import Channel
from gateway.core.messages.parties import Directory
from gateway.core.policy.policy import Policy
from gateway.directory.watch import LiveDirectory
from gateway.observability.events import EventLog
from gateway.observability.http import Processes
from gateway.ports.channels import Transport
from gateway.ports.store import Store
from gateway.relays.smtp.relay import SmtpConfig, SmtpRelay
from gateway.settings.model import Settings
from gateway.stages.delivery import Delivery
from gateway.stages.intake import MessageIntake
from gateway.stages.wakeup import Wakeup
from gateway.store import make_folder
from gateway.transports.smtp.pool import SmtpPool
from gateway.transports.smtp.transport import SmtpTransport

_CONCURRENCY = 20


async def open_directory(settings: Settings, event_log: EventLog) -> LiveDirectory:
    """The directory with its first roster. Beside a store in a file it is remembered. Raises Fault."""
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
    """Look at the roster's files while entered; `changed` is told of every other roster."""
    watching = asyncio.create_task(directory.watch(changed=changed))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def deliver_mail(process: Process) -> None:
    """Due recipients go to their next hops."""
    pool = await process.up.enter_async_context(SmtpPool(process.settings.smtp.hostname))
    transports: Mapping[str, Transport] = {Channel.MAIL: SmtpTransport(pool)}
    for hop in delivery_hops(mail_next_hops(process.settings.smtp, process.settings.district.aliases)):
        wakeup = Wakeup()
        process.delivery.also(wakeup)
        delivery = Delivery(
            hop, transports[hop.channel], process.store, process.store, process.event_log, concurrency=_CONCURRENCY
        )
        await process.work(wakeup, delivery.run(wakeup))


async def receive_mail(
    process: Process, directory: LiveDirectory, sockets: list[socket.socket], processes: Processes
) -> None:
    """Mail comes in, in this process and in as many more as are configured."""
    from gateway.assembly.smtp_workers import receivers

    if (more := process.settings.smtp.workers - 1) > 0:
        await process.up.enter_async_context(
            receivers(
                more,
                process.settings,
                sockets,
                process.event_log,
                processes,
                process.publisher.wake,
                process.delivery.wake,
            )
        )
    await start_smtp_relay(
        process.up, process.settings, sockets, process.event_log, directory, process.store, process.policy
    )


async def start_receiver(
    up: AsyncExitStack, settings: Settings, sockets: Sequence[socket.socket], event_log: EventLog, *,
    published: Callable[[], None], due: Callable[[], None],
) -> None:  # fmt: skip
    """What a process does that only receives: directory, store and relay of its own."""
    directory, policy = await open_directory(settings, event_log), load_policy(settings)
    store = await up.enter_async_context(open_store(settings))
    await up.enter_async_context(watch_roster(directory))
    await start_smtp_relay(up, settings, sockets, event_log, directory, store, policy, published=published, due=due)


async def start_smtp_relay(
    up: AsyncExitStack, settings: Settings, sockets: Sequence[socket.socket], event_log: EventLog,
    directory: Directory, store: Store, policy: Policy, **wakes: Callable[[], None],
) -> None:  # fmt: skip
    """The SMTP relay with its connections to the next hops; `wakes`: those of Intake."""
    pool = await up.enter_async_context(SmtpPool(settings.smtp.hostname))
    intake = MessageIntake(
        store, directory, event_log, policy=lambda: policy, time_zone=ZoneInfo(settings.district.time_zone),
        max_waiting=settings.store.max_waiting, shadow=settings.policy.mode == "shadow", **wakes,
    )  # fmt: skip
    hops = mail_next_hops(settings.smtp, settings.district.aliases)
    relay = SmtpRelay(
        _smtp_config(settings), sockets, directory, intake, hops, pool, SmtpTransport(pool), event_log,
        networks=lambda: policy.social_networks,
    )  # fmt: skip
    await up.enter_async_context(relay)


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
    )
