"""Where somebody is in the queue: the list that they narrowed, and the message that comes next in it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from gateway.console.queue.rows import Filters, read_query
from gateway.console.service import Desk
from gateway.core.accounts.account import User

_WORDS = "q"
"""The name under which a URL has the words that are looked for."""


async def filters_of(desk: Desk, user: User, query: Mapping[str, str]) -> Filters:
    """The filters of a URL of ours, in which the words stand sealed; what is written there openly is not looked for."""
    given = {name: value for name, value in query.items() if name not in ("text", _WORDS)}
    if sealed := query.get(_WORDS, ""):
        given["text"] = (await desk.seals()).decrypt(sealed, user.name)
    return Filters(given, user, desk.register, await desk.store.now())


async def link_of(desk: Desk, user: User, query: str) -> str:
    """The query of filters as a URL has it: "" for none, else with its question mark, the words sealed."""
    given = read_query(query)
    if text := given.pop("text", ""):
        given[_WORDS] = (await desk.seals()).encrypt(text, user.name)
    return f"?{urlencode(given)}" if given else ""


async def place_of(desk: Desk, user: User, link: str) -> str:
    """The list that a form says it came from, as a URL of ours has it: nothing else comes through."""
    return await link_of(desk, user, (await filters_of(desk, user, read_query(link.removeprefix("?")))).query)


async def next_of(desk: Desk, user: User, link: str, id_: str, due_at: str) -> str:
    """The message that comes next in a list, behind one that may be gone from it; "" where there is none."""
    try:
        due = float(due_at) if due_at else None
    except ValueError:
        return ""
    filters = await filters_of(desk, user, read_query(link.removeprefix("?")))
    return await desk.following(user, filters.asked, (float("inf") if due is None or due != due else due, id_))


def onward(link: str, **more: str) -> str:
    """The queue as it was narrowed, at a message where `at` names one."""
    kept = urlencode({name: value for name, value in more.items() if value})
    query = "&".join(filter(None, (link.removeprefix("?"), kept)))
    return f"/?{query}" if query else "/"


def back_to(link: str, id_: str, where: str, *, told: bool = False) -> str:
    """Where somebody goes on after a deed that leaves a message where it is: to the list that they did it in.

    `where` is what the form says of itself; by default the page of the message. `told`: a line says what was done.
    """
    done = id_ if told else ""
    if where == "queue":
        return onward(link, done=done, at=id_)
    if where == "help":
        return f"/help?done={done}"
    return f"/messages/{id_}{link}{'&' if link else '?'}done={done}" if done else f"/messages/{id_}{link}"
