"""Pages that show a phrase in disguise, made from a seed: letters apart, hidden letters between, in any order."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

PHRASES = ("meet me behind the gym", "send me your photo", "do not tell your mother", "i want to die tonight")
_NOISE = "qxzvjkw"

_HIDING = (
    "display:none",
    "visibility:hidden",
    "font-size:0",
    "font-size:1px",
    "opacity:0",
    "opacity:.03",
    "color:#fff",
    "color:transparent",
    "color:rgba(0,0,0,0)",
    "position:absolute;left:-9999px",
    "display:inline-block;width:0;height:0;overflow:hidden",
    "position:absolute;top:-500px",
    "position:absolute;clip:rect(0 0 0 0)",
    "display:inline-block;text-indent:-999px;width:1px;overflow:hidden",
    "display:inline-block;transform:scale(0)",
    "display:none!important",
    "color:hsl(0,0%,100%)",
    "color:oklch(1 0 0)",
    "--c:#fff;color:var(--c)",
    "font:0/0 a",
    "-webkit-text-fill-color:transparent",
    "position:absolute;opacity:calc(0.01*1)",
    "display:inline-block;max-height:0;overflow:hidden;width:0",
    "position:absolute;clip-path:inset(50%)",
    "filter:opacity(0);position:absolute",
    "d\\69splay:none",
    "display:/**/none",
    "font-size:calc(1px - 1px)",
    "content-visibility:hidden;display:inline-block;width:0",
    "position:fixed;left:-200vw",
    "position:absolute;transform:translateX(-9999px)",
    "zoom:1;display:none",
    "color:#fefefe",
)
_HARMLESS = (
    "color:#222",
    "font-weight:bold",
    "display:inline",
    "opacity:.9",
    "font-size:15px",
    "position:relative;left:1px",
    "display:none;display:inline",
    "visibility:hidden;visibility:visible",
    "font-size:0;font-size:16px",
    "float:none",
    "color:#fff;color:#000",
    "letter-spacing:0",
    "display:none;display:inline;cursor:bogus",
    "display:inline-block",
    "opacity:0;opacity:1",
    "color:navy",
    "background:#ffe",
    "color:var(--none,black)",
    "overflow:hidden",
    "width:0",
)
_TAGS = ("span", "b", "i", "u", "em", "font", "strong", "code", "x-tag", "small", "abbr", "bdi", "ins", "cite")


@dataclass(frozen=True, slots=True)
class DisguisedPage:
    """A page and the letters that it was made to show."""

    html: str
    phrase: str
    kinds: tuple[str, ...]


class _Maker:
    """Makes one page."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.rules: list[str] = []
        self.kinds: list[str] = []
        self._names = 0

    def name(self) -> str:
        self._names += 1
        return f"n{self._names}"

    def noise(self) -> str:
        rng = self.rng
        text = "".join(rng.choices(_NOISE, k=rng.randint(1, 3)))
        return self.hidden(text)

    def hidden(self, text: str) -> str:
        rng, tag, style = self.rng, self.rng.choice(_TAGS), self.rng.choice(_HIDING)
        name = self.name()
        match rng.randrange(9):
            case 0 | 1 | 2:
                return f'<{tag} style="{style}">{text}</{tag}>'
            case 3:
                self.rules.append(f".{name}{{{style}}}")
                return f"<{tag} class='y {name}'>{text}</{tag}>"
            case 4:
                self.rules.append(f"#{name}{{{style}}}.{name}{{display:inline;color:black}}")
                return f"<{tag} id={name} class={name}>{text}</{tag}>"
            case 5:
                self.rules.append(f"div > [data-{name}], [title={name}]{{{style}}}")
                return f"<{tag} title={name}>{text}</{tag}>"
            case 6:
                return f"<{tag} hidden>{text}</{tag}>"
            case 7:
                self.rules.append(f".o{name} *{{{style}}}")
                return f"<{tag} class=o{name}><b>{text}</b></{tag}>"
            case _:
                return f"<!-- {text} --><template>{text}</template>"

    def letter(self, text: str) -> str:
        rng, tag, style = self.rng, self.rng.choice(_TAGS), self.rng.choice(_HARMLESS)
        name = self.name()
        match rng.randrange(8):
            case 0 | 1:
                return text
            case 2 | 3:
                return f"<{tag} style='{style}'>{text}</{tag}>"
            case 4:
                self.rules.append(f".{name}{{display:none;color:#fff}}.{name}.{name}{{display:inline;color:#000}}")
                return f"<{tag} class={name}>{text}</{tag}>"
            case 5:
                self.rules.append(f".{name}::before{{content:'{text}'}}")
                return f"<{tag} class={name}></{tag}>"
            case 6:
                self.rules.append(f"@media print{{.{name}{{display:none}}}}.{name}:hover{{display:none}}")
                return f"<{tag} class={name}>{text}</{tag}>"
            case _:
                return f"&#{ord(text)};" if len(text) == 1 else text


def _mixed(maker: _Maker, phrase: str) -> str:
    """Letters with hidden ones between them."""
    out = []
    for letter in phrase:
        out.append(letter if letter == " " else maker.letter(letter))
        if maker.rng.random() < 0.6:
            out.append(maker.noise())
    return "<div>" + "".join(out) + "</div>"


def _floats(maker: _Maker, phrase: str) -> str:
    return "".join(f"<div style='float:left'>{letter if letter != ' ' else '&nbsp;'}</div>" for letter in phrase)


def _right_floats(maker: _Maker, phrase: str) -> str:
    return (
        "<div>"
        + "".join(f"<i style='float:right'>{letter}</i>" for letter in reversed(phrase) if letter != " ")
        + "</div>"
    )


def _flex(maker: _Maker, phrase: str) -> str:
    return "<div style='display:flex'>" + "".join(f"<p>{letter}</p>" for letter in phrase if letter != " ") + "</div>"


def _reversed_flex(maker: _Maker, phrase: str) -> str:
    letters = "".join(f"<p>{letter}</p>" for letter in reversed(phrase) if letter != " ")
    return f"<div style='display:flex;flex-direction:row-reverse;justify-content:flex-end'>{letters}</div>"


def _ordered(maker: _Maker, phrase: str) -> str:
    letters = [f"<p style='order:{at}'>{letter}</p>" for at, letter in enumerate(phrase, start=1) if letter != " "]
    maker.rng.shuffle(letters)
    return f"<div style='display:flex'>{''.join(letters)}</div>"


def _placed(maker: _Maker, phrase: str) -> str:
    letters = [
        f"<i style='position:absolute;top:300px;left:{20 + 12 * at}px'>{letter}</i>"
        for at, letter in enumerate(phrase)
        if letter != " "
    ]
    maker.rng.shuffle(letters)
    return f"<div>{''.join(letters)}</div>"


def _override(maker: _Maker, phrase: str) -> str:
    style = "unicode-bidi:bidi-override;direction:rtl;text-align:left"
    return maker.rng.choice(("<bdo dir=rtl>{}</bdo>", f"<p style='{style}'>{{}}</p>")).format(phrase[::-1])


def _column(maker: _Maker, phrase: str) -> str:
    letters = [letter for letter in phrase if letter != " "]
    if maker.rng.random() < 0.5:
        return "<p>" + "<br>".join(letters) + "</p>"
    return (
        "<table>"
        + "".join(f"<tr><td>{letter}</td><td>{maker.rng.choice(_NOISE)}</td></tr>" for letter in letters)
        + "</table>"
    )


def _vector(maker: _Maker, phrase: str) -> str:
    if maker.rng.random() < 0.5:
        return f"<svg width=600 height=40><text x=10 y=20>{phrase}</text></svg>"
    letters = [f"<text x={10 + 14 * at} y=20>{letter}</text>" for at, letter in enumerate(phrase) if letter != " "]
    maker.rng.shuffle(letters)
    return f"<svg width=800 height=40>{''.join(letters)}</svg>"


def _elements(maker: _Maker, phrase: str) -> str:
    return (
        maker.rng.choice(
            (
                "<details open><summary>x</summary>{}</details>",
                "<ruby>{}<rt>x</rt></ruby>",
                "<noscript>{}</noscript>",
                "<button>{}</button>",
                "<textarea cols=60>{}</textarea>",
                "<select><option>{}</select>",
                "<fieldset><legend>{}</legend></fieldset>",
                "<table><caption>{}</caption><tr><td>x</table>",
                "<pre>{}</pre>",
                "<xmp>{}</xmp>",
                "<dialog open>{}</dialog>",
                "<marquee scrollamount=0 behavior=slide>{}</marquee>",
                "<math><mtext>{}</mtext></math>",
                "<object>{}</object>",
                "<![if !mso]>{}<![endif]>",
                "<title style='display:block'>{}</title>",
                "<head><style style='display:block'>{}</style></head>",
                "<table>{}<tr><td>x</table>",
                "<p><table><tr><td>{}</table>",
                "<a><div>{}</a></div>",
                "<b><p>{}</b></p>",
                "<select>{}</select><p>",
                "<svg><foreignObject width=600 height=50><p>{}</foreignObject></svg>",
                "<svg><title><p>{}</svg>",
                "<listing>{}</listing>",
                "<style>p{{display:none}}</style><div>{}</div>",
                "<style>/*</style><p>{}<!-- */",
                "<p title='>'>{}</p>",
                "<frameset></frameset>{}",
                "<plaintext>{}",
                "</p>{}</br>",
                "<p/ style=color:red>{}",
                "<details>{}<summary>{}</summary></details>",
            )
        )
        .replace("{}", phrase)
        .replace("{{", "{")
        .replace("}}", "}")
    )


def _generated(maker: _Maker, phrase: str) -> str:
    rng, name = maker.rng, maker.name()
    match rng.randrange(4):
        case 0:
            maker.rules.append(f".{name}::after{{content:'{phrase[:9]}' \"{phrase[9:]}\"}}")
        case 1:
            maker.rules.append(f".{name}::before{{content:attr(data-x)}}")
            return f"<p class={name} data-x='{phrase}'></p>"
        case 2:
            letters = [letter for letter in phrase if letter != " "]
            maker.rules.append(f".{name} i::before{{content:counter({name},lower-alpha)}}")
            return (
                f"<p class={name}>"
                + "".join(f"<i style='counter-set:{name} {ord(letter) - 96}'></i>" for letter in letters)
                + "</p>"
            )
        case _:
            maker.rules.append(f"p{{--{name}:'{phrase}'}}.{name}::after{{content:var(--{name})}}")
    return f"<p class={name}></p>"


def _dark(maker: _Maker, phrase: str) -> str:
    """Colors that decide: light text on a dark ground between dark text on it."""
    color = maker.rng.choice(("#111", "rgb(20 20 20)", "hsl(0 0% 6%)", "oklch(20% 0 0)", "color(srgb .07 .07 .07)"))
    out = "".join(f"{letter}<b style='color:{color}'>{maker.rng.choice(_NOISE)}</b>" for letter in phrase)
    return f"<div style='background-color:#141414;color:#eee'>{out}</div>"


MAKERS: tuple[Callable[[_Maker, str], str], ...] = (
    _mixed,
    _mixed,
    _mixed,
    _mixed,
    _floats,
    _right_floats,
    _flex,
    _reversed_flex,
    _ordered,
    _placed,
    _override,
    _column,
    _vector,
    _elements,
    _elements,
    _elements,
    _generated,
    _generated,
    _dark,
)


def make_page(seed: int) -> DisguisedPage:
    """The page of a seed."""
    rng = random.Random(f"page {seed}")
    maker = _Maker(rng)
    phrase = rng.choice(PHRASES)
    make = MAKERS[seed % len(MAKERS)]
    body = make(maker, phrase)
    if rng.random() < 0.4:  # parents that hide, overridden by their children
        body = (
            f"<div style='{rng.choice(('visibility:hidden', 'font-size:0', 'color:#fff'))}'>"
            f"<div style='visibility:visible;font-size:16px;color:#000'>{body}</div></div>"
        )
    rules = list(maker.rules)
    if rng.random() < 0.3:
        showing = "* , p > b { display : inherit } @media (max-width:1px) { * { display:none } }"
        rules.insert(0, showing if rng.random() < 0.3 else ".zz{}")
    sheet = "\n".join(rules)
    if rng.random() < 0.2:
        sheet = f"@media screen {{ {sheet} }}"
    start = rng.choice(("", "<!doctype html>", "<html><head></head>"))
    html = f"{start}<style>{sheet}</style><p>Hello class.</p>{body}"
    return DisguisedPage(html, phrase, (make.__name__.strip("_"),))
