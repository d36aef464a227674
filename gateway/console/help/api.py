"""The API of help alerts: the list, take one up, give it back, say whether it was right."""

from __future__ import annotations

from starlette.responses import JSONResponse

from gateway.console.help import schemas
from gateway.console.help.service import HelpAlert, alert_recipients
from gateway.console.web.api_deps import (
    CHANGE_PROBLEMS,
    DEFAULT_LIMIT,
    ActionDep,
    Cursor,
    Limit,
    Reader,
    api_router,
    decode_cursor,
    encode_cursor,
)
from gateway.console.web.deps import HelpDep, MessageId
from gateway.console.web.schemas import ActionRow
from gateway.core.serialization.json_fields import rfc3339

help_api = api_router()

_DAYS = 90


@help_api.get(
    "/help", response_model=schemas.HelpAlertList, summary="Calls for help: who was alerted, who has taken them up"
)
async def help_list(
    help_: HelpDep, user: Reader, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> dict[str, object]:  # fmt: skip
    """Those that nobody has taken up come first, however old; the others are of 90 days."""
    after = None
    if cursor is not None:
        taken, at, id_ = decode_cursor(cursor, bool, float, str)
        after = (taken, at, id_)
    alerts, following = await help_.alerts_after(user, days=_DAYS, limit=limit, after=after)
    return {"items": list(map(_row, alerts)), "next": encode_cursor(*following) if following else None}


def _row(alert: HelpAlert) -> dict[str, object]:
    message, trace = alert.message, alert.message.trace
    return {
        "id": trace.id, "received_at": rfc3339(trace.received_at), "sender": trace.sender,
        "recipients": [recipient.address for recipient in trace.recipients], "alerted": list(alert.alerted),
        "alerts": [{"at": rfc3339(sent.at), "to": list(alert_recipients(sent))} for sent in alert.alerts],
        "kinds": list(alert.kinds), "taken_by": message.taken_by,
        "taken_at": None if message.taken_at is None else rfc3339(message.taken_at),
    }  # fmt: skip


@help_api.post(
    "/messages/{id}/give-back", response_model=ActionRow, responses=CHANGE_PROBLEMS,
    summary="Give a call for help back: people are alerted until somebody takes it up again",
)  # fmt: skip
async def return_call(help_: HelpDep, action: ActionDep, id: MessageId) -> JSONResponse:
    """By the account that has taken it up, or by a technology director."""

    return await action.done(
        ["give back", id], lambda: help_.give_back(action.user, id), {"id": id, "done": "given back"}
    )


@help_api.post(
    "/messages/{id}/call", response_model=ActionRow, responses=CHANGE_PROBLEMS,
    summary="Say that an alert was right, or that the message was no call for help",
)  # fmt: skip
async def judge_call(help_: HelpDep, action: ActionDep, id: MessageId, body: schemas.JudgmentBody) -> JSONResponse:
    return await action.done(
        ["judge", id, body.right], lambda: help_.judge(action.user, id, body.right), {"id": id, "done": "noted"}
    )
