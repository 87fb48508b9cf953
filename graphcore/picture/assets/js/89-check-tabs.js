// The tabs of page Check: every node that was judged, which array was read as which node, the evidence, the report.
const CheckTabs = (() => {
  const { el } = Dom;

  // A tab that is drawn anew where one of its parts changed.
  const panel = (parts, draw) => ({
    mount(element, store, host) {
      const me = { store, host };
      const box = el("div", {});
      element.append(box);
      const redraw = (state, before) => {
        if (before && parts.every((part) => state.data?.[part] === before.data?.[part])) return;
        Ui.keepFocus(box, () => Ui.fill(box, draw(me, state.data || {})));
      };
      redraw(store.get(), null);
      return store.subscribe(redraw);
    },
  });

  const table = (caption, titles, rows, cls = "") => el("div", { class: "cr-scroll" }, el("table", { class: `cr-table ${cls}` }, el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...titles.map(([title, words]) => el("th", { scope: "col", class: words ? "cr-words" : "" }, title)))), el("tbody", {}, ...rows)));

  const scrollUp = () => document.querySelector(".cr-root .cr-stage")?.scrollIntoView({ block: "start", behavior: "smooth" });

  function to(me, row) {
    if (row.finding !== null && row.finding !== undefined) Check.go(me.store, row.finding);
    else Check.goNode(me.store, row.node);
    scrollUp();
  }

  // ---- findings --------------------------------------------------------------------------------------------

  function findingRow(me, row) {
    const [sign, tone] = [CheckWords.sign(row.status), CheckWords.tone(row.status)];
    const name = row.node === null ? row.head : Ui.button(row.head, { class: "cr-go", "data-key": `row ${row.what} ${row.name}`, "aria-label": `${row.name}: go to it` }, () => to(me, row));
    const error = row.error === null ? "" : row.odd || `${Format.number(row.error, null)}${row.allowed ? ` of ${Format.number(row.allowed, null)}` : ""}`;
    return el("tr", { "data-status": row.status },
      el("td", { class: `cr-words cr-tone-${tone}` }, `${sign} `, el("span", Words.attributes(Words.of(CheckWords.words(row.status)), true), CheckWords.words(row.status))),
      el("td", { class: "cr-words" }, name, row.what === "value" ? el("small", { class: "cr-tone-off" }, " value") : null),
      el("td", { class: "cr-words cr-wraps" }, row.mistake ? el("b", {}, row.mistake) : null, row.mistake && row.why ? ": " : "", ...Dom.ticked(row.why)),
      el("td", { class: `cr-tone-${row.status === "right" ? "ink" : tone}` }, CheckWords.digits(row.handed)),
      el("td", {}, CheckWords.digits(row.right)),
      el("td", {}, CheckWords.digits(row.torch)),
      el("td", { title: "largest difference, of what printing and rounding allow" }, error));
  }

  const findings = panel(["check"], (me, data) => {
    const rows = data.check?.rows || [];
    if (!rows.length) return el("p", { class: "cr-wait" }, "Nothing has been handed in yet.");
    const titles = [["status", true], ["node", true], ["mistake", true], ["yours", false], ["right", false], ["torch", false], ["difference, allowed", false]];
    return table("Everything that was handed in, and what is missing", titles, rows.map((row) => findingRow(me, row)));
  });

  // ---- alignment -------------------------------------------------------------------------------------------

  const option = (value, text, chosen) => el("option", { value, selected: chosen }, text);

  function choose(me, row, change) {
    const now = { node: row.node, role: row.role === "ignored" ? "gradient" : row.role, change: null, ...change };
    me.host.send({ kind: "choose", reading: row.reading, ...now });
  }

  function select(label, key, options, act) {
    const made = el("select", { class: "cr-select cr-field", "aria-label": label, "data-key": key }, ...options);
    made.addEventListener("change", () => act(made.value));
    made.addEventListener("keydown", (event) => event.stopPropagation());
    return made;
  }

  function alignedRow(me, given, row) {
    const nodes = [option("", "left out", row.node === null), ...given.nodes.map(([k, name, shape]) => option(String(k), shape ? `${name}  ${shape}` : name, k === row.node))];
    const label = row.label || "(no label)";
    return el("tr", {},
      el("td", { class: "cr-words cr-wraps", title: row.label }, el("code", {}, label.length > 80 ? `${label.slice(0, 80)}…` : label)),
      el("td", {}, row.line ?? ""),
      el("td", { class: "cr-words" }, row.shape),
      el("td", { class: "cr-words" }, select(`Node of ${label}`, `node ${row.reading}`, nodes, (value) => choose(me, row, { node: value === "" ? null : Number(value) }))),
      el("td", { class: "cr-words" }, row.node === null ? "" : select(`What ${label} is`, `role ${row.reading}`, given.roles.map((role) => option(role, role, role === row.role)), (role) => choose(me, row, { role }))),
      el("td", { class: "cr-words" }, row.node === null ? "" : select(`What is done to ${label}`, `change ${row.reading}`, given.changes.map((change) => option(change, change || "as it stands", change === row.change)), (change) => choose(me, row, { change }))),
      el("td", { class: `cr-words cr-tone-${row.sure ? "right" : "weak"}` }, row.sure ? "yes" : "a guess"),
      el("td", { class: "cr-words cr-wraps" }, ...Dom.ticked(row.how)),
      el("td", { class: "cr-words" }, row.chosen ? Ui.button("Undo", { class: "cr-go", "data-key": `undo ${row.reading}` }, () => me.host.send({ kind: "choose", reading: row.reading, reset: true })) : ""));
  }

  const alignment = panel(["alignment", "check"], (me, data) => {
    const given = data.alignment;
    if (!given) return el("p", { class: "cr-wait" }, "Nothing has been handed in yet.");
    const titles = [["array", true], ["line", false], ["shape", true], ["is node", true], ["its", true], ["taken", true], ["sure?", true], ["how it was found", true], ["", true]];
    return [
      table("Which array was read as which node", titles, given.rows.map((row) => alignedRow(me, given, row)), "cr-aligntable"),
      given.missing.length ? el("p", { class: "cr-small-print" }, "No gradient was handed in for ", ...given.missing.slice(0, 30).flatMap((name, k) => [k ? ", " : "", el("code", { class: "cr-code" }, name)]), ".") : null,
      ...given.notes.map((note) => el("p", { class: "cr-small-print" }, ...Dom.ticked(note))),
    ];
  });

  // ---- evidence --------------------------------------------------------------------------------------------

  const SAYS = { agrees: ["=", "right"], differs: ["≠", "wrong"], zero: ["0", "weak"], "cannot tell": ["?", "off"] };

  function evidenceRow(me, row) {
    const [sign, tone] = SAYS[row.state] || ["", "off"];
    const digits = (value) => (value === null ? "" : Format.number(value, null));
    return el("tr", {},
      el("td", { class: "cr-words" }, Ui.button(row.name, { class: "cr-go", "data-key": `evidence ${row.name}` }, () => { Check.goNode(me.store, row.node); scrollUp(); })),
      el("td", { class: "cr-is-gradient" }, digits(row.yours)),
      el("td", { class: "cr-is-gradient" }, digits(row.manual)), el("td", { class: "cr-is-gradient" }, digits(row.torch)), el("td", { class: "cr-is-gradient" }, digits(row.numerical)),
      el("td", { class: `cr-words cr-tone-${tone}` }, `${sign} ${row.state}`),
      el("td", { class: "cr-words cr-wraps" }, ...Dom.ticked(row.sentence || row.why || "")));
  }

  const evidence = panel(["made", "check"], (me, data) => {
    const found = data.made?.evidence;
    if (data.check?.mode !== "judged") return el("p", { class: "cr-wait" }, "Nothing has been handed in yet.");
    if (!found) return el("p", { class: "cr-wait", role: "status" }, "Asking the third witness …");
    const titles = [["node", true], ["by its rules", false], ["torch", false], ["forward pass alone", false], ["", true], ["in words", true]];
    const warnings = found.warnings.map((one) => [
      el("dt", { class: `cr-tone-${one.tone}` }, el("span", { class: "cr-mark", "aria-hidden": "true" }, one.sign), one.title),
      el("dd", {}, ...Dom.ticked(one.text))]);
    return [
      el("div", { class: "cr-tools" },
        el("h3", { class: "cr-below-title" }, warnings.length ? "A match here proves little" : "Nothing here weakens a match"),
        found.stronger ? el("span", { class: "cr-copies" }, Ui.button("Use a stronger point", { class: "cr-button cr-small", "data-key": "stronger" }, () => me.host.send({ kind: "stronger" }))) : null),
      warnings.length ? el("dl", { class: "cr-reasons" }, ...warnings) : null,
      el("p", { class: "cr-lead" }, found.text),
      table("Derivatives by the rules, by torch, and of the forward pass alone", titles.filter(([title]) => title !== "yours"), found.rows.map((row) => {
        const made = evidenceRow(me, row);
        made.children[1].remove();
        return made;
      })),
    ];
  });

  // ---- report ----------------------------------------------------------------------------------------------

  const report = panel(["made", "check"], (me, data) => {
    const found = data.made?.report;
    if (data.check?.mode !== "judged") return el("p", { class: "cr-wait" }, "Nothing has been handed in yet.");
    if (!found) return el("p", { class: "cr-wait", role: "status" }, "Writing the report …");
    const save = (what, text) => Ui.button(text, { class: "cr-button cr-small", "data-key": `save ${what}` }, () => me.host.send({ kind: "save", what }));
    return [
      el("div", { class: "cr-tools" }, el("h3", { class: "cr-below-title" }, "Report"),
        el("span", { class: "cr-copies" }, Ui.button("Copy", { class: "cr-button cr-small", "data-key": "copy report" }, () => Dialogs.copy(found.markdown, "the report")), save("markdown", "Save as Markdown"), save("html", "Save as HTML"))),
      el("pre", { class: "cr-report", tabindex: "0" }, found.markdown),
    ];
  });

  const LIST = [["findings", "Findings"], ["alignment", "Which is which"], ["evidence", "How sure"], ["table", "Gradient table"], ["report", "Report"]];
  const PANELS = { findings: () => findings, alignment: () => alignment, evidence: () => evidence, table: () => Table, report: () => report };
  const MADE = ["evidence", "report"];

  return { LIST, PANELS, MADE };
})();
