"""The templates: no inline scripts or styles, no links to other sites, and a purpose on every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gateway.console
from tests.console.district import AUDITOR, DIRECTOR, HIGH, LINDGREN, SECURITY
from tests.console.running_console import RunningConsole

TEMPLATES = sorted(Path(gateway.console.__file__).parent.rglob("*.html"))
_LINKS = re.compile(r'<li><a href="([^"]+)"[^>]*>([^<]+(?:<span class="wide">[^<]+</span>)?)</a></li>')


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda item: item.stem)
def test_templates_have_no_inline_script_or_style(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.findall(r"<script(?![^>]*\bsrc=)", text)
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", text, re.IGNORECASE)
    assert not re.findall(r"https?://", text)
    unescaped = re.findall(r"\{\{[^}]*\| *safe[^}]*\}\}", text)
    assert unescaped == (["{{ fragment | safe }}"] if template.stem == "html_part" else [])


@pytest.mark.parametrize("who", [DIRECTOR, HIGH, SECURITY, AUDITOR, LINDGREN])
async def test_every_page_of_the_menu_says_its_purpose(console: RunningConsole, who: str) -> None:
    """At its top, in plain words; and the menu has no internal terms."""
    async with console.signed_in(who) as browser:
        menu = dict(_LINKS.findall((await browser.get("/policy")).text))
        assert not {"Trace", "Audit", "Mine"} & set(menu.values())
        assert "Find" in menu.get("/trace", "Find")
        assert menu.get("/audit", "Who did what") == "Who did what"
        for path in (*menu, *(["/help", "/decided"] if who in (DIRECTOR, HIGH) else [])):
            page = (await browser.get(path)).text
            main = page[page.index("<main") :]
            said = re.search(r'</h1>\s*<p class="soft purpose">([^<]{20,})', main)
            assert said, path
