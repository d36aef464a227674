"""Links in a text: to third-party classroom tools (clauses 2 and 3), social networks and chat invitations.

A link is only a finding. The policy decides with the register of tools whether a domain is approved.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from spacy.language import Language
from spacy.tokens import Doc

from classifiers.features.annotations import Hit, annotations_of
from gateway.core.policy.clauses import ACCOUNTS, SOCIAL_NETWORKS, TOOLS

_LINK = re.compile(r"\b(?:https?://|www\.)([a-z0-9.\-]{1,200}\.[a-z]{2,20})(?::\d+)?(/[^\s<>\"]*)?", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![@\w.\-/])((?:[a-z0-9\-]{1,63}\.){1,6}(?:com|org|net|io|app|gg|me|ly|co|tv|ai))(/[^\s<>\"]*)", re.IGNORECASE
)
_SOCIAL_NETWORKS = frozenset(
    "instagram.com snapchat.com facebook.com fb.com fb.me tiktok.com twitter.com x.com threads.net bereal.com "
    "bere.al".split()
)
_CHAT_APPS = frozenset(
    "wa.me chat.whatsapp.com whatsapp.com t.me telegram.me discord.gg discord.com signal.me signal.group kik.me "
    "groupme.com m.me messenger.com line.me".split()
)
_SHORTENERS = frozenset(
    "bit.ly tinyurl.com goo.gl t.co is.gd ow.ly buff.ly rebrand.ly cutt.ly shorturl.at rb.gy tiny.cc".split()
)


@Language.factory("chaperone_links")
def create(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """The spaCy component."""
    return annotate


def annotate(doc: Doc) -> Doc:
    """Add a hit with the host for every link of a doc."""
    annotations = annotations_of(doc)
    text = annotations.text
    if "." not in text:
        return doc
    for pattern in (_LINK, _BARE):
        for match in pattern.finditer(text):
            host = match.group(1).lower().removeprefix("www.").rstrip(".")
            domain = ".".join(host.split(".")[-2:])
            location = (match.start(), match.end(), "links")
            if domain in _SOCIAL_NETWORKS or host in _SOCIAL_NETWORKS:
                annotations.hits.append(Hit(SOCIAL_NETWORKS, "social_link", *location))
            elif domain in _CHAT_APPS or host in _CHAT_APPS:
                annotations.hits.append(Hit(ACCOUNTS, "chat_link", *location))
            elif domain in _SHORTENERS:
                annotations.hits.append(Hit(TOOLS, f"shortener:{host}", *location))
            elif not domain.endswith((".gov", ".edu", ".us", ".mil")):
                annotations.hits.append(Hit(TOOLS, host, *location))
    return doc
