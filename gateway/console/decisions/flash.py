"""The line above a list after an action: what was done a moment ago, and whether it can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.decisions.service import UNDO_SECONDS
from gateway.console.help.service import GIVEN_BACK, TAKEN_UP
from gateway.console.messages.names import PersonView
from gateway.console.messages.reveal_names import NameAccess
from gateway.console.web.forms import MESSAGE_ID
from gateway.core.accounts.account import User
from gateway.core.policy.decision import AuditEntry
from gateway.ports.audit import AuditTrailStore
from gateway.ports.clock import StoreClock
from gateway.ports.review import LookupStore

_TAKEN_BACK = "decision taken back"
ACKNOWLEDGED, PRACTICED, REOPENED = "acknowledged", "practice decision", "acknowledgment taken back"
"""Acts about delivered messages that people look at."""
_DECIDED = ("released", "rejected", "discarded")
_DECISION_SECONDS = {
    **dict.fromkeys(_DECIDED, UNDO_SECONDS),
    "proposed": 20.0,
    **dict.fromkeys((_TAKEN_BACK, TAKEN_UP, GIVEN_BACK, ACKNOWLEDGED, PRACTICED, REOPENED), 60.0),
}
"""How long the line is shown, by audit act. For a decision that is as long as undo is offered."""
_NOTE_SECONDS = dict.fromkeys(
    ("commented", "held longer", "taken", "assigned", "given back", "proposal taken away", "call for help confirmed",
     "no call for help", "chosen for the report", "left out of the report", "legal hold placed",
     "legal hold lifted"), 20.0,
)  # fmt: skip
"""The same for acts that decide nothing and cannot be undone by the line."""
_SECONDS = {**_DECISION_SECONDS, **_NOTE_SECONDS}
_MAX_ENTRIES = 50


@dataclass(frozen=True, slots=True)
class Flash:
    """What an account did last about a message; `seconds_left` is how long the line stays."""

    id: str
    entry: AuditEntry
    seconds_left: float
    sender: PersonView
    undone: str = ""  # what was undone: released, rejected, discarded
    states: tuple[str, ...] = ()  # of the copies between staff and students, as they are now

    @property
    def can_undo(self) -> bool:
        """Whether the action can be undone."""
        return self.entry.act in _DECIDED


class FlashMessages:
    """Finds the line for an account."""

    def __init__(
        self, names: NameAccess, clock: StoreClock, lookups: LookupStore, audit_trail: AuditTrailStore
    ) -> None:  # fmt: skip
        self._names, self._clock, self._lookups, self._audit_trail = names, clock, lookups, audit_trail

    async def of(self, user: User, id_: str) -> Flash | None:
        """What an account did about a message a moment ago; None if it did nothing, or if there is no such message."""
        if not MESSAGE_ID.fullmatch(id_):
            return None
        entries = await self._audit_trail.changes_about(id_, _MAX_ENTRIES)
        traces, now = await self._lookups.trace(id=id_), await self._clock.now()
        last = _last_action(entries, user, now)
        if last is None or not traces:
            return None
        trace = traces[0]
        decided = next((entry.act for entry in entries if entry.act in _DECIDED and entry.actor == user.name), "")
        own = [recipient for recipient in trace.recipients if trace.relation.pairs_of(recipient.address)]
        return Flash(
            id_, last, last.at + _SECONDS[last.act] - now,
            self._names.names_in_list(user, trace).person(trace.sender),
            decided if last.act == _TAKEN_BACK else "",
            tuple(dict.fromkeys(recipient.state.value for recipient in own)),
        )  # fmt: skip


def _last_action(entries: Sequence[AuditEntry], user: User, now: float) -> AuditEntry | None:
    """The action to show, from entries with the newest first. A decision that can be undone precedes later notes.

    When somebody else changes the decision, the line disappears; reading and commenting do not remove it.
    """
    decisions = [entry for entry in entries if entry.act in _DECISION_SECONDS]
    notes = [entry for entry in entries if entry.act in _NOTE_SECONDS]
    recent = [
        entry for entry in (*decisions[:1], *notes) if entry.actor == user.name and now < entry.at + _SECONDS[entry.act]
    ]
    return max(recent, key=lambda entry: (entry.act in _DECIDED, entry.at), default=None)
