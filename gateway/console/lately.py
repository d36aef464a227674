"""What somebody did a moment ago, for the line above a list: what came of it, and whether it can be taken back."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.console.asking import ID
from gateway.console.calls import GIVEN_BACK, TAKEN_UP
from gateway.console.desk import UNDO, Desk
from gateway.console.names import Someone
from gateway.console.opening import names_in_list
from gateway.core.account import User

TAKEN_BACK = "decision taken back"
_DECIDED = ("released", "rejected", "discarded")
_SHOWN = {**dict.fromkeys(_DECIDED, UNDO), "proposed": 20.0, **dict.fromkeys((TAKEN_BACK, TAKEN_UP, GIVEN_BACK), 60.0)}
"""Seconds that the line is shown."""
_LAST_ACTS = 50


@dataclass(frozen=True, slots=True)
class Lately:
    """The last deed of somebody about a message; `left` are the seconds that the line is shown, or undo is offered."""

    id: str
    act: str
    left: float
    sender: Someone
    undone: str = ""  # what was taken back: released, rejected, discarded
    states: tuple[str, ...] = ()  # of what the message is between staff and students: where it is now

    @property
    def can_undo(self) -> bool:
        """Whether it can be taken back."""
        return self.act in _DECIDED


async def lately(desk: Desk, user: User, id_: str) -> Lately | None:
    """What somebody did last about a message, where it was a moment ago; None for nothing, and for what is none."""
    if not ID.fullmatch(id_):
        return None
    acts = await desk.store.done_about(id_, _LAST_ACTS)  # somebody may read it, or comment, in the meantime
    acts = [each for each in acts if each.act in _SHOWN]
    traces = await desk.store.trace(id=id_)
    if not acts or acts[0].actor != user.name or not traces:
        return None
    left = acts[0].at + _SHOWN[acts[0].act] - await desk.store.now()
    if left <= 0:
        return None
    trace = traces[0]
    undone = next((each.act for each in acts[1:] if each.act in _DECIDED and each.actor == user.name), "")
    return Lately(
        id_, acts[0].act, left, names_in_list(desk, user, trace).someone(trace.sender),
        undone if acts[0].act == TAKEN_BACK else "",
        tuple(dict.fromkeys(each.state.value for each in trace.recipients if trace.relation.behind(each.address))),
    )  # fmt: skip
