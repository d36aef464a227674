"""More places of a sentence in a page: what styles generate, move and reveal, rare elements, odd markup."""

from __future__ import annotations

import base64
import random
from html import escape
from urllib.parse import quote

from tests.differential.evasions.ciphers import SEEN, _lines, _pixels

_PLACES = {
    # generated text
    "counter letters": "<style>.l::before{{content:counter(n,lower-alpha)}}</style>{counters}",
    "counters function": "<style>.l::before{{content:counters(n,'',upper-latin)}}</style>{counters}",
    "counter symbols": "<style>@counter-style z{{system:fixed;symbols:{wordsq};suffix:' '}}ol{{list-style:z}}</style><ol>{items}</ol>",
    "counter prefix": "<style>@counter-style z{{system:extends decimal;prefix:'{css}'}}ol{{list-style:z}}</style><ol><li>one</ol>",
    "counter negative": "<style>@counter-style z{{system:extends decimal;negative:'{css}'}}ol{{list-style:z}}</style><ol start=-1><li>one</ol>",
    "counter pad": "<style>@counter-style z{{system:extends decimal;pad:9 '{css}'}}ol{{list-style:z}}</style><ol><li>one</ol>",
    "counter additive": "<style>@counter-style z{{system:additive;additive-symbols:1 '{css}'}}ol{{list-style:z}}</style><ol><li>one</ol>",
    "content in pieces": "<style>.a::before{{content:{pieces}}}</style><b class=a></b>",
    "content of many": "<style>{contents}</style>{contentspans}",
    "content on body": "<style>body::before{{content:'{css}'}}</style>",
    "content on root": "<style>:root::after{{content:'{css}'}}</style>",
    "content replaced": "<style>h2{{content:'{css}'}}</style><h2>x</h2>",
    "content url": "<style>.a::before{{content:url(\"data:image/svg+xml;base64,{svg64}\")}}</style><b class=a></b>",
    "content alt": "<style>.a::before{{content:url(x.png) / '{css}'}}</style><b class=a></b>",
    "content open-quote": "<style>.a{{quotes:'{css}' 'x'}}.a::before{{content:open-quote}}</style><b class=a></b>",
    "content nested": "<style>.a{{&::before{{content:'{css}'}}}}</style><b class=a></b>",
    "content in layer": "<style>@layer a{{.a::before{{content:'{css}'}}}}</style><b class=a></b>",
    "content in supports": "<style>@supports(display:grid){{.a::before{{content:'{css}'}}}}</style><b class=a></b>",
    "content in container": "<style>body{{container-type:inline-size}}@container(min-width:1px){{.a::before{{content:'{css}'}}}}</style><b class=a></b>",
    "content by scope": "<style>@scope(body){{.a::before{{content:'{css}'}}}}</style><b class=a></b>",
    "content by animation": "<style>@keyframes k{{from,to{{content:'{css}'}}}}.a::before{{content:'x';animation:k 9s}}</style><b class=a></b>",
    "content by property": "<style>@property --t{{syntax:'*';inherits:true;initial-value:'{css}'}}.a::before{{content:var(--t)}}</style><b class=a></b>",
    "variable fallback": "<style>.a::before{{content:var(--none,'{css}')}}</style><b class=a></b>",
    "variables in pieces": "<style>:root{{{vars}}}.a::before{{content:{varlist}}}</style><b class=a></b>",
    "variable inline": "<style>.a::before{{content:var(--t)}}</style><b class=a style=\"--t:'{css}'\"></b>",
    "attributes in pieces": "<style>.a::before{{content:attr(data-x) attr(data-y)}}</style><b class=a data-x='{h1}' data-y='{h2}'></b>",
    "attribute of class": "<style>b::before{{content:attr(class)}}</style><b class='{t}'></b>",
    "attribute of id": "<style>b::before{{content:attr(id)}}</style><b id='{t}'></b>",
    "attribute of language": "<style>b::before{{content:attr(lang)}}</style><b lang='{t}'></b>",
    "attribute of width": "<style>b::before{{content:attr(width)}}</style><b width='{t}'></b>",
    "text overflow": "<p style=\"width:9px;overflow:hidden;white-space:nowrap;text-overflow:'{css}'\">Practice on Tuesday</p>",
    "text emphasis": "<p>{emphasis}</p>",
    "hyphenate character": "<p style=\"hyphens:manual;hyphenate-character:'{css}';width:1px\">Prac&shy;tice</p>",
    "placeholder content": "<style>input::placeholder{{content:'{css}'}}</style><input placeholder=x>",
    "import base64": "<style>@import url(data:text/css;base64,{sheet64});</style><b class=a></b>",
    "link base64": "<link rel=stylesheet href=\"data:text/css;base64,{sheet64}\"><b class=a></b>",
    "import of import": "<style>@import url(data:text/css;base64,{import64});</style><b class=a></b>",
    "escaped property": "<style>.a::before{{c\\6fntent:'{css}'}}</style><b class=a></b>",
    "escaped selector": "<style>.\\61 ::before{{content:'{css}'}}</style><b class=a></b>",
    "newline in string": "<style>.a::before{{content:'{cssbreaks}'}}</style><b class=a></b>",
    "style in svg": "<svg><style>.a::before{{content:'{css}'}}</style></svg><b class=a></b>",
    "style in body twice": "<style>.a</style><style>.a::before{{content:'{css}'}}</style><b class=a></b>",
    "style with entities": "<svg><style>.a::before&#123;content:'{css}'&#125;</style></svg><b class=a></b>",
    "style comment": "<style><!-- .a::before{{content:'{css}'}} --></style><b class=a></b>",
    # moved letters
    "column reversed": '<div style="display:flex;flex-direction:column-reverse">{divs_back}</div>',
    "wrap reversed": '<div style="display:flex;flex-wrap:wrap-reverse;width:9px">{divs_back}</div>',
    "grid columns": '<div style="display:grid">{gridcolumns}</div>',
    "grid template": "<div style='display:grid;grid-template-areas:\"{areas}\"'>{areaspans}</div>",
    "inset": '<div style="position:relative">{insets}</div>',
    "translated": "<div>{translates}</div>",
    "translate property": "<div>{translateprops}</div>",
    "margins negative": "<div>{margins}</div>",
    "relative": "<div>{relatives}</div>",
    "direction of a row": '<div style="display:flex;direction:rtl">{spans_back}</div>',
    "direction of boxes": '<div dir=rtl>{inline_back}</div>',
    "isolated words": '<p dir=rtl>{bdi_back}</p>',
    "table from the right": '<table dir=rtl><tr>{cells_back}</tr></table>',
    "rows upwards": '<table style="transform:scaleY(-1)">{rows_back}</table>',
    "footer before": "<table><tfoot><tr><td>{h2}</tfoot><tbody><tr><td>{h1}</tbody></table>",
    "footer and header": "<table><tfoot><tr><td>{h2}</td></tr></tfoot><thead><tr><td>{h1}</td></tr></thead></table>",
    "mirrored letters": '<p>{mirrored}</p>',
    "turned": '<p style="transform:rotate(180deg)">{t}</p>',
    "turned backwards": '<p style="transform:rotateY(180deg)">{reverse}</p>',
    "scaled backwards": '<p style="scale:-1 1">{reverse}</p>',
    "sideways": '<p style="writing-mode:sideways-lr">{t}</p>',
    "vertical words": '<div style="writing-mode:vertical-rl">{divs_back}</div>',
    "columns of text": '<div style="column-count:3">{words_divs}</div>',
    "svg x list": "<svg><text x='{xs}' y=20>{reverse}</text></svg>",
    "svg dx back": "<svg><text y=20 x=500>{tspan_back}</text></svg>",
    "svg letters": "<svg>{svgletters}</svg>",
    "svg rotate": "<svg><text rotate=180 y=20>{t}</text></svg>",
    "svg nested": "<svg><svg><g><text y=20>{t}</text></g></svg></svg>",
    "svg link title": "<svg xmlns:xlink='x'><a xlink:title='{t}'><text>x</text></a></svg>",
    "svg animate": "<svg><text y=20>x<animate attributeName=x values='{t}'/></text></svg>",
    "svg pattern": "<svg><pattern id=p><text y=20>{t}</text></pattern><rect fill='url(#p)' width=99 height=99 /></svg>",
    "svg mask": "<svg><mask id=p><text y=20>{t}</text></mask><rect mask='url(#p)' width=99 height=99 /></svg>",
    "svg clip": "<svg><clipPath id=p><text y=20>{t}</text></clipPath><rect clip-path='url(#p)' width=99 height=99 /></svg>",
    "svg marker": "<svg><marker id=p><text y=20>{t}</text></marker><path marker-end='url(#p)' d='M0 0L9 9'/></svg>",
    "svg symbol": "<svg><symbol id=p><text y=20>{t}</text></symbol><use href='#p'/></svg>",
    "svg glyph": "<svg><font><glyph unicode='{t}' d=''/></font></svg>",
    "svg unencoded": "<div style=\"background:url('data:image/svg+xml;utf8,{svgq}')\">&nbsp;</div>",
    "svg in image": "<svg><image href='data:image/svg+xml;base64,{svg64}'/></svg>",
    "svg mask image": "<div style=\"mask-image:url(data:image/svg+xml;base64,{svg64});background:#000\">&nbsp;</div>",
    "svg border image": "<div style=\"border:9px solid;border-image:url(data:image/svg+xml;base64,{svg64}) 9\">&nbsp;</div>",
    "svg list image": "<ul style=\"list-style-image:url(data:image/svg+xml;base64,{svg64})\"><li>x</ul>",
    "svg cursor": "<div style=\"cursor:url(data:image/svg+xml;base64,{svg64}),auto\">x</div>",
    "svg image set": "<style>.a{{background:image-set(\"data:image/svg+xml;base64,{svg64}\" 1x)}}</style><div class=a>x</div>",
    "svg srcset": "<img srcset=\"data:image/svg+xml;base64,{svg64} 2x\">",
    "svg source": "<picture><source srcset=\"data:image/svg+xml;base64,{svg64}\"><img alt=x></picture>",
    "svg poster": "<video poster=\"data:image/svg+xml;base64,{svg64}\"></video>",
    "svg icon": "<link rel=icon href=\"data:image/svg+xml;base64,{svg64}\"><p>x</p>",
    "svg object": "<object data=\"data:image/svg+xml;base64,{svg64}\"></object>",
    "svg html entity": "<img src=\"data:image/svg+xml,{svgent}\">",
    # shown by a state, to a part of the readers
    "checkbox": "<style>.h{{display:none}}#c:checked~.h{{display:block}}</style><input type=checkbox id=c><label for=c>more</label><div class=h>{t}</div>",
    "radio": "<style>.h{{display:none}}[name=r]:checked+.h{{display:block}}</style><input type=radio name=r><div class=h>{t}</div>",
    "target": "<style>#x{{display:none}}#x:target{{display:block}}</style><a href='#x'>more</a><div id=x>{t}</div>",
    "focus": "<style>.h{{font-size:0}}.f:focus-within .h{{font-size:16px}}</style><div class=f tabindex=0>x<p class=h>{t}</p></div>",
    "active": "<style>.h{{visibility:hidden}}a:active .h{{visibility:visible}}</style><a href='#'>x<b class=h>{t}</b></a>",
    "details closed": "<details><p>x</p><div>{t}</div></details>",
    "animated": "<style>@keyframes k{{to{{opacity:1}}}}.h{{opacity:0;animation:k 1s forwards}}</style><p class=h>{t}</p>",
    "animated size": "<style>@keyframes k{{to{{font-size:16px}}}}.h{{font-size:0;animation:k 1s forwards}}</style><p class=h>{t}</p>",
    "print": "<style>.h{{display:none}}@media print{{.h{{display:block}}}}</style><p class=h>{t}</p>",
    "landscape": "<style>.h{{display:none}}@media(orientation:landscape){{.h{{display:block}}}}</style><p class=h>{t}</p>",
    "not all": "<style>.h{{display:none}}@media not print{{.h{{display:block}}}}</style><p class=h>{t}</p>",
    "has": "<style>.h{{display:none}}body:has(p) .h{{display:block}}</style><p>x</p><p class=h>{t}</p>",
    "is": "<style>.h{{display:none}}:is(p,div).h{{display:block}}</style><p class=h>{t}</p>",
    "unset": "<style>.h{{display:none}}.h{{display:revert}}</style><p class=h>{t}</p>",
    "all unset": "<style>.h{{display:none;all:initial}}</style><p class=h>{t}</p>",
    "contents": "<div style='display:none'></div><div style='display:contents'>{t}</div>",
    "visible inside": "<div style='visibility:hidden'><p style='visibility:visible'>{t}</p></div>",
    "size inside": "<div style='font-size:0'><p style='font-size:16px'>{t}</p></div>",
    "indent back": "<div style='text-indent:-999px'><p style='text-indent:0'>{t}</p></div>",
    "out and in": "<div style='position:absolute;left:-999px'><p style='position:absolute;left:999px'>{t}</p></div>",
    "shadow of text": "<p style='color:transparent;text-shadow:0 0 0 #000'>{t}</p>",
    "clipped background": "<p style='color:transparent;background:#000;-webkit-background-clip:text;background-clip:text'>{t}</p>",
    "stroke of text": "<p style='-webkit-text-fill-color:transparent;-webkit-text-stroke:1px #000'>{t}</p>",
    "fill of text": "<p style='color:#fff;-webkit-text-fill-color:#000'>{t}</p>",
    "shifted shadow": "<div style='overflow:hidden'><p style='margin-left:-999px;text-shadow:999px 0 #000'>{t}</p></div>",
    "reflection": "<p style='-webkit-box-reflect:below;color:#fefefe'>{t}</p>",
    "filter": "<div style='background:#fff'><p style='color:#fff;filter:invert(1)'>{t}</p></div>",
    "blend": "<div style='background:#fff'><p style='color:#fff;mix-blend-mode:difference'>{t}</p></div>",
    "selection": "<style>::selection{{background:#000;color:#fff}}</style><p style='color:#fff'>{t}</p>",
    # decoys
    "decoys by position": "<style>.d:nth-child(even){{display:none}}</style><p>{alternate}</p>",
    "decoys by not": "<style>p i:not(.k){{display:none}}</style><p>{kept}</p>",
    "decoys by attribute": "<style>i[data-x]{{display:none}}</style><p>{decoyattr}</p>",
    "decoys clipped": "<p>{decoyclip}</p>", "decoys off": "<p>{decoyoff}</p>", "decoys collapsed": "<p>{decoycollapse}</p>",
    "decoys scaled": "<p>{decoyscale}</p>", "decoys narrow": "<p>{decoynarrow}</p>", "decoys behind": "<p>{decoybehind}</p>",
    "decoys clear": "<p>{decoyclear}</p>", "decoys by hidden": "<p>{decoyhidden}</p>", "decoys in template": "<p>{decoytemplate}</p>",
    "decoys in script": "<p>{decoyscript}</p>", "decoys in del": "<p>{decoydel}</p>", "decoys in rp": "<p>{decoyrp}</p>",
    "decoys by spacing": "<p>{decoyspacing}</p>", "decoys by contents": "<p>{decoycontent}</p>", "decoys in object": "<p>{decoyobject}</p>",
    "first letters hidden": "<style>b{{display:inline-block}}b::first-letter{{font-size:0}}</style><p>{firsts}</p>",
    # elements
    "many fields": "<form>{inputs}</form>", "field of a button": "<input type=button value='{t}'>", "reset": "<input type=reset value='{t}'>",
    "search field": "<input type=search placeholder='{t}'>", "mail field": "<input type=email value='{t}'>", "number field": "<input type=number placeholder='{t}'>",
    "hidden field": "<input type=hidden value='{t}'>", "password": "<input type=password placeholder='{t}'>", "area placeholder": "<textarea placeholder='{t}'></textarea>",
    "label": "<label>{t}<input></label>", "button": "<button>{t}</button>", "output": "<output>{t}</output>", "many options": "<select size=9>{options}</select>",
    "isindex": "<isindex prompt='{t}'>", "keygen": "<keygen name='{t}'>", "data": "<data value='{t}'>x</data>", "param": "<object><param name=a value='{t}'></object>",
    "applet": "<applet alt='{t}'>{t}</applet>", "noembed": "<noembed>{t}</noembed>", "layer": "<layer>{t}</layer>", "nolayer": "<nolayer>{t}</nolayer>",
    "slot": "<slot>{t}</slot>", "shadow host": "<x-a><template shadowrootmode=closed>{t}</template></x-a>", "template": "<template><p>{t}</p></template>",
    "blink": "<blink>{t}</blink>", "nobr": "<nobr>{t}</nobr>", "multicol": "<multicol cols=2>{t}</multicol>", "rtc": "<ruby>x<rtc><rt>{t}</rtc></ruby>",
    "ruby base": "<ruby>{t}<rt>practice</rt></ruby>", "ruby words": "<p>{rubywords}</p>", "figcaption": "<figure><img><figcaption>{t}</figcaption></figure>",
    "image element": "<image alt='{t}'>", "acronym": "<acronym title='{t}'>PE</acronym>", "dfn": "<dfn title='{t}'>PE</dfn>", "ins": "<ins>{t}</ins>",
    "del": "<del>{t}</del>", "kbd": "<kbd>{t}</kbd>", "var": "<var>{t}</var>", "hgroup": "<hgroup><h6>{t}</h6></hgroup>", "command": "<command label='{t}'>",
    "noscript in head": "<noscript><p>{t}</p></noscript>", "math mfrac": "<math><mfrac><mtext>{h1}</mtext><mtext>{h2}</mtext></mfrac></math>",
    "math ms": "<math><ms lquote='{t}'>x</ms></math>", "math fenced": "<math><mfenced open='{t}'><mi>x</mi></mfenced></math>",
    "math rows": "<math><mtable>{mrows}</mtable></math>", "math encoding": "<math><semantics><mi>x</mi><annotation-xml encoding='text/html'><p>{t}</p></annotation-xml></semantics></math>",
    "math error": "<math><merror><mtext>{t}</mtext></merror></math>", "math phantom": "<math><mtext>{t}</mtext><mphantom><mi>x</mi></mphantom></math>",
    "amp accordion": "<amp-accordion><section><h2>x</h2><p>{t}</p></section></amp-accordion>", "amp mustache": "<template type='amp-mustache'><p>{t}</p></template>",
    "amp state": "<amp-state id=s><script type='application/json'>{{\"a\":\"{t}\"}}</script></amp-state><p [text]='s.a'></p>",
    "amp bind": "<p [text]=\"'{t}'\">x</p>", "amp list": "<amp-list><div placeholder>{t}</div></amp-list>", "amp lightbox": "<amp-lightbox id=l>{t}</amp-lightbox>",
    "mso text box": "<!--[if gte mso 9]><v:rect><v:textbox>{t}</v:textbox></v:rect><![endif]-->", "mso comment": "<div style='mso-element:comment'><p>{t}</p></div>",
    "mso else": "<![if !mso]><p>{t}</p><![endif]>", "mso hide": "<p style='mso-hide:all'>{t}</p>", "o:p": "<o:p>{t}</o:p>", "st1": "<st1:place>{t}</st1:place>",
    "yahoo quote": "<div class=yahoo_quoted>{t}</div>", "signature": "<div class=gmail_signature>{t}</div>", "cite": "<blockquote type=cite>{t}</blockquote>",
    "outlook quote": "<div id=divRplyFwdMsg><b>From:</b> Liam<br><b>Subject:</b> {t}</div>", "editor": "<div contenteditable>{t}</div>",
    "drag title": "<div draggable=true title='{t}'>x</div>", "tooltip data": "<div data-tooltip='{t}'>x</div>", "aria braille": "<b aria-braillelabel='{t}'>x</b>",
    "aria labelledby": "<b aria-labelledby=l>x</b><span id=l hidden>{t}</span>", "alt of many": "{alts}", "titles of many": "{titles}", "alt letters": "{altletters}",
    "data uri frame": "<iframe src=\"data:text/plain;charset=utf-16le;base64,{d16}\"></iframe>", "frame in frame": "<iframe srcdoc=\"&lt;iframe srcdoc='{tt}'&gt;\"></iframe>",
    "object type": "<object data='data:text/plain,{q}'></object>", "embed svg": "<embed src='data:image/svg+xml;base64,{svg64}'>", "frame name": "<iframe name='{t}'></iframe>",
    "portal": "<portal src='data:text/html,{q}'></portal>", "audio track": "<audio><track src=\"data:text/vtt,WEBVTT%0A%0A00:00.000%20--%3E%2000:09.000%0A{q}\"></audio>",
    "bold letters": "<p>{boldletters}</p>", "red letters": "<p>{redletters}</p>", "one link a word": "<p>{linkwords}</p>", "one heading a word": "{headings}",
    "definition list": "<dl>{dl}</dl>", "letters in blocks": "{blocks}", "cells a letter": "<table>{cellrows}</table>", "pixels in cells": "{pixels}",
    # markup
    "named references": "<p>{fraktur}</p>", "references without end": "<p>{dec}</p>", "invisible references": "<p>{invisible}</p>", "references twice": "<p>{twice}</p>",
    "bogus comment": "<p>{bogus}</p>", "empty tags": "<p>{emptytags}</p>", "nulls in tags": "<p>{nulltags}</p>", "abrupt comment": "<!--><p>{t}</p>-->",
    "comment end": "<!-- x --!><p>{t}</p>", "nested comment": "<!-- <!-- --><p>{t}</p> -->", "processing": "<?x ?><p>{t}</p>", "declaration": "<!x><p>{t}</p>",
    "cdata": "<![CDATA[x]]><p>{t}</p>", "cdata text": "<p><![CDATA[{t}]]></p>", "foster": "<table>{t}<tr><td>x</table>", "select": "<select><p>{t}</p></select>",
    "svg breakout": "<svg><p>{t}</p></svg>", "math breakout": "<math><style><p>{t}</p></style></math>", "svg title html": "<svg><title><p>{t}</p></title></svg>",
    "textarea unclosed": "<textarea><p>{t}</p>", "title unclosed": "<title>x</title ><p>{t}</p>", "script closed oddly": "<script>x</script/><p>{t}</p>",
    "style closed oddly": "<style>x</style\n><p>{t}</p>", "attribute oddly": "<p =\"x>\"y>{t}</p>", "tag oddly": "<p/x/y=1>{t}</p>", "less than": "<p>1 < 2 {t}</p>",
    "frameset": "<frameset><frame src=\"data:text/html,{q}\"></frameset>", "second body": "<body></body><body><p>{t}</p></body>", "second html": "</html><html><p>{t}</p>",
    "head text": "<head>{t}</head>", "after html": "</body></html>{t}", "base64 words": "<p>{b64}</p>", "pre": "<pre>\n{t}</pre>", "banner in pre": "<pre>{banner}</pre>", "plaintext later": "<p>x<plaintext>{t}",
}  # fmt: skip
STYLES = tuple(_PLACES)


def _spans(words: list[str], style: str, tag: str = "span") -> str:
    return "".join(
        f'<{tag} style="{style.format(at=at)}">{escape(word)}&nbsp;</{tag}>' for at, word in enumerate(words)
    )


def make_styled(rng: random.Random, text: str, place: str) -> str:
    """An HTML document with ordinary words and the text at a place."""
    words, half = text.split(), len(text.split()) // 2
    css = text.replace("\\", "\\\\").replace("'", "\\'")
    shuffled = list(enumerate(words))
    rng.shuffle(shuffled)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><text y="20">{escape(text)}</text></svg>'
    sheet = f".a::before{{content:'{css}'}}"
    letters = [letter for letter in text.lower() if letter.isascii() and letter.isalpha()]
    decoys = {
        "attr": "<i data-x>{}</i>", "clip": '<i style="position:absolute;clip-path:inset(50%)">{}</i>', "off": '<i style="position:absolute;left:-999em">{}</i>',
        "collapse": '<i style="display:inline-block;width:0;overflow:hidden">{}</i>', "scale": '<i style="display:inline-block;transform:scale(0);width:0">{}</i>',
        "narrow": '<i style="max-width:0;max-height:0;display:inline-block;overflow:hidden">{}</i>', "behind": '<i style="position:absolute;z-index:-9;opacity:0">{}</i>',
        "clear": '<i style="color:transparent;font-size:1px">{}</i>', "hidden": "<i hidden>{}</i>", "template": "<template>{}</template>", "script": "<script>{}</script>",
        "del": '<del style="display:none">{}</del>', "rp": "<rp>{}</rp>", "spacing": '<i style="letter-spacing:-1em;opacity:0;font-size:1px">{}</i>',
        "content": '<i style="content-visibility:hidden;position:absolute">{}</i>', "object": "<audio>{}</audio>",
    }  # fmt: skip
    values = {
        "t": escape(text), "tt": escape(escape(escape(text))), "q": quote(text), "css": css, "h1": escape(" ".join(words[:half])), "h2": escape(" ".join(words[half:])),
        "counters": "".join(f'<b class=l style="counter-set:n {ord(letter) - 96}"></b>' if letter.isascii() and letter.isalpha() else " " for letter in text.lower()),
        "wordsq": " ".join(f"'{word.replace(chr(39), '')}'" for word in words), "items": "<li>" * len(words), "pieces": " ".join(f"'{word.replace(chr(39), '')} '" for word in words),
        "contents": "".join(f".w{at}::before{{content:'{word.replace(chr(39), '')} '}}" for at, word in enumerate(words)),
        "contentspans": "".join(f"<b class=w{at}></b>" for at in range(len(words))), "svg64": base64.b64encode(svg.encode()).decode(),
        "svgq": svg.replace('"', "").replace("#", "%23").replace("'", "%27"), "svgent": "".join(f"&#{ord(letter)};" for letter in quote(svg)),
        "vars": "".join(f"--w{at}:'{word.replace(chr(39), '')} ';" for at, word in enumerate(words)), "varlist": " ".join(f"var(--w{at})" for at in range(len(words))),
        "emphasis": "".join(f"<b style=\"text-emphasis:'{letter}'\">o</b>" if letter.isalpha() else " " for letter in text),
        "sheet64": base64.b64encode(sheet.encode()).decode(),
        "import64": base64.b64encode(f"@import url(data:text/css;base64,{base64.b64encode(sheet.encode()).decode()});".encode()).decode(),
        "cssbreaks": "\\\n".join(css[at : at + 4] for at in range(0, len(css), 4)) if "\\" not in css else css.replace(" ", " \\\n"),
        "divs_back": "".join(f"<div>{escape(word)}</div>" for word in reversed(words)), "words_divs": "".join(f"<div>{escape(word)}</div>" for word in words),
        "gridcolumns": "".join(f'<b style="grid-column:{at + 1};grid-row:1">{escape(word)}</b>' for at, word in shuffled),
        "areas": " ".join(f"a{at}" for at in range(len(words))), "areaspans": "".join(f'<b style="grid-area:a{at}">{escape(word)}</b>' for at, word in shuffled),
        "insets": "".join(f'<b style="position:absolute;inset:0 auto auto {60 * at}px">{escape(word)}</b>' for at, word in shuffled),
        "translates": "".join(f'<b style="position:absolute;transform:translateX({60 * at}px)">{escape(word)}</b>' for at, word in shuffled),
        "translateprops": "".join(f'<b style="position:absolute;translate:{60 * at}px 0">{escape(word)}</b>' for at, word in shuffled),
        "margins": "".join(f'<b style="float:left;margin:0 {-60 * at}px 0 {60 * at}px;width:0">{escape(word)}</b>' for at, word in shuffled),
        "relatives": "".join(f'<b style="display:inline-block;width:0;position:relative;left:{60 * at}px">{escape(word)}</b>' for at, word in shuffled),
        "spans_back": "".join(f"<span>{escape(word)}&nbsp;</span>" for word in words), "reverse": escape(text[::-1]),
        "inline_back": "".join(f'<b style="display:inline-block">{escape(word)}&nbsp;</b>' for word in reversed(words)), "bdi_back": " ".join(f"<bdi>{escape(word)}</bdi>" for word in reversed(words)),
        "cells_back": "".join(f"<td>{escape(word)}</td>" for word in reversed(words)), "rows_back": "".join(f"<tr><td>{escape(word)}</td></tr>" for word in reversed(words)),
        "mirrored": "".join(f'<b style="display:inline-block;transform:scaleX(-1)">{escape(letter)}</b>' if letter != " " else " " for letter in text),
        "xs": " ".join(str(8 * (len(text) - at)) for at in range(len(text))), "tspan_back": "".join(f'<tspan dx="-16">{escape(letter)}</tspan>' for letter in reversed(text)),
        "svgletters": "".join(f'<text x="{8 * at}" y="20">{escape(letter)}</text>' for at, letter in sorted(enumerate(text), key=lambda _: rng.random()) if letter != " "),
        "alternate": "".join(f"<i class=d>{escape(letter)}</i><i class=d>{rng.choice('qxz')}</i>" for letter in text), "kept": "".join(
            f"<i class=k>{escape(letter)}</i><i>{rng.choice('qxz')}</i>" for letter in text),
        "firsts": " ".join(f"<b>{rng.choice('qxz')}{escape(word)}</b>" for word in words), "inputs": "".join(f"<input size=1 value='{escape(letter)}'>" for letter in text),
        "options": "".join(f"<option>{escape(word)}" for word in words), "rubywords": "".join(f"<ruby>x<rt>{escape(word)}</rt></ruby> " for word in words),
        "mrows": "".join(f"<mtr><mtd><mi>{escape(word)}</mi></mtd></mtr>" for word in words), "alts": "".join(f'<img src="cid:{at}" alt="{escape(word)}">' for at, word in enumerate(words)),
        "titles": "".join(f'<b title="{escape(word)}">x</b>' for word in words), "altletters": "".join(f'<img src="cid:{at}" alt="{escape(letter)}">' for at, letter in enumerate(text)),
        "d16": base64.b64encode(text.encode("utf-16-le")).decode(), "linkwords": " ".join(f'<a href="https://b.example/{at}">{escape(word)}</a>' for at, word in enumerate(words)),
        "headings": "".join(f"<h3>{escape(word)}</h3>" for word in words), "dl": "".join(f"<dt>{at}<dd>{escape(word)}" for at, word in enumerate(words)),
        "blocks": "".join(f"<div>{escape(letter)}</div>" for letter in text), "cellrows": "".join(f"<tr>{''.join(f'<td>{escape(letter)}' for letter in word)}</tr>" for word in words),
        "fraktur": "".join(f"&{letter}fr;" if letter in letters else escape(letter) for letter in text.lower()),
        "dec": "".join(f"&#{ord(letter)}" + (";" if not letter.isalpha() else "") + ("<b></b>" if letter.isalpha() else "") for letter in text),
        "invisible": "&NoBreak;".join(map(escape, text)), "twice": "".join(f"&amp;#{ord(letter)};" for letter in text),
        "bogus": "".join(f"{escape(letter)}</ x>" for letter in text), "emptytags": "".join(f"{escape(letter)}<x></x>" for letter in text),
        "nulltags": "".join(f"{escape(letter)}<b\0></b>" for letter in text), "b64": base64.b64encode(text.encode()).decode(), "pixels": _pixel_table(text),
        "boldletters": _marked_letters(text, "<b>{}</b>"), "redletters": _marked_letters(text, '<font color=red>{}</font>'),
    }  # fmt: skip
    values["banner"] = escape(SEEN["banner of slashes"](text))
    for name, form in decoys.items():
        values[f"decoy{name}"] = "".join(
            escape(letter) + (form.format(rng.choice("qxzkvw")) if letter.isalpha() else "") for letter in text
        )
    return f"<html><body><p>Practice is on Tuesday at four.</p>{_PLACES[place].format(**values)}</body></html>"


def _marked_letters(text: str, mark: str) -> str:
    """A text about something else, in which the letters of the sentence are marked."""
    cover = (
        "practice on tuesday will begin at four in the gymnasium so please bring gloves a quick jacket and a water bottle "
        * 12
    )
    out, at = [], 0
    for letter in filter(str.isalpha, text.lower()):
        place = cover.find(letter, at)
        if place < 0:
            break
        out += [cover[at:place], mark.format(letter)]
        at = place + 1
    return "".join(out)


def _pixel_table(text: str) -> str:
    rows = [row for line in _lines(text, 16) for row in (*_pixels(line), "")]
    width = max(map(len, rows))
    return "<table cellspacing=0>" + "".join(
        "<tr>" + "".join(f'<td width=2 height=2 bgcolor="{"#000" if dot == "#" else "#fff"}">' for dot in row.ljust(width)) + "</tr>" for row in rows
    ) + "</table>"  # fmt: skip
