"""The page, driven in a real browser: playback, modules, search, keyboard, and what it must not do.

Chromium is found on the path; `.ci/run` installs Debian's.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import autograd
import viz
from autograd import Tensor, name_scope
from tests.viz.browser import PROGRAM, Browser
from tests.viz.graphs import leaf, lecture
from tests.viz.models import MODELS
from viz.render.page import steps_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as running:
        yield running


def modules() -> Tensor:
    x = leaf(0.5, "x")
    y = x
    for outer in ("first", "second"):
        with name_scope(outer):
            y = np.tanh(y * 2)
            with name_scope("inner"):
                y = np.sin(y) + x
    y = y.named("y")
    y.backward()
    return y


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Browser:
    browser.open(viz.draw(lecture()).save(tmp_path / "J.html"))
    return browser


def state(page: Browser) -> dict[str, Any]:
    return page.js(
        """({step: Number(document.getElementById('step').value),
             last: Number(document.getElementById('step').max),
             words: document.getElementById('words').textContent,
             off: document.querySelectorAll('.figure:not([hidden]) .off').length,
             on: [...document.querySelectorAll('.figure:not([hidden]) .on')].map(e => e.id)})"""
    )


def test_it_opens_without_errors_requests_or_violations_of_its_policy(page: Browser) -> None:
    assert page.js("document.body.classList.contains('live')")
    assert state(page)["off"] == 0
    assert page.troubles() == []
    # The policy is in force: a script or style of somebody else does not run.
    page.js(
        "document.body.insertAdjacentHTML('beforeend', '<style>body{color:red}</style>');"
        "var s = document.createElement('script'); s.textContent = 'window.bad = 1';"
        "document.body.append(s)"
    )
    assert page.js("window.bad") is None
    assert page.js("getComputedStyle(document.body).color") != "rgb(255, 0, 0)"
    assert any("Content Security Policy" in t or "contentSecurity" in t for t in page.troubles())


def test_steps_go_forward_and_then_back_in_exact_reverse(page: Browser) -> None:
    words = []
    last = state(page)["last"]
    for _ in range(last):
        page.press("ArrowRight")
        words.append(state(page)["words"])
    assert words == [
        "Given: a = 5; b = 3; c = 2.",
        "u = b · c = 3 · 2 = 6.",
        "v = a + u = 5 + 6 = 11.",
        "J = 3 · v = 3 · 11 = 33.",
        "∂J/∂J = 1: the backward pass begins here.",
        "∂J/∂v = 3.",
        "∂J/∂u = ∂J/∂v · ∂v/∂u = 3 · 1 = 3.",
        "∂J/∂a = ∂J/∂v · ∂v/∂a = 3 · 1 = 3.",
        "∂J/∂c = ∂J/∂u · ∂u/∂c = 3 · 3 = 9, where ∂u/∂c = b = 3.",
        "∂J/∂b = ∂J/∂u · ∂u/∂b = 3 · 2 = 6, where ∂u/∂b = c = 2.",
    ]
    assert last == 10
    assert state(page)["off"] == 0


def test_what_has_not_happened_yet_is_dim(page: Browser) -> None:
    page.press("ArrowRight")
    page.press("ArrowRight")  # u = b · c
    shown = page.js(
        """[...document.querySelectorAll('.node:not(.off)')]
             .map(n => n.querySelector('text').textContent)"""
    )
    assert shown == ["a", "b", "c", "u = b · c"]
    gradients = "[...document.querySelectorAll('.grad:not(.off)')].map(g => g.textContent)"
    assert page.js(gradients) == []
    page.press("End")
    assert len(page.js(gradients)) == 6
    page.press("ArrowLeft")  # b has not got its derivative
    assert "∂J/∂b = 6" not in page.js(gradients)
    assert "∂J/∂c = 9" in page.js(gradients)


def test_play_goes_to_the_end_and_stops(page: Browser) -> None:
    page.js("window.setInterval = ((real) => (f) => real(f, 5))(window.setInterval)")
    page.press(" ")
    assert page.js("document.getElementById('play').textContent") == "Pause"
    page.js("new Promise(done => setTimeout(done, 600))")
    assert state(page)["step"] == state(page)["last"]
    assert page.js("document.getElementById('play').textContent") == "Play"
    page.press("ArrowLeft")
    assert state(page)["step"] == state(page)["last"] - 1
    page.press("Escape")
    assert state(page)["step"] == 0
    assert state(page)["off"] == 0


def test_the_keyboard_reaches_everything(page: Browser) -> None:
    seen = []
    for _ in range(24):
        page.press("Tab")
        seen.append(
            page.js(
                "document.activeElement.id || document.activeElement.getAttribute('aria-label')"
            )
        )
    cards = [f"p0-n{n.id}" for n in viz.draw(lecture()).view.nodes]
    for wanted in ("play", "next", "step", "all", "search", "in", "out", "fit", *cards):
        assert wanted in seen


def test_search_finds_and_goes_there(page: Browser) -> None:
    page.press("/")
    for letter in "b · c":
        page.press(letter)
    assert page.js("document.getElementById('hits').textContent") == "1 found"
    assert page.js("document.querySelector('.found text').textContent") == "u = b · c"
    before = page.js("document.querySelector('svg').getAttribute('viewBox')")
    page.press("Enter")
    assert page.js("document.querySelector('svg').getAttribute('viewBox')") != before
    page.press("Escape")
    assert page.js("document.querySelectorAll('.found').length") == 0
    assert page.js("document.querySelector('svg').getAttribute('viewBox')").split()[2:] == [
        f"{float(v):.2f}" for v in before.split()[2:]
    ]


def test_pointing_at_a_card_lights_its_paths(page: Browser) -> None:
    a = next(n.id for n in viz.draw(lecture()).view.nodes if n.name == "a")
    page.js(f"document.getElementById('p0-n{a}').focus()")
    dim = page.js(
        """[...document.querySelectorAll('.node.dim')]
             .map(n => n.querySelector('text').textContent)"""
    )
    assert dim == ["b", "c", "u = b · c"]
    page.js("document.activeElement.blur()")
    assert page.js("document.querySelectorAll('.dim').length") == 0


def test_zoom_and_fit(page: Browser) -> None:
    width = "document.querySelector('svg').viewBox.baseVal.width"
    whole = page.js(width)
    page.press("+")
    assert page.js(width) == pytest.approx(whole / 1.4, rel=1e-3)
    page.click("#fit")
    assert page.js(width) == pytest.approx(whole, rel=1e-3)


def test_a_card_that_opens_is_called_by_what_it_shows(browser: Browser, tmp_path: Path) -> None:
    """WCAG 2.5.3: who speaks to the page says the words that are seen, in their order."""
    y = leaf(1.0, "x")
    for _ in range(200):
        y = np.tanh(y) * 1.01
    y.backward()
    for drawing in (viz.draw(modules(), depth=0, health=True), viz.draw(y, health=True)):
        browser.open(drawing.save(tmp_path / "page.html"))
        named = browser.js(
            """[...document.querySelectorAll('.figure:not([hidden]) [role=button]')].map(g =>
                 [g.getAttribute('aria-label'),
                  [...g.querySelectorAll('text')].map(t => t.textContent), g.textContent])"""
        )
        assert named
        for label, texts, whole in named:
            assert label.split(". ", 1)[1] == ". ".join(texts)
            for text in texts:
                assert any(text == line.strip() for line in whole.splitlines())


def test_a_search_opens_what_is_folded(browser: Browser, tmp_path: Path) -> None:
    page = viz.draw(modules(), depth=0).save(tmp_path / "m.html")
    browser.open(page)
    browser.js(
        "const s = document.getElementById('search'); s.focus(); s.value = 'sin';"
        "s.dispatchEvent(new Event('input'))"
    )
    hits = "document.getElementById('hits').textContent"
    assert browser.js(hits) == "inside what is folded: Enter opens it"
    browser.press("Enter")
    assert browser.js(hits).startswith("1 of ")
    found = "document.querySelector('.figure:not([hidden]) .found text').textContent"
    assert "sin" in browser.js(found)
    browser.js(
        "const t = document.getElementById('search'); t.value = 'nowhere';"
        "t.dispatchEvent(new Event('input'))"
    )
    assert browser.js(hits) == "0 found"
    assert browser.troubles() == []


def test_a_loop_opens_to_one_round(browser: Browser, tmp_path: Path) -> None:
    y = leaf(1.0, "x")
    for _ in range(200):
        y = np.tanh(y) * 1.01
    y.backward()
    drawing = viz.draw(y)
    assert [n.name for n in drawing.view.nodes if n.kind == "repeat"] == ["loop × 199"]
    browser.open(drawing.save(tmp_path / "loop.html"))
    heads = "[...document.querySelectorAll('.figure:not([hidden]) .name')].map(t => t.textContent)"
    folded = browser.js(heads)
    assert folded[2] == "loop × 199"
    browser.click(".figure:not([hidden]) .node[data-module]", times=2)
    assert browser.js(heads) == [
        *folded[:2],
        "p1 = a1 · 1.01",
        "a2 = tanh(p1)",
        "loop × 198",
        folded[-1],
    ]
    assert browser.js("document.getElementById('open').selectedOptions[0].text") == "one round open"
    assert browser.troubles() == []


def test_layers_in_a_row_open_to_each_of_them(browser: Browser, tmp_path: Path) -> None:
    y = leaf(np.ones(3), "x") * 1
    for k in range(5):
        with name_scope(f"layer{k}"):
            y = np.tanh(y * 2)
    total = y.sum().named("y")
    total.backward()
    browser.open(viz.draw(total, depth=0, repeats=True).save(tmp_path / "r.html"))
    heads = "[...document.querySelectorAll('.figure:not([hidden]) .name')].map(t => t.textContent)"
    assert browser.js(heads)[2] == "layer0 … layer4 × 5"
    browser.click(".figure:not([hidden]) .node[data-module]", times=2)
    assert [h for h in browser.js(heads) if "layer" in h] == [f"layer{k}" for k in range(5)]
    assert browser.troubles() == []


def test_modules_open_and_close(browser: Browser, tmp_path: Path) -> None:
    browser.open(viz.draw(modules(), depth=0).save(tmp_path / "m.html"))
    heads = """[...document.querySelectorAll('.figure:not([hidden]) .node')]
                 .map(n => n.querySelector('text').textContent)"""
    assert "first" in browser.js(heads)
    browser.click(".figure:not([hidden]) .node[data-module]", times=2)
    opened = browser.js(heads)
    assert "first" not in opened
    assert "inner" in opened
    assert "second" in opened
    browser.js("document.querySelector('.figure:not([hidden]) .node[data-module]').focus()")
    browser.press("Enter")
    assert browser.js(heads) != opened
    labels = browser.js("[...document.getElementById('open').options].map(o => o.textContent)")
    assert labels[0] == "all folded"
    assert "all open" in labels
    assert browser.troubles() == []


def test_without_scripts_the_page_is_the_picture_and_its_words(
    browser: Browser, tmp_path: Path
) -> None:
    path = viz.draw(lecture()).save(tmp_path / "J.html")
    browser.open(path, scripts=False)
    tree = browser.call("Accessibility.getFullAXTree")["nodes"]
    names = {n.get("name", {}).get("value", "") for n in tree if not n.get("ignored")}
    assert any("∂J/∂b = 6" in name for name in names)
    assert not {"Play", "Fit", "Show all"} & names  # what would not work is not shown
    browser.call("Emulation.setScriptExecutionDisabled", value=False)


LOW_CONTRAST = """
(() => {
              const light = (c) => {
                const v = c.map(x => x / 255)
                  .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
                return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
              };
              const parse = (t) => t.match(/[0-9.]+/g).map(Number);
              const bad = [];
              for (const e of document.querySelectorAll('text, h1, button, label, #words, .keys')) {
                if (!e.textContent.trim() || !e.getClientRects().length) continue;
                const style = getComputedStyle(e);
                const ink = parse(e.tagName === 'text' ? style.fill : style.color);
                let under = null;
                if (e.tagName === 'text') {
                  const r = e.getBoundingClientRect();
                  const [x, y] = [r.x + r.width / 2, r.y + r.height / 2];
                  const fills = document.elementsFromPoint(x, y)
                    .filter(s => ['rect', 'path'].includes(s.tagName))
                    .map(s => getComputedStyle(s).fill).filter(f => f !== 'none');
                  if (fills.length) under = parse(fills[0]);
                }
                for (let p = e; !under && p; p = p.parentElement) {
                  const c = parse(getComputedStyle(p).backgroundColor);
                  if (c.length === 3 || c[3] > 0) under = c;
                }
                const [a, b] = [light(ink), light(under || [255, 255, 255])];
                const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                if (ratio < 4.5) bad.push([e.textContent.slice(0, 40), ratio.toFixed(2)]);
              }
              return bad;
            })()
"""


def test_what_a_screen_reader_meets_has_names_and_enough_contrast(page: Browser) -> None:
    """Some rules of WCAG 2.2: names (4.1.2), language (3.1.1), titles (2.4.2), contrast (1.4.3)."""
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    controls = {"button", "slider", "searchbox", "combobox", "img", "group", "toolbar"}
    met = [n for n in tree if not n.get("ignored") and n["role"]["value"] in controls]
    assert len(met) > 10
    assert [n for n in met if not n.get("name", {}).get("value")] == []
    assert page.js("document.documentElement.lang") == "en"
    assert page.js("document.title") == "Computation graph of J"
    assert page.js(
        "new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size"
    ) == page.js("document.querySelectorAll('[id]').length")
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        page.call("Emulation.setEmulatedMedia", features=features)
        low = page.js(LOW_CONTRAST)
        assert low == [], scheme
    page.call("Emulation.setEmulatedMedia", features=[])


HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onload="alert(1)',
    "]]>",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "\\",
    "a\u2028b",
    "{{x}}",
    "<!--",
    "\x00\x1b[31m",
]


def test_hostile_names_stay_text(browser: Browser, tmp_path: Path) -> None:
    total: Any = 0.0
    for k, name in enumerate(HOSTILE):
        total = total + leaf(float(k), name) * 2
    total.backward()
    browser.open(viz.draw(total).save(tmp_path / "h.html"))
    assert browser.js("document.body.classList.contains('live')")
    assert browser.js("document.scripts.length") == 2
    assert browser.js("document.querySelectorAll('img, iframe, object, a, use, image').length") == 0
    heads = browser.js(
        "[...document.querySelectorAll('.node')].map(n => n.querySelector('text').textContent)"
    )
    view = viz.draw(total).view
    assert heads == [n.headers[0] for n in view.nodes]
    assert json.loads(browser.js("document.getElementById('data').textContent"))["pictures"]
    browser.press("End")
    assert browser.troubles() == []


# -- wheel, fingers, focus -------------------------------------------------------------------------

LOOK = "document.querySelector('.figure:not([hidden]) svg').getAttribute('viewBox')"


def looked_at(page: Browser) -> list[float]:
    return [float(v) for v in page.js(LOOK).split()]


def middle(page: Browser) -> dict[str, float]:
    return page.js(
        """(() => { const r = document.querySelector('.figure:not([hidden]) svg')
             .getBoundingClientRect();
             return {x: r.x + r.width / 2, y: r.y + r.height / 2}; })()"""
    )


def test_a_wheel_zooms_up_and_down_and_pans_sideways(page: Browser) -> None:
    def wheel(**by: float) -> list[float]:
        page.call("Input.dispatchMouseEvent", type="mouseWheel", **middle(page), **by)
        return looked_at(page)

    x, _, width, _ = looked_at(page)
    moved = wheel(deltaX=120, deltaY=0)
    assert moved[2] == pytest.approx(width)
    assert moved[0] > x
    assert wheel(deltaX=0, deltaY=-120)[2] == pytest.approx(width / 1.15, rel=1e-3)
    assert wheel(deltaX=0, deltaY=0)[2] == pytest.approx(width / 1.15, rel=1e-3)


@pytest.mark.parametrize(("button", "moves"), [("left", True), ("right", False)])
def test_dragging_is_for_the_main_button(page: Browser, button: str, moves: bool) -> None:
    before, at = looked_at(page), middle(page)
    for kind, shift in (("mousePressed", 0), ("mouseMoved", 40), ("mouseReleased", 40)):
        page.call(
            "Input.dispatchMouseEvent",
            type=kind,
            x=at["x"] + shift,
            y=at["y"],
            button=button,
            buttons={"left": 1, "right": 2}[button],
            clickCount=1,
        )
    assert (looked_at(page) != before) == moves


def test_two_fingers_zoom(page: Browser) -> None:
    before, at = looked_at(page), middle(page)
    for kind, apart in (("touchStart", 50), ("touchMove", 75), ("touchMove", 100)):
        points = [{"x": at["x"] + side * apart, "y": at["y"], "id": side} for side in (-1, 1)]
        page.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)
    page.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    assert looked_at(page)[2] == pytest.approx(before[2] / 2, rel=0.02)


def test_the_focus_stays_where_a_key_was_pressed(browser: Browser, tmp_path: Path) -> None:
    browser.open(viz.draw(modules(), depth=0).save(tmp_path / "m.html"))
    focused = "document.activeElement.id"
    browser.js("document.getElementById('next').focus()")
    for _ in range(browser.js("Number(document.getElementById('step').max)") + 2):
        browser.press("Enter")
    assert browser.js(focused) == "next"
    assert browser.js("document.activeElement.getAttribute('aria-disabled')") == "true"
    browser.press("Home")
    assert state(browser)["step"] == 1
    browser.js("document.querySelector('.figure:not([hidden]) .node[data-module]').focus()")
    browser.press(" ")
    assert browser.js(focused) == "open"
    assert browser.js("document.getElementById('open').selectedIndex") > 0
    assert browser.js("document.getElementById('play').textContent") == "Play"
    browser.js("document.getElementById('step').focus()")
    browser.press(" ")
    assert browser.js("document.getElementById('play').textContent") == "Pause"


def test_search_finds_modules_and_values(browser: Browser, tmp_path: Path) -> None:
    browser.open(viz.draw(modules()).save(tmp_path / "m.html"))
    hits = "document.getElementById('hits').textContent"

    def find(text: str) -> str:
        browser.js(
            f"(() => {{ const s = document.getElementById('search'); s.value = {text!r};"
            " s.oninput({target: s}); })()"
        )
        return browser.js(hits)

    assert find("second") == "1 found"
    assert browser.js("document.querySelector('.found').classList.contains('group')")
    assert find("0.5") != "0 found"
    assert find("nowhere") == "0 found"
    assert find("") == ""


def test_forward_steps_of_folded_cards_have_no_gradients(browser: Browser, tmp_path: Path) -> None:
    x = Tensor([[1.0], [2.0]], name="x")
    with name_scope("layer"):
        w = leaf([[0.5, -0.25]], "w")
        y = np.tanh(w @ x)
    J = y.sum().named("J")
    J.backward()
    browser.open(viz.draw(J, depth=0).save(tmp_path / "f.html"))
    last = browser.js("Number(document.getElementById('step').max)")
    said = []
    for _ in range(last):
        browser.press("ArrowRight")
        said.append(browser.js("document.getElementById('words').textContent"))
    assert said[0] == "Given: x = [1], [2]."
    (forward,) = [s for s in said if s.startswith("layer = out")]
    assert "∂" not in forward
    (inside,) = [s for s in said if s.startswith("Inside layer: ∂J/∂w = ")]
    (result,) = [s for s in said if s.startswith("J = Σ ")]
    assert said.index(inside) > said.index(result)
    browser.press("Home")
    for _ in range(said.index(forward)):
        browser.press("ArrowRight")
    off = "[...document.querySelectorAll('.within.off')].map(t => t.textContent)"
    assert browser.js(off) == [inside.removeprefix("Inside layer: ").removesuffix(".")]


def test_a_film_has_a_speed_and_calls_the_tab(browser: Browser, tmp_path: Path) -> None:
    w, frames = leaf(1.0, "w"), []
    for _ in range(12):
        J = (w * w).named("J")
        w.zero_grad()
        J.backward()
        frames.append(viz.draw(J))
        w.data = w.data - 0.1 * w.grad
    browser.open(viz.film(frames).save(tmp_path / "film.html"))
    browser.js("document.getElementById('speed').value = '16'")
    browser.click("#roll")
    browser.wait("document.getElementById('frame').value === '11'")
    assert browser.js("document.title").startswith("step 12 of 12")
    assert browser.js("document.getElementById('roll').textContent") == "Run"


def test_arrows_are_said_by_the_steps_not_before_the_cards(page: Browser) -> None:
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    names = [n.get("name", {}).get("value", "") for n in tree if not n.get("ignored")]
    assert not any(name.startswith("∂J/∂b = ∂J/∂u") for name in names[: len(names) // 2])
    (figure,) = [
        n
        for n in tree
        if n.get("name", {}).get("value") == "Computation graph of J"
        and n["role"]["value"] == "group"
    ]
    assert figure["description"]["value"].startswith("Keys: space plays")


def test_what_happens_now_and_what_is_found_stand_out(page: Browser) -> None:
    def drawn(selector: str) -> tuple[str, str]:
        return tuple(
            page.js(
                f"(() => {{ const s = getComputedStyle(document.querySelector({selector!r}));"
                " return [s.stroke, s.strokeWidth]; })()"
            )
        )

    plain, line = drawn(".node .card"), drawn(".ahead .fwd")
    page.press("ArrowRight")
    page.press("ArrowRight")
    assert drawn(".node.on .card") != plain
    assert float(drawn(".node.on .card")[1].removesuffix("px")) > 3
    assert float(drawn(".ahead.on .fwd")[1].removesuffix("px")) > float(line[1].removesuffix("px"))
    page.press("Escape")
    page.press("/")
    page.press("b")
    assert float(drawn(".node.found .card")[1].removesuffix("px")) > 3


# -- where it is read ------------------------------------------------------------------------------


def test_the_controls_stand_in_one_row(browser: Browser, tmp_path: Path) -> None:
    path = viz.draw(MODELS["four layers"]()).save(tmp_path / "J.html")
    shown = (
        "[...document.querySelectorAll('#bar button, #bar select, #bar input')]"
        ".filter(e => e.offsetParent)"
    )
    with browser.window(1280, 800):
        browser.open(path)
        tops = browser.js(
            f"{shown}.map(e => e.getBoundingClientRect()).map(r => r.top + r.height / 2)"
        )
    assert len(tops) > 10
    assert max(tops) - min(tops) < 4
    named = browser.js(f"{shown}.map(e => e.getAttribute('aria-label') || e.textContent)")
    assert {"Step", "Speed", "Modules", "Show all", "Find a name or a value"} <= set(named)


def test_on_a_phone_modules_begin_folded_where_that_is_larger(
    browser: Browser, tmp_path: Path
) -> None:
    drawing = viz.draw(MODELS["four layers"]())
    first, second, third = (drawing.save(tmp_path / f"{k}.html") for k in range(3))
    chosen = "document.getElementById('open').selectedOptions[0].textContent"
    with browser.window(390, 844):
        browser.open(first)
        assert browser.js(chosen) == "all folded"
        browser.open(second, fragment="#step=5")  # what is linked to is shown as it was
        assert browser.js(chosen) == "all open"
    with browser.window(1280, 800):
        browser.open(third)
        assert browser.js(chosen) == "all open"


# -- prediction ------------------------------------------------------------------------------------


def answer(page: Browser, text: str) -> str:
    """Type an answer and check it; return what is said."""
    page.js(f"document.getElementById('guess').value = {json.dumps(text)}")
    page.js("document.getElementById('predict').requestSubmit()")
    return page.js(
        "document.getElementById('predict').hidden ? document.getElementById('words').textContent"
        " : document.getElementById('verdict').textContent"
    )


def asked(page: Browser) -> str | None:
    return page.js(
        "document.getElementById('predict').hidden ? null"
        " : document.getElementById('asked').textContent"
    )


def test_a_derivative_is_predicted_before_it_is_shown(page: Browser) -> None:
    """J = 3(a + bc) at 5, 3, 2: ∂J/∂v = 3, ∂J/∂u = 3, ∂J/∂b = 3 · 2 = 6, ∂J/∂c = 3 · 3 = 9."""
    page.click("#quiz")
    assert asked(page) == "∂J/∂v = "
    texts = "[...document.querySelectorAll('text.grad, .back > text')]"
    shown = page.js(f"{texts}.filter(t => !t.closest('.off')).map(t => t.textContent)")
    assert not any(t.startswith("∂J/∂v") for t in shown)  # not given away
    assert answer(page, "4").startswith("Not yet: it is a number.")
    assert asked(page) == "∂J/∂v = "
    assert "is 1, so it is the local derivative: 3" in answer(page, "5")
    assert answer(page, "3").startswith("Right. ")
    assert "0 of 1 at the first try" in page.js("document.getElementById('words').textContent")
    seen = []
    for _ in range(6):
        page.press("ArrowRight")
        question = asked(page)
        if question is None:
            break
        seen.append(question)
        right = {"∂J/∂a = ": "3", "∂J/∂u = ": "3/1", "∂J/∂b = ": "3 * 2", "∂J/∂c = ": "9.0"}
        said = answer(page, right[question])
        assert said.startswith("Right. "), question
    assert set(seen) == {"∂J/∂a = ", "∂J/∂u = ", "∂J/∂b = ", "∂J/∂c = "}
    assert "(4 of 5 at the first try)" in said
    page.click("#quiz")
    assert page.js("document.getElementById('quiz').getAttribute('aria-pressed')") == "false"
    assert page.troubles() == []


def test_a_hint_names_the_factor_and_what_is_shown_counts_as_missed(page: Browser) -> None:
    page.press("p")
    answer(page, "3")
    page.press("ArrowRight")
    while asked(page) != "∂J/∂b = ":
        page.click("#reveal")
        page.press("ArrowRight")
    page.click("#hint")
    said = page.js("document.getElementById('verdict').textContent")
    assert said == "∂J/∂b = ∂J/∂u · ∂u/∂b. The factor ∂u/∂b is c."
    page.click("#reveal")
    assert page.js("document.getElementById('words').textContent").startswith("It is: ∂J/∂b = ")


def asked_of_a_product(browser: Browser, tmp_path: Path) -> None:
    """Open the page of J = Σ W X, up to where it asks for ∂J/∂W."""
    W, X = leaf(np.ones((2, 3)), "W"), Tensor(np.ones((3, 4)), name="X")
    J = (W @ X).named("Z").sum().named("J")
    J.backward()
    browser.open(viz.draw(J).save(tmp_path / "Z.html"))
    browser.click("#quiz")
    while asked(browser) != "∂J/∂W = ":
        browser.click("#reveal")
        browser.press("ArrowRight")


def test_rules_of_arrays_are_predicted_as_formulas(browser: Browser, tmp_path: Path) -> None:
    asked_of_a_product(browser, tmp_path)
    assert "Not yet: it is a formula" in answer(browser, "X.T @ dZ")
    assert "It is made of ∂J/∂Z, X" in answer(browser, "dZ @ X")
    assert answer(browser, "dZ @ X.T").startswith("Right. ")


@pytest.mark.parametrize("guess", ["∂J/∂Z @ Xᵀ", "dJ/dZ @ X.T", "dZ@X.T"])
def test_a_derivative_may_be_written_in_three_ways(browser: Browser, tmp_path: Path, guess) -> None:
    asked_of_a_product(browser, tmp_path)
    assert answer(browser, guess).startswith("Right. ")


def algebra(browser: Browser, tmp_path: Path) -> Callable[..., Any]:
    """Open the page of a small network; return what judges a guess at an answer."""
    rng = np.random.default_rng(3)
    X, Y = (Tensor(rng.normal(size=s), name=n) for s, n in (((2, 4), "X"), ((1, 4), "Y")))
    W, b = leaf(rng.normal(size=(3, 2)), "W1"), leaf(rng.normal(size=(3, 1)), "b1")
    Z = (W @ X + b).named("Z1")
    A = np.tanh(Z).named("A1")
    y = autograd.sigmoid((leaf(rng.normal(size=(1, 3)), "W2") @ A).named("Z2")).named("y_hat")
    J = ((y - Y) ** 2).sum().named("J")
    J.backward()
    browser.open(viz.draw(J, fit=None).save(tmp_path / "net.html"))
    data = "JSON.parse(document.getElementById('data').textContent).pictures[0].known"

    def same(guess: str, right: str, shape: Sequence[int]) -> Any:
        given = ", ".join(map(json.dumps, (guess, right, "∂J/∂", shape)))
        return browser.js(f"algebra({data}).same({given})")

    return same


def test_a_guess_is_right_if_it_is_the_same_formula_however_written(
    browser: Browser, tmp_path: Path
) -> None:
    same = algebra(browser, tmp_path)
    for guess, right, shape in (
        ("1 - A1*A1", "1 − A1²", (3, 4)),
        ("(1-A1)*(1+A1)", "1 − A1²", (3, 4)),
        ("1 - np.power(A_1, 2)", "1 − A1²", (3, 4)),
        ("dZ1 @ X^T", "∂J/∂Z1 @ Xᵀ", (3, 2)),
        ("np.dot(dZ1, X.T)", "∂J/∂Z1 @ Xᵀ", (3, 2)),
        ("dJ/dZ1 @ X.transpose()", "∂J/∂Z1 @ Xᵀ", (3, 2)),
        ("np.sum(dZ1, axis=1, keepdims=True)", "Σ ∂J/∂Z1", (3, 1)),
        ("dZ1.sum(1, keepdims=True)", "Σ ∂J/∂Z1", (3, 1)),
        ("sum(dZ1)", "Σ ∂J/∂Z1", (3, 1)),
        ("Z1>0", "[Z1 > 0]", (3, 4)),
        ("2*W1", "W1 + W1", (3, 2)),
        ("sigmoid(Z2) - Y", "σ(Z2) − Y", (1, 4)),
    ):
        assert same(guess, right, shape) == "always", guess


def test_a_guess_with_other_names_is_judged_by_the_numbers(
    browser: Browser, tmp_path: Path
) -> None:
    same = algebra(browser, tmp_path)
    assert same("1 - tanh(Z1)**2", "1 − A1²", (3, 4)) == "here"
    assert same("y_hat - Y", "σ(Z2) − Y", (1, 4)) == "here"
    assert same("y_hat", "σ(Z2) − Y", (1, 4)) is False


def test_a_wrong_guess_is_wrong(browser: Browser, tmp_path: Path) -> None:
    same = algebra(browser, tmp_path)
    for guess, right, shape in (
        ("1 - A1", "1 − A1²", (3, 4)),
        ("1 + A1**2", "1 − A1²", (3, 4)),
        ("X.T @ dZ1", "∂J/∂Z1 @ Xᵀ", (3, 2)),
        ("dZ1 @ X.T / 4", "∂J/∂Z1 @ Xᵀ", (3, 2)),
        ("np.sum(dZ1)", "Σ ∂J/∂Z1", (3, 1)),
        ("dZ1.sum(axis=0)", "Σ ∂J/∂Z1", (3, 1)),
        ("dZ1", "Σ ∂J/∂Z1", (3, 1)),
        ("Z1 < 0", "[Z1 > 0]", (3, 4)),
        ("0", "[Z1 > 0]", (3, 4)),
        ("11", "11 · Z1¹⁰", (3, 4)),  # both digits of the power are read
        ("A1 @ dZ2.T", "∂J/∂Z2 @ A1ᵀ", (1, 3)),  # transposed, though one axis is 1
        ("7", "0.5 / √(Z1 − 300)", (3, 4)),  # NaN of the numbers that are drawn says nothing
        ("7", "[Z1 = A1] / (Σ [Z1 = A1])", (3, 4)),
    ):
        assert same(guess, right, shape) is False, guess
    for guess in ("foo + 1", "A1 -", "1 - A1²)", "", "W12"):  # it is no formula of these names
        assert same(guess, "1 − A1²", (3, 4)) in (None, {}), guess


def test_the_question_is_no_answer_and_a_number_is_told_from_its_formula(page: Browser) -> None:
    """∂J/∂b = c · ∂J/∂u = 2 · 3 = 6, which u and b · c are too, at these numbers."""
    page.click("#quiz")
    while asked(page) != "∂J/∂b = ":
        page.click("#reveal")
        page.press("ArrowRight")
    for question in ("db", "∂J/∂b", "dJ/db"):
        assert answer(page, question).startswith("Not yet"), question
    assert answer(page, "u").startswith("Right for these numbers. ")
    page.press("ArrowLeft")
    page.click("#quiz")
    page.click("#quiz")
    while asked(page) != "∂J/∂b = ":
        page.click("#reveal")
        page.press("ArrowRight")
    assert answer(page, "c * du").startswith("Right. ")


def test_answers_may_be_written_in_latex(browser: Browser, tmp_path: Path) -> None:
    same = algebra(browser, tmp_path)
    assert same(r"2*\hat{y}", "2 · y_hat", (1, 4)) == "always"
    assert same("A_{1}^{2}", "A1²", (3, 4)) == "always"
    assert same("0.3333", "1 / 3", ()) == "here"
    asked_of_a_product(browser, tmp_path)
    assert "write * or @ between factors" in answer(browser, "dZ X^T")


def test_what_cannot_be_read_in_an_answer_is_named(browser: Browser, tmp_path: Path) -> None:
    asked_of_a_product(browser, tmp_path)
    assert "cannot read “foo”" in answer(browser, "dZ @ foo")
    assert answer(browser, "np.matmul(dZ, X^T)").startswith("Right. ")


def test_every_answer_of_the_models_is_read_by_the_page(browser: Browser, tmp_path: Path) -> None:
    """In both notations; an answer that the page cannot compute is compared letter by letter."""
    unread = """(() => {
        const p = JSON.parse(document.getElementById('data').textContent).pictures[0];
        const [judge, asked] = [algebra(p.known), p.steps.filter(s => s.ask && isNaN(s.answer))];
        const top = s => (/^∂.*?\\/∂/.exec(s.ask) || [''])[0];
        return [asked.length, asked.filter(s => judge.same(s.answer, s.answer, top(s),
            p.known.find(c => c[4] === p.edges[s.edge][0])[1]) !== 'always').map(s => s.answer)];
    })()"""
    total = 0
    for model in MODELS:
        for notation in ("plain", "course"):
            browser.open(viz.draw(MODELS[model](), notation=notation).save(tmp_path / "J.html"))
            many, wrong = browser.js(unread)
            assert wrong == [], (model, notation)
            total += many
    assert total > 100


def test_hints_are_made_of_names_on_the_cards() -> None:
    """Never of functions or a T, and they say nothing of what a formula has not."""
    for model in MODELS:
        view = viz.draw(MODELS[model]()).view
        names = {n.name for n in view.nodes}
        for step in steps_of(view).steps:
            made = re.match(r"It is made of (.*), and has the shape", step.hint)
            for part in made[1].split(", ") if made else []:
                assert part.rpartition("∂")[2].strip("()") in names, step.hint
            assert "of ," not in step.hint
            if " via " in step.ask:
                assert not step.hint.startswith("Derive"), step


def test_playing_waits_for_the_answer(page: Browser) -> None:
    page.js("document.getElementById('pace').value = '4'")
    page.click("#quiz")
    page.press("Tab")
    page.click("#play")
    page.wait("document.getElementById('play').textContent === 'Play'")
    assert asked(page) == "∂J/∂v = "


def test_a_link_leads_to_a_step(browser: Browser, tmp_path: Path) -> None:
    path = viz.draw(lecture()).save(tmp_path / "J.html")
    browser.open(path)
    browser.press("ArrowRight")
    browser.press("ArrowRight")
    assert browser.js("location.hash") == "#step=2"
    browser.open(viz.draw(lecture()).save(tmp_path / "other.html"))
    browser.open(path, fragment="#step=5")
    assert state(browser)["step"] == 5


def test_a_backward_step_lights_the_card_it_leaves_and_the_one_it_reaches(page: Browser) -> None:
    cards = {"J": "J = 3 · v", "v": "v = a + u", "u": "u = b · c", "a": "a", "b": "b", "c": "c"}
    users = {"v": "J", "a": "v", "u": "v", "b": "u", "c": "u"}
    seen = set()
    page.press("End")
    for _ in users:
        below = state(page)["words"].split(" = ")[0].removeprefix("∂J/∂")
        lit = page.js("[...document.querySelectorAll('.reached .name')].map(t => t.textContent)")
        assert sorted(lit) == sorted([cards[below], cards[users[below]]])
        seen.add(below)
        page.press("ArrowLeft")
    assert seen == {*users}


def test_a_page_in_a_cell_plays(browser: Browser, tmp_path: Path) -> None:
    cell = tmp_path / "cell.html"
    frame = viz.play(lecture(), height=500)._repr_html_()
    cell.write_text(f"<!doctype html><meta charset=utf-8><body>{frame}</body>", "utf-8")
    browser.open(cell)
    inside = "document.querySelector('iframe').contentDocument"
    there = f"document.querySelector('iframe') && {inside} && {inside}.body"
    browser.wait(f"{there} && {inside}.body.classList.contains('live')")
    browser.js(f"{inside}.getElementById('next').click()")
    assert browser.js(f"Number({inside}.getElementById('step').value)") == 1
    assert [t for t in browser.troubles() if "Permissions" not in t] == []


# -- a card in full, and the picture for another program -------------------------------------------


def net() -> Tensor:
    W = Tensor([[1.0, -2.0, 0.5]], name="W", requires_grad=True)
    X = Tensor(np.arange(60.0).reshape(3, 20), name="X")
    Z = (W @ X).named("Z")
    J = (Z**2).sum().named("J")
    J.backward()
    return J


def card(page: Browser) -> str:
    return page.js("document.getElementById('about').innerText")


def id_of(page: Browser, name: str) -> str:
    return page.js(
        "[...document.querySelectorAll('.node')].find("
        f"n => n.querySelector('.name').textContent.split(' = ')[0] === {name!r}).id"
    )


def test_a_click_on_a_card_shows_its_numbers_its_line_and_its_neighbours(browser, tmp_path) -> None:
    browser.open(viz.draw(net()).save(tmp_path / "J.html"))
    assert browser.js("document.getElementById('about').hidden")
    browser.click(f"#{id_of(browser, 'Z')}")
    text = card(browser)
    assert "Z = W @ X" in text
    assert "computed in test_page.py:" in text
    W, X = np.array([[1.0, -2.0, 0.5]]), np.arange(60.0).reshape(3, 20)
    shown = browser.js("[...document.querySelectorAll('#arrays pre')].map(e => e.textContent)")
    numbers = [np.array(x.replace("[", " ").replace("]", " ").split(), float) for x in shown]
    np.testing.assert_allclose(numbers, [(W @ X)[0], 2 * (W @ X)[0]], rtol=1e-3)
    assert "gradient (1, 20) float64, norm" in text
    buttons = "[...document.querySelectorAll('#beside button')].map(e => e.textContent)"
    assert browser.js(buttons) == ["W", "X", "u"]
    browser.js("document.querySelector('#beside button').click()")
    assert card(browser).splitlines()[1] == "W"
    browser.click("#close")
    assert browser.js("document.getElementById('about').hidden")
    assert browser.troubles() == []


def test_a_card_opens_by_the_keyboard_and_closes_with_escape(page: Browser) -> None:
    page.js("document.querySelector('.node').focus()")
    page.press("Enter")
    assert not page.js("document.getElementById('about').hidden")
    page.press("Escape")
    assert page.js("document.getElementById('about').hidden")


def test_names_in_a_card_stay_text(browser, tmp_path) -> None:
    x = Tensor(2.0, name="<img src=x onerror=alert(1)>", requires_grad=True)
    J = (x * x).named("J")
    J.backward()
    browser.open(viz.draw(J).save(tmp_path / "J.html"))
    browser.js("document.querySelector('.node').dispatchEvent(new MouseEvent('click'))")
    assert "<img src=x" in card(browser)
    assert browser.js("document.querySelectorAll('#about img').length") == 0


def test_a_copy_is_the_whole_picture_with_its_style(page: Browser, tmp_path) -> None:
    page.click("#next")  # parts of it are hidden, and it is zoomed
    page.click("#in")
    page.js(
        """navigator.clipboard.write = async ([item]) => {
             window.types = item.types;
             window.size = (await item.getType('image/png')).size;
             window.svg = await (await item.getType('text/plain')).text();
           }"""
    )
    page.click("#copy")
    page.wait("document.getElementById('hits').textContent.startsWith('copied')")
    assert page.js("window.types") == ["image/png", "text/plain"]
    assert page.js("window.size") > 5000
    svg = page.js("window.svg")
    assert "<style" in svg
    assert 'class="off' not in svg
    path = tmp_path / "copied.svg"
    path.write_text(svg, "utf-8")
    page.open(path)
    fill = page.js("getComputedStyle(document.querySelector('.card')).fill")
    assert fill not in ("rgb(0, 0, 0)", "")


def test_where_a_page_may_not_copy_it_says_what_to_do(page: Browser) -> None:
    page.js("navigator.clipboard.write = navigator.clipboard.writeText = () => Promise.reject()")
    page.click("#copy")
    page.wait("document.getElementById('hits').textContent.includes('save the picture')")


def test_a_card_does_not_give_away_what_is_asked(browser: Browser, tmp_path) -> None:
    browser.open(viz.draw(net()).save(tmp_path / "J.html"))
    captions = "[...document.querySelectorAll('#arrays figcaption')].map(e => e.textContent)"
    browser.click("#quiz")
    name = browser.js("document.getElementById('asked').textContent")
    shown = "document.querySelector(`#${id} .grad`).classList.contains('off')"
    cards = "[...document.querySelectorAll('.node')]"
    ids = browser.js(f"{cards}.filter(n => n.querySelector('.grad')).map(n => n.id)")
    hidden = [id for id in ids if browser.js(shown.replace("${id}", id).replace("`", "'"))]
    assert name
    assert hidden
    for id in ids:
        browser.js(f"document.getElementById('{id}').dispatchEvent(new MouseEvent('click'))")
        gradients = [text for text in browser.js(captions) if text.startswith("gradient")]
        assert bool(gradients) == (id not in hidden)
    browser.click("#quiz")
    browser.click("#all")
    browser.js(f"document.getElementById('{hidden[0]}').dispatchEvent(new MouseEvent('click'))")
    assert any(text.startswith("gradient") for text in browser.js(captions))


def test_predictions_begin_where_the_reader_is(browser: Browser, tmp_path) -> None:
    browser.open(viz.draw(net()).save(tmp_path / "J.html"))
    browser.press("End")
    last = int(browser.js("document.getElementById('step').value"))
    browser.press("p")
    assert int(browser.js("document.getElementById('step').value")) == last


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1000, 700)])
def test_a_step_is_readable_and_its_cards_in_view(
    browser: Browser, tmp_path, width: int, height: int
) -> None:
    J = MODELS["four layers"]()
    with browser.window(width, height):
        browser.open(viz.draw(J).save(tmp_path / "J.html"))
        places = (
            "[...document.querySelectorAll('.reached text.name')]"
            ".map(e => e.getBoundingClientRect()).map(r => [r.left, r.right, r.height])"
        )
        steps = int(browser.js("document.getElementById('step').max"))
        browser.press("End")
        found, ends = [], []
        label = (
            "[...document.querySelectorAll('.back.on > text')].map(e => e.getBoundingClientRect())"
            f".map(r => r.left >= 0 && r.right <= {width})"
        )
        for _ in range(steps):
            found.append(browser.js(places))
            ends += browser.js(label)
            browser.press("ArrowLeft")
        backward = [places for places in found if places]
        assert len(backward) > steps / 4
        together = 0
        for texts in backward:
            assert all(high >= 11 for *_, high in texts)  # a line of 12 pixels
            together += all(left >= 0 and right <= width for left, right, _ in texts)
        # On a phone two wide cards have no room beside each other; then the arrow's end has it.
        assert together > (0.7 * len(backward) if width > 600 else 0)
        assert sum(map(bool, ends)) == len(ends) > 0


def test_a_page_fills_its_window() -> None:
    """A graph of many steps stands in rows there; `rows` is obeyed."""
    x = Tensor(0.5, name="x", requires_grad=True)
    y = x
    for _ in range(14):
        y = np.tanh(y) * 1.5
    y.backward()

    def wide(**options: Any) -> float:
        page = viz.draw(y, repeats=False, **options).html
        found = re.search(r'viewBox="0 0 ([\d.]+) ', page)
        assert found is not None
        return float(found[1])

    assert wide() < 0.5 * wide(rows=1)
    assert wide() < 2 * 1240
