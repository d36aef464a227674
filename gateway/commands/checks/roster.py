"""The roster: empty, old, or of another district."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from gateway.assembly.certificates import day_of
from gateway.commands.checks.line import Line, error, warn
from gateway.core.messages.parties import Role
from gateway.core.review.go_live import OLD_ROSTER


def check_people(counts: Mapping[Role, int]) -> Iterator[Line]:
    """Without both sides nothing is in scope."""
    for role, word in ((Role.STAFF, "staff member"), (Role.STUDENT, "student")):
        if not counts.get(role, 0):
            yield error("directory", f"the roster has no {word}: no message would be in scope; export it again")


def check_age(changed_at: float, now: float) -> Iterator[Line]:
    """When the newest file of the roster was written."""
    if now - changed_at > OLD_ROSTER:
        yield warn(
            "directory",
            f"the roster is of {day_of(changed_at)}: new people are missing; import the latest export regularly",
        )


def check_domains(domains: Collection[str], addresses: Collection[str]) -> Iterator[Line]:
    """Domains of the district and those of its people's district addresses must be the same."""
    used = Counter(address.rpartition("@")[2].lower() for address in addresses)
    for domain in domains:
        if not used[domain]:
            yield warn(
                "district.domains",
                f"nobody of the roster has an address in {domain}; check its spelling, or leave the domain out",
            )
