"""Invitations to tools without a link (clauses 2 and 3): joining codes, PINs, meeting ids, names of servers.

They are found by their form: the name of a tool, known or written like one, with a code, or with a word that asks to
join. Which tools are registered is the policy's to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gateway.core.tools.known import KNOWN, ORDINARY_WORDS, SHORT_NAMES, slug

_NAMES = (*KNOWN, *SHORT_NAMES)
_KNOWN_NAME = re.compile(
    r"\b(?:" + "|".join(re.escape(name) for name in sorted(_NAMES, key=len, reverse=True)) + r")\b", re.IGNORECASE
)
_CODE_WORD = re.compile(
    r"\b(?:code|passcode|password|pass|pin|id|key|c[óo]digo|clave|contrase[ñn]a)s?\b", re.IGNORECASE
)
_TOKEN = re.compile(r"[\w@][\w@-]*")
_BEGIN = (
    r"join|joining|sign ?up|register|enroll|download|install|get on|hop on|[úu]n[ae]te|[úu]nanse|unirse|unirte|"
    r"m[ée]tete|m[ée]tanse|reg[íi]strate|reg[íi]strense|inscr[íi]bete|descarga|descarguen"
)
_JOIN = _BEGIN + (
    r"|joined|enter|log ?in(?:to)?|log on|sign ?in|sign on|go to|go into|jump on|play on|open|unirme|entra|entren|"
    r"entrar|ingresa|ingresen|ingresar|con[ée]ctate|con[ée]ctense|inicia sesi[óo]n|abre|abran"
)
_BEGIN_WORD = re.compile(rf"\b(?:{_BEGIN})\b", re.IGNORECASE)
_JOIN_WORD = re.compile(rf"\b(?:{_JOIN})\b", re.IGNORECASE)
_ARTICLES = tuple(
    "our my the us me a an this up for on in into to at al el la en nuestro nuestra mi de del un una class new".split()
)
_AFTER_JOIN = re.compile(rf"(?i:\b(?:{_JOIN})\s(?:(?:{'|'.join(_ARTICLES)})\s){{0,3}})([A-ZÁÉÍÓÚÑ]\w{{2,30}})\b")
_HANDLE = re.compile(r"(?<![\w.])@\w{3,15}\b")
_WRITTEN_LIKE_A_TOOL = re.compile(r"\b[A-Z][a-z]{1,15}[A-Z0-9]\w{1,15}\b")
_NAME_OF_APP = re.compile(r"\b([A-Z]\w{2,30}) (?i:app|game|quiz|server|platform|juego)\b|\b(?i:app) ([A-Z]\w{2,30})\b")
_BEFORE_NOUN = re.compile(r"\b(?:our|my|the|a|on|in|into|nuestro|nuestra|mi|el|la|al|del|en|un|via)\s\Z", re.IGNORECASE)
_BEFORE_SPANISH_NOUN = re.compile(r"\b(?:nuestro|mi|el|al|del|en)\s\Z", re.IGNORECASE)
_USED_AS_VERB = re.compile(
    r"\s(?:you|your|yourself|them|me|him|her|us|everyone|everybody|all|students|parents|people|kids|that|the|in|out|"
    r"off|paper|of|idea)\b",
    re.IGNORECASE,
)
_NO_JOINING_CODE = frozenset(
    "dress zip area postal course source color door locker building error promo discount coupon student employee photo "
    "lunch tax apple honor gate alarm padlock lock garage wifi fi network printer copier security car state vestimenta "
    "puerta casillero candado conducta alumno estudiante".split()
)
"""Words before or after a code word that say that it opens something else."""
_OTHER_LOCKS = re.compile(
    r"\b(?:wi-?fi|network|printer|copier|door|locker|padlock|alarm|gate|laptop|chromebook|puerta|candado|impresora)\b",
    re.IGNORECASE,
)
_NO_NAMES = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december lunes martes room hall gym library school class classroom period homeroom "
    "building door office campus house club team band choir orchestra drama theater art math algebra geometry calculus "
    "biology chemistry physics science history english spanish french german health lab study students parents student "
    "google microsoft meet teams drive docs chrome chromebook ipad wifi internet guest the this our mrs and with your "
    "zone lounge cafeteria auditorium stadium field practice session meeting conference".split()
)
"""Words with a capital letter that are no names of tools."""
_NO_TOOL_FOLLOWED_BY = re.compile(
    r"\s(?:club|team|band|choir|room|hall|gym|library|meeting|practice|high|middle|elementary|school|stadium|park)\b",
    re.IGNORECASE,
)
_BY_TEXT = re.compile(
    r"\b(?:text|send|message|manda|mandar|manden|env[íi]a|enviar|env[íi]en|mensaje)\b[^@\n]{0,30}@\w{3,15}\b"
    r"[^\d\n]{0,15}(?:\d{5}\b|\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}\b)",
    re.IGNORECASE,
)
"""The way in which a class of Remind is joined: text @CODE to a number."""
_SERVER = re.compile(r"\b(?:server|servidor|channel|canal|guild)\b", re.IGNORECASE)
_OWN = re.compile(
    r"\b(?:our|my|nuestr[oa]|mi|called|named|llama|llamado|invite|invitation|invitaci[óo]n)\b", re.IGNORECASE
)
_JUST_A_CODE = re.compile(
    r"\b(?:class code|game pin|game code|join(?:ing)? code|meeting id|c[óo]digo de (?:la )?clase|pin del juego)\b",
    re.IGNORECASE,
)
UNNAMED = "unnamed"
"""In place of a name: a joining code of a tool that is not named."""
_REACH = 90
"""Characters around a code in which the name of its tool is looked for."""
_CODE_REACH = 45
"""Characters after a code word in which its code is looked for."""
_TRIGGERS = frozenset(
    "code codes passcode password pass pin pins id key codigo código clave contraseña discord text send message manda "
    "mandar manden envia envía enviar envíen mensaje".split()
) | {name.lower().split()[0] for name in _NAMES}
"""Words without one of which a text has no invitation."""

Invitation = tuple[str, int, int]
"""The slug of a tool's name, and where the invitation starts and ends."""


def find_invitations(text: str, words: Sequence[tuple[str, int, int]]) -> Iterator[Invitation]:
    """The invitations of a text, each tool once. `words` are its words in lower case, with their places."""
    if _TRIGGERS.isdisjoint(word for word, _, _ in words):
        return
    told: set[str] = set()
    for name, start, end in _all_invitations(text):
        if name not in told:
            told.add(name)
            yield name, start, end


def _all_invitations(text: str) -> Iterator[Invitation]:
    names = [(found, _slug_of(found[0])) for found in _KNOWN_NAME.finditer(text) if _is_name(found, text)]
    for found in _BY_TEXT.finditer(text):
        yield slug("Remind"), *found.span()
    codes = [found for found in _CODE_WORD.finditer(text) if _has_code(found, text)]
    for found in codes:
        yield from _with_code(found, text, names)
    for handle in _HANDLE.finditer(text):
        yield from _with_code(handle, text, names, or_unknown=False)
    for name, name_slug in names:
        if (start := _asked_to_join(name.start(), text)) is not None or _is_server(name, name_slug, text):
            yield name_slug, name.start() if start is None else start, name.end()


def _slug_of(name: str) -> str:
    return slug(SHORT_NAMES.get(name.lower(), name))


def _is_name(found: re.Match[str], text: str) -> bool:
    """Whether a known name is meant, where it is an ordinary word too."""
    word, before = found[0], text[max(0, found.start() - 12) : found.start()]
    if word.lower() == "classroom":
        return word[0].isupper() or _BEFORE_SPANISH_NOUN.search(before) is not None
    if word.lower() not in ORDINARY_WORDS:
        return True
    if _USED_AS_VERB.match(text, found.end()):
        return False
    return word[0].isupper() or _BEFORE_NOUN.search(before) is not None


def _has_code(found: re.Match[str], text: str) -> bool:
    """Whether a code follows or precedes a code word, and the words around do not say that it opens something else."""
    before = _TOKEN.findall(text[max(0, found.start() - 30) : found.start()])
    after = _TOKEN.findall(text[found.end() : found.end() + _CODE_REACH])
    if {word.lower() for word in (*before[-1:], *after[:2])} & _NO_JOINING_CODE:
        return False
    return any(map(_is_code, after)) or any(map(_is_code, before[-4:]))


def _is_code(token: str) -> bool:
    """Whether a word is written like a code: with a digit, in capitals, or with @ before it."""
    if len(token) < 3 or len(token) > 24:
        return False
    return token[0] == "@" or any(char.isdigit() for char in token) or (token.isupper() and len(token) > 3)


def _with_code(
    code: re.Match[str], text: str, names: Sequence[tuple[re.Match[str], str]], *, or_unknown: bool = True
) -> Iterator[Invitation]:
    """The tool whose name is nearest to a code, or else a word around it that is written like the name of a tool."""
    start, end = max(0, code.start() - _REACH), code.end() + _REACH
    near = [(name, name_slug) for name, name_slug in names if name.end() > start and name.start() < end]
    if near:
        name, name_slug = min(near, key=lambda item: abs(item[0].start() - code.start()))
        yield name_slug, min(name.start(), code.start()), max(name.end(), code.end())
        return
    around = text[start:end]
    if not or_unknown or _JOIN_WORD.search(around) is None or _OTHER_LOCKS.search(around):
        return
    for written in _written_names(around):
        yield slug(written), code.start(), code.end()
        return
    if just := _JUST_A_CODE.search(around):
        yield UNNAMED, start + just.start(), start + just.end()


def _written_names(around: str) -> Iterator[str]:
    """Words that are written like the name of a tool: after a word to join, or with capitals inside, or as an app."""
    for found in _AFTER_JOIN.finditer(around):
        if not _NO_TOOL_FOLLOWED_BY.match(around, found.end()):
            yield from _unless_ordinary(found[1])
    for found in _NAME_OF_APP.finditer(around):
        yield from _unless_ordinary(found[1] or found[2])
    for found in _WRITTEN_LIKE_A_TOOL.finditer(around):
        if not any(char.isdigit() for char in found[0]):
            yield from _unless_ordinary(found[0])


def _unless_ordinary(word: str) -> Iterator[str]:
    if word.lower() not in _NO_NAMES and not (word.isupper() and any(char.isdigit() for char in word)):
        yield word


def _asked_to_join(at: int, text: str) -> int | None:
    """Where the words that ask to join the tool at a place start; None if they do not stand right before it."""
    asked = list(_BEGIN_WORD.finditer(text, max(0, at - 40), at))
    if not asked:
        return None
    between = text[asked[-1].end() : at].lower().split()
    return asked[-1].start() if len(between) < 5 and set(between) <= set(_ARTICLES) else None


def _is_server(name: re.Match[str], name_slug: str, text: str) -> bool:
    """Whether a server or channel of Discord or Slack is offered."""
    if name_slug not in ("discord", "slack"):
        return False
    around = text[max(0, name.start() - 40) : name.end() + 40]
    return bool(_SERVER.search(around)) and bool(_OWN.search(around) or _JOIN_WORD.search(around))
