"""The languages of pages that are for everybody: English and Spanish."""

from __future__ import annotations

from starlette.requests import Request

LANGUAGES = {"en": "English", "es": "Español"}


def language_of(request: Request) -> str:
    """The language of a page: the one that its address names, or else the first that the browser prefers."""
    chosen = request.query_params.get("lang", "")
    if chosen in LANGUAGES:
        return chosen
    for item in request.headers.get("accept-language", "")[:200].lower().split(","):
        name = item.partition(";")[0].strip().partition("-")[0]
        if name in LANGUAGES:
            return name
    return "en"
