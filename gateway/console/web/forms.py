"""What a browser's form sends: names and texts, never files."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from starlette.requests import Request

from gateway.console.web.errors import Problem

MESSAGE_ID = re.compile(r"[0-9a-z]{1,64}")
"""What the id of a message looks like."""
_MOST_FIELDS = 300
_FORM = "application/x-www-form-urlencoded"


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form, the first of each name. Raises a Problem where it is none."""
    fields: dict[str, str] = {}
    for name, value in await _pairs(request):
        fields.setdefault(name, value)
    return fields


async def several(request: Request, name: str) -> list[str]:
    """Every value of one field, such as of boxes that were ticked. Raises a Problem where it is no form."""
    return [value for each, value in await _pairs(request) if each == name]


async def _pairs(request: Request) -> list[tuple[str, str]]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise Problem(422, "This is no form of ours.")
    body = await request.body()
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace")
    except ValueError:
        raise Problem(422, "This is no form of ours.") from None


def plain(text: str, longest: int = 2000) -> str:
    """A text that a person wrote, without controls, at most so long."""
    kept = "".join(each if each.isprintable() or each == "\n" else " " for each in text.replace("\r\n", "\n"))
    return kept.strip()[:longest]
