// Down to scalars: one entry of a node with its neighbours. Python reads them off the local Jacobians, a page at a time;
// nothing is laid out but what is open. A click on a neighbour walks to it, and the picture's selection goes along.
const Scalars = (() => {
  const PAGE = 8; // edges of each side that Python sends at a time
  const PAUSE = 120; // ms without another step until the scalar of the step is asked for
  const LEGEND = "On each edge: × local gradient, and the downstream gradient that goes back along it.";
  const expected = new WeakMap(); // per store: {node, id} of the entry asked for from elsewhere; its node's selection asks for nothing more
  const going = new WeakSet(); // stores whose next scalar is to be brought into view
  const able = (host) => Boolean(host?.send) && !Check.here(host);
  const trails = new WeakMap(); // per store: the way walked so far, the newest last
  const trail = (store) => trails.get(store) || trails.set(store, []).get(store);

  const key = (one) => `${one.inner}|${one.entry.join()}`;

  // Opens an entry of a node of the picture from anywhere in the page, and goes there unless the picture is what is looked at.
  function open(store, host, node, entry, go = true) {
    if (!able(host)) return false;
    expected.set(store, { node, id: Infinity });
    if (go) going.add(store);
    if (store.get().tab !== "scalars") store.set({ tab: "scalars" });
    expected.set(store, { node, id: host.send({ kind: "scalar", tab: "scalars", node, entry }) });
    return true;
  }

  // What was walked to is the selection too, and the step is the one that completes its gradient.
  function select(me, node) {
    if (node === null || node === undefined) return;
    const { data, asking, selected } = me.store.get();
    me.chosen = node;
    if (selected !== node) Graph.select(node);
    if (!asking) me.store.set({ step: Steps.stepOf(data, node, true), playing: false });
  }

  function walk(me, wanted) {
    clearTimeout(me.timer);
    Object.assign(me, { walked: true, following: false });
    me.host.send({ kind: "scalar", tab: "scalars", ...wanted });
  }

  function back(me, count) {
    const way = trail(me.store);
    way.splice(way.length - count, count);
    const last = way[way.length - 1];
    if (last) walk(me, { inner: last.inner, entry: last.entry });
  }

  // "W1[3, 5]", "loss": a name, and indices where it has some.
  function read(text) {
    const parts = /^\s*(.+?)\s*(?:\[([\d,\s]*)\])?\s*$/.exec(text);
    if (!parts) return null;
    return { name: parts[1], entry: (parts[2] || "").split(",").filter((k) => k.trim()).map(Number) };
  }

  function finder(me) {
    const words = { type: "text", class: "cr-filter", placeholder: "Open: name[row, column]", "aria-label": "Open a scalar by its name", "data-key": "find", spellcheck: "false" };
    const input = Dom.el("input", words);
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key !== "Enter") return;
      const wanted = read(input.value);
      if (wanted) walk(me, wanted);
    });
    return input;
  }

  function crumbs(me) {
    const way = trail(me.store);
    const shown = way.slice(-6);
    const steps = shown.map((one, k) => {
      const last = k === shown.length - 1;
      if (last) return Dom.el("b", { class: "cr-crumb", "aria-current": "true" }, one.label);
      return Ui.button(one.label, { class: "cr-crumb", "data-key": `crumb ${way.length - shown.length + k}` }, () => back(me, shown.length - 1 - k));
    });
    const words = { class: "cr-button cr-small", disabled: way.length < 2, "data-key": "back" };
    return [
      Ui.button("Back", words, () => back(me, 1)),
      Dom.el("nav", { class: "cr-crumbs", "aria-label": "Scalars walked through" }, way.length > shown.length ? "… › " : null,
        ...steps.flatMap((step, k) => (k ? [" › ", step] : [step]))),
      finder(me),
    ];
  }

  // Which of the edges of one side are shown, and what the others carry.
  function pager(me, side) {
    const links = me.scalar[side];
    const title = side === "came" ? "comes from" : "goes into";
    const all = links.size.toLocaleString("en");
    const turn = (start, label, able) =>
      Ui.button(label, { class: "cr-button cr-small", disabled: !able, "data-key": `${side} ${label}`, "aria-label": `${title}: ${label}` }, () => {
        const other = side === "came" ? "to" : "came";
        walk(me, { inner: me.scalar.inner, entry: me.scalar.entry, [side]: Math.max(0, start), [other]: me.scalar[other].start });
      });
    const nothing = side === "came" ? "comes from no other scalar" : "goes into no other scalar";
    if (!links.size && !links.unread) return Dom.el("div", { class: "cr-scalar-pager", "data-side": side }, nothing);
    const paged = links.size > links.shown.length;
    const end = links.start + links.shown.length;
    const range = paged ? `${(links.start + 1).toLocaleString("en")}–${end.toLocaleString("en")} of ${all}, largest first` : `${all} ${links.size === 1 ? "scalar" : "scalars"}`;
    const unread = links.unread ? `, up to ${links.unread.toLocaleString("en")} more not looked up` : "";
    const hidden = me.hidden(side === "came" ? null : me.scalar.node);
    const rest = side === "to" && links.rest !== null && !hidden ? `; the others carry ${Format.number(links.rest, me.decimals)} together` : "";
    return Dom.el("div", { class: "cr-scalar-pager", "data-side": side }, Dom.el("span", {}, `${title} ${range}${unread}${rest}`),
      paged ? [turn(links.start - PAGE, "previous", links.start > 0), turn(links.start + PAGE, "next", end < links.size)] : null);
  }

  function draw(me) {
    const { data, decimals, asking, moment } = me.store.get();
    me.scalar = data.scalar;
    me.decimals = decimals;
    me.hidden = (node) => Boolean(asking) && (node === null || Steps.at(data, moment).known.gradient(node) !== "all");
    if (!me.scalar) return Ui.fill(me.body, Dom.el("p", { class: "cr-wait", role: "status" }, "Opening a scalar …"));
    const inside = me.drawing.contains(me.element.getRootNode().activeElement);
    Ui.keepFocus(me.element, () => {
      Ui.fill(me.tools, crumbs(me));
      Ui.fill(me.sides, pager(me, "came"), pager(me, "to"));
      redraw(me);
      Ui.fill(me.lines, ScalarWritten.draw(me));
      Ui.fill(me.count, counted(me));
      Ui.fill(me.body, me.sides, me.drawing, me.legend, me.lines, me.count);
    });
    if (inside && !me.drawing.contains(me.element.getRootNode().activeElement)) me.drawing.querySelector(".cr-scalar-here")?.focus({ preventScroll: true });
    me.voice.textContent = Format.spoken(`${me.scalar.label}, value ${Format.number(me.scalar.value, decimals)}`);
    return undefined;
  }

  const counted = (me) =>
    `Drawn scalar by scalar this graph would have ${me.scalar.count.toLocaleString("en")} nodes (every sum or product of two numbers is one). Only this one is open; the rest stays folded.`;

  function room(me) {
    const { paddingLeft, paddingRight } = getComputedStyle(me.element);
    const width = me.element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    return Math.min(1100, Math.max(280, Math.floor(width)));
  }

  function redraw(me) {
    me.width = room(me);
    Ui.fill(me.drawing, ScalarGraph.draw(me, me.width));
  }

  // A scalar has come: it is the newest of the way, unless it is where the way already ends. Scalars that only stood by
  // the steps are no way walked: one takes the place of the other.
  function arrived(me, { scalar, answers }) {
    const wished = expected.get(me.store);
    if (wished && answers < wished.id) return;
    const way = trail(me.store);
    const last = way[way.length - 1];
    const followed = me.following && !wished;
    if (!last || key(last) !== key(scalar)) {
      if (last?.followed && followed) way.pop();
      way.push({ inner: scalar.inner, entry: scalar.entry, label: scalar.label, followed });
    }
    if (me.walked) select(me, scalar.node);
    else me.chosen = scalar.node;
    me.walked = false;
    expected.delete(me.store);
  }

  function pick(me, event) {
    const one = event.target.closest?.("[data-inner]");
    if (!one) return;
    if (event.type === "keydown") {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
    }
    walk(me, { inner: Number(one.dataset.inner), entry: one.dataset.entry ? one.dataset.entry.split(",").map(Number) : [] });
  }

  // Whoever opened it from a table or the card finds it under the eyes and under the keys.
  function goThere(me) {
    me.element.scrollIntoView({ block: "nearest" });
    me.drawing.querySelector(".cr-scalar-here")?.focus({ preventScroll: true });
  }

  // A node selected elsewhere opens its first entry.
  function follow(me, { selected, data }) {
    if (selected === null || selected === me.chosen || !able(me.host)) return;
    clearTimeout(me.timer);
    Object.assign(me, { chosen: selected, following: false });
    if (expected.get(me.store)?.node === selected) return;
    me.host.send({ kind: "scalar", tab: "scalars", node: selected, entry: data.structure.nodes[selected].shape.map(() => 0) });
  }

  // While nothing is selected the node of the current step is open, at the entry that its line writes out. The step
  // itself waits for nothing: of steps in quick succession only the last asks.
  function byStep(me, pause = PAUSE) {
    if (me.store.get().selected !== null || !able(me.host)) return;
    clearTimeout(me.timer);
    me.following = true;
    me.timer = setTimeout(() => {
      const { data, step, present } = me.store.get();
      if (present || !data?.structure || !data.numbers) return;
      const { node, edge } = Steps.at(data, step);
      const { shape } = data.structure.nodes[node];
      const written = edge === null ? null : data.numbers.edges[edge].entry?.index;
      const entry = written?.length === shape.length ? written : shape.map(() => 0);
      if (me.scalar?.node === node && me.scalar.entry.join() === entry.join()) return;
      me.host.send({ kind: "scalar", tab: "scalars", node, entry });
    }, pause);
  }

  // What a change of the page's state opens here.
  function opens(me, state, before) {
    if (state.selected !== before.selected && state.selected !== null) return follow(me, state);
    const topology = state.data.topology !== before.data?.topology;
    if (topology || ["step", "selected", "present"].some((slice) => state[slice] !== before[slice])) byStep(me);
    return undefined;
  }

  function mount(element, store, host) {
    const part = (cls, tag = "div") => Dom.el(tag, { class: cls });
    const me = {
      element, store, host, tools: part("cr-tools cr-scalar-tools"), body: part("cr-scalars"), sides: part("cr-scalar-sides"),
      drawing: part("cr-scalar-drawing"), lines: part("cr-scalar-lines"), count: part("cr-scalar-count", "p"),
      legend: Dom.el("p", { class: "cr-scalar-count" }, ...Words.said(LEGEND)),
      voice: Dom.el("p", { class: "cr-spoken", role: "status", "aria-live": "polite" }),
      scalar: null, chosen: null, walked: false, following: false, timer: 0, width: 0, topology: store.get().data?.topology,
    };
    me.open = (wanted) => walk(me, wanted);
    element.append(me.tools, me.body, me.voice);
    me.drawing.addEventListener("click", (event) => pick(me, event));
    me.drawing.addEventListener("keydown", (event) => pick(me, event));
    const observer = new ResizeObserver(() => {
      if (me.scalar && me.drawing.isConnected && room(me) !== me.width) Ui.keepFocus(me.drawing, () => redraw(me));
    });
    observer.observe(element);
    function update(state, before) {
      if (!state.data?.structure) return;
      if (state.data !== before?.data) {
        if (state.data.topology !== me.topology && !state.data.structure.shown) trail(store).length = 0;
        me.topology = state.data.topology;
        if (state.data.scalar) arrived(me, state.data);
      }
      const veiled = state.asking !== before?.asking || (state.asking && state.moment !== before.moment);
      if (state.data.scalar !== before?.data?.scalar || state.decimals !== before?.decimals || veiled) draw(me);
      if (state.data !== before?.data && state.data.scalar && !expected.has(store) && going.delete(store)) goThere(me);
      if (before) opens(me, state, before);
    }
    update(store.get(), null);
    if (store.get().selected !== null && !opening(store)) follow(me, store.get());
    else if (!opening(store) && !expected.has(store)) byStep(me, 0);
    const stop = store.subscribe(update);
    return () => {
      observer.disconnect();
      clearTimeout(me.timer);
      stop();
    };
  }

  // Whether the scalar in the payload is the one that was asked for from elsewhere.
  const opening = (store) => Boolean(store.get().data?.scalar);

  // ---- entries in the picture ----------------------------------------------------------------------------

  // The entry under the pointer in a node's cell, null where it shows none.
  function under(event, part, shape) {
    const entry = event.target.closest?.("[data-entry]");
    if (entry) return unflat(Number(entry.dataset.entry), shape);
    if (!shape.length) return [];
    const matrix = part.g.getScreenCTM()?.inverse();
    if (!matrix) return null;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    for (const cell of [part.value, part.gradient]) {
      const spot = cell?.spot;
      if (!cell?.shown || cell.made !== "picture" || !spot) continue;
      const [row, column] = [Math.floor((at.y - spot.top) / spot.side), Math.floor((at.x - spot.left) / spot.side)];
      const flat = Arrays.sampledAt(shape, row, column);
      if (flat !== null) return unflat(flat, shape);
    }
    return null;
  }

  function unflat(position, shape) {
    const entry = [];
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      entry.unshift(position % shape[axis]);
      position = Math.floor(position / shape[axis]);
    }
    return entry;
  }

  // While this tab is shown, a click on an entry in the picture opens it.
  function clicked(g, pane, node, event) {
    const { tab, data } = g.store.get();
    if (tab !== "scalars" || node === null || !pane.scene?.nodes[node]) return;
    const entry = under(event, pane.scene.nodes[node], data.structure.nodes[node].shape);
    if (entry) open(g.store, g.host, node, entry, false);
  }

  return { mount, open, able, clicked, unflat };
})();
