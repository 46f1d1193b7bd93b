"""The gallery by the built-in layout and by `dot`, side by side: what an arrow runs through.

    python benchmarks/beside_dot.py              print the table; needs dot and Chromium
    python benchmarks/beside_dot.py folder       also write a page that shows both

For each figure: the labels and the cards that an arrow crosses (its own ends apart), pairs of
labels that overlap, and the area in units of the built-in layout's.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from figures import FIGURES  # noqa: E402

import viz  # noqa: E402
from tests.viz.browser import Browser  # noqa: E402
from viz.render.dot import by_dot, render_dot  # noqa: E402

COUNT = """(() => {
  const svg = document.querySelector('svg');
  const box = (e) => e.getBoundingClientRect();
  const inside = (p, b, m) => p.x > b.left + m && p.x < b.right - m && p.y > b.top + m
    && p.y < b.bottom - m;
  const labels = [...svg.querySelectorAll('.edge text')].map(box);
  const cards = [...svg.querySelectorAll('.node')].map(box);
  const crossed = [new Set(), new Set()];
  for (const path of svg.querySelectorAll('.edge path')) {
    if (getComputedStyle(path).fill !== 'none') continue;
    const m = path.getScreenCTM(), n = path.getTotalLength();
    for (let s = 12; s < n - 12; s += 3) {
      const p = path.getPointAtLength(s).matrixTransform(m);
      labels.forEach((b, k) => { if (inside(p, b, 2.5)) crossed[0].add(k); });
      cards.forEach((b, k) => { if (inside(p, b, 2)) crossed[1].add(k); });
    }
  }
  let over = 0;
  labels.forEach((a, i) => labels.slice(i + 1).forEach((b) => {
    const wide = a.left < b.right - 1 && b.left < a.right - 1;
    if (wide && a.top < b.bottom - 1 && b.top < a.bottom - 1) over += 1;
  }));
  const b = svg.viewBox.baseVal;
  return [labels.length, crossed[0].size, crossed[1].size, over, b.width * b.height];
})()"""


def main() -> None:
    """Print the table."""
    head = ("figure", "labels", "crossed", "dot", "cards crossed", "dot", "overlaps", "dot", "area")
    print("{:14} {:>6} {:>8} {:>5} {:>14} {:>5} {:>9} {:>5} {:>6}".format(*head))
    totals = [0] * 7
    shown = []
    with Browser() as browser, tempfile.TemporaryDirectory() as scratch:
        for name, (_, _, make) in FIGURES.items():
            drawing = make()
            if not isinstance(drawing, viz.Drawing):
                continue
            built = viz.Drawing(drawing.view).svg
            dot = by_dot(render_dot(drawing.view), "svg").decode()
            dot = dot[dot.index("<svg") :]
            shown.append((name, built, dot))
            counts = []
            for k, svg in enumerate((built, dot)):
                page = Path(scratch) / f"{name}{k}.html"
                page.write_text(f"<!doctype html><meta charset=utf-8>{svg}", "utf-8")
                browser.open(page)
                counts.append(browser.js(COUNT))
            (labels, *ours, area), (_, *theirs, other) = counts
            row = [labels, *(n for pair in zip(ours, theirs, strict=True) for n in pair)]
            totals = [t + n for t, n in zip(totals, row, strict=True)]
            print("{:14} {:6} {:8} {:5} {:14} {:5} {:9} {:5}".format(name, *row), end="")
            print(f" {other / area:6.2f}")
    print("{:14} {:6} {:8} {:5} {:14} {:5} {:9} {:5}".format("all", *totals))
    if len(sys.argv) > 1:
        rows = "".join(f"<h2>{n}</h2><div>{a}</div><div>{b}</div>" for n, a, b in shown)
        target = Path(sys.argv[1]) / "beside_dot.html"
        target.write_text(
            "<!doctype html><meta charset=utf-8><style>div{display:inline-block;width:48%;"
            f"vertical-align:top}}svg{{max-width:100%;height:auto}}</style>{rows}",
            "utf-8",
        )
        print(f"wrote {target}")


if __name__ == "__main__":
    main()
