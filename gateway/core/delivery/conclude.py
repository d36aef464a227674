"""What one delivery attempt leads to: the next attempt of each recipient, and the report to the sender."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.core.channels.capabilities import JsonObject
from gateway.core.channels.registry import capabilities_of
from gateway.core.delivery.retry import next_attempt
from gateway.core.messages.delivery import Bounced, Claim, Claimed, Deferred, Outcome, Sent
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import option

_DELAY_REPORTED_AT = 10
"""The attempt about four hours after the first one: the sender is told once, then, that delivery is delayed."""
_ENHANCED_CODE = re.compile(r"\d{3}[ -](([245])\.\d{1,3}\.\d{1,3})(?!\S)")


def conclude(
    claim: Claim, outcomes: Mapping[str, Outcome], now: float, entropy: float
) -> tuple[Mapping[str, tuple[Outcome, float | None]], tuple[Followup, ...]]:
    """The result of an attempt: outcome and next attempt of each recipient, and at most one bounce follow-up.

    Recipients without an outcome are left out: they are due again at once. One bounce reports all recipients of the
    attempt, as far as NOTIFY asks for it (RFC 3461). Messages from the null sender are never reported.
    """
    message = claim.message
    channel = capabilities_of(message.channel)
    lifetime = channel.delivery_lifetime
    results: dict[str, tuple[Outcome, float | None]] = {}
    reports: list[JsonObject] = []
    for claimed in claim.recipients:
        outcome = outcomes.get(claimed.recipient.address)
        if outcome is None:
            continue
        attempts, again = claimed.attempts + 1, None
        if isinstance(outcome, Deferred):
            again = next_attempt(attempts, claimed.queued_at, now, entropy, lifetime)
        results[claimed.recipient.address] = (outcome, again)
        action = _reported_action(outcome, again, attempts, option(claimed.recipient.options, "NOTIFY"))
        if action:
            reports.append(_report(claimed, outcome, action, claimed.queued_at + lifetime))
    if not reports or not message.envelope.sender:
        return results, ()
    body = channel.report_failure(message, reports, now)
    return results, () if body is None else (Followup(FollowupKind.BOUNCE, message.id, body),)


def _reported_action(outcome: Outcome, again: float | None, attempts: int, notify: str) -> str:
    """The action that the sender is told (RFC 3464 section 2.3.3); "" if none."""
    wanted = frozenset(notify.upper().split(",")) if notify else frozenset({"FAILURE", "DELAY"})
    match outcome:
        case Sent():
            return "relayed" if "SUCCESS" in wanted and not outcome.relayed_dsn else ""
        case Deferred() if again is not None:
            return "delayed" if "DELAY" in wanted and attempts == _DELAY_REPORTED_AT else ""
        case Deferred() | Bounced():
            return "failed" if "FAILURE" in wanted else ""


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
