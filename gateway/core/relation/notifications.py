"""Notifications of social networks, by their form: mail of no person about an invitation, a follower or a friend.

See also the policy's list of social networks: their notifications need no such form.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from gateway.core.relation.mail_claims import MailClaims

_WORD = re.compile(r"[^\s\"“”«»(),;:|<>\[\]!?…]+")
_WINDOW_WORDS = range(1, 6)  # a name is a handle (danawhitfield), or two to five words with its title
_MAX_WORDS = 40
_NO_PERSON = re.compile(
    r"(?:.*[._+-])?(?:no-?_?\.?reply|do-?_?not-?_?reply|notif(?:y|ication|ications|ier)|alerts?|invit(?:e|es|ation|ations)"
    r"|friends?-?(?:update|request|suggestion)s?|follow(?:er|ers|s)?|updates?|mailer|messages?|social|requests?|bot"
    r"|no_?responder|noresponder|avisos?|notificaci(?:on|ones)|security|info|hello|team|support)(?:[._+-].*)?",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"""
    \b(?:wants|would\ like|asked|has\ asked|is\ asking|has\ requested|requested|sent\ you\ a\ request)\ to\ (?:connect|
        be\ (?:your\ )?friends?|be\ (?:your\ )?(?:buddy|contact)|become\ (?:your\ )?friends?|follow|add|befriend|chat|
        friend|message|see\ your|talk|link\ up|share\ (?:their|his|her)\ location)
    | \b(?:(?:is\ now|has\ (?:started|begun)|just\ started|started|began|now)\ following|now\ follows|followed\ you|
        follows\ you|follow\ you\ back|followed\ you\ back)\b
    | \b(?:new\ |you\ have\ an?\ (?:new\ )?)(?:follower|friend|connection|contact|match|buddy)\b
    | \b(?:friend|follow|follower|connection|contact|buddy|message|chat)\ (?:request|invite|invitation|suggestion)s?\b
    | \b(?:accept|respond\ to|approve|see)\b.{0,60}\b(?:invitation|request)\b
    | \b(?:i['’]?d|i\ would)\ like\ to\ (?:add|connect|join)\b
    | \b(?:has\ |just\ )?(?:added|friended|tagged|mentioned|poked|liked|dmed|waved\ at)\ you\b
    | \b(?:is\ |has\ )?invit(?:ed|es|ing)\ you\ to\ (?:connect|chat|join|be|follow|(?:a\ |the\ |their\ |his\ |her\ )?
        (?:private\ )?(?:chat|server|group|community|channel|network|circle|story|party|game))
    | \b(?:sent|sends)\ you\ an?\ (?:friend|private|direct|new|chat|snap|message|dm|gift|photo|picture|video)
    | \b(?:your\ friend|join\ me\ on|add\ me\ on|find\ me\ on|is\ on)\s\S
    | \b(?:ha\ (?:empezado|comenzado)\ a\ seguirte|te\ ha\ (?:empezado|comenzado)\ a\ seguir
        |(?:empez[oó]|comenz[oó])\ a\ seguirte
        |te\ (?:empez[oó]|comenz[oó])\ a\ seguir|(?:ahora\ )?te\ (?:est[aá]\ siguiendo|sigue)|te\ sigui[oó])
    | \b(?:quiere|desea|quisiera|pidi[oó]|ha\ (?:solicitado|pedido)|solicit[oó])\ (?:conectar(?:se)?|ser\ tu|seguirte|
        agregarte|a[nñ]adirte|hacerse|ser\ amig|chatear|unirse)
    | \bte\ (?:ha\ )?(?:envi(?:[oó]|ado)|mand(?:[oó]|ado))\ una?\ (?:solicitud|invitaci[oó]n|mensaje|foto)
    | \bte\ (?:ha\ )?(?:invit(?:[oó]|ado)|agreg(?:[oó]|ado)|a[nñ]adi(?:[oó]|do)|etiquet(?:[oó]|ado)|mencion(?:[oó]|ado))
    | \b(?:solicitud|invitaci[oó]n)\ de\ (?:amistad|seguimiento|conexi[oó]n|contacto|chat)\b
    | \bnuev[oa]\ (?:seguidora?|amig[oa]|contacto|solicitud)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_WORK = re.compile(
    r"\b(?:class(?:room)?|course|documents?|doc|folder|file|spreadsheet|slides?|meeting|event|calendar|webinar|assignment"
    r"|survey|form|quiz|notebook|workspace|conference|appointment|clase|curso|documento|carpeta|archivo|reuni[oó]n|evento"
    r"|tarea|formulario|encuesta|cita)\b",
    re.IGNORECASE,
)
"""Tools at work invite too. Which of them are allowed is a question of clauses 2 and 3."""


def is_notification(claims: MailClaims, sender: str, networks: Collection[str]) -> bool:
    """Whether a mail is a notification of a social network, by its domain or by its form."""
    if is_from(sender, networks) or any(is_from(box.address, networks) for box in claims.authors):
        return True
    text = " | ".join([claims.subject, *(box.name for box in claims.authors)])
    if len(text) > 1000:
        text = text[:1000]
    if not (claims.is_automatic or claims.is_bulk or any(_is_no_person(box.address) for box in claims.authors)):
        return False
    return _FORM.search(text) is not None and _WORK.search(text) is None


def _is_no_person(address: str) -> bool:
    return _NO_PERSON.fullmatch(address.rpartition("@")[0][:64]) is not None


def is_from(address: str, networks: Collection[str]) -> bool:
    """Whether the domain of an address is one of some domains or below one."""
    if not networks:
        return False
    domain = address.rpartition("@")[2].strip(" >.").lower()
    while domain:
        if domain in networks:
            return True
        domain = domain.partition(".")[2]
    return False


def names_in(text: str) -> Iterator[str]:
    """The words of a text, and groups of neighboring words, that may be a name or an account."""
    words = [word.removesuffix("'s").removesuffix("’s") for word in _WORD.findall(text)[:_MAX_WORDS]]
    for length in _WINDOW_WORDS:
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])
