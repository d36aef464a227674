"""Requests that come twice: with an idempotency key something is done once, and answered the same ever after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence

from starlette.responses import JSONResponse

from gateway.console.service import Desk
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import User


async def once(
    desk: Desk, user: User, key: str | None, asked: Sequence[object], act: Callable[[], Awaitable[JSONResponse]]
) -> JSONResponse:
    """Act, and with a key only once. `asked`: what the request asks for, which its key then stands for."""
    if key is None:
        return await act()
    request = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
    mark = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    before = await desk.store.ask(user.name, mark, request)
    if before is not None:
        if before.request != request:
            raise Problem(422, "This idempotency key was used for another request: use a new one.")
        if before.status is None:
            raise Problem(409, "The first request with this idempotency key is still at work: try again.")
        form = "application/json" if before.status < 400 else "application/problem+json"
        return JSONResponse(json.loads(before.body), before.status, media_type=form)
    kept = False
    try:
        try:
            answer = await act()
        except Problem as problem:
            answer = problem.response()
        await desk.store.answer(user.name, mark, answer.status_code, bytes(answer.body).decode())
        kept = True
        return answer
    finally:
        if not kept:  # nothing came of it: it may be asked again
            await desk.store.answer(user.name, mark, None, "")


async def done_once(
    desk: Desk, user: User, key: str | None, asked: Sequence[object], act: Callable[[], Awaitable[object]],
    status: int = 200,
) -> JSONResponse:  # fmt: skip
    """The same for what is answered by the JSON values that `act` gives."""

    async def answered() -> JSONResponse:
        return JSONResponse(await act(), status)

    return await once(desk, user, key, asked, answered)
