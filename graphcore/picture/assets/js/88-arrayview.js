// A full array in a scrolling table: value, gradient, torch's gradient. Small ones are in the payload; larger
// ones are asked for.
const ArrayView = (() => {
  const WHICH = [
    ["value", "value"],
    ["gradient", "gradient"],
    ["torch", "torch's gradient"],
  ];
  const SOURCES = { value: "values", gradient: "gradients", torch: "torch" };

  // As rows of the last axis, the way the payload sends large arrays.
  function small(tensor) {
    if (!tensor?.entries) return null;
    const width = tensor.shape[tensor.shape.length - 1] || 1;
    const rows = [];
    for (let at = 0; at < tensor.entries.length; at += width) rows.push(tensor.entries.slice(at, at + width));
    return { shape: tensor.shape, rows, more: 0 };
  }

  function find(data, node, which) {
    const known = data.numbers?.[SOURCES[which]]?.[node];
    if (known === null || known === undefined) return null;
    return small(known) || (data.opened?.node === node ? data.opened[which] : undefined);
  }

  // The label of a row: its index, or for more than two axes all indices but the last.
  const label = (row, shape) => (shape.length < 2 ? "" : Arrays.position(row, shape.slice(0, -1)).slice(1, -1));

  function table(full, which, decimals) {
    const width = Math.max(0, ...full.rows.map((row) => row.length));
    const head = Dom.el(
      "tr",
      {},
      Dom.el("th", {}),
      ...Array.from({ length: width }, (_, index) => Dom.el("th", { scope: "col" }, String(index))),
    );
    const rows = full.rows.map((row, index) =>
      Dom.el(
        "tr",
        {},
        Dom.el("th", { scope: "row" }, label(index, full.shape)),
        ...row.map((entry, column) =>
          Dom.el("td", { title: Format.copy(entry), "data-entry": index * (full.shape[full.shape.length - 1] || 1) + column }, Format.number(entry, decimals))),
      ),
    );
    return Dom.el(
      "table",
      { class: `cr-arraytable cr-is-${which === "value" ? "value" : "gradient"}` },
      Dom.el("thead", {}, head),
      Dom.el("tbody", {}, ...rows),
    );
  }

  const python = (entry) => ({ nan: "np.nan", inf: "np.inf", "-inf": "-np.inf" })[entry] ?? Format.copy(entry);

  // NumPy text builds the array again, with its shape where the rows alone do not say it.
  function numpy(full) {
    const rows = full.rows.map((row) => `[${row.map(python).join(", ")}]`);
    if (full.shape.length === 1) return `np.array(${rows[0] || "[]"})`;
    const text = `np.array([${rows.join(",\n          ")}])`;
    return full.shape.length > 2 || !rows.length ? `${text}.reshape(${full.shape.join(", ")})` : text;
  }
  const csv = (full) => full.rows.map((row) => row.map(Format.copy).join(",")).join("\n");

  function copies(full, name) {
    if (!full || full.more) return [];
    const button = (kind, write) =>
      Ui.button(`Copy ${kind}`, { class: "cr-button cr-small", "data-key": kind }, () =>
        Dialogs.copy(write(full), `${name} as ${kind}`));
    return [button("NumPy", numpy), button("CSV", csv)];
  }

  function body(full, me) {
    const wait = me.host?.send ? "…" : "Only its picture is kept in this page.";
    if (full === undefined) return Dom.el("p", { class: "cr-wait", role: "status" }, wait);
    if (full === null) return Dom.el("p", {}, me.which === "value" ? "No value." : "No gradient flows here.");
    if (!full.rows.length) return Dom.el("p", {}, `An empty array of shape ${Format.shape(full.shape)}.`);
    return [
      Dom.el("div", { class: "cr-scroll", tabindex: "0" }, table(full, me.which, me.store.get().decimals)),
      full.more ? Dom.el("p", {}, `${full.more.toLocaleString("en")} more numbers are left out.`) : null,
    ];
  }

  function draw(me, state) {
    const full = find(state.data, me.node, me.which);
    const choose = (which) => {
      me.which = which;
      draw(me, me.store.get());
    };
    const known = !state.asking || Steps.at(state.data, state.moment).known.gradient(me.node) === "all";
    const switcher = Ui.segments("Which array", known ? WHICH : WHICH.slice(0, 1), me.which, choose);
    const tools = Dom.el("div", { class: "cr-tools" }, switcher,
      Dom.el("span", { class: "cr-copies" }, ...copies(full, me.name)));
    const held = Boolean(me.element.getRootNode().activeElement?.closest?.("td[data-entry]"));
    Ui.keepFocus(me.element, () => Ui.fill(me.element, tools, body(full, me)));
    me.drawn = full;
    if (!Scalars.able(me.host)) return;
    // numbers that come in later leave the keys where they are
    const cells = [...me.element.querySelectorAll("td[data-entry]")];
    const cell = cells.find((one) => one.dataset.entry === me.entry) || cells[0];
    stop(me, cell);
    if (held) cell?.focus();
  }

  // One entry is a stop of the Tab key, the arrow keys go to the others.
  function keys(me, event) {
    const cell = event.target.closest?.("td[data-entry]");
    if (!cell) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      cell.click();
      return;
    }
    const row = cell.closest("tr");
    const column = [...row.children].indexOf(cell);
    const next = { ArrowLeft: row.children[column - 1], ArrowRight: row.children[column + 1], ArrowUp: row.previousElementSibling?.children[column], ArrowDown: row.nextElementSibling?.children[column] }[event.key];
    if (!next?.dataset.entry) return;
    event.preventDefault();
    stop(me, next);
    next.focus();
  }

  function stop(me, cell) {
    me.element.querySelector("td[tabindex]")?.removeAttribute("tabindex");
    cell?.setAttribute("tabindex", "0");
    me.entry = cell?.dataset.entry;
  }

  const missing = (data, node) => WHICH.some(([key]) => find(data, node, key) === undefined);

  function mount(element, store, host, node) {
    const { name } = store.get().data.structure.nodes[node];
    const me = { element, store, host, node, name, which: "value", drawn: null, entry: null };
    draw(me, store.get());
    element.classList.toggle("cr-opens", Scalars.able(host));
    element.addEventListener("click", (event) => {
      const cell = event.target.closest("[data-entry]");
      const shape = cell && store.get().data.structure.nodes[node].shape;
      if (cell && Scalars.open(store, host, node, Scalars.unflat(Number(cell.dataset.entry), shape))) element.closest("dialog")?.close();
    });
    if (Scalars.able(host)) element.addEventListener("keydown", (event) => keys(me, event));
    if (host?.send && missing(store.get().data, node)) host.send({ kind: "open", node });
    return store.subscribe((state, before) => {
      if (state.data?.structure?.nodes[node]?.name !== name) return; // another program came in under the dialog
      const other = state.data !== before.data && find(state.data, node, me.which) !== me.drawn;
      if (other || state.decimals !== before.decimals) draw(me, state);
    });
  }

  return { mount, numpy };
})();
