// The formula line on the page: terms side by side, each with its word underneath; and the same as LaTeX.

const FormulaLine = (() => {
  const partial = (name) => Dom.el("span", {}, "∂", Dom.symbol(name));

  function numberText(value, decimals) {
    return Format.tensor(value, decimals);
  }

  // Every number is a button: a click copies it with all its digits.
  function numberButton(term, decimals, cls) {
    const value = term.value;
    const digits = value !== null && typeof value === "object"
      ? JSON.stringify(value.entries || value.norm) : Format.copy(value);
    return Dom.el("button", {
      type: "button", class: `cr-number ${cls}`, title: `${digits} (click to copy)`, text: numberText(value, decimals),
      on: { click: () => copy(digits) },
    });
  }

  function copy(text) {
    if (typeof Dialogs !== "undefined") Dialogs.copy(text, text.length > 24 ? "the formula" : text);
    else if (navigator.clipboard) navigator.clipboard.writeText(text).catch(() => {});
  }

  function sum(term, decimals) {
    const parts = [];
    term.values.forEach((v, i) => {
      const minus = Format.value(v) < 0;
      if (i || minus) parts.push(Dom.el("span", { class: "cr-sum-op", text: minus ? (i ? " − " : "−") : " + " }));
      parts.push(numberButton({ value: v }, decimals, "cr-is-gradient"));
      parts[parts.length - 1].textContent = Format.term(v, decimals);
    });
    if (term.missing) parts.push(Dom.el("span", { class: "cr-tone-off", text: " + ?" }));
    return Dom.el("span", { class: "cr-sum" }, parts);
  }

  const MAKE = {
    fraction: (t) => Dom.el("span", { class: `cr-fraction ${t.hue ? `cr-is-${t.hue}` : ""}`, "aria-label": `d ${t.top} by d ${t.bottom}`, role: "math" },
      partial(t.top), partial(t.bottom)),
    symbol: (t) => Dom.symbol(t.name),
    code: (t) => Dom.el("span", { class: "cr-term-code", text: t.text }),
    number: (t, d) => numberButton(t, d, `${t.hue ? `cr-is-${t.hue}` : ""} ${t.look ? `cr-look-${t.look}` : ""}`),
    torch: (t, d) => Dom.el("span", { class: `cr-torch cr-tone-${t.tone}` }, `${t.sign} `, numberButton(t, d, `cr-tone-${t.tone}`)),
    agree: (t) => Dom.el("span", { class: `cr-torch cr-tone-${t.tone}`, text: t.sign }),
    hint: (t) => Dom.el("span", { class: "cr-hint-line", text: t.text }),
    note: (t) => Dom.el("span", { class: "cr-note", text: t.text }),
    label: (t) => Dom.el("span", { class: "cr-term-code", text: t.text }),
    unknown: (t) => Dom.el("span", { class: `cr-unknown-term cr-look-${t.look}`, text: t.text }),
    entry: (t, d, line) => Dom.el("button", { type: "button", class: "cr-button cr-entry-button", text: t.text, on: { click: () => line.toggle() } }),
    sum,
  };

  // Terms whose caption may be a symbol or a count: their word is known from what they are.
  const WORD = { box: "local-gradient", sum: "fan-out" };

  function element(term, decimals, line) {
    if (term.kind === "gap") return Dom.el("span", { class: "cr-gap" });
    const small = term.small ? " cr-term-small" : "";
    if (term.kind === "op") return Dom.el("span", { class: `cr-op${small}`, text: term.text });
    return Dom.el("span", { class: `cr-term cr-term-${term.kind}${small}` },
      Dom.el("span", { class: "cr-main" }, MAKE[term.kind](term, decimals, line)),
      Words.caption("span", { class: "cr-caption" }, term.caption || "", WORD[term.look] || WORD[term.kind]));
  }

  // Width in pixels at full size, by counting: asking the page would cost a layout per step.
  function width(term, decimals) {
    const unit = term.small ? 10.7 : 14;
    if (term.kind === "gap") return 10;
    if (term.kind === "op") return term.text.length * unit + 13;
    const texts = {
      fraction: () => Math.max(term.top.length, term.bottom.length) * 12 + 20,
      symbol: () => term.name.length * 12,
      number: () => numberText(term.value, decimals).length * unit + (term.look ? 18 : 0),
      torch: () => (numberText(term.value, decimals).length + 2) * unit,
      agree: () => 20,
      hint: () => term.text.length * 8.2,
      note: () => term.text.length * 7.5,
      entry: () => term.text.length * 7.5 + 22,
      sum: () => (term.values.reduce((n, v) => n + Format.term(v, decimals).length + 3, term.missing ? 4 : 0)) * unit,
    };
    const main = (texts[term.kind] || (() => term.text.length * unit))();
    return Math.max(main, (term.caption || "").length * 6) + 13;
  }

  // Pieces that may begin a new line: the terms from one "=" up to the next.
  function pieces(terms) {
    const list = [[]];
    for (const term of terms) {
      if (term.starts && list[list.length - 1].length) list.push([]);
      list[list.length - 1].push(term);
    }
    return list;
  }

  const escape = (text) => text.replace(/[\\{}$&#%~^]/g, (c) => ({ "\\": "\\backslash ", "~": "\\sim ", "^": "\\hat{}" })[c] || `\\${c}`)
    .replace(/_/g, "\\_");

  function latexName(name) {
    const parts = /^([A-Za-z])(\d+)$/.exec(name);
    if (parts) return `${parts[1]}_{${parts[2]}}`;
    return name.length === 1 ? name : `\\mathrm{${escape(name)}}`;
  }

  function latexNumber(text) {
    return text.replace(/\u2212/g, "-").replace(/([\d.]+)e(-?\d+)/, "$1 \\times 10^{$2}").replace("∞", "\\infty").replace("nan", "\\mathrm{nan}");
  }

  const OPS = { "·": "\\cdot", "×": "\\times", "∘": "\\circ", "⊙": "\\odot", ";": ";\\quad", "@": "\\," };

  function latexTerm(term, decimals) {
    const number = (v) => latexNumber(numberText(v, decimals));
    const make = {
      fraction: () => `\\frac{\\partial ${latexName(term.top)}}{\\partial ${latexName(term.bottom)}}`,
      symbol: () => latexName(term.name),
      op: () => OPS[term.text] || escape(term.text),
      code: () => `\\mathrm{${escape(term.text).replace(/ᵀ/g, "^{\\top}").replace(/ /g, "\\,")}}`,
      number: () => number(term.value),
      label: () => term.text,
      unknown: () => "{?}",
      sum: () => term.values.map((v, i) => (i && Format.value(v) >= 0 ? "+ " : "") + number(v)).join(" ") + (term.missing ? " + {?}" : ""),
    };
    return make[term.kind] ? make[term.kind]() : "";
  }

  function latex(terms, decimals) {
    return terms.map((term) => latexTerm(term, decimals)).filter(Boolean).join(" ");
  }

  // The longest form that leaves the rule large: all products of one entry, a few, one, none (a button in its
  // place); for a product of numbers with or without its symbols. Narrow lines show the rule and the entry on a click.
  function chosen(line, state) {
    const room = line.width - 72;
    const narrow = line.width < 720;
    const type = line.width > 1200 ? 1.1 : 1;
    const attempt = (detail, compact = false) => {
      const how = compact || narrow ? { compact, short: true } : {};
      const terms = Formula.terms(state.data, state.moment, state.decimals, detail, how);
      const total = type * terms.reduce((sum, term) => sum + width(term, state.decimals), 0);
      return { terms, scale: room > 0 ? Math.max(0.5, Math.min(1, room / total)) : 1 };
    };
    if (line.entry) return attempt(-1);
    if (narrow) return attempt(0);
    let best = null;
    for (const [detail, compact, least] of [[3, false, 0.86], [2, false, 0.86], [1, false, 0.86], [1, true, 0.76]]) {
      best = attempt(detail, compact);
      if (best.scale >= least) return best;
    }
    return attempt(0, true);
  }

  function draw(line, state) {
    const ready = state.data && state.data.structure && state.data.numbers;
    line.element.hidden = !ready;
    if (!ready) return;
    const { terms, scale } = chosen(line, state);
    line.terms = terms;
    line.box.style.setProperty("--cr-formula-scale", scale.toFixed(3));
    line.box.replaceChildren(...pieces(terms).map((piece) =>
      Dom.el("span", { class: "cr-piece" }, piece.map((term) => element(term, state.decimals, line)))));
    speak(line, state);
  }

  // Faster than one step in 900 ms nobody can listen; then it is silent.
  function speak(line, state) {
    const silent = (state.playing && state.speed > 1) || state.quick;
    line.spoken.textContent = silent ? "" : Steps.sentence(state.data, state.moment);
  }

  function mount(element, store) {
    const line = { element, width: 0, terms: [], entry: false };
    line.toggle = () => {
      line.entry = !line.entry;
      draw(line, store.get());
    };
    line.box = Dom.el("div", { class: "cr-formula-terms" });
    line.spoken = Dom.el("div", { class: "cr-spoken", "aria-live": "polite", role: "status" });
    const button = Dom.button("LaTeX", () => copy(latex(line.terms, store.get().decimals)),
      { class: "cr-latex", title: "Copy the formula as LaTeX", label: "Copy the formula as LaTeX" });
    element.replaceChildren(line.box, button, line.spoken);
    const observer = new ResizeObserver(([entry]) => {
      if (Math.abs(entry.contentRect.width - line.width) < 1) return;
      line.width = entry.contentRect.width;
      draw(line, store.get());
    });
    observer.observe(element);
    draw(line, store.get());
    const stop = store.subscribe((state, previous) => {
      if (state.step !== previous.step) line.entry = false;
      if (["data", "moment", "decimals"].some((key) => state[key] !== previous[key])) draw(line, state);
      else if (state.quick !== previous.quick && Steps.count(state.data)) speak(line, state);
    });
    return () => {
      stop();
      observer.disconnect();
    };
  }

  return { mount };
})();
