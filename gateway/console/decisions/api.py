"""The API of decisions and of what comes before them: release, reject, discard, undo, hold longer, assign, comment."""

from __future__ import annotations

from starlette.responses import JSONResponse

from gateway.console.decisions import schemas
from gateway.console.decisions.claims import HOLD_LONGER
from gateway.console.services import Services
from gateway.console.web.api_deps import (
    CHANGE_PROBLEMS,
    ActionDep,
    Decider,
    IdempotencyKey,
    Reader,
    api_router,
    problems,
)
from gateway.console.web.deps import ClaimsDep, MessageId, PolicyDep, ServicesDep, TwoPersonDep
from gateway.console.web.forms import clean_text
from gateway.console.web.schemas import ActionRow, TextBody
from gateway.core.accounts.account import User
from gateway.core.cases.case import Proposal
from gateway.core.policy.review_rules import ACTIONS_WITH_REASON, Requirements
from gateway.core.serialization.json_fields import rfc3339
from gateway.stages.moderation import ReviewAction

decision_api = api_router()

_DECISION_PROBLEMS = {
    202: {"model": schemas.DecisionWaiting, "description": "Waits for a second person"}, **CHANGE_PROBLEMS
}  # fmt: skip


async def _decide(
    services: Services, user: User, key: str | None, action: ReviewAction, id_: str, reason: str, words: str = ""
) -> JSONResponse:
    async def act() -> JSONResponse:
        done = await services.decisions.decide(user, id_, action, clean_text(reason), words=clean_text(words, 4000))
        if isinstance(done, Proposal):
            waiting = {"id": id_, "action": action, "recipients": [], "waits_for": "a second person"}
            return JSONResponse(waiting, 202)
        recipients = await services.names.visible_addresses(user, id_, done.changed)
        return JSONResponse({"id": id_, "action": action, "recipients": recipients})

    request = [action, id_, reason, *([words] if words else [])]
    return await services.idempotency.run(user, key, request, act)


@decision_api.post(
    "/messages/{id}/release", response_model=schemas.DecisionDone, responses=_DECISION_PROBLEMS,
    summary="Deliver what is held of a message and yours",
)  # fmt: skip
async def release(
    services: ServicesDep, user: Decider, id: MessageId, body: schemas.DecisionBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Acts on the recipients that are held and yours; the first decision wins."""
    return await _decide(services, user, key, "release", id, body.reason)


@decision_api.post(
    "/messages/{id}/reject", response_model=schemas.DecisionDone, responses=_DECISION_PROBLEMS,
    summary="Refuse what is held of a message and yours, and notify the sender",
)  # fmt: skip
async def reject(
    services: ServicesDep, user: Decider, id: MessageId, body: schemas.RejectionBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Acts on the recipients that are held and yours; the first decision wins."""
    return await _decide(services, user, key, "reject", id, body.reason, body.words)


@decision_api.post(
    "/messages/{id}/discard", response_model=schemas.DecisionDone, responses=_DECISION_PROBLEMS,
    summary="Deliver nothing of what is held of a message and yours, and notify nobody",
)  # fmt: skip
async def discard(
    services: ServicesDep, user: Decider, id: MessageId, body: schemas.DecisionBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Acts on the recipients that are held and yours; the first decision wins."""
    return await _decide(services, user, key, "discard", id, body.reason)


@decision_api.post(
    "/messages/{id}/undo", response_model=schemas.RecipientsChanged, responses=CHANGE_PROBLEMS,
    summary="Hold again what you decided on a page a moment ago, if it has not left",
)  # fmt: skip
async def take_back(
    services: ServicesDep, user: Decider, id: MessageId, key: IdempotencyKey = None
) -> JSONResponse:  # fmt: skip
    """The recipients that are held again; 409 if they have left. A decision by the API takes effect at once."""

    async def act() -> dict[str, object]:
        held_again = await services.decisions.undo(user, id)
        return {"id": id, "recipients": await services.names.visible_addresses(user, id, held_again)}

    return await services.idempotency.run_json(user, key, ["undo", id], act)


@decision_api.post(
    "/messages/{id}/withdraw", response_model=ActionRow, responses=CHANGE_PROBLEMS,
    summary="Take away a decision that waits for a second person",
)  # fmt: skip
async def withdraw(claims: ClaimsDep, action: ActionDep, id: MessageId) -> JSONResponse:
    return await action.done(
        ["withdraw", id], lambda: claims.withdraw(action.user, id), {"id": id, "done": "withdrawn"}
    )


@decision_api.post(
    "/messages/{id}/hold", response_model=schemas.RecipientsChanged, responses=CHANGE_PROBLEMS,
    summary="Hold a message longer: it gets another due time",
)  # fmt: skip
async def hold(
    services: ServicesDep, user: Decider, id: MessageId, body: schemas.HoldLongerBody, key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        seconds = HOLD_LONGER[body.hold_for]
        changed = await services.claims.hold_longer(user, id, seconds, clean_text(body.reason))
        return {"id": id, "recipients": await services.names.visible_addresses(user, id, changed)}

    return await services.idempotency.run_json(user, key, ["hold", id, body.hold_for, body.reason], act)


@decision_api.post(
    "/messages/{id}/assign", response_model=ActionRow, responses=CHANGE_PROBLEMS,
    summary="Claim a held message, assign it to an account, or give it back",
)  # fmt: skip
async def assign(claims: ClaimsDep, action: ActionDep, id: MessageId, body: schemas.AssignBody) -> JSONResponse:
    request = ["assign", id, body.to, body.instead_of, *([body.reason] if body.reason else [])]
    return await action.done(
        request,
        lambda: claims.assign(action.user, id, body.to, body.instead_of, clean_text(body.reason)),
        {"id": id, "done": "assigned"},
    )


@decision_api.post(
    "/messages/{id}/comments", response_model=ActionRow, responses=CHANGE_PROBLEMS, summary="Comment on a message",
)  # fmt: skip
async def comment(claims: ClaimsDep, action: ActionDep, id: MessageId, body: TextBody) -> JSONResponse:
    return await action.done(
        ["comment", id, body.text],
        lambda: claims.comment(action.user, id, clean_text(body.text, 4000)),
        {"id": id, "done": "commented"},
    )


@decision_api.get(
    "/messages/{id}/review", response_model=schemas.ReviewRow, responses=problems(404),
    summary="Who has a message, what was proposed, what a decision needs, its cases and legal hold",
)  # fmt: skip
async def review(
    claims: ClaimsDep, two_person: TwoPersonDep, policy: PolicyDep, user: Reader, id: MessageId
) -> dict[str, object]:
    found = await claims.review(user, id)
    trace, names = found.trace, found.names
    assignment, proposal = found.state.assignment, found.state.proposal
    holder = assignment if assignment is not None and assignment.user else None
    return {
        "id": id,
        "taken_by": holder.user if holder else "",
        "taken_at": rfc3339(holder.at) if holder else None,
        "proposed": proposal.action if proposal else None,
        "proposed_by": proposal.by if proposal else None,
        "proposed_reason": names.hide(proposal.reason) if proposal else None,
        "cannot_agree": await two_person.cannot_agree(user, trace, proposal) if proposal else None,
        "needs": {
            action: _requirements_row(policy.requirements(trace.clauses, action)) for action in ACTIONS_WITH_REASON
        },
        "usual_words": policy.default_rejection_text(trace.clauses),
        "put_off_until": rfc3339(claims.latest_due_time(trace)),
        "cases": [case.id for case in found.cases],
        "legal_hold": names.hide(found.legal_hold.reason) if found.legal_hold else None,
    }


def _requirements_row(needs: Requirements) -> dict[str, object]:
    return {"reason": needs.reason, "second_person": needs.second, "clauses": list(needs.clauses)}
