// What is asked before a step shows it, and how the answers stand. All of it from the payload and the texts typed.
//
// Answers are {edge: [text, ...]}, one text per entry asked for; all of them empty: shown without an answer.

const Question = (() => {
  const known = new WeakMap(); // numbers -> questions by step

  // Positions that the sampled picture of a large array holds (as encode.py picks them: halves go to the even side).
  function picked(count, most) {
    if (count <= most) return Array.from({ length: count }, (_, k) => k);
    return Array.from({ length: most }, (_, k) => {
      const x = (k * (count - 1)) / (most - 1);
      const low = Math.floor(x);
      return x - low === 0.5 ? low + (low % 2) : Math.round(x);
    });
  }

  const finite = (x) => (Number.isFinite(Format.value(x)) ? Math.abs(Format.value(x)) : -1);

  // Of a large array one entry is asked for: the one that the formula line writes out, else the largest that is sampled.
  function chosen(v, entry) {
    if (entry && entry.index.length) return { index: entry.index, value: Format.value(entry.total), at: null };
    const columns = v.shape[v.shape.length - 1];
    const rows = v.shape.slice(0, -1).reduce((a, b) => a * b, 1);
    let best = [0, 0];
    v.cells.forEach((row, r) => row.forEach((x, c) => { if (finite(x) > finite(v.cells[best[0]][best[1]])) best = [r, c]; }));
    const [r, c] = best;
    const flat = picked(rows, v.cells.length)[r] * columns + picked(columns, v.cells[0].length)[c];
    return { index: JSON.parse(Judge.position(flat, v.shape)), value: Format.value(v.cells[r][c]), at: best };
  }

  const single = (v) => (v === null || typeof v === "object" ? undefined : Format.value(v));

  // The local derivative as a calculator set to degrees would have it.
  function inDegrees(op, x) {
    const turned = (x * Math.PI) / 180;
    return { sin: Math.cos(turned), cos: -Math.sin(turned), tan: 1 / Math.cos(turned) ** 2 }[op];
  }

  function scalarEntry(data, edge, n, part, ours) {
    const { numbers, structure } = data;
    const value = single(numbers.values[edge.source]);
    const shared = part.total > 1;
    const before = part.terms.length > 1 ? part.terms.slice(0, -1).reduce((sum, v) => sum + Format.value(v), 0) : undefined;
    return {
      ours, value, upstream: single(numbers.gradients[edge.target]),
      local: n.local === null ? undefined : Format.value(n.local),
      part: shared ? single(n.down) : undefined, before,
      degrees: value === undefined ? undefined : inDegrees(structure.nodes[edge.target].op, value),
    };
  }

  // Through an op that works entry by entry, what belongs to the same place.
  function arrayEntries(data, edge, n, part, whole) {
    const { numbers } = data;
    const like = (v) => (v && v.entries && v.entries.length === whole.entries.length && String(v.shape) === String(whole.shape) ? v.entries.map(Format.value) : []);
    const upstream = like(numbers.gradients[edge.target]);
    const value = like(numbers.values[edge.source]);
    const terms = part.terms.length > 1 ? part.terms.map(like) : [];
    const shared = terms.length > 0 && terms.every((list) => list.length);
    return whole.entries.map((x, k) => ({
      ours: Format.value(x), upstream: upstream[k], value: value[k],
      part: shared ? terms[terms.length - 1][k] : undefined,
      before: shared ? terms.slice(0, -1).reduce((sum, list) => sum + list[k], 0) : undefined,
    }));
  }

  function make(data, k) {
    const step = data.structure.steps[k - 1];
    if (!step || step.phase !== "backward") return null;
    const edge = data.structure.edges[step.edge];
    const n = data.numbers.edges[step.edge];
    const part = Steps.partial(data, edge.source, k);
    const last = part.missing === 0;
    const whole = last ? data.numbers.gradients[edge.source] : n.down;
    if (whole === null || whole === undefined || (whole.entries && !whole.entries.length)) return null;
    const question = {
      step: k, edge: step.edge, node: edge.source, from: edge.target, name: data.structure.nodes[edge.source].name,
      last, nth: part.edges.length, total: part.total, place: "", shape: [], large: false,
    };
    if (typeof whole !== "object") return { ...question, entries: [scalarEntry(data, edge, n, part, Format.value(whole))] };
    if (whole.entries) return { ...question, shape: whole.shape, entries: arrayEntries(data, edge, n, part, whole) };
    const entry = chosen(whole, part.total < 2 || !last ? n.entry : null);
    const down = entry.at && n.down && n.down.cells ? Format.value(n.down.cells[entry.at[0]][entry.at[1]]) : undefined;
    const shared = part.terms.length > 1 && down !== undefined;
    return {
      ...question, large: true, place: `[${entry.index.join(", ")}]`,
      entries: [{ ours: entry.value, part: shared ? down : undefined, before: shared && last ? entry.value - down : undefined }],
    };
  }

  // The question of step k, null where there is nothing to ask.
  function at(data, k) {
    if (!data || !data.structure || !data.numbers) return null;
    if (!known.has(data.numbers)) known.set(data.numbers, new Map());
    const made = known.get(data.numbers);
    if (!made.has(k)) made.set(k, make(data, k));
    return made.get(k);
  }

  const empty = (texts) => texts.every((text) => !text.trim());

  const SHOWN = { right: false, sign: "", tone: "off", words: "shown, not counted", marks: [] };
  const judge = (question, texts) => (empty(texts) ? SHOWN : Judge.all(texts, question.entries, question.shape));

  // Why these texts cannot be judged yet: {words, entry}, or null.
  function trouble(question, texts) {
    const places = question.entries.map((_, k) => k).filter((k) => !(texts[k] || "").trim());
    if (places.length && !empty(texts)) {
      const names = places.slice(0, 3).map((k) => Judge.position(k, question.shape)).join(", ");
      return { words: `Still empty: ${names}${places.length > 3 ? ` and ${places.length - 3} more` : ""}.`, entry: places[0] };
    }
    if (empty(texts)) return null;
    const entry = texts.findIndex((text) => Judge.read(text).problem);
    return entry < 0 ? null : { words: Judge.read(texts[entry]).problem, entry };
  }

  // The questions that decide about a node: those of its last edge.
  function deciding(data) {
    const { edgeAt, out } = Steps.index(data);
    return out.filter((edges) => edges.length).map((edges) => edges[edges.length - 1])
      .map((e) => ({ edge: e, step: edgeAt[e] })).sort((a, b) => a.step - b.step);
  }

  // How many of the gradients are right, and which ones are not: each as {name, step}.
  function progress(data, answers) {
    const result = { total: 0, right: 0, wrong: [], shown: [], open: [] };
    for (const { edge, step } of deciding(data)) {
      if (data.numbers.edges[edge].down === null) continue;
      result.total += 1;
      const texts = answers[edge];
      const question = texts && at(data, step);
      const { name } = data.structure.nodes[data.structure.edges[edge].source];
      const where = { name, step };
      if (!question) result.open.push(where);
      else if (empty(texts)) result.shown.push(where);
      else if (judge(question, texts).right) result.right += 1;
      else result.wrong.push(where);
    }
    return result;
  }

  function bracketed(list, shape) {
    if (!shape.length) return list[0];
    const size = list.length / shape[0];
    return `[${Array.from({ length: shape[0] }, (_, k) => bracketed(list.slice(k * size, (k + 1) * size), shape.slice(1))).join(", ")}]`;
  }

  // A sum of which only the last part was typed, with the parts before it.
  function summed(text, { part, before, ours }) {
    const given = Judge.read(text);
    const alone = part !== undefined && before !== undefined && Math.abs(given.value - part) <= given.half && Math.abs(given.value - ours) > given.half;
    const decimals = Math.max(0, Math.min(12, -Math.floor(Math.log10(2 * given.half || 1e-12))));
    return alone ? (given.value + before).toFixed(decimals) : given.plain;
  }

  // The answers as a text that page Check reads: every number as it was typed, without what was only shown.
  function handIn(data, answers) {
    return deciding(data).map(({ edge, step }) => {
      const question = answers[edge] && !empty(answers[edge]) ? at(data, step) : null;
      if (!question || question.large) return "";
      const list = answers[edge].map((text, k) => summed(text, question.entries[k]));
      return `${question.name} gradient:\n${bracketed(list, question.shape)}\n`;
    }).join("");
  }

  return { at, judge, trouble, progress, handIn, empty };
})();
