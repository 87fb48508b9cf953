// What is known after step k. Forward first, then the seed, then one edge a step; all of it from data.structure.
// Half a step before k (Ask first) all is about step k already, but what it brings is not known yet.

const Steps = (() => {
  const indexes = new WeakMap();

  function emptyIndex(structure) {
    const nodes = structure.nodes.length;
    return {
      count: structure.steps.length,
      forwardAt: new Array(nodes).fill(0), // 0: known from the start (leaves)
      edgeAt: new Array(structure.edges.length).fill(0), // 0: never travelled backward
      out: Array.from({ length: nodes }, () => []), // backward edges that end in the node, in order of arrival
      into: Array.from({ length: nodes }, () => []), // edges that feed the node's value, by slot
      doneAt: new Array(nodes).fill(Infinity), // the step at which the gradient is complete
      firstAt: new Array(nodes).fill(Infinity), // the step at which its first part arrived
      opening: 1,
      seedAt: 0,
    };
  }

  function build(structure) {
    const index = emptyIndex(structure);
    structure.steps.forEach((step, i) => {
      const at = i + 1;
      if (step.phase === "forward") {
        index.forwardAt[step.node] = at;
        index.opening = at;
      } else if (step.phase === "seed") {
        index.seedAt = at;
        index.doneAt[step.node] = at;
        index.firstAt[step.node] = at;
      } else {
        const source = structure.edges[step.edge].source;
        index.edgeAt[step.edge] = at;
        index.out[source].push(step.edge);
        index.firstAt[source] = Math.min(index.firstAt[source], at);
        index.doneAt[source] = at;
      }
    });
    structure.edges.forEach((edge, e) => index.into[edge.target].push(e));
    for (const list of index.into) {
      list.sort((a, b) => structure.edges[a].slot - structure.edges[b].slot);
    }
    return index;
  }

  function index(data) {
    const structure = data.structure;
    if (!indexes.has(structure)) indexes.set(structure, build(structure));
    return indexes.get(structure);
  }

  const count = (data) => (data && data.structure ? data.structure.steps.length : 0);
  const opening = (data) => (count(data) ? index(data).opening : 1);

  // The step itself, with the node it is about (`node`), the node its number comes from and the edge between.
  function at(data, k) {
    const ix = index(data);
    const step = data.structure.steps[Math.ceil(k) - 1] || { phase: "forward", node: data.structure.output };
    const edge = step.phase === "backward" ? step.edge : null;
    const node = edge === null ? step.node : data.structure.edges[edge].source;
    const from = edge === null ? null : data.structure.edges[edge].target;
    return {
      phase: step.phase,
      node,
      edge,
      from,
      asked: !Number.isInteger(k),
      known: {
        value: (i) => ix.forwardAt[i] <= k,
        gradient: (i) => (ix.doneAt[i] <= k ? "all" : ix.firstAt[i] <= k ? "some" : "none"),
        edge: (e) => edgeState(data, ix, e, k),
      },
    };
  }

  function edgeState(data, ix, e, k) {
    if (ix.edgeAt[e] && ix.edgeAt[e] <= k) return "gradient";
    return ix.forwardAt[data.structure.edges[e].target] <= k ? "value" : "idle";
  }

  // The nodes and edges whose look can differ between two steps: all that lies between, and both ends.
  function between(data, a, b) {
    const nodes = new Set();
    const edges = new Set();
    const structure = data.structure;
    const ix = index(data);
    for (let k = Math.max(1, Math.floor(Math.min(a, b))); k <= Math.min(ix.count, Math.ceil(Math.max(a, b))); k += 1) {
      const step = structure.steps[k - 1];
      if (step.phase === "backward") {
        edges.add(step.edge);
        nodes.add(structure.edges[step.edge].source);
        nodes.add(structure.edges[step.edge].target);
      } else {
        nodes.add(step.node);
        for (const e of ix.into[step.node]) {
          edges.add(e);
          nodes.add(structure.edges[e].source);
        }
      }
    }
    return { nodes, edges };
  }

  // The terms of a fan-out that have arrived: the sum being written.
  function partial(data, node, k) {
    const ix = index(data);
    const arrived = ix.out[node].filter((e) => ix.edgeAt[e] <= k);
    const terms = arrived.map((e) => data.numbers.edges[e].down);
    const scalar = terms.every((t) => typeof t !== "object" || t === null);
    return {
      edges: arrived,
      total: ix.out[node].length,
      terms,
      missing: ix.out[node].length - arrived.length,
      sum: scalar ? terms.reduce((sum, t) => sum + Format.value(t), 0) : null,
    };
  }

  function agreement(data, node) {
    const names = {
      match: "equal",
      mismatch: "different",
      inherited: "different, because a later node is",
      zero: "also zero, which proves nothing",
      "non-finite": "not a number either",
      none: "no gradient flows",
    };
    return names[data.numbers.states[node]] || null;
  }

  function spokenTorch(data, node) {
    const verdict = agreement(data, node);
    const twin = data.structure.torch.twins[node];
    if (!verdict || !twin) return "";
    return ` Torch, ${twin.fn.replace(/\d+$/, "")}: ${verdict}.`;
  }

  function backwardSentence(data, k, step) {
    const { structure, numbers } = data;
    const edge = structure.edges[step.edge];
    const local = numbers.edges[step.edge].local;
    const name = structure.nodes[step.node].name;
    const say = (v) => Format.spoken(Format.tensor(v));
    const symbol = edge.symbol && !/^[\u2212-]?[\d.]+$/.test(edge.symbol) ? `${Format.spoken(edge.symbol)}, ` : "";
    const times = structure.nodes[edge.target].module ? edge.says : local === null ? "through the rule of the op" : `times local ${symbol}${say(local)}`;
    const up = `upstream ${say(numbers.gradients[step.from])}, ${times}`;
    const part = partial(data, step.node, k);
    const down = say(numbers.edges[step.edge].down);
    if (part.total < 2) return `Gradient of ${name}: ${up}, is ${down}.${spokenTorch(data, step.node)}`;
    const so = part.sum === null ? "" : ` ${part.missing ? "sum so far" : "the sum is"} ${say(part.sum)};`;
    const words = ["no", "one", "two", "three", "four", "five"];
    const left = part.missing
      ? `${words[part.missing] || part.missing} ${part.missing === 1 ? "edge" : "edges"} still to come.`
      : `all ${part.total} edges are in.${spokenTorch(data, step.node)}`;
    return `Gradient of ${name}: ${up}, adds ${down};${so} ${left}`;
  }

  function sentence(data, k) {
    if (!count(data)) return "";
    const step = at(data, k);
    if (step.asked) return AskWords.sentence(data, k);
    const node = data.structure.nodes[step.node];
    const phase = step.phase === "forward" ? "forward" : "backward";
    const head = `Step ${k} of ${count(data)}, ${phase}. `;
    if (step.phase === "backward") return head + backwardSentence(data, k, step);
    if (step.phase === "seed") return `${head}Gradient of ${node.name} with respect to itself is 1: the starting gradient.`;
    const value = Format.spoken(Format.tensor(data.numbers.values[step.node]));
    const opened = k === opening(data) ? ` Press right arrow: the gradient starts at ${node.name}.` : "";
    return `${head}Value of ${node.name}, ${node.spoken || node.op || "a leaf"}, is ${value}.${opened}`;
  }

  // The step to land on for a node: where its gradient is complete, or where its value was computed.
  function stepOf(data, node, backward) {
    const ix = index(data);
    if (backward && Number.isFinite(ix.doneAt[node])) return ix.doneAt[node];
    return Math.max(1, ix.forwardAt[node]);
  }

  return { at, between, partial, sentence, opening, count, index, stepOf };
})();
