// The network layer by layer: how the gradient's norm changes on its way, and a row for every parameter.
const Layers = (() => {
  const COLUMNS = [
    { key: "name", title: "parameter", text: true },
    { key: "module", title: "layer", text: true },
    { key: "shape", title: "shape", text: true },
    { key: "manual", title: "gradient norm", role: "gradient" },
    { key: "torch", title: "torch", tone: true },
    { key: "error", title: "worst error, eps" },
    { key: "zeros", title: "exact zeros" },
    { key: "state", title: "state", text: true },
  ];
  const SAY = { none: "no gradient", match: "equal", mismatch: "differs", zero: "zero on both sides" };

  const rowsOf = (layers) =>
    layers.flatMap((layer) => layer.parameters.map((parameter) => ({ ...parameter, module: layer.module, path: layer.path })));

  const percent = (share) => {
    if (share === null) return "";
    if (share === 0) return "0";
    const all = share * 100;
    return `${all < 1 ? "<1" : all > 99 && all < 100 ? ">99" : Math.round(all)} %`;
  };

  // The text of a cell; without `decimals` (undefined) all digits, for machines.
  function text(row, key, decimals) {
    const value = row[key];
    if (key === "shape") return Format.shape(value);
    if (key === "state") return SAY[value] || value;
    if (key === "zeros") return decimals === undefined ? String(value ?? "") : percent(value);
    if (typeof value === "string" && key !== "manual" && key !== "torch" && key !== "error") return value;
    if (value === null || value === undefined) return "";
    if (decimals === undefined) return Format.copy(value);
    return key === "error" ? Ui.eps(Format.value(value)) : Format.number(value, decimals);
  }

  function cell(row, column, decimals) {
    const { key } = column;
    const shown = text(row, key, decimals);
    const [sign, tone] = Ui.sign(row.state);
    const signed = key === "torch" && shown ? `${sign} ${shown}` : key === "state" ? `${sign} ${shown}`.trim() : shown;
    const hue = column.role ? `cr-is-${column.role}` : key === "torch" || key === "state" ? `cr-tone-${tone}` : "";
    const all = column.text ? null : text(row, key);
    if (key === "zeros" && row.zeros) {
      return Dom.el("td", { class: "cr-zeros", title: `${(row.zeros * 100).toPrecision(4)} % of the entries have gradient exactly 0` },
        Dom.el("i", { style: `--cr-share:${(row.zeros * 100).toFixed(1)}%`, "aria-hidden": "true" }), signed);
    }
    return Dom.el("td", { class: `${column.text ? "cr-words" : ""} ${hue}`.trim(), title: all || null, "data-all": all || null }, signed);
  }

  function tableRow(me, row, first) {
    const { decimals } = me.store.get();
    const made = Dom.el("tr", { "data-node": row.node, class: first ? "cr-firstrow" : "" },
      ...COLUMNS.map((column) => cell(row, column, decimals)));
    const name = made.firstElementChild;
    name.replaceChildren(Ui.button(row.name, { class: "cr-go", "data-key": `layer ${row.node}`, "aria-label": `${row.name}: go to its place in the picture` }));
    return made;
  }

  function table(me, layers) {
    const body = Dom.el("tbody", {});
    let before = null;
    for (const row of rowsOf(layers)) {
      body.append(tableRow(me, row, before !== null && row.path !== before));
      before = row.path;
    }
    TableText.listen(body, ({ dataset }) => Network.go(me.store, Number(dataset.node)));
    me.body = body;
    const head = Dom.el("tr", {}, ...COLUMNS.map(({ title, text: words }) => Dom.el("th", { scope: "col", class: words ? "cr-words" : "" }, title)));
    return Dom.el("div", { class: "cr-scroll" },
      Dom.el("table", { class: "cr-table cr-layertable" },
        Dom.el("caption", {}, "Parameters, layer by layer, with the norm of their gradients"),
        Dom.el("thead", {}, head), body));
  }

  function tools(me, layers) {
    return Dom.el("div", { class: "cr-tools" },
      Dom.el("h3", { class: "cr-below-title" }, "Parameters"),
      TableText.copies(me.store, COLUMNS, () => rowsOf(layers), text));
  }

  function light(me, { data, selected }) {
    if (!me.body) return;
    for (const row of me.body.children) {
      const on = selected !== null && Network.shownAt(data, Number(row.dataset.node)) === selected;
      row.classList.toggle("cr-selected", on);
    }
    LayerChart.light(me.chart, data, selected);
  }

  function fill(me, state) {
    const { layers } = state.data;
    me.body = null;
    if (!layers || !layers.length) {
      Ui.fill(me.element, Dom.el("p", { class: "cr-wait" }, "This network has no parameters that want a gradient."));
      return;
    }
    Ui.keepFocus(me.element, () =>
      Ui.fill(me.element, LayerChart.draw(me.chart, layers, state.decimals), tools(me, layers), table(me, layers)));
    light(me, state);
  }

  function mount(element, store) {
    const box = Dom.el("div", { class: "cr-layers" });
    element.append(box);
    const me = { element: box, store, body: null, chart: LayerChart.create(store) };
    function draw(state, before) {
      if (!state.data?.structure) return;
      const fresh = !before || state.data.layers !== before.data?.layers || state.decimals !== before.decimals;
      if (fresh) fill(me, state);
      else if (state.selected !== before.selected || state.data.structure !== before.data.structure) light(me, state);
    }
    draw(store.get(), null);
    return store.subscribe(draw);
  }

  return { mount };
})();
