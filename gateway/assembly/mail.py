"""The ways of mail: in by the SMTP relay, in as many processes as are configured, and out to the next hops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from zoneinfo import ZoneInfo

from gateway.assembly.choices import delivered_to, next_hops, open_store, policy_of, sources_of, store_file
from gateway.assembly.floor import Floor
from gateway.core.message import Channel
from gateway.core.parties import Directory
from gateway.core.policy import Policy
from gateway.directory.watch import LiveDirectory
from gateway.journal import Journal
from gateway.monitoring import Processes
from gateway.ports import Store, Transport
from gateway.relays.smtp import SmtpConfig, SmtpRelay
from gateway.settings import Settings
from gateway.stages.beat import Beat
from gateway.stages.delivery import Delivery
from gateway.stages.intake import Intake
from gateway.store import make_folder
from gateway.transports.smtp import SmtpTransport
from gateway.transports.smtp_pool import SmtpPool

_CONCURRENCY = 20


async def directory_in_force(settings: Settings, journal: Journal) -> LiveDirectory:
    """The directory with its first roster. Beside a store in a file it is remembered. Raises Fault."""
    last_good = None
    if (file := store_file(settings)) is not None:
        make_folder(file)
        last_good = file.with_name(file.name + ".roster")
    return await LiveDirectory.opened(
        sources_of(settings), journal, max_removal=settings.directory.max_removal, last_good=last_good
    )


@asynccontextmanager
async def watched(
    directory: LiveDirectory, changed: Callable[[], Awaitable[None]] | None = None
) -> AsyncIterator[None]:
    """Look at the roster's files while entered; `changed` is told of every other roster."""
    watching = asyncio.create_task(directory.watch(changed=changed))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def deliver(floor: Floor) -> None:
    """Due recipients go to their next hops."""
    pool = await floor.up.enter_async_context(SmtpPool(floor.settings.smtp.hostname))
    transports: Mapping[str, Transport] = {Channel.MAIL: SmtpTransport(pool)}
    for hop in delivered_to(next_hops(floor.settings.smtp, floor.settings.district.aliases)):
        beat = Beat()
        floor.delivery.also(beat)
        delivery = Delivery(
            hop, transports[hop.channel], floor.store, floor.store, floor.journal, concurrency=_CONCURRENCY
        )
        await floor.work(beat, delivery.run(beat))


async def receive(floor: Floor, directory: LiveDirectory, sockets: list[socket.socket], processes: Processes) -> None:
    """Mail comes in, in this process and in as many more as are configured."""
    from gateway.receivers import receivers

    if (more := floor.settings.smtp.workers - 1) > 0:
        await floor.up.enter_async_context(
            receivers(
                more, floor.settings, sockets, floor.journal, processes, floor.publisher.wake, floor.delivery.wake
            )
        )
    await relayed(floor.up, floor.settings, sockets, floor.journal, directory, floor.store, floor.policy)


async def receiving(
    up: AsyncExitStack, settings: Settings, sockets: Sequence[socket.socket], journal: Journal, *,
    published: Callable[[], None], due: Callable[[], None],
) -> None:  # fmt: skip
    """What a process does that only receives: directory, store and relay of its own."""
    directory, policy = await directory_in_force(settings, journal), policy_of(settings)
    store = await up.enter_async_context(open_store(settings))
    await up.enter_async_context(watched(directory))
    await relayed(up, settings, sockets, journal, directory, store, policy, published=published, due=due)


async def relayed(
    up: AsyncExitStack, settings: Settings, sockets: Sequence[socket.socket], journal: Journal,
    directory: Directory, store: Store, policy: Policy, **wakes: Callable[[], None],
) -> None:  # fmt: skip
    """The SMTP relay with its connections to the next hops; `wakes`: those of Intake."""
    pool = await up.enter_async_context(SmtpPool(settings.smtp.hostname))
    intake = Intake(
        store, directory, journal, policy=lambda: policy, time_zone=ZoneInfo(settings.district.time_zone),
        max_waiting=settings.store.max_waiting, shadow=settings.policy.mode == "shadow", **wakes,
    )  # fmt: skip
    hops = next_hops(settings.smtp, settings.district.aliases)
    relay = SmtpRelay(
        _smtp_config(settings), sockets, directory, intake, hops, pool, SmtpTransport(pool), journal,
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
