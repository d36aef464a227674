"""Characters that look like plain Latin letters or signs: the common part of Unicode TS 39."""

from __future__ import annotations

_LETTERS = {
    "a": "аɑαａ∂ạ", "b": "Ьбʙ", "c": "сϲⅽ", "d": "ԁժⅾ", "e": "еєҽ℮ε", "f": "ƒϝ", "g": "ɡցɢ", "h": "һհʜ", "i": "іıιɩӏ",
    "j": "јϳ", "k": "кκ", "l": "ⅼ∣", "m": "ⅿ", "n": "пηո", "o": "оοօσ০ө", "p": "рρ", "q": "ԛգ", "r": "гʀ", "s": "ѕʂ",
    "t": "тτ", "u": "υսц", "v": "νѵⅴ", "w": "ԝωѡш", "x": "хχⅹ", "y": "уγүʏ", "z": "ᴢ",
    "A": "АΑ", "B": "ВΒ", "C": "СϹⅭ", "D": "Ꭰ", "E": "ЕΕ", "F": "Ϝ", "G": "Ԍ", "H": "НΗ", "I": "ІΙӀ", "J": "Ј",
    "K": "КΚ",
    "L": "Ⅼ", "M": "МΜ", "N": "Ν", "O": "ОΟՕ", "P": "РΡ", "R": "Ꭱ", "S": "Ѕ", "T": "ТΤ", "U": "Ս", "V": "Ѵ", "W": "Ԝ",
    "X": "ХΧ", "Y": "ҮΥ", "Z": "Ζ",
}  # fmt: skip
_SIGNS = {
    "'": "‘’‚‛ʼ´`′", '"': "“”„‟″«»", "-": "‐‑‒–—―−", "...": "…", "*": "∗•", ".": "․",
}  # fmt: skip

LOOK_ALIKES: dict[str, str] = {
    look: plain
    for table in (_LETTERS, _SIGNS)
    for plain, looks in table.items()
    for look in looks
    if not look.isascii()
}
"""Look-alike character to plain text."""
