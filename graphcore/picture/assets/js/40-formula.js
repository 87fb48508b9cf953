// What the formula line says at a step, as a list of terms; how a term looks is 41-formula-line.js's business.
//
// A term is {kind, ..., caption}. Kinds: "fraction" {top, bottom, hue}, "symbol" {name}, "code" {text},
// "number" {value, hue, look: "box"|"result"}, "op" {text}, "torch" {sign, value, tone}, "hint" {text},
// "sum" {values, missing}, "label", "unknown" and "note" {text}, "entry" (a button), "gap". A term with starts: true may begin a new line (only "=" and "+=" do).

const Formula = (() => {
  const op = (text, starts = false) => ({ kind: "op", text, starts });
  const fraction = (top, bottom, hue, caption, shape) => ({ kind: "fraction", top, bottom, hue, caption, shape });

  const AGREE = {
    match: ["=", "right", "torch says, equal"],
    mismatch: ["≠", "wrong", "torch says, different"],
    inherited: ["≠", "wrong", "torch says, different because a later node is"],
    zero: ["=", "weak", "zero in torch too: proves nothing"],
    "non-finite": ["=", "off", "torch says the same"],
    seed: ["=", "off", "the same start in torch"],
  };

  const worded = (caption, short) => (short ? caption.replace(" says, ", ": ") : caption);

  function torchTerms(data, node, short) {
    const agree = AGREE[data.numbers.states[node]];
    const value = data.numbers.torch[node];
    if (!agree || value === null || value === undefined) return [];
    const [sign, tone, caption] = agree;
    return [{ kind: "gap" }, { kind: "torch", sign, tone, value, caption: worded(caption, short), starts: true }];
  }

  // A shape as a caption: a lone 3 would read as a number.
  const shapeWords = (shape) => (shape && shape.length === 1 ? `${shape[0]} entries` : Format.shape(shape || []));

  const simple = (symbol) => symbol === "" || symbol === null || /^[\u2212-]?[\d.]+$/.test(symbol);

  function localCaption(edge, numbers) {
    const says = numbers.says || edge.says;
    if (says) return says;
    return edge.symbol && !simple(edge.symbol) ? edge.symbol : edge.symbol ? "local" : "passes it on";
  }

  // At most four terms: beyond that the earlier ones are added up.
  function shortened(terms) {
    if (terms.length <= 4) return { values: terms, note: "" };
    const early = terms.slice(0, -2).reduce((sum, v) => sum + Format.value(v), 0);
    return { values: [early, ...terms.slice(-2)], note: `, the first ${terms.length - 2} added up` };
  }

  // The sum of a node that several edges feed, as far as it has been written.
  function fanOut(data, step, k) {
    const part = Steps.partial(data, step.node, k);
    if (part.total < 2) return null;
    const { values, note } = part.sum === null ? {} : shortened(part.terms);
    return {
      part,
      terms: part.sum === null ? [] : [
        { ...op(";"), starts: true },
        { kind: "sum", values, missing: part.missing, caption: (part.missing ? `${part.terms.length} of ${part.total} edges` : `all ${part.total} edges`) + note },
        ...(part.missing ? [] : [op("=", true), { kind: "number", value: part.sum, hue: "gradient", look: "result", caption: "the sum" }]),
      ],
    };
  }

  // compact: without the two fractions of the product, whose names go under the numbers.
  function scalarEdge(data, k, step, { compact, short = compact }) {
    const { structure, numbers } = data;
    const [edge, n] = [structure.edges[step.edge], numbers.edges[step.edge]];
    const name = (i) => structure.nodes[i].name;
    const [out, to, from] = [name(structure.output), name(step.node), name(step.from)];
    const fan = fanOut(data, step, k);
    const complete = !fan || fan.part.missing === 0;
    const local = localCaption(edge, n);
    const symbols = [fraction(out, from, "gradient", "upstream"), op("·"), fraction(from, to, null, "local"), op("=", true)];
    return [
      fraction(out, to, "gradient", `gradient of ${to}`),
      op(fan ? "+=" : "=", true),
      ...(compact ? [] : symbols),
      { kind: "number", value: numbers.gradients[step.from], hue: "gradient", caption: compact ? "upstream" : `arrived at ${from}` },
      op("×"),
      { kind: "number", value: n.local, look: "box", caption: compact && local !== "local" ? `local, ${local}` : local },
      op("="),
      { kind: "number", value: n.down, hue: "gradient", look: fan ? null : "result", caption: short ? "downstream" : `downstream, to ${to}` },
      ...(fan ? fan.terms : []),
      ...(complete ? torchTerms(data, step.node, short) : []),
    ];
  }

  // A token of an array rule: a fraction, an operand with its shape, an operator or plain text.
  function token(given) {
    if (given.d) {
      const hue = given.role === "result" || given.role === "gradient" ? "gradient" : null;
      return { ...fraction(given.d[0], given.d[1], hue, shapeWords(given.shape)), shape: true };
    }
    if (given.op === "=" || given.op === "+=") return op(given.op, true);
    if (given.op) return op(given.op);
    if (given.value) return { kind: "code", text: given.value, caption: given.shape ? shapeWords(given.shape) : "" };
    return { kind: "code", text: given.text || "", caption: "" };
  }

  // One entry of the result written out as numbers: what the rule means.
  function entryTerms(entry, most) {
    const at = entry.index.join(", ");
    const terms = [{ kind: "gap" }, { kind: "label", text: `[${at}]`, small: true, caption: "one entry", starts: true }, { ...op("="), small: true }];
    entry.terms.slice(0, most).forEach(([up, local], i) => {
      if (i) terms.push({ ...op("+"), small: true });
      terms.push({ kind: "number", value: up, hue: "gradient", small: true, caption: i ? "" : "upstream" });
      terms.push({ ...op("×"), small: true });
      terms.push({ kind: "number", value: local, look: "box", small: true, caption: i ? "" : "local" });
    });
    const more = entry.more + Math.max(0, entry.terms.length - most);
    if (more) terms.push({ ...op(`+ ${more} more`), small: true });
    terms.push({ ...op("=", true), small: true });
    terms.push({ kind: "number", value: entry.total, hue: "gradient", look: "result", small: true, caption: "downstream" });
    return terms;
  }

  // detail: how many products of the entry are written; 0 leaves a button in its place, -1 shows the entry alone.
  function arrayEdge(data, k, step, detail, { short }) {
    const { structure, numbers } = data;
    const [edge, n] = [structure.edges[step.edge], numbers.edges[step.edge]];
    const [out, to, from] = [structure.output, step.node, step.from].map((i) => structure.nodes[i]);
    const shapeOf = (node) => shapeWords(node.shape);
    if (from.module) return moduleEdge(data, k, step, short);
    const rule = edge.rule ? tidied(edge.rule).map(token) : [
      fraction(out.name, to.name, "gradient", shapeOf(to)), op("=", true),
      fraction(out.name, from.name, "gradient", shapeOf(from)), op("·"),
      fraction(from.name, to.name, null, edge.symbol || n.says || edge.says || "local"),
    ];
    if (rule[0] && rule[0].kind === "fraction") rule[0].caption = `gradient of ${to.name}, ${shapeOf(to)}`;
    const part = Steps.partial(data, step.node, k);
    addNotes(rule, roomFor(structure, edge, n.says || edge.says), part, short);
    if (n.entry && detail < 0) {
      const entry = [...entryTerms(n.entry, 3), ...entryEnd(data, step.node, part, n.entry, short)];
      return [...entry, { kind: "gap" }, { kind: "entry", text: "the rule", caption: "", starts: true }];
    }
    if (n.entry && detail > 0) return [...rule, ...entryTerms(n.entry, detail), ...entryEnd(data, step.node, part, n.entry, short)];
    if (n.entry) rule.push({ kind: "gap" }, { kind: "entry", text: "one entry", caption: "", starts: true });
    else if (typeof n.down !== "object" || structure.fold) rule.push(op("=", true), { kind: "number", value: n.down, hue: "gradient", look: "result", caption: `downstream, to ${to.name}` });
    if (part.missing) return rule;
    return [...rule, ...(typeof n.down === "object" ? agreement(data, step.node, short) : torchTerms(data, step.node, short))];
  }

  // What torch's own ops say of a rule can be a sentence; beside a long rule it would make both small.
  function roomFor(structure, edge, says) {
    if (!structure.fold || !says || !edge.rule) return says;
    const length = edge.rule.reduce((sum, given) => sum + (given.d ? given.d[1] : given.value || given.op || given.text || "").length, 0);
    return length + says.length > 90 ? null : says;
  }

  // Through a folded module there is no one rule: what comes out is told by its size.
  function moduleEdge(data, k, step, short) {
    const { structure, numbers } = data;
    const [edge, n] = [structure.edges[step.edge], numbers.edges[step.edge]];
    const [out, to, from] = [structure.output, step.node, step.from].map((i) => structure.nodes[i]);
    const part = Steps.partial(data, step.node, k);
    const terms = [
      fraction(out.name, to.name, "gradient", `gradient of ${to.name}, ${shapeWords(to.shape)}`), op("=", true),
      fraction(out.name, from.name, "gradient", `upstream, ${shapeWords(from.shape)}`), op("·"),
      { kind: "note", text: edge.says, caption: "" },
      op("=", true), { kind: "number", value: n.down, hue: "gradient", look: "result", small: true, caption: short ? "downstream" : `downstream, to ${to.name}` },
    ];
    addNotes(terms, null, part, short);
    if (part.missing) return terms;
    return [...terms, ...(typeof n.down === "object" ? agreement(data, step.node, short) : torchTerms(data, step.node, short))];
  }

  // A rule as a reader writes it: text in one piece, and nothing about how an array library keeps axes.
  function tidied(tokens) {
    const list = [];
    for (const given of tokens) {
      const last = list[list.length - 1];
      if (given.text !== undefined && last && last.text !== undefined) last.text += given.text;
      else list.push({ ...given });
    }
    for (const given of list) if (given.text !== undefined) given.text = given.text.replace(/,\s*keepdims\s*=\s*True/g, "");
    return list.filter((given) => given.text !== "");
  }

  // What a word adds to a rule: that a sum passes it on, and which of several edges this is.
  function addNotes(rule, says, part, short) {
    const last = rule[rule.length - 1];
    if (says && short) last.caption = last.caption ? `${last.caption}, ${says}` : says;
    else if (says) rule.push({ kind: "note", text: says, caption: "" });
    if (part.total < 2) return;
    const equals = rule.find((term) => term.kind === "op" && term.text === "=");
    if (equals) equals.text = "+=";
    rule.push({ kind: "note", text: part.missing ? `edge ${part.edges.length} of ${part.total}` : `last of ${part.total} edges`, caption: "" });
  }

  // The number at one place of a tensor, undefined where the tensor is only sampled.
  function numberAt(v, index) {
    if (v === null || v === undefined) return undefined;
    if (typeof v !== "object") return v;
    return v.entries && v.entries[index.reduce((at, i, axis) => at * v.shape[axis] + i, 0)];
  }

  // After the chosen entry: the sum over the edges so far, and torch's number at the same place.
  function entryEnd(data, node, part, entry, short) {
    const at = (v) => numberAt(v, entry.index);
    const list = [];
    const values = part.terms.map(at);
    if (part.total > 1 && values.every((v) => v !== undefined)) {
      const few = shortened(values);
      list.push({ ...op(";"), small: true, starts: true }, { kind: "sum", values: few.values, missing: part.missing, small: true, caption: `${part.missing ? "so far" : `all ${part.total} edges`}${few.note}` });
    }
    if (part.missing) return list;
    const theirs = entry.torch ?? at(data.numbers.torch[node]);
    const agree = AGREE[data.numbers.states[node]];
    if (theirs === undefined || !agree) return [...list, ...agreement(data, node, short)];
    const [sign, tone, caption] = agree;
    return [...list, { kind: "gap" }, { kind: "torch", sign, tone, value: theirs, small: true, caption: worded(caption, short), starts: true }];
  }

  // torch's verdict on a whole array, where no single number of it is on the line.
  function agreement(data, node, short) {
    const agree = AGREE[data.numbers.states[node]];
    if (!agree) return [];
    const [sign, tone, caption] = agree;
    return [{ kind: "gap" }, { kind: "agree", sign, tone, caption: worded(caption, short), starts: true }];
  }

  // The expression of an op with numbers in place of names; a negative one in brackets unless it stands alone in some.
  function withNumbers(data, node, decimals) {
    const { expression } = node;
    return expression.map((item, i) => {
      if (typeof item === "string") return item;
      const value = data.numbers.values[item];
      if (typeof value === "object") return data.structure.nodes[item].name;
      const text = Format.number(value, decimals);
      const before = expression[i - 1];
      const after = expression[i + 1];
      const alone = /[(,]\s*$/.test(before || "") && /^\s*[),]/.test(after || "");
      return text.startsWith("\u2212") && !alone ? `(${text})` : text;
    }).join("");
  }

  function forward(data, k, step, decimals) {
    const { structure, numbers } = data;
    const node = structure.nodes[step.node];
    const value = numbers.values[step.node];
    const operands = node.expression.filter((item) => typeof item !== "string");
    const scalar = typeof value !== "object" && operands.every((i) => typeof numbers.values[i] !== "object");
    const words = node.expression.map((item) => (typeof item === "string" ? item : structure.nodes[item].name)).join("");
    const shapes = operands.map((i) => `${structure.nodes[i].name} ${Format.shape(structure.nodes[i].shape)}`).join(", ");
    const terms = [{ kind: "symbol", name: node.name, caption: `value of ${node.name}` }];
    if (operands.length) terms.push(op("=", true), { kind: "code", text: words, caption: scalar ? "the op" : shapes });
    if (operands.length && scalar) {
      terms.push(op("=", true), { kind: "code", text: withNumbers(data, node, decimals), caption: "with numbers" });
    }
    terms.push(op("=", true), { kind: "number", value, hue: "value", look: "result", caption: "forward value" });
    if (numbers.kinks[step.node]) terms.push({ kind: "note", text: "at a kink", caption: "" });
    if (k === Steps.opening(data)) {
      const output = structure.nodes[structure.output].name;
      terms.push({ kind: "gap" }, { kind: "hint", text: `Press →: the gradient starts at ${output}.`, caption: "", starts: true });
    }
    return terms;
  }

  function seed(data, step) {
    const { name } = data.structure.nodes[step.node];
    return [
      fraction(name, name, "gradient", `gradient of ${name}`),
      op("=", true),
      { kind: "number", value: data.numbers.gradients[step.node], hue: "gradient", look: "result", caption: "the starting gradient, put in at the output" },
    ];
  }

  // how: {compact, short}: fewer symbols, shorter captions.
  function terms(data, k, decimals, detail = 3, how = {}) {
    const step = Steps.at(data, k);
    if (step.asked) return AskWords.terms(data, k);
    if (step.phase === "forward") return forward(data, k, step, decimals);
    if (step.phase === "seed") return seed(data, step);
    const local = data.numbers.edges[step.edge].local;
    return local === null ? arrayEdge(data, k, step, detail, how) : scalarEdge(data, k, step, how);
  }

  return { terms };
})();
