"""The API of one's own messages."""

from __future__ import annotations

from starlette.responses import JSONResponse

from gateway.console.mine import schemas
from gateway.console.mine.service import MAX_SUBJECT, MAX_TEXT, MAX_WORDS, OwnMessage
from gateway.console.web.api_deps import CHANGE_PROBLEMS, ActionDep, Reader, api_router, problems
from gateway.console.web.deps import MessageId, MineDep
from gateway.console.web.forms import clean_text
from gateway.core.serialization.json_fields import rfc3339

mine_api = api_router("/me/messages")


def _row(own: OwnMessage) -> dict[str, object]:
    trace, look = own.trace, own.look
    return {
        "id": trace.id, "channel": trace.channel, "received_at": rfc3339(trace.received_at),
        "recipients": [
            {"address": copy.address, "state": own.state(copy), "at": rfc3339(copy.at)} for copy in trace.recipients
        ],
        "reasons": [{"clause": reason.id, "title": reason.title, "advice": reason.advice} for reason in own.reasons],
        "words": own.words,
        "look": "" if look is None else "asked" if look.answered_at is None else "answered",
        "answer": look.answer if look else "", "sent_again_as": own.again.other if own.again else "",
        "may_ask": own.may_ask, "may_send_again": own.may_send_again,
    }  # fmt: skip


@mine_api.get("", response_model=schemas.OwnMessageList, summary="Messages that the account's person sent to students")
async def own_messages(mine: MineDep, user: Reader) -> dict[str, object]:
    """Empty for an account without a staff member. The whole list is one page."""
    _, found = await mine.all(user)
    return {"items": list(map(_row, found)), "next": None}


@mine_api.get(
    "/{id}", response_model=schemas.OwnTextRow, responses=problems(404),
    summary="The text of one's own message that was not delivered",
)  # fmt: skip
async def own_text(mine: MineDep, user: Reader, id: MessageId) -> dict[str, object]:
    own = await mine.read(user, id)
    return {"id": id, "subject": own.subject, "text": own.text, "files": own.files}


@mine_api.post(
    "/{id}/look", response_model=schemas.OwnMessageRow, responses=CHANGE_PROBLEMS,
    summary="Ask reviewers for another look, once for each message",
)  # fmt: skip
async def ask(mine: MineDep, action: ActionDep, id: MessageId, body: schemas.LookRequest) -> JSONResponse:
    async def act() -> dict[str, object]:
        return _row(await mine.ask(action.user, id, clean_text(body.words, MAX_WORDS)))

    return await action.run(["own look", id, body.words], act)


@mine_api.post(
    "/{id}/again", status_code=201, response_model=schemas.SentAgain, responses=CHANGE_PROBLEMS,
    summary="Send a corrected text as a new message",
)  # fmt: skip
async def send_again(mine: MineDep, action: ActionDep, id: MessageId, body: schemas.CorrectedText) -> JSONResponse:
    """To the recipients who did not get the first one. It is read and decided like every message."""

    async def act() -> dict[str, object]:
        subject, text = clean_text(body.subject, MAX_SUBJECT), clean_text(body.text, MAX_TEXT)
        return {"id": id, "sent_as": await mine.send_again(action.user, id, subject, text)}

    return await action.run(["own again", id, body.subject, body.text], act, 201)


@mine_api.post(
    "/{id}/anyway", status_code=201, response_model=schemas.SentAgain, responses=CHANGE_PROBLEMS,
    summary="Send a message again that was returned with a question",
)  # fmt: skip
async def send_anyway(mine: MineDep, action: ActionDep, id: MessageId) -> JSONResponse:
    async def act() -> dict[str, object]:
        return {"id": id, "sent_as": await mine.send_anyway(action.user, id)}

    return await action.run(["own anyway", id], act, 201)
