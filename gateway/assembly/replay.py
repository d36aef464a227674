"""Replays a story in a scratch store: taken in, read, counted and decided by the parts that serve the district.

Only the times are those of the story. Delivery is left out: what is decided is the outcome.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from gateway.core.channels.capabilities import MAIL
from gateway.core.channels.registry import capabilities_of
from gateway.core.channels.text_routing import PROVIDER, normalize_number, passes_at_once, route_option
from gateway.core.contact.calendar import local_minute, week_of
from gateway.core.contact.story import StoryMessage, mail_of
from gateway.core.messages.message import Envelope, OutgoingMessage, Recipient
from gateway.core.messages.parties import Relation
from gateway.core.messages.verdict import Verdict
from gateway.core.mime.headers import HeaderSection
from gateway.core.policy.account_notes import ACCOUNT_NOTE
from gateway.core.policy.clauses import ACCOUNTS, TOOLS
from gateway.core.policy.decision import Action, ContactNote, Decision, Followup, FollowupKind, strictest
from gateway.core.policy.policy import Policy
from gateway.core.relation.mail_claims import read_claims
from gateway.core.relation.signatures import may_be_signed, signature_relation
from gateway.core.relation.text_relation import relate_text, text_address
from gateway.core.tools.register import RegisterOverTime, Tool
from gateway.directory.roster import Roster
from gateway.observability.events import EventLog
from gateway.ports.messages import AppliedTransition
from gateway.ports.store import Store
from gateway.stages.address_sightings import AddressSightings
from gateway.stages.disposition import Disposition
from gateway.stages.intake import MessageIntake
from gateway.stages.work import WorkEngine
from gateway.store import open_store

_TOLD = frozenset({"agreed", "moved", "after_moving", ACCOUNT_NOTE})
"""Notes that are told although they lead to nothing: what became of an agreement to move, and guesses."""
_NOBODY = "nobody: notify.to is empty"


class ReadMessage(Protocol):
    """What reads a message: the classifiers, with names resolved to people."""

    def __call__(self, message: OutgoingMessage) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class ReplayRules:
    """What a replay depends on. `notify`: the addresses that get notices; `domain`: of the mails' Message-IDs.

    `tools`: those of the district's store.
    """

    policy: Policy
    roster: Roster
    time_zone: ZoneInfo
    domain: str
    notify: tuple[str, ...] = ()
    shadow: bool = False
    tools: Sequence[Tool] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that would be sent: its kind, and to which addresses or roles."""

    kind: str
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReplayedMessage:
    """What became of one message of a story."""

    line: int
    in_scope: bool
    action: Action = Action.RELEASE
    clauses: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()

    def row(self) -> dict[str, object]:
        """The JSON row."""
        return {
            "line": self.line,
            "in_scope": self.in_scope,
            "action": self.action.value,
            "clauses": list(self.clauses),
            "reasons": list(self.reasons),
            "notices": [{"kind": notice.kind, "to": list(notice.to)} for notice in self.notices],
        }


async def replay(story: Sequence[StoryMessage], rules: ReplayRules, read: ReadMessage) -> list[ReplayedMessage]:
    """Replay a story from its beginning."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="chaperone-replay-"))
        clock = _StoryClock()
        store = await stack.enter_async_context(
            open_store(f"sqlite:///{Path(folder) / 'scratch.db'}", clock=lambda: clock.at)
        )
        stage = Replay(store, rules, read, clock)
        return [await stage.message(message) for message in story]


@dataclass(slots=True)
class _StoryClock:
    """The time of a story."""

    at: float = 0.0

    async def now(self) -> float:
        """See gateway.ports.clock.StoreClock."""
        return self.at

    async def about_now(self) -> float:
        """See gateway.ports.clock.StoreClock."""
        return self.at


@dataclass(slots=True)
class Replay:
    """One story in one store."""

    store: Store
    rules: ReplayRules
    read: ReadMessage
    clock: _StoryClock = field(default_factory=_StoryClock)
    _intake: MessageIntake = field(init=False)
    _disposition: Disposition = field(init=False)
    _sightings: AddressSightings = field(init=False)

    def __post_init__(self) -> None:
        rules, event_log = self.rules, EventLog(CollectorRegistry())
        self._sightings = AddressSightings(self.store.directory_accounts, rules.roster, event_log)
        tools = RegisterOverTime(rules.tools, rules.policy.tools)

        async def policy_at(now: float) -> Policy:
            return replace(rules.policy, register=tools.at(now))

        self._intake = MessageIntake(
            self.store.intake, self.store.secrets, rules.roster, event_log, policy=lambda: rules.policy,
            time_zone=rules.time_zone, max_waiting=1 << 40, shadow=rules.shadow,
        )  # fmt: skip
        self._disposition = Disposition(
            self.store.dispositions, self.store.outbox, self.clock, self.store.work_failures,
            WorkEngine(self.store.work_failures, event_log),
            policy=policy_at, shadow=rules.shadow, buildings=rules.roster.buildings_of,
            verdict_timeout=60.0, relationships=rules.roster.relationships_to, zone=rules.time_zone,
            senders=self.store.senders,
        )  # fmt: skip

    async def message(self, message: StoryMessage) -> ReplayedMessage:
        """Take in, read and decide one message."""
        self.clock.at = message.at
        id_ = await self.take(message)
        if id_ is None:
            return ReplayedMessage(message.line, in_scope=False)
        outgoing = await self.store.outbox.outgoing(id_)
        assert outgoing is not None
        (applied,) = await self._disposition.decide([self.read(outgoing)])
        assert isinstance(applied, AppliedTransition)
        return await self._outcome(message.line, applied)

    async def take(self, message: StoryMessage) -> str | None:
        """Store a message that is in scope. Returns its id; None if it is out of scope."""
        await self._update_usual(message.at)
        if capabilities_of(message.channel).has_header_section:
            return await self._take_mail(message)
        return await self._take_text(message)

    async def _take_mail(self, message: StoryMessage) -> str | None:
        rules = self.rules
        content = mail_of(message, rules.time_zone, rules.domain)
        section = HeaderSection.of(content)
        claims, to = read_claims(section), message.recipients
        relation = await self._sightings.relate(message.sender, claims, to, rules.policy.social_networks, message.at)
        if not relation and may_be_signed(message.sender, claims, to, rules.roster):
            names = await self._intake.signed_names(MAIL, content)
            relation = signature_relation(message.sender, claims, to, names, rules.roster)
        envelope = Envelope(message.sender, tuple(map(Recipient, message.recipients)))
        return await self._store(MAIL, envelope, content, relation, message.at, section)

    async def _take_text(self, message: StoryMessage) -> str | None:
        roster = self.rules.roster
        source = text_address(message.sender, normalize_number(message.sender), roster)
        targets = [
            text_address(written, normalize_number(written), roster, source.number) for written in message.recipients
        ]
        relation = relate_text(source, targets, roster)
        if len(targets) == 1 and passes_at_once(message.recipients[0], message.text):
            return None
        recipients = tuple(Recipient(target.number, (route_option(PROVIDER),)) for target in targets)
        envelope = Envelope(source.number, recipients, ("form",))
        return await self._store(message.channel, envelope, message.text.encode(), relation, message.at)

    async def _store(
        self, channel: str, envelope: Envelope, content: bytes, relation: Relation, at: float,
        section: HeaderSection | None = None,
    ) -> str | None:  # fmt: skip
        if not relation:
            return None
        return await self._intake.take(channel, envelope, content, relation, at, section=section)

    async def _update_usual(self, at: float) -> None:
        week = week_of(local_minute(at, self.rules.time_zone))
        await self.store.contact.update_usual(week, self.rules.roster.buildings_of)

    async def _outcome(self, line: int, applied: AppliedTransition) -> ReplayedMessage:
        decisions = [change.decision for change in applied.transition.changes if change.decision is not None]
        action = strictest(decision.action for decision in decisions)
        return ReplayedMessage(
            line,
            True,
            action,
            tuple(dict.fromkeys(clause for decision in decisions for clause in decision.clauses)),
            tuple(dict.fromkeys(word for decision in decisions for word in self._reasons(decision, applied))),
            await self._notices(),
        )

    def _reasons(self, decision: Decision, applied: AppliedTransition) -> list[str]:
        """Why a decision was taken, in words: what was found in the text, what was counted, what was not read."""
        verdict, policy = applied.transition.verdict, self.rules.policy
        told = [_told(note) for note in decision.notes if note.flags or note.limit in _TOLD]
        counted = {note.clause for note in decision.notes if note.flags}
        found = []
        if decision.action is Action.ALERT and verdict is not None:
            found.append(f"help: {policy.help_title} ({verdict.help:.2f})")
        for clause in decision.clauses:
            score = verdict.score(clause) if verdict is not None else 0.0
            flag = policy.clauses[clause].thresholds[decision.direction].flag
            if clause == ACCOUNTS and (flag is None or score < flag):
                score = 0.0  # it is the account that decided
            title = policy.clauses[clause].title
            if clause == TOOLS and applied.transition.tools:
                title += f": {', '.join(applied.transition.tools)}"
            if score:
                found.append(f"{clause}: {title} ({score:.2f})")
            elif clause not in counted:
                found.append(f"{clause}: {title}: a personal account was used")
        return [*found, *told, *decision.reasons]

    async def _notices(self) -> tuple[Notice, ...]:
        """The notices that the follow-ups of a decision would send. The follow-ups are done then."""
        claimed = await self.store.followups.claim_due(100, 60.0)
        due = [followup for followup in claimed if isinstance(followup, Followup)]
        await self.store.followups.complete([followup.id for followup in due])
        notices = []
        for followup in due:
            if followup.kind is FollowupKind.DECISION:
                continue
            to = followup.body.get("to")
            people = followup.body.get("people")
            if isinstance(people, list) and to is None:
                known = filter(None, (self.rules.roster.by_id(str(id_)) for id_ in people))
                to = [person.address for person in known]
            addresses = tuple(map(str, to)) if isinstance(to, list) else (to,) if isinstance(to, str) else None
            notices.append(Notice(followup.kind.value, addresses or self.rules.notify or (_NOBODY,)))
        return tuple(notices)


def _told(note: ContactNote) -> str:
    return f"{note.clause}: {note.text}"
