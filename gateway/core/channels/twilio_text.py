"""What a form of Twilio's says: its Body, and words in other fields that an application or a phone may show.

The words of other fields follow the Body in the content of a message, so that they are read too. The last option of
the envelope says how many bytes they are, so that the form is restored as it came. The names that students chose stand
behind a mark: applications show them beside every text, so they are not what a text says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.core.channels.smpp_readings import better_readings, is_call, without_markup
from gateway.core.channels.text_routing import NAMES_MARK, OTHER_WORDS, READING_MARK, is_name, without_marks
from gateway.core.channels.twilio import (
    BODY,
    FormKind,
    TwilioForm,
    all_values,
    bare_name,
    first_value,
    form_options,
    restore_form,
    text_of,
    to_bytes,
)

_LETTER = re.compile(r"[^\W\d_]")
_MIN_LETTERS, _MAX_DEPTH = 3, 8
_SEPARATOR = b"\n\n"
_ALWAYS_READ = (
    "body",
    "text",
    "title",
    "label",
    "caption",
    "description",
    "headline",
    "address",
    "footer",
    "header",
    "subject",
)
_PROFILE = "profilename"
_SHOWN_BESIDE = frozenset(
    "address buttontext label listdescription listtitle referralbody referralheadline subject".split()
)
"""Fields that are shown beside the Body, not in its place."""
_NOT_SHOWN = frozenset(
    """
    accountsid addressretention apiversion applicationsid attempt channelinstallsid channelprefix
    channeltoaddress contentretention contentsid errorcode errormessage eventtype externalusererror forcedelivery
    forwarded frequentlyforwarded from fromcity fromcountry fromstate fromzip latitude longitude maxprice
    mediacontenttype mediaurl messagesid messagestatus messagetype messagingservicesid nummedia numsegments optouttype
    originalrepliedmessagesender originalrepliedmessagesid providefeedback riskcheck scheduletype sendasmms
    sendat shortenurls smartencoded smsmessagesid smssid smsstatus statuscallback tags to tocity tocountry tostate tozip
    validityperiod waid
""".split()
)
"""Fields of the provider that show no words of the sender, by the letters of their names."""


@dataclass(frozen=True, slots=True)
class WordsBeside:
    """The words of a form beside its Body. `names` are those of its sender. `is_disputed`: one may be shown instead."""

    words: tuple[str, ...]
    names: tuple[str, ...] = ()
    is_disputed: bool = False


def words_beside(form: TwilioForm) -> WordsBeside:
    """The words of a form beside its Body: in other fields, and what a damaged Body must be."""
    text = text_of(form)
    fields = [field for name, value in form if name != BODY for field in _fields(name, value)]
    names = [value for name, value in fields if bare_name(name) == _PROFILE and len(_LETTER.findall(value)) > 1]
    shown = [(bare_name(name), value) for name, value in fields if _says_something(bare_name(name), value)]
    others = [value for name, value in shown if name not in _SHOWN_BESIDE]
    others += [value for _, value in _fields("", text) if value is not text]
    others += bodies if len(bodies := all_values(form, BODY)) > 1 else ()
    others.append("\n".join(value for name, value in form if name != BODY and bare_name(name) == BODY.lower()))
    body = to_bytes(text)
    others += better_readings([body], body.decode("utf-8", "replace"), is_text=True, is_wide=False)
    others.append(without_markup(text))
    known = ("", text.strip())
    words = [words for words in dict.fromkeys((*(value for _, value in shown), *others)) if words.strip() not in known]
    return WordsBeside(
        tuple(words),
        tuple(name for name in dict.fromkeys(names) if name.strip() not in (*known, *words)),
        any(words.strip() not in known for words in others),
    )


def address_field(form: TwilioForm, name: str) -> str:
    """The value of From or To, which may stand inside another field of JSON."""
    if found := first_value(form, name):
        return found
    inner = (field for key, value in form for field in _fields(key, value))
    return next((value for key, value in inner if value and bare_name(key) == name.lower()), "")


def is_only_body(form: TwilioForm) -> bool:
    """Whether a form has no words beside its Body but the name of its sender."""
    beside = words_beside(form)
    return not beside.words and all(map(is_name, beside.names))


def stored_form(form: TwilioForm, kind: FormKind, *, names_apart: bool = False) -> tuple[bytes, tuple[str, ...]]:
    """The content and the envelope options of a message that came as a form. `names_apart`: it is by a student."""
    body, options = to_bytes(text_of(form)), form_options(form, kind)
    beside = words_beside(form)
    shown = [*beside.words, *(() if names_apart else beside.names)]
    more = b"".join(_SEPARATOR + to_bytes(READING_MARK + without_marks(words)) for words in shown)
    if (names_apart and beside.names) or NAMES_MARK.encode() in body:  # a mark of the sender's must not be the last one
        names = map(without_marks, beside.names if names_apart else ())
        more += _SEPARATOR + to_bytes(NAMES_MARK + "\n".join(names))
    if not more and not any(name == OTHER_WORDS for name, _ in form):
        return body, options
    return body + more, (*options, f"{OTHER_WORDS}={'' if beside.is_disputed else '0'}{len(more)}")


def form_of(options: Sequence[str], content: bytes) -> TwilioForm:
    """The form as it came. The inverse of `stored_form`."""
    name, _, size = options[-1].partition("=")
    if name != OTHER_WORDS or not size.isdecimal():
        return restore_form(options, content)
    return restore_form(options[:-1], content[: len(content) - int(size)])


def _fields(name: str, value: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """A field, or the fields in it if it is JSON: their innermost names and their values."""
    if depth < _MAX_DEPTH and value.lstrip()[:1] in ("{", "["):
        try:
            decoded = json.loads(value)
        except (ValueError, RecursionError):
            pass
        else:
            yield from _inner_fields(name, decoded, depth)
            return
    yield name, value


def _inner_fields(name: str, decoded: object, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(decoded, str):
        yield from _fields(name, decoded, depth + 1)
    elif depth < _MAX_DEPTH and isinstance(decoded, dict):
        for key, value in decoded.items():
            yield from _inner_fields(key, value, depth + 1)
    elif depth < _MAX_DEPTH and isinstance(decoded, list):
        for value in decoded:
            yield from _inner_fields(name, value, depth + 1)
    elif isinstance(decoded, dict | list):
        yield name, json.dumps(decoded, ensure_ascii=False)


def _says_something(name: str, value: str) -> bool:
    """Whether a field that the provider does not document may show words. Single words are names of kinds."""
    if name in _NOT_SHOWN or name == _PROFILE:
        return False
    if len(_LETTER.findall(value[:10_000])) < _MIN_LETTERS:
        return is_call(value)
    return len(value.split(None, 1)) > 1 or name.endswith(_ALWAYS_READ) or is_call(value)
