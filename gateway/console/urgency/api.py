"""The API of messages that ask for attention: the lists, take one, give it back."""

from __future__ import annotations

from starlette.responses import JSONResponse

from gateway.console.urgency import schemas
from gateway.console.urgency.service import AttentionRow
from gateway.console.web.api_deps import CHANGE_PROBLEMS, ActionDep, Reader, api_router
from gateway.console.web.deps import MessageId, UrgencyDep
from gateway.console.web.schemas import ActionRow
from gateway.core.serialization.json_fields import rfc3339

urgency_api = api_router()

_DAYS = 90


@urgency_api.get("/urgent", response_model=schemas.AttentionList, summary="Urgent messages that nobody has taken")
async def urgent(urgency: UrgencyDep, user: Reader) -> dict[str, object]:
    """The oldest first, held or delivered. The whole list is one page."""
    return {"items": list(map(_row, await urgency.urgent(user))), "next": None}


@urgency_api.get("/distress", response_model=schemas.AttentionList, summary="Messages of students in distress")
async def distress(urgency: UrgencyDep, user: Reader) -> dict[str, object]:
    """Those that nobody has looked at come first; the others are of 90 days. The whole list is one page."""
    return {"items": list(map(_row, await urgency.distress(user, days=_DAYS))), "next": None}


def _row(row: AttentionRow) -> dict[str, object]:
    message, trace, found = row.message, row.message.listed.trace, row.message.attention
    return {
        "id": trace.id, "kind": found.kind.value, "since": rfc3339(message.at),
        "due_at": None if found.due_at is None else rfc3339(found.due_at), "clauses": list(found.clauses),
        "severity": found.severity, "sender": trace.sender,
        "recipients": [copy.address for copy in trace.recipients],
        "states": [copy.state.value for copy in trace.recipients], "taken_by": message.taken_by,
    }  # fmt: skip


@urgency_api.post(
    "/messages/{id}/take", response_model=ActionRow, responses=CHANGE_PROBLEMS,
    summary="Take a message that asks for attention: nobody gets further notices",
)  # fmt: skip
async def take(urgency: UrgencyDep, action: ActionDep, id: MessageId) -> JSONResponse:
    return await action.done(["take", id], lambda: urgency.take(action.user, id), {"id": id, "done": "taken"})


@urgency_api.post(
    "/messages/{id}/leave", response_model=ActionRow, responses=CHANGE_PROBLEMS,
    summary="Give back a message that asks for attention: people get notices until somebody takes it",
)  # fmt: skip
async def leave(urgency: UrgencyDep, action: ActionDep, id: MessageId) -> JSONResponse:
    """By the account that has taken it, or by a technology director."""

    return await action.done(
        ["leave", id], lambda: urgency.give_back(action.user, id), {"id": id, "done": "given back"}
    )
