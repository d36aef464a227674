"""What an answer says where it is not the one that was asked for (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse

from gateway.core.policy.decision import RecipientStatus
from gateway.core.serialization.json_fields import rfc3339

_TITLES = {
    400: "Bad request", 401: "Not signed in", 403: "Not allowed", 404: "Not found", 405: "Method not allowed",
    409: "Decided already", 413: "Too large", 422: "Something is missing or wrong", 429: "Too many",
    500: "Something of ours failed", 503: "Not now",
}  # fmt: skip


class Problem(Exception):
    """An answer other than the one asked for. `detail` is shown as it is: plain words, and what can be done."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: object) -> None:
        super().__init__(status)
        self.status = status
        self.title = _TITLES.get(status, "Not possible")
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more
        self.back = ""  # the page of the message that was to be acted on; "": none
        self.onward = ""  # where a page goes on from here; "": at the beginning

    def response(self) -> JSONResponse:
        """The problem as the API says it."""
        body = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail, **self.more}
        return JSONResponse(body, self.status, self.headers, media_type="application/problem+json")


def unknown(id_: str = "") -> Problem:
    """There is no such message, or it is another building's: which of the two is not said."""
    return Problem(404, f"There is no message {id_} that you can see." if id_ else "There is no such page.")


def reason_missing(deed: str) -> Problem:
    """The policy wants to know why somebody does this with a message."""
    told = _IN_WORDS.get(deed, f"{deed} this message")
    return Problem(
        422, f"The policy asks for a reason to {told}: say in a few words why.", missing=["reason"]
    )  # fmt: skip


_IN_WORDS = {
    "hold": "hold this message longer", "assign": "give this message to somebody else, or take it from them"
}  # fmt: skip


def decided_already(first: RecipientStatus | None, *, hides: bool) -> Problem:
    """Somebody was first, or there is nothing to decide. `hides`: it is not said whose copy it was."""
    if first is None:
        return Problem(409, "Nothing of this message is held for you to decide.")
    by = "the policy" if first.decided_by == "policy" else first.decided_by
    if not by:
        return Problem(409, "This message is still being read by the classifiers: there is nothing to decide yet.")
    return Problem(
        409,
        f"This message was decided first by {by}; it is {first.state} now.",
        first={
            "by": first.decided_by,
            "at": None if first.decided_at is None else rfc3339(first.decided_at),
            "state": first.state.value,
            **({} if hides else {"recipient": first.address}),
        },
    )
