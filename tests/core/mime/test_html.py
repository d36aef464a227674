"""Shown and hidden text of HTML, in linear time."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from gateway.core.mime.html import read_html
from tests.core.samples import visible_text
from tests.growth import grows_linearly


@pytest.mark.parametrize(
    ("html", "shown", "hidden"),
    [
        ("<p>Hi <b>Av</b>ery</p><p>Quiz</p>", "Hi Avery\nQuiz", ""),
        ("a<br>b<div>c</div>d", "a\nb\nc\nd", ""),
        ("<table><tr><td>1<td>2<tr><td>3</table>", "1 2\n3", ""),
        ("a &lt;b&gt; &amp; &#233; &nbsp;x <3", "a <b> & é \xa0x <3", ""),
        ("<p>New</p><blockquote>old<br>older<blockquote>oldest</blockquote></blockquote>end",
         "New\n> old\n> older\n> > oldest\nend", ""),
        ('<a href="https://q.example/?a=1&amp;b=2">this quiz</a>!', "this quiz <https://q.example/?a=1&b=2>!", ""),
        ('<a href="https://quiz.example/">https://quiz.example/</a>', "https://quiz.example/", ""),
        ('<a href="https://a.example">a <a href="mailto:x@y.example">b',
         "a <https://a.example>b <mailto:x@y.example>", ""),
        ('<a href="mailto:x@y.example?subject=z">x@y.example</a> <a href="tel:+15155550100">+15155550100</a>',
         "x@y.example +15155550100", "z"),
        ('<a href="sms:+15155550100">text</a>', "text <sms:+15155550100>", ""),
        ('x<img alt="a" title="a"><b title="two words">y</b><i aria-label="z"></i>', "x a y", "two words\nz"),
        ('<input value="a"><input type=hidden value=b><input placeholder=c>', "a c", "b"),
        ("<dialog>a</dialog>b", "b", "a"),
        ("<style>span{display:none}</style>ki<span>x</span>ll", "kill", "x\nkixll"),
        ("<style>.a > .b, i[x] .c{font-size:0}</style><p class=a>ki<u class=b>x</u>l<i x><u class=c>y</u></i>l",
         "kill", "xy\nkixlyl"),
        ("<style>[x]{display:none}</style>ki<i x>y</i>ll", "kill", "y\nkiyll"),
        ("<style>.w{color:#fff}</style>ki<i class=w>x</i>ll", "kill", "x\nkixll"),
        ("<style>p:hover{display:none}</style><p>a", "a", ""),
        ("<style>.n{display:none}.n.s{display:inline}</style>ki<i class='n s'>l</i>l", "kill", ""),
        ("<style>.n{display:none!important}</style>a<i class=n style='display:inline'>b</i>c", "ac", "b\nabc"),
        ('<style>p::after{content:"you too"}</style><p>a: ', "a: you too", "a:"),
        ("<bdo dir=rtl>uoy ees I</bdo> later", "I see you later", "uoy ees I"),
        ('<p style="unicode-bidi:bidi-override;direction:rtl">uoy <b>ees</b> I<br>b', "I see you\nb", "uoy ees I\nb"),
        ('<p dir=rtl>a b</p>', "a b", ""),
        ('x<img src="cid:1" alt="two words">y', "x two words y", ""),
        ('a<span style="display:none">b</span>c', "ac", "b"),
        ("a<span style='DISPLAY : none'>b</span>c", "ac", "b"),
        ('a<span style="display&#58;none">b</span>c', "ac", "b"),
        ("a<span style=font-size:0px>b</span><i style='font-size:0.9em'>c</i>", "ac", "b"),
        ("a<span style=font-size:1px>b</span><i style='font-size:9px'>c</i>", "ac", "b"),
        ("a<b style='opacity:0.01'>b</b><b style='opacity:.9'>c</b>", "ac", "b\nabc"),
        ("a<div style='position:absolute;left:-9999px'>b</div>c", "ac", "b\na\nc"),
        ("a<b style='text-indent:-5000px'>b</b><b style='text-indent:-2em'>c</b>", "ac", "b\nabc"),
        ("a<div style='height:0;overflow:hidden'>b</div>c", "a\nc", "b"),
        ("a<b style='color:#fff'>b</b><b style='color:#333'>c</b>", "ac", "b"),
        ("a<font color=white>b</font><font color=red>c</font>", "ac", "b"),
        ("<table bgcolor=#003366><tr><td><font color=#ffffff>a</font></table>", "a", ""),
        ("<div style='background:#036;color:white'>a<p>b</p></div>c", "a\nb\nc", ""),
        ("<div style='background:url(x.png)'><b style='color:white'>a</b></div>", "a", ""),
        ("<p style='background-color:#000;color:#ddd'>a<b style='color:rgb(5, 5, 5)'>b</b>c", "ac", "b"),
        ("<style>.pre, td.x{display:none}</style>a<i class='y pre'>b</i><table><td class=x>c<td>d</table>", "a\nd",
         "b\nc\nab\nc d"),
        ("<style>@media (max-width:9px){.wide{display:none}}</style><b class=wide>a</b>", "a", ""),
        ("<style>.dark{background:#000}</style><div class=dark><b style='color:#fff'>a</b></div>", "a", ""),
        ("<div hidden>a<p>b</p></div>c", "c", "a\nb"),
        ("<title>t</title><style>p {}</style><script>s()</script>x", "x", "t"),
        ("a<!-- b -->c<!-->d<!--->e<!--f", "acde", ""),
        ("<!--[if mso]><p>outlook</p><![endif]-->x", "x", "outlook"),
        ("<svg><style><p>y</svg><svg><![CDATA[z]]></svg>x", "yx", "z"),
        ("<noscript>a</noscript><noframes>b</noframes>", "a", "b"),
        ("<textarea>a<b></textarea>c", "a<b>c", ""),
        ("<template>a</template>b", "b", "a"),
        ("<plaintext>a<b>", "a<b>", ""),
        ("x</p>y</br>z", "x\ny\nz", ""),
        ("", "", ""),
    ],
)  # fmt: skip
def test_shown_and_hidden(html, shown, hidden):
    assert visible_text(html) == (shown, hidden)


@pytest.mark.parametrize(
    "html",
    [
        "<p x=a'>words<p y='>", '<p x=a">words<p y=">', "<p a=b=\"c'>words", "<p a='\">'>words", "<p ='>words'>",
        "<p a=\"b\"c=\"d>e\">words", "<p style=display:none><p>words",
        "<p style='display:none'><div>words", "<li style='display:none'><b>x<li>words",
        "<table><tr style=display:none><td>x<tr><td>words", "<dl><dt style='display:none'>x<dd>words",
        "<div style='display:none'>x</div>words", "<div style='display:none'><b>x</div>words", "<td hidden>x<td>words",
        "<!-->words", "<!--->words", "<!-- --!>words", "<! x>words", "<? x>words", "</ x>words",
        "<head>words", "<img hidden>words", "<br hidden>words", "<style></style>words", "<STYLE></sTyLe\n>words",
    ],
)  # fmt: skip
def test_text_that_browsers_show_is_shown(html):
    assert "words" in visible_text(html)[0]
    whole = LexborHTMLParser(html).body
    assert "words" in whole.text()


@pytest.mark.parametrize("html", ['<p a="x>words">', "<style>words", "<style><p>words</p></style>", "<!--words"])
def test_text_that_browsers_hide_is_not_shown(html):
    assert "words" not in visible_text(html)[0]


tags = st.sampled_from("p div b i span table tr td li ul br img a h1 blockquote pre font center".split())
documents = st.recursive(
    st.text(alphabet="ab c&;é\n", max_size=6).map(lambda text: text.replace("&", "&amp;")),
    lambda inner: st.builds(
        lambda tag, within: f"<{tag}>" if tag in ("br", "img") else f"<{tag}>{''.join(within)}</{tag}>",
        tags, st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)  # fmt: skip


@given(documents)
def test_letters_are_the_same_as_in_a_browser(html):
    """A tree builder reads properly nested tags in the same way."""
    shown, hidden = visible_text(html)
    body = LexborHTMLParser(html).body
    expected = body.text() if body is not None else ""
    assert sorted("".join(shown.replace(">", "").split())) == sorted("".join(expected.split()))
    letters = Counter("".join(shown.split()))  # letters of one kind, or below each other, are read by themselves too
    assert all(Counter("".join(line.split())) <= letters for line in hidden.split("\n"))


@given(st.text(max_size=80) | st.lists(st.sampled_from(
    ["<", ">", "</", "<p", "<p ", "a=", '"', "'", "<!--", "-->", "<![CDATA[", "<style", "</style>", "<a href=https://x.example>",
     "<blockquote>", "&", "&#xD800;", "&#0;", "\0", "\ud800", "x", " ", "<td>", "</p>", "style=display:none", "<svg>"]
)).map("".join))  # fmt: skip
def test_no_text_raises(html):
    visible_text(html)


HOSTILE = [
    "<div>", "<blockquote>", "<p>", "<b>", "</div>", "<br>", "<", "<a", "<a ", '<a "', "<p a='", "<!--", "<!--x-->",
    "<style>", "<p><b>", "<p><table>", "<td>", "<li>", "&", "&#", "<a href=https://x.example>x", "<p style='", "<?",
    "<svg><style>", "<![CDATA[", "<p a=b ", "<p hidden>x</p>", "</", "<title>",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_documents_take_linear_time(piece):
    for start in ("", "<p "):
        assert grows_linearly(visible_text, lambda size: start + piece * (size // len(piece)), 40_000, 320_000)  # noqa: B023 - called here


def test_formatting_bomb_is_read_once():
    def bomb(count):
        return "<p>" + "".join(f"<font a={number}>" for number in range(count)) + "</p><p>x" * count

    assert visible_text(bomb(3000))[0].count("x") == 3000
    assert grows_linearly(visible_text, bomb, 400, 3200)


@pytest.mark.parametrize(
    "html",
    [
        '<meta name="keywords" content="meet me, alone tonight, tell nobody">',
        '<a href="tonightalone.html">here</a>',
        '<img src="pic.png> <p>Meet me alone tonight, tell nobody</p><img alt=">',
    ],
)
def test_words_in_attributes_are_read(html):
    assert "alone" in visible_text(html + "<p>Practice is at four.</p>")[1]


SENTENCE, LINK = "Meet me alone tonight", "https://classchat.example/join/4711"
BOTH = [
    '<p title="{}">x</p>', '<img alt="{}">', '<p aria-label="{}">x</p>', '<input value="{}">',
    '<input placeholder="{}">',
    '<input type=submit value="{}">', '<input type=hidden value="{}">', "<textarea>{}</textarea>",
    '<textarea placeholder="{}"></textarea>', '<select><option value="{}">x</option></select>',
    '<select><option label="{}">x</option></select>', '<select><optgroup label="{}"></select>',
    '<button value="{}">x</button>', '<button formaction="{}">x</button>', '<form action="{}"><input></form>',
    '<a href="#" data-url="{}">x</a>', '<a href="https://a.example" ping="{}">x</a>', '<a href="{}">x</a>',
    '<map><area href="{}" alt="x"></map>', '<map><area href="x" alt="{}"></map>', '<base href="{}">',
    '<meta http-equiv=refresh content="0;url={}">', '<div itemscope><link itemprop=url href="{}"></div>',
    '<svg><a xlink:href="{}"><text>x</text></a></svg>', "<svg><title>{}</title></svg>", "<svg><desc>{}</desc></svg>",
    '<svg><set attributeName="href" to="{}"/></svg>', "<details><summary>x</summary>{}</details>",
    "<template>{}</template>", "<noscript>{}</noscript>", '<picture><source title="{}"><img src=x></picture>',
    '<object data="{}"></object>', '<object data="x">{}</object>', '<iframe src="{}"></iframe>', '<embed src="{}">',
    '<video title="{}"></video>', '<q cite="{}">x</q>', '<amp-img alt="{}"></amp-img>', '<form action-xhr="{}"></form>',
    '<script type="application/ld+json">{{"target": "{}"}}</script>', '<script type="text/plain">{}</script>',
    '<!--[if mso]><v:roundrect href="{}">Go</v:roundrect><![endif]-->',
]  # fmt: skip


@pytest.mark.parametrize("html", BOTH)
def test_words_and_links_are_read_wherever_a_page_has_them(html):
    for written in (SENTENCE, LINK):
        read = "\n".join(visible_text(html.format(written) + "<p>Practice is at four.</p>"))
        assert written in read.replace("Meet-me-alone-tonight", SENTENCE)


def test_pictures_and_fonts_are_no_links():
    html = f'<link rel=stylesheet href="{LINK}"><img src="{LINK}"><td background="{LINK}">Practice is at four.'
    assert visible_text(html) == ("Practice is at four.", "")


@pytest.mark.parametrize("begin", ["<script>var x = 1; // ", "<script><!-- ", "<STYLE>p {color: red} "])
@pytest.mark.parametrize("words", ["meet me alone tonight", "m\x1ae\x1ae\x1at me alone tonight"])
def test_a_script_without_an_end_is_read_as_text_too(begin, words):
    html = f"<p>tonight</p>{begin} {words}\n<p>hello tonight</p> "
    assert "meet me alone tonight" in " ".join(read_html(html).hidden.split())


def down_the_columns(text):
    rows = zip(*(word.ljust(8, "\0") for word in text.split()), strict=True)
    return "".join(
        f"<tr>{''.join(f'<td>{letter}</td>' for letter in row)}</tr>".replace("\0", "")
        for row in rows
        if set(row) != {"\0"}
    )


APART = "meet me alone tonight tell nobody"
PLACES = (
    "<p>{}</p>".format(" ".join(f"form {{}} <b>{word}</b> bring" for word in APART.split())),
    "<p>{}</p>".format(" ".join(f"form <span style='background:yellow'>{word}</span> bring" for word in APART.split())),
    f"<table>{down_the_columns(APART)}</table>",
    "".join(f"<ol type=a start={ord(letter) - 96}><li></li></ol>" for letter in APART if letter != " "),
)


@pytest.mark.parametrize("html", PLACES)
def test_words_apart_from_others_are_read_together(html):
    read = "".join("\n".join(visible_text(html)).split(" "))
    assert APART.replace(" ", "") in read


def test_bold_words_of_an_ordinary_text_say_nothing_more():
    html = " ".join(f"Bring the <b>{word}</b> on" for word in "form bottle ball shoes towel shirt".split())
    assert "form bottle" not in visible_text(f"<p>{html}</p>")[1]


@pytest.mark.parametrize("between", ['"', "(", "-", '" (', ")-", "'"])
@pytest.mark.parametrize("start", ['<p title="', "<a href='", "<td width=5 <b "])
def test_every_word_behind_a_tag_that_never_ends_is_read(start, between):
    words = "remember tonight together behind gymnasium whisper".split()
    page = f"<p>Practice is on Tuesday.</p>{start}please meet me and then {between.join(words)}"
    read = "\n".join(visible_text(page))
    assert all(word in read for word in words)
