// What stands in the gradient table: a row for every edge of the backward pass, then the output and what no
// gradient reaches.
const TableRows = (() => {
  const COLUMNS = [
    { key: "name", title: "node", text: true },
    { key: "rule", title: "op", text: true },
    { key: "shape", title: "shape", text: true },
    { key: "value", title: "value", role: "value" },
    { key: "upstream", title: "upstream", role: "gradient" },
    { key: "local", title: "local", role: "local" },
    { key: "downstream", title: "downstream", role: "gradient" },
    { key: "torch", title: "torch", role: "gradient" },
    { key: "error", title: "error, eps" },
    { key: "state", title: "state", text: true },
  ];

  const YOURS = { key: "yours", title: "yours" };

  // With answers of Ask first there is a column for them.
  function columns({ asking, answers }) {
    if (!asking && !Object.keys(answers).length) return COLUMNS;
    return COLUMNS.flatMap((column) => (column.key === "torch" ? [YOURS, column] : [column]));
  }

  function ruleOf(structure, edge) {
    const target = structure.nodes[edge.target];
    const how = edge.symbol ?? edge.says;
    return `through ${target.name}: ${how || (how === "" ? "1" : target.op || "")}`;
  }

  function common(data, node) {
    const { numbers, structure } = data;
    return {
      node,
      name: structure.nodes[node].name,
      shape: Format.shape(structure.nodes[node].shape),
      value: numbers.values[node],
      torch: numbers.torch[node],
      error: numbers.errors[node],
      state: numbers.states[node],
      shared: structure.nodes[node].uses > 1,
      upstream: null,
      local: null,
      downstream: null,
      yours: null,
    };
  }

  // Of a question: what was typed, as it was typed.
  function yours(data, index, step, texts) {
    const question = texts && !Question.empty(texts) ? Question.at(data, step) : null;
    if (!question) return null;
    const typed = texts.map((text) => text.trim());
    return { ...Question.judge(question, texts), typed: typed.length > 1 ? `[${typed.join(" ")}]` : typed[0], value: Judge.read(typed[0]).value };
  }

  // What the steps have not brought yet is left out while it is asked for.
  function veiled(data, row, moment) {
    const known = Steps.at(data, moment).known;
    const hidden = {};
    if (row.from !== undefined && known.gradient(row.from) !== "all") hidden.upstream = null;
    if (row.from !== undefined && row.step > moment)
      Object.assign(hidden, { local: null, jacobian: null, downstream: null, rule: `through ${data.structure.nodes[row.from].name}` });
    if (known.gradient(row.node) !== "all") Object.assign(hidden, { torch: null, error: null, state: "" });
    return { ...row, ...hidden, veiled: true };
  }

  function edgeRow(data, index, step) {
    const edge = data.structure.edges[index];
    const numbers = data.numbers.edges[index];
    return {
      ...common(data, edge.source),
      step,
      edge: index,
      from: edge.target,
      rule: ruleOf(data.structure, edge),
      upstream: data.numbers.gradients[edge.target],
      downstream: numbers.down,
      local: numbers.local,
      jacobian: numbers.local === null ? `${numbers.kind || ""} ${(numbers.jacobian || []).join("×")}`.trim() : null,
    };
  }

  function of(state) {
    const { data, asking, answers, moment } = state;
    return rowsOf(data).map((row) => {
      const shown = asking ? veiled(data, row, moment) : row;
      return row.edge === undefined ? shown : { ...shown, yours: yours(data, row.edge, row.step, answers[row.edge]) };
    });
  }

  function rowsOf(data) {
    const { structure } = data;
    const ix = Steps.index(data);
    const rows = structure.steps.flatMap((step, index) =>
      step.phase === "backward" ? [edgeRow(data, step.edge, index + 1)] : [],
    );
    structure.nodes.forEach((node, index) => {
      if (ix.out[index].length) return;
      const output = index === structure.output;
      rows.push({
        ...common(data, index),
        step: Steps.stepOf(data, index, true),
        rule: output ? "the starting gradient" : node.wants ? "no gradient reaches it" : "wants no gradient",
        downstream: output ? data.numbers.gradients[index] : null,
      });
    });
    return rows;
  }

  const sortKey = (row, key) => {
    if (["name", "rule", "shape", "state"].includes(key)) return row[key];
    if (key === "error") return row.error;
    if (key === "yours") return row.yours ? row.yours.value : null;
    return Arrays.size(row[key]);
  };

  function compare(a, b, { key, down }) {
    const x = sortKey(a, key);
    const y = sortKey(b, key);
    if (x === null || y === null || Number.isNaN(x) || Number.isNaN(y))
      return (x === null || Number.isNaN(x)) - (y === null || Number.isNaN(y));
    const order = typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y;
    return down ? -order : order;
  }

  // The rows that pass the filter, in the order asked for; without one, in the order of the steps.
  function visible(view) {
    const words = view.filter.trim().toLowerCase();
    const rows = view.rows.filter(
      (row) =>
        (!view.state || row.state === view.state) &&
        (!words || `${row.name} ${row.rule}`.toLowerCase().includes(words)),
    );
    return view.sort ? rows.slice().sort((a, b) => compare(a, b, view.sort)) : rows;
  }

  const stateWords = (state) => (state === "seed" ? "starting gradient" : state);

  // Text of one cell, as shown (decimals given) or in full (decimals undefined).
  function text(row, key, decimals) {
    const all = decimals === undefined;
    const cell = row[key];
    if (key === "state") return all ? stateWords(cell) : `${Ui.sign(cell)[0]} ${stateWords(cell)}`.trim();
    if (key === "error") return cell === null ? "" : all ? Format.copy(cell) : Ui.eps(cell);
    if (key === "yours") return cell === null ? "" : all ? cell.typed : `${cell.sign} ${cell.typed}`;
    if (typeof cell === "string" && COLUMNS.find((column) => column.key === key).text) return cell;
    if (key === "local" && cell === null) return row.jacobian || "";
    if (cell === null || cell === undefined) return "";
    return all ? Arrays.full(cell) : Arrays.brief(cell, decimals);
  }

  return { columns, of, visible, text, stateWords };
})();
