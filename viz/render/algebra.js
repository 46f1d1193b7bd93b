"use strict";
// Whether two formulas are the same, by computing both. `algebra(cards)` is given what is on the
// cards, [name, shape, value, gradient], numbers in one row or null where they are not known.
const algebra = (cards) => {
  const GREEK = { "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "η": "eta",
    "θ": "theta", "λ": "lambda", "μ": "mu", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi" };
  const SIGNS = { "\u0302": "hat", "\u0304": "bar", "\u0303": "tilde" };
  const MOST = 1e5; // numbers of an array that is computed with

  // -- names: Z^[1] is Z1, Z_1 and z1; ŷ is yhat ---------------------------------------------------

  const spelled = (name) => name.normalize("NFD").replace(/[\u0302-\u0304]/g, (c) => SIGNS[c] || c)
    .replace(/[α-ω]/g, (c) => GREEK[c] || c).replace(/[\^_[\]{}() ′]/g, (c) => (c === "′" ? "'" : ""));
  const names = new Map(); // how it may be written: which card; of two cards, none
  const add = (written, k) => names.set(written, names.has(written) && names.get(written) !== k ? -1 : k);
  cards.forEach(([name], k) => { for (const one of new Set([name, spelled(name)])) add(one, k); });
  const exact = new Set(names.keys());
  cards.forEach(([name], k) => { const low = spelled(name).toLowerCase(); if (!exact.has(low)) add(low, k); });

  const inWord = (c) => /(?!ᵀ)[\p{L}\p{Nd}_]/u.test(c || ""); // x² and Xᵀ end after the x
  // The longest name that begins here and ends here: W1 is not the W of W12.
  function nameAt(text, at) {
    let long = null;
    const rest = text.slice(at);
    const piece = /^(?:(?!ᵀ)[\p{L}\p{Nd}\p{M}_'′])+(?:\^?\[[\w, ]+\](?:\([\w, ]+\))?)?/u.exec(rest);
    for (const [name, k] of names) {
      if (!name || !rest.startsWith(name) || (long && name.length <= long.length)) continue;
      if (inWord(rest[name.length])) continue;
      long = { length: name.length, k };
    }
    if (piece && (!long || piece[0].length > long.length)) {
      for (let n = piece[0].length; n > (long ? long.length : 0); n -= 1) {
        if (inWord(rest[n])) continue;
        const one = spelled(rest.slice(0, n));
        const k = names.has(one) ? names.get(one) : names.get(one.toLowerCase());
        if (k !== undefined) { long = { length: n, k }; break; }
      }
    }
    return long && long.k >= 0 ? long : null;
  }

  // -- arrays: a shape and its numbers in one row --------------------------------------------------

  const size = (shape) => shape.reduce((a, b) => a * b, 1);
  const scalar = (x) => ({ shape: [], data: [x] });

  function spread(a, shape) { // as NumPy broadcasts
    if (a.shape.length === shape.length && a.shape.every((n, i) => n === shape[i])) return a.data;
    const own = [...Array(shape.length - a.shape.length).fill(1), ...a.shape];
    const data = Array(size(shape));
    for (let i = 0; i < data.length; i += 1) {
      let left = i, at = 0, step = 1;
      for (let d = shape.length - 1; d >= 0; d -= 1) {
        const k = left % shape[d];
        left = (left - k) / shape[d];
        if (own[d] !== 1) at += k * step;
        step *= own[d];
      }
      data[i] = a.data[at];
    }
    return data;
  }

  function together(a, b) {
    const n = Math.max(a.length, b.length), shape = [];
    for (let i = 1; i <= n; i += 1) {
      const [x, y] = [a[a.length - i] ?? 1, b[b.length - i] ?? 1];
      if (x !== y && x !== 1 && y !== 1) throw Error("shapes");
      shape.unshift(x === 1 ? y : x);
    }
    if (size(shape) > MOST) throw Error("size");
    return shape;
  }

  function each(f, ...given) {
    const shape = given.map((x) => x.shape).reduce(together, []);
    const rows = given.map((x) => spread(x, shape));
    return { shape, data: rows[0].map((_, i) => f(...rows.map((r) => r[i]))) };
  }

  function turned(a) {
    if (a.shape.length < 2) return a;
    if (a.shape.length > 2) throw Error("shapes");
    const [m, n] = a.shape;
    return { shape: [n, m], data: Array.from({ length: m * n }, (_, i) => a.data[(i % m) * n + Math.floor(i / m)]) };
  }

  function product(a, b) {
    if (!a.shape.length || !b.shape.length || a.shape.length > 2 || b.shape.length > 2) throw Error("shapes");
    const [m, k] = a.shape.length === 2 ? a.shape : [1, a.shape[0]];
    const [l, n] = b.shape.length === 2 ? b.shape : [b.shape[0], 1];
    if (k !== l || m * n * k > 50 * MOST) throw Error("shapes");
    const data = Array(m * n).fill(0);
    for (let i = 0; i < m; i += 1) for (let j = 0; j < n; j += 1) for (let t = 0; t < k; t += 1) data[i * n + j] += a.data[i * k + t] * b.data[t * n + j];
    return { shape: [...a.shape.slice(0, -1), ...b.shape.slice(1)], data };
  }

  function summed(a, axis, keep) {
    if (axis === null) return keep ? { shape: a.shape.map(() => 1), data: [a.data.reduce((x, y) => x + y, 0)] } : scalar(a.data.reduce((x, y) => x + y, 0));
    const at = axis < 0 ? axis + a.shape.length : axis;
    if (!(at in a.shape)) throw Error("axis");
    const after = size(a.shape.slice(at + 1)), n = a.shape[at], data = Array(a.data.length / n).fill(0);
    a.data.forEach((x, i) => { data[Math.floor(i / (after * n)) * after + (i % after)] += x; });
    return { shape: a.shape.flatMap((m, i) => (i === at ? (keep ? [1] : []) : [m])), data };
  }

  function upTo(a, shape) { // a sum over what was broadcast: Σ dZ has the shape of b
    let x = a;
    while (x.shape.length > shape.length) x = summed(x, 0, false);
    shape.forEach((n, i) => { if (n === 1 && x.shape[i] !== 1) x = summed(x, i, true); });
    return x;
  }

  function softmax(a, axis) {
    const powers = each(Math.exp, a);
    return each((p, q) => p / q, powers, summed(powers, axis, true));
  }

  const FUNCTIONS = {
    sigmoid: (x) => 1 / (1 + Math.exp(-x)), tanh: Math.tanh, exp: Math.exp, log: Math.log, ln: Math.log, sqrt: Math.sqrt,
    sin: Math.sin, cos: Math.cos, tan: Math.tan, abs: Math.abs, absolute: Math.abs, sign: Math.sign, relu: (x) => Math.max(x, 0),
    log2: Math.log2, log10: Math.log10, log1p: Math.log1p, expm1: Math.expm1, sinh: Math.sinh, cosh: Math.cosh,
    arctan: Math.atan, arcsin: Math.asin, arccos: Math.acos, square: (x) => x * x, reciprocal: (x) => 1 / x, negative: (x) => -x,
    maximum: Math.max, max: Math.max, minimum: Math.min, min: Math.min, multiply: (x, y) => x * y, divide: (x, y) => x / y,
    add: (x, y) => x + y, subtract: (x, y) => x - y, power: Math.pow, where: (c, x, y) => (c ? x : y), heaviside: (x, h) => (x > 0 ? 1 : x < 0 ? 0 : h),
  };
  const WORDS = Object.keys(FUNCTIONS).concat("softmax", "sum", "numpysum", "mean", "dot", "matmul", "outer", "transpose").sort((a, b) => b.length - a.length);

  // -- formulas ------------------------------------------------------------------------------------

  const POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

  const plainly = (formula) => formula // as LaTeX has it: \\hat{y}, Z^{[1]}, s_{3}, x^{-1}
    .replace(/\\(hat|bar|tilde)\s*\{?(\p{L})\}?/gu, "$2$1").replace(/\^\{(\[[^}]*|\([^}]*\))\}/g, "^$1").replace(/_\{(\w+)\}/g, "_$1")
    .replace(/\^\{([^}]*)\}/g, "^($1)").replace(/\\(?=\p{L})/gu, "");

  /** Return what computes a formula: a function of `value(k)`, `gradient(k)` and the shape of it all. */
  function read(formula, top) {
    const text = plainly(formula).normalize("NFC").replace(/[−–]/g, "-").replace(/[·×]/g, "*").replace(/≤/g, "<=").replace(/≥/g, ">=")
      .replace(/≠/g, "!=").replace(/\b(?:np|numpy|autograd)\.sum\b/g, "numpysum").replace(/\b(?:np|numpy|autograd)\./g, "");
    const used = new Set();
    let at = 0;
    const skip = () => { while (/\s/.test(text[at] || "")) at += 1; };
    const take = (word) => { skip(); if (!text.startsWith(word, at)) return false; at += word.length; return true; };
    const need = (word) => { if (!take(word)) throw Error(`expected ${word}`); };
    const named = (length, key, f) => { at += length; used.add(key); return f; };

    const unread = () => Error(at < text.length ? `cannot read “${text.slice(at, at + 20)}”` : "it ends too early");

    function operand() { // dx may be a card, or the derivative by x
      const [begin, before] = [at, new Set(used)];
      const d = derivative(), end = at;
      const found = nameAt(text, begin);
      if (d && (!found || end - begin > found.length)) return d;
      at = begin;
      used.clear();
      before.forEach((key) => used.add(key));
      return found && named(found.length, `v${found.k}`, (x) => x.value(found.k));
    }

    function derivative() { // ∂J/∂Z, dJ/dZ or dZ
      for (const one of [top, top.replace(/∂/g, "d"), "∂", "d"]) {
        if (!one || !text.startsWith(one, at)) continue;
        const round = text[at + one.length] === "(" && text.indexOf(")", at) > 0 ? 1 : 0;
        const found = nameAt(text, at + one.length + round);
        if (!found || (round && text[at + one.length + 1 + found.length] !== ")")) continue;
        return named(one.length + found.length + 2 * round, `d${found.k}`, (x) => x.gradient(found.k));
      }
      return null;
    }

    function options() { // axis=1, keepdims=True, after a comma
      let axis = null, keep = false;
      for (let word; (word = /^\s*,?\s*(axis\s*=\s*|keepdims\s*=\s*)?(-?\d+|True|False|None)/.exec(text.slice(at))); at += word[0].length) {
        if (/^keep/.test(word[1] || "")) keep = word[2] === "True";
        else if (word[2] !== "None") axis = Number(word[2]);
      }
      need(")");
      return [axis, keep];
    }

    const total = (inner, axis, keep, mean) => (x) => {
      const a = inner(x), s = summed(a, axis, keep);
      return mean ? each((y, n) => y / n, s, scalar(a.data.length / s.data.length)) : s;
    };

    function call(word) {
      const given = [];
      if (/^(numpy)?sum$|^mean$/.test(word)) {
        const inner = comparison();
        const [axis, keep] = options();
        if (word === "sum" && axis === null && !keep) return (x) => upTo(inner(x), x.shape); // Σ
        return total(inner, axis, keep, word === "mean");
      }
      if (word === "softmax") {
        const inner = comparison(), [axis] = options();
        return (x) => softmax(inner(x), axis || 0); // of columns, if nothing else is said
      }
      do given.push(comparison()); while (take(","));
      need(")");
      const f = FUNCTIONS[word];
      if (word === "transpose") return (x) => turned(given[0](x));
      if (word === "dot" || word === "matmul") return (x) => product(given[0](x), given[1](x));
      if (word === "outer") return (x) => outer(given[0](x), given[1](x));
      if (f.length && f.length !== given.length && !/^m(ax|in)/.test(word)) throw Error("arguments");
      return (x) => each(f, ...given.map((g) => g(x)));
    }
    const outer = (a, b) => ({ shape: [a.data.length, b.data.length], data: a.data.flatMap((x) => b.data.map((y) => x * y)) });

    function primary() {
      skip();
      const number = /^(\d+\.?\d*|\.\d+)(e[-+]?\d+)?/i.exec(text.slice(at));
      if (number) { at += number[0].length; return () => scalar(Number(number[0])); }
      const word = WORDS.find((w) => text.startsWith(w, at) && /^\s*\(/.test(text.slice(at + w.length)));
      if (word) { at += word.length; need("("); return call(word); }
      if (take("σ(")) return call("sigmoid");
      const known = operand();
      if (known) return known;
      if (take("(")) { const inner = comparison(); need(")"); return inner; }
      if (take("[")) { const inner = comparison(); need("]"); return inner; } // 1 where it is true
      if (take("|")) { const inner = sum(); need("|"); return (x) => each(Math.abs, inner(x)); }
      if (take("√")) { const inner = power(); return (x) => each(Math.sqrt, inner(x)); }
      throw unread();
    }

    function postfix() {
      let f = primary();
      for (;;) {
        const inner = f;
        if (take("ᵀ") || take(".T") || /^\s*\^T(?!\w)/.test(text.slice(at)) && take("^T") || take(".transpose()")) f = (x) => turned(inner(x));
        else if (/^\s*⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]/.test(text.slice(at))) {
          const sign = take("⁻") ? -1 : 1;
          skip();
          let n = 0;
          for (; POWERS.includes(text[at] || "x"); at += 1) n = 10 * n + POWERS.indexOf(text[at]);
          f = (x) => each((y) => y ** (sign * n), inner(x));
        }
        else if (/^\s*\.(sum|mean)\(/.test(text.slice(at))) {
          const mean = take(".mean(");
          if (!mean) need(".sum(");
          f = total(inner, ...options(), mean);
        } else if (/^\s*\.(dot|astype)\(/.test(text.slice(at))) {
          if (take(".astype(")) { const end = text.indexOf(")", at); if (end < 0) throw Error(")"); at = end + 1; continue; }
          need(".dot(");
          const other = comparison();
          need(")");
          f = (x) => product(inner(x), other(x));
        } else return f;
      }
    }

    function power() {
      const base = postfix();
      if (!take("**") && !take("^")) return base;
      const high = signed();
      return (x) => each(Math.pow, base(x), high(x));
    }

    function signed() {
      if (take("-")) { const inner = signed(); return (x) => each((y) => -y, inner(x)); }
      if (take("+")) return signed();
      if (take("Σ(")) { // of one axis, which stays: Σ(Y, axis=0)
        const begin = at, inner = comparison();
        if (take(",")) { const [axis] = options(); return total(inner, axis, true, false); }
        at = begin - 1;
      } else if (!take("Σ")) return power();
      const inner = term();
      return (x) => upTo(inner(x), x.shape);
    }

    function term() {
      let f = signed();
      for (;;) {
        const a = f;
        skip();
        if (!text.startsWith("**", at) && take("*")) { const b = signed(); f = (x) => each((p, q) => p * q, a(x), b(x)); }
        else if (take("/")) { const b = signed(); f = (x) => each((p, q) => p / q, a(x), b(x)); }
        else if (take("@")) { const b = signed(); f = (x) => product(a(x), b(x)); }
        else if (take("⊗")) { const b = signed(); f = (x) => outer(a(x), b(x)); }
        else return f;
      }
    }

    function sum() {
      let f = term();
      for (;;) {
        const a = f;
        if (take("+")) { const b = term(); f = (x) => each((p, q) => p + q, a(x), b(x)); }
        else if (take("-")) { const b = term(); f = (x) => each((p, q) => p - q, a(x), b(x)); }
        else return f;
      }
    }

    const COMPARE = { ">=": (p, q) => p >= q, "<=": (p, q) => p <= q, "==": (p, q) => p === q, "!=": (p, q) => p !== q, ">": (p, q) => p > q, "<": (p, q) => p < q, "=": (p, q) => p === q };
    function comparison() {
      const a = sum();
      const word = Object.keys(COMPARE).find((w) => take(w));
      if (!word) return a;
      const b = sum();
      return (x) => each((p, q) => Number(COMPARE[word](p, q)), a(x), b(x));
    }

    const whole = comparison();
    skip();
    if (at < text.length) {
      const between = /^[\p{L}(]/u.test(text.slice(at)) ? ": write * or @ between factors" : "";
      throw Error(unread().message + between);
    }
    return { compute: whole, used };
  }

  // -- the same? -----------------------------------------------------------------------------------

  const drawn = (seed, low, high) => { // repeatable numbers, of a linear congruential generator
    let s = seed;
    return () => { s = (s * 1664525 + 1013904223) % 4294967296; return low + (high - low) * (s / 4294967296); };
  };

  function close(a, b) { // b is right; a may be one number for all
    // An axis that keepdims would keep may be missing: (3,) for (3, 1), but not (1, 3).
    const flat = (x) => x.shape.filter((n) => n !== 1).join();
    const free = a.shape.length !== b.shape.length || a.data.length === 1;
    if (free && flat(a) === flat(b)) return near(a.data, b.data);
    const shape = together(a.shape, b.shape);
    return size(shape) === b.data.length && near(spread(a, shape), b.data);
  }

  function near(x, y) {
    const most = Math.max(...y.map(Math.abs).filter(Number.isFinite), 0);
    const pairs = x.map((p, i) => [p, y[i]]).filter(([, q]) => Number.isFinite(q));
    return pairs.length > 0 && pairs.every(([p, q]) => Math.abs(p - q) <= 1e-6 * Math.max(most, Math.abs(q)) + 1e-300);
  }

  const recorded = (shape) => {
    const given = (k, part) => {
      if (!cards[k][part]) throw Error("unknown");
      return { shape: cards[k][1], data: cards[k][part] };
    };
    return { shape, value: (k) => given(k, 2), gradient: (k) => given(k, 3) };
  };

  function made(shape, low, high) {
    const next = drawn(17, low, high), kept = new Map();
    const of = (key, k) => {
      if (!cards[k][1] || size(cards[k][1]) > MOST) throw Error("size");
      if (!kept.has(key)) kept.set(key, { shape: cards[k][1], data: Array.from({ length: size(cards[k][1]) }, next) });
      return kept.get(key);
    };
    return { shape, value: (k) => of(`v${k}`, k), gradient: (k) => of(`d${k}`, k) };
  }

  return {
    /**
     * Return whether a guess is the answer: "always", or "here", of these numbers, such as A − Y
     * where Y is one-hot; false; undefined where that cannot be computed.
     */
    same(guess, answer, top, shape, own) {
      try {
        const [asked, right] = [read(guess, top), read(answer, top)];
        if (asked.used.has(`d${own}`)) return false; // it is what is asked
        if ([...asked.used].every((name) => right.used.has(name))) { // true of any numbers
          const told = [[-1.7, 1.9], [0.2, 0.8]].map(([low, high]) => {
            const x = made(shape, low, high);
            const wanted = right.compute(x);
            return wanted.data.some(Number.isFinite) ? close(asked.compute(x), wanted) : null;
          }).filter((one) => one !== null); // what is NaN says nothing
          if (told.length && told.every(Boolean)) return "always";
        }
        const x = recorded(shape), wanted = right.compute(x);
        const different = new Set(wanted.data.map((y) => y.toPrecision(6))).size;
        if (!asked.used.size) { // a number, rounded as the cards have it
          return wanted.data.every((y) => Math.abs(asked.compute(x).data[0] - y) <= 5e-4 * Math.abs(y)) && "here";
        }
        const others = ![...asked.used].every((name) => right.used.has(name));
        // Numbers that are all 0, or few of them, would let anything pass.
        const tells = different > 2 || (others && wanted.data.some((y) => y !== 0));
        return tells && close(asked.compute(x), wanted) && "here";
      } catch (error) { return error.message === "shapes" ? false : undefined; }
    },
    /** Return why a guess cannot be read, or "". */
    trouble(guess, top) {
      try { read(guess, top); return ""; } catch (error) { return error.message; }
    },
    /** Return the number that a guess comes to; NaN where it is none. */
    number(guess, top, own) {
      try {
        const { compute, used } = read(guess, top);
        if (used.has(`d${own}`)) return NaN; // it is what is asked
        const found = compute(recorded([]));
        return found.data.length === 1 ? found.data[0] : NaN;
      } catch { return NaN; }
    },
  };
};
