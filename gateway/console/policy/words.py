"""What the public pages of the policy say, in English and Spanish."""

from __future__ import annotations

from collections.abc import Callable, Mapping

_TEXTS: Mapping[str, tuple[str, str]] = {
    "policy": ("Policy", "Política"),
    "purpose": (
        "What staff and students may write to each other, and what this gateway looks for. Anyone can read this page.",
        "Lo que el personal y los estudiantes pueden escribirse, y lo que este sistema busca. Cualquiera puede leer "
        "esta página.",
    ),
    "in_force": ("in force", "en vigor"),
    "version": ("version", "versión"),
    "since": ("since", "desde"),
    "looks_for": ("What the gateway looks for", "Lo que el sistema busca"),
    "help": ("help", "ayuda"),
    "history": ("What was in force when", "Qué estaba en vigor y cuándo"),
    "history_note": (
        "One version is in force at any time. Each message is decided by the version of its moment. A later version "
        "never decides it again.",
        "En cada momento hay una sola versión en vigor. Cada mensaje se decide con la versión de su momento. Una "
        "versión posterior nunca lo vuelve a decidir.",
    ),
    "from": ("From", "Desde"),
    "until": ("Until", "Hasta"),
    "now": ("now", "ahora"),
    "soon": ("not in force yet", "aún no está en vigor"),
    "back": ("The policy in force", "La política en vigor"),
    "earlier": ("A version of the policy", "Una versión de la política"),
    "file": ("Its policy file, SHA-256", "Su archivo, SHA-256"),
    "unreadable": (
        "This version of the gateway cannot read the file of that time. Its text is below.",
        "Esta versión del sistema no puede leer el archivo de entonces. Su texto está abajo.",
    ),
    "other_language": ("", "El distrito publica este texto solo en inglés."),
}


def policy_words(language: str) -> Callable[[str], str]:
    """A function that gives the text of a key in a language."""
    at = 1 if language == "es" else 0
    return lambda key: _TEXTS[key][at]
