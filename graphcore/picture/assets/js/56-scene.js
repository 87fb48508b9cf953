// One pane's drawing as a whole: built once per topology, then only touched where a step or a number changed.

const Scene = (() => {
  let serial = 0;

  // torch draws no box for what it keeps no node for (constants).
  const drawnIn = (data, i, torch) => !torch || data.structure.torch.twins[i] !== null;

  function bead(geometry, given) {
    const [, , , h] = geometry.nodes[given.node];
    const [cx, cy] = geometry.nodes[given.node];
    const [x, y] = given.edge === null ? [cx, cy + h / 2 + 11] : EdgeLine.point(geometry.edges[given.edge], 0.5);
    const width = given.fn.length * 7.2 + 12;
    return Dom.svg("g", { class: "cr-bead" },
      Dom.svg("rect", { x: x - width / 2, y: y - 8, width, height: 16, rx: 8 }),
      Dom.svg("text", { x, y: y + 4.4, "text-anchor": "middle", text: given.fn }));
  }

  // Several helpers on one edge share one bead: their names side by side would cover the drawing.
  function beads(data, geometry) {
    const byPlace = new Map();
    for (const given of data.structure.torch.beads) {
      const key = given.edge === null ? `n${given.node}` : `e${given.edge}`;
      if (!byPlace.has(key)) byPlace.set(key, { ...given });
      else byPlace.get(key).fn += ` · ${given.fn}`;
    }
    return [...byPlace.values()].map((given) => bead(geometry, given));
  }

  function build(svg, data, direction, torch, folds = false) {
    serial += 1;
    const id = `cr-${torch ? "torch" : "manual"}-${serial}`;
    const geometry = data.structure.geometry[direction];
    const scene = { svg, torch, geometry, id, overlay: Overlay.create(id, torch), nodes: [], edges: [], tiles: Tiles.create() };
    data.structure.nodes.forEach((_, i) => {
      const part = drawnIn(data, i, torch) ? NodeBox.create(data, i, geometry.nodes[i], torch, folds) : null;
      if (part) Tiles.addNode(scene.tiles, part.g, geometry.nodes[i]);
      scene.nodes.push(part);
    });
    data.structure.edges.forEach((edge, e) => {
      const both = scene.nodes[edge.source] && scene.nodes[edge.target];
      const line = both ? EdgeLine.create(geometry.edges[e], id) : null;
      if (line) Tiles.addEdge(scene.tiles, line.element, geometry.edges[e]);
      scene.edges.push(line);
    });
    const { overlay } = scene;
    svg.replaceChildren(
      EdgeLine.markers(id),
      overlay.under,
      scene.tiles.edges,
      overlay.edges,
      Dom.svg("g", { class: "cr-beads" }, torch ? beads(data, geometry) : null),
      scene.tiles.nodes,
      overlay.over,
    );
    return scene;
  }

  function roles(data, step) {
    const map = new Map();
    if (step.phase === "forward") {
      for (const e of Steps.index(data).into[step.node]) map.set(data.structure.edges[e].source, "from");
    } else if (step.from !== null) map.set(step.from, "from");
    map.set(step.node, "current");
    return map;
  }

  // What the pill says: the local derivative as symbol and number, or for arrays the rule without its result.
  function pillText(data, e, decimals) {
    const edge = data.structure.edges[e];
    const { local } = data.numbers.edges[e];
    if (local === null) {
      if (edge.rule) {
        const rule = edge.rule.slice(edge.rule.findIndex((token) => token.op === "=") + 1);
        if (rule.length === 1 && rule[0].d) return "× 1"; // passed on as it is
        const text = rule.map((token) => (token.d ? `∂${token.d[0]}/∂${token.d[1]}` : token.value || token.op || token.text || ""))
          .join(" ").replace(/\( /g, "(").replace(/ \)/g, ")").replace(/\s+/g, " ");
        const target = data.structure.nodes[edge.target];
        return text.length <= 26 ? text : `rule of ${target.op}`;
      }
      return edge.symbol ? `× ${edge.symbol}` : data.numbers.edges[e].says || edge.says || "";
    }
    const number = Format.number(local, decimals);
    if (!edge.symbol || /^[\u2212-]?[\d.]+$/.test(edge.symbol)) return `× ${number}`;
    const symbol = edge.symbol.length > 18 ? `${edge.symbol.slice(0, 17)}…` : edge.symbol;
    return `× ${symbol} = ${number}`;
  }

  function drawOverlay(scene, data, step, decimals) {
    const { overlay, geometry } = scene;
    Overlay.band(overlay, geometry.nodes[step.node], step.phase === "forward" ? "forward" : "backward");
    const moving = step.edge !== null ? [step.edge]
      : step.phase === "forward" ? Steps.index(data).into[step.node] : [];
    Overlay.now(overlay, moving.map((e) => scene.edges[e]).filter(Boolean), step.phase);
    return Overlay.pill(overlay, geometry, step.edge, pillOf(scene, data, step, decimals), step.node);
  }

  const pillOf = (scene, data, step, decimals) =>
    (step.edge === null || scene.torch ? "" : step.asked ? "× ?" : pillText(data, step.edge, decimals));

  // While nobody waits: what the steps beside this one will need.
  function ahead(scene, data, k, decimals) {
    for (const near of [k + 1, k - 1]) {
      if (near < 1 || near > Steps.count(data)) continue;
      const step = Steps.at(data, near);
      Overlay.ahead(scene.overlay, scene.geometry, step.edge, pillOf(scene, data, step, decimals), step.node);
    }
  }

  // Draws the given nodes and edges as of step k; returns the cells whose numbers changed.
  function draw(scene, data, k, decimals, nodes, edges) {
    const step = Steps.at(data, k);
    const role = roles(data, step);
    const changed = [];
    const phase = step.phase === "forward" ? "forward" : "backward";
    if (scene.phase !== phase) {
      scene.phase = phase;
      scene.svg.setAttribute("data-phase", phase);
    }
    for (const i of nodes) {
      const part = scene.nodes[i];
      if (part) changed.push(...NodeBox.draw(part, data, step, k, decimals, role.get(i) || ""));
    }
    for (const e of edges) if (scene.edges[e]) EdgeLine.draw(scene.edges[e], step.known.edge(e));
    scene.pillAt = drawOverlay(scene, data, step, decimals);
    return changed;
  }

  // The number that this step brings appears after 120 ms, sliding 4 px from where it came. By hand, frame by frame,
  // and with attributes of the text alone: opacity, transform or a style sheet's animation inside an SVG make the
  // browser cut the whole drawing into layers, at ten times the cost.
  function arrive(scene, data, k) {
    settle(scene);
    if (data.structure.nodes.length > 600 || window.matchMedia("(prefers-reduced-motion: reduce)").matches) return undefined;
    const step = Steps.at(data, k);
    const part = scene.nodes[step.node];
    const cell = part && (step.phase === "forward" ? part.value : part.gradient);
    if (!cell) return undefined;
    const element = cell.shown ? cell.array : cell.text;
    const from = scene.geometry.nodes[step.from === null ? step.node : step.from];
    const [x, y] = scene.geometry.nodes[step.node];
    const far = Math.hypot(from[0] - x, from[1] - y) || 1;
    const sum = step.edge === null || scene.torch || cell.shown ? null : fullSum(data, step.node, k, cell);
    if (sum) return collapse(scene, element, sum);
    scene.arriving = { element, dx: ((from[0] - x) / far) * 4, dy: ((from[1] - y) / far) * 4, start: performance.now(), frame: 0 };
    element.setAttribute("fill-opacity", "0");
    const moving = scene.arriving;
    moving.timer = setTimeout(() => slide(scene, moving), 110);
    return undefined;
  }

  // The sum of a fan-out with its last term, where it fits the cell.
  function fullSum(data, node, k, cell) {
    const part = Steps.partial(data, node, k);
    if (part.total < 2 || part.missing || part.sum === null) return null;
    const text = part.terms.map((v, i) => {
      const minus = Format.value(v) < 0;
      return (i ? (minus ? " \u2212 " : " + ") : minus ? "\u2212" : "") + Format.term(v);
    }).join("");
    return text.length <= cell.fits ? text : null;
  }

  // All terms stand for 200 ms, then they are the total.
  function collapse(scene, element, sum) {
    scene.arriving = { element, total: element.textContent };
    element.textContent = sum;
    scene.arriving.timer = setTimeout(() => settle(scene), 200);
  }

  function slide(scene, moving) {
    if (scene.arriving !== moving) return;
    const t = (performance.now() - moving.start - 120) / 130;
    if (t >= 1) {
      settle(scene);
      return;
    }
    const u = Math.max(0, t);
    moving.element.setAttribute("fill-opacity", u.toFixed(2));
    moving.element.setAttribute("dx", (moving.dx * (1 - u)).toFixed(1));
    moving.element.setAttribute("dy", (moving.dy * (1 - u)).toFixed(1));
    moving.frame = requestAnimationFrame(() => slide(scene, moving));
  }

  // Whatever happens next, the number is there.
  function settle(scene) {
    const moving = scene.arriving;
    if (!moving) return;
    scene.arriving = null;
    clearTimeout(moving.timer);
    cancelAnimationFrame(moving.frame);
    if (moving.total) moving.element.textContent = moving.total;
    for (const name of ["fill-opacity", "dx", "dy"]) moving.element.removeAttribute(name);
  }

  return { build, draw, arrive, settle, ahead };
})();
