"""Assembly: the only chooser of adapters. Parts are opened in the order in which they need each other and closed in
reverse: that is the drain order, relays first and the store last.

Everything that can be refused (policy, roster, model, ports, store) is looked at before the store is opened, so that
a gateway that cannot start writes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from gateway.assembly.console import read_adopted_policy, serve_console
from gateway.assembly.factories import listening_sockets, load_policy, make_bus, open_store, policy_source, store_file
from gateway.assembly.mail import deliver_mail, open_directory, receive_mail, watch_roster
from gateway.assembly.process import Process, Running
from gateway.assembly.smpp import run_smpp, server_tls
from gateway.assembly.twilio import deliver_twilio, receive_twilio
from gateway.core.fault import Fault
from gateway.core.policy.decision import AuditEntry
from gateway.directory.watch import LiveDirectory
from gateway.observability.events import EventLog
from gateway.observability.http import Processes, monitoring
from gateway.ports.bus import Bus
from gateway.ports.messages import StoreDown
from gateway.ports.store import Store
from gateway.settings.model import Settings
from gateway.stages.disposition import Disposition
from gateway.stages.notification import Notification, Office
from gateway.stages.publication import publish, publish_lost
from gateway.stages.upkeep import ChainWatch, forget, link_audit, measure
from gateway.stages.wakeup import Wakeup
from gateway.store import hold_lock, probe

ROLES = ("smtp", "sms", "classify", "decide", "deliver", "console")


@asynccontextmanager
async def serving(
    settings: Settings, roles: frozenset[str], event_log: EventLog, stopped: asyncio.Event
) -> AsyncIterator[Running]:
    """A gateway with these roles, ready on entry and drained on exit. Sets `stopped` where a part of it failed.

    Raises Fault where it cannot start: nothing was written then.
    """
    embedded = settings.bus.url == "local:"
    if embedded and roles != frozenset(ROLES):
        raise Fault("bus.url: local: belongs to one serve with all roles; leave --role out, or use kafka://")
    twilio, smpp = settings.sms.twilio, settings.sms.smpp if "sms" in roles else None
    async with AsyncExitStack() as up:
        policy = load_policy(settings)
        smtp = listening_sockets(settings.smtp.listen, "smtp.listen") if "smtp" in roles else []
        texts = listening_sockets((twilio.listen,), "sms.twilio.listen") if twilio and "sms" in roles else []
        esmes = listening_sockets(smpp.listen, "sms.smpp.listen") if smpp else []
        tls = server_tls(smpp) if smpp else None
        (metrics,) = listening_sockets((settings.metrics.listen,), "metrics.listen")
        desk = listening_sockets((settings.console.listen,), "console.listen") if "console" in roles else []
        adopted = read_adopted_policy(settings) if desk else ""
        for each in (*smtp, *texts, *esmes, metrics, *desk):
            up.callback(each.close)
        await asyncio.to_thread(probe, settings.store.url)
        # Before the store is opened, as a bad model must write nothing; its processes end after the store is closed.
        consume = await start_classifiers(up, settings, event_log) if "classify" in roles else None
        # Who classifies and decides asks whose information it is, and who may have it; who decides tells people, and
        # nobody of what they have a part in. An application may answer a text with texts, so whoever delivers texts
        # must know who is who as well.
        directed = set(ROLES) - ({"deliver"} if twilio is None else set())
        directory = await open_directory(settings, event_log) if roles & directed else None
        if (file := store_file(settings)) is not None:
            up.enter_context(hold_lock(file))
        store = await up.enter_async_context(open_store(settings))
        bus = make_bus(settings, event_log)
        await up.enter_async_context(bus)
        running = Running(store, policy)
        process = Process(settings, event_log, stopped, up, policy, store, bus, running)
        listening = asyncio.Event()
        process.ready |= {"store": lambda: _answers(store), "listeners": lambda: _is_set(listening)}
        event_log.in_force(policy=policy.hash)
        processes = Processes(event_log.registry)
        where = await up.enter_async_context(monitoring(metrics, processes, process.ready))
        # In reverse of a message's way, so that whoever hands over finds the next one open, and drains before it.
        if "decide" in roles and directory is not None:
            await run_decisions(process, directory)
        if "deliver" in roles:
            await deliver_mail(process)
            if twilio is not None and directory is not None:
                await deliver_twilio(process, directory)
        if consume is not None:
            wakeup = Wakeup()
            await process.work(wakeup, consume(bus, store, directory, wakeup))
        if roles & {"smtp", "sms", "decide"}:
            await process.work(
                process.publisher, publish(store, bus, event_log, process.publisher, max_inline=settings.bus.max_inline)
            )
        if directory is not None:
            await _note_roster(store, event_log, directory)
            await up.enter_async_context(watch_roster(directory, partial(_note_roster, store, event_log, directory)))
            for each in desk:
                await serve_console(process, directory, each, adopted)
            if "smtp" in roles:
                await receive_mail(process, directory, smtp, processes)
            if texts:
                await receive_twilio(process, directory, texts)
            if smpp:
                await run_smpp(process, directory, smpp, esmes, tls)
        listening.set()
        up.callback(process.end)
        event_log.ready({"roles": ",".join(sorted(roles)), "metrics": f"{where[0]}:{where[1]}"})
        try:
            yield running
        finally:
            listening.clear()  # whoever deals connections out is to leave this process out while it drains


Consume = Callable[[Bus, Store, LiveDirectory | None, Wakeup], Coroutine[Any, Any, None]]


async def start_classifiers(up: AsyncExitStack, settings: Settings, event_log: EventLog) -> Consume:
    """The classifiers, loaded in processes of their own; what consumes with them. Raises Fault.

    The one place of a serving gateway that knows the room, and late: a process without this role loads no spaCy.
    """
    from classifiers.service.consumer import Consumer
    from classifiers.service.pool import ClassifierPool

    pool = ClassifierPool(
        settings.classify.workers,
        settings.classify.model,
        event_log=event_log,
        canary="classifiers.service.self_test:failures",
    )
    await up.enter_async_context(pool)
    return lambda bus, store, directory, wakeup: Consumer(bus, store, pool, event_log, directory).run(wakeup)


async def _answers(store: Store) -> bool:
    try:
        await store.states("")  # of no message: the shortest question that the database itself answers
    except StoreDown:
        return False
    return True


async def _is_set(event: asyncio.Event) -> bool:
    return event.is_set()


async def _note_roster(store: Store, event_log: EventLog, directory: LiveDirectory) -> None:
    """The audit log says which roster is in force, by its size."""
    people = {str(role): count for role, count in directory.roster.counts().items()}
    while True:
        try:
            return await store.record([AuditEntry(await store.now(), "gateway", "roster in force", "", people)])
        except StoreDown:
            event_log.store_lost("audit")
            await asyncio.sleep(1.0)


async def run_decisions(process: Process, directory: LiveDirectory) -> None:
    """Verdicts become decisions; what must follow is carried out; the store is kept in order."""
    settings, store, event_log, bus = process.settings, process.store, process.event_log, process.bus
    timeout = settings.policy.verdict_timeout
    disposition = Disposition(
        store, store, store, event_log, policy=lambda: process.policy, shadow=settings.policy.mode == "shadow",
        verdict_timeout=timeout, standings=directory.standings,
    )  # fmt: skip
    office = Office(
        settings.notify.sender, settings.notify.to, settings.console.public_url, settings.smtp.hostname,
        settings.district.name, settings.district.time_zone,
    )  # fmt: skip
    await store.record([AuditEntry(await store.now(), "gateway", "policy in force", process.policy.hash)])
    if (source := await asyncio.to_thread(policy_source, settings, process.policy)) is not None:
        await store.keep_policy(process.policy.hash, source, read_adopted_policy(settings))
    notification = Notification(store, store, store, bus, event_log, office, directory)
    await process.work(process.followups, notification.run(process.followups))
    wakeup, chain = Wakeup(), ChainWatch(store, event_log)
    await process.work(
        wakeup,
        disposition.consume(bus, wakeup),
        disposition.give_up_waiting(wakeup),
        publish_lost(store, store, bus, event_log, wakeup, verdict_timeout=timeout),
        link_audit(store, event_log, wakeup),
        chain.run(wakeup),
        measure(store, event_log, wakeup, chain),
        forget(
            store, event_log, wakeup, delivered=settings.store.retain_delivered, decided=settings.store.retain_decided
        ),
    )
