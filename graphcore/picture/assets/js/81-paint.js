// The two layers around the textarea: line numbers and highlighted text. Only lines that changed are drawn
// again, so typing in a program of thousands of lines stays quick.
const Paint = (() => {
  const TOKEN = /(#.*)|(\b\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([^\W\d]\w*)(?=\s*\()|[^\W\d]\w*/gu;
  // A line that only gives numbers to a name: its numbers are the values the sliders change.
  const GIVEN = /^\s*[^\W\d]\w*\s*=\s*(const\s*\()?[-+*/\s\d.,eE_()[\]]*(#.*)?$/u;

  function tokens(line) {
    const parts = [];
    const given = GIVEN.test(line);
    let last = 0;
    for (const match of line.matchAll(TOKEN)) {
      const kind = match[1] ? "comment" : match[2] ? (given ? "value" : null) : match[3] ? "op" : null;
      if (!kind) continue;
      parts.push(line.slice(last, match.index), Dom.el("span", { class: `cr-tok-${kind}` }, match[0]));
      last = match.index + match[0].length;
    }
    parts.push(line.slice(last));
    return parts.filter((part) => part !== "");
  }

  // Columns of the payload count code points; the carets of an error become a wavy line.
  function flawed(line, carets) {
    const points = Array.from(line);
    const [from, to] = carets;
    const cut = (start, end) => points.slice(start, end).join("");
    return [cut(0, from), Dom.el("span", { class: "cr-tok-bad" }, cut(from, to) || " "), cut(to)];
  }

  const row = (line) => Dom.el("div", { class: "cr-textline" }, ...tokens(line));

  function number(index) {
    const text = String(index + 1);
    const attributes = { type: "button", class: "cr-lineno", tabindex: index === 0 ? "0" : "-1" };
    const words = { title: `Select what line ${text} made`, "aria-label": `Line ${text}: select its nodes` };
    return Dom.el("button", { ...attributes, ...words }, text);
  }

  function renumber(gutter, count) {
    while (gutter.children.length > count) gutter.lastElementChild.remove();
    for (let index = gutter.children.length; index < count; index += 1) gutter.append(number(index));
  }

  // How many lines two texts share at their beginning and at their end.
  function shared(old, fresh) {
    const most = Math.min(old.length, fresh.length);
    let head = 0;
    let tail = 0;
    while (head < most && fresh[head] === old[head]) head += 1;
    while (tail < most - head && fresh[fresh.length - 1 - tail] === old[old.length - 1 - tail]) tail += 1;
    return { head, tail };
  }

  function text(me, next) {
    const fresh = next.split("\n");
    const { head, tail } = shared(me.lines, fresh);
    const rows = Array.from(me.layer.children);
    const before = rows[me.lines.length - tail] || null;
    for (const line of fresh.slice(head, fresh.length - tail)) me.layer.insertBefore(row(line), before);
    rows.slice(head, me.lines.length - tail).forEach((line) => line.remove());
    me.lines = fresh;
    renumber(me.gutter, fresh.length);
    const { at, phase } = me.lit || {};
    unlight(me);
    light(me, at ?? null, phase);
  }

  function unlight(me) {
    for (const line of me.shining) line.classList.remove("cr-lit-forward", "cr-lit-backward");
    me.shining = [];
  }

  // The tint of the current step's line.
  function light(me, at, phase) {
    unlight(me);
    me.lit = at ? { at, phase } : null;
    if (!at) return;
    me.shining = [me.layer, me.gutter].map((side) => side.children[at - 1]).filter(Boolean);
    for (const line of me.shining) line.classList.add(`cr-lit-${phase}`);
  }

  function unmark(me) {
    if (!me.flaw || !me.layer.children[me.flaw - 1]) return;
    me.layer.children[me.flaw - 1].replaceWith(row(me.lines[me.flaw - 1] ?? ""));
    me.gutter.children[me.flaw - 1]?.classList.remove("cr-bad");
  }

  // The bad line stays marked until it is changed.
  function mark(me, error) {
    unmark(me);
    const line = error?.line ? me.lines[error.line - 1] : undefined;
    const source = error?.source ?? null;
    me.flaw = line !== undefined && source !== null && line.trim() === source.trim() ? error.line : null;
    if (!me.flaw) return;
    const moved = Math.max(0, line.indexOf(source)); // the message may quote the line without its indent
    const carets = error.carets ? error.carets.map((column) => column + moved) : [0, line.length];
    const bad = Dom.el("div", { class: "cr-textline cr-bad" }, ...flawed(line, carets));
    me.layer.children[me.flaw - 1].replaceWith(bad);
    me.gutter.children[me.flaw - 1]?.classList.add("cr-bad");
  }

  function create(layer, gutter, pick) {
    const me = { layer, gutter, lines: [], flaw: null, lit: null, shining: [] };
    gutter.addEventListener("click", (event) => {
      const index = Array.prototype.indexOf.call(gutter.children, event.target.closest(".cr-lineno"));
      if (index >= 0) pick(index + 1);
    });
    gutter.addEventListener("keydown", (event) => rove(event, gutter));
    return {
      text: (next) => text(me, next),
      light: (at, phase) => light(me, at, phase),
      mark: (error) => mark(me, error),
    };
  }

  // The line numbers are one stop for the Tab key; arrows move among them.
  function rove(event, gutter) {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    const all = Array.from(gutter.children);
    const now = all.indexOf(event.target);
    const next = all[now + move];
    if (!next) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  return { create };
})();
