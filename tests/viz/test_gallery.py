"""Every figure of the gallery as a browser draws it: no text leaves its card, nothing overlaps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.viz.browser import PROGRAM, Browser

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")

FIGURES = sorted((Path(__file__).parents[2] / "docs" / "img").glob("*.svg"))

# All in the units of the screen at 100 %. A hair of 0.6 px is forgiven: rounding, antialiasing.
TROUBLE = """(() => {
  const svg = document.documentElement;
  const box = (e) => {
    const r = e.getBoundingClientRect();
    return {l: r.left, t: r.top, r: r.right, b: r.bottom, e};
  };
  const name = (x) => (x.e.textContent || x.e.id).trim().slice(0, 50);
  const apart = (a, b) => a.r <= b.l + .6 || b.r <= a.l + .6 || a.b <= b.t + .6 || b.b <= a.t + .6;
  const bad = [];
  const page = box(svg);
  const cards = [...svg.querySelectorAll('.node')]
    .map(g => box(g.querySelector('rect:not(.behind)')));
  svg.querySelectorAll('.node').forEach((g, k) => {
    for (const text of g.querySelectorAll('text')) {
      const [t, c] = [box(text), cards[k]];
      if (t.l < c.l || t.r > c.r || t.t < c.t - .6 || t.b > c.b + .6) bad.push(['leaves', name(t)]);
    }
    const lines = [...g.querySelectorAll('text')].map(box);
    lines.slice(1).forEach((t, i) => {
      if (t.t < lines[i].t + 6) bad.push(['on top of another line', name(t)]);
    });
  });
  const labels = [...svg.querySelectorAll('text.back')].map(box);
  const stacks = [...svg.querySelectorAll('.behind')].map(box); // above a card that repeats
  stacks.forEach((a) => [...labels, ...cards].forEach((b) => {
    if (!apart(a, b) && a.e.parentNode !== b.e.parentNode) bad.push(['overlap', name(a), name(b)]);
  }));
  const solid = [...cards, ...labels];
  solid.forEach((a, i) => solid.slice(i + 1).forEach((b) => {
    if (!apart(a, b)) bad.push(['overlap', name(a), name(b)]);
  }));
  for (const path of svg.querySelectorAll('.edge path')) {
    if (!path.matches('.fwd, .bwd')) continue;
    const n = path.getTotalLength(), m = path.getScreenCTM();
    for (let s = 9; s < n - 9; s += 4) {
      const p = path.getPointAtLength(s).matrixTransform(m);
      for (const c of cards) {
        if (p.x > c.l + 1 && p.x < c.r - 1 && p.y > c.t + 1 && p.y < c.b - 1) {
          bad.push(['through', path.closest('.edge').id, name(c)]); s = n; break;
        }
      }
    }
  }
  for (const e of svg.querySelectorAll('text, rect, circle, path')) {
    const b = box(e);
    if (b.l < page.l - .6 || b.r > page.r + .6 || b.t < page.t - .6 || b.b > page.b + .6) {
      bad.push(['outside the figure', name(b)]);
    }
  }
  return bad;
})()"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as running:
        size: dict[str, Any] = {"width": 6000, "height": 3000, "deviceScaleFactor": 1}
        running.call("Emulation.setDeviceMetricsOverride", mobile=False, **size)
        yield running


@pytest.mark.parametrize("figure", FIGURES, ids=lambda p: p.stem)
def test_nothing_overlaps_or_is_cut_off(browser: Browser, figure: Path) -> None:
    browser.open(figure)
    assert browser.js("document.querySelectorAll('text').length") > 3
    assert browser.js(TROUBLE) == []


def test_there_are_figures_enough() -> None:
    assert len(FIGURES) >= 15


def test_the_counter_sees_what_it_looks_for(browser: Browser) -> None:
    browser.open(next(f for f in FIGURES if f.stem == "lecture"))
    browser.js("document.querySelectorAll('text').forEach(t => { t.style.fontSize = '40px'; })")
    kinds = {trouble[0] for trouble in browser.js(TROUBLE)}
    assert {"leaves", "overlap"} <= kinds
    browser.js("document.querySelector('.node').setAttribute('transform', 'translate(480 60)')")
    assert "through" in {trouble[0] for trouble in browser.js(TROUBLE)}
