"""Notices to staff about their own messages, in English and Spanish. They contain neither content nor names.

What a message says, why it was stopped and what the sender can do is on the page `/mine`, which asks to sign in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.serialization.json_fields import from_rfc3339

SENDER_KINDS = (
    FollowupKind.WAITING, FollowupKind.RELEASED, FollowupKind.NUDGE, FollowupKind.LOOK_ANSWERED,
    FollowupKind.SIGN_IN_LINK,
)  # fmt: skip
"""Follow-ups that become one of these notices."""
_SPANISH = "En español:"


def sender_notice(followup: Followup, url: str, zone: ZoneInfo) -> tuple[str, Sequence[str]]:
    """Subject and paragraphs for a follow-up of SENDER_KINDS. Links begin with `url`."""
    body = followup.body
    if followup.kind is FollowupKind.SIGN_IN_LINK:
        return _link(body, url)
    received = datetime.fromtimestamp(from_rfc3339(str(body["received_at"])), UTC).astimezone(zone)
    return {
        FollowupKind.WAITING: _waiting, FollowupKind.RELEASED: _released, FollowupKind.NUDGE: _nudge,
        FollowupKind.LOOK_ANSWERED: _answered,
    }[followup.kind](f"{received:%Y-%m-%d %H:%M}", url)  # fmt: skip


def _waiting(received: str, url: str) -> tuple[str, Sequence[str]]:
    return "Your message waits / Su mensaje está en espera", (
        f"A message that you sent at {received} to a student waits for an administrator of your school. Nothing is "
        "lost, and you need not do anything: you get another notice when it is released or returned to you.",
        "Where your messages are:",
        f"  {url}/mine",
        f"{_SPANISH} un mensaje que usted envió a un estudiante ({received}) espera la revisión de un administrador de "
        "su escuela. No se ha perdido nada y no tiene que hacer nada: recibirá otro aviso cuando se entregue o se le "
        "devuelva. El enlace de arriba muestra dónde están sus mensajes.",
    )


def _released(received: str, url: str) -> tuple[str, Sequence[str]]:
    return "Your message is on its way / Su mensaje está en camino", (
        f"A message that you sent at {received} to a student waited for an administrator of your school. It is now "
        "released, unchanged, and on its way. You need not do anything.",
        "Where your messages are:",
        f"  {url}/mine",
        f"{_SPANISH} un mensaje que usted envió a un estudiante ({received}) esperaba la revisión de un administrador. "
        "Ya fue aprobado, sin cambios, y está en camino. No tiene que hacer nada. El enlace de arriba muestra dónde "
        "están sus mensajes.",
    )


def _nudge(received: str, url: str) -> tuple[str, Sequence[str]]:
    return "Did you mean to send this? / ¿Quería enviar esto?", (
        f"A message that you sent at {received} to a student was returned to you. It does not seem to be about school, "
        "and messages to students are for educational purposes. Nobody has read it, and nobody was told.",
        "Is it about school, or is it right to send it anyway? Send it again as it is, or change it first. It is not "
        "returned a second time:",
        f"  {url}/mine",
        f"{_SPANISH} un mensaje que usted envió a un estudiante ({received}) le fue devuelto porque no parece tratar "
        "de la escuela. Nadie lo ha leído y no se ha avisado a nadie. Si es correcto enviarlo, envíelo "
        "otra vez, tal cual "
        "o cambiado. No se devolverá por segunda vez. Use el enlace de arriba.",
    )


def _answered(received: str, url: str) -> tuple[str, Sequence[str]]:
    return "Your question was answered / Su pregunta fue respondida", (
        f"You asked for another look at a message that you sent at {received}. An administrator has answered:",
        f"  {url}/mine",
        f"{_SPANISH} usted pidió otra revisión de un mensaje ({received}). Un administrador ha respondido. Use el "
        "enlace de arriba.",
    )


def _link(body: Mapping[str, object], url: str) -> tuple[str, Sequence[str]]:
    minutes = body.get("minutes")
    return "Your link to sign in / Su enlace para entrar", (
        f"This link shows you where your own messages are. It works once, within {minutes} minutes:",
        f"  {url}/mine/link/{body['secret']}",
        "If you did not ask for it, delete this mail: nobody can use the link without it.",
        f"{_SPANISH} este enlace le muestra dónde están sus propios mensajes. Funciona una sola vez, durante {minutes} "
        "minutos. Si usted no lo pidió, borre este correo.",
    )


def own_messages_hint(url: str) -> tuple[str, ...]:
    """Where a staff member reads their own text, corrects it, or asks for another look."""
    return (
        "There you can read why, send a corrected text, or ask for another look:",
        f"  {url}/mine",
    )


def rejection_in_spanish(received: str, url: str, *, is_text: bool, by_staff: bool) -> tuple[str, ...]:
    """The notice of a rejection in Spanish."""
    what = "mensaje de texto" if is_text else "mensaje"
    own = f" En {url}/mine puede leer el motivo, enviar un texto corregido o pedir otra revisión." if by_staff else ""
    return (
        f"{_SPANISH} su {what} del {received} no se entregó, según la política del distrito sobre la comunicación "
        f"entre el personal y los estudiantes ({url}/policy). Si cree que es un error o necesita ayuda, hable con un "
        f"administrador de su escuela.{own}",
    )
