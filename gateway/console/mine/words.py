"""What the pages of staff say, in English and Spanish."""

from __future__ import annotations

from collections.abc import Callable

_TEXTS: dict[str, tuple[str, str]] = {
    "title": ("My messages", "Mis mensajes"),
    "purpose": (
        "Where each message is that you sent to a student, and why one was not delivered.",
        "Dónde está cada mensaje que usted envió a un estudiante, y por qué alguno no se entregó.",
    ),
    "nobody": (
        "This account is not linked to a staff member of the district's roster, so there are no messages of yours. The "
        "administrator of this gateway can link it.",
        "Esta cuenta no está vinculada a un miembro del personal del distrito, así que no hay mensajes suyos. El "
        "administrador de este sistema puede vincularla.",
    ),
    "none": (
        "There are no recent messages of yours. Mail that is not between staff and students passes through and is "
        "never stored.",
        "No hay mensajes recientes suyos. El correo que no es entre personal y estudiantes pasa y nunca se guarda.",
    ),
    "since": ("since", "desde"),
    "checked": ("being checked", "en revisión automática"),
    "waiting": ("waits for an administrator", "espera a un administrador"),
    "queued": ("on its way", "en camino"),
    "sent": ("delivered", "entregado"),
    "bounced": ("returned by the mail server", "devuelto por el servidor de correo"),
    "rejected": ("not delivered", "no entregado"),
    "asked": ("returned to you", "devuelto a usted"),
    "discarded": ("not delivered", "no entregado"),
    "why": ("Why it was not delivered", "Por qué no se entregó"),
    "advice": ("What you can do:", "Qué puede hacer:"),
    "from_administrator": ("What the administrator wrote:", "Lo que escribió el administrador:"),
    "returned": (
        "It does not seem to be about school, so it was returned to you before anybody read it. If it is right, send "
        "it again.",
        "No parece tratar de la escuela, así que le fue devuelto antes de que nadie lo leyera. Si es correcto, "
        "envíelo otra vez.",
    ),
    "send_anyway": ("Send it as it is", "Enviarlo tal cual"),
    "edit": ("Edit and send again", "Corregir y enviar otra vez"),
    "edit_title": ("Edit and send again", "Corregir y enviar otra vez"),
    "edit_purpose": (
        "This goes as a new message from your district address to the recipients who did not get the first one. It is "
        "checked like every message.",
        "Se envía como un mensaje nuevo desde su dirección del distrito a los destinatarios que no recibieron el "
        "primero. Se revisa como todo mensaje.",
    ),
    "files": ("Attached files are not sent again.", "Los archivos adjuntos no se envían otra vez."),
    "to": ("To", "Para"),
    "subject": ("Subject", "Asunto"),
    "text": ("Text", "Texto"),
    "send": ("Send", "Enviar"),
    "sent_again": ("You sent it again:", "Usted lo envió otra vez:"),
    "ask": ("Ask for another look", "Pedir otra revisión"),
    "ask_words": (
        "What the administrators should know (optional)", "Qué deben saber los administradores (opcional)",
    ),
    "asked_on": ("You asked for another look:", "Usted pidió otra revisión:"),
    "no_answer": ("Nobody has answered yet.", "Nadie ha respondido todavía."),
    "answer": ("The answer:", "La respuesta:"),
    "back": ("Back to my messages", "Volver a mis mensajes"),
    "link_title": ("See your own messages", "Ver sus propios mensajes"),
    "link_purpose": (
        "Staff: enter your district address, and you get a link by mail. It works once and for 15 minutes, and shows "
        "only where your own messages are.",
        "Personal: escriba su dirección del distrito y recibirá un enlace por correo. Funciona una sola vez, durante "
        "15 minutos, y solo muestra dónde están sus propios mensajes.",
    ),
    "address": ("Your district address", "Su dirección del distrito"),
    "send_link": ("Send me the link", "Enviarme el enlace"),
    "link_sent": (
        "If this is the address of a staff member, a link is on its way. Look into your mailbox.",
        "Si es la dirección de un miembro del personal, el enlace está en camino. Revise su correo.",
    ),
    "link_open": (
        "Press the button to sign in. The link works once.", "Pulse el botón para entrar. El enlace funciona una vez.",
    ),
    "sign_in": ("Sign in", "Entrar"),
    "service": ("Sign in with your district account", "Entrar con su cuenta del distrito"),
    "sms_hint": (
        "Write again in your texting app.", "Escriba otra vez en su aplicación de mensajes.",
    ),
}  # fmt: skip


def words_in(language: str) -> Callable[[str], str]:
    """A function that gives the text of a key in a language."""
    at = 1 if language == "es" else 0
    return lambda key: _TEXTS[key][at]
