"""Assembly: the only chooser of adapters. Parts are opened in the order in which they need each other and closed in
reverse: that is the drain order, relays first and the store last.

Everything that can be refused (policy, roster, model, ports) is looked at before the store is opened, so that a
gateway that cannot start writes nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gateway import policies
from gateway.bus.kafka import KafkaBus
from gateway.bus.local import LocalBus
from gateway.core.decision import Act, Action
from gateway.core.delivery import NextHop
from gateway.core.fault import Fault
from gateway.core.message import Channel
from gateway.core.parties import Direction, Directory
from gateway.core.policy import Policy
from gateway.directory.loading import Sources
from gateway.directory.watch import LiveDirectory
from gateway.journal import Journal
from gateway.monitoring import Check, Processes, monitoring
from gateway.ports import Bus, Store, StoreDown, Transport
from gateway.relays.smtp import SmtpConfig, SmtpRelay
from gateway.settings import Settings, Smtp
from gateway.stages.beat import Beat
from gateway.stages.delivery import Delivery
from gateway.stages.disposition import Disposition
from gateway.stages.intake import Intake
from gateway.stages.notification import Notification, Office
from gateway.stages.publication import publish, publish_lost
from gateway.stages.upkeep import forget, link_audit, measure
from gateway.store import SqlStore, hold_lock
from gateway.store import open_store as open_sql_store
from gateway.transports.smtp import SmtpTransport
from gateway.transports.smtp_pool import SmtpPool

ROLES = ("smtp", "sms", "classify", "decide", "deliver", "console")
_DRAIN = 25.0
_CONCURRENCY = 20


# --- values from settings ------------------------------------------------------------------------------------------


def policy_of(settings: Settings, file: Path | None = None) -> Policy:
    """The policy in force, or that of another file under the same settings. Raises Fault."""
    waits = settings.policy.no_verdict
    no_verdict = {
        Direction.STAFF_TO_STUDENT: Action(waits.staff_to_student),
        Direction.STUDENT_TO_STAFF: Action(waits.student_to_staff),
    }
    return policies.read(file or settings.policy.file, no_verdict)


def next_hops(smtp: Smtp) -> tuple[NextHop, ...]:
    """The next hops of mail: entries with the same target are one hop; "*" serves every other domain."""
    named = frozenset(domain.lower() for domain in smtp.next_hop if domain != "*")
    return tuple(
        NextHop(
            Channel.MAIL,
            target,
            frozenset(domain.lower() for domain, to in smtp.next_hop.items() if to == target and domain != "*"),
            smtp.next_hop.get("*") == target,
            named,
        )
        for target in dict.fromkeys(smtp.next_hop.values())
    )


def sources_of(settings: Settings) -> Sources:
    """Where the roster comes from."""
    district, directory = settings.district, settings.directory
    return Sources(
        directory.oneroster, directory.groups, directory.contacts, district.domains, district.aliases,
        directory.student_domains,
    )  # fmt: skip


async def directory_in_force(settings: Settings, journal: Journal) -> LiveDirectory:
    """The directory with its first roster. Beside a store in a file it is remembered. Raises Fault."""
    last_good = None
    if (file := _store_file(settings)) is not None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        last_good = file.with_name(file.name + ".roster")
    return await LiveDirectory.opened(
        sources_of(settings), journal, max_removal=settings.directory.max_removal, last_good=last_good
    )


@asynccontextmanager
async def _watched(directory: LiveDirectory) -> AsyncIterator[None]:
    watching = asyncio.create_task(directory.watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def _store_file(settings: Settings) -> Path | None:
    prefix = "sqlite:///"
    return Path(settings.store.url.removeprefix(prefix)) if settings.store.url.startswith(prefix) else None


def open_store(settings: Settings) -> AbstractAsyncContextManager[SqlStore]:
    """The store. Raises Fault where it cannot be used."""
    return open_sql_store(settings.store.url)


def bus_of(settings: Settings, journal: Journal) -> KafkaBus | LocalBus:
    """The bus: Apache Kafka, or its twin in this process."""
    if settings.bus.url == "local:":
        return LocalBus(retain_seconds=settings.bus.retain)
    return KafkaBus(
        settings.bus.url.removeprefix("kafka://"),
        prefix=settings.bus.topic_prefix,
        retain_seconds=settings.bus.retain,
        max_record=settings.bus.max_inline + (1 << 17),
        tls_ca=str(settings.bus.tls_ca or ""),
        user=settings.bus.user,
        password=settings.bus.password,
        journal=journal,
    )


def bound(addresses: tuple[str, ...], key: str) -> list[socket.socket]:
    """Listening sockets for configured addresses. Raises Fault where one is taken or not ours."""
    sockets: list[socket.socket] = []
    for address in addresses:
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, int(port)))
            made.listen(1024)
        except OSError as error:
            made.close()
            for other in sockets:
                other.close()
            raise Fault(
                f"{key}: cannot listen on {address} ({error.strerror}); end what holds it or choose another"
            ) from None
        made.setblocking(False)
        sockets.append(made)
    return sockets


# --- a running gateway ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Running:
    """A serving gateway: its parts that others look at, and whether one of them failed."""

    store: SqlStore
    policy: Policy
    failed: bool = False


@dataclass(slots=True)
class _Floor:
    """What the roles of one process share while they are put together."""

    settings: Settings
    journal: Journal
    stopped: asyncio.Event
    up: AsyncExitStack
    policy: Policy
    store: SqlStore
    bus: Bus
    running: Running
    publisher: Beat = field(default_factory=Beat)
    delivery: Beat = field(default_factory=Beat)
    followups: Beat = field(default_factory=Beat)
    ready: dict[str, Check] = field(default_factory=dict)

    async def work(self, beat: Beat, *stages: Coroutine[Any, Any, None]) -> None:
        """Run stages until the floor is left; then they finish what is in hand, for a bounded time."""
        tasks = [asyncio.create_task(stage, name=str(getattr(stage, "__qualname__", "stage"))) for stage in stages]
        for task in tasks:
            task.add_done_callback(self._ended)

        async def drain() -> None:
            beat.stop()
            _, late = await asyncio.wait(tasks, timeout=_DRAIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.up.push_async_callback(drain)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A stage that ends by an exception is a bug: say so, and stop the process in an orderly way."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.journal.failed(task.get_name(), error)
            self.running.failed = True
            self.stopped.set()


@asynccontextmanager
async def serving(
    settings: Settings, roles: frozenset[str], journal: Journal, stopped: asyncio.Event
) -> AsyncIterator[Running]:
    """A gateway with these roles, ready on entry and drained on exit. Sets `stopped` where a part of it failed.

    Raises Fault where it cannot start: nothing was written then.
    """
    embedded = settings.bus.url == "local:"
    if embedded and roles != frozenset(ROLES):
        raise Fault("bus.url: local: belongs to one serve with all roles; leave --role out, or use kafka://")
    if settings.sms.smpp or settings.sms.twilio:
        raise Fault("sms: texts are not there yet; remove [sms.smpp] and [sms.twilio]")
    async with AsyncExitStack() as up:
        policy = policy_of(settings)
        smtp = bound(settings.smtp.listen, "smtp.listen") if "smtp" in roles else []
        (metrics,) = bound((settings.metrics.listen,), "metrics.listen")
        for each in (*smtp, metrics):
            up.callback(each.close)
        # Before the store is opened, as a bad model must write nothing; its processes end after the store is closed.
        consume = await classifying(up, settings, journal) if "classify" in roles else None
        directory = await directory_in_force(settings, journal) if roles & {"smtp", "sms"} else None
        if (file := _store_file(settings)) is not None:
            up.enter_context(hold_lock(file))
        store = await up.enter_async_context(open_store(settings))
        bus = bus_of(settings, journal)
        await up.enter_async_context(bus)
        running = Running(store, policy)
        floor = _Floor(settings, journal, stopped, up, policy, store, bus, running)
        floor.ready["store"] = lambda: _answers(store)
        journal.in_force(policy=policy.hash)
        processes = Processes(journal.registry)
        where = await up.enter_async_context(monitoring(metrics, processes, floor.ready))
        # In reverse of a message's way, so that whoever hands over finds the next one open, and drains before it.
        if "decide" in roles:
            await _decide(floor)
        if "deliver" in roles:
            await _deliver(floor)
        if consume is not None:
            beat = Beat()
            await floor.work(beat, consume(bus, store, beat))
        if roles & {"smtp", "sms", "decide"}:
            await floor.work(
                floor.publisher, publish(store, bus, journal, floor.publisher, max_inline=settings.bus.max_inline)
            )
        if directory is not None:
            await up.enter_async_context(_watched(directory))
            await _receive(floor, directory, smtp, processes)
        journal.ready({"roles": ",".join(sorted(roles)), "metrics": f"{where[0]}:{where[1]}"})
        yield running


Consume = Callable[[Bus, Store, Beat], Coroutine[Any, Any, None]]


async def classifying(up: AsyncExitStack, settings: Settings, journal: Journal) -> Consume:
    """The classifiers, loaded in processes of their own; what consumes with them. Raises Fault.

    The one place of a serving gateway that knows the room, and late: a process without this role loads no spaCy.
    """
    from classifiers.consumer import Consumer
    from classifiers.pool import ClassifierPool

    pool = ClassifierPool(
        settings.classify.workers, settings.classify.model, journal=journal, canary="classifiers.canary:failures"
    )
    await up.enter_async_context(pool)
    return lambda bus, store, beat: Consumer(bus, store, pool, journal).run(beat)


async def _answers(store: Store) -> bool:
    try:
        await store.now()
    except StoreDown:
        return False
    return True


async def _decide(floor: _Floor) -> None:
    """Verdicts become decisions; what must follow is carried out; the store is kept in order."""
    settings, store, journal, bus = floor.settings, floor.store, floor.journal, floor.bus
    timeout = settings.policy.verdict_timeout

    def decided() -> None:
        floor.delivery.wake()
        floor.followups.wake()

    disposition = Disposition(
        store, store, store, journal, policy=lambda: floor.policy, shadow=settings.policy.mode == "shadow",
        verdict_timeout=timeout, decided=decided,
    )  # fmt: skip
    office = Office(
        settings.notify.sender, settings.notify.to, settings.console.public_url, settings.smtp.hostname,
        settings.district.name, settings.district.time_zone,
    )  # fmt: skip
    await store.record([Act(await store.now(), "gateway", "policy in force", floor.policy.hash)])
    notification = Notification(store, store, store, bus, journal, office)
    await floor.work(floor.followups, notification.run(floor.followups, floor.delivery))
    beat = Beat()
    await floor.work(
        beat,
        disposition.consume(bus, beat),
        disposition.give_up_waiting(beat),
        publish_lost(store, store, bus, journal, beat, floor.publisher, verdict_timeout=timeout),
        link_audit(store, journal, beat),
        measure(store, journal, beat),
        forget(store, journal, beat, delivered=settings.store.retain_delivered, decided=settings.store.retain_decided),
    )


async def _deliver(floor: _Floor) -> None:
    """Due recipients go to their next hops."""
    pool = await floor.up.enter_async_context(SmtpPool(floor.settings.smtp.hostname))
    transports: Mapping[str, Transport] = {Channel.MAIL: SmtpTransport(pool)}
    for hop in next_hops(floor.settings.smtp):
        beat = Beat()
        floor.delivery.also(beat)
        delivery = Delivery(
            hop, transports[hop.channel], floor.store, floor.store, floor.journal, concurrency=_CONCURRENCY
        )
        await floor.work(beat, delivery.run(beat, floor.followups))


async def _receive(floor: _Floor, directory: LiveDirectory, sockets: list[socket.socket], processes: Processes) -> None:
    """Mail comes in, in this process and in as many more as are configured."""
    from gateway.receivers import receivers

    published, due = floor.publisher.wake, floor.delivery.wake
    if (more := floor.settings.smtp.workers - 1) > 0:
        await floor.up.enter_async_context(
            receivers(more, floor.settings, sockets, floor.journal, processes, published, due)
        )
    await relayed(
        floor.up, floor.settings, sockets, floor.journal, directory, floor.store, floor.policy, published, due
    )


async def receiving(
    up: AsyncExitStack, settings: Settings, sockets: Sequence[socket.socket], journal: Journal, *,
    published: Callable[[], None], due: Callable[[], None],
) -> None:  # fmt: skip
    """What a process does that only receives: directory, store and relay of its own."""
    directory, policy = await directory_in_force(settings, journal), policy_of(settings)
    store = await up.enter_async_context(open_store(settings))
    await up.enter_async_context(_watched(directory))
    await relayed(up, settings, sockets, journal, directory, store, policy, published, due)


async def relayed(
    up: AsyncExitStack, settings: Settings, sockets: Sequence[socket.socket], journal: Journal,
    directory: Directory, store: Store, policy: Policy, published: Callable[[], None], due: Callable[[], None],
) -> None:  # fmt: skip
    """The SMTP relay with its connections to the next hops."""
    pool = await up.enter_async_context(SmtpPool(settings.smtp.hostname))
    intake = Intake(
        store, directory, journal, policy=lambda: policy, time_zone=ZoneInfo(settings.district.time_zone),
        max_waiting=settings.store.max_waiting, shadow=settings.policy.mode == "shadow", published=published, due=due,
    )  # fmt: skip
    relay = SmtpRelay(
        _smtp_config(settings), sockets, directory, intake, next_hops(settings.smtp), pool, SmtpTransport(pool),
        journal, networks=lambda: policy.social_networks,
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
