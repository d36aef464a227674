"""The API of mailings: what was held many times over is looked at side by side, decided together, and taken back."""

from __future__ import annotations

from fastapi import APIRouter, Security
from starlette.responses import JSONResponse

from gateway.console.decisions import schemas as told
from gateway.console.decisions.bulk import UNDO_TOGETHER, decide_together, mailing, undo_together
from gateway.console.web.api_deps import (
    Decider,
    IdempotencyKey,
    MessageId,
    Reader,
    bearer,
    problems,
    unique_message_ids,
)
from gateway.console.web.deps import TheDesk
from gateway.console.web.forms import clean_text
from gateway.console.web.idempotency import run_once, run_once_json
from gateway.console.web.schemas import MessageIds
from gateway.core.review.json_rows import held_row

mailing_api = APIRouter(
    prefix="/api/v1", responses=problems(401, 403, 422, 429, 503), dependencies=[Security(bearer)]
)  # fmt: skip

_DOING = problems(400, 404, 409, 413)


@mailing_api.get(
    "/mailings/{id}", response_model=told.Mailing, responses=problems(404),
    summary="The mailing that a held message belongs to; the view is in the audit log",
)  # fmt: skip
async def preview(desk: TheDesk, user: Reader, id: MessageId) -> dict[str, object]:
    """Every message of it that is held and yours; `differs`: words that the first one does not say."""
    found = await mailing(desk, user, id)
    return {
        "items": [
            {
                **held_row(each.held), "beginning": "".join(piece for piece, _ in each.pieces),
                "differs": [piece for piece, new in each.pieces if new] if number else [],
            }
            for number, each in enumerate(found.copies)
        ],
        "next": None,
    }  # fmt: skip


@mailing_api.post(
    "/mailings/decide", response_model=told.DecidedTogether, responses=_DOING,
    summary="Release or reject messages of a mailing together, after a look at it",
)  # fmt: skip
async def decide(desk: TheDesk, user: Decider, asked: told.Together, key: IdempotencyKey = None) -> JSONResponse:
    """It takes effect after `undo_seconds`; until then it can be taken back. `left`: why some were not decided."""

    async def act() -> JSONResponse:
        done = await decide_together(
            desk,
            user,
            unique_message_ids(asked.ids),
            asked.deed,
            clean_text(asked.reason),
            clean_text(asked.words, 4000),
        )
        left = [{"id": id_, "why": why} for id_, why in done.left.items()]
        return JSONResponse({"done": list(done.done), "left": left, "undo_seconds": UNDO_TOGETHER})

    return await run_once(desk, user, key, ["together", asked.deed, asked.ids, asked.reason, asked.words], act)


@mailing_api.post(
    "/mailings/undo", response_model=MessageIds, responses=_DOING, summary="Hold again what was decided together",
)  # fmt: skip
async def undo(desk: TheDesk, user: Decider, asked: told.TakingBack, key: IdempotencyKey = None) -> JSONResponse:
    """Those that are held again; 409 where all have left."""

    async def act() -> dict[str, object]:
        return {"messages": list(await undo_together(desk, user, unique_message_ids(asked.ids)))}

    return await run_once_json(desk, user, key, ["undo together", asked.ids], act)
