"""The states of an SMPP session on the server side, and the requests that each state allows."""

from __future__ import annotations

from enum import Enum

from gateway.core.channels.smpp_pdu import Command, Status


class BindMode(Enum):
    """How a peer is bound."""

    NOT = "not"
    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"

    @property
    def sends(self) -> bool:
        """Whether the peer may submit texts."""
        return self in (BindMode.TRANSMITTER, BindMode.TRANSCEIVER)

    @property
    def receives(self) -> bool:
        """Whether the peer gets texts and receipts."""
        return self in (BindMode.RECEIVER, BindMode.TRANSCEIVER)


BINDS = {
    Command.BIND_TRANSMITTER: BindMode.TRANSMITTER,
    Command.BIND_RECEIVER: BindMode.RECEIVER,
    Command.BIND_TRANSCEIVER: BindMode.TRANSCEIVER,
}
SUBMITS = frozenset({
    Command.SUBMIT_SM, Command.DATA_SM, Command.SUBMIT_MULTI, Command.QUERY_SM, Command.CANCEL_SM, Command.REPLACE_SM,
})  # fmt: skip


def refusal_status(bound: BindMode, command: int) -> Status | None:
    """The status that refuses a request in this state; None if the request is allowed."""
    if command in BINDS:
        return None if bound is BindMode.NOT else Status.ALREADY_BOUND
    if command in SUBMITS:
        return None if bound.sends else Status.WRONG_STATE
    return Status.WRONG_STATE if command in (Command.DELIVER_SM, Command.OUTBIND) else Status.INVALID_COMMAND
