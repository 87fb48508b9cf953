// The values of the leaves. The program text is the one state: a changed number is written into the text at
// its literal, the text goes to the editor and to Python, and what comes back is shown here.
const Values = (() => {
  const TIP = "drag, type, ↑ ↓";
  const STALE = "Run the program to change its values.";

  // The rows are built again only when the leaves themselves are others.
  const layoutOf = (data) =>
    JSON.stringify([
      data.topology,
      data.leaves.map((leaf) => [leaf.name, leaf.shape, Boolean(leaf.values), leaf.wants]),
    ]);

  function heading(leaf) {
    const name = Dom.el(
      "b",
      { class: "cr-leaf-name", title: leaf.wants ? leaf.name : `${leaf.name} is const: it gets no gradient` },
      leaf.name,
    );
    return { name, note: leaf.wants ? null : Dom.el("small", { class: "cr-const" }, "const") };
  }

  function scalarRow(view, leaf, index) {
    const { name, note } = heading(leaf);
    const made = Fields.create({
      name: leaf.name,
      integer: leaf.integer,
      slider: true,
      handle: name,
      act: acts(view, index, 0),
    });
    view.fields[index] = [made];
    return Dom.el(
      "div",
      { class: "cr-leafrow" },
      Dom.el("span", { class: "cr-leaf-head" }, name, note),
      made.field,
      made.slider,
    );
  }

  // A small array: its numbers in rows as they stand, at most four beside each other; a column lies down,
  // which saves the room that the node's card needs.
  function gridRow(view, leaf, index) {
    const { name, note } = heading(leaf);
    const column = leaf.shape.length === 2 && leaf.shape[1] === 1 && leaf.shape[0] > 1;
    const columns = column ? leaf.shape[0] : leaf.shape[leaf.shape.length - 1] || 1;
    view.fields[index] = leaf.values.map((_, entry) =>
      Fields.create({
        name: `${leaf.name}${Arrays.position(entry, leaf.shape)}`,
        integer: leaf.integer,
        act: acts(view, index, entry),
      }),
    );
    const width = Math.min(columns, column ? 3 : 4);
    return Dom.el(
      "div",
      { class: "cr-leafrow cr-leaf-wide" },
      Dom.el("span", { class: "cr-leaf-head" }, name, Dom.el("small", {}, Format.shape(leaf.shape) + (column ? " column" : "")), note),
      Dom.el(
        "div",
        { class: "cr-grid", style: `grid-template-columns:repeat(${width},minmax(0,${width === 1 ? "74px" : "1fr"}))` },
        ...view.fields[index].map((made) => made.field),
      ),
    );
  }

  function largeRow(leaf) {
    const { name, note } = heading(leaf);
    return Dom.el(
      "div",
      { class: "cr-leafrow cr-leaf-wide" },
      Dom.el("span", { class: "cr-leaf-head" }, name, Dom.el("small", {}, Format.shape(leaf.shape)), note),
    );
  }

  function build(view, data) {
    view.fields = [];
    const rows = data.leaves.map((leaf, index) => {
      if (!leaf.values) return largeRow(leaf);
      return leaf.shape.length ? gridRow(view, leaf, index) : scalarRow(view, leaf, index);
    });
    Ui.fill(view.list, rows);
    each(view, (made, value) => made.fresh(value));
  }

  function each(view, act) {
    view.shown.leaves.forEach((leaf, index) =>
      leaf.values?.forEach((value, entry) => {
        const made = view.fields[index]?.[entry];
        if (made) act(made, value);
      }),
    );
  }

  // What the field of one number may do.
  function acts(view, index, entry) {
    return {
      set: (value) => set(view, index, entry, value),
      done: () => done(view),
      home: () => view.homes[index]?.[entry] ?? view.shown.leaves[index].values[entry],
    };
  }

  function set(view, index, entry, value) {
    if (!view.sheet) return false; // the text is a draft: where its literals stand is not known until it has run
    view.sheet = view.shown = Literals.write(view.sheet, index, entry, value);
    const leaf = view.sheet.leaves[index];
    view.changed[leaf.name] = Arrays.nest(leaf.values, leaf.shape);
    view.store.set({ quick: true });
    view.program.edit(view.sheet.text, "value", `${index}.${entry}.${view.gesture}`);
    view.live.push(view.sheet.text, { ...view.changed });
    return true;
  }

  function done(view) {
    view.gesture += 1;
    view.changed = {};
    view.store.set({ quick: false });
    if (view.sheet) view.live.finish(view.sheet.text);
  }

  // The places of the literals are known for one text only: the one Python answered, or the one we wrote
  // from it.
  function adopt(view, state) {
    const { data } = state;
    const text = Program.text(state);
    if (data.program.error || data.program.text !== text) {
      if (data.program.error || view.sheet?.text !== text) view.sheet = null;
      if (!view.layout) lay(view, data, Literals.sheet(data.program.text, data.leaves));
    } else if (data.placed !== text) {
      // a nudge was answered: the places in `leaves` are those of an older text, our own sheet has the new ones
      if (view.sheet?.text !== text) view.sheet = null;
    } else if (view.sheet?.text !== text || view.source !== data.leaves) {
      view.sheet = Literals.sheet(text, data.leaves);
      lay(view, data, view.sheet);
    }
    view.list.classList.toggle("cr-stale", !view.sheet);
    view.list.title = view.sheet ? "" : STALE;
  }

  // Shows the values of a sheet, in new rows if the leaves are others. "Home" is what the program said
  // before we wrote into it.
  function lay(view, data, sheet) {
    const layout = layoutOf(data);
    const same = layout === view.layout;
    view.shown = sheet;
    view.source = data.leaves;
    view.layout = layout;
    if (!same) build(view, data);
    else each(view, (made, value) => made.show(value));
    if (!same || view.program.last()?.kind !== "value") view.homes = sheet.leaves.map((leaf) => leaf.values);
  }

  function side(view) {
    if (view.program.last()?.kind === "value")
      return [
        Ui.button("Undo", { class: "cr-button cr-small", title: "Ctrl+Z", "data-key": "undo" }, () =>
          view.program.undo(),
        ),
      ];
    if (view.sheet) return [Dom.el("span", { class: "cr-tip" }, TIP)];
    return [view.store.get().data?.program.error ? "mend the program first" : "run the program first"];
  }

  // For the style sheet: asking there with :has() would cost every step of the picture.
  function sizeOf(rows) {
    const wide = rows[1]?.classList.contains("cr-leaf-wide");
    return wide || rows.length >= 6 ? "many" : rows.length >= 3 ? "some" : "few";
  }

  function mount(element, store, host) {
    const program = Program.of(store, host);
    const view = {
      store,
      program,
      live: Live.create(store, program),
      list: Dom.el("div", { class: "cr-leaves", role: "group", "aria-label": "Values" }),
      fields: [],
      sheet: null,
      shown: { leaves: [] },
      source: null,
      layout: "",
      homes: [],
      changed: {},
      gesture: 0,
    };
    const aside = Dom.el("span", { class: "cr-aside" });
    const slope = Slope.mount(element, view);
    element.prepend(Dom.el("div", { class: "cr-label" }, Dom.el("span", { class: "cr-values-name" }, "Values", slope.toggle), aside), view.list);
    view.list.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (!(event.ctrlKey || event.metaKey) || !["z", "y"].includes(event.key.toLowerCase())) return;
      event.preventDefault();
      if (event.shiftKey || event.key.toLowerCase() === "y") program.redo();
      else program.undo();
    });

    function draw(state, before) {
      if (!state.data || (before && state.data === before.data && state.text === before.text)) return;
      if (state.data.leaves && (state.data.leaves.length || view.layout)) adopt(view, state);
      element.hidden = !state.data.leaves?.length;
      element.dataset.size = sizeOf(view.list.children);
      Ui.keepFocus(aside, () => Ui.fill(aside, side(view)));
    }
    draw(store.get(), null);
    const stop = store.subscribe(draw);
    return () => {
      stop();
      slope.stop();
      view.live.stop();
    };
  }

  return { mount };
})();
