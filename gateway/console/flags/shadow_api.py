"""The API of the shadow week: the report for the board, and the checklist to go live."""

from __future__ import annotations

from typing import Literal

from gateway.console.flags import schemas
from gateway.console.web.api_deps import Reader, api_router
from gateway.console.web.deps import RatesDep, ShadowDep
from gateway.core.review.intervals import Share
from gateway.core.review.shadow_week import WeekLine
from gateway.core.serialization.json_fields import rfc3339

shadow_api = api_router()


@shadow_api.get("/shadow-report", response_model=schemas.ShadowReportRow, summary="The shadow week, for the board")
async def shadow_report(shadow: ShadowDep, user: Reader, days: Literal["7", "14", "30"] = "7") -> dict[str, object]:
    """Counts of the account's buildings, and the examples that reviewers chose, with names masked."""
    found = await shadow.report(user, int(days))
    counts = found.counts
    return {
        "days": found.days,
        "until": rfc3339(found.until),
        "messages": found.volumes.total.messages,
        "would_be_held": _line(counts.total),
        "by_clause": {name: _line(line) for name, line in counts.by_clause.items()},
        "by_building": {name: _line(line) for name, line in counts.by_building.items()},
        "reviewers": counts.reviewers,
        "reviewer_minutes": round(counts.minutes, 1),
        "measured": counts.measured,
        "thresholds": [
            {"shift": shift.shift, "held": shift.held, "by_clause": dict(shift.by_clause)} for shift in found.shifts
        ],
        "examples": [
            {
                "clauses": list(example.clauses), "direction": example.direction, "subject": example.subject,
                "text": example.text, "outcome": example.outcome.value if example.outcome else None,
            }
            for example in found.examples
        ],
        "cut": found.cut,
    }  # fmt: skip


@shadow_api.get("/go-live", response_model=schemas.Checklist, summary="What is missing before messages are held")
async def go_live(shadow: ShadowDep, user: Reader) -> dict[str, object]:
    items = await shadow.checklist(user)
    return {"items": [{"what": item.what, "done": item.done, "found": item.found} for item in items], "next": None}


@shadow_api.get("/flagged/rates", response_model=schemas.RatesRow, summary="How often the policy was right")
async def rates(service: RatesDep, user: Reader, days: Literal["7", "30", "90"] = "30") -> dict[str, object]:
    """False flags, false holds and missed violations, of what people looked at, with intervals."""
    found = await service.rates(user, int(days))
    return {
        "days": found.days, "flags_fine": share_row(found.flags_fine),
        "held_released": share_row(found.held_released), "clean_violations": share_row(found.clean_violations),
    }  # fmt: skip


def _line(line: WeekLine) -> dict[str, object]:
    return {"held": line.held, "practiced": line.practiced, "would_release": share_row(line.wrong)}


def share_row(found: Share) -> dict[str, object]:
    """A share with its interval of 95 percent; null for a share of nothing."""
    return {"part": found.part, "whole": found.whole, "share": found.value, "low": found.low, "high": found.high}
