"""Somebody must be told, and somebody must be able to decide."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from gateway.commands.checks.line import Line, error, ok, warn
from gateway.core.accounts.account import AccountRole, User
from gateway.core.messages.addresses import domain_of
from gateway.core.messages.parties import Directory, Role
from gateway.core.review.go_live import deciders, uncovered_buildings

_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>.]+")


def check_deciders(
    users: Sequence[User] | None, mode: str, *, oidc: bool, buildings: Collection[str]
) -> Iterator[Line]:
    """Accounts that may release. `users`: None if the store has none yet. `buildings`: sourcedIds of the roster."""
    able = deciders(users or ())
    if not able and mode == "enforce" and not oidc:
        yield warn(
            "accounts",
            "messages are held and nobody may release them: no account has the role technology_director or "
            "building_administrator; add one with `chaperone user add NAME --role technology_director`",
        )
    elif able:
        yield ok("accounts", f"{len(able)} may decide on held messages")
    for user in able:
        if not user.person:
            yield warn(
                "accounts",
                f"{user.name} has no person: nobody can tell that a message is their own; "
                "give the account the sourcedId of its person with --person",
            )
        if user.role is AccountRole.BUILDING_ADMINISTRATOR and not set(user.buildings) & set(buildings):
            yield warn(
                "accounts", f"{user.name} has no building of the roster and sees nothing; add it with --building"
            )
    if able and (missing := uncovered_buildings(able, buildings)):
        yield warn(
            "accounts",
            f"nobody decides for {len(missing)} of {len(buildings)} buildings, such as {missing[0]}; "
            "add a building_administrator, or a technology_director",
        )


def check_notices(
    to: Sequence[str], sender: str, domains: Collection[str], directory: Directory | None = None
) -> Iterator[Line]:
    """notify.to and notify.from: who is told, and from which address."""
    if not to:
        yield warn(
            "notify.to",
            "nobody is told of calls for help and overdue messages, except accounts with a person; "
            'set notify.to = ["ADDRESS"]',
        )
    for address in to:
        if not _ADDRESS.fullmatch(address):
            yield error("notify.to", f"{address!r} is not an address; write one such as safety@{_first(domains)}")
            continue
        person = directory.person(address) if directory else None
        if person is not None and Role.STUDENT in person.roles and Role.STAFF not in person.roles:
            yield warn("notify.to", "one of the addresses is a student's; notices are for staff: remove it")
        if domain_of(address) not in domains:
            yield warn("notify.to", f"an address of {domain_of(address)} is outside the district; name one inside")
    if not _ADDRESS.fullmatch(sender):
        yield error("notify.from", f"{sender!r} is not an address; write one such as chaperone@{_first(domains)}")
    elif domain_of(sender) not in domains:
        yield warn(
            "notify.from",
            f"{domain_of(sender)} is not in district.domains: notices fail the checks of receiving servers; "
            f"write an address of {_first(domains)}",
        )


def _first(domains: Collection[str]) -> str:
    return next(iter(domains), "district.example")
