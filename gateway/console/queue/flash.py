"""What somebody did a moment ago, for the line above a list: what came of it, and whether it can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.help.alerts import GIVEN_BACK, TAKEN_UP
from gateway.console.messages.names import PersonView
from gateway.console.messages.reveal_names import names_in_list
from gateway.console.service import UNDO, Desk
from gateway.console.web.forms import MESSAGE_ID
from gateway.core.accounts.account import User
from gateway.core.policy.decision import AuditEntry

TAKEN_BACK = "decision taken back"
_DECIDED = ("released", "rejected", "discarded")
_SHOWN = {**dict.fromkeys(_DECIDED, UNDO), "proposed": 20.0, **dict.fromkeys((TAKEN_BACK, TAKEN_UP, GIVEN_BACK), 60.0)}
"""Seconds that the line is shown."""
_NOTED = dict.fromkeys(
    ("commented", "held longer", "taken", "assigned", "given back", "proposal taken away", "call for help confirmed",
     "no call for help", "legal hold placed", "legal hold lifted"), 20.0,
)  # fmt: skip
"""The same for what decides nothing, and cannot be taken back by the line."""
_SECONDS = {**_SHOWN, **_NOTED}
_LAST_ACTS = 50


@dataclass(frozen=True, slots=True)
class Flash:
    """The last deed of somebody about a message; `left` are the seconds that the line is shown, or undo is offered."""

    id: str
    act: AuditEntry
    left: float
    sender: PersonView
    undone: str = ""  # what was taken back: released, rejected, discarded
    states: tuple[str, ...] = ()  # of what the message is between staff and students: where it is now

    @property
    def can_undo(self) -> bool:
        """Whether it can be taken back."""
        return self.act.act in _DECIDED


async def lately(desk: Desk, user: User, id_: str) -> Flash | None:
    """What somebody did last about a message, where it was a moment ago; None for nothing, and for what is none."""
    if not MESSAGE_ID.fullmatch(id_):
        return None
    acts = await desk.store.done_about(id_, _LAST_ACTS)
    traces, now = await desk.store.trace(id=id_), await desk.store.now()
    deed = _last(acts, user, now)
    if deed is None or not traces:
        return None
    trace = traces[0]
    undone = next((each.act for each in acts if each.act in _DECIDED and each.actor == user.name), "")
    return Flash(
        id_, deed, deed.at + _SECONDS[deed.act] - now, names_in_list(desk, user, trace).person(trace.sender),
        undone if deed.act == TAKEN_BACK else "",
        tuple(dict.fromkeys(each.state.value for each in trace.recipients if trace.relation.behind(each.address))),
    )  # fmt: skip


def _last(acts: Sequence[AuditEntry], user: User, now: float) -> AuditEntry | None:
    """The deed to be told of, of acts with the newest first: a decision that can be undone before what came after it.

    What others did to the decision ends that line; that they read or comment does not.
    """
    deeds = [each for each in acts if each.act in _SHOWN]
    notes = [each for each in acts if each.act in _NOTED]
    last = [each for each in (*deeds[:1], *notes) if each.actor == user.name and now < each.at + _SECONDS[each.act]]
    return max(last, key=lambda each: (each.act in _DECIDED, each.at), default=None)
