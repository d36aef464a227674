"""Urgency: who is told of an urgent message, over which ways, and again until somebody takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.core.channels.capabilities import SMS
from gateway.core.channels.text_routing import PROVIDER, route_option
from gateway.core.channels.twilio import BODY, form_options
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import Envelope, Message, Recipient, sha256_of
from gateway.core.messages.parties import Relation
from gateway.core.notices.urgent_notice import OVER_WEBHOOK, urgent_text, webhook_body
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.escalation import Escalation
from gateway.core.policy.policy import Policy
from gateway.core.policy.transitions import urgent_notice
from gateway.core.policy.urgency import AttentionKind
from gateway.observability.events import EventLog
from gateway.ports.accounts import AccountStore
from gateway.ports.help import HelpAlertStore
from gateway.ports.messages import StoreDown
from gateway.ports.review import LookupStore, ReminderStore
from gateway.ports.urgency import UrgencyStore, WebhookNotice
from gateway.stages.wakeup import Wakeup

MEASURED_EVERY = 15.0
"""Seconds between two counts of untaken urgent messages."""
_HOUR, _DAY = 3600.0, 86400.0
_BATCH = 500


@dataclass(frozen=True, slots=True)
class UrgentWays:
    """The ways beside mail, and what notices contain. `sms` are numbers that get a text from `sms_from`."""

    to: tuple[str, ...]
    console_url: str
    district: str
    webhook: bool = False
    sms: tuple[str, ...] = ()
    sms_from: str = ""


@dataclass(frozen=True, slots=True)
class UrgentNotice:
    """An urgent follow-up with the buildings of its message, and the addresses that get it by mail."""

    followup: Followup
    recipients: tuple[str, ...]


class UrgentNotices:
    """Finds out who gets an urgent notice, and writes it for the ways beside mail."""

    def __init__(
        self, accounts: AccountStore, lookups: LookupStore, directory: ConsoleDirectory, ways: UrgentWays
    ) -> None:  # fmt: skip
        self._accounts, self._lookups, self._directory, self._ways = accounts, lookups, directory, ways

    async def notice(self, followup: Followup) -> UrgentNotice:
        """The notice of an URGENT follow-up: at its level, for the people of the message's buildings."""
        level = followup.body.get("level", 0)
        for trace in await self._lookups.trace(id=followup.message):
            chain = Escalation(await self._accounts.list_all(), self._ways.to, self._directory)
            envelope = [trace.sender, *(copy.address for copy in trace.recipients)]
            to = chain.recipients_for_urgent(
                1 + (level if isinstance(level, int) else 0), trace.relation, envelope,
                threat=bool(followup.body.get("threat")),
            )  # fmt: skip
            buildings = self._buildings(trace.relation)
            return UrgentNotice(replace(followup, body={**followup.body, "buildings": buildings}), to)
        return UrgentNotice(followup, ())

    def _buildings(self, relation: Relation) -> list[str]:
        """The names of the buildings of the people of a message."""
        people = dict.fromkeys(id_ for pair in relation.pairs for id_ in (pair.student, pair.staff))
        orgs: dict[str, None] = {}
        for id_ in people:
            person = self._directory.by_id(id_)
            orgs.update(dict.fromkeys(sorted(person.buildings) if person is not None else ()))
        return [self._directory.building_name(org) for org in orgs]

    def webhooks(self, followup: Followup, name: str) -> Sequence[WebhookNotice]:
        """What a follow-up sends over the webhook: nothing without one. `name` is the id of the notice."""
        if not self._ways.webhook or followup.kind not in OVER_WEBHOOK:
            return ()
        if followup.kind is FollowupKind.HELP_ALERT and followup.body.get("to") is not None:
            return ()  # the same alert, for the people of the building
        url = self._ways.console_url.rstrip("/")
        body = webhook_body(followup, name=name, url=url, district=self._ways.district)
        return (WebhookNotice(name, followup.message, body),)

    def texts(self, followup: Followup, name: str, now: float) -> list[Message]:
        """The text messages of an URGENT follow-up, one for each number."""
        if followup.kind is not FollowupKind.URGENT or not self._ways.sms_from:
            return []
        words = urgent_text(followup, self._ways.console_url.rstrip("/"))
        content = words.encode()
        found = []
        for at, number in enumerate(self._ways.sms):
            form = (("From", self._ways.sms_from), ("To", number), (BODY, words))
            recipient = Recipient(number, (route_option(PROVIDER),))
            envelope = Envelope(self._ways.sms_from, (recipient,), form_options(form, "form"))
            found.append(
                Message(f"{name[:24]}{at:02}", SMS, envelope, content, sha256_of(content), now, relation=Relation())
            )
        return found


def urgent_reminder_count(age: float, every: float) -> int:
    """How many notices followed the first one: one `every` seconds for an hour, then hourly for a day, then daily."""
    first, hours = min(age, _HOUR), min(max(age - _HOUR, 0.0), _DAY)
    later = max(age - _HOUR - _DAY, 0.0)
    return int(first // every) + int(hours // max(every, _HOUR)) + int(later // _DAY)


async def remind_of_urgent(urgency: UrgencyStore, reminders: ReminderStore, policy: Policy, now: float) -> None:
    """Repeat the notices of urgent messages that nobody has taken, to more people each time. Each step happens once."""
    found = {}
    for message in await urgency.open(AttentionKind.URGENT, _BATCH):
        level = urgent_reminder_count(max(now - message.at, 0.0), policy.review.urgent_every)
        if level:
            found[message.listed.trace.id, f"urgent:{level}"] = message, level
    if not found:
        return
    known = await reminders.reminded({id_ for id_, _ in found})

    def notices(steps: Sequence[tuple[str, str]]) -> tuple[list[Followup], list[AuditEntry]]:
        followups = []
        for step in steps:
            message, level = found[step]
            trace = message.listed.trace
            followups.append(urgent_notice(trace.id, trace.received_at, now, message.attention, policy, level))
        return followups, []

    if new := [step for step in found if step not in known]:
        await reminders.remind(new, notices)


async def measure_urgent(
    urgency: UrgencyStore, help_alerts: HelpAlertStore, event_log: EventLog, wakeup: Wakeup
) -> None:
    """Count what nobody has taken, until `wakeup` is stopped: urgent messages, and calls for help."""
    while not wakeup.stopped:
        try:
            event_log.urgent_measured(await urgency.backlog())
            event_log.help_measured(*await help_alerts.backlog())
        except StoreDown:
            event_log.store_lost("urgency")
        await wakeup.rest(MEASURED_EVERY)
