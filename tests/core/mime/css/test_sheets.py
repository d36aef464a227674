"""Style sheets: which rules apply to which element, and in which environments."""

from __future__ import annotations

import pytest

from gateway.core.mime.css.media import DARK, MAIN, NARROW, SHEETS, media_environments, supports_environments
from gateway.core.mime.css.selectors import Element, MatchBudget
from gateway.core.mime.css.sheets import index_rules, parse_sheet
from gateway.core.mime.html import read_html


def _matching(sheet, element, steps=10_000):
    budget = MatchBudget(steps)
    rules = index_rules((parse_sheet(sheet),)).matching(element, budget)
    return [(rule.declarations.normal, where) for rule, where in rules], budget


def test_specificity_and_order():
    element = Element("p", {"class": "a b", "id": "x"}, None, None)
    sheet = "#x{order:4} p{order:1} .a.b{order:3} .b{order:2} q{order:9} p{order:1.5} :where(#x){order:0}"
    found, _ = _matching(sheet, element)
    assert [values["order"] for values, _ in found] == ["0", "1", "1.5", "2", "3", "4"]


@pytest.mark.parametrize(
    ("selector", "is_hidden"),
    [
        ("i", True),
        ("p i", True),
        ("p > i", True),
        ("div > i", False),
        ("b + i", True),
        ("u ~ i", True),
        ("i + i", False),
        ("i:nth-child(3)", True),
        ("i:nth-child(2n)", False),
        ("i:first-child", False),
        ("[title]", True),
        ("[title^=no]", True),
        ("[title=noise]", True),
        ("i:not(.x)", True),
        ("i:not([title])", False),
        (":is(b, i)", True),
        ("i:hover", False),
        ("i:first-of-type", True),
        ("*|i", True),
        ("I", True),
        ("i, ::", False),
        ("p i::before", False),
    ],
)
def test_selectors(selector, is_hidden):
    html = f"<style>{selector} {{ display: none }}</style><p><u>k</u><b>i</b><i title=noise>X</i>ll"
    assert ("X" in read_html(html).shown) is not is_hidden


def test_nested_rules_and_layers():
    sheet = (
        ".a { & .b { order: 2 } .c { order: 3 } } @layer { .d { order: 4 } } "
        ".e { @media (min-width: 1px) { order: 5 } }"
    )
    outer = Element("div", {"class": "a"}, None, None)
    for name, order in (("b", "2"), ("c", "3"), ("d", "4"), ("e", "5")):
        found, _ = _matching(sheet, Element("p", {"class": name}, outer, None))
        assert [values["order"] for values, _ in found] == [order]


@pytest.mark.parametrize(
    ("query", "environments"),
    [
        ("", SHEETS),
        ("screen", SHEETS),
        ("print", 0),
        ("(max-width: 600px)", NARROW),
        ("(min-width: 600px)", MAIN | DARK),
        ("only screen and (max-width: 600px)", NARROW),
        ("(prefers-color-scheme: dark)", DARK),
        ("(width >= 600px)", MAIN | DARK),
        ("(600px <= width)", MAIN | DARK),
        ("not print", SHEETS),
        ("print, screen", SHEETS),
        ("(unheard-of)", NARROW),
        ("screen and (-webkit-min-device-pixel-ratio:0)", SHEETS),
    ],
)
def test_media_queries(query, environments):
    assert media_environments(query) == environments


def test_supports():
    assert supports_environments("(display: grid)") == SHEETS
    assert supports_environments("not (display: grid)") == NARROW


def test_budget_is_said_to_be_spent():
    found, budget = _matching("p{order:1}" * 100, Element("p", {}, None, None), steps=50)
    assert found == []
    assert budget.is_spent
    html = f"<style>{'p b{color:red}' * 3000}</style>{'<p><b>x</b>' * 3000}"
    assert read_html(html).gaps == ("styles",)


def test_texts_and_fonts_in_sheets():
    sheet = parse_sheet("p::before { content: 'one' } @counter-style x { symbols: 'two' } b { font-family: 'Arial' }")
    assert sheet.strings == ["one", "two"]
    assert not sheet.has_fonts
    assert parse_sheet("@font-face { src: url(data:font/woff,x) }").has_fonts
    assert not parse_sheet("@font-face { src: url(https://fonts.example/a.woff2); unicode-range: U+0-7F }").has_fonts
