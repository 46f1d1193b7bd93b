"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const figures = [...document.querySelectorAll(".figure")];
  const LOWER = 2.5; // pixels, as in svg.py
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let shown = data.first; // which of the pictures
  let step = 0; // 0: all of it; 1, 2, ...: up to this step
  let frame = 0;
  let timer = null;
  let reel = null;
  let hits = [];
  let hit = -1;
  let elsewhere = -1; // the picture that has what was searched for, if this one has not

  const picture = () => figures[shown].querySelector("svg");
  const steps = () => data.pictures[shown].steps;

  // -- steps ---------------------------------------------------------------------------------------

  function show(to) {
    step = Math.max(0, Math.min(to, steps().length));
    for (const element of picture().querySelectorAll("[data-at]")) {
      const at = Number(element.dataset.at);
      element.classList.toggle("off", step > 0 && at > step);
      element.classList.toggle("on", step > 0 && at === step && !element.matches(".strip, .grad, .within"));
    }
    const now = step ? steps()[step - 1] : null;
    $("words").textContent = now ? now.words : data.pictures[shown].summary;
    $("words").classList.toggle("back", Boolean(now && now.back));
    $("step").max = steps().length;
    $("step").value = step;
    $("step").setAttribute("aria-valuetext", step ? `step ${step} of ${steps().length}` : "everything");
    $("count").textContent = step ? `${step} / ${steps().length}` : `all ${steps().length} steps`;
    // Not disabled, which would drop the focus: they do nothing at the ends.
    $("previous").setAttribute("aria-disabled", String(step === 0));
    $("next").setAttribute("aria-disabled", String(step === steps().length));
    if (narrow() || box().width < home.get(figures[shown])[2] * 0.9) {
      const now = picture().querySelector(".node.on") || picture().querySelector(
        ".back.on > text, .back.on > .bhead, .ahead.on > .fhead");
      if (now) centre(now); else if (narrow()) fit();
    }
  }

  function play(on) {
    clearInterval(timer);
    timer = null;
    if (on) {
      if (step === steps().length) show(0);
      timer = setInterval(() => {
        show(step + 1);
        if (step === steps().length) play(false);
      }, still ? 1400 : 900);
      show(step + 1);
    }
    $("play").textContent = timer ? "Pause" : "Play";
  }

  // -- frames of a film ----------------------------------------------------------------------------

  function put(text, pieces) { // as the picture's own text is set: subscripts lowered
    let lowered = false;
    text.replaceChildren(...pieces.map(([piece, way]) => {
      const part = document.createElementNS(text.namespaceURI, "tspan");
      const sub = way === "sub";
      if (sub !== lowered) part.setAttribute("dy", sub ? LOWER : -LOWER);
      if (way) part.setAttribute("font-size", sub ? "82%" : "0");
      lowered = sub;
      part.textContent = piece;
      return part;
    }));
  }

  function cut(to) {
    frame = Math.max(0, Math.min(to, data.frames.length - 1));
    const now = data.frames[frame];
    for (const [id, card] of Object.entries(now.cards)) {
      const group = $(`${data.pictures[shown].prefix}-n${id}`);
      group.setAttribute("aria-label", card.words);
      group.querySelectorAll("text").forEach((text, k) => put(text, card.texts[k]));
      const tip = group.querySelector("title");
      if (tip) tip.textContent = card.texts.map((t) => t.map(([piece]) => piece).join("")).join("\n");
    }
    for (const [number, edge] of Object.entries(now.edges)) {
      const group = $(`${data.pictures[shown].prefix}-e${number}`);
      const text = group.querySelector("text");
      if (text) put(text, edge.label);
      const line = group.querySelector(".bwd");
      if (line) line.setAttribute("class", `bwd${edge.thick}`);
    }
    data.pictures[shown].steps = now.steps;
    $("frame").value = frame;
    $("frame").setAttribute("aria-valuetext", now.title);
    $("title").textContent = now.title;
    document.title = now.title;
    picture().querySelector("title").textContent = now.title;
    picture().querySelector("desc").textContent = now.words;
    $("text").textContent = now.text;
    show(step);
  }

  function roll(on) {
    clearInterval(reel);
    reel = null;
    if (on) {
      if (frame === data.frames.length - 1) cut(0);
      reel = setInterval(() => {
        cut(frame + 1);
        if (frame === data.frames.length - 1) roll(false);
      }, (still ? 900 : 350) / Number($("speed").value));
    }
    $("roll").textContent = reel ? "Stop" : "Run";
  }

  // -- pictures: open and close modules ------------------------------------------------------------

  function choose(which) {
    figures[shown].hidden = true;
    shown = which;
    figures[shown].hidden = false;
    $("open").value = String(which);
    search($("search").value);
    show(0);
  }

  // -- pan and zoom --------------------------------------------------------------------------------

  const box = () => picture().viewBox.baseVal;
  const home = new Map(figures.map((f) => {
    const b = f.querySelector("svg").viewBox.baseVal;
    return [f, [b.x, b.y, b.width, b.height]];
  }));

  function look(x, y, w, h) {
    picture().setAttribute("viewBox", [x, y, w, h].map((v) => v.toFixed(2)).join(" "));
  }

  function fit() { look(...home.get(figures[shown])); }

  // Whether the whole picture is too small to read, so that steps are followed card by card.
  function narrow() { return picture().clientWidth < home.get(figures[shown])[2] * 0.45; }

  function zoom(by, cx, cy) {
    const b = box();
    const [, , w] = home.get(figures[shown]);
    const width = Math.min(Math.max(b.width / by, w / 200), w * 4);
    const ratio = width / b.width;
    const x = cx === undefined ? b.x + b.width / 2 : cx;
    const y = cy === undefined ? b.y + b.height / 2 : cy;
    look(x - (x - b.x) * ratio, y - (y - b.y) * ratio, width, b.height * ratio);
  }

  function point(event) {
    const p = new DOMPoint(event.clientX, event.clientY);
    return p.matrixTransform(picture().getScreenCTM().inverse());
  }

  function centre(group) {
    const r = group.getBBox();
    const [, , w, h] = home.get(figures[shown]);
    const width = Math.min(w, Math.max(narrow() ? 900 : Math.min(box().width, w * 0.9), r.width * 1.5));
    const height = (h * width) / w;
    const at = new DOMPoint(r.x + r.width / 2, r.y + r.height / 2).matrixTransform(
      picture().getCTM().inverse().multiply(group.getCTM()));
    look(at.x - width / 2, at.y - height / 2, width, height);
  }

  // -- paths and search ----------------------------------------------------------------------------

  function reach(start, from, to) {
    const seen = new Set([start]);
    const edges = data.pictures[shown].edges;
    const beside = new Map();
    edges.forEach((e) => beside.set(e[from], [...(beside.get(e[from]) || []), e[to]]));
    const left = [start];
    while (left.length) {
      for (const other of beside.get(left.pop()) || []) {
        if (!seen.has(other)) { seen.add(other); left.push(other); }
      }
    }
    return seen;
  }

  function light(id) {
    const prefix = data.pictures[shown].prefix;
    if (id === null) {
      picture().querySelectorAll(".dim").forEach((e) => e.classList.remove("dim"));
      return;
    }
    const before = reach(id, 1, 0);
    const after = reach(id, 0, 1);
    for (const node of picture().querySelectorAll(".node")) {
      const n = Number(node.id.slice(prefix.length + 2));
      node.classList.toggle("dim", !before.has(n) && !after.has(n));
    }
    data.pictures[shown].edges.forEach(([source, target], k) => {
      const on = (before.has(source) && before.has(target)) || (after.has(source) && after.has(target));
      $(`${prefix}-e${k}`).classList.toggle("dim", !on);
    });
  }

  function search(text) {
    picture().querySelectorAll(".found").forEach((e) => e.classList.remove("found"));
    const wanted = text.trim().toLowerCase();
    const cards = (figure) => figure.querySelectorAll(".node").length;
    const has = (text) => text.toLowerCase().includes(wanted);
    const header = (n) => [...n.querySelectorAll(".name, .title")].map((t) => t.textContent).join(" ");
    const found = (svg) => { // by name or title; where there is none, by all that a card says
      const all = [...svg.querySelectorAll(".group, .node")];
      const named = all.filter((n) => has(header(n)));
      return named.length ? named : all.filter((n) => has(n.textContent));
    };
    hits = wanted ? found(picture()) : [];
    hits.forEach((n) => n.classList.add("found"));
    hit = -1;
    elsewhere = wanted && !hits.length
      ? figures.findIndex((f) => cards(f) > cards(figures[shown]) && found(f.querySelector("svg")).length)
      : -1;
    $("hits").textContent = !wanted ? ""
      : elsewhere < 0 ? `${hits.length} found` : "inside what is folded: Enter opens it";
  }

  // -- what the reader does ------------------------------------------------------------------------

  $("play").onclick = () => play(!timer);
  $("previous").onclick = () => { play(false); show(step - 1); };
  $("next").onclick = () => { play(false); show(step + 1); };
  $("all").onclick = () => { play(false); show(0); };
  $("step").oninput = (event) => { play(false); show(Number(event.target.value)); };
  $("in").onclick = () => zoom(1.4);
  $("out").onclick = () => zoom(1 / 1.4);
  $("fit").onclick = fit;
  $("open").onchange = (event) => { play(false); choose(Number(event.target.value)); };
  $("frame").oninput = (event) => { roll(false); cut(Number(event.target.value)); };
  $("roll").onclick = () => roll(!reel);
  $("speed").onchange = () => { if (reel) roll(true); };
  $("search").oninput = (event) => search(event.target.value);
  $("search").onkeydown = (event) => {
    event.stopPropagation();
    if (event.key === "Escape") { event.target.value = ""; search(""); fit(); }
    if (event.key === "Enter" && elsewhere >= 0) { play(false); choose(elsewhere); }
    if (event.key !== "Enter" || !hits.length) return;
    hit = (hit + 1) % hits.length;
    centre(hits[hit]);
    $("hits").textContent = `${hit + 1} of ${hits.length}`;
  };

  const keys = {
    " ": () => play(!timer),
    ArrowRight: () => { play(false); show(step + 1); },
    ArrowLeft: () => { play(false); show(step - 1); },
    Home: () => { play(false); show(1); },
    End: () => { play(false); show(steps().length); },
    Escape: () => { play(false); show(0); light(null); fit(); },
    "+": () => zoom(1.4),
    "=": () => zoom(1.4),
    "-": () => zoom(1 / 1.4),
    "0": fit,
    "/": () => $("search").focus(),
  };
  document.addEventListener("keydown", (event) => {
    const slider = event.target.closest("input[type=range]");
    const field = event.target.closest("input, select, textarea, summary");
    const button = event.target.closest("button") && event.key === " ";
    if (event.ctrlKey || event.metaKey || event.altKey || button) return;
    if (field && !(slider && event.key === " ")) return;
    const module = event.target.closest(".node[data-module]");
    if (module && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      play(false);
      choose(Number(module.dataset.module));
      $("open").focus(); // it says what is open now
      return;
    }
    if (slider === $("frame") && slider && event.key === " ") {
      event.preventDefault();
      roll(!reel);
      return;
    }
    if (keys[event.key]) { keys[event.key](); event.preventDefault(); }
  });

  for (const figure of figures) {
    const svg = figure.querySelector("svg");
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-describedby", "keys"); // the words of the picture are below
    svg.querySelectorAll(".edge").forEach((e) => e.setAttribute("aria-hidden", "true"));
    svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      const p = point(event);
      const b = box();
      const pixel = b.width / svg.clientWidth;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) look(b.x + event.deltaX * pixel, b.y, b.width, b.height);
      else if (event.deltaY) zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, p.x, p.y);
    }, { passive: false });
    let grip = null;
    const touching = new Map(); // pointers on the picture, where they are
    svg.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      touching.set(event.pointerId, event);
      grip = point(event);
    });
    svg.addEventListener("pointermove", (event) => {
      if (!grip) return;
      const other = [...touching.values()].find((e) => e.pointerId !== event.pointerId);
      if (other) { // two fingers: as far apart as before, on the same points
        const before = touching.get(event.pointerId);
        if (!before) return;
        const apart = (e) => Math.hypot(e.clientX - other.clientX, e.clientY - other.clientY);
        const p = point(other);
        if (apart(before) > 0) zoom(apart(event) / apart(before), p.x, p.y);
        touching.set(event.pointerId, event);
        return;
      }
      if (!svg.hasPointerCapture(event.pointerId)) { // later than a click, which is the card's
        svg.setPointerCapture(event.pointerId);
        svg.classList.add("moving");
      }
      const p = point(event);
      const b = box();
      look(b.x + grip.x - p.x, b.y + grip.y - p.y, b.width, b.height);
    });
    const drop = (event) => {
      touching.delete(event.pointerId);
      grip = null;
      svg.classList.remove("moving");
    };
    svg.addEventListener("pointerup", drop);
    svg.addEventListener("pointercancel", drop);
    const cards = [...svg.querySelectorAll(".node")];
    for (const card of cards) {
      const id = Number(card.id.slice(card.id.lastIndexOf("-n") + 2));
      if (cards.length <= 300) card.setAttribute("tabindex", "0");
      card.addEventListener("pointerenter", () => light(id));
      card.addEventListener("pointerleave", () => light(null));
      card.addEventListener("focus", () => light(id));
      card.addEventListener("blur", () => light(null));
      if (card.dataset.module !== undefined) {
        card.setAttribute("role", "button");
        card.addEventListener("dblclick", () => choose(Number(card.dataset.module)));
      }
    }
  }

  const words = document.querySelector("details");
  let before = null; // what was looked at before printing, which shows all of it
  addEventListener("beforeprint", () => {
    before = [picture().getAttribute("viewBox"), words.open];
    fit();
    words.open = true;
  });
  addEventListener("afterprint", () => {
    picture().setAttribute("viewBox", before[0]);
    words.open = before[1];
  });

  document.body.classList.add("live");
  $("bar").hidden = false;
  $("words").hidden = false;
  $("keys").hidden = false;
  $("modules").hidden = figures.length < 2;
  $("opening").hidden = figures.length < 2;
  $("film").hidden = data.frames.length < 2;
  if (data.frames.length) cut(0);
  show(0);
})();
