"""Links with a sentence in them, for texts and pages."""

from __future__ import annotations

import base64
import json
from html import escape
from urllib.parse import quote, quote_plus

_FORMS = {
    "mailto subject": "mailto:a@b.example?subject={p}", "mailto body": "mailto:?body={p}", "mailto name": "mailto:%22{p}%22%20%3Ca@b.example%3E",
    "mailto cc": "mailto:a@b.example?cc=%22{p}%22%3Cc@d.example%3E", "mailto capital": "MAILTO:a@b.example?SUBJECT={p}",
    "mailto local part": "mailto:{dash}@b.example", "address local part": "{dot}@b.example",
    "sms": "sms:+15155550100?body={p}", "sms semicolon": "sms:5155550100;body={p}", "sms ampersand": "sms:5155550100&body={p}",
    "smsto": "smsto:5155550100:{p}", "mmsto": "mmsto:5155550100?subject={p}", "imessage": "imessage://5155550100?body={p}",
    "tel": "tel:{dash}", "tel encoded": "tel:{p}", "callto": "callto:{p}", "sip": "sip:a@b.example?subject={p}",
    "whatsapp": "whatsapp://send?text={p}", "wa.me": "https://wa.me/15155550100?text={p}", "telegram": "tg://msg?text={p}",
    "t.me": "https://t.me/share/url?url=x&text={plus}", "viber": "viber://forward?text={p}", "line": "line://msg/text/{p}",
    "xmpp": "xmpp:a@b.example?message;body={p}", "skype": "skype:a?chat&topic={p}", "teams": "https://teams.microsoft.com/l/chat/0/0?users=a@b.example&message={p}",
    "facetime": "facetime://{p}", "irc": "irc://irc.example/{p}", "news": "news:{dot}",
    "geo": "geo:0,0?q=41.6,-93.6({plus})", "map": "https://maps.google.com/?q={plus}", "map place": "https://www.google.com/maps/place/{plus}/@41,-93,17z",
    "apple map": "https://maps.apple.com/?q={p}&ll=41,-93", "directions": "https://www.google.com/maps/dir/{plus}/Des+Moines",
    "search": "https://www.google.com/search?q={plus}", "video search": "https://www.youtube.com/results?search_query={plus}",
    "form": "https://docs.google.com/forms/d/e/1/viewform?entry.1={plus}", "calendar": "https://calendar.google.com/calendar/render?action=TEMPLATE&text=Practice&details={p}",
    "tweet": "https://twitter.com/intent/tweet?text={p}", "share": "https://www.facebook.com/sharer.php?u=x&quote={p}",
    "safelinks": "https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fb.example%2F%3Fm%3D{pp}&data=05&reserved=0",
    "urldefense": "https://urldefense.com/v3/__https://b.example/{dash}__;!!abc", "redirect": "https://l.facebook.com/l.php?u=https%3A%2F%2Fb.example%2F{dash}&h=AT0",
    "redirect encoded": "https://b.example/r/https%253A%252F%252Fc.example%252F%253Fm%253D{ppp}",
    "path": "https://b.example/{dash}", "path with underscores": "https://b.example/a/{under}.html", "path with dots": "https://b.example/{dot}",
    "path with slashes": "https://b.example/{slash}/", "path with plus": "https://b.example/{plusword}", "path encoded": "https://b.example/{p}",
    "path of capitals": "https://b.example/{camel}", "path of all codes": "https://b.example/{allp}", "path together": "https://b.example/{together}",
    "path letters": "https://b.example/{letters}", "path raw": "https://b.example/{raw}", "path of fullwidth": "https://b.example/{wide}",
    "path twice": "https://b.example/{pp}", "path three times": "https://b.example/{ppp}", "percent u": "https://b.example/?q={pu}",
    "query": "https://b.example/?q={plus}", "query name": "https://b.example/?{plus}=1", "query of words": "https://b.example/?{params}",
    "query of repeated words": "https://b.example/?{repeated}", "query of numbered words": "https://b.example/?{numbered}",
    "query json": "https://b.example/?d={json}", "query base64": "https://b.example/?d={b64}", "query hex": "https://b.example/?d={hex}",
    "query base64 padded": "https://b.example/?d={b64p}", "path base64": "https://b.example/{b64}", "fragment base64": "https://b.example/#{b64}",
    "query dashes": "https://b.example/?note={dash}&id=7", "query underscores": "https://b.example/?note={under}",
    "query campaign": "https://b.example/?utm_source=mail&utm_campaign={dash}&utm_medium=x", "matrix": "https://b.example/a;note={p};b=1",
    "fragment": "https://b.example/#{p}", "fragment dashes": "https://b.example/page#{dash}", "text fragment": "https://b.example/#:~:text={p}",
    "fragment slashes": "https://b.example/#/{slash}", "user": "https://{dash}@b.example/", "user and password": "https://{half1}:{half2}@b.example/",
    "host": "https://{label}.example/", "hosts": "https://{hosts}.example/", "host without scheme": "www.{label}.example", "domain": "{hosts}.example",
    "port and path": "https://b.example:8443/{dash}", "no scheme": "b.example/{dash}", "scheme-relative": "//b.example/{dash}",
    "ftp": "ftp://b.example/{p}.txt", "file": "file:///C:/Users/a/{p}.docx", "share path": "\\\\server\\share\\{raw}.docx", "windows path": "C:\\Users\\a\\{raw}.docx",
    "view-source": "view-source:https://b.example/{dash}", "javascript": "javascript:alert('{js}')", "javascript encoded": "javascript:alert(%22{p}%22)",
    "data text": "data:text/plain,{p}", "data html": "data:text/html,<p>{p}</p>", "data base64": "data:text/html;base64,{d64}",
    "data charset": "data:text/plain;charset=utf-16le;base64,{d16}", "about": "about:blank#{p}", "blob": "blob:https://b.example/{dash}",
    "magnet": "magnet:?xt=urn:btih:0&dn={plus}", "intent": "intent://a#Intent;scheme=x;S.text={p};end", "webcal": "webcal://b.example/{dash}.ics",
    "spotify": "spotify:search:{plus}", "app": "myapp://open?message={p}", "zoom": "https://zoom.us/j/123?uname={plus}&pwd=x", "urn": "urn:x:{dash}",
    "ipfs": "ipfs://{dash}", "git": "git://b.example/{dash}.git", "ssh": "ssh://{dash}@b.example", "ldap": "ldap://b.example/cn={p}",
    "ws": "wss://b.example/?m={p}", "gopher": "gopher://b.example/0{p}", "tiktok": "https://www.tiktok.com/@a/video/1?q={p}", "hashtag": "#{camel}",
    "hashtags": "{hashtags}", "mention": "@{under}", "wiki": "https://en.wikipedia.org/wiki/{under}", "translate": "https://translate.google.com/?sl=en&text={p}",
    "qr service": "https://api.qrserver.com/v1/create-qr-code/?data={plus}", "image of text": "https://dummyimage.com/600x400/000/fff&text={plus}",
    "placeholder image": "https://via.placeholder.com/400x100.png?text={plus}", "latex image": "https://latex.codecogs.com/png.image?{p}",
    "chart": "https://quickchart.io/chart?c=%7Btype:'bar',data:%7Blabels:['{p}']%7D%7D", "pastebin": "https://pastebin.com/raw/{together}",
}  # fmt: skip


def links(text: str) -> dict[str, str]:
    """A link of every form with the text in it."""
    words = text.replace("'", "").replace(",", "").replace(".", "").replace("?", "").replace("!", "").split()
    lower = [word.lower() for word in words]
    half = len(words) // 2
    values = {
        "p": quote(text, safe=""), "plus": quote_plus(text), "pp": quote(quote(text)), "ppp": quote(quote(quote(text))), "raw": text,
        "dash": quote("-".join(lower)), "under": quote("_".join(words)), "dot": ".".join(lower), "slash": quote("/".join(lower)),
        "plusword": quote("+".join(lower), safe="+"), "camel": "".join(word.capitalize() for word in words), "together": "".join(lower),
        "allp": "".join(f"%{byte:02X}" for byte in text.encode()), "letters": "/".join("".join(lower)),
        "wide": "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else "-" for letter in text),
        "pu": "".join(f"%u{ord(letter):04x}" for letter in text), "params": "&".join(f"{chr(97 + at)}={quote(word)}" for at, word in enumerate(lower)),
        "repeated": "&".join(f"w={quote(word)}" for word in lower), "numbered": "&".join(f"{at}={quote(word)}" for at, word in enumerate(lower)),
        "json": quote(json.dumps({"m": text})), "b64": base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
        "b64p": quote(base64.b64encode(text.encode()).decode()), "hex": text.encode().hex(), "half1": "-".join(lower[:half]), "half2": "-".join(lower[half:]),
        "label": "-".join(lower)[:63], "hosts": ".".join(lower), "js": text.replace("'", "\\'"), "d64": base64.b64encode(f"<p>{text}</p>".encode()).decode(),
        "d16": base64.b64encode(text.encode("utf-16-le")).decode(), "hashtags": " ".join(f"#{word}" for word in words),
    }  # fmt: skip
    return {name: form.format(**values) for name, form in _FORMS.items()}


PLACES = {
    "text": ("text/plain", "Practice is on Tuesday. See {link} for more.\n"),
    "angled": ("text/plain", "Practice is on Tuesday <{link}>\n"),
    "markdown": ("text/plain", "Practice is on [Tuesday]({link}).\n"),
    "anchor": ("text/html", '<p>Practice is on <a href="{html}">Tuesday</a></p>'),
    "picture": ("text/html", '<p>Practice is on Tuesday <img src="{html}" width=1 height=1></p>'),
    "form": ("text/html", '<p>Practice is on Tuesday</p><form action="{html}"><button>Sign up</button></form>'),
    "area": ("text/html", '<p>Practice is on Tuesday</p><map name=m><area href="{html}" alt=x></map><img usemap="#m" alt=y>'),
    "refresh": ("text/html", '<meta http-equiv=refresh content="9;url={html}"><p>Practice is on Tuesday</p>'),
    "style": ("text/html", "<p style=\"background:url('{html}')\">Practice is on Tuesday</p>"),
}  # fmt: skip
"""Where a link stands: the media type and the text around it."""
SHOWN_WHERE = frozenset(("text", "angled", "markdown", "anchor"))
"""Places in which a person sees or follows the link."""


def in_place(link: str, place: str) -> tuple[str, str]:
    """The media type and the text of a part that has the link in a place."""
    media_type, form = PLACES[place]
    return media_type, form.format(link=link, html=escape(link))
