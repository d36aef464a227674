"""What every API route shares: the account of a token, message ids, cursors, idempotency keys, problem responses."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from math import isfinite
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Security
from fastapi.security import HTTPBearer
from starlette.responses import JSONResponse

from gateway.console.web.deps import AuthenticatorDep, IdempotencyDep
from gateway.console.web.errors import Problem, not_found
from gateway.console.web.forms import MESSAGE_ID, clean_text
from gateway.console.web.idempotency import Idempotency
from gateway.console.web.pagination import ListPosition
from gateway.console.web.schemas import ProblemRow
from gateway.core.accounts.account import User

DEFAULT_LIMIT, MAX_LIMIT = 100, 500
"""Items of one page of a list: the default and the maximum."""
_INVALID_CURSOR = "This cursor is not valid: send the value of `next` unchanged."
_PROBLEM: dict[str, Any] = {
    "model": ProblemRow,
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemRow"}}},
}
_DESCRIPTIONS = {
    400: "The request cannot be read", 401: "No token, or an invalid one", 403: "Your role does not allow it",
    404: "Unknown, or in another building", 409: "Somebody decided first; `first` says who", 413: "Too large",
    422: "Not understood", 429: "Too many requests: see `Retry-After`", 503: "The store does not answer",
}  # fmt: skip
bearer = HTTPBearer(auto_error=False, description="A token of “API tokens” or `chaperone token create`")


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route can answer with, for its OpenAPI description."""
    return {code: {**_PROBLEM, "description": _DESCRIPTIONS[code]} for code in codes}


CHANGE_PROBLEMS = problems(400, 404, 409, 413)
"""What a request that changes something can answer with besides."""


def api_router(prefix: str = "") -> APIRouter:
    """A router of the API: its routes take a token, and can answer with the problems that every route can."""
    return APIRouter(
        prefix=f"/api/v1{prefix}", responses=problems(401, 403, 422, 429, 503), dependencies=[Security(bearer)]
    )


def encode_cursor(*values: object) -> str:
    """An opaque cursor: where the next page of a list starts."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode_cursor(text: str, *kinds: type | tuple[type, ...]) -> list[Any]:
    """The values of a cursor, one of each kind. Raises a Problem if the cursor is not valid."""
    try:
        values = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except ValueError:  # bad base64, bad UTF-8, bad JSON
        values = None
    well_formed = isinstance(values, list) and len(values) == len(kinds)
    if not well_formed or not all(
        type(value) in ((kind,) if isinstance(kind, type) else kind) for value, kind in zip(values, kinds, strict=True)
    ):
        raise Problem(422, _INVALID_CURSOR)
    if not all(isfinite(value) for value in values if isinstance(value, float)):
        raise Problem(422, _INVALID_CURSOR)
    return list(values)


def decode_position(text: str | None) -> ListPosition | None:
    """The position in a list of messages that a cursor stands for. Raises a Problem if it is not valid."""
    if text is None:
        return None
    at, id_ = decode_cursor(text, float, str)
    return at, id_


async def token_user(request: Request, authenticator: AuthenticatorDep) -> User:
    """The account of the request's token. Raises a Problem without a valid token."""
    user, _ = await authenticator.authenticate_token(request)
    return user


async def deciding_user(request: Request, authenticator: AuthenticatorDep) -> User:
    """The account of the request's token. Raises a Problem without a valid token that may decide."""
    user, token = await authenticator.authenticate_token(request)
    if token.reads_only:
        raise Problem(403, "This token is read-only: make one that may decide, on the page “API tokens”.")
    return user


def unique_message_ids(messages: list[str]) -> list[str]:
    """Message ids without duplicates. Raises a Problem if one cannot be a message id."""
    for id_ in messages:
        if not MESSAGE_ID.fullmatch(id_):
            raise not_found(clean_text(id_, 64))
    return list(dict.fromkeys(messages))


Reader = Annotated[User, Depends(token_user)]
Decider = Annotated[User, Depends(deciding_user)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Cursor = Annotated[str | None, Query(max_length=300, description="`next` of the page before")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=200,
        description="For a day, a repeated request with the same key gets the same answer",
    ),
]  # fmt: skip


class RequestedAction:
    """What the request of an account asks for. With an idempotency key it is done once."""

    def __init__(self, user: User, idempotency: Idempotency, key: str | None) -> None:
        self.user = user
        self._idempotency, self._key = idempotency, key

    async def run(
        self, request: Sequence[object], act: Callable[[], Awaitable[object]], status: int = 200
    ) -> JSONResponse:
        """Answer with the JSON values that `act` returns. `request` holds what is requested."""
        return await self._idempotency.run_json(self.user, self._key, request, act, status)

    async def done(
        self, request: Sequence[object], work: Callable[[], Awaitable[object]], answer: dict[str, object]
    ) -> JSONResponse:
        """Do the work, then answer with `answer`."""

        async def act() -> dict[str, object]:
            await work()
            return answer

        return await self.run(request, act)


async def _action(user: Decider, idempotency: IdempotencyDep, key: IdempotencyKey = None) -> RequestedAction:
    return RequestedAction(user, idempotency, key)


ActionDep = Annotated[RequestedAction, Depends(_action)]
"""The action of an account whose token may decide."""
