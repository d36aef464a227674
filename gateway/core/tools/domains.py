"""Domains of tools: how they are written, what is above them, and which belong to public institutions."""

from __future__ import annotations

import re

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z][a-z0-9-]{1,62}")
_PUBLIC = frozenset({"gov", "gob", "mil", "edu"})
_SECOND_LEVELS = _PUBLIC | {"ac", "co", "com", "org", "net", "k12"}
"""Labels below a country, such as co.uk, under which organizations register."""


def as_domain(text: str) -> str | None:
    """A domain as people write it, without scheme, path and "www."; None if it is none."""
    written = text.strip().lower().removeprefix("https://").removeprefix("http://").partition("/")[0]
    domain = written.removeprefix("www.").rstrip(".")
    return domain if len(domain) <= 253 and _DOMAIN.fullmatch(domain) else None


def with_parents(domain: str) -> list[str]:
    """A domain and every domain above it, without the top-level domain; the longest first."""
    labels = domain.lower().strip(". ").split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def site_of(host: str) -> str:
    """The domain that somebody registered for a host: its last two labels, or three as in example.co.uk."""
    labels = host.lower().split(".")
    kept = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS else 2
    return ".".join(labels[-kept:])


def is_public_institution(host: str) -> bool:
    """Whether a host belongs to a government, its forces, or a school: by its top-level domain, or that of a state."""
    labels = host.lower().split(".")
    if labels[-1] in _PUBLIC or (labels[-1] == "us" and len(labels) > 2 and len(labels[-2]) == 2):
        return True  # such as example.k12.ia.us and co.polk.ia.us
    return len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in (_PUBLIC | {"ac"})
