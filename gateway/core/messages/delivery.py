"""Delivery of one message to its recipients: states, outcomes, claims and the retry schedule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import Channel, Message, Recipient

LIFETIME = {Channel.MAIL: 5 * 86400.0, Channel.SMS: 86400.0}
"""Seconds from acceptance or release in which delivery is tried: five days (RFC 5321 4.5.4.1), a day for a text."""

_WAITS = (60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)  # the last one again and again
_JITTER = 0.2  # each wait is up to this share shorter or longer, so that a hop that comes back is not run over
_DELAY_TOLD_AT = 10  # the attempt that ends about four hours after the first; counted, so that it is told once


class State(StrEnum):
    """Where one recipient of a message is."""

    RECEIVED = "received"
    HELD = "held"
    QUEUED = "queued"
    SENT = "sent"
    BOUNCED = "bounced"
    REJECTED = "rejected"
    DISCARDED = "discarded"


FINAL = frozenset({State.SENT, State.BOUNCED, State.REJECTED, State.DISCARDED})


@dataclass(frozen=True, slots=True)
class Sent:
    """The next hop took it, with this reply. `relayed_dsn`: the next hop announced DSN, so reports are its part."""

    reply: str
    relayed_dsn: bool = False


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now: try again later."""

    reply: str


@dataclass(frozen=True, slots=True)
class Bounced:
    """Refused for good: the sender is told."""

    reply: str


Outcome = Sent | Deferred | Bounced


@dataclass(frozen=True, slots=True)
class NextHop:
    """Where a transport delivers to: a target, and the recipient domains that it serves.

    `domains` are lower case; `default` serves every domain that no other hop of the channel names, and `others` are
    the domains that they name.
    """

    channel: str
    target: str
    domains: frozenset[str]
    default: bool = False
    others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Claimed:
    """One recipient of a claim: attempts so far, and when its delivery lifetime began."""

    recipient: Recipient
    attempts: int
    queued_at: float


@dataclass(frozen=True, slots=True)
class Claim:
    """All due recipients of one message behind one next hop, ours until the lease ends.

    `relayed`: the recipients that were already sent under this message id to the same hop are not in it.
    """

    token: str
    message: Message
    recipients: tuple[Claimed, ...]


# --- the retry schedule --------------------------------------------------------------------------------------------


def next_attempt(
    attempts: int, queued_at: float, now: float, entropy: float, lifetime: float = LIFETIME[Channel.MAIL]
) -> float | None:
    """When to try again after `attempts` attempts, the one that just ended included; None when the lifetime is over.

    `entropy` is a random number from 0 to 1. The last attempt is made when the lifetime ends.
    """
    end = queued_at + lifetime
    if now >= end:
        return None
    wait = _WAITS[min(max(attempts, 1), len(_WAITS)) - 1]
    return min(now + wait * (1 + _JITTER * (2 * entropy - 1)), end)


# --- how an attempt ends -------------------------------------------------------------------------------------------


def conclude(
    claim: Claim, outcomes: Mapping[str, Outcome], now: float, entropy: float
) -> tuple[Mapping[str, tuple[Outcome, float | None]], tuple[Followup, ...]]:
    """What to record of an attempt, by recipient with its next attempt, and what the sender is to be told of it.

    Recipients without an outcome are left out: they are due again at once. One bounce tells of all recipients of the
    attempt, as far as NOTIFY asks for it (RFC 3461); nobody is told of what the null sender sent. Of a text that
    could not be sent the application is told that asked for its status.
    """
    message = claim.message
    lifetime = LIFETIME[message.channel]
    results: dict[str, tuple[Outcome, float | None]] = {}
    told: list[Mapping[str, object]] = []
    for claimed in claim.recipients:
        outcome = outcomes.get(claimed.recipient.address)
        if outcome is None:
            continue
        attempts, again = claimed.attempts + 1, None
        if isinstance(outcome, Deferred):
            again = next_attempt(attempts, claimed.queued_at, now, entropy, lifetime)
        results[claimed.recipient.address] = (outcome, again)
        action = _told(outcome, again, attempts, option(claimed.recipient.options, "NOTIFY"))
        if action:
            told.append(_report(claimed, outcome, action, claimed.queued_at + lifetime))
    if not told or not message.envelope.sender:
        return results, ()
    if message.channel is Channel.SMS:
        failed = [each for each in told if each["action"] == "failed"]
        asked = option(message.envelope.options, "STATUSCALLBACK") or option(message.envelope.options, "RECEIPTS")
        body_of = {
            "channel": message.channel,
            "reply": failed[0]["reply"] if failed else "",
            "recipients": [each["address"] for each in failed],
        }
        return results, (Followup(FollowupKind.BOUNCE, message.id, body_of),) if failed and asked else ()
    body = {
        "to": message.envelope.sender,
        "envid": option(message.envelope.options, "ENVID"),
        "ret": option(message.envelope.options, "RET").upper(),
        "smtputf8": any(each.upper() == "SMTPUTF8" for each in message.envelope.options),
        "received_at": message.received_at,
        "at": now,
        "recipients": told,
    }
    return results, (Followup(FollowupKind.BOUNCE, message.id, body),)


def option(options: tuple[str, ...], name: str) -> str:
    """The value of an ESMTP parameter as it came, "" where it was not given."""
    for each in options:
        keyword, _, value = each.partition("=")
        if keyword.upper() == name:
            return value
    return ""


def _told(outcome: Outcome, again: float | None, attempts: int, notify: str) -> str:
    """The action (RFC 3464 section 2.3.3) that the sender is told of, "" where it is none."""
    wanted = frozenset(notify.upper().split(",")) if notify else frozenset({"FAILURE", "DELAY"})
    match outcome:
        case Sent():
            return "relayed" if "SUCCESS" in wanted and not outcome.relayed_dsn else ""
        case Deferred() if again is not None:
            return "delayed" if "DELAY" in wanted and attempts == _DELAY_TOLD_AT else ""
        case Deferred() | Bounced():
            return "failed" if "FAILURE" in wanted else ""


def _report(claimed: Claimed, outcome: Outcome, action: str, until: float) -> Mapping[str, object]:
    expired = action == "failed" and isinstance(outcome, Deferred)
    status = {"relayed": "2.1.9", "delayed": "4.0.0", "failed": "5.4.7" if expired else "5.0.0"}[action]
    if action != "relayed" and not expired:
        status = _status(outcome.reply, status)
    return {
        "address": claimed.recipient.address,
        "orcpt": option(claimed.recipient.options, "ORCPT"),
        "action": action,
        "status": status,
        "reply": outcome.reply,
        "expired": expired,
        "until": until if action == "delayed" else None,
    }


_ENHANCED = re.compile(r"\d{3}[ -](([245])\.\d{1,3}\.\d{1,3})(?!\S)")


def _status(reply: str, otherwise: str) -> str:
    """The enhanced status code of a reply (RFC 3463), where it has one of the right class."""
    found = _ENHANCED.match(reply)
    return found[1] if found and found[2] == otherwise[0] else otherwise
