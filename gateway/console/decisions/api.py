"""The API of decisions and of what comes before them: everything that the page of a message and the queue can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Security
from starlette.responses import JSONResponse

from gateway.console.decisions import claims as handling
from gateway.console.decisions import schemas as told
from gateway.console.decisions.two_person import cannot_agree
from gateway.console.help.alerts import calls_behind, give_back, judge, take_up, told_in
from gateway.console.messages import schemas
from gateway.console.messages.mask_names import all_names_of
from gateway.console.messages.reveal_names import names_in_list, names_of
from gateway.console.messages.thread import talk
from gateway.console.messages.view import add_named_people
from gateway.console.queue.rows import Filters, read_query
from gateway.console.service import Desk
from gateway.console.web.api_deps import (
    DEFAULT_LIMIT,
    Cursor,
    Decider,
    IdempotencyKey,
    Limit,
    MessageId,
    Reader,
    bearer,
    decode_cursor,
    decode_position,
    encode_cursor,
    problems,
)
from gateway.console.web.deps import TheDesk
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text
from gateway.console.web.idempotency import run_once, run_once_json
from gateway.console.web.pagination import Page
from gateway.console.web.schemas import TextBody, audit_entry_row
from gateway.core.accounts.account import Right, User
from gateway.core.cases.case import Proposal
from gateway.core.policy.review_rules import ACTIONS_WITH_REASON, Requirements, requirements_for
from gateway.core.review.json_rows import trace_row
from gateway.core.review.views import ListedMessage
from gateway.core.serialization.json_fields import rfc3339
from gateway.stages.moderation import Deed

review_api = APIRouter(
    prefix="/api/v1", responses=problems(401, 403, 422, 429, 503), dependencies=[Security(bearer)]
)  # fmt: skip

_CALL_DAYS, _LIST_DAYS = 90, 30
_DECIDING = {202: {"model": schemas.Waits, "description": "Waits for a second person"}, **problems(400, 404, 409, 413)}
_DOING = problems(400, 404, 409, 413)


async def _decided(
    desk: Desk, user: User, key: str | None, deed: Deed, id: str, reason: str, words: str = ""
) -> JSONResponse:  # fmt: skip
    """Decide; with an idempotency key once, and the same answer ever after."""

    async def act() -> JSONResponse:
        done = await desk.decide(user, id, deed, clean_text(reason), words=clean_text(words, 4000))
        if isinstance(done, Proposal):
            return JSONResponse({"id": id, "action": deed, "recipients": [], "waits_for": "a second person"}, 202)
        return JSONResponse({"id": id, "action": deed, "recipients": await _called(desk, user, id, done.changed)})

    return await run_once(desk, user, key, [deed, id, reason, *([words] if words else [])], act)


async def _called(desk: Desk, user: User, id: str, addresses: Sequence[str]) -> list[str]:
    """Recipients of a message, as an account sees them."""
    if not desk.hides(user):
        return list(addresses)
    names = await names_of(desk, user, await desk.find(user, id))
    return list(map(names.address, addresses))


@review_api.post(
    "/messages/{id}/release", response_model=schemas.Done, responses=_DECIDING,
    summary="Deliver what is held of a message and yours",
)  # fmt: skip
async def release(
    desk: TheDesk, user: Decider, id: MessageId, why: schemas.Decision, key: IdempotencyKey = None
) -> JSONResponse:
    """Acts on the recipients that are held and yours; the first decision wins."""
    return await _decided(desk, user, key, "release", id, why.reason)


@review_api.post(
    "/messages/{id}/reject", response_model=schemas.Done, responses=_DECIDING,
    summary="Refuse what is held of a message and yours, and tell the sender",
)  # fmt: skip
async def reject(
    desk: TheDesk, user: Decider, id: MessageId, why: schemas.Rejection, key: IdempotencyKey = None
) -> JSONResponse:
    """Acts on the recipients that are held and yours; the first decision wins."""
    return await _decided(desk, user, key, "reject", id, why.reason, why.words)


@review_api.post(
    "/messages/{id}/discard", response_model=schemas.Done, responses=_DECIDING,
    summary="Deliver nothing of what is held of a message and yours, and tell nobody",
)  # fmt: skip
async def discard(
    desk: TheDesk, user: Decider, id: MessageId, why: schemas.Decision, key: IdempotencyKey = None
) -> JSONResponse:
    """Acts on the recipients that are held and yours; the first decision wins."""
    return await _decided(desk, user, key, "discard", id, why.reason)


@review_api.post(
    "/messages/{id}/undo", response_model=told.HeldLonger, responses=_DOING,
    summary="Hold again what you decided on a page a moment ago, as far as it has not left",
)  # fmt: skip
async def take_back(desk: TheDesk, user: Decider, id: MessageId, key: IdempotencyKey = None) -> JSONResponse:
    """The recipients that are held again; 409 where it has left. What a program decides takes effect at once."""

    async def act() -> dict[str, object]:
        return {"id": id, "recipients": await _called(desk, user, id, await desk.undo(user, id))}

    return await run_once_json(desk, user, key, ["undo", id], act)


@review_api.post(
    "/messages/{id}/withdraw", response_model=told.Changed, responses=_DOING,
    summary="Take away a decision that waits for a second person",
)  # fmt: skip
async def withdraw(desk: TheDesk, user: Decider, id: MessageId, key: IdempotencyKey = None) -> JSONResponse:
    async def act() -> dict[str, object]:
        await handling.withdraw(desk, user, id)
        return {"id": id, "done": "withdrawn"}

    return await run_once_json(desk, user, key, ["withdraw", id], act)


@review_api.post(
    "/messages/{id}/hold", response_model=told.HeldLonger, responses=_DOING,
    summary="Hold a message longer: it is due at another time",
)  # fmt: skip
async def hold(
    desk: TheDesk, user: Decider, id: MessageId, asked: told.Longer, key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        seconds = handling.LONGER[asked.hold_for]
        changed = await handling.longer(desk, user, id, seconds, clean_text(asked.reason))
        return {"id": id, "recipients": await _called(desk, user, id, changed)}

    return await run_once_json(desk, user, key, ["hold", id, asked.hold_for, asked.reason], act)


@review_api.post(
    "/messages/{id}/assign", response_model=told.Changed, responses=_DOING,
    summary="Take a held message, give it to an account, or give it back",
)  # fmt: skip
async def assign(
    desk: TheDesk, user: Decider, id: MessageId, asked: told.Giving, key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        await handling.assign(desk, user, id, asked.to, asked.instead_of, clean_text(asked.reason))
        return {"id": id, "done": "assigned"}

    asks = ["assign", id, asked.to, asked.instead_of, *([asked.reason] if asked.reason else [])]
    return await run_once_json(desk, user, key, asks, act)


@review_api.post(
    "/messages/{id}/comments", response_model=told.Changed, responses=_DOING, summary="Comment on a message",
)  # fmt: skip
async def comment(
    desk: TheDesk, user: Decider, id: MessageId, asked: TextBody, key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        await handling.comment(desk, user, id, clean_text(asked.text, 4000))
        return {"id": id, "done": "commented"}

    return await run_once_json(desk, user, key, ["comment", id, asked.text], act)


@review_api.post(
    "/messages/{id}/acknowledge", response_model=told.Changed, responses=_DOING, summary="Take a call for help up",
)  # fmt: skip
async def acknowledge(desk: TheDesk, user: Decider, id: MessageId, key: IdempotencyKey = None) -> JSONResponse:
    async def act() -> dict[str, object]:
        await take_up(desk, user, id)
        return {"id": id, "done": "taken up"}

    return await run_once_json(desk, user, key, ["acknowledge", id], act)


@review_api.post(
    "/messages/{id}/give-back", response_model=told.Changed, responses=_DOING,
    summary="Give a call for help back: people are told of it until somebody takes it up again",
)  # fmt: skip
async def return_call(desk: TheDesk, user: Decider, id: MessageId, key: IdempotencyKey = None) -> JSONResponse:
    """By who has taken it up, or by a technology director."""

    async def act() -> dict[str, object]:
        await give_back(desk, user, id)
        return {"id": id, "done": "given back"}

    return await run_once_json(desk, user, key, ["give back", id], act)


@review_api.post(
    "/messages/{id}/call", response_model=told.Changed, responses=_DOING,
    summary="Say that an alert was right, or that the message was no call for help",
)  # fmt: skip
async def judge_call(
    desk: TheDesk, user: Decider, id: MessageId, asked: told.Judged, key: IdempotencyKey = None
) -> JSONResponse:
    async def act() -> dict[str, object]:
        await judge(desk, user, id, asked.right)
        return {"id": id, "done": "noted"}

    return await run_once_json(desk, user, key, ["judge", id, asked.right], act)


@review_api.get(
    "/messages/{id}/review", response_model=told.Handled, responses=problems(404),
    summary="Who has a message, what was proposed, what a decision needs, its cases and legal hold",
)  # fmt: skip
async def review(desk: TheDesk, user: Reader, id: MessageId) -> dict[str, object]:
    await desk.need(user, Right.QUEUE, id)
    trace = await desk.find(user, id)
    await desk.apart(user, trace, "look at the review")
    names = await all_names_of(desk, user, trace)
    handled, hold = await desk.store.handled_of(id), (await desk.store.holds([id])).get(id)
    taken, proposal = handled.assignment, handled.proposal
    holder = taken if taken is not None and taken.user else None
    return {
        "id": id,
        "taken_by": holder.user if holder else "",
        "taken_at": rfc3339(holder.at) if holder else None,
        "proposed": proposal.deed if proposal else None,
        "proposed_by": proposal.by if proposal else None,
        "proposed_reason": names.hide(proposal.reason) if proposal else None,
        "cannot_agree": await cannot_agree(desk.store, desk.register, user, trace, proposal) if proposal else None,
        "needs": {deed: _needs(requirements_for(desk.policy(), trace.clauses, deed)) for deed in ACTIONS_WITH_REASON},
        "usual_words": desk.default_rejection_text(trace.clauses),
        "put_off_until": rfc3339(handling.put_off_until(desk, trace)),
        "cases": [each.id for each in await desk.cases_seen(user, id)],
        "legal_hold": names.hide(hold.reason) if hold else None,
    }


def _needs(asked: Requirements) -> dict[str, object]:
    return {"reason": asked.reason, "second_person": asked.second, "clauses": list(asked.clauses)}


@review_api.get(
    "/messages/{id}/history", response_model=told.Acts, responses=problems(404), summary="What happened to a message",
)  # fmt: skip
async def history(
    desk: TheDesk, user: Reader, id: MessageId, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> dict[str, object]:  # fmt: skip
    """From its beginning, and who read it as well."""
    if not user.may(Right.AUDIT):
        await desk.need(user, Right.CONTENT, id)
    trace = await desk.find(user, id)
    await desk.apart(user, trace, "look at the history")
    names = await all_names_of(desk, user, trace)
    after = decode_cursor(cursor, int)[0] if cursor is not None else 0
    found = await desk.store.history(id, min(max(after, 0), 1 << 62), limit + 1)
    rows = [audit_entry_row(names.audit_entry(each)) for _, each in found[:limit]]
    return {"items": rows, "next": encode_cursor(found[limit - 1][0]) if len(found) > limit else None}


@review_api.get(
    "/messages/{id}/conversation", response_model=told.Conversation, responses=problems(404),
    summary="The conversation around a message, over both channels; the view is in the audit log",
)  # fmt: skip
async def conversation(
    desk: TheDesk,
    user: Reader,
    id: MessageId,
    cursor: Annotated[str | None, Query(max_length=300, description="`earlier` or `later` of an answer before")] = None,
) -> dict[str, object]:
    """Eight messages before it and after it, and from there on thirty at a time to either side."""
    beyond, earlier = None, True
    if cursor is not None:
        side, at, behind = decode_cursor(cursor, str, float, str)
        if side not in ("earlier", "later"):
            raise Problem(422, "This is no cursor of a conversation.")
        beyond, earlier = (at, behind), side == "earlier"
    found = await talk(desk, user, id, beyond, earlier=earlier)
    names = add_named_people(await names_of(desk, user, found.explained.trace), found.explained, found.said)
    return {
        "items": [
            {
                "id": each.id, "channel": each.channel, "sender": each.sender, "recipients": list(each.recipients),
                "at": rfc3339(each.at), "subject": each.subject, "excerpt": each.excerpt, "states": list(each.states),
            }
            for each in map(names.conversation_message, found.said)
        ],
        "earlier": encode_cursor("earlier", *found.earlier) if found.earlier else None,
        "later": encode_cursor("later", *found.later) if found.later else None,
        "next": None,
    }  # fmt: skip


@review_api.get("/help", response_model=told.Calls, summary="Calls for help: who was alerted, who has taken them up")
async def help_list(
    desk: TheDesk, user: Reader, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> dict[str, object]:
    """Those that nobody has taken up first, however old; the others of 90 days."""
    taken, at, id_ = decode_cursor(cursor, bool, float, str) if cursor is not None else (None, 0.0, "")
    after = None if taken is None else (taken, at, id_)
    found, further = await calls_behind(desk, user, days=_CALL_DAYS, limit=limit, after=after)
    return {
        "items": [
            {
                "id": each.noticed.trace.id, "received_at": rfc3339(each.noticed.trace.received_at),
                "sender": each.noticed.trace.sender, "alerted": list(each.told), "taken_by": each.noticed.taken_by,
                "alerts": [{"at": rfc3339(act.at), "to": list(told_in(act))} for act in each.alerts],
                "recipients": [to.address for to in each.noticed.trace.recipients],
                "kinds": list(each.kinds),
                "taken_at": None if each.noticed.taken_at is None else rfc3339(each.noticed.taken_at),
            }
            for each in found
        ],
        "next": encode_cursor(*further) if further else None,
    }  # fmt: skip


@review_api.get("/delivered", response_model=told.NoticedList, summary="What was delivered and asks to be looked at")
async def delivered(
    desk: TheDesk,
    user: Reader,
    kind: Annotated[
        Literal["flagged", "late"], Query(description="late: delivered before a verdict that would have held it")
    ] = "flagged",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> dict[str, object]:
    action = "hold" if kind == "late" else "flag"
    return _listed(
        desk, user, await desk.noticed(user, action, days=_LIST_DAYS, limit=limit, before=decode_position(cursor))
    )


@review_api.get("/decided", response_model=told.NoticedList, summary="What people decided lately")
async def decided(
    desk: TheDesk, user: Reader, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> dict[str, object]:
    return _listed(desk, user, await desk.decided(user, days=_LIST_DAYS, limit=limit, before=decode_position(cursor)))


def _listed(desk: Desk, user: User, found: Page[ListedMessage]) -> dict[str, object]:
    told = [names_in_list(desk, user, each.trace).listed(each) for each in found.items]
    rows = [{**trace_row(each.trace), "subject": each.subject, "decided_at": rfc3339(each.decided_at)} for each in told]
    return {"items": rows, "next": encode_cursor(*found.next) if found.next else None}


# --- saved views -----------------------------------------------------------------------------------------------------


def _view_name(name: Annotated[str, Path(description="A word or two")]) -> str:
    kept = clean_text(name, 60)
    if not kept:
        raise Problem(404, "There is no such view.")
    return kept


Name = Annotated[str, Depends(_view_name)]


@review_api.get("/views", response_model=told.Views, summary="Saved views of the queue")
async def views(desk: TheDesk, user: Reader) -> dict[str, object]:
    await desk.need(user, Right.QUEUE)
    return {"views": dict(await desk.store.views(user.name))}


@review_api.put(
    "/views/{name}", response_model=told.Views, responses=_DOING, summary="Keep filters of the queue under a name",
)  # fmt: skip
async def keep_view(desk: TheDesk, user: Decider, name: Name, asked: told.View) -> dict[str, object]:
    await desk.need(user, Right.QUEUE)
    query = Filters(read_query(asked.query), user, desk.register, await desk.store.now()).query
    if not await desk.store.save_view(user.name, name, query):
        raise Problem(409, "You have as many saved views as can be kept: drop one first.")
    return {"views": dict(await desk.store.views(user.name))}


@review_api.delete(
    "/views/{name}", response_model=told.Views, responses=problems(404), summary="Drop a saved view",
)  # fmt: skip
async def drop_view(desk: TheDesk, user: Decider, name: Name) -> dict[str, object]:
    await desk.need(user, Right.QUEUE)
    if name not in await desk.store.views(user.name):
        raise Problem(404, "There is no such view.")
    await desk.store.save_view(user.name, name, None)
    return {"views": dict(await desk.store.views(user.name))}
