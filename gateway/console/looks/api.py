"""The API of requests for another look."""

from __future__ import annotations

from starlette.responses import JSONResponse

from gateway.console.looks import schemas
from gateway.console.looks.service import MAX_ANSWER, LookRow
from gateway.console.web.api_deps import ActionDep, Reader, api_router, problems
from gateway.console.web.deps import LooksDep, MessageId
from gateway.console.web.forms import clean_text
from gateway.console.web.schemas import ActionRow
from gateway.core.serialization.json_fields import rfc3339

look_api = api_router()


def _row(row: LookRow) -> dict[str, object]:
    return {
        "id": row.trace.id, "at": rfc3339(row.request.at), "words": row.request.words,
        "states": [copy.state.value for copy in row.trace.recipients], "clauses": list(row.trace.clauses),
    }  # fmt: skip


@look_api.get(
    "/look-requests", response_model=schemas.LookRequestList, summary="Messages whose senders ask for another look"
)
async def look_requests(looks: LooksDep, user: Reader) -> dict[str, object]:
    """Those that nobody has answered, the oldest first. The whole list is one page."""
    return {"items": list(map(_row, await looks.open(user))), "next": None}


@look_api.post(
    "/messages/{id}/look", response_model=ActionRow, responses=problems(400, 404, 409, 413),
    summary="Answer a sender who asks for another look",
)  # fmt: skip
async def answer(looks: LooksDep, action: ActionDep, id: MessageId, body: schemas.LookAnswer) -> JSONResponse:
    """It decides nothing: release or reject a held message as well."""

    return await action.done(
        ["look", id, body.text],
        lambda: looks.answer(action.user, id, clean_text(body.text, MAX_ANSWER)),
        {"id": id, "done": "answered"},
    )
