"""A scene: one message as somebody at the terminal follows it, from the moment it is noticed until its end. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.core.messages.delivery import FINAL, State
from gateway.core.policy.decision import Action
from gateway.demo.mailbox import Arrival
from gateway.demo.window import Outcome

PATIENCE = 8.0
"""Seconds after which a message without a verdict is told as it stands."""

_GATHER = 0.3  # seconds in which the copies of one message arrive together
_HANDING_OVER = 3.0


class Kind(StrEnum):
    """What can be told of a message."""

    RELEASED = "release"
    FLAGGED = "flag"
    HELD = "hold"
    ALERTED = "alert"
    PASSED = "passed"  # out of scope: went on in its own transaction
    REFUSED = "refused"  # the gateway did not take it
    NOTICE = "notice"  # written by the gateway itself: an alert, a bounce
    WAITING = "waiting"  # taken, and told before anything more was known


_ACTIONS: Mapping[str, Kind] = {each.value: Kind(each.value) for each in Action}


class Turn(StrEnum):
    """What can become of a message that was told before."""

    LET_GO = "released"
    DELIVERED = "delivered"
    TURNED_DOWN = "rejected"
    BOUNCED = "bounced"


@dataclass(slots=True)
class Scene:
    """One message. `sender` and `recipients` are those of the envelope, as far as they are known.

    `noticed` is the wall clock for people; `since` and `last_arrival` are seconds of the loop's clock. `refusal` is the
    gateway's reply where it took nothing. `states` are those that were told.
    """

    noticed: datetime
    since: float
    message_id: str = ""
    id: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    note: str = ""
    sample: bool = False
    notice: bool = False
    refusal: str = ""
    outcome: Outcome | None = None
    arrivals: list[Arrival] = field(default_factory=list)
    last_arrival: float = 0.0
    told: Kind | None = None
    states: dict[str, State] = field(default_factory=dict)

    def see(self, outcome: Outcome) -> None:
        """Take over what the store knows."""
        self.outcome = outcome
        self.id = outcome.id
        self.message_id = self.message_id or outcome.message_id
        self.sender = self.sender or outcome.sender
        self.recipients = tuple(each.address for each in outcome.recipients) or self.recipients
        self.subject = self.subject or outcome.subject

    def arrive(self, arrival: Arrival, at: float) -> None:
        """Take over a copy that came out."""
        self.arrivals.append(arrival)
        self.last_arrival = at
        self.id = self.id or arrival.gateway_id
        self.sender = self.sender or arrival.sender
        self.subject = self.subject or arrival.subject
        if self.outcome is None and arrival.recipient not in self.recipients:
            self.recipients += (arrival.recipient,)

    def tell(self, kind: Kind) -> None:
        """Note that it was told as it stands; a release counts as untold until its copy is out."""
        self.told = kind
        now = {each.address: each.state for each in self.outcome.recipients} if self.outcome else {}
        released = {each for each in now if (self.states.get(each), now[each]) == (State.HELD, State.QUEUED)}
        self.states = now | dict.fromkeys(released, State.HELD)

    def copies(self, *recipients: str) -> list[Arrival]:
        """The copies in these recipients' mailboxes, all copies where none is named."""
        wanted = {each.lower() for each in recipients}
        return [each for each in self.arrivals if not wanted or each.recipient.lower() in wanted]

    @property
    def over(self) -> bool:
        """Whether nothing more can become of it."""
        if self.told in (Kind.PASSED, Kind.REFUSED, Kind.NOTICE):
            return True
        return self.told not in (None, Kind.WAITING) and set(self.states.values()) <= FINAL


def ready(scene: Scene, now: float) -> Kind | None:
    """What is to be told of a message that was not told yet, or only as waiting; None: not yet."""
    waited = now - scene.since
    if scene.refusal:
        return Kind.REFUSED
    if scene.notice:
        return Kind.NOTICE
    if scene.outcome is None and scene.arrivals and (not scene.id or waited >= _HANDING_OVER):
        return Kind.PASSED if now - scene.last_arrival >= _GATHER else None
    if scene.outcome is None or not scene.outcome.decided:
        return Kind.WAITING if waited >= PATIENCE and scene.told is None else None
    if scene.outcome.among(State.QUEUED) and waited < _HANDING_OVER:
        return None
    undelivered = scene.outcome.among(State.HELD, State.REJECTED, State.DISCARDED)
    return _ACTIONS.get(scene.outcome.action, Kind.HELD if undelivered else Kind.RELEASED)


def turns(scene: Scene) -> dict[Turn, tuple[str, ...]]:
    """What became of recipients since the message was told; call it with a fresh outcome, then `tell` it again."""
    found: dict[Turn, tuple[str, ...]] = {}
    for each in scene.outcome.recipients if scene.outcome else ():
        before = scene.states.get(each.address)
        if before is None or before is each.state or before in FINAL:
            continue
        match each.state:
            case State.SENT:
                turn = Turn.LET_GO if before is State.HELD else Turn.DELIVERED
            case State.REJECTED | State.DISCARDED:
                turn = Turn.TURNED_DOWN
            case State.BOUNCED:
                turn = Turn.BOUNCED
            case _:
                continue
        found[turn] = (*found.get(turn, ()), each.address)
    return found


@dataclass(slots=True)
class Tally:
    """How many messages came to what.

    `held_before` were held when it began; `let_go` and `turned_down` count what became of held ones since.
    """

    counts: dict[Kind, int] = field(default_factory=dict)
    held_before: int = 0
    let_go: int = 0
    turned_down: int = 0

    def count(self, kind: Kind, before: Kind | None) -> None:
        """One more of a kind; a message that was told as waiting moves over."""
        if before is not None:
            self.counts[before] -= 1
        self.counts[kind] = self.of(kind) + 1

    def of(self, kind: Kind) -> int:
        """How many of a kind."""
        return self.counts.get(kind, 0)

    @property
    def messages(self) -> int:
        """All messages but the gateway's own."""
        return sum(self.counts.values()) - self.of(Kind.NOTICE)

    @property
    def still_held(self) -> int:
        """Held ones on which nobody decided yet."""
        return self.held_before + self.of(Kind.HELD) - self.let_go - self.turned_down
