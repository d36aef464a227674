"""Reads a form with one file (RFC 7578). Nothing of it is written or parsed here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request

from gateway.console.web.errors import Problem

_FORM_TYPE = "multipart/form-data"
_BOUNDARY = re.compile(r'boundary="?([0-9A-Za-z\'()+_,\-./:=? ]{1,70})"?', re.IGNORECASE)
_NAME = re.compile(rb'[; ]name="([a-z_-]{1,40})"')
_FILE_NAME = re.compile(rb'[; ]filename="([^"\r\n]{0,200})"')
_MAX_PARTS, _MAX_VALUE = 20, 10_000
_NOT_A_FORM = "This is not a form of this console."


@dataclass(frozen=True, slots=True)
class Upload:
    """The fields of a form, and its file with its name as the browser gives it."""

    fields: dict[str, str]
    file: bytes
    name: str


async def read_upload(request: Request) -> Upload:
    """The fields and the file of a form. Raises a Problem if the body is not such a form."""
    content_type = request.headers.get("content-type", "")
    found = _BOUNDARY.search(content_type)
    if content_type.partition(";")[0].strip().lower() != _FORM_TYPE or found is None:
        raise Problem(422, _NOT_A_FORM)
    delimiter = b"\r\n--" + found[1].encode("ascii")
    pieces = (b"\r\n" + await request.body()).split(delimiter, _MAX_PARTS + 1)
    if len(pieces) > _MAX_PARTS + 1 or not pieces[-1].startswith(b"--"):
        raise Problem(422, _NOT_A_FORM)
    fields: dict[str, str] = {}
    file, file_name = b"", ""
    for piece in pieces[1:-1]:
        head, separator, value = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head[:2000])
        if not separator or name is None:
            raise Problem(422, _NOT_A_FORM)
        named = _FILE_NAME.search(head[:2000])
        if named is not None:
            file, file_name = value, named[1].decode("utf-8", "replace")
        elif len(value) <= _MAX_VALUE:
            fields.setdefault(name[1].decode(), value.decode("utf-8", "replace"))
    return Upload(fields, file, file_name)
