"""Reads HTML forms: names and text, never files."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from starlette.requests import Request

from gateway.console.web.errors import Problem

MESSAGE_ID = re.compile(r"[0-9a-z]{1,64}")
"""What a message id looks like."""
_MAX_FIELDS = 300
_FORM_TYPE = "application/x-www-form-urlencoded"
_NOT_A_FORM = "This is not a form of this console."


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, the first value of each. Raises a Problem if the body is not a form."""
    fields: dict[str, str] = {}
    for name, value in await _pairs(request):
        fields.setdefault(name, value)
    return fields


async def read_values(request: Request, name: str) -> list[str]:
    """Every value of one field, such as checked boxes. Raises a Problem if the body is not a form."""
    return [value for field, value in await _pairs(request) if field == name]


async def _pairs(request: Request) -> list[tuple[str, str]]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM_TYPE:
        raise Problem(422, _NOT_A_FORM)
    body = await request.body()
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="replace")
    except ValueError:
        raise Problem(422, _NOT_A_FORM) from None


def clean_text(text: str, max_length: int = 2000) -> str:
    """Text that a person wrote, without control characters, cut to `max_length`."""
    kept = "".join(char if char.isprintable() or char == "\n" else " " for char in text.replace("\r\n", "\n"))
    return kept.strip()[:max_length]
