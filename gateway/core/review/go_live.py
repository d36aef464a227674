"""The checklist before held messages are really held: what is done, and what is not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from gateway.core.accounts.account import AccountRole, Right, User

_DAY = 86400.0
OLD_ROSTER = 45 * _DAY
"""Seconds after which a roster is old: `chaperone check` warns from then on as well."""
ENOUGH_PRACTICE = 20
"""Practice decisions that a district should have made, or one on every message that would have been held."""


@dataclass(frozen=True, slots=True)
class GoLiveFacts:
    """What the checklist looks at. `buildings` are those of people; `roster_at` is 0 if it is not known."""

    shadow: bool
    users: Sequence[User]
    buildings: Collection[str]
    notify: Sequence[str]
    public_url: str
    roster_at: float
    would_be_held: int
    practiced: int
    holds: bool
    overdue_flags: int
    help_waiting: int


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One line: what should be so, whether it is, and what is found or to be done."""

    what: str
    done: bool
    found: str


def deciders(users: Sequence[User]) -> list[User]:
    """The accounts that may decide on held messages."""
    return [user for user in users if user.disabled_at is None and user.may(Right.DECIDE)]


def uncovered_buildings(users: Sequence[User], buildings: Collection[str]) -> list[str]:
    """The buildings for which no account decides; none where a technology director does."""
    able = deciders(users)
    if any(user.role is AccountRole.TECHNOLOGY_DIRECTOR for user in able):
        return []
    return sorted(set(buildings) - {building for user in able for building in user.buildings})


def go_live_items(facts: GoLiveFacts, now: float) -> Iterator[ChecklistItem]:
    """The checklist, in the order in which things are done."""
    able = deciders(facts.users)
    yield ChecklistItem(
        "Two accounts may release held messages", len(able) >= 2,
        f"{len(able)} may. Nobody decides on a message of their own, so one is not enough."
        if len(able) < 2 else f"{len(able)} may.",
    )  # fmt: skip
    missing = uncovered_buildings(facts.users, facts.buildings)
    yield ChecklistItem(
        "Somebody decides for every building", bool(able) and not missing,
        f"Nobody decides for {len(missing)} of {len(facts.buildings)} buildings: add a building administrator, or a "
        "technology director." if missing else "A director or an administrator does." if able else "Nobody yet.",
    )  # fmt: skip
    nameless = [user.name for user in able if not user.person]
    yield ChecklistItem(
        "Every account that decides has its person", bool(able) and not nameless,
        f"{len(nameless)} have none, such as {nameless[0]}: nobody can tell that a message is their own."
        if nameless else "All have." if able else "There is no such account yet.",
    )  # fmt: skip
    yield ChecklistItem(
        "Somebody is told when nobody reacts (notify.to)", bool(facts.notify),
        f"{len(facts.notify)} {'address' if len(facts.notify) == 1 else 'addresses'}."
        if facts.notify else 'Set notify.to = ["ADDRESS"] in the configuration.',
    )  # fmt: skip
    secure = facts.public_url.lower().startswith("https://")
    yield ChecklistItem(
        "The console is reached over https (console.public_url)",
        secure,
        f"It is {facts.public_url}." if secure else f"It is {facts.public_url}: passwords could be read on the way.",
    )
    age = now - facts.roster_at
    yield ChecklistItem(
        "The roster is fresh", bool(facts.roster_at) and age <= OLD_ROSTER,
        "When it was exported is not known." if not facts.roster_at
        else f"Its files are {int(age // _DAY)} days old{': import the latest export' if age > OLD_ROSTER else ''}.",
    )  # fmt: skip
    yield ChecklistItem(
        "The policy holds something", facts.holds,
        "At least one clause holds messages." if facts.holds else "No clause has a hold threshold.",
    )  # fmt: skip
    enough = facts.practiced >= min(ENOUGH_PRACTICE, facts.would_be_held) and facts.would_be_held > 0
    yield ChecklistItem(
        "Reviewers have practiced", enough,
        f"{facts.practiced} of {facts.would_be_held} messages that would have been held were decided as practice."
        if facts.would_be_held else "Nothing would have been held so far: let more days of traffic pass.",
    )  # fmt: skip
    yield ChecklistItem(
        "No call for help waits",
        not facts.help_waiting,
        "None waits." if not facts.help_waiting else f"{facts.help_waiting} wait until somebody takes them up.",
    )
    yield ChecklistItem(
        "No flagged message is overdue",
        not facts.overdue_flags,
        "None is." if not facts.overdue_flags else f"{facts.overdue_flags} are.",
    )
    yield ChecklistItem(
        "Held messages are held (policy.mode)", not facts.shadow,
        'Last step: set policy.mode = "enforce" in the configuration, and restart every process.'
        if facts.shadow else "The mode is enforce.",
    )  # fmt: skip
