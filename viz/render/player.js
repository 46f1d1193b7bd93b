"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const figures = [...document.querySelectorAll(".figure")];
  const LOWER = 2.5, HIGHER = 4; // pixels, as in svg.py
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let shown = data.first; // which of the pictures
  let step = 0; // 0: all of it; 1, 2, ...: up to this step
  let frame = 0;
  let timer = null;
  let reel = null;
  let hits = [];
  let hit = -1;
  let elsewhere = -1; // the picture that has what was searched for, if this one has not

  let asking = false; // whether derivatives are to be predicted
  let solved = new Set(); // steps that were answered, or shown
  let tries = 0;
  const score = { right: 0, asked: 0 };

  const picture = () => figures[shown].querySelector("svg");
  const steps = () => data.pictures[shown].steps;

  // -- steps ---------------------------------------------------------------------------------------

  function show(to) {
    step = Math.max(0, Math.min(to, steps().length));
    const now = step ? steps()[step - 1] : null;
    const blank = Boolean(asking && now && now.ask && !solved.has(step));
    for (const element of picture().querySelectorAll("[data-at]")) {
      const at = Number(element.dataset.at);
      element.classList.toggle("off", step > 0 && (at > step || (blank && at === step)));
      element.classList.toggle("on", step > 0 && at === step && !element.matches(".strip, .grad, .within"));
    }
    picture().querySelectorAll(".reached").forEach((e) => e.classList.remove("reached"));
    if (now && now.edge >= 0) { // the card that a derivative leaves, and the one it reaches
      for (const id of data.pictures[shown].edges[now.edge]) {
        const card = $(`${data.pictures[shown].prefix}-n${id}`);
        if (card) card.classList.add("reached");
      }
    }
    if (open !== null && !$("about").hidden) about(open);
    $("words").textContent = blank ? "What comes back here?" : now ? now.words : data.pictures[shown].summary;
    ask(blank ? now : null);
    link();
    $("words").classList.toggle("back", Boolean(now && now.back));
    $("step").max = steps().length;
    $("step").value = step;
    $("step").setAttribute("aria-valuetext", step ? `step ${step} of ${steps().length}` : "everything");
    $("count").textContent = step ? `${step} / ${steps().length}` : `all ${steps().length} steps`;
    // Not disabled, which would drop the focus: they do nothing at the ends.
    $("previous").setAttribute("aria-disabled", String(step === 0));
    $("next").setAttribute("aria-disabled", String(step === steps().length));
    if (narrow() || box().width < home.get(figures[shown])[2] * 0.9) {
      const [now] = [".node.on", ".back.on > text", ".back.on > .bhead", ".ahead.on > .fhead"]
        .map((part) => picture().querySelector(part)).filter(Boolean);
      if (now) centre(now, true); else if (narrow()) fit();
    }
  }

  // -- prediction ----------------------------------------------------------------------------------

  function ask(now) {
    const was = $("predict").hidden || $("asked").textContent !== (now && now.ask);
    $("predict").hidden = !now;
    if (!now || !was) return;
    tries = 0;
    score.asked += 1;
    $("asked").textContent = now.ask;
    $("guess").value = "";
    $("verdict").textContent = "";
    $("guess").focus({ preventScroll: true });
  }

  // dZ, ∂J/∂Z and dJ/dZ are one thing: `top` is what stands before Z in what is asked, ∂J/∂.
  const plain = (text, top) => [top, top.replace(/∂/g, "d")]
    .reduce((x, w) => w ? x.split(w).join("d") : x, text.replace(/\s+/g, ""))
    .replace(/ᵀ/g, ".T").replace(/∂/g, "d")
    .replace(/[−–]/g, "-").replace(/[·×]/g, "*").replace(/²/g, "**2").replace(/\^/g, "**")
    .replace(/Σ/g, "sum").replace(/\(([A-Za-z]\w*)\)/g, "$1").replace(/_/g, "").toLowerCase();

  const topOf = (question) => (/^∂.*?\/∂/.exec(question) || [""])[0].replace(/\s+/g, "");
  const computing = () => (data.pictures[shown].algebra ||= algebra(data.pictures[shown].known));

  // true or "always"; "here" if only these numbers are the same; false
  function isRight(guess, now) {
    const [wanted, top] = [Number(now.answer), topOf(now.ask)];
    const [source] = data.pictures[shown].edges[now.edge];
    const { known } = data.pictures[shown];
    const own = known.findIndex((card) => card[4] === source);
    if (!Number.isNaN(wanted)) {
      const decimal = guess.replace(/^(\s*[-+−]?\d+),(\d+\s*)$/, "$1.$2");
      const close = Math.abs(computing().number(decimal, top, own) - wanted) <= 5e-3 * Math.abs(wanted) + 1e-9;
      if (!close || !/\p{L}/u.test(decimal.replace(/\de/gi, ""))) return close;
      return computing().same(decimal, now.rule, top, [], own) === "always" ? "always" : "here";
    }
    const same = computing().same(guess, now.answer, top, own < 0 ? [] : known[own][1] || [], own);
    return same === undefined ? plain(guess, top) === plain(now.answer, top) : same;
  }

  function settle(words) {
    solved.add(step);
    show(step);
    $("words").textContent = `${words} ${steps()[step - 1].words} (${score.right} of ${score.asked} at the first try)`;
    $("next").focus({ preventScroll: true });
  }

  function quiz(on) {
    asking = on;
    solved = new Set();
    score.right = score.asked = 0;
    $("quiz").setAttribute("aria-pressed", String(on));
    play(false);
    const later = steps().findIndex((s, k) => s.ask && k + 1 >= step); // from where the reader is
    const first = later < 0 ? steps().findIndex((s) => s.ask) : later;
    show(on ? (first < 0 ? step : first + 1) : step);
    if (on && first < 0) $("words").textContent = "There is nothing to predict here: no backward pass has run, or what is in it is folded.";
  }

  $("predict").onsubmit = (event) => {
    event.preventDefault();
    const now = steps()[step - 1];
    if (!$("guess").value.trim()) return;
    const found = isRight($("guess").value, now);
    if (found) {
      if (!tries) score.right += 1;
      settle(found === "here" ? "Right for these numbers." : "Right.");
      return;
    }
    tries += 1;
    const trouble = computing().trouble($("guess").value, topOf(now.ask));
    const kind = Number.isNaN(Number(now.answer)) ? "a formula of the names on the cards" : "a number";
    $("verdict").textContent = tries > 1 ? `Not yet. ${now.hint}` : `Not yet: ${trouble ? `${trouble}; ` : ""}it is ${kind}. The hint names the factor.`;
    $("guess").select();
  };
  $("hint").onclick = () => { tries += 1; $("verdict").textContent = steps()[step - 1].hint; };
  $("reveal").onclick = () => settle("It is:");
  $("quiz").onclick = () => quiz(!asking);

  // -- a link to a step: the address ends in #step=5 ------------------------------------------------

  function link() {
    try { history.replaceState(null, "", step ? `#step=${step}` : "#"); } catch { /* in a frame without an address */ }
  }

  function play(on) {
    clearInterval(timer);
    timer = null;
    if (on && !$("predict").hidden) { // it waits for the answer
      $("guess").focus({ preventScroll: true });
    } else if (on) {
      if (step === steps().length) show(0);
      timer = setInterval(() => {
        if (!$("predict").hidden) { play(false); return; }
        show(step + 1);
        if (step === steps().length) play(false);
      }, (still ? 1400 : 900) / Number($("pace").value));
      show(step + 1);
    }
    $("play").textContent = timer ? "Pause" : "Play";
  }

  // -- frames of a film ----------------------------------------------------------------------------

  function put(text, pieces) { // as the picture's own text is set: subscripts lowered
    let level = 0;
    text.replaceChildren(...pieces.map(([piece, way]) => {
      const part = document.createElementNS(text.namespaceURI, "tspan");
      const wanted = way === "sub" ? LOWER : way === "sup" ? -HIGHER : way === "hidden" ? level : 0;
      if (wanted !== level) part.setAttribute("dy", wanted - level);
      if (way) part.setAttribute("font-size", way === "hidden" ? "0" : "82%");
      level = wanted;
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
    solved = new Set();
    figures[shown].hidden = true;
    shown = which;
    about(null);
    figures[shown].hidden = false;
    $("open").value = String(which);
    search($("search").value);
    size();
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
  function narrow() { return picture().clientWidth < home.get(figures[shown])[2] * 0.75; }

  // As high as the picture is at its width, where that is less than most of the screen.
  function size() {
    const svg = picture();
    const [, , w, h] = home.get(figures[shown]);
    const room = Math.min(0.64 * innerHeight, 900);
    svg.style.height = `${Math.min(room, Math.max((svg.clientWidth * h) / w, Math.min(300, room)))}px`;
  }

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

  function around(group) { // its corners in the picture's units
    const r = group.getBBox();
    const to = picture().getCTM().inverse().multiply(group.getCTM());
    const [a, b] = [[r.x, r.y], [r.x + r.width, r.y + r.height]].map(
      ([x, y]) => new DOMPoint(x, y).matrixTransform(to));
    return [a.x, a.y, b.x, b.y];
  }

  function centre(group, both = false) { // with the cards of the step, where there is room
    const [, , w, h] = home.get(figures[shown]);
    const readable = (picture().clientWidth * 11) / 12; // its text is 12 pixels high then
    const least = narrow() ? readable : Math.min(box().width, w * 0.9);
    let [x0, y0, x1, y1] = around(group);
    const all = [group, ...(both ? picture().querySelectorAll(".reached") : [])].map(around);
    const whole = [0, 1].map((k) => Math.min(...all.map((r) => r[k]))).concat(
      [2, 3].map((k) => Math.max(...all.map((r) => r[k]))));
    if (whole[2] - whole[0] < 1.4 * least) [x0, y0, x1, y1] = whole;
    const width = Math.min(w, Math.max(least, (x1 - x0) * 1.06));
    const height = (h * width) / w;
    look((x0 + x1 - width) / 2, (y0 + y1 - height) / 2, width, height);
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

  // -- a card in full ------------------------------------------------------------------------------

  let open = null; // the card that is shown in full

  function about(id) {
    open = id;
    const { cards, edges, prefix } = data.pictures[shown];
    $("about").hidden = id === null;
    if (id === null) return;
    const [header, line] = cards[id];
    $("card").textContent = header;
    $("place").textContent = line ? `computed in ${line}` : "";
    const strip = document.querySelector(`[id="${prefix}-n${id}"] .grad`);
    const ahead = strip !== null && strip.classList.contains("off"); // the pass has not come here yet
    const known = (data.arrays[id] || []).filter(([caption]) => !(ahead && caption.startsWith("gradient")));
    $("arrays").replaceChildren(...known.map(([caption, numbers]) => {
      const figure = document.createElement("figure");
      const said = figure.appendChild(document.createElement("figcaption"));
      said.textContent = caption;
      figure.appendChild(document.createElement("pre")).textContent = numbers;
      return figure;
    }));
    const beside = (from, to) => [...new Set(edges.filter((e) => e[from] === id).map((e) => e[to]))];
    const parts = [];
    for (const [word, ids] of [["from ", beside(1, 0)], [" to ", beside(0, 1)]]) {
      if (ids.length) parts.push(word);
      for (const other of ids) {
        const button = document.createElement("button");
        button.textContent = cards[other][0].split(" = ")[0];
        button.onclick = () => { about(other); const card = $(`${prefix}-n${other}`); if (card) { centre(card); light(other); } };
        parts.push(button, " ");
      }
    }
    $("beside").replaceChildren(...parts);
  }

  // -- the picture for another program: as PNG, and as SVG where text is pasted ---------------------

  async function copy() {
    const svg = picture().cloneNode(true);
    const [x, y, w, h] = home.get(figures[shown]);
    svg.setAttribute("viewBox", [x, y, w, h].join(" "));
    svg.setAttribute("width", w);
    svg.setAttribute("height", h);
    svg.querySelectorAll(".off, .on, .dim, .found, .reached").forEach(
      (e) => e.classList.remove("off", "on", "dim", "found", "reached"));
    const style = svg.insertBefore(document.createElementNS(svg.namespaceURI, "style"), svg.firstChild);
    style.textContent = document.querySelector("style").textContent; // that of the page, for its text
    const text = new XMLSerializer().serializeToString(svg);
    try {
      const image = new Image();
      image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
      await image.decode();
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [2 * w, 2 * h];
      canvas.getContext("2d").drawImage(image, 0, 0, 2 * w, 2 * h);
      const png = await new Promise((done) => canvas.toBlob(done, "image/png"));
      const plain = new Blob([text], { type: "text/plain" });
      await navigator.clipboard.write([new ClipboardItem({ "image/png": png, "text/plain": plain })]);
      return "copied as an image, and as SVG text";
    } catch {
      try {
        await navigator.clipboard.writeText(text);
        return "copied as SVG text";
      } catch {
        return "this browser does not let a page copy; save the picture as .svg or .png";
      }
    }
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
  $("pace").onchange = () => { if (timer) play(true); };
  $("full").hidden = !document.fullscreenEnabled;
  $("full").onclick = () => {
    if (document.fullscreenElement) document.exitFullscreen(); else document.documentElement.requestFullscreen();
  };
  $("copy").onclick = async () => { $("hits").textContent = await copy(); };
  $("close").onclick = () => about(null);
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
    Escape: () => { play(false); show(0); light(null); about(null); fit(); },
    "+": () => zoom(1.4),
    "=": () => zoom(1.4),
    "-": () => zoom(1 / 1.4),
    "0": fit,
    p: () => quiz(!asking),
    P: () => quiz(!asking),
    "/": () => $("search").focus(),
  };
  document.addEventListener("keydown", (event) => {
    const slider = event.target.closest("input[type=range]");
    const field = event.target.closest("input, select, textarea, summary");
    const button = event.target.closest("button") && event.key === " ";
    if (event.ctrlKey || event.metaKey || event.altKey || button) return;
    if (field && !(slider && event.key === " ")) return;
    const card = event.target.closest(".node:not([data-module])");
    if (card && event.key === "Enter") {
      about(Number(card.id.slice(card.id.lastIndexOf("-n") + 2)));
      event.preventDefault();
      return;
    }
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
      card.addEventListener("click", () => about(id));
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
  size();
  addEventListener("resize", size);
  if (data.frames.length) cut(0);
  const linked = /^#step=(\d+)$/.exec(location.hash);
  show(linked ? Number(linked[1]) : 0);
  if (!linked && innerWidth <= 600 && narrow()) { // on a phone the modules begin folded, where that is larger
    const wide = (k) => home.get(figures[k])[2];
    const most = figures.reduce((best, _, k) => (wide(k) < 0.8 * wide(best) ? k : best), shown);
    if (most !== shown) choose(most);
  }
})();
