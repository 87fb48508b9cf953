// A question in words: on the formula line, for a voice, and in the bar.

const AskWords = (() => {
  const op = (text, starts = false) => ({ kind: "op", text, starts });
  const shape = (node) => (node.shape.length === 1 ? `${node.shape[0]} entries` : Format.shape(node.shape));

  // What is asked for: "gradient of s", "gradient of W2[3, 1]", "gradient of x, edge 1 of 2".
  function about(asked) {
    const which = asked.total < 2 ? "" : asked.last ? `, the sum of all ${asked.total} edges` : `, edge ${asked.nth} of ${asked.total}`;
    return `gradient of ${asked.name}${asked.place}${which}`;
  }

  // The chain rule without the numbers that would give the answer away: the upstream is known, the local one is not.
  function terms(data, k) {
    const step = Steps.at(data, k);
    const { structure, numbers } = data;
    const [out, to, from] = [structure.output, step.node, step.from].map((i) => structure.nodes[i]);
    const fraction = (top, bottom, hue, caption) => ({ kind: "fraction", top: top.name, bottom: bottom.name, hue, caption });
    const array = numbers.edges[step.edge].local === null;
    const unknown = (look, caption) => ({ kind: "unknown", text: "?", look, caption });
    const part = Steps.partial(data, step.node, k);
    return [
      fraction(out, to, "gradient", array ? `gradient of ${to.name}, ${shape(to)}` : `gradient of ${to.name}`),
      op(part.total > 1 ? "+=" : "=", true),
      fraction(out, from, "gradient", array ? `upstream, ${shape(from)}` : "upstream"), op("·"), fraction(from, to, null, "local"),
      op("=", true),
      ...(array ? [] : [{ kind: "number", value: numbers.gradients[step.from], hue: "gradient", caption: `arrived at ${from.name}` }, op("×"), unknown("box", "local"), op("=")]),
      unknown("result", Question.at(data, Math.ceil(k)).entries.length > 1 ? "your numbers" : "your number"),
      ...(part.sum !== null && part.terms.length ? [{ ...op(";"), starts: true }, { kind: "sum", values: [part.sum], missing: part.missing, caption: "the sum so far" }] : []),
    ];
  }

  function sentence(data, k) {
    const asked = Question.at(data, Math.ceil(k));
    const from = data.structure.nodes[asked.from];
    const upstream = Format.tensor(data.numbers.gradients[asked.from]);
    return Format.spoken(`Step ${asked.step} of ${Steps.count(data)}, backward. What is the ${about(asked)}? Upstream ${upstream}, arrived at ${from.name}; ${from.head}.`);
  }

  // Under the question: where the gradient comes from.
  function hint(data, asked, decimals) {
    const from = data.structure.nodes[asked.from];
    const upstream = data.numbers.gradients[asked.from];
    const came = typeof upstream === "object" ? `the upstream is ${from.name}'s gradient, ${Format.shape(from.shape)}` : `upstream ${Format.number(upstream, decimals)}`;
    return `${came}, through ${from.head}`;
  }

  return { about, terms, sentence, hint };
})();
