"""The faults. Each is a context: it begins on entry, and its cause is gone after exit."""

from __future__ import annotations

import contextlib
import os
import random
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from tests.chaos.links import Link
from tests.chaos.site import Site

Fault = Callable[[Site, random.Random], AbstractContextManager[str]]

_STEPS = (60.0, -60.0, 3600.0, -3600.0, 90_000.0, -300.0, 5.0)
_WRONG_LOOKS = (4 * 86400.0, -4 * 86400.0)  # more than content is retained, less than the delivery lifetime


@contextmanager
def killed(site: Site, chance: random.Random) -> Iterator[str]:
    """A process is killed with its children, and started again at once."""
    member = chance.choice(site.members)
    site.end(member, signal.SIGKILL)
    site.start_missing()
    yield f"kill {member.clock.name}"


@contextmanager
def stopped(site: Site, chance: random.Random) -> Iterator[str]:
    """A process is asked to stop, as in an upgrade."""
    member = chance.choice(site.members)
    site.end(member, signal.SIGTERM)
    yield f"stop {member.clock.name}"


@contextmanager
def child_killed(site: Site, chance: random.Random) -> Iterator[str]:
    """A child of a process is killed: one that reads content, or one that receives mail."""
    families = [member.process.children() for member in site.members if member.process is not None]
    children = chance.choice([family for family in families if family] or [[]])
    if children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(children), signal.SIGKILL)
    yield "kill a child"


@contextmanager
def paused(site: Site, chance: random.Random) -> Iterator[str]:
    """A process does not run for a while, as on an overloaded machine."""
    member = chance.choice(site.members)
    site.signal(member, signal.SIGSTOP)
    try:
        yield f"pause {member.clock.name}"
    finally:
        site.signal(member, signal.SIGCONT)


def _links(site: Site) -> list[Link]:
    return [link for link in (*site.clients, site.to_hop, site.to_store, site.to_bus) if link is not None]


@contextmanager
def link_cut(site: Site, chance: random.Random) -> Iterator[str]:
    """All connections of a link are reset."""
    link = chance.choice(_links(site))
    link.cut()
    yield f"cut {link.name}"


@contextmanager
def link_stalled(site: Site, chance: random.Random) -> Iterator[str]:
    """A link forwards nothing for a while; then it goes on, or is cut."""
    link = chance.choice(_links(site))
    link.stall()
    try:
        yield f"stall {link.name}"
    finally:
        if chance.random() < 0.3:
            link.cut()
        link.resume()


@contextmanager
def link_closed(site: Site, chance: random.Random) -> Iterator[str]:
    """Nothing answers behind a link."""
    link = chance.choice(_links(site))
    link.closed = True
    link.cut()
    try:
        yield f"close {link.name}"
    finally:
        link.closed = False


@contextmanager
def answers_lost(site: Site, chance: random.Random) -> Iterator[str]:
    """Requests arrive, their answers do not; then the connections are cut. Not at the next hop, where SMTP itself
    cannot but send twice."""
    link = chance.choice([link for link in _links(site) if link is not site.to_hop])
    link.losing = True
    try:
        yield f"lose answers of {link.name}"
    finally:
        link.cut()
        link.losing = False


@contextmanager
def clock_stepped(site: Site, chance: random.Random) -> Iterator[str]:
    """The clock of a machine is set."""
    clock, step = chance.choice(site.clocks), chance.choice(_STEPS)
    clock.step(step)
    yield f"step the clock of {clock.name} by {step:+.0f} s"


@contextmanager
def clock_wrong(site: Site, chance: random.Random) -> Iterator[str]:
    """The clock of a machine is wrong by days for a moment."""
    clock, step = chance.choice(site.clocks), chance.choice(_WRONG_LOOKS)
    clock.step(step)
    try:
        yield f"the clock of {clock.name} is wrong by {step:+.0f} s"
    finally:
        clock.step(-step)


@contextmanager
def disk_filled(site: Site, chance: random.Random) -> Iterator[str]:
    """The disk of the store is full."""
    if site.disk is None:
        yield "no disk to fill"
        return
    site.disk.fill()
    try:
        yield "fill the disk"
    finally:
        site.disk.empty()
        if site.database is not None:
            site.database.repair()


@contextmanager
def database_restarted(site: Site, chance: random.Random) -> Iterator[str]:
    """The database stops, or is killed, and comes back."""
    assert site.database is not None
    kill = chance.random() < 0.5
    site.database.primary.kill() if kill else site.database.primary.stop()
    try:
        yield f"{'kill' if kill else 'stop'} the database"
    finally:
        site.database.primary.start()


@contextmanager
def database_failed_over(site: Site, chance: random.Random) -> Iterator[str]:
    """The database is killed and its standby promoted; a new standby is made."""
    assert site.database is not None
    site.database.fail_over()
    yield "fail over"
    site.database.rebuild()


@contextmanager
def database_read_only(site: Site, chance: random.Random) -> Iterator[str]:
    """Connections lead to the standby for a while; those that were made then stay open."""
    assert site.database is not None
    link = site.database.link
    link.aim(site.database.standby.port)
    link.cut()
    try:
        yield "lead to the standby"
    finally:
        link.aim(site.database.primary.port)


@contextmanager
def broker_restarted(site: Site, chance: random.Random) -> Iterator[str]:
    """The broker stops, or is killed, and comes back."""
    assert site.broker is not None
    kill = chance.random() < 0.5
    site.broker.kill() if kill else site.broker.stop()
    try:
        yield f"{'kill' if kill else 'stop'} the broker"
    finally:
        site.broker.start()


@contextmanager
def broker_emptied(site: Site, chance: random.Random) -> Iterator[str]:
    """The broker loses its topics, records and committed offsets."""
    assert site.broker is not None
    site.broker.empty()
    yield "empty the broker"


_EVERYWHERE: Mapping[Fault, float] = {
    killed: 6, stopped: 1, child_killed: 1.5, paused: 2, link_cut: 4, link_stalled: 2, link_closed: 2, answers_lost: 2,
    clock_stepped: 3, clock_wrong: 1, disk_filled: 1.5,
}  # fmt: skip
FAULTS: Mapping[str, Mapping[Fault, float]] = {
    "sqlite": _EVERYWHERE,
    "postgresql": {
        **_EVERYWHERE, database_restarted: 1.5, database_failed_over: 1, database_read_only: 1, broker_restarted: 0.7,
        broker_emptied: 0.3,
    },
}  # fmt: skip
"""By store: the faults and how often they come, relative to each other."""


def choose(store: str, chance: random.Random) -> Fault:
    """One of the faults of a store."""
    faults = FAULTS[store]
    return chance.choices(list(faults), list(faults.values()))[0]
