// What tables of numbers share: copies as text for other programs, clicks on rows. Names are data: whatever has a meaning in
// the target format is escaped.
const TableText = (() => {
  const MARKS = {
    "\\": "\\textbackslash{}",
    "{": "\\{",
    "}": "\\}",
    $: "\\$",
    "&": "\\&",
    "#": "\\#",
    "%": "\\%",
    _: "\\_",
    "^": "\\textasciicircum{}",
    "~": "\\textasciitilde{}",
    "−": "$-$",
    "×": "$\\times$",
    "·": "$\\cdot$",
    "≠": "$\\neq$",
    "∞": "$\\infty$",
    "²": "$^2$",
    "³": "$^3$",
    ᵀ: "$^\\top$",
    "√": "$\\surd$",
    π: "$\\pi$",
    σ: "$\\sigma$",
    "∂": "$\\partial$",
    "‖": "$\\|$",
    "⁻": "$^-$",
    "¹": "$^1$",
  };
  const latex = (text) => Array.from(text, (sign) => MARKS[sign] ?? sign).join("");
  const markdown = (text) => text.replace(/[\\`*_{}[\]<>|#$~&]/g, "\\$&").replace(/\s+/g, " ");
  const csv = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const titles = (columns) => columns.map((column) => column.title);

  function Markdown(columns, rows, text, decimals) {
    const line = (cells) => `| ${cells.map(markdown).join(" | ")} |`;
    const rule = `|${columns.map((column) => (column.text ? "---|" : "---:|")).join("")}`;
    return [
      line(titles(columns)),
      rule,
      ...rows.map((row) => line(columns.map(({ key }) => text(row, key, decimals)))),
    ].join("\n");
  }

  function LaTeX(columns, rows, text, decimals) {
    const line = (cells) => `${cells.map(latex).join(" & ")} \\\\`;
    const layout = columns.map((column) => (column.text ? "l" : "r")).join("");
    return [
      `\\begin{tabular}{${layout}}`,
      "\\hline",
      line(titles(columns)),
      "\\hline",
      ...rows.map((row) => line(columns.map(({ key }) => text(row, key, decimals)))),
      "\\hline",
      "\\end{tabular}",
    ].join("\n");
  }

  // All digits, ASCII numbers: this one is read by machines.
  function CSV(columns, rows, text) {
    return [titles(columns), ...rows.map((row) => columns.map(({ key }) => text(row, key)))]
      .map((cells) => cells.map(csv).join(","))
      .join("\n");
  }

  // The buttons that copy a table; `rows` says which rows it shows now, `columns` may be a function likewise.
  function copies(store, columns, rows, text) {
    const button = (kind, write) =>
      Ui.button(kind, { class: "cr-button cr-small", "data-key": `copy ${kind}` }, () =>
        Dialogs.copy(write(typeof columns === "function" ? columns() : columns, rows(), text, store.get().decimals), `the table as ${kind}`));
    const kinds = Object.entries({ Markdown, LaTeX, CSV });
    return Dom.el("span", { class: "cr-copies" }, "Copy as", kinds.map(([kind, write]) => button(kind, write)));
  }

  // A click on a row goes to its place, a double click on a number copies it.
  function listen(body, go) {
    body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      const marked = window.getSelection();
      // Marking numbers to copy them is no click.
      if (!row || (!marked.isCollapsed && body.contains(marked.anchorNode))) return;
      go(row);
    });
    body.addEventListener("dblclick", (event) => {
      const cell = event.target.closest("td:not(.cr-words)");
      if (cell?.dataset.all) Dialogs.copy(cell.dataset.all, "the number");
    });
  }

  return { copies, listen };
})();
