// The local Jacobian of the current step, or of all paths between two nodes, as a matrix in the convention one's
// book uses. Python sends a window of it; a click, a switch or another step asks for another.
const JacobianTab = (() => {
  const FLAT = [["rows", "row by row"], ["columns", "columns stacked"]];
  const LAYOUT = [["numerator", "numerator layout"], ["denominator", "denominator layout"]];
  const SHAPE = [["before", "before reshaping"], ["after", "after reshaping"]];
  const TITLES = {
    "row by row": "Matrices become vectors row by row", "columns stacked": "vec: the columns of a matrix under each other",
  };

  const stepEdge = (state) => {
    const step = state.data.structure.steps[state.step - 1];
    return step?.phase === "backward" ? step.edge : null;
  };

  function request(me) {
    const state = me.store.get();
    const { wish } = me;
    const edge = stepEdge(state);
    if (edge !== null) me.edge = edge;
    me.host?.send?.({
      kind: "jacobian", tab: "jacobian", decimals: state.decimals ?? 4,
      ...(wish.source === null ? { edge: me.edge } : { source: wish.source, target: wish.target }),
      columns: wish.columns, denominator: wish.denominator, cells: wish.cells, row: wish.row, column: wish.column, entry: wish.entry,
    });
  }

  function change(me, changes) {
    Object.assign(me.wish, changes);
    request(me);
  }

  function chooser(label, known, end, value, act) {
    const nodes = !end || end.node !== value || known.some((node) => node.node === value) ? known : [...known, end];
    const select = Dom.el("select", { class: "cr-select", "aria-label": label, "data-key": label },
      nodes.map((node) => Dom.el("option", { value: String(node.node), selected: node.node === value }, node.name)));
    select.addEventListener("keydown", (event) => event.stopPropagation());
    select.addEventListener("change", () => act(Number(select.value)));
    return Dom.el("label", { class: "cr-jlabel" }, label, select);
  }

  // A path from the first leaf to the output, until others are chosen.
  function path(me, shown) {
    const { nodes } = me.store.get().data.structure;
    const first = shown.nodes.find((node) => nodes[node.shown]?.leaf) || shown.nodes[0];
    const last = shown.nodes[shown.nodes.length - 1];
    return { source: shown.source?.node ?? first?.node ?? null, target: last?.node ?? null, entry: 0, row: 0, column: 0 };
  }

  function controls(me, shown) {
    const { wish } = me;
    const along = wish.source === null ? "edge" : "path";
    const fresh = { entry: 0, row: 0, column: 0 };
    const pick = (key) => (node) => {
      change(me, { ...fresh, [key]: node });
      const found = shown.nodes.find((one) => one.node === node);
      if (found) me.store.set({ selected: found.shown });
    };
    return [
      Ui.segments("Of what", [["edge", "this step's edge"], ["path", "a path"]], along,
        (key) => change(me, key === "edge" ? { source: null, target: null, ...fresh } : path(me, shown))),
      along === "path" ? chooser("from", shown.nodes, shown.source, wish.source, pick("source")) : null,
      along === "path" ? chooser("to", shown.nodes, shown.target, wish.target, pick("target")) : null,
      Ui.segments("Flattened", FLAT, wish.columns ? "columns" : "rows", (key) => change(me, { ...fresh, columns: key === "columns" })),
      Ui.segments("Layout", LAYOUT, wish.denominator ? "denominator" : "numerator", (key) => change(me, { ...fresh, denominator: key === "denominator" })),
      shown.gathered ? Ui.segments("Shape", SHAPE, me.after ? "after" : "before", (key) => {
        me.after = key === "after";
        fill(me, me.store.get());
      }) : null,
    ];
  }

  function heading(shown) {
    const size = `${shown.shape[0].toLocaleString("en")} × ${shown.shape[1].toLocaleString("en")}`;
    return Dom.el("div", { class: "cr-jtitle" },
      Dom.el("span", { class: "cr-jmath" }, Dom.math(shown.title.math)), " = ",
      Dom.el("code", { class: "cr-jformula" }, shown.formula),
      Dom.el("small", {}, `${size}, ${shown.kind}`));
  }

  function arrows(me, shown) {
    const { block, shape } = shown;
    if (block.small) return null;
    const high = block.rows.length;
    const wide = block.columns.length;
    const go = (name, text, row, column, off) => Ui.button(text, {
      class: "cr-button cr-small", disabled: off, "aria-label": name, title: name, "data-key": name,
    }, () => change(me, { row: Math.max(0, row), column: Math.max(0, column) }));
    const jump = (label, value, most, act) => {
      const field = Dom.el("input", { class: "cr-jnumber", type: "number", min: 0, max: most, value, "aria-label": label, "data-key": label });
      field.addEventListener("keydown", (event) => event.stopPropagation());
      field.addEventListener("change", () => act(Math.max(0, Math.min(most, Math.floor(Number(field.value) || 0)))));
      return field;
    };
    return Dom.el("div", { class: "cr-tools cr-jmove" },
      Ui.segments("Zoom", [["numbers", "numbers"], ["cells", "picture"]], block.cells ? "cells" : "numbers", (key) => change(me, { cells: key === "cells" })),
      go("Earlier rows", "↑", block.row - high, block.column, block.row === 0),
      go("Later rows", "↓", block.row + high, block.column, block.row + high >= shape[0]),
      go("Earlier columns", "←", block.row, block.column - wide, block.column === 0),
      go("Later columns", "→", block.row, block.column + wide, block.column + wide >= shape[1]),
      Dom.el("span", {}, "row ", jump("First row shown", block.row, shape[0] - 1, (row) => change(me, { row })), ` to ${block.row + high - 1} of ${shape[0].toLocaleString("en")}`),
      Dom.el("span", {}, "column ", jump("First column shown", block.column, shape[1] - 1, (column) => change(me, { column })), ` to ${block.column + wide - 1} of ${shape[1].toLocaleString("en")}`));
  }

  function copies(me, shown) {
    const after = me.after && shown.gathered;
    const latex = after ? `${shown.gathered.latex}` : shown.latex;
    const numpy = after ? shown.gathered.numpy : shown.numpy;
    const button = (kind, text) => Ui.button(`Copy ${kind}`, { class: "cr-button cr-small", "data-key": kind }, () => Dialogs.copy(text, `the matrix as ${kind}`));
    return Dom.el("span", { class: "cr-copies" }, button("LaTeX", latex), numpy ? button("NumPy", numpy) : null);
  }

  function matrix(me, shown, decimals) {
    if (me.after && shown.gathered) {
      const says = me.wish.denominator ? "In denominator layout it has the shape of the gradient."
        : "In numerator layout it is the transpose of the gradient.";
      return [JacobianMatrix.numbers(shown.gathered, { decimals, caption: "After reshaping" }), Dom.el("p", { class: "cr-jsays" }, says)];
    }
    const { block, shape, asked } = shown;
    const pick = (i, j) => change(me, { entry: asked.denominator ? block.row + i : block.column + j });
    if (block.cells) return JacobianMatrix.cells(block, pick);
    const side = asked.denominator ? "row" : "column";
    const chosen = shown.product ? { side, at: shown.product.entry - block[side] } : null;
    const edges = { right: block.column + block.columns.length < shape[1], below: block.row + block.rows.length < shape[0] };
    return JacobianMatrix.numbers(block, { decimals, chosen, pick, edges });
  }

  // A path as the product that it is: one small matrix after the other.
  function factors(me, shown, decimals) {
    if (!shown.factors.length) return null;
    const one = (factor) => Dom.el("figure", { class: "cr-jfactor" },
      Dom.el("figcaption", {}, Dom.el("span", { class: "cr-jmath" }, Dom.math(factor.title.math)), " = ",
        factor.edge === null ? Dom.el("code", {}, factor.formula)
          : Ui.button(factor.formula, { class: "cr-jgo", title: "Go to this edge's step", "data-key": `factor ${factor.edge}` }, () => goTo(me, factor.edge))),
      factor.entries
        ? Dom.el("div", { class: "cr-scroll", tabindex: "0" }, Dom.el("table", { class: "cr-jsmall" }, Dom.el("tbody", {}, factor.entries.map((row) =>
          Dom.el("tr", {}, row.map((x) => Dom.el("td", { title: Format.copy(x) }, Format.number(x, decimals))))))))
        : Dom.el("small", {}, `${factor.shape[0].toLocaleString("en")} × ${factor.shape[1].toLocaleString("en")}`));
    const figures = shown.factors.map(one);
    const lines = shown.factors.map((factor) => `${factor.title.latex} = ${factor.latex || `\\text{${factor.shape.join(" x ")}}`}`);
    if (shown.between) {
      figures.splice(shown.between.after, 0, between(me, shown.between));
      lines.splice(shown.between.after, 0, `\\vdots \\quad \\text{(${shown.between.count} more)}`);
    }
    return Dom.el("section", { class: "cr-jchain", "aria-label": "The local Jacobians multiplied" },
      Dom.el("div", { class: "cr-tools" }, Dom.el("h3", {}, "The product, one local Jacobian after the other"),
        Ui.button("Copy all as LaTeX", { class: "cr-button cr-small", "data-key": "copy factors" }, () => Dialogs.copy(lines.join(" \\\\\n"), "the factors as LaTeX"))),
      Dom.el("div", { class: "cr-jfactors" }, figures));
  }

  // What a long path leaves out, and the shorter path that shows it.
  function between(me, { count, source, target }) {
    const path = `from ${source.name} to ${target.name}`;
    const act = () => change(me, { source: source.node, target: target.node, row: 0, column: 0, entry: 0 });
    return Dom.el("p", { class: "cr-jbetween" }, `⋮ ${count.toLocaleString("en")} more local ${count === 1 ? "Jacobian" : "Jacobians"}, ${path}`,
      Ui.button("Choose this path", { class: "cr-button cr-small", "data-key": "between", "aria-label": `Choose the path ${path}` }, act));
  }

  function goTo(me, edge) {
    const steps = me.store.get().data.structure.steps;
    const at = steps.findIndex((step) => step.phase === "backward" && step.edge === edge);
    if (at >= 0) me.store.set({ step: at + 1, playing: false });
  }

  // A node clicked in the picture is where the path begins.
  function follow(me, state) {
    const found = state.data.jacobian?.nodes.find((node) => node.shown === state.selected);
    if (!found || [me.wish.source, me.wish.target].includes(found.node)) return;
    change(me, { source: found.node, row: 0, column: 0, entry: 0 });
  }

  function fill(me, state) {
    const shown = state.data.jacobian;
    if (state.asking) return Ui.fill(me.element, Dom.el("p", { class: "cr-wait" }, "Answer first: this tab shows every local gradient."));
    if (!shown) return Ui.fill(me.element, Dom.el("p", { class: "cr-wait", role: "status" }, "Writing the Jacobian …"));
    const left = me.element.querySelector(".cr-jscroll")?.scrollLeft || 0;
    Ui.keepFocus(me.element, () => Ui.fill(me.element,
      Dom.el("div", { class: "cr-tools" }, controls(me, shown)),
      shown.refused ? Dom.el("p", { class: "cr-wait", role: "status" }, Dom.ticked(shown.refused)) : [
        Dom.el("div", { class: "cr-tools cr-jhead" }, heading(shown), copies(me, shown)),
        me.after && shown.gathered ? null : arrows(me, shown),
        matrix(me, shown, state.decimals),
        factors(me, shown, state.decimals),
        JacobianProduct.panel(shown, state.decimals, (entry) => change(me, { entry })),
      ]));
    const scroll = me.element.querySelector(".cr-jscroll");
    if (scroll) scroll.scrollLeft = left;
    for (const button of me.element.querySelectorAll(".cr-choice button")) button.title = TITLES[button.textContent] || "";
    return null;
  }

  function mount(element, store, host) {
    const panel = Dom.el("div", { class: "cr-jacobian" });
    element.append(panel);
    const wish = { source: null, target: null, columns: false, denominator: false, cells: false, row: 0, column: 0, entry: 0 };
    const me = { element: panel, store, host, wish, edge: 0, after: false };
    const backward = store.get().data.structure.steps.filter((step) => step.phase === "backward");
    me.edge = backward.length ? backward[backward.length - 1].edge : 0;
    const known = store.get().data.jacobian?.asked;
    if (known) for (const key of Object.keys(wish)) wish[key] = known[key];
    fill(me, store.get());
    request(me);
    return store.subscribe((state, before) => {
      if (!state.data?.structure) return;
      if (state.data.topology !== before.data?.topology) Object.assign(wish, { source: null, target: null, row: 0, column: 0, entry: 0 });
      if (wish.source !== null && state.selected !== null && state.selected !== before.selected) follow(me, state);
      const edge = stepEdge(state);
      const moved = wish.source === null && edge !== null && edge !== me.edge;
      if (moved) Object.assign(wish, { row: 0, column: 0, entry: 0 });
      if (moved || state.decimals !== before.decimals || state.data.topology !== before.data?.topology) request(me);
      if (state.data.jacobian !== before.data?.jacobian || state.decimals !== before.decimals || state.asking !== before.asking) fill(me, state);
    });
  }

  return { mount };
})();
