"""Refusals of a message by a relay, with the reply to the peer (RFC 5321, RFC 3463)."""

from __future__ import annotations


class Refused(Exception):
    """The peer gets `code enhanced text`; the text never names rules, hosts or people.

    `reason` is the label in the metric of refusals.
    """

    def __init__(self, code: int, enhanced: str, text: str, reason: str) -> None:
        super().__init__(text)
        self.code = code
        self.enhanced = enhanced
        self.text = text
        self.reason = reason

    @property
    def reply(self) -> str:
        """The SMTP reply line without its line end."""
        return f"{self.code} {self.enhanced} {self.text}"


def store_full() -> Refused:
    """The store has reached its limit of undecided and queued content, or its disk is full."""
    return Refused(452, "4.3.1", "Insufficient system storage, try again later", "store_full")


def unavailable() -> Refused:
    """An internal failure: nothing was accepted, and the sender keeps its copy."""
    return Refused(451, "4.3.0", "Temporary failure, try again later", "unavailable")
