"""What one delivery attempt leads to: the next attempt of each recipient, and the report to the sender."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from gateway.core.channels.capabilities import JsonObject
from gateway.core.channels.registry import capabilities_of
from gateway.core.delivery.retry import RetrySchedule
from gateway.core.messages.delivery import Bounced, Claim, Claimed, Deferred, Outcome, Sent
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import option

_ENHANCED_CODE = re.compile(r"\d{3}[ -](([245])\.\d{1,3}\.\d{1,3})(?!\S)")


class Conclusion(NamedTuple):
    """The result of an attempt.

    `results`: outcome and next attempt (None if it is final) by address. `warned`: whose delay is reported to the
    sender now.
    """

    results: Mapping[str, tuple[Outcome, float | None]]
    followups: tuple[Followup, ...] = ()
    warned: frozenset[str] = frozenset()


def conclude(
    claim: Claim, outcomes: Mapping[str, Outcome], now: float, entropy: float, schedule: RetrySchedule
) -> Conclusion:
    """The result of an attempt: outcome and next attempt of each recipient, and at most one bounce follow-up.

    Recipients without an outcome are left out: they are due again at once. One bounce reports all recipients of the
    attempt, as far as NOTIFY asks for it (RFC 3461). Messages from the null sender are never reported.
    """
    message = claim.message
    channel = capabilities_of(message.channel)
    results: dict[str, tuple[Outcome, float | None]] = {}
    reports: list[JsonObject] = []
    delayed: list[str] = []
    for claimed in claim.recipients:
        outcome = outcomes.get(claimed.recipient.address)
        if outcome is None:
            continue
        again = None
        notify = option(claimed.recipient.options, "NOTIFY")
        late = now >= claimed.queued_at + schedule.warn
        if isinstance(outcome, Deferred):
            told = claimed.warned or not message.envelope.sender or not _wants(notify, "DELAY")
            again = schedule.next_attempt(
                claimed.attempts + 1, claimed.queued_at, now, entropy, warned=told or late
            )  # fmt: skip
        results[claimed.recipient.address] = (outcome, again)
        action = _reported_action(outcome, again, notify, warn=late and not claimed.warned)
        if action:
            reports.append(_report(claimed, outcome, action, claimed.queued_at + schedule.lifetime))
        if action == "delayed":
            delayed.append(claimed.recipient.address)
    if not reports or not message.envelope.sender:
        return Conclusion(results)
    body = channel.report_failure(message, reports, now)
    followups = () if body is None else (Followup(FollowupKind.BOUNCE, message.id, body),)
    return Conclusion(results, followups, frozenset(delayed))


def _wants(notify: str, what: str) -> bool:
    """Whether the sender wants a report (RFC 3461 section 4.1); without NOTIFY, of failures and delays."""
    return what in (notify.upper().split(",") if notify else ("FAILURE", "DELAY"))


def _reported_action(outcome: Outcome, again: float | None, notify: str, *, warn: bool) -> str:
    """The action that the sender is told (RFC 3464 section 2.3.3); "" if none."""
    match outcome:
        case Sent():
            return "relayed" if _wants(notify, "SUCCESS") and not outcome.relayed_dsn else ""
        case Deferred() if again is not None:
            return "delayed" if warn and _wants(notify, "DELAY") else ""
        case Deferred() | Bounced():
            return "failed" if _wants(notify, "FAILURE") else ""


def _report(claimed: Claimed, outcome: Outcome, action: str, until: float) -> JsonObject:
    expired = action == "failed" and isinstance(outcome, Deferred)
    status = {"relayed": "2.1.9", "delayed": "4.0.0", "failed": "5.4.7" if expired else "5.0.0"}[action]
    if action != "relayed" and not expired:
        status = _enhanced_code(outcome.reply, status)
    return {
        "address": claimed.recipient.address,
        "orcpt": option(claimed.recipient.options, "ORCPT"),
        "action": action,
        "status": status,
        "reply": outcome.reply,
        "expired": expired,
        "until": until if action == "delayed" else None,
    }


def _enhanced_code(reply: str, default: str) -> str:
    """The enhanced status code of a reply (RFC 3463) if it has one of the same class as `default`."""
    found = _ENHANCED_CODE.match(reply)
    return found[1] if found and found[2] == default[0] else default
