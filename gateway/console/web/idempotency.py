"""Repeated requests: with an idempotency key a request is done once, and every repetition gets the same answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence

from starlette.responses import JSONResponse

from gateway.console.web.errors import Problem
from gateway.core.accounts.account import User
from gateway.ports.review import IdempotencyStore


class Idempotency:
    """Runs requests that carry an idempotency key."""

    def __init__(self, idempotency: IdempotencyStore) -> None:
        self._idempotency = idempotency

    async def run(
        self, user: User, key: str | None, request: Sequence[object], act: Callable[[], Awaitable[JSONResponse]]
    ) -> JSONResponse:
        """Call `act`, with a key only once. `request` holds what is requested: a key belongs to one request.

        Raises a Problem if the key was used for another request, or if the first request has not finished.
        """
        if key is None:
            return await act()
        request_hash = hashlib.sha256(json.dumps(request).encode()).hexdigest()
        key_hash = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        earlier = await self._idempotency.reserve(user.name, key_hash, request_hash)
        if earlier is not None:
            if earlier.request != request_hash:
                raise Problem(422, "This idempotency key was used for another request: use a new one.")
            if earlier.status is None:
                raise Problem(409, "The first request with this idempotency key has not finished: try again.")
            media_type = "application/json" if earlier.status < 400 else "application/problem+json"
            return JSONResponse(json.loads(earlier.body), earlier.status, media_type=media_type)
        stored = False
        try:
            try:
                response = await act()
            except Problem as problem:
                response = problem.response()
            await self._idempotency.save_answer(
                user.name, key_hash, response.status_code, bytes(response.body).decode()
            )
            stored = True
            return response
        finally:
            if not stored:  # it failed: the key may be used again
                await self._idempotency.save_answer(user.name, key_hash, None, "")

    async def run_json(
        self, user: User, key: str | None, request: Sequence[object], act: Callable[[], Awaitable[object]],
        status: int = 200,
    ) -> JSONResponse:  # fmt: skip
        """Like `run`, for an `act` that returns JSON values."""

        async def respond() -> JSONResponse:
            return JSONResponse(await act(), status)

        return await self.run(user, key, request, respond)
