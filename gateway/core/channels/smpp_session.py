"""The states of an SMPP session, seen from the side that others bind to: which request is in place in which."""

from __future__ import annotations

from enum import Enum

from gateway.core.channels.smpp_pdu import Command, Status


class Bound(Enum):
    """As what somebody is bound."""

    NOT = "not"
    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"

    @property
    def sends(self) -> bool:
        """May submit texts."""
        return self in (Bound.TRANSMITTER, Bound.TRANSCEIVER)

    @property
    def receives(self) -> bool:
        """Is given texts and receipts."""
        return self in (Bound.RECEIVER, Bound.TRANSCEIVER)


BINDS = {
    Command.BIND_TRANSMITTER: Bound.TRANSMITTER,
    Command.BIND_RECEIVER: Bound.RECEIVER,
    Command.BIND_TRANSCEIVER: Bound.TRANSCEIVER,
}
SUBMITS = frozenset({
    Command.SUBMIT_SM, Command.DATA_SM, Command.SUBMIT_MULTI, Command.QUERY_SM, Command.CANCEL_SM, Command.REPLACE_SM,
})  # fmt: skip


def out_of_place(bound: Bound, command: int) -> Status | None:
    """With what a request is refused that is not in place; None where it is."""
    if command in BINDS:
        return None if bound is Bound.NOT else Status.ALREADY_BOUND
    if command in SUBMITS:
        return None if bound.sends else Status.WRONG_STATE
    return Status.WRONG_STATE if command in (Command.DELIVER_SM, Command.OUTBIND) else Status.INVALID_COMMAND
