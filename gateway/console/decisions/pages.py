"""Forms of the page of a message: release, reject, discard, undo, hold longer, claim, assign, comment."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from gateway.console.auth.authenticator import BrowserSession
from gateway.console.decisions.claims import HOLD_LONGER
from gateway.console.decisions.service import UNDO_SECONDS, DecisionService
from gateway.console.queue.navigation import QueueNavigation, queue_url
from gateway.console.web.deps import ClaimsDep, DecisionsDep, MessageId, NavigationDep, Sent, Signed
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text
from gateway.stages.moderation import ReviewAction

decision_pages = APIRouter(include_in_schema=False)


def rejection_words(sent: dict[str, str]) -> str:
    """What the sender of a rejected message is to read; "" if the reviewer left the usual words unchanged."""
    words = clean_text(sent.get("words", ""), 4000)
    return "" if words == clean_text(sent.get("usual", ""), 4000) else words


async def _decide(
    decisions: DecisionService, navigation: QueueNavigation, signed: BrowserSession, id_: str, action: ReviewAction,
    sent: dict[str, str],
) -> Response:  # fmt: skip
    """Decide, and continue with the next message of the list, also if somebody else decided first."""
    reason, user = clean_text(sent.get("reason", "")), signed.user
    link = await navigation.clean(user, sent.get("place", ""))
    try:
        await decisions.decide(user, id_, action, reason, after=UNDO_SECONDS, words=rejection_words(sent))
    except Problem as problem:
        if problem.status == 409:
            following = await navigation.next_message(user, link, id_, sent.get("due", ""))
            problem.onward = queue_url(link, at=following)
        problem.back = f"/messages/{id_}{link}"
        raise
    following = await navigation.next_message(user, link, id_, sent.get("due", ""))
    return RedirectResponse(queue_url(link, done=id_, at=following), 303)


@decision_pages.post("/messages/{id}/release")
async def release(
    id: MessageId, signed: Signed, sent: Sent, decisions: DecisionsDep, navigation: NavigationDep
) -> Response:  # fmt: skip
    """Deliver what is held, unless it is undone in time."""
    return await _decide(decisions, navigation, signed, id, "release", sent)


@decision_pages.post("/messages/{id}/reject")
async def reject(
    id: MessageId, signed: Signed, sent: Sent, decisions: DecisionsDep, navigation: NavigationDep
) -> Response:  # fmt: skip
    """Refuse what is held and notify the sender, unless it is undone in time."""
    return await _decide(decisions, navigation, signed, id, "reject", sent)


@decision_pages.post("/messages/{id}/discard")
async def discard(
    id: MessageId, signed: Signed, sent: Sent, decisions: DecisionsDep, navigation: NavigationDep
) -> Response:  # fmt: skip
    """Deliver nothing and notify nobody, unless it is undone in time."""
    return await _decide(decisions, navigation, signed, id, "discard", sent)


@decision_pages.post("/messages/{id}/undo")
async def undo(
    id: MessageId, signed: Signed, sent: Sent, decisions: DecisionsDep, navigation: NavigationDep
) -> Response:  # fmt: skip
    """Hold again what was decided a moment ago."""
    await decisions.undo(signed.user, id)
    return await navigation.return_to_form(signed.user, id, sent)


@decision_pages.post("/messages/{id}/hold")
async def hold(id: MessageId, signed: Signed, sent: Sent, claims: ClaimsDep, navigation: NavigationDep) -> Response:
    """Hold it longer."""
    seconds = HOLD_LONGER.get(sent.get("for", ""))
    if seconds is None:
        raise Problem(422, "Choose how much longer the message is held.")
    await claims.hold_longer(signed.user, id, seconds, clean_text(sent.get("reason", "")))
    return await navigation.return_to_form(signed.user, id, sent)


@decision_pages.post("/messages/{id}/assign")
async def assign(id: MessageId, signed: Signed, sent: Sent, claims: ClaimsDep, navigation: NavigationDep) -> Response:
    """Claim it, assign it, or give it back. The form says who had it when the page was loaded."""
    to = signed.user.name if sent.get("to") == "me" else sent.get("to", "")
    await claims.assign(signed.user, id, to, sent.get("instead_of", ""), clean_text(sent.get("reason", "")))
    return await navigation.return_to_form(signed.user, id, sent)


@decision_pages.post("/messages/{id}/comments")
async def comment(id: MessageId, signed: Signed, sent: Sent, claims: ClaimsDep, navigation: NavigationDep) -> Response:
    """Write a comment about it."""
    await claims.comment(signed.user, id, clean_text(sent.get("text", ""), 4000))
    return await navigation.return_to_form(signed.user, id, sent)


@decision_pages.post("/messages/{id}/withdraw")
async def withdraw(id: MessageId, signed: Signed, sent: Sent, claims: ClaimsDep, navigation: NavigationDep) -> Response:
    """Take a proposal away."""
    await claims.withdraw(signed.user, id)
    return await navigation.return_to_form(signed.user, id, sent)
