"""The pause before the next request to a peer that throttles us."""

from __future__ import annotations

from gateway.core.channels.smpp_pdu import THROTTLING_STATUSES, Status

_SHORTEST, _LONGEST = 0.25, 8.0  # seconds


class ThrottlePause:
    """Grows with each response that throttles us, until a request is accepted. `seconds`: 0 if we are not throttled."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def note(self, status: int) -> None:
        """Note the status of a response."""
        if status in THROTTLING_STATUSES:
            self.seconds = min(max(self.seconds * 2, _SHORTEST), _LONGEST)
        elif status == Status.OK:
            self.seconds = 0.0
