"""Hostile HTML takes time in proportion to its size, up to the limits."""

from __future__ import annotations

import os
import zlib

import pytest

from gateway.core.mime.html import read_html
from gateway.core.mime.page.attributes import embedded_file, script_texts, words_in_address
from gateway.core.mime.page.sanitizer import sanitize_html
from gateway.core.mime.page.tokens import can_build_tree, decode_references, read_tokens
from tests.growth import grows_linearly

pytestmark = pytest.mark.slow

_SIZES = (10_000, 100_000, 1_000_000)

PAGES = [
    "<div>",
    "<blockquote>",
    "<p>",
    "<b>",
    "</div>",
    "<br>",
    "<",
    "<a",
    "<a ",
    '<a "',
    "<p a='",
    "<!--",
    "<!--x-->",
    "<!--[if mso]>",
    "<!--[if mso]>x<![endif]-->",
    "<![if !mso]>",
    "<style>",
    "<style></style>",
    "<style>p{color:red}</style>",
    "<p><b>",
    "<p><table>",
    "<td>",
    "<li>",
    "&",
    "&#",
    "&#x",
    "&amp",
    "&#9",
    "<a href=https://x.example>x",
    "<p style='",
    "<i style='display:inline-block;overflow:hidden;width:3ch'>field</i>",
    "<div style='overflow:hidden;width:30px'>field",
    "<i>field<b style='position:absolute;right:0;width:3ch;background:#fff'></b></i>",
    "<?",
    "<svg><style>",
    "<svg><path d=M0,0L5,5>",
    "<svg><path d='M0 0 ",
    "<svg width=9 height=9><path d=M0></svg>",
    "<img width=1>",
    "<p style='clip-path:path('>",
    "<p style='background:url(a),url('>",
    "<!--[if mso]><v:line from=0,0><![endif]-->",
    "<![CDATA[",
    "<p a=b ",
    "<p hidden>x</p>",
    "</",
    "<title>",
    "<template>",
    "<bdo dir=rtl>x",
    "<i style='float:right'>x</i>",
    "<p style='display:flex;flex-direction:row-reverse'>x",
    "<div><object></div></object>",
    "<table><b a={i}>x</table>",
    "<p><i a={i}></p>x",
    "<font a={i}>",
    "</p><b a={i}>x",
    "<button><b a={i}>",
    "<nobr a={i}>x",
    "<iframe srcdoc='<p>x'></iframe>",
    "<img src='data:image/svg+xml,<svg>'>",
    "<script>'x'+",
    "<noframes><p>",
    "<p style='--a{i}:var(--b{i})'>",
    "<p class='a b c d e f g'>",
    "<i style='color:hsla(",
    "<ruby>x<rt>y",
    "<math><mi>x",
    "<option>x",
    "<select>",
    "<form>",
    "<p title=x{i}>",
    "<textarea>",
    "<p style='color:#{i}'>x</p>",
    "<plaintext>",
    "x\n",
    "<p style='margin-top:-1px'><i style='position:absolute;left:{i}px'>x</i>",
    "<a><p>",
]
SHEETS = [
    "hsla(",
    "a{",
    "a{b:",
    ".c{display:none}",
    "p b i{color:red}",
    ":not(",
    "a:is(",
    "@media{",
    "@import'",
    "--x:{",
    "[a=b]",
    "{",
    "(",
    "/*",
    "\\",
    "url(",
    "'",
    "a>",
    "a+",
    "a~",
    "* * * * * * p{}",
    "p:nth-child({i}){color:red}",
    ".n{i}{color:var(--a)}",
    "p,",
    "@layer a{",
    "@supports(",
    "&",
    "p{&",
    "p::before{content:'x'}",
    "@keyframes k{i}{to{color:red}}",
    "*~*~*~*{color:red}",
]
_BODY = "<p><b class=x>x</b><i>y</i>" * 300


def _text(piece, size):
    count = size // len(piece)
    return "".join(piece.replace("{i}", str(number)) for number in range(count)) if "{i}" in piece else piece * count


def _sizes(piece):
    """All sizes for every fourth piece, and for all under `make differential`."""
    is_large = os.environ.get("CHAPERONE_TEST_LARGE") or zlib.crc32(piece.encode()) % 4 == 0
    return _SIZES if is_large else _SIZES[:2]


def _check(read, piece, sizes=_SIZES):
    assert grows_linearly(read, lambda size: _text(piece, size), *sizes)


@pytest.mark.slow
@pytest.mark.parametrize("piece", PAGES)
def test_pages(piece):
    _check(read_html, piece, _sizes(piece))
    _check(lambda text: read_html("<p " + text), piece, _SIZES[:2])


@pytest.mark.slow
@pytest.mark.parametrize("piece", SHEETS)
def test_style_sheets(piece):
    _check(lambda text: read_html(f"<style>{text}</style>{_BODY}"), piece, _sizes(piece))
    _check(lambda text: read_html(f'<p style="{text}">x</p>'), piece, _SIZES[:2])


@pytest.mark.parametrize("piece", ["<!--", "<a '", '<a "', "&#", "<script>", "</b", "<b>", "<svg>", "</", "<![if"])
def test_tokens_and_sanitizer(piece):
    class Nothing:
        def style_sheets(self, texts): ...
        def start(self, name, attributes): ...
        def end(self): ...
        def text(self, text): ...
        def comment(self, text): ...

    _check(lambda text: read_tokens(text, Nothing()), piece)
    _check(can_build_tree, piece)
    _check(sanitize_html, piece)


@pytest.mark.parametrize(
    "piece", ["'", "\\'", "`", '"x"', "\\u", "%20", "a+", "data:,", "&#1", "mailto:?body=", "a b "]
)
def test_attributes_and_scripts(piece):
    for read in (script_texts, words_in_address, embedded_file, decode_references):
        _check(read, piece)


@pytest.mark.parametrize("tag", ["<p {}>", "<br {}>", "<svg {}>", "<p title='>' {}>", "<style {}></style><p>"])
def test_elements_with_very_many_attributes_take_linear_time(tag: str) -> None:
    def page(size: int) -> str:
        return tag.format(" ".join(f"a{number}='>'" for number in range(size // 10))) + "word"

    assert not can_build_tree(page(_SIZES[0] * 2))
    assert grows_linearly(read_html, page, 20_000, 200_000)


def test_a_short_page_and_one_with_few_attributes_on_each_element_are_built() -> None:
    assert can_build_tree("<p " + " ".join(f"a{number}" for number in range(600)) + ">")
    assert can_build_tree("<html lang=en><body class=a>" + "<p class=a id=b style='color:red'>word</p>" * 4_000)


@pytest.mark.parametrize("name", ["html", "body"])
def test_attributes_that_many_tags_add_to_one_element_are_counted_together(name: str) -> None:
    assert can_build_tree("".join(f"<{name} a{number}=1>" for number in range(400)))
    assert not can_build_tree("".join(f"<{name} a{number}=1>" for number in range(5_000)))


PRODUCTS = {
    "nested rules": lambda n: f"<style>{'a,' * 1_900}a{{{'b{}' * (n // 3)}}}</style><p>x",
    "long attribute": lambda n: f"<style>{_text('[title~=a{i}]{color:red}', n)}</style><p title='{'b ' * (n // 2)}'>x",
    "classes": lambda n: f"<style>{_text('.a{i}{color:red}', n)}</style><p class='{_text('a{i} ', n // 2)}'>x",
    "mirrored": lambda n: "<div style='transform:scaleX(-1)'>" * 200 + "hello words " * (n // 12),
    "rows": lambda n: "<div style='display:flex;flex-direction:row-reverse'><i>a</i>" * 200 + "hello ok " * (n // 9),
    "layers": lambda n: (
        "<div style='position:relative'><i style='position:absolute;left:3px'>a</i><i style='position:absolute'>" * 100
        + "hello words<br>" * (n // 15)
    ),
    "variables": lambda n: (
        f"<style>p{{{_text('--v{i}:var(--v{i}0) var(--v{i}1);', 3_000)}color:var(--v0);background:var(--v1)}}</style>"
        + _text("<div style='margin:1.{i}em'><p>a</p>", n)
    ),
    "generated": lambda n: f"<style>p::before{{content:'{'meet me ' * 240}'}}</style>{'<p>x' * (n // 4)}",
    "attributes": lambda n: f"<style>p::before{{content:{'attr(id)' * 200}}}</style>{_text('<p id=meet{i}>', n)}",
}
"""Pages in which each of many pieces costs what another piece asks for."""


@pytest.mark.slow
@pytest.mark.parametrize("name", PRODUCTS)
def test_what_one_piece_asks_of_many_others_is_bounded(name):
    assert grows_linearly(read_html, PRODUCTS[name], 30_000, 300_000)
    for size in (30_000, 300_000):
        page = PRODUCTS[name](size)
        found = read_html(page)
        assert len(found.shown) + len(found.hidden) < 1_000_000 + 6 * size
        if len(found.shown) + len(found.hidden) > 4 * size:
            assert found.gaps


def test_references_of_any_length():
    assert decode_references("&#" + "0" * 5_000 + "65;&#" + "9" * 5_000 + ";&#x" + "f" * 5_000) == "A\ufffd\ufffd"
    assert read_html("<p>&#" + "9" * 5_000).shown == "\ufffd"
