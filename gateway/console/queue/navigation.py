"""Links within the queue: the filtered list that somebody came from, and the message that comes next in it.

Search words appear encrypted in URLs, because browsers and proxies keep URLs.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import RedirectResponse

from gateway.console.queue.query import QueueQuery, parse_query
from gateway.console.queue.service import QueueService
from gateway.console.web.encryption import Encryptor
from gateway.core.accounts.account import User
from gateway.ports.maintenance import SecretStore

_WORDS = "q"
"""The parameter of a URL that has the encrypted search words."""
_LIST = "list"
LISTS = {"flagged": "/flagged", "sampled": "/sampled", "shadow": "/would-be-held"}
"""The pages of other lists than the queue, by the value of the parameter `list` of a link into them."""


class QueueNavigation:
    """Reads and writes the links of an account. A link is "" for the whole queue, or else begins with "?".

    `name` is that of another list than the queue; its links say so.
    """

    def __init__(self, queue: QueueService, secrets: SecretStore, name: str = "") -> None:
        self._queue, self._secrets, self._name = queue, secrets, name
        self._encryptor: Encryptor | None = None

    async def read(self, user: User, parameters: Mapping[str, str]) -> QueueQuery:
        """The filters in the parameters of a URL. Search words count only if they are encrypted."""
        values = {name: value for name, value in parameters.items() if name not in ("text", _WORDS)}
        if encrypted := parameters.get(_WORDS, ""):
            values["text"] = (await self._words()).decrypt(encrypted, user.name)
        return await self._queue.query(user, values)

    async def link(self, user: User, query: str) -> str:
        """The link to a filtered list, from its query string."""
        values = parse_query(query)
        if (name := values.pop(_LIST, self._name)) in LISTS:
            values[_LIST] = name
        if text := values.pop("text", ""):
            values[_WORDS] = (await self._words()).encrypt(text, user.name)
        return f"?{urlencode(values)}" if values else ""

    async def clean(self, user: User, link: str) -> str:
        """A link that came from a browser, with nothing in it but filters and the list that they are of."""
        values = parse_query(link.removeprefix("?"))
        query = (await self.read(user, values)).query
        name = values.get(_LIST, "")
        return await self.link(user, f"{query}&{_LIST}={name}" if name in LISTS else query)

    async def next_message(self, user: User, link: str, id_: str, due_at: str) -> str:
        """The id of the message that comes after one in a list, even if that one has left the list; "" for none."""
        try:
            due = float(due_at) if due_at else None
        except ValueError:
            return ""
        query = await self.read(user, parse_query(link.removeprefix("?")))
        after = float("inf") if due is None or due != due else due  # a NaN is not equal to itself
        return await self._queue.next_message(user, query.filter, (after, id_))

    async def return_to_form(self, user: User, id_: str, sent: Mapping[str, str]) -> RedirectResponse:
        """Redirect to where a form was: beside the list, or the message's page. A line there says what was done."""
        link = await self.clean(user, sent.get("place", ""))
        return RedirectResponse(return_url(link, id_, sent.get("from", ""), show_result=True), 303)

    async def _words(self) -> Encryptor:
        if self._encryptor is None:
            self._encryptor = Encryptor(await self._secrets.get_or_create("searches"), "searches")
        return self._encryptor


def queue_url(link: str, **parameters: str) -> str:
    """The URL of a filtered list; `at` names the message to show beside it, `done` the one that was acted on."""
    values = parse_query(link.removeprefix("?"))
    path = LISTS.get(values.pop(_LIST, ""), "/")
    query = urlencode({**values, **{name: value for name, value in parameters.items() if value}})
    return f"{path}?{query}" if query else path


def return_url(link: str, id_: str, origin: str, *, show_result: bool = False) -> str:
    """Where a form returns to when the message stays where it is: "queue", "help", or the page of the message.

    `origin` is what the form says about itself. With `show_result`, a line there says what was done.
    """
    done = id_ if show_result else ""
    if origin == "queue":
        return queue_url(link, done=done, at=id_)
    if origin == "help":
        return f"/help?done={done}"
    return f"/messages/{id_}{link}{'&' if link else '?'}done={done}" if done else f"/messages/{id_}{link}"
