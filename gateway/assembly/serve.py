"""Assembly of a serving gateway: open every part in order of need, and close them in reverse.

The reverse order is the drain order: relays first, the store last. Everything that can prevent a start (policy,
roster, model, ports, store) is checked before the store is opened, so that a gateway that cannot start writes nothing.
A store or bus that is away is waited for: everything starts without it, and relays answer meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from zoneinfo import ZoneInfo

from gateway.assembly.console import read_adopted_policy, serve_console
from gateway.assembly.factories import listening_sockets, load_policy, make_bus, open_store, store_file
from gateway.assembly.mail import bind_mail_listeners, deliver_mail, open_directory, watch_roster, watched_addresses
from gateway.assembly.policy_use import PolicyUse, follow_policy
from gateway.assembly.process import Process, Running
from gateway.assembly.smpp import run_smpp, smpp_certificates
from gateway.assembly.smtp_workers import receive_mail
from gateway.assembly.twilio import deliver_twilio, receive_twilio
from gateway.assembly.urgency import send_webhooks, urgent_notices
from gateway.core.fault import Fault
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.district_words import DistrictWord
from gateway.directory.live_directory import LiveDirectory
from gateway.observability.events import EventLog
from gateway.observability.http import MergedMetrics, serve_monitoring
from gateway.ports.bus import Bus
from gateway.ports.messages import IntakeStore, StoreDown
from gateway.ports.store import Store
from gateway.settings.model import Settings
from gateway.stages.address_sightings import AddressSightings
from gateway.stages.contact_upkeep import update_usual
from gateway.stages.delivery import LEASE
from gateway.stages.disposition import Disposition
from gateway.stages.guard import Stage
from gateway.stages.maintenance import (
    AuditChainWatch,
    RetentionPeriods,
    delete_expired,
    link_audit,
    measure_backlog,
    tidy_failures,
)
from gateway.stages.notification import NoticeConfig, Notification
from gateway.stages.publication import Publication, republish_lost
from gateway.stages.reports.daily_counts import CountingRules, count_days
from gateway.stages.surroundings import watch_clock, watch_outages
from gateway.stages.tools.in_force import ToolsInForce
from gateway.stages.urgency.notices import measure_urgent
from gateway.stages.wakeup import Wakeup
from gateway.store import StoreAway, Waits, hold_lock, probe

ROLES = ("smtp", "sms", "classify", "decide", "deliver", "console")


@asynccontextmanager
async def serving(
    settings: Settings, roles: frozenset[str], event_log: EventLog, stopped: asyncio.Event
) -> AsyncIterator[Running]:
    """A gateway with these roles: ready on entry, or when its store answers; drained on exit.

    Raises Fault if it cannot start; nothing has been written then. If a store that was away turns out to be unusable,
    `stopped` is set and the fault is that of the running gateway.
    """
    embedded = settings.bus.url == "local:"
    if embedded and roles != frozenset(ROLES):
        raise Fault("bus.url: local: works only when one process has all roles; leave out --role, or use kafka://")
    twilio, smpp = settings.sms.twilio, settings.sms.smpp if "sms" in roles else None
    async with AsyncExitStack() as stack:
        policy = load_policy(settings)
        mail = bind_mail_listeners(settings, event_log) if "smtp" in roles else None
        twilio_sockets = listening_sockets((twilio.listen,), "sms.twilio.listen") if twilio and "sms" in roles else []
        smpp_sockets = listening_sockets(smpp.listen, "sms.smpp.listen") if smpp else []
        certificates = smpp_certificates(smpp, event_log) if smpp else None
        (metrics_socket,) = listening_sockets((settings.metrics.listen,), "metrics.listen")
        console_sockets = listening_sockets((settings.console.listen,), "console.listen") if "console" in roles else []
        shows_policy = bool(roles & {"console", "decide"})
        adopted = read_adopted_policy(settings) if shows_policy else ""
        smtp_sockets = (*mail.plain, *mail.tls) if mail else ()
        for listener in (*smtp_sockets, *twilio_sockets, *smpp_sockets, metrics_socket, *console_sockets):
            stack.callback(listener.close)
        with suppress(StoreAway):
            await asyncio.to_thread(probe, settings.store.url)
        # Before the store is opened: a bad model must write nothing. Its processes end after the store is closed.
        consume = None
        if "classify" in roles:
            consume = await start_classifiers(stack, settings, event_log, lambda: running.policy.district_words)
        # Every role but mail delivery needs to know who is who. Twilio delivery needs it because an application may
        # answer a text message with text messages of its own.
        roles_with_directory = set(ROLES) - ({"deliver"} if twilio is None else set())
        directory = await open_directory(settings, event_log) if roles & roles_with_directory else None
        if (file := store_file(settings)) is not None:
            stack.enter_context(hold_lock(file))

        def end(error: Fault) -> None:
            running.fault = error
            stopped.set()

        waits = Waits(lambda error: event_log.store_away(str(error)), end)
        store = await stack.enter_async_context(open_store(settings, waits, alone=file is not None))
        bus = make_bus(settings, event_log)
        await stack.enter_async_context(bus)
        running = Running(store, policy)
        process = Process(settings, event_log, stopped, stack, policy, store, bus, running)
        running.reloads = process.reloads
        process.adopted_policy = adopted
        process.receivers = settings.smtp.workers if mail else 1
        listening = asyncio.Event()
        process.ready |= {"store": lambda: _store_answers(store.intake), "listeners": lambda: _is_set(listening)}
        event_log.versions_in_use(policy=policy.hash, mode=settings.policy.mode)
        policy_use = await follow_policy(process, decides="decide" in roles, shows=shows_policy)
        processes = MergedMetrics(event_log.registry)
        address = await stack.enter_async_context(serve_monitoring(metrics_socket, processes, process.ready))
        await watch_surroundings(process)
        # In reverse order of a message's path: the next stage is open before a message can reach it, and drains after.
        if "decide" in roles and directory is not None:
            await run_decisions(process, directory, policy_use)
        if "deliver" in roles:
            await deliver_mail(process)
            if twilio is not None and directory is not None:
                await deliver_twilio(process, directory)
        if consume is not None:
            wakeup = Wakeup()
            await process.work(wakeup, **consume(bus, store, directory, wakeup))
        if roles & {"smtp", "sms", "decide"}:
            publication = Publication(store.outbox, bus, process.engine, max_inline=settings.bus.max_inline)
            await process.work(process.publisher, publication=partial(publication.run, process.publisher))
        if directory is not None:
            await process.when_store_answers("roster_record", partial(_record_roster, store, directory))
            process.reloads.add("directory", partial(_reload_roster, store, event_log, directory))
            changed = partial(_keep_recording_roster, store, event_log, directory)
            await stack.enter_async_context(watch_roster(directory, changed))
            sightings = AddressSightings(store.directory_accounts, directory, event_log)
            await stack.enter_async_context(watched_addresses(store, directory, sightings if mail else None, event_log))
            for listener in console_sockets:
                await serve_console(process, directory, listener)
            if mail:
                await receive_mail(process, directory, mail, processes, sightings)
            if twilio_sockets:
                await receive_twilio(process, directory, twilio_sockets)
            if smpp:
                await run_smpp(process, directory, smpp, smpp_sockets, certificates)
        listening.set()
        stack.callback(process.end)
        event_log.ready(roles, {"metrics": f"{address[0]}:{address[1]}"})
        try:
            yield running
        finally:
            listening.clear()  # not ready: a load balancer sends no new connections while this process drains


Consume = Callable[[Bus, Store, LiveDirectory | None, Wakeup], dict[str, Stage]]


async def start_classifiers(
    stack: AsyncExitStack, settings: Settings, event_log: EventLog, words: Callable[[], Sequence[DistrictWord]]
) -> Consume:
    """Start the classifiers in processes of their own, and return the stages that consume messages with them.

    `words` returns the district's own words of the policy in force; it is asked with every batch of messages.

    Messages that students may have written have their own lanes and workers. Raises Fault.

    The only place in a serving gateway that imports `classifiers`, and only when called: a process without this role
    does not load spaCy.
    """
    from classifiers.service.lanes import open_lanes

    return await open_lanes(stack, settings.classify.workers, settings.classify.model, event_log, words)


async def _store_answers(intake: IntakeStore) -> bool:
    try:
        await intake.states("")  # of no message: the cheapest query that reaches the database
    except StoreDown:
        return False
    return True


async def _is_set(event: asyncio.Event) -> bool:
    return event.is_set()


async def _reload_roster(store: Store, event_log: EventLog, directory: LiveDirectory, _: Settings) -> int:
    changed = await directory.reload()
    await _keep_recording_roster(store, event_log, directory)
    return changed


async def _record_roster(store: Store, directory: LiveDirectory) -> None:
    """Record in the audit log which roster is in force, by its counts. Raises StoreDown."""
    counts = {str(role): count for role, count in directory.roster.counts().items()}
    await store.audit.record([AuditEntry(await store.clock.now(), "gateway", "roster in force", "", counts)])


async def _keep_recording_roster(store: Store, event_log: EventLog, directory: LiveDirectory) -> None:
    while True:
        try:
            return await _record_roster(store, directory)
        except StoreDown:
            event_log.store_lost("audit")
            await asyncio.sleep(1.0)


async def watch_surroundings(process: Process) -> None:
    """Watch the store's clock, and whether store and bus answer."""
    store, event_log, wakeup = process.store, process.event_log, Wakeup()
    await process.work(
        wakeup,
        clock=partial(watch_clock, store.clock, event_log, wakeup, lease=LEASE),
        outages=partial(
            watch_outages, partial(_store_answers, store.intake), process.bus.connected, event_log, wakeup
        ),
    )  # fmt: skip


async def run_decisions(process: Process, directory: LiveDirectory, policy_use: PolicyUse) -> None:
    """Run decisions, follow-ups and maintenance."""
    settings, store, event_log, bus = process.settings, process.store, process.event_log, process.bus
    timeout = settings.policy.verdict_timeout
    tools = ToolsInForce(store.tools, store.clock, event_log, lambda: process.policy, policy_use.at)
    disposition = Disposition(
        store.dispositions, store.outbox, store.clock, store.work_failures, process.engine,
        policy=tools.at, shadow=settings.policy.mode == "shadow", verdict_timeout=timeout,
        relationships=directory.relationships_to, zone=ZoneInfo(settings.district.time_zone), secrets=store.secrets,
        senders=store.senders, buildings=directory.buildings_of,
    )  # fmt: skip
    notice_config = NoticeConfig(
        settings.notify.sender, settings.notify.to, settings.console.public_url, settings.smtp.hostname,
        settings.district.name, settings.district.time_zone,
    )  # fmt: skip
    notification = Notification(
        store.followups, store.outbox, store.lookups, store.clock, bus, process.engine, notice_config, directory,
        urgent_notices(process, directory),
    )  # fmt: skip
    await send_webhooks(process)
    await process.work(process.followups, notification=partial(notification.run, process.followups))
    kept_days = int(settings.store.retain_metadata // 86400)
    counting = CountingRules(ZoneInfo(settings.district.time_zone), directory.buildings_of, kept_days)
    wakeup, chain = Wakeup(), AuditChainWatch(store.audit, event_log)
    await process.work(
        wakeup,
        tools=partial(tools.run, wakeup),
        disposition=partial(tools.run_after, partial(disposition.consume, bus, wakeup), wakeup),
        verdict_timeouts=partial(disposition.give_up_waiting, wakeup, store.clock.steady_for),
        failed_decisions=partial(tools.run_after, partial(disposition.retry_failed, wakeup), wakeup),
        republication=partial(
            republish_lost, store.outbox, store.clock, bus, event_log, wakeup, verdict_timeout=timeout
        ),
        audit_links=partial(link_audit, store.audit, event_log, wakeup),
        audit_watch=partial(chain.run, wakeup),
        usual_contact=partial(
            update_usual,
            store.contact,
            store.clock,
            event_log,
            wakeup,
            time_zone=ZoneInfo(settings.district.time_zone),
            buildings=directory.buildings_of,
        ),
        urgent_untaken=partial(measure_urgent, store.urgency, store.help_alerts, event_log, wakeup),
        daily_counts=partial(count_days, store.reports, store.clock, event_log, wakeup, counting),
        backlog=partial(measure_backlog, store.lookups, store.work_failures, event_log, wakeup, chain),
        work_failures=partial(tidy_failures, store.work_failures, event_log, wakeup),
        retention=partial(
            delete_expired,
            store.retention,
            store.clock,
            event_log,
            wakeup,
            periods=RetentionPeriods(
                settings.store.retain_delivered,
                settings.store.retain_decided,
                settings.store.retain_metadata,
                settings.store.retain_longer,
            ),
        ),
    )
