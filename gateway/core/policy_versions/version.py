"""Versions of the policy, proposals for a new one, and simulations, as they are stored. Times are seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

FILE = "file"
"""The author of a version that came from the policy file."""
LEAD = 5.0
"""Seconds from publishing to being in force: longer than any process needs to notice, so that all change at once."""
PROPOSAL_DAYS = 7
MAX_SOURCE = 256 << 10
"""Characters of a policy, at most."""


@dataclass(frozen=True, slots=True)
class PolicyPeriod:
    """A version without its text. It is in force from `since`; `until` is the `since` of the next, None for none.

    `author` is an account, a person at a terminal, or FILE. `seconded_by` is who agreed, "" if nobody had to.
    """

    number: int
    hash: str
    author: str
    seconded_by: str
    since: float
    until: float | None
    note: str = ""

    def is_in_force(self, now: float) -> bool:
        """Whether the version is in force at a time."""
        return self.since <= now and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class PublishedPolicy:
    """A version with its text, and the district's adopted text of that time.

    `file_hash` is the hash of the policy file when it was last taken over: a file with another hash has changed since.
    """

    period: PolicyPeriod
    source: str
    adopted: str
    file_hash: str


@dataclass(frozen=True, slots=True)
class NewPolicy:
    """A version to be published. It is in force after `lead` seconds, and never before an earlier version.

    None for `adopted` and `file_hash` leaves them as in the version before.
    """

    hash: str
    source: str
    author: str
    seconded_by: str = ""
    note: str = ""
    lead: float = LEAD
    adopted: str | None = None
    file_hash: str | None = None
    proposal: str = ""


class ProposalState(StrEnum):
    """What has become of a proposal. One that is open has an end."""

    OPEN = "open"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PolicyProposal:
    """A policy that waits for a second person. `base` is the version that it was compared with."""

    id: str
    hash: str
    source: str
    author: str
    at: float
    expires_at: float
    note: str
    base: int
    state: ProposalState = ProposalState.OPEN
    ended_by: str = ""
    ended_at: float | None = None
    version: int | None = None

    def state_at(self, now: float) -> ProposalState:
        """The state at a time: an open proposal expires by itself."""
        if self.state is ProposalState.OPEN and now >= self.expires_at:
            return ProposalState.EXPIRED
        return self.state


class SimulationState(StrEnum):
    """How far a simulation is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


OPEN_STATES = (SimulationState.WAITING, SimulationState.RUNNING)


@dataclass(frozen=True, slots=True)
class PolicySimulation:
    """A simulation in the background: a policy tried on the traffic of some seconds. `result` is JSON.

    `minutes`: a reviewer's minutes for one held message. `done` and `total` count messages.
    """

    id: str
    hash: str
    source: str
    author: str
    at: float
    seconds: float
    minutes: float
    state: SimulationState = SimulationState.WAITING
    done: int = 0
    total: int = 0
    result: str = ""
    ended_at: float | None = None

    @property
    def percent(self) -> int:
        """How much of it is done."""
        return 100 if self.state is SimulationState.DONE else min(99, self.done * 100 // max(self.total, 1))


def in_force_at(versions: Sequence[PublishedPolicy], now: float) -> PublishedPolicy | None:
    """Of versions in their order, the one in force at a time; the first if none is yet; None without any."""
    started = [version for version in versions if version.period.since <= now]
    return started[-1] if started else next(iter(versions), None)
