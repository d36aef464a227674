"""Occasions: whether an outsider who writes to several students at once speaks of a party, a game or a ride.

A parent who invites to a birthday, a scout leader, and the coach of a league write to several students of one school,
openly and about a time and a place. Somebody who wants something else of students asks for pictures, numbers or
silence, or offers money; that is no occasion, whatever else the text speaks of.
"""

from __future__ import annotations

import re
import unicodedata

_OCCASION = re.compile(
    r"\b(?:party|parties|birthday|b-?day|quinceanera|bar mitzvah|bat mitzvah|baptism|wedding|open house|sleepover"
    r"|cook-?out|barbecue|bbq|picnic|potluck|dinner|brunch|campout|camping|hike|field trip|trip|reunion|recital"
    r"|rehearsal|concert|gig|practice|scrimmage|game|match|meet|race|tournament|league|troop|scouts?|youth group"
    r"|bible study|car ?pool|ride home|pick(?: you)? ?up|pick-?up|drop(?: you)? off|movies?|game night|pizza"
    r"|coffee|ice cream|service project|bake sale|car wash|graduation|cena|fiesta|cumpleanos|ensayo|partido"
    r"|entrenamiento|torneo|campamento|misa|bautizo|boda|paseo|excursion|carne asada|posada)\b"
)
_TIME = re.compile(
    r"\b(?:mon|tues?|wednes|wed|thurs?|fri|satur|sat|sun)(?:day)?s?\b|\b(?:today|tonight|tomorrow|weekend|noon|midnight)\b"
    r"|\b\d{1,2}(?::\d\d)?\s?(?:am|pm|a\.m\.|p\.m\.)|\b\d{1,2}:\d\d\b|\b(?:at|until|till|from|by|start)\s\d{1,2}\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.? \d{1,2}\b"
    r"|\b(?:lunes|martes|miercoles|jueves|viernes|sabado|domingo|manana|hoy)\b|\ba las? \d"
)
_ASKS_FOR_MORE = re.compile(
    r"\b(?:pics?|pictures?|photos?|selfies?|fotos?) of (?:you|your)|\b(?:send|mand\w+|envi\w+)\b.{0,40}"
    r"\b(?:pics?|pictures?|photos?|selfies?|nudes?|fotos?|numbers?|numero)\b"
    r"|\b(?:your|tu) (?:cell |phone |private )?(?:numbers?|snap(?:chat)?|insta(?:gram)?|numero|telefono)\b"
    r"|\b(?:secrets?|secreto|between us|entre nosotr\w+|just (?:you|us|the two)|alone|a solas"
    r"|no (?:parents|adults|chaperones?)|without (?:your )?parents|sin (?:tus )?padres"
    r"|do(?:n'?t| not) (?:tell|mention|show|say)|no (?:le )?(?:digas|cuentes)"
    r"|nobody (?:needs|has) to know|delete|borra)\b"
    r"|\b(?:model(?:s|ing|ling)?|agency|hiring|hire|cash|money|paid|pay(?:s|ing)?|dinero|beer|drinks?|alcohol|weed|vapes?"
    r"|cerveza)\b|\$\s?\d"
)


def is_occasion(text: str) -> bool:
    """Whether a text is about an occasion at some time, and asks for nothing that does not belong to one."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    plain = " ".join(plain.lower().replace("’", "'").split())
    return (
        _OCCASION.search(plain) is not None and _TIME.search(plain) is not None and _ASKS_FOR_MORE.search(plain) is None
    )
