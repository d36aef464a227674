"""Phrases, English and Spanish: an exchange goes back to the school account (clause 5), and an emergency.

A text brings the exchange back if one sentence names a school account or a school platform and asks, offers or plans to
use it. A sentence that avoids the school account, or asks for a personal one, does not. Accents and case do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

_SENTENCE = re.compile(r"[^.!?;\n¿¡]+(?:\.(?=\w)[^.!?;\n¿¡]+)*")


def _any(*phrases: str) -> str:
    """A pattern for any of some phrases. A space stands for any white space; the rest is a pattern."""
    return "(?:" + "|".join(phrase.replace(" ", r"\s+") for line in phrases for phrase in line.split("; ")) + ")"


_DETERMINER = _any("the; my; your; our; her; his; a; an; mi; tu; su; el; la; los; las; nuestra; nuestro; un; una")
_PLACE = _any(
    "accounts?; e-?mails?; mail; address; inbox; number; line; phone; platform; app; system; messaging; messenger",
    "portal; chat; channels?; gmail",
)
_OF_SCHOOL = _any("school; district; work; official; proper; staff; student; class; classroom; k-?12")
_LUGAR = _any(
    "correos?; cuentas?; e-?mail; direccion; numero; telefono; plataforma; linea; buzon; mensajeria; sistema",
    "aplicacion; app; canal",
)
_DE_ESCUELA = _any(
    "de (?:la|mi|tu|su|nuestra) (?:escuela|secundaria|preparatoria|prepa|primaria)",
    "del (?:colegio|distrito|instituto|trabajo); escolar(?:es)?; institucional(?:es)?; oficial(?:es)?",
    "de (?:maestr[oa]|profesora?|estudiante|alumn[oa])",
)
_PLATFORMS = _any(
    "google classroom; canvas; schoology; parentsquare; talkingpoints; classdojo; remind; infinite campus",
    "powerschool; seesaw; microsoft teams; teams; (?<=por.)classroom",
)
_TARGET = re.compile(
    r"\b"
    + _any(
        rf"{_OF_SCHOOL}(?:'s)? (?:(?:e-?mail|mail|gmail|google|phone|messaging|office) )?{_PLACE}",
        rf"{_PLACE} (?:at|from|of|for) (?:the )?(?:school|district|work)",
        rf"{_LUGAR} {_DE_ESCUELA}",
        r"(?:e-?mail|message|write|writing|reach|contact) (?:to )?(?:me|you|us) (?:back )?(?:at|through|via) school",
        r"[\w.+-]{1,64}@[\w.-]{0,60}(?:k12|isd|usd|school|district|distrito|escuela)[\w.-]{0,60}",
        _PLATFORMS,
    )
    + r"\b"
)
_CHANNEL = re.compile(rf"\b{_PLATFORMS}\b")
_ASKS = re.compile(
    r"\b"
    + _any(
        "please; pls; plz; let'?s; let us; use; using; write; writing; e-?mail; mail; message; reply; answer; respond",
        "contact; reach; text; continued?; belongs?; see you; talk to you; replying; wrote; drop; forward; keep",
        "move; moving; switch; switching; go; going back; take; bring; send",
        "sending; cc; add me; needs? to be; should be; going to; check; works; ask; talk; stick; stay; from now on",
        "instead; only; better; best; prefer; rather; should; must",
        "have to; need to; can (?:we|you|i); could (?:we|you|i); may i; shall (?:we|i); i'?ll; i will; we'?ll; we will",
        "i'?m going to; over to; back to",
        r"por favor; mejor; solo; solamente; escrib\w*; mand\w*; envi\w*; contest\w*; respond\w*; pregunt\w*",
        r"contact\w*; usa; use; uses; usemos; usar; utiliz\w*; sigamos; seguimos; seguir; continu\w*; hablemos",
        r"hablamos; quedamos; comunic\w*; pas(?:emos|amos|ar); cambi\w+; llevemos; podemos; puedo; puedes; puede",
        r"podrias?; debemos; debes?",
        "hay que",
        "tenemos que; tienes que; voy a; vamos a; de ahora en adelante; a partir de ahora; te escribo; le escribo",
    )
    + r"\b"
)
_AVOIDS_BEFORE = re.compile(
    r"\b"
    + _any(
        "not; never; don'?t; do not; doesn'?t; didn'?t; won'?t; can'?t; cannot; couldn'?t; shouldn'?t; no; nunca; ni",
        "tampoco; sin; without; off; outside; avoid; instead of; rather than; than; away from; leave; stop using; hate",
        r"delete; in place of; en (?:vez|lugar) de(?:l)?; fuera de(?:l)?; lejos de(?:l)?; evita\w*; deja\w* de",
        "(?:mejor|mas|antes|mas bien) que; reset; forgot; lost; unlock; log in(?:to)?; sign in(?:to)?; got",
        "did you get",
        "turn in; hand in; submit; upload; bring(?! this| it); perdi; olvide; entra a; sube; entrega",
    )
    + rf"\s+(?:[\w'@-]+\s+){{0,5}}?(?:{_DETERMINER}\s+)?$"
)
_BREAK = re.compile(
    r",|:|\(|\)|\s-\s|\b"
    + _any("but; so; and; then; because; since; just; only; pero; sino; asi que; entonces; porque")
    + r"\b"
)
_AVOIDS_AFTER = re.compile(
    r"^\s*"
    + _any("is; are; was; gets?; being; has; it'?s; esta; es; lo; la")
    + r"\s+(?:\w+\s+){0,3}?"
    + _any(
        "down; broken; blocked; monitored; watched; read; checked; logged; recorded; filtered; hacked; slow; full",
        "boring; annoying; risky; unsafe; not; caid[oa]; bloquead[oa]; vigilad[oa]; revisad[oa]; leen; revisan",
        "vigilan; lent[oa]",
    )
    + r"\b|^\s*"
    + _any(
        "isn'?t; doesn'?t; won'?t; no (?:funciona|sirve|es|esta); password; passcode; log-?in; user ?name; bounced",
        "expired",
        "to (?:sign|log) in; lo leen",
    )
)
_PERSONAL = re.compile(
    r"\b"
    + _any(
        r"gmail; yahoo; hotmail; outlook\.com; icloud; whats\s?app; snap(?:chat)?; insta(?:gram)?; discord; telegram",
        "signal; tiktok",
        "(?:personal|private|own|home|other) (?:account|e-?mail|mail|address|number|phone|cell)",
        "(?:correo|cuenta|numero|telefono|celular) (?:personal|privad[oa])",
        "(?:otr[oa]|propi[oa]) (?:correo|cuenta|numero|telefono|celular)",
        "my (?:cell|mobile); mi (?:celular|movil); text me",
        "(?:write|text|message|reply|answer|talk|chat) (?:to )?(?:me |us )?here; escribeme aqui; escribame aqui",
    )
    + r"\b"
)
_PERSONAL_AVOIDED = re.compile(
    r"\b"
    + _any(
        "not; never; no; nunca; instead of; rather than; than; off; from; don'?t; can'?t; cannot; shouldn'?t; won'?t",
        "stop; isn'?t; en (?:vez|lugar) de; sin; ni; que; desde; ya no; this is; es; here on; aqui",
    )
    + r"\b[^.,]{0,40}$"
)
_REFUSES = re.compile(
    r"\b(?:i|we|teachers|staff|coaches|counselors)(?:\s+(?:really\s+)?|(?='))"
    + _any(
        "can'?t; cannot; don'?t; do not; shouldn'?t; should not; won'?t",
        "(?:'m|am|aren'?t|are) (?:not )?(?:allowed|supposed|able) to",
    )
    + r"\s+(?:be\s+|keep\s+)?"
    + _any(
        "text; texting; message; messaging; chat; chatting; dm; snap; write; talk; reply; respond; answer; follow",
        "friend; add; accept; communicate",
    )
    + r"(?:\s+\w+){0,3}?\s+"
    + _any(
        "students?; here; on (?:this|here|my (?:personal|private|own|cell))",
        "from (?:this|here|my (?:personal|private|own|cell)); privately",
        "on (?:whatsapp|instagram|snapchat|discord|social media)",
    )
    + r"\b|\bno\s+"
    + _any("puedo; podemos; debo; debemos; tengo permitido; me permiten; acepto; doy; agrego; sigo")
    + r"\s+(?:\w+\s+){0,3}?"
    + _any(
        "por aqui; estudiantes; alumn[oa]s; desde (?:mi|este|aqui); en (?:whatsapp|instagram|este)",
        "por (?:whatsapp|mi (?:numero|celular))",
    )
    + r"\b"
)
_USED = re.compile(
    r"\b" + _any("use; using; on; in; through; over to; to; via; usa; usemos; por; en") + r"\s+(?:the\s+|google\s+)?$"
)
_GOES_ON = re.compile(
    r"\b"
    + _any(
        "instead; from now on; only; please; next time; not (?:my|this|here); write; message; continue; keep; move",
        r"switch; take (?:it|this); bring (?:it|this); mejor; por favor; sigamos; escrib\w*; (?:lo|te) mando",
    )
    + r"\b"
)
_TASK = r"(?:(?:the|this|that|my|a) )?(?:\d|#|number|no\.|problem|question|part|step|page|exercise|homework|chapter)"
_EMERGENCY = re.compile(
    r"\b"
    + _any(
        r"emergency; emergencies; (?<!by.)accident; (?:car|bus|van|bike) crash; crashed (?:the|my|his|her|our|into|on)",
        "ambulance; paramedics?; 911; hospital; urgent care",
        r"evacuat\w*; lock\s?down; tornado; flood(?:ed|ing)?; blizzard; broke(?:n)? down; breakdown; flat tire",
        "stranded; (?:bus|van|car) won'?t start; injur(?:y|ed|ies); bleeding; unconscious",
        rf"stuck (?:at|in|behind) (?!{_TASK}); stuck on (?:(?:the|a|an|my|our) )?(?:bus|van|train|plane|road|highway)",
        r"stuck on (?:(?:the|an?) )?(?:i-?\d+|interstate|freeway|bridge|roof|elevator|lift|side)",
        r"seizure; fainted; passed out; allergic reaction; epi\s?pen; missing (?:student|child|kid)",
        "(?:hurt|broke|sprained|twisted) (?:(?:my|his|her|their|an|the) )?(?:ankle|knee|arm|leg|wrist|head|back)",
        "hurt (?:himself|herself); (?:a|on|the|house|school) fire; fire (?:alarm|department|truck)",
        r"lightning; snow\s?storm; snowed in; power outage; power is out; locked out",
        "left behind; missed the bus; threw up; throwing up; concussion; collapsed; not breathing; is lost; got lost",
        r"emergencia; accidente; choque; ambulancia; evacua\w*; se (?:descompuso|averio|desmayo); varad[oa]s?",
        r"herid[oa]s?; lesionad[oa]s?; llanta (?:ponchada|pinchada); sangr(?:a|e|ando); convulsion(?:es)?",
        "reaccion alergica",
    )
    + r"\b"
)


_MENTIONS = re.compile(
    "sc(?:h|uela|olar)|distri|work|ficial|sta?ff|stud|class|escu|escol|cundaria|prepa|primaria|colegio|institu|trabajo|"
    "maest|profes|alumn|canvas|square|points|remind|campus|seesaw|teams"
)
"""One of these is in every text that names a school account or platform: most texts need no closer look."""
_REFUSALS = ("n't", "not ", "no ", "cant", "dont", "wont")


def find_moves(text: str) -> list[tuple[int, int]]:
    """Where a text brings the exchange back to the school account: start and end in code points, in order."""
    plain = _plain(text)
    if _goes_on_elsewhere(plain):
        return []
    found = [(start + first, start + last) for start, sentence in _sentences(plain) for first, last in _moves(sentence)]
    found += [match.span() for match in _REFUSES.finditer(plain)]
    return sorted(set(found))


def _goes_on_elsewhere(plain: str) -> bool:
    """Whether a sentence of its own asks for a personal account: school matters here, everything else there."""
    return _PERSONAL.search(plain) is not None and any(
        _ASKS.search(sentence[0]) is not None and not _TARGET.search(sentence[0]) and _asks_for_personal(sentence[0])
        for sentence in _SENTENCE.finditer(plain)
    )


def moves_to_school_account(text: str) -> bool:
    """Whether a text brings the exchange back to the school account."""
    return bool(find_moves(text))


def is_emergency(text: str) -> bool:
    """Whether a text tells of an emergency, such as an accident or a bus that broke down."""
    return _EMERGENCY.search(_plain(text)) is not None


def _sentences(plain: str) -> Iterator[tuple[int, str]]:
    for match in _SENTENCE.finditer(plain):
        if _TARGET.search(match[0]):
            yield match.start(), match[0]


def _moves(sentence: str) -> Iterator[tuple[int, int]]:
    if _asks_for_personal(sentence):
        return
    targets = [*_TARGET.finditer(sentence)]
    asks = next((ask for ask in _ASKS.finditer(sentence) if not _is_within(ask, targets)), None)
    if asks is None:
        return
    for target in targets:
        before = sentence[: target.start()]
        breaks = list(_BREAK.finditer(before))
        clause = before[breaks[-1].end() :] if breaks else before
        if _AVOIDS_BEFORE.search(clause) or _AVOIDS_AFTER.search(sentence[target.end() :]):
            continue
        if _CHANNEL.fullmatch(target[0]) and not _uses(sentence, target):
            continue
        yield min(asks.start(), target.start()), max(asks.end(), target.end())


def _is_within(ask: re.Match[str], targets: Sequence[re.Match[str]]) -> bool:
    """Whether a word is part of a place, such as "email" in "school email", and so asks for nothing."""
    return any(target.start() < ask.start() and ask.end() <= target.end() for target in targets)


def _uses(sentence: str, target: re.Match[str]) -> bool:
    """Whether a platform is named to go on there: "use Remind instead", not "remind me" or "teams are posted"."""
    before, after = sentence[: target.start()], sentence[target.end() :]
    return _USED.search(before) is not None and _GOES_ON.search(before + after) is not None


def _asks_for_personal(sentence: str) -> bool:
    """Whether a sentence names a personal account, other than to turn away from it."""
    return any(
        not _PERSONAL_AVOIDED.search(sentence[: match.start()])
        for match in _PERSONAL.finditer(sentence)
        if not _TARGET.search(sentence[max(match.start() - 12, 0) : match.end()])
    )


def _plain(text: str) -> str:
    """A text in lower case without accents, of the same length, with plain apostrophes."""
    if text.isascii():
        return text.lower()
    letters = []
    for letter in text:
        base = unicodedata.normalize("NFD", letter)[0].lower()
        letters.append("'" if letter in "’‘´`" else base if len(base) == 1 else letter)
    return "".join(letters)
