"""vCards (RFC 6350), calendar entries (RFC 5545) and notes that are sent as texts over SMPP."""

from __future__ import annotations

import re
from binascii import a2b_base64, a2b_qp
from contextlib import suppress

_CARD = re.compile(rb"(?:^|[\r\n])\W{0,8}BEGIN:V[A-Z]{1,20}+\s", re.IGNORECASE)
_CARD_FRAME = frozenset({b"BEGIN", b"END", b"VERSION", b"PRODID", b"UID", b"REV", b"DTSTAMP", b"DTSTART", b"DTEND"})
_CARD_PICTURES = frozenset({b"PHOTO", b"LOGO"})
_OTHER_PROPERTIES = b"""
    ADR AALARM ACTION AGENT ALARM ANNIVERSARY ATTACH ATTENDEE BDAY BODY CALADRURI CALURI CATEGORIES CLASS COMMENT
    COMPLETED CONTACT CREATED DALARM DCREATED DESCRIPTION DUE DURATION EMAIL EXDATE EXRULE FBURL FN GENDER GEO IMPP KEY
    KIND LABEL LANG LAST-MODIFIED LOCATION MAILER MALARM METHOD N NICKNAME NOTE ORG ORGANIZER PALARM PRIORITY RDATE
    RELATED REPEAT RESOURCES ROLE RRULE SEQUENCE SORT-STRING SOUND STATUS SUMMARY TEL TITLE TRANSP TRIGGER TZ URL XML
"""
_CARD_PROPERTIES = _CARD_FRAME | _CARD_PICTURES | frozenset(_OTHER_PROPERTIES.split())
"""Properties of vCards, calendar entries and notes. What stands before the colon of any other line may be words."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/=]{20,}")
_EXTENSION = re.compile(rb"X-[A-Z0-9-]{1,40}")


def decoded_card(content: bytes) -> tuple[str, bool]:
    """What a phone shows of a vCard or a calendar entry, its values decoded, and whether it has a picture; "" if none.

    Lines are whole where they are none of a card: a phone may show a card as text.
    """
    if not _CARD.search(content[:500]):
        return "", False
    lines, shown, pictured = iter(content.replace(b"\r\n ", b"").replace(b"\n ", b"").splitlines()), [], False
    for line in lines:
        name, _, value = line.partition(b":")
        plain_name = name.partition(b";")[0].rpartition(b".")[2].strip().upper()
        if plain_name in _CARD_PICTURES:
            pictured = True
            continue
        if pictured and _BASE64.fullmatch(line.strip()):
            continue  # goes on with the picture
        if b" " in name.strip() or not (plain_name in _CARD_PROPERTIES or _EXTENSION.fullmatch(plain_name)):
            shown.append(line.decode("utf-8", "replace"))
            continue
        encoding = name.upper().partition(b"ENCODING=")[2][:1]
        while encoding == b"Q" and value.endswith(b"="):
            value = value[:-1] + next(lines, b"")
        with suppress(ValueError):
            value = a2b_qp(value) if encoding == b"Q" else a2b_base64(value) if encoding == b"B" else value
        if plain_name not in _CARD_FRAME or b" " in value.strip():
            shown.append(value.decode("utf-8", "replace").replace("\\n", "\n").replace("\\", ""))
    return "\n\n".join(filter(None, shown)), pictured
