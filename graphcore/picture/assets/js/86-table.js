// The gradient table: sorted, filtered, copied, and linked with the picture: a click on a row goes to its
// step.
const Table = (() => {
  const LIMIT = 200; // rows drawn at first; more on demand
  function cells(view, row, decimals) {
    return view.columns.map(({ key, role, text: words }) => {
      const judged = key === "yours" && row.yours;
      const tone = judged
        ? `cr-tone-${row.yours.tone}`
        : key === "state" || key === "torch" ? `cr-tone-${Ui.sign(row.state)[1]}` : role ? `cr-is-${role}` : "";
      const shown = TableRows.text(row, key, decimals);
      const sum = key === "torch" && row.shared && shown;
      const all = words ? null : TableRows.text(row, key);
      const says = judged ? `${all}: ${row.yours.words}` : all && `${all}${sum ? `: the sum over all edges of ${row.name}` : ""}\nDouble click copies`;
      return Dom.el(
        "td",
        { class: `${words ? "cr-words" : ""} ${tone}`, title: says || (key === "rule" ? row.rule : null), "data-all": all || null, ...(key === "state" ? Words.attributes(Words.of(shown), true) : {}) },
        sum ? Dom.el("small", {}, "Σ ") : null,
        TableEntries.shown(view, row, key, decimals) || shown,
      );
    });
  }

  // A row is a button in its first cell for the keyboard; the mouse may click it anywhere.
  function drawRow(view, row) {
    const made = Dom.el(
      "tr",
      { "data-step": row.step, "data-node": row.node },
      ...cells(view, row, view.store.get().decimals),
    );
    const first = made.firstElementChild;
    const name = first.textContent;
    first.replaceChildren(
      Dom.el(
        "button",
        {
          type: "button",
          class: "cr-go",
          "data-key": `row ${row.step} ${row.node}`,
          "aria-label": `${name}, ${row.rule}: go to its step`,
        },
        name,
      ),
    );
    return made;
  }

  function drawBody(view) {
    const rows = TableRows.visible(view);
    const some = view.everything ? rows : rows.slice(0, LIMIT);
    view.shown = rows;
    Ui.keepFocus(view.body, () => view.body.replaceChildren(...some.map((row) => drawRow(view, row))));
    const rest = rows.length - some.length;
    Ui.fill(
      view.foot,
      rows.length ? null : Dom.el("p", {}, "No row fits the filter."),
      rest
        ? Ui.button(`Show all ${rows.length} rows`, { class: "cr-button" }, () => {
            view.everything = true;
            drawBody(view);
          })
        : null,
    );
    index(view);
    light(view);
  }

  // The current step's row is lit, the selected node's rows are marked; a step touches only the rows that
  // differ.
  function light(view) {
    const { step, selected } = view.store.get();
    view.lit.forEach((row) => row.classList.remove("cr-lit", "cr-selected"));
    const now = view.bySteps.get(step) || [];
    const chosen = selected === null ? [] : view.byNodes.get(selected) || [];
    now.forEach((row) => row.classList.add("cr-lit"));
    chosen.forEach((row) => row.classList.add("cr-selected"));
    view.lit = [...now, ...chosen];
  }

  function index(view) {
    view.bySteps = new Map();
    view.byNodes = new Map();
    view.lit = [];
    const put = (map, key, row) => (map.has(key) ? map.get(key).push(row) : map.set(key, [row]));
    for (const row of view.body.children) {
      put(view.bySteps, Number(row.dataset.step), row);
      put(view.byNodes, Number(row.dataset.node), row);
    }
  }

  function drawHead(view) {
    const cell = ({ key, title, text: words }) => {
      const on = view.sort?.key === key;
      const order = on ? (view.sort.down ? "descending" : "ascending") : "none";
      return Dom.el(
        "th",
        { scope: "col", "aria-sort": order, class: words ? "cr-words" : "" },
        Ui.button(title, { class: "cr-sort", "data-key": `sort ${key}`, title: Words.of(title) ? null : "Sort", ...Words.attributes(Words.of(title), true) }, () => sortBy(view, key)),
        Dom.el("i", { "aria-hidden": "true" }, on ? (view.sort.down ? "↓" : "↑") : ""),
      );
    };
    Ui.keepFocus(view.head, () => view.head.replaceChildren(Dom.el("tr", {}, ...view.columns.map(cell))));
  }

  // Upwards, downwards, then the order of the steps again.
  function sortBy(view, key) {
    view.sort = view.sort?.key !== key ? { key, down: false } : view.sort.down ? null : { key, down: true };
    drawHead(view);
    drawBody(view);
  }

  function chips(view) {
    const counts = new Map();
    for (const row of view.rows) if (row.state) counts.set(row.state, (counts.get(row.state) || 0) + 1);
    const chip = (state, label, count) =>
      Dom.el(
        "button",
        {
          type: "button",
          class: `cr-chip cr-tone-${state ? Ui.sign(state)[1] : "ink"}`,
          "aria-pressed": String(view.state === state),
          "data-key": `chip ${state}`,
          on: {
            click: () => {
              view.state = view.state === state ? null : state;
              drawTools(view);
              drawBody(view);
            },
          },
        },
        label,
        Dom.el("small", {}, String(count)),
      );
    return [
      chip(null, "all", view.rows.length),
      ...[...counts].map(([state, count]) => chip(state, `${Ui.sign(state)[0]} ${TableRows.stateWords(state)}`.trim(), count)),
    ];
  }
  const drawTools = (view) => Ui.keepFocus(view.chips, () => Ui.fill(view.chips, chips(view)));

  function tools(view) {
    const words = { placeholder: "Filter by node or op", "aria-label": "Filter the table" };
    const search = Dom.el("input", { type: "search", class: "cr-filter", ...words });
    search.addEventListener("input", () => {
      view.filter = search.value;
      drawBody(view);
    });
    search.addEventListener("keydown", (event) => event.stopPropagation());
    const copies = TableText.copies(view.store, () => view.columns, () => view.shown, TableRows.text);
    return Dom.el("div", { class: "cr-tools" }, search, view.chips, copies);
  }

  function listen(view) {
    TableText.listen(view.body, ({ dataset }) => {
      view.store.set({ step: Number(dataset.step), playing: false });
      Graph.select(Number(dataset.node));
    });
  }

  function mount(element, store, host) {
    const view = {
      store, host,
      columns: TableRows.columns(store.get()),
      rows: [], shown: [],
      filter: "",
      state: null, sort: null,
      everything: false,
      chips: Dom.el("span", { class: "cr-chips", role: "group", "aria-label": "States" }),
      head: Dom.el("thead"),
      body: Dom.el("tbody"),
      foot: Dom.el("div", { class: "cr-foot" }),
    };
    const caption = Dom.el("caption", {}, "Gradients, one row for every edge of the backward pass");
    const table = Dom.el("table", { class: "cr-table" }, caption, view.head, view.body);
    element.append(tools(view), Dom.el("div", { class: "cr-scroll" }, table), view.foot);
    listen(view);
    drawHead(view);
    function draw(state, before) {
      if (!state.data?.numbers || !state.data.structure) return;
      const fresh =
        !before || state.data.numbers !== before.data?.numbers || state.data.structure !== before.data?.structure;
      if (fresh) {
        view.rows = TableRows.of(state);
        if (view.state && !view.rows.some((row) => row.state === view.state)) view.state = null;
        drawTools(view);
      }
      const asked = before && (state.answers !== before.answers || state.asking !== before.asking || (state.asking && state.moment !== before.moment));
      if (asked) {
        view.rows = TableRows.of(state);
        view.columns = TableRows.columns(state);
        drawHead(view);
        drawTools(view);
      }
      if (fresh || asked || state.decimals !== before.decimals) drawBody(view);
      else if (state.step !== before.step || state.selected !== before.selected) light(view);
    }
    draw(store.get(), null);
    return store.subscribe(draw);
  }

  return { mount };
})();
