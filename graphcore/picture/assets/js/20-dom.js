// Building elements. Text from the payload enters the page here, and only as text nodes.

const Dom = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const MATHML = "http://www.w3.org/1998/Math/MathML";

  function append(element, children) {
    for (const child of children.flat(Infinity)) {
      if (child === null || child === undefined || child === false) continue;
      element.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return element;
  }

  function configure(element, attributes) {
    for (const [name, given] of Object.entries(attributes || {})) {
      if (given === null || given === undefined || given === false) continue;
      if (name === "text") element.textContent = String(given);
      else if (name === "on") {
        for (const [event, handler] of Object.entries(given)) element.addEventListener(event, handler);
      } else element.setAttribute(name, given === true ? "" : String(given));
    }
    return element;
  }

  function el(tag, attributes, ...children) {
    return append(configure(document.createElement(tag), attributes), children);
  }

  function svg(tag, attributes, ...children) {
    return append(configure(document.createElementNS(SVG, tag), attributes), children);
  }

  function replace(element, ...children) {
    element.textContent = "";
    return append(element, children);
  }

  const MATH_TAGS = new Set([
    "mi", "mn", "mo", "mtext", "mrow", "mfrac", "msub", "msup", "msubsup", "msqrt",
    "mover", "munder", "munderover", "mtable", "mtr", "mtd", "mspace",
  ]);

  // A tree of ["mfrac", a, b] lists; an unknown tag is shown as text rather than made.
  function mathNode(tree) {
    if (typeof tree === "string") return document.createTextNode(tree);
    const [tag, ...rest] = tree;
    const words = rest.filter((r) => typeof r === "string").join("");
    if (!MATH_TAGS.has(tag)) return document.createTextNode(words);
    const element = document.createElementNS(MATHML, tag);
    // A name or word of several letters stands upright.
    if (/^m[io]$/.test(tag) && /[a-z]{2}/i.test(words)) element.setAttribute("class", "cr-m-upright");
    const table = rest.find((r) => Array.isArray(r) && r[0] === "mtable");
    if (tag === "mrow" && table) return fenced(element, rest, table);
    if (tag === "mtext" && !rest.some((r) => Array.isArray(r))) {
      rest[rest.length - 1] = words.replace(/^ | $/g, "\u00a0"); // MathML drops plain spaces at the ends
    }
    for (const item of rest) {
      if (item && typeof item === "object" && !Array.isArray(item)) {
        if (item.class) element.setAttribute("class", `cr-m-${item.class}`);
      } else if (item !== null) element.append(mathNode(item));
    }
    return element;
  }

  // Brackets and braces around rows: few faces can stretch a glyph, so the brackets are borders, the brace is scaled.
  function fenced(element, items, table) {
    const kinds = { "[": "matrix", "{": "cases" };
    const kind = kinds[items[0][1]];
    for (const item of items) {
      const fence = item[0] === "mo" && "[]{".includes(item[1]);
      if (fence && kind === "matrix") continue;
      const made = mathNode(item);
      if (fence) made.setAttribute("style", `transform:scaleY(${(table.length - 1) * 1.15})`);
      if (item === table && kind) made.setAttribute("class", `cr-m-${kind}`);
      element.append(made);
    }
    return element;
  }

  function math(tree) {
    const element = document.createElementNS(MATHML, "math");
    element.setAttribute("class", "cr-math");
    element.append(mathNode(tree));
    return element;
  }

  // Sentences come in plain ASCII: here they get the true minus sign and arrow.
  const signs = (text) =>
    text.replace(/(?<![\w)\].])-(?=\.?\d|inf\b)|(?<=\de)-(?=\d)/g, "\u2212").replace(/ -> /g, " → ");

  // "no op is called `sine`": what stands between backticks is code.
  function ticked(text) {
    return String(text ?? "")
      .split("`")
      .map((part, i) => (i % 2 ? el("code", { class: "cr-code", text: part }) : signs(part)))
      .filter((part) => part !== "");
  }

  // v3 -> v with 3 below it, W2 likewise; other names stay as they are.
  function symbol(name) {
    const parts = /^([A-Za-z]+)_?(\d+)$/.exec(name);
    const node = el("i", { class: "cr-symbol" });
    if (!parts) return append(node, [name]);
    return append(node, [parts[1], el("sub", { text: parts[2] })]);
  }

  const ICONS = {
    first: "M2 2h2.4v12H2zM14 2v12L5 8z",
    back: "M13 2v12L3 8z",
    play: "M3 1.5v13L14 8z",
    pause: "M3 2h3.6v12H3zM9.4 2H13v12H9.4z",
    next: "M3 2v12l10-6z",
    last: "M11.6 2H14v12h-2.4zM2 2v12l9-6z",
    down: "M3 5.5l5 6 5-6z",
    save: "M7 1.5h2v6h3L8 12 4 7.5h3zM2 13h12v1.8H2z",
    copy: "M5 1h9v10h-2V3H5zM2 5h8v10H2z",
    close: "M3.2 2L8 6.8 12.8 2 14 3.2 9.2 8l4.8 4.8-1.2 1.2L8 9.2 3.2 14 2 12.8 6.8 8 2 3.2z",
    theme: "M8 1a7 7 0 100 14A7 7 0 008 1zm0 1.6v10.8A5.4 5.4 0 018 2.6z",
    search: "M6.5 1a5.5 5.5 0 104.3 9l3.6 3.6 1.1-1.1L11.9 9A5.5 5.5 0 006.5 1zm0 1.6a3.9 3.9 0 110 7.8 3.9 3.9 0 010-7.8z",
  };

  function icon(name) {
    return svg("svg", { viewBox: "0 0 16 16", class: "cr-icon", "aria-hidden": "true" },
      svg("path", { d: ICONS[name] }));
  }

  function button(label, onClick, options = {}) {
    return el(
      "button",
      {
        type: "button",
        class: `cr-button ${options.class || ""}`.trim(),
        title: options.title,
        "aria-label": options.icon ? label : options.label,
        on: { click: onClick },
      },
      options.icon ? icon(options.icon) : label,
      options.key ? el("kbd", { class: "cr-kbd", text: options.key }) : null,
    );
  }

  // A native <details> is menu enough: it opens, closes and takes the keyboard by itself. Items are [text, run, attributes].
  function menu(text, attributes, items) {
    const details = el("details", { class: "cr-menu" });
    const buttons = items.map(([words, run, more = {}]) =>
      el("button", { type: "button", text: words, ...more, on: { click: () => { details.open = false; run(); } } }));
    details.append(el("summary", attributes, text), el("div", { class: "cr-menu-list" }, buttons));
    details.addEventListener("focusout", (event) => {
      if (!details.contains(event.relatedTarget)) details.open = false;
    });
    details.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !details.open) return;
      event.stopPropagation();
      details.open = false;
      details.querySelector("summary").focus();
    });
    return { element: details, buttons };
  }

  return { el, svg, replace, math, ticked, symbol, icon, button, menu };
})();
