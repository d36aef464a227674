"""Where a text leads: links to third-party classroom tools (clauses 2 and 3), social networks and chat invitations.

A link is the finding, not yet the fault: the policy asks the register of tools whether a domain is approved.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from spacy.language import Language
from spacy.tokens import Doc

from classifiers.features.annotations import Hit, evidence

_LINK = re.compile(r"\b(?:https?://|www\.)([a-z0-9.\-]{1,200}\.[a-z]{2,20})(?::\d+)?(/[^\s<>\"]*)?", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![@\w.\-/])((?:[a-z0-9\-]{1,63}\.){1,6}(?:com|org|net|io|app|gg|me|ly|co|tv|ai))(/[^\s<>\"]*)", re.IGNORECASE
)
_SOCIAL = frozenset(
    "instagram.com snapchat.com facebook.com fb.com fb.me tiktok.com twitter.com x.com threads.net bereal.com "
    "bere.al".split()
)
_CHAT = frozenset(
    "wa.me chat.whatsapp.com whatsapp.com t.me telegram.me discord.gg discord.com signal.me signal.group kik.me "
    "groupme.com m.me messenger.com line.me".split()
)
_SHORT = frozenset(
    "bit.ly tinyurl.com goo.gl t.co is.gd ow.ly buff.ly rebrand.ly cutt.ly shorturl.at rb.gy tiny.cc".split()
)


@Language.factory("chaperone_links")
def create(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """The component."""
    return mark


def mark(doc: Doc) -> Doc:
    """Note every link of a doc with its registered domain."""
    noted = evidence(doc)
    text = noted.text
    if "." not in text:
        return doc
    for pattern in (_LINK, _BARE):
        for found in pattern.finditer(text):
            host = found.group(1).lower().removeprefix("www.").rstrip(".")
            domain = ".".join(host.split(".")[-2:])
            place = (found.start(), found.end(), "links")
            if domain in _SOCIAL or host in _SOCIAL:
                noted.hits.append(Hit("1", "social_link", *place))
            elif domain in _CHAT or host in _CHAT:
                noted.hits.append(Hit("4", "chat_link", *place))
            elif domain in _SHORT:
                noted.hits.append(Hit("2", f"shortener:{host}", *place))
            elif not domain.endswith((".gov", ".edu", ".us", ".mil")):
                noted.hits.append(Hit("2", host, *place))
    return doc
