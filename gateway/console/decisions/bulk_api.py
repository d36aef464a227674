"""The API of near-duplicates: shown side by side, decided in bulk, and undone."""

from __future__ import annotations

from starlette.responses import JSONResponse

from gateway.console.decisions import schemas
from gateway.console.decisions.bulk import BULK_UNDO_SECONDS
from gateway.console.web.api_deps import (
    CHANGE_PROBLEMS,
    ActionDep,
    Decider,
    IdempotencyKey,
    Reader,
    api_router,
    problems,
    unique_message_ids,
)
from gateway.console.web.deps import BulkDep, IdempotencyDep, MessageId
from gateway.console.web.forms import clean_text
from gateway.console.web.schemas import MessageIds
from gateway.core.review.json_rows import held_row

bulk_api = api_router()


@bulk_api.get(
    "/mailings/{id}", response_model=schemas.NearDuplicateList, responses=problems(404),
    summary="A held message and its near-duplicates; the view is in the audit log",
)  # fmt: skip
async def preview(bulk: BulkDep, user: Reader, id: MessageId) -> dict[str, object]:
    """Every one that is held and yours; `differs` has words that the first one does not have."""
    found = await bulk.near_duplicates(user, id)
    return {
        "items": [
            {
                **held_row(duplicate.message), "beginning": "".join(piece for piece, _ in duplicate.pieces),
                "differs": [piece for piece, new in duplicate.pieces if new] if number else [],
            }
            for number, duplicate in enumerate(found.messages)
        ],
        "next": None,
    }  # fmt: skip


@bulk_api.post(
    "/mailings/decide", response_model=schemas.BulkResultRow, responses=CHANGE_PROBLEMS,
    summary="Release or reject near-duplicates in bulk",
)  # fmt: skip
async def decide(
    bulk: BulkDep, idempotency: IdempotencyDep, user: Decider, body: schemas.BulkDecisionBody,
    key: IdempotencyKey = None,
) -> JSONResponse:  # fmt: skip
    """It takes effect after `undo_seconds`; until then it can be undone. `left` says why some were not decided."""

    async def act() -> JSONResponse:
        ids = unique_message_ids(body.ids)
        result = await bulk.decide(user, ids, body.deed, clean_text(body.reason), clean_text(body.words, 4000))
        left = [{"id": id_, "why": why} for id_, why in result.left.items()]
        return JSONResponse({"done": list(result.done), "left": left, "undo_seconds": BULK_UNDO_SECONDS})

    return await idempotency.run(user, key, ["together", body.deed, body.ids, body.reason, body.words], act)


@bulk_api.post(
    "/mailings/undo", response_model=MessageIds, responses=CHANGE_PROBLEMS, summary="Undo a bulk decision",
)  # fmt: skip
async def undo(bulk: BulkDep, action: ActionDep, body: schemas.BulkUndoBody) -> JSONResponse:
    """The messages that are held again; 409 if all have left."""

    async def act() -> dict[str, object]:
        return {"messages": list(await bulk.undo(action.user, unique_message_ids(body.ids)))}

    return await action.run(["undo together", body.ids], act)
