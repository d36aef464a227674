"""Refusals and other problems, as a page or as JSON (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse

from gateway.core.policy.decision import RecipientStatus
from gateway.core.serialization.json_fields import rfc3339

_TITLES = {
    400: "Bad request", 401: "Not signed in", 403: "Not allowed", 404: "Not found", 405: "Method not allowed",
    409: "Decided already", 413: "Too large", 422: "Something is missing or wrong", 429: "Too many requests",
    500: "Internal error", 503: "Not available now",
}  # fmt: skip
_REQUIRED_FOR = {"hold": "hold this message longer", "assign": "assign this message to somebody else"}


class Problem(Exception):
    """A request that cannot be done. `detail` is shown to people: plain words, and what they can do."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: object) -> None:
        super().__init__(status)
        self.status = status
        self.title = _TITLES.get(status, "Not possible")
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more
        self.back = ""  # link to the page of the message in question; "": none
        self.onward = ""  # link to the next page, such as the next message of the list; "": none

    def response(self) -> JSONResponse:
        """The problem as the API answers it."""
        body = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail, **self.more}
        return JSONResponse(body, self.status, self.headers, media_type="application/problem+json")


def not_found(id_: str = "") -> Problem:
    """The message does not exist or belongs to another building. The answer does not say which."""
    return Problem(404, f"There is no message {id_} that you can see." if id_ else "There is no such page.")


def reason_missing(action: str) -> Problem:
    """The policy requires a reason for this action."""
    purpose = _REQUIRED_FOR.get(action, f"{action} this message")
    return Problem(422, f"The policy asks for a reason to {purpose}: say why in a few words.", missing=["reason"])


def already_decided(first: RecipientStatus | None, *, hides_names: bool) -> Problem:
    """Somebody decided first, or nothing is held. With `hides_names`, the recipient is left out of the answer."""
    if first is None:
        return Problem(409, "Nothing of this message is held for you to decide.")
    by = "the policy" if first.decided_by == "policy" else first.decided_by
    if not by:
        return Problem(409, "The classifiers are still reading this message: there is nothing to decide yet.")
    return Problem(
        409,
        f"This message was decided first by {by}; it is {first.state} now.",
        first={
            "by": first.decided_by,
            "at": None if first.decided_at is None else rfc3339(first.decided_at),
            "state": first.state.value,
            **({} if hides_names else {"recipient": first.address}),
        },
    )
