"""What a form of Twilio's says: its Body, and words in other fields that an application or a phone may show.

The words of other fields follow the Body in the content of a message, so that they are read too. The last option of
the envelope says how many bytes they are, so that the form is restored as it came.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.core.channels.smpp_readings import better_readings
from gateway.core.channels.text_routing import OTHER_WORDS
from gateway.core.channels.twilio import (
    BODY,
    FormKind,
    TwilioForm,
    bare_name,
    form_options,
    restore_form,
    text_of,
    to_bytes,
)

_LETTER = re.compile(r"[^\W\d_]")
_MIN_LETTERS, _MAX_OTHERS = 3, 20
_ALWAYS_READ = ("body", "text", "title")
_NOT_SHOWN = frozenset(
    """
    accountsid addressretention apiversion applicationsid attempt channelinstallsid channelmetadata channelprefix
    channeltoaddress contentretention contentsid errorcode errormessage eventtype externalusererror forcedelivery
    forwarded frequentlyforwarded from fromcity fromcountry fromstate fromzip latitude longitude maxprice
    mediacontenttype mediaurl messagesid messagestatus messagetype messagingservicesid nummedia numsegments optouttype
    originalrepliedmessagesender originalrepliedmessagesid profilename providefeedback riskcheck scheduletype sendasmms
    sendat shortenurls smartencoded smsmessagesid smssid smsstatus statuscallback tags to tocity tocountry tostate tozip
    validityperiod waid
""".split()
)
"""Fields of the provider that show no words of the sender, by the letters of their names."""


def other_words(form: TwilioForm) -> tuple[str, ...]:
    """The words of a form beside its Body: in other fields, and what a damaged Body must be."""
    found = [value for name, value in form if name != BODY and _says_something(bare_name(name), value)]
    body = to_bytes(text_of(form))
    found += better_readings([body], body.decode("utf-8", "replace"), is_text=True, is_wide=False)
    return tuple(dict.fromkeys(found))[:_MAX_OTHERS]


def stored_form(form: TwilioForm, kind: FormKind) -> tuple[bytes, tuple[str, ...]]:
    """The content and the envelope options of a message that came as a form."""
    body, options = to_bytes(text_of(form)), form_options(form, kind)
    others = other_words(form)
    if not others and not any(name == OTHER_WORDS for name, _ in form):
        return body, options
    more = b"".join(b"\n" + to_bytes(words) for words in others)
    return body + more, (*options, f"{OTHER_WORDS}={len(more)}")


def form_of(options: Sequence[str], content: bytes) -> TwilioForm:
    """The form as it came. The inverse of `stored_form`."""
    name, _, size = options[-1].partition("=")
    if name != OTHER_WORDS or not size.isdecimal():
        return restore_form(options, content)
    return restore_form(options[:-1], content[: len(content) - int(size)])


def _says_something(name: str, value: str) -> bool:
    """Whether a field that the provider does not document may show words. Single words are names of kinds."""
    if name in _NOT_SHOWN or len(_LETTER.findall(value[:10_000])) < _MIN_LETTERS:
        return False
    return len(value.split(None, 1)) > 1 or name.endswith(_ALWAYS_READ)
