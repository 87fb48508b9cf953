// The chart of the gradient's norm by layer on a log scale: what vanishes is a line that falls. Between two layers
// stands the factor, split into what the weights and what the activation does to it.
const LayerChart = (() => {
  const LEFT = 84; // room for the scale and the names of the rows below it
  const COLUMN = 78; // a layer's least width
  const TOP = 14;
  const HEIGHT = 190;
  const ROW = 20;
  const UP = { 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹", "-": "⁻" };
  const power = (exponent) => `10${Array.from(String(exponent), (sign) => UP[sign]).join("")}`;

  const create = (store) => ({ store, groups: [] });

  // The norm of all parameters' gradients of a layer together.
  function own(layer) {
    const norms = layer.parameters.map((parameter) => parameter.manual).filter((norm) => norm !== null).map(Format.value);
    return norms.length ? Math.hypot(...norms) : null;
  }

  function scaleOf(points) {
    const sizes = points.flatMap(({ own: a, out: b }) => [a, b]).filter((x) => x > 0 && Number.isFinite(x)).map(Math.log10);
    let low = Math.floor(Math.min(...sizes, 0) + 1e-9);
    let high = Math.ceil(Math.max(...sizes, low + 1) - 1e-9);
    if (!sizes.length) [low, high] = [-1, 0];
    else [low, high] = [Math.floor(Math.min(...sizes)), Math.ceil(Math.max(...sizes))];
    if (high - low < 2) [low, high] = [low - 1, high + (high === low ? 1 : 0)];
    const every = Math.max(1, Math.ceil((high - low) / 6));
    const y = (x) => TOP + (HEIGHT * (high - Math.log10(x))) / (high - low);
    const ticks = [];
    for (let at = Math.ceil(low / every) * every; at <= high; at += every) ticks.push(at);
    return { y, ticks, floor: TOP + HEIGHT };
  }

  const place = (scale, norm) => (norm > 0 && Number.isFinite(norm) ? Math.min(scale.floor, scale.y(norm)) : scale.floor);

  function line(points, pick, scale, kind) {
    const spots = points.filter((point) => pick(point) !== null);
    if (spots.length < 2) return null;
    const d = spots.map((point, k) => `${k ? "L" : "M"}${point.x.toFixed(1)} ${place(scale, pick(point)).toFixed(1)}`).join("");
    return Dom.svg("path", { d, class: `cr-chart-line cr-chart-${kind}` });
  }

  function spots(point, scale) {
    const made = [];
    if (point.out !== null) {
      const y = place(scale, point.out);
      made.push(Dom.svg("rect", { x: point.x - 4, y: y - 4, width: 8, height: 8, class: "cr-chart-out", transform: `rotate(45 ${point.x} ${y})` }));
    }
    if (point.own !== null) {
      const y = place(scale, point.own);
      made.push(Dom.svg("circle", { cx: point.x, cy: y, r: 5, class: point.own > 0 ? "cr-chart-own" : "cr-chart-own cr-chart-zero" }));
    }
    return made;
  }

  const short = (text, room) => (text.length > room ? `…${text.slice(1 - room)}` : text);

  function group(me, point, scale, width, floor) {
    const { layer } = point;
    const say = (norm) => (norm === null ? "none" : Format.number(norm, null));
    const label = `${layer.path || "parameters"} ${layer.module}: norm of its parameters' gradient ${say(point.own)}, at its output ${say(point.out)}`;
    const node = layer.parameters[0]?.node ?? layer.node;
    const act = () => Network.go(me.store, node);
    const made = Dom.svg("g", { class: "cr-chart-layer", role: "button", tabindex: "0", "aria-label": label, "data-node": node,
      on: { click: act, keydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); act(); } } } },
      Dom.svg("title", { text: label }),
      Dom.svg("rect", { x: point.x - width / 2 + 2, y: 2, width: width - 4, height: floor + 2 * 16 + 4, rx: 6, class: "cr-chart-hit" }),
      ...spots(point, scale),
      Dom.svg("text", { x: point.x, y: floor + 17, class: "cr-chart-name", text: short(layer.path || layer.parameters[0].short, Math.floor(width / 7.6)) }),
      Dom.svg("text", { x: point.x, y: floor + 33, class: "cr-chart-class", text: short(layer.module || "", Math.floor(width / 6.6)) }));
    me.groups.push(made);
    return made;
  }

  const times = (factor) => (factor === null ? "" : `×${Format.number(factor, Format.value(factor) >= 0.0995 && Format.value(factor) < 1000 ? 2 : null)}`);

  // Between two layers: the factor, its two parts, and how much of the activation lets nothing through.
  function between(me, layer, x, y) {
    const text = (row, words, kind) => Dom.svg("text", { x, y: y + row * ROW, class: `cr-chart-number ${kind || ""}`, text: words });
    const made = [text(0, times(layer.factor), "cr-chart-total"), text(1, times(layer.weights)), text(2, times(layer.activation))];
    const act = layer.activations[0];
    if (!act) return made;
    const share = act.of ? act.count / act.of : 0;
    const says = `${act.name}: ${act.count} of ${act.of} entries ${act.kind}${act.units < act.of ? `; ${act.dead} of ${act.units} units in every row of the batch` : ""}`;
    made.push(Dom.svg("g", {}, Dom.svg("title", { text: says }),
      Dom.svg("rect", { x: x - 26, y: y + 3 * ROW - 9, width: 52, height: 5, rx: 2.5, class: "cr-chart-bar" }),
      Dom.svg("rect", { x: x - 26, y: y + 3 * ROW - 9, width: 52 * share, height: 5, rx: 2.5, class: "cr-chart-share" }),
      Dom.svg("text", { x, y: y + 3 * ROW + 10, class: "cr-chart-small", text: `${act.count} of ${act.of}` })));
    return made;
  }

  function legend(layers) {
    const kinds = new Set(layers.flatMap((layer) => layer.activations.map((act) => act.kind)));
    const item = (mark, words) => Dom.el("span", { class: "cr-legend-item" }, mark, words);
    const dot = Dom.svg("svg", { width: 14, height: 14, "aria-hidden": "true" }, Dom.svg("circle", { cx: 7, cy: 7, r: 5, class: "cr-chart-own" }));
    const diamond = Dom.svg("svg", { width: 14, height: 14, "aria-hidden": "true" }, Dom.svg("rect", { x: 3, y: 3, width: 8, height: 8, transform: "rotate(45 7 7)", class: "cr-chart-out" }));
    return Dom.el("div", { class: "cr-tools cr-chart-head" },
      Dom.el("h3", { class: "cr-below-title" }, "Gradient norm, layer by layer"),
      item(dot, "of the layer's parameters"), item(diamond, "at the layer's output"),
      kinds.has("saturated") ? Dom.el("small", {}, "saturated: slope under 1 % of the steepest") : null,
      kinds.has("off") ? Dom.el("small", {}, "off: slope 0") : null);
  }

  function rowNames(layers, y) {
    const kinds = [...new Set(layers.flatMap((layer) => layer.activations.map((act) => act.kind)))];
    const words = ["factor", "weights", "activation", kinds.join(", ")];
    return words.map((word, k) => Dom.svg("text", { x: LEFT - 12, y: y + k * ROW + (k === 3 ? 2 : 0), class: "cr-chart-rowname", text: word }));
  }

  function draw(me, all) {
    me.groups = [];
    const layers = all.filter((layer) => layer.path || layer.gradient !== null); // an input is no layer
    if (!layers.length) return null;
    const room = Math.max(320, (document.querySelector(".cr-below")?.clientWidth || 1000) - 40);
    const count = layers.length;
    const width = Math.min(150, Math.max(COLUMN, (Math.min(room, 1240) - LEFT - 12) / count));
    const total = LEFT + width * count + 12;
    const points = layers.map((layer, k) => ({
      layer, x: LEFT + width * (k + 0.5), own: own(layer), out: layer.gradient === null ? null : Format.value(layer.gradient),
    }));
    const scale = scaleOf(points);
    const floor = scale.floor + 8;
    const joined = layers.some((layer) => layer.factor !== null);
    const y = floor + 62;
    const height = joined ? y + 3 * ROW + 16 : floor + 42;
    const at = new Map(points.map((point) => [point.layer.path, point]));
    const picture = Dom.svg("svg", { class: "cr-chart", viewBox: `0 0 ${total} ${height}`, width: total, height, role: "group", "aria-label": "Gradient norm by layer" },
      ...scale.ticks.flatMap((exponent) => {
        const level = scale.y(10 ** exponent);
        return [Dom.svg("path", { d: `M${LEFT} ${level}H${total - 12}`, class: "cr-chart-grid" }),
          Dom.svg("text", { x: LEFT - 12, y: level + 4, class: "cr-chart-tick", text: power(exponent) })];
      }),
      joined ? rowNames(layers, y) : [],
      joined ? Dom.svg("path", { d: `M12 ${y - 18}H${total - 12}`, class: "cr-chart-grid" }) : null,
      line(points, (point) => point.out, scale, "outs"),
      line(points, (point) => point.own, scale, "owns"),
      ...points.map((point) => group(me, point, scale, width, floor)),
      ...points.filter(({ layer }) => layer.factor !== null && at.has(layer.after))
        .flatMap((point) => between(me, point.layer, (point.x + at.get(point.layer.after).x) / 2, y)));
    const explain = joined
      ? Dom.el("p", { class: "cr-hint" }, "The gradient comes from the right. Between two layers: the factor of its norm at their outputs, what the later layer's weights and what the activation do to it.")
      : null;
    return Dom.el("section", { class: "cr-chartbox" }, legend(layers), Dom.el("div", { class: "cr-scroll", tabindex: "-1" }, picture), explain);
  }

  function light(me, data, selected) {
    for (const made of me.groups) {
      const on = selected !== null && Network.shownAt(data, Number(made.dataset.node)) === selected;
      made.toggleAttribute("data-on", on);
    }
  }

  return { create, draw, light };
})();
