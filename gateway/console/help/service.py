"""Help alerts: who was alerted and when, and who takes care of the student. Names are never hidden here."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.auth.authorization import Authorization
from gateway.console.messages.lists import MessageLists
from gateway.console.messages.names import PersonView, person_view
from gateway.console.web.errors import Problem
from gateway.console.web.pagination import SCAN_LIMIT, ListPosition
from gateway.core.accounts.account import AccountRole, User
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import ListedMessage
from gateway.ports.audit import AuditTrailStore
from gateway.ports.clock import StoreClock
from gateway.ports.help import HelpAlertStore

TAKEN_UP, GIVEN_BACK = "call for help taken up", "call for help given back"
_CONFIRMED, _NONE = "call for help confirmed", "no call for help"
"""What a person says about an alert, as the audit log has it."""
_BATCH, _MAX_RECIPIENTS = 500, 5
AlertPosition = tuple[bool, float, str]
"""Where a list of alerts continues: after one that was taken up or not, its time, and the id of its message."""


@dataclass(frozen=True, slots=True)
class HelpAlert:
    """A message that calls for help, with the alerts that were sent, the first one first."""

    message: ListedMessage
    sender: PersonView
    recipients: tuple[PersonView, ...]
    alerts: tuple[AuditEntry, ...]
    kinds: tuple[str, ...] = ()  # of help that its words ask for

    @property
    def alerted(self) -> tuple[str, ...]:
        """Everybody who was alerted, each once."""
        return tuple(dict.fromkeys(address for alert in self.alerts for address in alert_recipients(alert)))


def alert_recipients(alert: AuditEntry) -> tuple[str, ...]:
    """Who received one alert."""
    to = alert.detail.get("to")
    return tuple(map(str, to)) if isinstance(to, list) else ()


class HelpService:
    """The help alerts of an account."""

    def __init__(
        self, authorization: Authorization, lists: MessageLists, directory: ConsoleDirectory, clock: StoreClock,
        help_alerts: HelpAlertStore, audit_trail: AuditTrailStore,
    ) -> None:  # fmt: skip
        self._authorization, self._lists, self._directory = authorization, lists, directory
        self._clock, self._help_alerts, self._audit_trail = clock, help_alerts, audit_trail

    async def alerts(self, user: User, *, days: float) -> list[HelpAlert]:
        """Alerts that nobody has taken up, however old, then the newest of the others. Raises a Problem."""
        recent = (await self._lists.delivered(user, "alert", days=days)).items
        return await self._with_alerts(await self._with_waiting(user, recent))

    async def alerts_after(
        self, user: User, *, days: float, limit: int, after: AlertPosition | None
    ) -> tuple[list[HelpAlert], AlertPosition | None]:
        """One page of the same list, and the position after which it continues, None at its end. Raises a Problem."""
        recent: list[ListedMessage] = []
        before: ListPosition | None = None
        while True:
            found = await self._lists.delivered(user, "alert", days=days, limit=_BATCH, before=before)
            recent, before = recent + found.items, found.next
            if before is None:
                break
        left = await self._with_waiting(user, recent)
        if after is not None:
            left = left[bisect_right(left, _order(*after), key=lambda message: _order(*_position(message))) :]
        page = left[:limit]
        return await self._with_alerts(page), _position(page[-1]) if len(left) > limit else None

    async def take_up(self, user: User, id_: str) -> None:
        """Take a call for help up. Raises a Problem if somebody else did first."""
        await self._require_alert(user, id_, "take up")
        entry = AuditEntry(await self._clock.now(), user.name, TAKEN_UP, id_)
        first = await self._help_alerts.acknowledge(id_, user.name, entry)
        if first not in (None, user.name):
            raise Problem(409, f"{first} took this call for help up first. Speak with them before you do something.")

    async def give_back(self, user: User, id_: str) -> None:
        """Give a call for help back, so that people are alerted again: by who took it up, or by a director.

        Raises a Problem.
        """
        await self._require_alert(user, id_, "give back")
        is_director = user.role is AccountRole.TECHNOLOGY_DIRECTOR
        entry = AuditEntry(await self._clock.now(), user.name, GIVEN_BACK, id_)
        if await self._help_alerts.give_back(id_, None if is_director else user.name, entry):
            return
        taken = await self._help_alerts.acknowledged_by(id_)
        if taken is None:
            raise Problem(409, "Nobody has taken this call for help up: people are alerted until somebody does.")
        raise Problem(403, f"{taken[0]} has taken it up: they give it back, or a technology director does.")

    async def judge(self, user: User, id_: str, right: bool) -> None:
        """Say whether a message was a call for help: the classifiers learn from it. Raises a Problem."""
        await self._require_alert(user, id_, "judge")
        entry = AuditEntry(await self._clock.now(), user.name, _CONFIRMED if right else _NONE, id_)
        await self._help_alerts.save_judgment(id_, right, entry)

    async def _require_alert(self, user: User, id_: str, action: str) -> None:
        trace = await self._authorization.message_to_decide(user, id_, action)
        if trace.action != "alert":
            raise Problem(409, "This message was not alerted as a call for help.")

    async def _with_waiting(self, user: User, recent: Sequence[ListedMessage]) -> list[ListedMessage]:
        """Some messages together with every one that nobody has taken up, in the order of the list."""
        waiting = self._authorization.visible_messages(user, await self._help_alerts.waiting(SCAN_LIMIT))
        messages = {message.trace.id: message for message in (*recent, *waiting)}
        return sorted(messages.values(), key=lambda message: _order(*_position(message)))

    async def _with_alerts(self, messages: Sequence[ListedMessage]) -> list[HelpAlert]:
        ids = [message.trace.id for message in messages]
        if not ids:
            return []
        linked, unlinked = await self._audit_trail.of_subjects(ids)
        kinds = await self._help_alerts.kinds_of(ids)
        alerts: dict[str, list[AuditEntry]] = {}
        for entry in (*(row.entry for row in linked), *unlinked):
            if entry.act == "alerted":
                alerts.setdefault(entry.subject, []).append(entry)
        return [
            HelpAlert(
                message,
                person_view(message.trace.sender, self._directory),
                tuple(person_view(to.address, self._directory) for to in message.trace.recipients[:_MAX_RECIPIENTS]),
                tuple(alerts.get(message.trace.id, ())),
                tuple(kinds.get(message.trace.id, ())),
            )
            for message in messages
        ]


def _position(message: ListedMessage) -> AlertPosition:
    return bool(message.taken_by), message.decided_at, message.trace.id


def _order(taken: bool, at: float, id_: str) -> tuple[bool, float, str]:
    return taken, -at, id_
