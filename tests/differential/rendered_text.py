"""The text that a person sees in a page: what Chromium draws, by styles, places and pixels."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy
from PIL import Image
from playwright.async_api import Page

WIDTH, HEIGHT = 1024, 1600
_MIN_INK = 24
"""How much the pixels of a letter must differ from each other, from 0 to 255."""

_LETTERS = """
() => {
  const out = [];
  for (const element of [...document.body.querySelectorAll("*")]) {  // letters of generated content become text
    for (const [pseudo, place] of [["::before", "afterbegin"], ["::after", "beforeend"]]) {
      const style = getComputedStyle(element, pseudo);
      const texts = [...style.content.matchAll(/"((?:[^"\\\\]|\\\\.)*)"/g)].map(found => found[1]);
      if (!texts.length || style.display === "none") continue;
      const span = document.createElement("span");
      span.style.cssText = `all:unset;color:${style.color};font-size:${style.fontSize};opacity:${style.opacity}`;
      span.textContent = texts.join("");
      element.setAttribute("data-no" + pseudo.slice(2), "");
      element.insertAdjacentElement(place, span);
    }
  }
  const sheet = document.createElement("style");
  sheet.textContent = "[data-nobefore]::before,[data-noafter]::after{content:none!important}";
  document.head.append(sheet);
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let number = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!parent || !node.data.trim() || parent === sheet) continue;
    const style = getComputedStyle(parent);
    if (style.visibility !== "visible" || parseFloat(style.fontSize) < 1.5) continue;
    if (style.webkitTextSecurity !== "none") continue;
    let clip = [0, 0, 1e9, 1e9], opacity = 1, gone = false;
    for (let at = parent; at; at = at.parentElement) {
      const own = getComputedStyle(at);
      opacity *= parseFloat(own.opacity);
      if (own.contentVisibility === "hidden") gone = true;
      const isPage = at === document.body || at === document.documentElement;
      if (own.overflowX !== "visible" && own.display !== "inline" && !isPage) {
        const box = at.getBoundingClientRect();
        clip = [Math.max(clip[0], box.left), Math.max(clip[1], box.top),
                Math.min(clip[2], box.right), Math.min(clip[3], box.bottom)];
      }
    }
    if (gone || opacity < 0.06) continue;
    number++;
    for (let at = 0; at < node.data.length && out.length < 20000; at++) {
      const letter = node.data[at];
      if (!letter.trim()) { out.push([" ", 0, 0, 0, 0, number]); continue; }
      range.setStart(node, at); range.setEnd(node, at + 1);
      const box = range.getBoundingClientRect();
      const left = Math.max(box.left, clip[0]), top = Math.max(box.top, clip[1]);
      const right = Math.min(box.right, clip[2]), bottom = Math.min(box.bottom, clip[3]);
      if (right - left < 0.8 || bottom - top < 1.5 || right <= 0 || bottom <= 0) continue;
      if ((right - left) < 0.4 * box.width || (bottom - top) < 0.4 * box.height) continue;
      out.push([letter, left + scrollX, top + scrollY, right + scrollX, bottom + scrollY, number]);
    }
  }
  return out;
}
"""


@dataclass(frozen=True, slots=True)
class RenderedText:
    """The letters that are drawn: in the order in which they are written, and in the order in which they are seen.

    `pieces`: the drawn text of each text node.
    """

    written: str
    seen: str
    pieces: tuple[str, ...]


async def rendered_text(page: Page, html: str) -> RenderedText:
    """What Chromium draws of a page without its network and scripts."""
    await page.set_content(html, wait_until="load")
    letters = await page.evaluate(_LETTERS)
    picture = Image.open(io.BytesIO(await page.screenshot(full_page=True, animations="disabled"))).convert("RGB")
    pixels = numpy.asarray(picture).astype(numpy.int16)
    drawn = [letter for letter in letters if letter[0] == " " or _is_drawn(pixels, letter)]
    placed = sorted((letter for letter in drawn if letter[0] != " "), key=_line_and_place)
    pieces: dict[int, str] = {}
    for letter in drawn:
        pieces[letter[5]] = pieces.get(letter[5], "") + letter[0]
    return RenderedText(
        "".join(letter[0] for letter in drawn), "".join(letter[0] for letter in placed), tuple(pieces.values())
    )


def _is_drawn(pixels: Any, letter: list[Any]) -> bool:
    left, top, right, bottom = (max(0, round(value)) for value in letter[1:5])
    part = pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
    return bool(part.size) and int((part.max(axis=(0, 1)) - part.min(axis=(0, 1))).max()) >= _MIN_INK


def _line_and_place(letter: list[Any]) -> tuple[int, float]:
    return round((letter[2] + letter[4]) / 2 / 12), letter[1]
