"""Sentences in small pieces, which anything sets apart from the words between them or puts in another order."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from gateway.core.mime.html import HtmlReading, read_html

SENTENCES = (
    "do not tell your mother that we meet at my house after school",
    "no le digas a tu madre que nos vemos en mi casa esta noche",
)
_OTHERS = "green paper chair window table garden yellow bottle river engine".split()
_HIDING = {
    "an unknown property": ("style='font-size-adjust:0'", ""),
    "a box of no size": ("style='display:inline-block;contain:strict'", ""),
    "a turn": ("style='display:inline-block;width:0;rotate:x 90deg'", ""),
    "a fallback": ("style='display:env(none,none)'", ""),
    "an attribute": ("popover", ""),
    "a class in another case": ("class=Zed", ".zed{display:none}"),
    "a color without its sign": ("style='color:ffffff'", ""),
    "a layer": ("class=z id=z", "@layer one,two;@layer two{.z{display:none}}@layer one{#z{display:inline}}"),
    "a condition": (
        "class=z",
        "@supports not (display:foo){.z{display:none}}@supports not (color:red){b{display:none}}",
    ),
    "a selector": ("class=z", "b:nth-last-child(n of .q){display:none}.z:nth-last-child(n of .z){display:none}"),
    "an animation": ("class=z", "@keyframes k{to{opacity:0}}.z{animation-name:k;animation-fill-mode:forwards}"),
}
_MOVING: dict[str, Callable[[int, int], str]] = {
    "padding": lambda at, _: f"style='position:absolute;left:0;padding-left:{80 * at}px'",
    "a border": lambda at, _: f"style='position:absolute;left:0;border-left:{80 * at}px solid transparent'",
    "a shadow": lambda at, _: f"style='position:absolute;color:transparent;text-shadow:{80 * at}px 0 #000'",
    "a path": lambda at, _: f"style='position:absolute;offset-path:path(\"M0 9H2000\");offset-distance:{80 * at}px'",
    "a delay": lambda at, _: f"style='opacity:0;animation:k 1s forwards;animation-delay:{at}s'",
    "the end of a grid": lambda at, _: f"style='grid-row:1;grid-column-end:{at + 2}'",
    "the right edge": lambda at, count: f"style='position:absolute;right:calc({count - at}*1em + env(none,0px))'",
}


def _looks(number: int) -> str:
    return f"color:#0000{number % 64:02x};font-size:{16 + number / 1000}px"


def _with_words_between(rng: random.Random, units: list[str], others: list[str], attributes: str, sheet: str) -> str:
    """A page in which each unit and each other word looks unlike all others."""
    parts = []
    for number, unit in enumerate(units):
        parts.append(f"<b style='{_looks(2 * number)}'>{unit}</b>")
        parts += [f"<i><u {attributes} lang=l{number}>{rng.choice(others)}</u></i>"] * rng.randint(0, 2)
    return f"<style>{sheet}</style><p>Practice is on Tuesday at four.</p><p>{' '.join(parts)}</p>"


def _says(reading: HtmlReading, sentence: str) -> bool:
    return sentence in " ".join(f"{reading.shown}\n{reading.hidden}".split())


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("way", _HIDING)
def test_words_between_others_are_read_whatever_hides_the_others(way: str, sentence: str) -> None:
    rng = random.Random(f"{way} {sentence}")
    assert _says(read_html(_with_words_between(rng, sentence.split(), _OTHERS, *_HIDING[way])), sentence)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("way", _HIDING)
def test_letters_between_others_are_read_whatever_hides_the_others(way: str, sentence: str) -> None:
    rng = random.Random(f"{way} {sentence}")
    letters = [letter for letter in sentence if letter != " "]
    html = _with_words_between(rng, letters, list("aeioustrnl"), *_HIDING[way]).replace("</b> ", "</b>")
    assert _says(read_html(html), "".join(letters))


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("way", _MOVING)
def test_words_are_read_in_the_order_of_their_numbers(way: str, sentence: str) -> None:
    words = list(enumerate(sentence.split()))
    random.Random(f"{way} {sentence}").shuffle(words)
    html = "".join(f"<b {_MOVING[way](at, len(words))}>{word}</b>" for at, word in words)
    assert _says(read_html(f"<div>{html}</div>"), sentence)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_words_are_read_where_drawings_and_slots_show_them(sentence: str) -> None:
    words = list(enumerate(sentence.split()))
    shuffled = random.Random(sentence).sample(words, len(words))
    texts = "".join(f"<text id=w{at}>{word}</text>" for at, word in shuffled)
    uses = "".join(f"<use href='#w{at}' x='{60 * at}'/>" for at, _ in words)
    assert _says(read_html(f"<svg><defs>{texts}</defs>{uses}</svg>"), sentence)
    slots = "".join(f"<slot name=w{at}></slot>" for at, _ in words)
    children = "".join(f"<b slot=w{at}>{word}</b>" for at, word in shuffled)
    assert _says(read_html(f"<div><template shadowrootmode=open>{slots}</template>{children}</div>"), sentence)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_documents_are_read_where_they_stand(sentence: str) -> None:
    ways = (
        "<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><text>{}</text></svg>\">",
        "<iframe srcdoc='{}'></iframe>", "{}", "<object data='data:text/plain,{}'></object>",
    )  # fmt: skip
    rng = random.Random(sentence)
    assert _says(read_html(" ".join(rng.choice(ways).format(word) for word in sentence.split())), sentence)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_words_are_read_without_the_targets_of_their_links(sentence: str) -> None:
    rng = random.Random(sentence)
    links = (f"<a href='https://riverbend.example/{rng.choice(_OTHERS)}'>{word}</a>" for word in sentence.split())
    assert _says(read_html(f"<p>{' '.join(links)}</p>"), sentence)


def test_lines_that_lie_on_each_other_by_estimate_are_not_mixed() -> None:
    html = "<span style='position:absolute;left:{}px'>{}</span>"
    page = "".join(html.format(at, text) for at, text in ((0, "GnomeTIP"), (20, "Form Pilot"), (300, "typewriter")))
    assert "Fo" in read_html(f"<div>{page}</div>").hidden or read_html(page).hidden == ""


@pytest.mark.parametrize("sentence", SENTENCES)
def test_layers_that_fill_the_gaps_of_each_other_are_read_as_one(sentence: str) -> None:
    rng = random.Random(sentence)
    layer_of = [rng.randrange(2) for _ in sentence]
    layers = ("".join(c if of == own else " " for c, of in zip(sentence, layer_of, strict=True)) for own in (0, 1))
    html = "".join(f"<pre style='position:absolute;top:0;left:0'>{layer}</pre>" for layer in layers)
    text = read_html(f"<div style='position:relative'>{html}</div>").hidden
    assert sentence.replace(" ", "") in text.replace(" ", "")


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("sign", ["&rlm;", "\u060c", "\u05d0"])
def test_words_between_signs_from_the_right_are_read_backwards(sentence: str, sign: str) -> None:
    html = f"<p dir=rtl>{f' {sign} '.join(reversed(sentence.split()))}</p>"
    assert _says(read_html(html), sentence)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_sections_of_character_data_are_read_where_they_stand(sentence: str) -> None:
    rng = random.Random(sentence)
    html = "".join(rng.choice(("{}", "<![CDATA[{}]]>")).format(letter) for letter in sentence)
    assert _says(read_html(f"<p>{html}</p>"), sentence)


@pytest.mark.parametrize("property_", ["quotes", "list-style-type", "text-overflow", "hyphenate-character"])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_texts_of_rules_are_read_in_the_order_of_the_elements(sentence: str, property_: str) -> None:
    words = list(enumerate(sentence.split()))
    shuffled = random.Random(sentence).sample(words, len(words))
    sheet = "".join(f".w{at}{{{property_}:'{word}'}}" for at, word in shuffled)
    html = "".join(f"<b class=w{at}>&nbsp;</b>" for at, _ in words)
    assert _says(read_html(f"<style>{sheet}</style>{html}"), sentence)


@pytest.mark.parametrize("system", ["alphabetic", "fixed", "cyclic"])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_counters_with_letters_of_their_own_are_read(sentence: str, system: str) -> None:
    letters = random.Random(sentence).sample("abcdefghijklmnopqrstuvwxyz", 26)
    sheet = f"@counter-style z{{system:{system};symbols:{' '.join(letters)}}}b::before{{content:counter(n,z)}}"
    html = "".join(
        f"<b style='counter-set:n {letters.index(letter) + 1}'></b>" if letter != " " else " " for letter in sentence
    )
    assert _says(read_html(f"<style>{sheet}</style><p>{html}</p>"), sentence)


def test_letters_that_are_typed_one_by_one_are_read() -> None:
    frames = "".join(f"{at}%{{content:'{letter}'}}" for at, letter in enumerate(SENTENCES[0]))
    sheet = f"@keyframes k{{{frames}}}p::before{{content:'';animation:k 9s}}"
    assert _says(read_html(f"<style>{sheet}</style><p></p>"), SENTENCES[0].replace(" ", ""))


@pytest.mark.parametrize(
    "dot",
    [
        "<td style='background:#000;width:3px'></td>", "<b style='background:#000'>&nbsp;</b>", "<input type=checkbox>",
        "<i style='position:absolute;left:9px;background:#000'></i>", "<hr style='background:#000;width:3px'>",
        "<font color=#000>x</font><font color=#ccc>x</font>", "0<b style='color:red'>00</b>",
    ],
)  # fmt: skip
def test_letters_that_are_drawn_without_text_are_called_not_read(dot: str) -> None:
    page = f"<table><tr>{dot * 600}</tr></table>" if dot.startswith("<td") else f"<div>{dot * 600}</div>"
    assert "drawing" in read_html(page).gaps
    assert "drawing" not in read_html(page.replace(dot * 600, dot * 60)).gaps


def test_shadows_and_gradients_that_draw_are_called_not_read() -> None:
    shadows = ",".join(f"{at % 60}px {at // 60}px #000" for at in range(600))
    assert "drawing" in read_html(f'<i style="box-shadow:{shadows}"></i>').gaps
    gradients = ",".join(f"linear-gradient(#000,#000) {at}px 0/1px 1px no-repeat" for at in range(600))
    assert "drawing" in read_html(f'<i style="background:{gradients}"></i>').gaps
    assert not read_html('<div style="box-shadow:0 1px 3px rgba(0,0,0,.1),0 1px 2px #ccc">Practice</div>').gaps


_MENU = "Home News Sports Calendar Staff Lunch Buses Library Forms Contact About Alumni Clubs Give"
_LINK = "<td><a href='https://riverbend.example/{0}'>{0}</a></td>"
_HOUR = "<tr><th>{}</th><td>Math</td><td style='color:red'>Art</td></tr>"
_CODE = "<span class=k>if</span> <span class=n>x{}</span><span class=o>:</span>\n"
_DAY = "<label>Day {0}</label><input type=checkbox name=d{0}>"
_BAR = "<rect x={0} width=10 height={0} fill=blue /><text x={0} y=99>{0}</text>"
HONEST = {
    "a menu": f"<table><tr>{''.join(map(_LINK.format, _MENU.split()))}</tr></table>",
    "a schedule": f"<table>{''.join(map(_HOUR.format, range(8, 16)))}</table>",
    "code": f"<pre>{''.join(map(_CODE.format, range(20)))}</pre>",
    "a form": f"<form>{''.join(map(_DAY.format, range(1, 32)))}</form>",
    "a rainbow": "".join(
        f"<font color=#{at:02x}00{255 - at:02x}>{letter}</font>"
        for at, letter in enumerate("Congratulations, class of 2026! See the photos.")
    ),
    "a chart": f"<svg>{''.join(map(_BAR.format, range(0, 600, 20)))}</svg>",
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_pages_say_nothing_else(name: str) -> None:
    reading = read_html(HONEST[name])
    assert not reading.gaps
    assert not reading.is_disputed
    assert len(reading.hidden) <= 3 * len(reading.shown)
