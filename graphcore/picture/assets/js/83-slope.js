// A gradient is a slope: under the values, the output as a curve over the value that is selected or dragged, with its
// tangent; below it the steps of gradient descent. What is looked at goes with every action to Python, which answers
// with the curve (kept while the value moves along it) and the point of now.
const Slope = (() => {
  const KEY = "chainrule.explore.slope"; // who has closed the panel does not see it open by itself
  const MOST = 30; // halvings or doublings of the range

  const leafOf = (data, name) => (data.leaves || []).find((leaf) => leaf.name === name);
  const named = (leaf, entry) => `${leaf.name}${Arrays.position(entry, leaf.shape)}`;
  const sizeOf = (leaf) => leaf.shape.reduce((product, length) => product * length, 1);
  const curved = (data) => (data.leaves || []).filter((leaf) => !leaf.integer && sizeOf(leaf));

  // Another entry to look at; the same one changes nothing.
  function watch(me, leaf, entry, zoom = 0) {
    const { watched } = me;
    if (me.open && watched && watched.leaf === leaf && watched.entry === entry && watched.zoom === zoom) return;
    me.watched = { leaf, entry, zoom };
    if (!me.open) unfold(me, true);
    me.host.send({ kind: "slope" });
    draw(me, me.store.get());
  }

  // The values keep the height they have, so that nothing slides away under the finger.
  function unfold(me, on) {
    const { list } = me.view;
    if (on) list.style.maxHeight = `${list.offsetHeight}px`;
    else list.style.removeProperty("max-height");
    me.open = on;
    me.panel.hidden = !on;
    me.toggle.setAttribute("aria-expanded", String(on));
    me.panel.closest(".cr-rail")?.toggleAttribute("data-slope", on);
  }

  function close(me) {
    const inside = me.panel.contains(me.panel.getRootNode().activeElement);
    unfold(me, false);
    me.shut = true;
    Program.save(KEY, { shut: true });
    me.host.send({ kind: "slope" });
    if (inside) me.toggle.focus();
  }

  function open(me) {
    const { data } = me.store.get();
    const first = curved(data).find((leaf) => leaf.wants) || curved(data)[0];
    if (!first) return;
    me.shut = false;
    Program.save(KEY, null);
    const kept = me.watched && leafOf(data, me.watched.leaf) ? me.watched : { leaf: first.name, entry: 0, zoom: 0 };
    unfold(me, true);
    watch(me, kept.leaf, kept.entry, kept.zoom);
    show(me);
  }

  // All of the panel, with gradient descent at its foot.
  function show(me) {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (me.open) me.panel.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  }

  // What opens under a finger comes into view when the finger leaves.
  function showLater(me, event) {
    if (event.type !== "pointerdown") return show(me);
    const gone = new AbortController();
    for (const type of ["pointerup", "pointercancel"])
      window.addEventListener(type, () => { gone.abort(); show(me); }, { capture: true, signal: gone.signal });
    return undefined;
  }

  // Which number a field, a slider or a name in the list of values belongs to.
  function touched(me, event) {
    const { target } = event;
    const before = me.open;
    const row = target.closest?.(".cr-leafrow");
    const index = row ? [...me.view.list.children].indexOf(row) : -1;
    const leaf = me.view.shown.leaves[index];
    if (me.shut || !leaf || leaf.integer) return;
    const entry = (me.view.fields[index] || []).findIndex((made) => made.field === target || made.slider === target);
    if (entry >= 0 || (leaf.values?.length === 1 && target.closest(".cr-scrub"))) watch(me, leaf.name, Math.max(0, entry));
    if (!before && me.open) showLater(me, event);
  }

  // An open panel follows the leaf that is selected in the picture.
  function selected(me, { data, selected: node }) {
    const leaf = node === null ? null : curved(data).find((one) => one.node === node);
    if (me.open && leaf && leaf.name !== me.watched?.leaf) watch(me, leaf.name, 0);
  }

  function chooser(me, data) {
    const select = Dom.el("select", { class: "cr-select", "aria-label": "Over which value" },
      ...curved(data).map((leaf) => Dom.el("option", { value: leaf.name }, leaf.name)));
    select.value = me.watched.leaf;
    select.addEventListener("change", () => watch(me, select.value, 0));
    return select;
  }

  function places(me, leaf) {
    const strides = leaf.shape.map((_, axis) => leaf.shape.slice(axis + 1).reduce((product, length) => product * length, 1));
    return leaf.shape.map((length, axis) => {
      const now = Math.floor(me.watched.entry / strides[axis]) % length;
      const field = Dom.el("input", { type: "number", class: "cr-slope-place", min: 0, max: length - 1, value: now, disabled: length < 2,
        "aria-label": `${leaf.name}, index ${axis} of the entry`, title: `0 to ${length - 1}` });
      field.addEventListener("input", () => {
        const chosen = Number(field.value);
        if (field.value === "" || !Number.isInteger(chosen) || chosen < 0 || chosen >= length) return;
        const before = Math.floor(me.watched.entry / strides[axis]) % length;
        watch(me, leaf.name, me.watched.entry + (chosen - before) * strides[axis], me.watched.zoom);
      });
      return field;
    });
  }

  function tools(me) {
    const zoom = (by) => () => {
      const { leaf, entry, zoom: now } = me.watched;
      watch(me, leaf, entry, Math.max(-MOST, Math.min(MOST, now + by)));
    };
    const tool = (label, words, act) => Ui.button(label, { class: "cr-slope-tool", "aria-label": words, title: words }, act);
    return Dom.el("span", { class: "cr-slope-tools" },
      tool("−", "Zoom out: twice the range", zoom(-1)),
      tool("+", "Zoom in: half the range. The closer, the more the curve is its tangent.", zoom(1)),
      tool("×", "Close the slope", () => close(me)));
  }

  // The head is built again only for another leaf: its fields keep the keyboard's place.
  function head(me, data, leaf) {
    const key = JSON.stringify([me.watched.leaf, data.topology, curved(data).map((one) => [one.name, one.shape])]);
    if (key === me.key) return;
    me.key = key;
    const output = data.structure.nodes[data.structure.output].name;
    const had = me.head.contains(me.head.getRootNode().activeElement);
    Ui.fill(me.head, Dom.el("span", { class: "cr-slope-title" }, Dom.el("b", {}, output), " over"), chooser(me, data), places(me, leaf), tools(me));
    if (had) me.head.querySelector("select").focus();
  }

  const here = (me, data) => data.slope && data.slope.leaf === me.watched.leaf && data.slope.flat === me.watched.entry;

  // A new session (a workspace was opened) does not know yet what is looked at.
  function remind(me, data) {
    const session = Payload.session(data);
    if (me.session && me.session !== session) me.host.send({ kind: "slope" });
    me.session = session;
  }

  // While one predicts, a gradient stays unknown until its step.
  const secret = (state, leaf) => Boolean(state.asking) && Steps.at(state.data, state.moment).known.gradient(leaf.node) !== "all";

  function remark(data, leaf, names) {
    const { slope } = data;
    const y = Format.value(slope.y);
    if (slope.problem) return slope.problem;
    if (!slope.depends) return `${names.output} is not computed from ${leaf.name}: the curve is flat.`;
    if (!Number.isFinite(y)) return `${names.output} is ${Format.number(y)} here, so there is no tangent.`;
    if (!leaf.wants) return `${leaf.name} is const: it gets no gradient, so no tangent is drawn.`;
    if (slope.slope === null) return `No gradient flows to ${leaf.name}.`;
    if (!Number.isFinite(Format.value(slope.slope))) return "The slope is not finite here.";
    return slope.corner || "";
  }

  function line(state, leaf, names, hidden) {
    const { slope } = state.data;
    const number = hidden || slope.slope === null || slope.slope === undefined
      ? Dom.el("b", { class: "cr-notyet" }, hidden ? "?" : "none")
      : Ui.number(slope.slope, state.decimals, `slope over ${names.leaf}`, { class: "cr-is-gradient" });
    return [Dom.el("span", {}, "slope = "), Dom.el("span", { class: "cr-slope-ratio" }, `∂${names.output}/∂${names.leaf}`), " = ", number];
  }

  function spoken(slope, names, hidden) {
    const at = `${names.output} over ${names.leaf}: ${Format.number(slope.y)} at ${Format.number(slope.x)}`;
    return Format.spoken(hidden || slope.slope === null ? at : `${at}, slope ${Format.number(slope.slope)}`);
  }

  // The value under the finger, which is ahead of the newest answer.
  function live(me) {
    if (!me.store.get().quick || !me.watched) return null;
    const now = me.view.shown.leaves.find((one) => one.name === me.watched.leaf)?.values?.[me.watched.entry];
    return now ?? null;
  }

  function draw(me, state) {
    const { data } = state;
    if (!me.open || !me.watched || !data?.structure || !data.leaves) return;
    const leaf = leafOf(data, me.watched.leaf);
    if (!leaf || me.watched.entry >= sizeOf(leaf)) {
      unfold(me, false);
      me.watched = null;
      return;
    }
    head(me, data, leaf);
    me.session ||= Payload.session(data);
    me.panel.classList.toggle("cr-stale", Boolean(data.program.error));
    const names = { output: data.structure.nodes[data.structure.output].name, leaf: named(leaf, me.watched.entry) };
    me.descent.show(state, leaf, names);
    const ready = here(me, data);
    me.box.toggleAttribute("data-wait", !ready);
    if (!ready) return remind(me, data);
    const hidden = secret(state, leaf);
    const { curve } = data;
    const fits = curve && curve.leaf === me.watched.leaf && curve.flat === me.watched.entry;
    me.box.hidden = Boolean(data.slope.problem);
    if (fits && !data.slope.problem)
      me.plot.show({ curve, point: data.slope, live: live(me), names, hidden, says: spoken(data.slope, names, hidden) });
    me.line.hidden = Boolean(data.slope.problem);
    Ui.keepFocus(me.line, () => Ui.fill(me.line, line(state, leaf, names, hidden)));
    const says = remark(data, leaf, names);
    if (says !== me.said) Ui.fill(me.says, Dom.ticked(says));
    me.said = says;
    me.says.hidden = !says;
  }

  function keys(me) {
    me.panel.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") return close(me);
      if (!(event.ctrlKey || event.metaKey) || event.target.matches("input") || !["z", "y"].includes(event.key.toLowerCase())) return;
      event.preventDefault();
      if (event.shiftKey || event.key.toLowerCase() === "y") me.view.program.redo();
      else me.view.program.undo();
    });
  }

  // Every action says what is looked at, so that one that is lost does no harm.
  function tell(me) {
    const { send } = me.host;
    me.host.send = (action) => send(me.gone ? action : { ...action, slope: me.open ? me.watched : null });
  }

  function build(me) {
    me.panel.append(me.head, me.line, me.box, me.says, me.descent.element);
    me.box.append(me.plot.element);
    me.toggle.addEventListener("click", () => (me.open ? close(me) : open(me)));
    for (const event of ["focusin", "pointerdown"]) me.view.list.addEventListener(event, (event) => touched(me, event));
    keys(me);
    tell(me);
  }

  // `view` is what the values have: {store, program, list, fields, shown}.
  function mount(element, view) {
    const { store, program } = view;
    const me = {
      view, store, host: program.host, open: false, watched: null, key: "", said: "", gone: false,
      shut: Boolean(Program.load(KEY)?.shut),
      panel: Dom.el("section", { class: "cr-slope", "aria-label": "Slope", hidden: true }),
      head: Dom.el("div", { class: "cr-slope-head" }),
      box: Dom.el("div", { class: "cr-slope-plot" }),
      line: Dom.el("p", { class: "cr-slope-line" }),
      says: Dom.el("p", { class: "cr-slope-says", hidden: true }),
      toggle: Ui.button("Slope", { class: "cr-button cr-small", "aria-expanded": "false", title: "The output as a curve over a value, and gradient descent" }),
      plot: SlopePlot.create(),
      descent: Descent.create(view),
    };
    build(me);
    element.append(me.panel);
    const wide = new ResizeObserver(([{ contentRect }]) => {
      if (!contentRect.width) return;
      me.plot.widen(contentRect.width);
      me.descent.widen(contentRect.width);
      draw(me, store.get());
    });
    wide.observe(me.box);
    const uses = ["data", "decimals", "asking", "moment"];
    const stop = store.subscribe((state, before) => {
      if (state.selected !== before.selected) selected(me, state);
      if (uses.some((slice) => state[slice] !== before[slice])) draw(me, state);
      else if (me.open && (state.text !== before.text || state.quick !== before.quick)) me.plot.ahead(live(me));
    });
    return { toggle: me.toggle, stop: () => { me.gone = true; wide.disconnect(); stop(); } };
  }

  return { mount };
})();
