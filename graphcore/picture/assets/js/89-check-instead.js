// What stands in the picture's place where there is none to draw: the empty page, the class table, two files side by side.
const CheckInstead = (() => {
  const { el } = Dom;
  const VERDICTS = { right: ["=", "right"], wrong: ["≠", "wrong"], unproven: ["0", "weak"], unread: ["?", "off"] };
  const ORDER = ["wrong", "unproven", "unread", "right"];
  const COLUMNS = [
    ["file", "file", (row) => row.file.toLowerCase()],
    ["verdict", "verdict", (row) => ORDER.indexOf(row.verdict)],
    ["origins", "began at", (row) => row.origins.join(" ")],
    ["mistakes", "mistakes", (row) => row.mistakes.join(" ")],
    ["mended", "right after mending", (row) => row.mended ?? -1],
  ];

  // ---- the class -------------------------------------------------------------------------------------------

  function crowdRow(me, row) {
    const [sign, tone] = VERDICTS[row.verdict];
    const share = row.mended === null ? "" : `${Math.round(row.mended * 100)} %`;
    return el("tr", {},
      el("td", { class: "cr-words" }, Ui.button(row.file, { class: "cr-go", "data-key": `file ${row.place}`, "aria-label": `${row.file}: open it` }, () => me.host.send({ kind: "one", file: row.place }))),
      el("td", { class: `cr-words cr-tone-${tone}` }, `${sign} ${row.verdict === "unread" ? "not read" : row.verdict}`),
      el("td", { class: "cr-words" }, el("code", {}, row.origins.join(", "))),
      el("td", { class: "cr-words" }, row.error ? el("span", { class: "cr-tone-off" }, ...Dom.ticked(row.error)) : row.mistakes.join(", ")),
      el("td", {}, share));
  }

  function sorted(me, rows) {
    if (!me.sort) return rows;
    const value = COLUMNS.find(([key]) => key === me.sort.key)[2];
    const order = [...rows].sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0));
    return me.sort.down ? order.reverse() : order;
  }

  function crowd(me, data) {
    const { crowd: table } = data.check;
    const head = ([key, title]) => {
      const on = me.sort?.key === key;
      const sort = () => {
        me.sort = !on ? { key, down: false } : me.sort.down ? null : { key, down: true };
        me.redraw();
      };
      return el("th", { scope: "col", class: key === "mended" ? "" : "cr-words", "aria-sort": on ? (me.sort.down ? "descending" : "ascending") : "none" },
        Ui.button(title, { class: "cr-sort", title: "Sort", "data-key": `sort ${key}` }, sort), el("i", { "aria-hidden": "true" }, on ? (me.sort.down ? "↓" : "↑") : ""));
    };
    const counts = table.counts.slice(0, 12).map(([mistake, times, files]) =>
      el("li", {}, el("b", {}, mistake), el("span", { class: "cr-countbar", style: `--share:${Math.round((100 * files) / Math.max(1, table.rows.length))}%` }), el("small", {}, `${times === 1 ? "once" : `${times} times`} in ${CheckWords.plural(files, "file")}`)));
    return el("div", { class: "cr-crowd" },
      el("div", { class: "cr-tools" },
        el("h2", { class: "cr-below-title" }, `${table.rows.length} of ${CheckWords.plural(table.files, "file")}`),
        el("span", { class: "cr-copies" },
          table.files === 2 && !data.work ? Ui.button("Compare the two with each other", { class: "cr-button cr-small", "data-key": "compare" }, () => me.host.send({ kind: "compare", on: true })) : null,
          data.work ? Ui.button("Stop", { class: "cr-button cr-small", "data-key": "stop" }, () => me.host.send({ kind: "stop" })) : null,
          Ui.button("Save as CSV", { class: "cr-button cr-small", "data-key": "csv" }, () => me.host.send({ kind: "save", what: "csv" })))),
      counts.length ? el("section", { class: "cr-counts" }, el("h3", {}, "Mistakes"), el("ul", {}, ...counts)) : null,
      el("div", { class: "cr-scroll" }, el("table", { class: "cr-table" }, el("thead", {}, el("tr", {}, ...COLUMNS.map(head))),
        el("tbody", {}, ...sorted(me, table.rows.map((row, place) => ({ ...row, place }))).map((row) => crowdRow(me, row))))));
  }

  // ---- two files -------------------------------------------------------------------------------------------

  const STATES = { equal: ["=", "right"], printed: ["=", "right"], zero: ["0", "weak"], different: ["≠", "wrong"], shapes: ["≠", "wrong"] };

  function pair(one) {
    const [sign, tone] = STATES[one.state] || ["?", "off"];
    const labels = one.label === one.other ? one.label || "unnamed" : `${one.label || "unnamed"} | ${one.other || "unnamed"}`;
    return el("tr", {},
      el("td", { class: `cr-tone-${tone}` }, sign),
      el("td", { class: "cr-words" }, el("code", {}, labels)),
      el("td", { class: "cr-words" }, one.shape === one.otherShape ? one.shape || "number" : `${one.shape} | ${one.otherShape}`),
      el("td", { class: `cr-words cr-wraps` }, ...Dom.ticked(one.text)),
      el("td", { class: "cr-words cr-wraps" }, `${one.how}${one.change ? `, ${one.change}` : ""}${one.sure ? "" : " (a guess)"}`));
  }

  function difference(me, data) {
    const { difference: found } = data.check;
    const titles = ["", "array", "shape", "what is found", "laid together"];
    const layers = found.layers.filter((layer) => layer.laws.length);
    return el("div", { class: "cr-difference" },
      el("div", { class: "cr-tools" },
        el("h2", { class: "cr-below-title" }, `${found.names[0]} beside ${found.names[1]}`),
        el("span", { class: "cr-copies" },
          data.program.ran || data.program.text ? Ui.button("Check both by the problem", { class: "cr-button cr-small", "data-key": "compare" }, () => me.host.send({ kind: "compare", on: false })) : null,
          Ui.button("Save as Markdown", { class: "cr-button cr-small", "data-key": "save difference" }, () => me.host.send({ kind: "save", what: "markdown" })))),
      found.findings.length
        ? el("ol", { class: "cr-notes" }, ...found.findings.map((note) => el("li", {},
            note.mistake && !["origin", "unknown"].includes(note.mistake) ? el("b", { class: "cr-mistake" }, `${note.certain ? "" : "looks like "}${note.mistake}`) : null, " ", ...Dom.ticked(note.text))))
        : null,
      el("p", { class: "cr-small-print" }, "Two files alone cannot say which formula was wrong. With the problem and its weights on the left, the same files are explained node by node."),
      el("div", { class: "cr-scroll" }, el("table", { class: "cr-table" },
        el("thead", {}, el("tr", {}, ...titles.map((title) => el("th", { scope: "col", class: "cr-words" }, title)))),
        el("tbody", {}, ...found.pairs.map(pair)))),
      found.unpaired.flat().length ? el("p", {}, "On one side only: ", el("code", { class: "cr-code" }, found.unpaired.flat().join(", "))) : null,
      layers.length ? el("section", {}, el("h3", {}, "Layer by layer: is dW the outer product of db and the layer's input?"),
        el("dl", { class: "cr-laws" }, ...layers.flatMap((layer) => [el("dt", {}, layer.name), el("dd", {}, ...layer.laws.map((law, k) => el("p", {}, el("small", {}, `${found.names[k]}: `), ...Dom.ticked(law))))]))) : null,
      ...found.notes.map((note) => el("p", { class: "cr-small-print" }, ...Dom.ticked(note))));
  }

  function needs(me) {
    return el("div", { class: "cr-checkstart" }, el("h2", {}, "What problem are these the gradients of?"),
      el("p", { class: "cr-lead" }, "Choose it on the left, or write it there as a program or as layers. A second file handed in instead is laid beside this one."));
  }

  function mount(element, store, host) {
    const me = { store, host, kind: "torch", sort: null, redraw: () => {} };
    function draw(state, before) {
      const { data } = state;
      const mode = data?.check?.mode;
      const shown = mode === "crowd" ? crowd : mode === "difference" ? difference : null;
      const empty = mode === "waiting" && !data.structure && !data.work;
      element.hidden = !shown && !empty;
      if (element.hidden) return Ui.fill(element);
      const parts = ["check", "snippets", "examples", "hand", "work"];
      if (before && me.mode === mode && parts.every((part) => data[part] === before.data?.[part])) return undefined;
      me.mode = mode;
      if (shown) {
        me.redraw = () => Ui.keepFocus(element, () => Ui.fill(element, shown(me, store.get().data)));
        return me.redraw();
      }
      if (data.hand?.arrays && !data.hand.problem) return Ui.fill(element, needs(me));
      return CheckStart.draw(element, me, data);
    }
    draw(store.get(), null);
    return store.subscribe(draw);
  }

  return { mount };
})();
