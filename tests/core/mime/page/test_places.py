"""Every place in HTML in which a person may find words."""

from __future__ import annotations

import base64

import pytest

from gateway.core.mime.html import read_html

PHRASE = "meet me behind the gym"

# {P} is the phrase, with %20, with plus signs, or as base64
PLACES = [
    ("mso", "<!--[if mso]><p>{P}</p><![endif]-->"),
    ("mso gte", "<!--[if gte mso 9]>{P}<![endif]-->"),
    ("mso lower", "<!--[If MSO]>{P}<![endif]-->"),
    ("mso or", "<!--[if (mso)|(IE)]>{P}<![endif]-->"),
    ("not mso text hidden", "<![if !mso]>xx<![endif]>{P}"),
    ("mso vml", "<!--[if mso]><v:shape><v:textbox>{P}</v:textbox></v:shape><![endif]-->"),
    ("mso vml textpath", '<!--[if mso]><v:shape><v:textpath string="{P}"/></v:shape><![endif]-->'),
    ("alt", '<img alt="{P}">'),
    ("title attr", '<p title="{P}">x'),
    ("value", '<input value="{P}">'),
    ("placeholder", '<input placeholder="{P}">'),
    ("ta placeholder", '<textarea placeholder="{P}"></textarea>'),
    ("button", '<input type=button value="{P}">'),
    ("submit", '<input type=submit value="{P}">'),
    ("template", "<template>{P}</template>"),
    ("noscript", "<noscript>{P}</noscript>"),
    ("details", "<details><summary>x</summary>{P}</details>"),
    ("svg", "<svg><text>{P}</text></svg>"),
    ("math", "<math><mtext>{P}</mtext></math>"),
    ("ruby rt", "<ruby>x<rt>{P}</rt></ruby>"),
    ("before", '<style>p::before{content:"{P}"}</style><p>'),
    ("counter style", '<style>@counter-style x{system:cyclic;symbols:"{P}"}li{list-style:x}</style><li>q'),
    ("list-style string", "<ul style=\"list-style-type:'{P}'\"><li>q</ul>"),
    ("quotes", '<style>q{quotes:"{P}" ""}</style><q>x</q>'),
    ("iframe srcdoc", '<iframe srcdoc="<p>{P}"></iframe>'),
    ("iframe data", '<iframe src="data:text/html,<p>{P}"></iframe>'),
    ("iframe data b64", '<iframe src="data:text/html;base64,{P64}"></iframe>'),
    ("object data", '<object data="data:text/plain,{P}"></object>'),
    ("embed", '<embed src="data:text/html,{P}">'),
    ("img svg", '<img src="data:image/svg+xml,%3Csvg%3E%3Ctext%3E{P}%3C/text%3E%3C/svg%3E">'),
    ("bg svg", "<div style=\"background:url('data:image/svg+xml,<svg><text>{P}</text></svg>')\">x</div>"),
    (
        "sheet bg svg",
        '<style>div{background:url("data:image/svg+xml,<svg><text>{P}</text></svg>")}</style><div>x</div>',
    ),
    ("svg image in svg", '<svg><image href="data:image/svg+xml,<svg><text>{P}</text></svg>"/></svg>'),
    ("srcset", '<img srcset="data:image/svg+xml,%3Csvg%3E%3Ctext%3E{P%20}%3C/text%3E%3C/svg%3E 1x">'),
    ("mailto", '<a href="mailto:x@y.z?subject={P%20}">reply</a>'),
    ("mailto body", '<a href="mailto:x@y.z?body={P%20}">reply</a>'),
    ("sms", '<a href="sms:+1555?body={P%20}">reply</a>'),
    ("url", '<a href="https://x.example/?q={P+}">x</a>'),
    ("url path", '<a href="https://x.example/{P%20}">x</a>'),
    ("url fragment text", '<a href="https://x.example/#:~:text={P%20}">x</a>'),
    ("area", '<map><area alt="{P}" href=x></map>'),
    ("aria", '<p aria-label="{P}">x'),
    ("label", '<option label="{P}">'),
    ("marquee", "<marquee>{P}</marquee>"),
    ("caption", "<table><caption>{P}</table>"),
    ("nested hidden shown", '<div style="visibility:hidden">zz<b style="visibility:visible">{P}</b></div>'),
    ("hidden later shown", "<style>.a{display:none}.a{display:block}</style><div class=a>{P}</div>"),
    ("important", '<style>.a{display:none!important}</style><div class=a style="display:block!important">{P}</div>'),
    ("media only", "<style>.a{display:none}@media screen{.a{display:block}}</style><div class=a>{P}</div>"),
    ("supports", "<style>.a{display:none}@supports (display:grid){.a{display:block}}</style><div class=a>{P}</div>"),
    ("anim", "<style>@keyframes k{to{opacity:1}}.a{opacity:0;animation:k 1s forwards}</style><div class=a>{P}</div>"),
    ("checkbox", "<style>input:checked~p{display:block}p{display:none}</style><input type=checkbox checked><p>{P}"),
    ("text-overflow", '<div style="overflow:hidden;width:600px">{P}</div>'),
    ("columns", '<div style="columns:2">{P}</div>'),
    ("direction", '<div style="direction:rtl">{P}</div>'),
    ("scroll", '<div style="height:1px;overflow:auto">{P}</div>'),
    ("plaintext", "<plaintext>{P}"),
    ("xmp", "<xmp>{P}</xmp>"),
    ("listing", "<listing>{P}</listing>"),
    ("script", '<script>document.write("{P}")</script>'),
    ("js url", "<a href=\"javascript:alert('{P}')\">x</a>"),
    ("onclick", "<p onclick=\"alert('{P}')\">x"),
    ("meta desc", '<meta name=description content="{P}">'),
    ("title", "<title>{P}</title>"),
    ("link css data", "<link rel=stylesheet href=\"data:text/css,p::before{content:'{P}'}\"><p>"),
    ("import data", "<style>@import url(\"data:text/css,p::before{content:'{P}'}\");</style><p>"),
    ("datalist", '<datalist><option value="{P}"></datalist>'),
    ("option value", "<select><option value=1>{P}</select>"),
    ("meter", "<meter>{P}</meter>"),
    ("progress", "<progress>{P}</progress>"),
    ("video", "<video>{P}</video>"),
    ("canvas", "<canvas>{P}</canvas>"),
    ("audio", "<audio>{P}</audio>"),
    ("dialog", "<dialog>{P}</dialog>"),
    ("noframes", "<noframes>{P}</noframes>"),
    ("noembed", "<noembed>{P}</noembed>"),
    ("frameset", "<frameset><noframes>{P}</noframes></frameset>"),
    ("shadow", "<div><template shadowrootmode=open>{P}</template></div>"),
    ("data attr", '<style>p::before{content:attr(data-a)}</style><p data-a="{P}">'),
    ("popover", "<div popover>{P}</div>"),
    ("inert", "<div inert>{P}</div>"),
    ("text-shadow", '<p style="color:transparent;text-shadow:0 0 0 #000">{P}'),
    ("small caps", '<p style="font-variant:small-caps">{P}'),
    ("first-line", "<p>{P}"),
    ("json-ld", '<script type="application/ld+json">{"description":"{P}"}</script>'),
    ("xml island", "<xml>{P}</xml>"),
    ("o:p", "<o:p>{P}</o:p>"),
    ("comment html", "<!--><p>{P}-->"),
    ("bogus", "<!x><p>{P}"),
    ("title rawtext", "<title></title><p>{P}"),
    ("style comment", "<style><!-- p{} --></style>{P}"),
    ("input image", '<input type=image alt="{P}">'),
    ("img title", '<img title="{P}">'),
    ("fieldset", "<fieldset><legend>{P}</legend></fieldset>"),
    ("optgroup", '<select><optgroup label="{P}"></select>'),
    ("table summary", '<table summary="{P}"><td>x</table>'),
    ("a download", '<a download="{P}.txt" href="data:text/plain,x">x</a>'),
    ("href data", '<a href="data:text/plain,{P}">x</a>'),
    ("cite", '<blockquote cite="{P}">x'),
    ("param", '<param value="{P}">'),
    ("track", '<track label="{P}">'),
    ("svg desc", "<svg><desc>{P}</desc></svg>"),
    ("svg title", "<svg><title>{P}</title></svg>"),
    ("button value", '<button value="{P}">x'),
    ("meta refresh data", '<meta http-equiv=refresh content="0;url=data:text/html,<p>{P}">'),
]


def _letters(text):
    return "".join(filter(str.isalnum, text)).lower()


def _is_read(html):
    reading = read_html(html)
    return any(_letters(PHRASE) in _letters(text) for text in (reading.shown, reading.hidden))


def _with_phrase(html):
    encoded = base64.b64encode(PHRASE.encode()).decode()
    for mark, text in (("{P}", PHRASE), ("{P%20}", PHRASE.replace(" ", "%20")), ("{P+}", PHRASE.replace(" ", "+"))):
        html = html.replace(mark, text)
    return html.replace("{P64}", encoded)


@pytest.mark.parametrize(("place", "html"), PLACES, ids=[place for place, _ in PLACES])
def test_phrase_is_found(place, html):
    assert _is_read(_with_phrase(html))


@pytest.mark.parametrize(
    "style",
    [
        "color:#ddd",
        "opacity:.1",
        "opacity:.3;font-size:7px",
        "font-size:3px",
        "color:red",
        "position:fixed;top:0",
        "position:absolute;top:700px",
        "display:inline-block;width:1px;overflow:hidden;height:1px",
        "color:#f4f4f4",
        "background:#000;color:#000",
        "display:inline-block;transform:rotateX(90deg)",
        "font-size:calc(2px*0.2)",
        "color:color-mix(in srgb,white 90%,black)",
        "filter:blur(9px)",
        "text-decoration:line-through",
        "font-style:italic",
        "vertical-align:super",
        "float:right",
        "letter-spacing:-1em",
        "mask:url(x)",
        "animation:x 1s",
    ],
)
def test_letters_between_others_are_left_out(style):
    letters = "".join(letter if letter == " " else f"{letter}<i style='{style}'>xq</i>" for letter in PHRASE)
    assert _is_read(letters)
    assert _is_read(f"<style>i{{{style}}}</style>" + letters.replace(f" style='{style}'", ""))


def test_text_after_much_hidden_text():
    hidden = "lorem ipsum " * 3_000
    assert _is_read(f"<div style='display:none'>{hidden}</div>{PHRASE}")
    assert _is_read(f"<div hidden>{hidden}{PHRASE}</div>x")


@pytest.mark.parametrize(
    "letter",
    [
        "{}<s>x</s>",
        "{}<sup>x</sup>",
        "<mi>{}</mi>",
        "{}<rt>z</rt>",
        "<wbr>{}",
        "&shy;{}",
        "<!-- x -->{}",
        "<?x?>{}",
        "<![CDATA[x]]>{}",
        "<img alt='{}'>",
        "{}<img alt=''>",
        "<i>{}</i>x<b></b>",
        "<div>{}</div>",
        "{}<br>",
        "<tr><td>{}",
        "<b style='float:left'>{}</b>",
        "<template>x</template>{}",
        "<b hidden>x</b>{}",
    ],
)
def test_letters_apart(letter):
    page = "".join(letter.replace("{}", text) for text in PHRASE if text != " ")
    assert _is_read(f"<table>{page}</table>" if "<td>" in letter else page)


def test_letters_in_order():
    letters = [text for text in PHRASE if text != " "]
    assert _is_read("<ol type=a>" + "".join(f"<li value={ord(letter) - 96}>" for letter in letters) + "</ol>")
    assert _is_read("<style>i::first-letter{font-size:0}</style>" + "".join(f"<i>z{letter}</i>" for letter in letters))
    boxes = "".join(f"<b style='display:inline-block'>{letter}</b>" for letter in reversed(letters))
    assert _is_read(f"<div style='direction:rtl;text-align:left'>{boxes}</div>")
    cells = "".join(f"<td>{letter}" for letter in reversed(letters))
    assert _is_read(f"<table dir=rtl><tr>{cells}</table>")
    assert _is_read(f"<div style='transform:scaleX(-1)'>{PHRASE[::-1]}</div>")


def test_letters_of_each_situation():
    pages = [
        "<!--[if mso]>{}<![endif]-->",
        "<![if !mso]>z<![endif]>{}",
        "<style>.a{display:inline}@media (max-width:600px){.a{display:none}}</style>{}<i class=a>z</i>",
        "<style>.a{display:inline}@media (prefers-color-scheme:dark){.a{display:none}}</style>{}<i class=a>z</i>",
        "<style>.a{display:none}</style><i class=a>{}</i>",
    ]
    for page in pages:
        assert _is_read("".join(page.replace("{}", letter) for letter in PHRASE))


def test_ordinary_mail_is_not_disputed():
    newsletter = (
        "<style>.m{display:none}@media (max-width:600px){.m{display:block}}</style>"
        "<div style='display:none;font-size:1px;color:#fff;max-height:0;mso-hide:all'>What is new this week</div>"
        "<!--[if mso]><table><tr><td><![endif]--><p>Dear parents, the book fair opens on Monday.</p>"
        "<!--[if mso]><v:roundrect href='https://x.example'><center>Read more</center></v:roundrect><![endif]-->"
        "<![if !mso]><a href='https://x.example'>Read more</a><![endif]><p class=m>Dear parents</p>"
        "<!--[if mso]></td></tr></table><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml><![endif]-->"
    )
    reading = read_html(newsletter)
    assert (reading.is_disputed, reading.gaps) == (False, ())
    assert "What is new" in reading.hidden


def test_what_is_not_read_is_said():
    assert read_html("<style>@font-face{font-family:x;src:url(data:font/woff2,x)}</style>x").gaps == ("fonts",)
    assert read_html("<div>" * 2_000 + "x").gaps == ("nesting",)
    assert read_html("".join(f"<iframe srcdoc='{at}'></iframe>" for at in range(40))).gaps == ("frames",)
    assert read_html(f"<style>{'p{color:red}' * 20_000}</style>x").gaps == ("styles",)
    assert read_html("<script>x()</script>").has_scripts
    assert read_html("<img src='data:image/png;base64,AAAA'>").embedded[0].media_type == "image/png"


LINKED = "meet me behind the gym at nine and tell nobody"
LINKS = (
    "https://a.example/?q=" + "".join(f"%{ord(letter):02X}" for letter in LINKED),
    f"https://a.example/{LINKED.replace(' ', '/')}",
    f"https://a.example/?{LINKED.replace(' ', '+')}",
    f"sms:5155550100?body={LINKED.replace(' ', '%20')}",
)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(
    "place", ['<a href=x download="{}">x</a>', '<v:textpath string="{}"/>', '<p data-note="{}">x</p>']
)
def test_sentence_in_a_link_is_read_in_any_attribute(place: str, link: str) -> None:
    page = read_html(place.format(link))
    assert LINKED in page.hidden or link in page.hidden


@pytest.mark.parametrize(
    ("text", "said"),
    [("⠍⠑⠑⠞⠀⠍⠑⠀⠁⠇⠕⠝⠑", "⠍⠑⠑⠞⠀⠍⠑⠀⠁⠇⠕⠝⠑"), (r"m\ne\ne\nt", "m\ne\ne\nt"), (r"\ud83c\uddf2\ud83c\uddea" * 6, "🇲🇪" * 6)],
)
def test_text_in_data_of_a_page_is_read_without_blanks(text: str, said: str) -> None:
    page = read_html(f'<script type="application/ld+json">{{"description":"{text}"}}</script>')
    assert said in page.hidden


_SPLIT = {
    "letters": "".join(f"<b>{letter}</b>" for letter in PHRASE),
    "comments": f"<p>{'<!--q-->'.join(PHRASE)}</p>",
    "words": "".join(f"<p>{word}</p>" for word in PHRASE.split()),
    "cells": f"<table><tr>{''.join(f'<td>{word}</td>' for word in PHRASE.split())}</tr></table>",
    "decoys": "".join(f"{letter}<i hidden>q</i>" for letter in PHRASE),
    "text first": PHRASE[:4] + "".join(f"<b>{letter}</b>" for letter in PHRASE[4:]),
}


@pytest.mark.parametrize("end", ["", "{quote}>x</div>", "{quote} b=x"])
@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("attribute", ["class", "id", "alt", "title", "href", "src", "data-x", "onclick", "style"])
@pytest.mark.parametrize("form", _SPLIT)
def test_a_page_in_an_attribute_is_read(form, attribute, quote, end):
    inside = _SPLIT[form] if quote == '"' else _SPLIT[form].replace('"', "'")
    reading = read_html(f"<p>Practice is on Tuesday.</p><div {attribute}={quote}{inside}{end.format(quote=quote)}")
    assert PHRASE.replace(" ", "") in "".join(reading.hidden.split())


@pytest.mark.parametrize("value", ["a < b", "3 <4> 5", "<Logo>", "x > y", "<", "5 <3 you"])
def test_signs_in_attributes_are_no_page(value):
    reading = read_html(f'<p>Practice is on Tuesday.</p><div data-x="{value}">See you there.</div>')
    assert (reading.hidden, reading.gaps) == ("", ())
