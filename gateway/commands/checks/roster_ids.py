"""Ids that the roster has, for an id that it does not have."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from gateway.core.fault import Refusal
from gateway.core.messages.addresses import canonical_address
from gateway.directory.roster import Roster

_SHOWN = 3


def check_person(roster: Roster, written: str, command: str) -> None:
    """Raise a Refusal, with ids that are near, if nobody of the roster has this sourcedId."""
    if roster.by_id(written) is not None:
        return
    person = roster.person(canonical_address(written)) if "@" in written else None
    near = [person.id] if person is not None else _near(written, (id_ for id_, *_ in roster.digests()))
    raise Refusal(f"{command}: nobody of the roster has the sourcedId {written!r}{_say(near, 'users.csv')}")


def check_buildings(roster: Roster, written: Iterable[str], command: str) -> None:
    """Raise a Refusal, with ids that are near, if the roster has no building with one of these sourcedIds."""
    for id_ in written:
        if id_ in roster.orgs:
            continue
        by_name = [org.id for org in roster.orgs.values() if org.name.lower() == id_.lower()]
        near = by_name or _near(id_, roster.orgs) or sorted(roster.orgs)
        raise Refusal(f"{command}: the roster has no building {id_!r}{_say(near, 'orgs.csv')}")


def _near(written: str, ids: Iterable[str]) -> list[str]:
    return get_close_matches(written, list(ids), n=_SHOWN, cutoff=0.5)


def _say(near: list[str], file: str) -> str:
    if near:
        return f"; did you mean {' or '.join(near[:_SHOWN])}? It is a sourcedId of {file}"
    return f"; give a sourcedId of {file}"
