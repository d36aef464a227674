"""The values of the template of a message's page."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from gateway.console.auth.authorization import CONFLICT
from gateway.console.decisions.claims import HOLD_LONGER
from gateway.console.messages.names import Names
from gateway.console.messages.service import MessageReading
from gateway.console.messages.view import (
    account_in_words,
    add_named_people,
    clause_reasons,
    first_mention,
    header_rows,
    marked_subject,
    part_views,
)
from gateway.console.policy.version import PolicyVersion
from gateway.console.services import Services
from gateway.core.accounts.account import Right, User
from gateway.core.cases.case import SEVERITIES
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import ACTIONS_WITH_REASON, action_at_due
from gateway.core.policy.work_kinds import WorkKind
from gateway.core.review.views import Trace, queue_time

_MAX_RECIPIENTS = 50


async def message_page_values(services: Services, user: User, reading: MessageReading, now: float) -> dict[str, Any]:
    """Everything that is needed to decide on a message."""
    detail = reading.detail
    version = await services.policy.at(detail.policy)
    names = await services.names.names_of(user, detail.trace)
    return {
        **await _content(services, reading, version, names),
        **_state(services, reading, version.policy, names),
        **await _review(services, user, reading, now),
        "names": names,
        "hides_names": services.names.hides_names(user),
        "similar": await services.queue.count_similar(user, detail.trace.id),
    }


async def _content(
    services: Services, reading: MessageReading, version: PolicyVersion, names: Names
) -> dict[str, Any]:  # fmt: skip
    """What the message says and what was found in it. A thread does this: the content may be large."""
    detail, policy = reading.detail, version.policy
    _, files = await services.messages.parts(detail)

    def build() -> dict[str, Any]:
        add_named_people(names, detail, reading.conversation)
        return {
            "findings": clause_reasons(detail, policy, names, files, policy_known=version.known),
            "parts": part_views(detail, policy, names, files),
            "subject": marked_subject(detail, policy, names),
            "account": account_in_words(detail, files),
            "header": header_rows(detail, names),
            "pairs": names.pairs(detail.trace.relation.pairs, groups=True),
        }

    content = await asyncio.to_thread(build)
    return {
        **content, "first_mention": first_mention, "verdict": detail.verdict, "content_gone": not detail.content
    }  # fmt: skip


def _state(services: Services, reading: MessageReading, policy: Policy, names: Names) -> dict[str, Any]:
    """Where the message is, what happened to it, and the conversation around it."""
    trace = reading.detail.trace
    masked = names.trace(trace)
    received = datetime.fromtimestamp(trace.received_at, UTC).astimezone(services.config.zone)
    due_times = [to.due_at for to in trace.recipients if to.due_at and to.state == "held"]
    return {
        "trace": masked,
        "sender": names.person(trace.sender),
        "recipients": [
            (shown, names.person(recipient.address))
            for recipient, shown in zip(trace.recipients[:_MAX_RECIPIENTS], masked.recipients, strict=False)
        ],
        "conversation": [
            (names.conversation_message(message), names.person(message.sender)) for message in reading.conversation
        ],
        "ends": reading.ends,
        "history": list(map(names.audit_entry, reading.history)),
        "views": reading.views,
        "alerts": [entry for entry in reversed(reading.history) if entry.act == "alerted"],
        "due_at": min(due_times, default=None),
        "queue_time": queue_time(min(due_times, default=None), reading.urgent.severity if reading.urgent else ""),
        "at_night": policy.night.contains(received.hour * 60 + received.minute),
        "clauses": policy.clauses,
        "help_title": policy.help_title,
        "policy_hash": reading.detail.policy,
    }


async def _work(services: Services, user: User, reading: MessageReading) -> dict[str, Any]:
    """Why somebody should look at a delivered message, and what was said."""
    trace = reading.detail.trace
    work = () if reading.conflict else await services.flags.work_on(user, trace.id)
    open_work = [item for item in work if item.outcome is None]
    first = open_work[0] if open_work else None
    return {
        "work": work,
        "open_work": first,
        "shadowed": any(item.kind is WorkKind.SHADOW for item in work),
        "work_due": queue_time(first.due_at, reading.urgent.severity if reading.urgent else "") if first else None,
        "work_colleagues": await services.claims.colleagues(trace) if first else [],
    }


async def _review(services: Services, user: User, reading: MessageReading, now: float) -> dict[str, Any]:
    """What the account can do with the message, by the policy in force."""
    trace, policy = reading.detail.trace, services.policy
    proposal, latest = reading.review.proposal, services.claims.latest_due_time(trace)
    return {
        "reading": reading,
        "may_decide": user.may(Right.DECIDE) and not reading.conflict,
        **await _work(services, user, reading),
        "look": None if reading.conflict else await services.looks.of(trace.id),
        "conflict": CONFLICT if reading.conflict else "",
        "needs": {action: policy.requirements(trace.clauses, action) for action in ACTIONS_WITH_REASON},
        "usual": policy.default_rejection_text(trace.clauses),
        "current_policy_hash": policy.current.hash,
        "action_at_due": action_at_due(policy.current, trace.clauses, trace.reasons),
        "hold_longer": [name for name, seconds in HOLD_LONGER.items() if now + seconds <= latest],
        "latest_due_time": latest,
        "held_longer": [entry for entry in reading.history if entry.act == "held longer"],
        "colleagues": await services.claims.colleagues(trace) if reading.recipients_to_decide else [],
        "cannot_agree": await services.two_person.cannot_agree(user, trace, proposal) if proposal else "",
        "severities": SEVERITIES,
        "cases_to_add": await _cases_to_add(services, user, trace),
    }


async def _cases_to_add(services: Services, user: User, trace: Trace) -> Any:
    may = user.may(Right.DECIDE) and not services.authorization.has_conflict(user, trace)
    return await services.cases.open_cases_without(user, trace.id) if may else ()
