"""Assembly of mail: the SMTP relay and deliveries to the next hops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from gateway.assembly.certificates import Certificates
from gateway.assembly.factories import (
    connections_of,
    directory_sources,
    listening_sockets,
    mail_destinations,
    mail_next_hops,
    make_intake,
    open_store,
    store_file,
)
from gateway.assembly.policy_use import WorkerPolicy
from gateway.assembly.process import Process
from gateway.assembly.reload import Reloads
from gateway.core.delivery.retry import RetrySchedule
from gateway.core.messages.delivery import NextHop
from gateway.core.messages.parties import Directory
from gateway.core.policy.policy import Policy
from gateway.directory.live_directory import LiveDirectory
from gateway.observability.events import EventLog
from gateway.ports.store import Store
from gateway.reading.processes import ReadingProcesses
from gateway.relays.smtp.memory import MemoryBudget
from gateway.relays.smtp.relay import SmtpConfig, SmtpRelay
from gateway.settings.model import Settings
from gateway.stages.accounts_in_force import keep_accounts_in_force
from gateway.stages.address_sightings import AddressSightings
from gateway.stages.guard import Stage, supervised
from gateway.stages.wakeup import Wakeup
from gateway.store import Waits, make_folder
from gateway.transports.smtp.pool import SmtpPool
from gateway.transports.smtp.slots import deliveries_at_once
from gateway.transports.smtp.transport import SmtpTransport

_LAST_WRITE = 3.0
"""Seconds for what was seen of addresses to be written when a process ends."""


async def open_pool(
    stack: AsyncExitStack, settings: Settings, event_log: EventLog, reloads: Reloads, *, receivers: int, main: bool
) -> SmtpPool:  # fmt: skip
    """The connections of a process to the next hops of mail. Raises Fault.

    `receivers`: the processes that share the connections; `main`: this one delivers.
    """
    share = partial(mail_destinations, receivers=receivers, main=main)
    pool = SmtpPool(settings.smtp.hostname, share(settings.smtp), report=event_log.next_hop_changed)

    async def use_destinations(settings: Settings) -> int:
        return pool.replace(share(settings.smtp))

    reloads.add("smtp.next_hop (connections)", use_destinations)
    return await stack.enter_async_context(pool)


async def shared_pool(process: Process) -> SmtpPool:
    """The connections that delivery and pass-through of a process share."""
    if process.pool is None:
        process.pool = await open_pool(
            process.stack, process.settings, process.event_log, process.reloads,
            receivers=process.receivers, main=True,
        )  # fmt: skip
    return process.pool


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


@asynccontextmanager
async def watched_addresses(
    store: Store, directory: LiveDirectory, sightings: AddressSightings | None, event_log: EventLog
) -> AsyncIterator[None]:
    """While entered: the directory has the personal accounts in force, and what is seen of addresses is written."""
    wakeup, accounts = Wakeup(), store.directory_accounts
    in_force = partial(keep_accounts_in_force, accounts, directory.use_personal_accounts, event_log, wakeup)
    stages: dict[str, Stage] = {"accounts_in_force": in_force}
    if sightings is not None:
        stages["sightings"] = partial(sightings.run, wakeup)
    tasks = [asyncio.create_task(supervised(name, stage, event_log, wakeup)) for name, stage in stages.items()]
    try:
        yield
    finally:
        wakeup.stop()
        _, late = await asyncio.wait(tasks, timeout=_LAST_WRITE)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def retry_schedule(settings: Settings) -> RetrySchedule:
    """When delivery of mail is tried again."""
    retry = settings.smtp.retry
    return RetrySchedule(retry.first, retry.longest, retry.lifetime, retry.warn)


async def deliver_mail(process: Process) -> None:
    """Deliver due recipients to their next hops. Changed next hops are taken over while others go on."""
    pool = await shared_pool(process)
    transport = SmtpTransport(pool)
    running: dict[NextHop, Callable[[], None]] = {}

    async def use_hops(settings: Settings) -> int:
        hops = mail_next_hops(settings.smtp, settings.district.aliases)
        new = [hop for hop in hops if hop not in running]
        for hop in new:
            connections = settings.smtp.next_hop[hop.target].connections if hop.target else 1
            slots = connections_of(connections, process.receivers, main=True)
            running[hop] = await process.deliver(
                hop, transport, partial(pool.reachable, hop.target), returns=partial(pool.returns, hop.target),
                concurrency=deliveries_at_once(slots), schedule=retry_schedule(process.settings),
            )  # fmt: skip
        for hop in [hop for hop in running if hop not in hops]:
            running.pop(hop)()  # what it has claimed is delivered; a claim has a token, so the new hop cannot take it
        return len(new)

    await use_hops(process.settings)
    process.reloads.add("smtp.next_hop (deliveries)", use_hops)


@dataclass(frozen=True, slots=True)
class MailListeners:
    """The bound sockets of the SMTP relay, and what they need. `tls`: those where TLS comes before the greeting."""

    plain: Sequence[socket.socket]
    tls: Sequence[socket.socket]
    certificates: Certificates | None
    memory: MemoryBudget | None = None


def bind_mail_listeners(settings: Settings, event_log: EventLog) -> MailListeners:
    """Bind the addresses and load the certificate. Raises Fault."""
    certificates = smtp_certificates(settings, event_log)
    plain = listening_sockets(settings.smtp.listen, "smtp.listen")
    try:
        return MailListeners(plain, listening_sockets(settings.smtp.listen_tls, "smtp.listen_tls"), certificates)
    except BaseException:
        for listener in plain:
            listener.close()
        raise


def smtp_certificates(settings: Settings, event_log: EventLog) -> Certificates | None:
    """The certificate of the SMTP relay, None without one. Raises Fault."""
    smtp = settings.smtp
    if smtp.tls_cert is None or smtp.tls_key is None:
        return None
    return Certificates(smtp.tls_cert, smtp.tls_key, "smtp.tls_cert", event_log)


async def start_worker_relay(
    stack: AsyncExitStack, settings: Settings, listeners: MailListeners, event_log: EventLog, *,
    wake_publisher: Callable[[], None], wake_delivery: Callable[[], None],
) -> Reloads:  # fmt: skip
    """Start what a process needs that only receives: a directory, a store and a relay. Returns what can be reloaded."""
    directory = await open_directory(settings, event_log)
    waits = Waits(lambda _: event_log.store_lost("start"), lambda _: None)  # the parent ends if it cannot be used
    store = await stack.enter_async_context(open_store(settings, waits))
    await stack.enter_async_context(watch_roster(directory))
    sightings = AddressSightings(store.directory_accounts, directory, event_log)
    await stack.enter_async_context(watched_addresses(store, directory, sightings, event_log))
    reloads = Reloads(settings, event_log)
    policy = WorkerPolicy(settings, store, event_log)
    reloads.add("policy", policy.reload)
    wakeup = Wakeup()
    following = asyncio.create_task(supervised("policy", partial(policy.run, wakeup), event_log, wakeup))
    stack.callback(following.cancel)
    reloads.add("directory", lambda _: directory.reload())
    pool = await open_pool(stack, settings, event_log, reloads, receivers=settings.smtp.workers, main=False)
    await start_smtp_relay(
        stack, settings, listeners, event_log, directory, store, lambda: policy.current, reloads, pool, sightings,
        wake_publisher=wake_publisher, wake_delivery=wake_delivery,
    )  # fmt: skip
    return reloads


async def start_smtp_relay(
    stack: AsyncExitStack, settings: Settings, listeners: MailListeners, event_log: EventLog, directory: Directory,
    store: Store, policy: Callable[[], Policy], reloads: Reloads, pool: SmtpPool, sightings: AddressSightings,
    **wakes: Callable[[], None],
) -> None:  # fmt: skip
    """Start the SMTP relay. `wakes` are passed on to `MessageIntake`."""
    reader = await stack.enter_async_context(ReadingProcesses())
    intake = make_intake(settings, store, directory, event_log, policy, reader, **wakes)
    hops, certificates = mail_next_hops(settings.smtp, settings.district.aliases), listeners.certificates
    relay = SmtpRelay(
        _smtp_config(settings), listeners.plain, directory, intake, hops, pool, SmtpTransport(pool), event_log,
        networks=lambda: policy().social_networks, tls=lambda: certificates.context if certificates else None,
        tls_sockets=listeners.tls, memory=listeners.memory, sightings=sightings,
    )  # fmt: skip

    async def use_hops(settings: Settings) -> int:
        nonlocal hops
        before, hops = hops, mail_next_hops(settings.smtp, settings.district.aliases)
        relay.use_hops(hops)
        return len(set(hops) - set(before))

    reloads.add("smtp.next_hop", use_hops)
    reloads.add_certificates(
        certificates, "smtp.tls_cert", lambda settings: (settings.smtp.tls_cert, settings.smtp.tls_key)
    )
    if certificates is not None:
        await stack.enter_async_context(certificates.watched())
    await stack.enter_async_context(relay)


def _smtp_config(settings: Settings) -> SmtpConfig:
    smtp, district = settings.smtp, settings.district
    return SmtpConfig(
        hostname=smtp.hostname,
        domains=(*district.domains, *district.aliases),
        relay_from=tuple(str(network) for network in smtp.relay_from),
        max_size=smtp.max_size,
        refuse_bare_newline=smtp.bare_newline == "refuse",
        require_tls=smtp.require_tls,
        accounts={user: account["password"] for user, account in smtp.accounts.items()},
        proxy_protocol=smtp.proxy_protocol,
        proxies=tuple(str(network) for network in smtp.proxies),
        refuse_outside_claims=smtp.outside_claims == "refuse",
        verify_recipients=smtp.verify_recipients,
        mailer=settings.notify.sender,
        max_in_flight=smtp.max_in_flight,
        max_sessions=smtp.max_sessions,
        max_sessions_per_client=smtp.max_sessions_per_client,
        client_rate=smtp.client_rate,
        sender_rate=smtp.sender_rate,
        greeting_delay=smtp.greeting_delay,
    )
