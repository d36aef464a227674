"""Links and invitations in a text: to third-party classroom tools (clauses 2 and 3), social networks and chats.

They are only findings. The policy decides, with the register of tools and the ordinary sites, whether one counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from spacy.language import Language
from spacy.tokens import Doc

from classifiers.components.invitations import find_invitations
from classifiers.features.annotations import Hit, annotations_of
from gateway.core.policy.clauses import ACCOUNTS, SOCIAL_NETWORKS, TOOLS
from gateway.core.tools.domains import is_public_institution
from gateway.core.tools.known import NAME_BY_DOMAIN
from gateway.core.tools.register import INVITATION, SHORTENER

_LINK = re.compile(r"\b(?:https?://|www\.)([a-z0-9.\-]{1,200}\.[a-z]{2,20})(?::\d+)?(/[^\s<>\"]*)?", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![@\w.\-/])((?:[a-z0-9\-]{1,63}\.){1,6}(?:com|org|net|io|app|gg|me|ly|co|tv|ai))(/[^\s<>\"]*)", re.IGNORECASE
)
_USUAL_ENDS = (".com", ".org", ".net")
_UNUSUAL = tuple(sorted(domain for domain in NAME_BY_DOMAIN if not domain.endswith(_USUAL_ENDS)))
_UNUSUAL_END = re.compile(
    rf"\.(?:{'|'.join(sorted({domain.rpartition('.')[2] for domain in _UNUSUAL}))})\b", re.IGNORECASE
)
_BARE_KNOWN = re.compile(
    r"(?<![@\w.\-/])((?:[a-z0-9\-]{1,63}\.){0,3}(?:"
    + "|".join(map(re.escape, _UNUSUAL))
    + r"))(?![\w-])(/[^\s<>\"]*)?",
    re.IGNORECASE,
)
"""Domains of known tools without a scheme whose ends are also ends of words, such as kahoot.it."""
_SEPARATED = re.compile(
    r"\b(?:https?:// ?(?:w{2,3} )?|w{2,3} )((?:[a-z0-9\-]{1,63} ){1,4}?"
    r"(?:com|org|net|io|app|gg|me|ly|co|tv|ai|us|it|live|gov|edu|mil|info|link|page|site|school|education|online))\b()",
    re.IGNORECASE,
)
"""A link whose signs the normalization has replaced with blanks, because its words are known."""
_SEPARATED_KNOWN = re.compile(
    r"\b("
    + "|".join(
        re.escape(domain).replace(r"\.", " ") for domain in sorted(NAME_BY_DOMAIN) if domain.endswith(_USUAL_ENDS)
    )
    + r")\b(?= \w)()",
    re.IGNORECASE,
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
    """Add a hit with the host for every link of a doc, and one with the name for every invitation."""
    annotations = annotations_of(doc)
    text = annotations.text
    for name, start, end in find_invitations(text, annotations.words):
        annotations.hits.append(Hit(TOOLS, f"{INVITATION}{name}", start, end, "links"))
    for pattern in _patterns_for(text):
        for match in pattern.finditer(text):
            host = match.group(1).lower().replace(" ", ".").removeprefix("www.").rstrip(".")
            domain = ".".join(host.split(".")[-2:])
            location = (match.start(), match.end(), "links")
            if domain in _SOCIAL_NETWORKS or host in _SOCIAL_NETWORKS:
                annotations.hits.append(Hit(SOCIAL_NETWORKS, "social_link", *location))
            elif domain in _CHAT_APPS or host in _CHAT_APPS:
                annotations.hits.append(Hit(ACCOUNTS, "chat_link", *location))
            elif domain in _SHORTENERS:
                annotations.hits.append(Hit(TOOLS, f"{SHORTENER}{host}", *location))
            elif not is_public_institution(host):
                annotations.hits.append(Hit(TOOLS, host, *location))
    return doc


def _patterns_for(text: str) -> Iterator[re.Pattern[str]]:
    """The patterns that can match a text: most texts have no link."""
    if "." in text:
        yield from (_LINK, _BARE)
        if _UNUSUAL_END.search(text):
            yield _BARE_KNOWN
    if "://" in text or "ww " in text:
        yield _SEPARATED
    if " com " in text or " org " in text or " net " in text:
        yield _SEPARATED_KNOWN
