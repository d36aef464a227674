"""What can be done with a held message short of deciding it: take it, give it on, comment, hold it longer."""

from __future__ import annotations

from gateway.console.service import Desk
from gateway.console.web.errors import Problem, already_decided, not_found, reason_missing
from gateway.console.web.labels import clock
from gateway.core.accounts.account import Right, User
from gateway.core.cases.case import Assignment, note_entry
from gateway.core.policy.authorization import in_own_buildings
from gateway.core.policy.decision import AuditEntry, RecipientStatus
from gateway.core.policy.review_rules import requirements_for
from gateway.core.review.views import Trace
from gateway.stages.moderation import hold_longer

LONGER = {"1h": 3600.0, "4h": 4 * 3600.0, "1d": 86400.0, "3d": 3 * 86400.0, "7d": 7 * 86400.0}
"""How much longer a message can be held at a time."""


async def colleagues(desk: Desk, trace: Trace) -> list[User]:
    """The accounts that may decide on a message and have no part in it."""
    return [
        each
        for each in await desk.store.users()
        if each.disabled_at is None
        and each.may(Right.DECIDE)
        and in_own_buildings(each, trace.relation.pairs, desk.register)
        and not desk.in_part(each, trace)
    ]


async def _needs_reason(desk: Desk, trace: Trace, deed: str) -> bool:
    entry = await desk.queue.entry(trace.id)
    return requirements_for(desk.policy(), entry.message.clauses if entry else trace.clauses, deed).reason


async def assign(desk: Desk, user: User, id_: str, to: str, instead_of: str | None, reason: str = "") -> None:
    """Give a held message to an account, "" to nobody. `instead_of`: who is known to have it; None: whoever has it.

    The policy may ask for a reason to give it to somebody else and to take it from them; to take what is free, or to
    give back what one has, needs none.
    """
    trace = await desk.deciding(user, id_, "assign")
    if not any(each.state == "held" for each in trace.recipients):
        raise Problem(409, "This message is not held any more: there is nothing to take.")
    if to and to not in {each.name for each in await colleagues(desk, trace)}:
        raise Problem(422, f"{to} cannot decide on this message: choose somebody of its building, or a director.")
    if not reason and await _needs_reason(desk, trace, "assign"):
        if instead_of is None:
            assignment = (await desk.store.handled_of(id_)).assignment
            instead_of = assignment.user if assignment is not None else ""
        if to != instead_of and not {to, instead_of} <= {"", user.name}:
            raise reason_missing("assign")
    now = await desk.store.now()
    did = "taken" if to == user.name else "assigned" if to else "given back"
    act = AuditEntry(now, user.name, did, id_, {"to": to, **({"reason": reason} if reason else {})})
    holder = await desk.store.assign(id_, Assignment(to, user.name, now), instead_of, act)
    if holder is not None:
        raise Problem(409, f"{holder or 'Nobody'} has this message now. Load the page again to see it.")


async def comment(desk: Desk, user: User, id_: str, text: str) -> None:
    """Note something about a message, for those who look at it later."""
    await desk.need(user, Right.DECIDE, id_)
    await desk.apart(user, await desk.find(user, id_), "comment")
    if not text:
        raise Problem(422, "The comment is empty: write something.")
    await desk.store.record([note_entry(await desk.store.now(), user.name, id_, text)])


def put_off_until(desk: Desk, trace: Trace) -> float:
    """When a message is due at the latest, however often it is held longer: by the policy in force."""
    return trace.received_at + desk.policy().review.put_off


async def longer(desk: Desk, user: User, id_: str, seconds: float, reason: str) -> tuple[str, ...]:
    """Give what is held of a message and theirs a new due time; the recipients."""
    trace = await desk.deciding(user, id_, "hold longer")
    if not reason and await _needs_reason(desk, trace, "hold"):
        raise reason_missing("hold")
    end = put_off_until(desk, trace)
    if await desk.store.now() + seconds > end:
        told = clock(end, desk.house.zone)
        raise Problem(
            422, f"The policy lets this message be put off until {told} at most: choose a shorter time, or decide it."
        )

    def may(waiting: RecipientStatus) -> bool:
        return in_own_buildings(user, waiting.pairs, desk.register)

    done = await hold_longer(desk.store, desk.store, id_, seconds, by=user.name, reason=reason, may=may)
    if done is None:
        raise not_found(id_)
    if not done.changed:
        raise already_decided(done.first, hides_names=desk.hides(user))
    return done.changed


async def withdraw(desk: Desk, user: User, id_: str) -> None:
    """Take a proposal away, one's own or, as the second person, another's."""
    await desk.deciding(user, id_, "withdraw")
    if not await desk.store.withdraw(id_, AuditEntry(await desk.store.now(), user.name, "proposal taken away", id_)):
        raise Problem(409, "There is no proposal any more.")
