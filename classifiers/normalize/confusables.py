"""Characters that look like plain Latin letters or signs: the letters of Unicode TS 39 (confusables)."""

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
_RARE_LETTERS = {
    "A": "Ꭺᗅꓮ𐊠𖽀",
    "B": "ᏴᗷꓐꞴ𐊂𐊡𐌁",
    "C": "ᏟⲤꓚ𐊢𐌂𐐕𐔜",
    "D": "ᗞᗪꓓ",
    "E": "Ꭼⴹꓰ𐊆𑢦𑢮",
    "F": "ᖴꓝꞘ𐊇𐊥𐔥𑢢𑣂",
    "G": "ᏀᏳꓖ",
    "H": "ᎻᕼⲎꓧ𐋏",
    "J": "ͿᎫᒍꓙꞲ",
    "K": "ᏦᛕⲔꓗ𐔘",
    "L": "ᏞᒪⳐꓡ𐐛𐔦𑢣𑢲𖼖",
    "M": "ϺᎷᗰᛖⲘꓟ𐊰𐌑",
    "N": "Ⲛꓠ𐔓",
    "O": "Ⲟⵔꓳ𐊒𐊫𐐄𐓂𐔖𑢵",
    "P": "ᏢᑭⲢꓑ𐊕",
    "Q": "ⵕ",
    "R": "ƦᏒᖇꓣ𐒴𖼵",
    "S": "ՏᏕᏚꓢ𐊖𐐠𖼺",
    "T": "ᎢⲦꓔ𐊗𐊱𐌕𑢼𖼊",
    "U": "ᑌꓴ𐓎𑢸𖽂",
    "V": "Ꮩᐯⴸꓦꛟ𐔝𑢠𖼈",
    "W": "ᎳᏔꓪ",
    "X": "ᚷⲬⵝꓫꞳ𐊐𐊴𐌗𐔧",
    "Y": "ϒУᎩᎽⲨꓬ𐊲𑢤𖽃",
    "Z": "Ꮓꓜ𑢩",
    "a": "Ꭿꭺꭿ",
    "b": "ƄᏏᑲᖯꮟ",
    "c": "ⲥꮯ𐐽",
    "d": "Ꮷᑯꓒꭰꮷ",
    "e": "ꬲꭼ",
    "f": "քẝꞙꬵ",
    "g": "ƍᶃꮐ",
    "h": "Ꮒꮋꮒ",
    "i": "ͺᎥιꙇꭵ𑣃",
    "j": "ꭻ",
    "k": "ꮶ",
    "l": "ƖǀᛁⲒⵏꓲꮮ𐊊𐌉𖼨",
    "m": "ꮇ",
    "n": "ռᏅꮕ",
    "o": "ჿᴑⲟꬽ𐐬𐓪𑣈𑣗",
    "p": "ϱⲣꮲ",
    "q": "զ",
    "r": "ᴦⲅꭇꭈꭱꮁꮢ",
    "s": "ƽꮥꮪ𐑈𑣁",
    "t": "ꭲ",
    "u": "ʋꞟꭎꭒ𐓶𑣘",
    "v": "ꮩ𑜆𑣀",
    "w": "ɯաꮃꮤ𑜊𑜎𑜏",
    "x": "ᕁᕽ",
    "y": "ɣყᶌỿℽꭚꭹꮍ𑣜",
    "z": "ꮓ𑣄",
}  # fmt: skip
"""Letters of alphabets that are rare in mail, such as Cherokee, Lisu and Coptic."""
_SIGNS = {
    "'": "‘’‚‛ʼ´`′", '"': "“”„‟″«»", "-": "‐‑‒–—―−", "...": "…", "*": "∗•", ".": "․",
}  # fmt: skip

_MIRRORED_AND_MONEY = {
    "c": "Ↄↄ₵", "f": "ꟻ₣", "l": "⅃", "n": "ᴎ₦", "p": "ꟼ", "r": "Яя", "a": "₳", "g": "₲",
    "k": "₭", "m": "₥", "t": "₮", "s": "Ƨƨ₴", "b": "฿", "u": "Ʉʉ",
}  # fmt: skip
"""Letters seen in a mirror, and signs of money that are rare."""

LOOK_ALIKES: dict[str, str] = {
    look: plain
    for table in (_RARE_LETTERS, _MIRRORED_AND_MONEY, _LETTERS, _SIGNS)
    for plain, looks in table.items()
    for look in looks
    if not look.isascii()
}
"""Look-alike character to plain text."""
