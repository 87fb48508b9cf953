// The output as a curve over one value, the point of now, and the tangent whose slope is the gradient.
// SlopePlot.create() -> {element, show(given), ahead(live), widen(width)}; given = {curve, point, live, names, hidden}:
//   point {x, y, slope, corner} of the newest answer, live the value under the finger (null: nothing moves), hidden: keep the slope secret.
const SlopePlot = (() => {
  const HEIGHT = 108;
  const LETTER = 7.3; // px of a digit at 12 px
  const FOOT = 20;

  function frame(me, curve, point) {
    const { width } = me;
    const tall = Axis.heights(curve.y, Format.value(point.y));
    const sides = Axis.ticks(...tall, 3).filter(({ at }) => at >= tall[0] && at <= tall[1]);
    const left = Math.max(22, 8 + LETTER * Math.max(...sides.map(({ text }) => text.length), 0));
    const box = { left, top: 6, width: width - left - 8, height: HEIGHT - FOOT - 6 };
    const x = Axis.linear([curve.low, curve.high], [0, box.width]);
    const y = Axis.linear(tall, [box.height, 0]);
    return { width, box, x, y, tall, sides };
  }

  // The samples and the bends between them, as runs that are drawn in one stroke.
  function strokes(curve) {
    const last = curve.y.length - 1;
    const spots = curve.y.map((y, k) => ({ x: curve.low + ((curve.high - curve.low) * k) / last, y }));
    for (const kink of curve.kinks) spots.push({ x: kink.x, y: kink.jump ? null : Format.value(kink.y) });
    spots.sort((a, b) => a.x - b.x);
    const runs = [[]];
    for (const spot of spots) {
      if (spot.y !== null && Number.isFinite(spot.y)) runs[runs.length - 1].push(spot);
      else if (runs[runs.length - 1].length) runs.push([]);
    }
    return runs.filter((run) => run.length);
  }

  // Where the output is not finite.
  function holes(curve) {
    const step = (curve.high - curve.low) / (curve.y.length - 1);
    const found = [];
    curve.y.forEach((y, k) => {
      if (y !== null) return;
      const from = curve.low + (k - 0.5) * step;
      const before = found[found.length - 1];
      if (before && Math.abs(before.to - from) < step / 2) before.to = from + step;
      else found.push({ from, to: from + step });
    });
    return found.map(({ from, to }) => ({ from: Math.max(from, curve.low), to: Math.min(to, curve.high) }));
  }

  const path = (run, { x, y }) =>
    run.map((spot, k) => `${k ? "L" : "M"}${x(spot.x).toFixed(1)} ${y(spot.y).toFixed(1)}`).join("");

  function axes(fit, names) {
    const { box, x, y, width } = fit;
    const floor = box.top + box.height;
    const [low, high] = [fit.curve.low, fit.curve.high];
    const along = Axis.ticks(low, high, Math.min(5, Math.floor(box.width / 44)));
    const zero = fit.tall[0] < 0 && fit.tall[1] > 0 ? y(0) + box.top : null;
    return [
      Dom.svg("path", { class: "cr-slope-axis", d: `M${box.left} ${box.top}V${floor}H${width - 8}` }),
      zero === null ? null : Dom.svg("path", { class: "cr-slope-zero", d: `M${box.left} ${zero}H${width - 8}` }),
      ...fit.sides.flatMap(({ at, text }) => [
        Dom.svg("path", { class: "cr-slope-axis", d: `M${box.left - 3} ${box.top + y(at)}h3` }),
        Dom.svg("text", { class: "cr-slope-side", x: box.left - 6, y: box.top + y(at) + 4, text }),
      ]),
      ...along.flatMap(({ at, text }) => [
        Dom.svg("path", { class: "cr-slope-axis", d: `M${box.left + x(at)} ${floor}v3` }),
        Dom.svg("text", { class: "cr-slope-foot", x: Math.min(box.left + x(at), width - LETTER * text.length / 2 - 1), y: floor + 15, text }),
      ]),
      Dom.svg("title", { text: `${names.output} over ${names.leaf}` }),
    ];
  }

  function kinks(fit) {
    return fit.curve.kinks.map((kink) =>
      Dom.svg(
        "path",
        { class: "cr-slope-kink", d: `M${fit.x(kink.x)} ${fit.box.height}v-7` },
        Dom.svg("title", { text: `${kink.jump ? "jump" : "corner"}: ${kink.op} has its kink here` }),
      ),
    );
  }

  function rebuild(me, given) {
    const fit = { ...frame(me, given.curve, given.point), curve: given.curve };
    const { box } = fit;
    me.fit = fit;
    me.tangent = Dom.svg("path", { class: "cr-slope-tangent" });
    me.live = Dom.svg("path", { class: "cr-slope-live" });
    me.dot = Dom.svg("circle", { class: "cr-slope-dot", r: 4.5 });
    const inside = Dom.svg(
      "svg",
      { x: box.left, y: box.top, width: box.width, height: box.height, overflow: "hidden" },
      ...holes(given.curve).map(({ from, to }) =>
        Dom.svg("rect", { class: "cr-slope-hole", x: fit.x(from), y: 0, width: Math.max(2, fit.x(to) - fit.x(from)), height: box.height },
          Dom.svg("title", { text: `${given.names.output} is not finite here` }))),
      ...kinks(fit),
      me.live,
      ...strokes(given.curve).map((run) => Dom.svg("path", { class: "cr-slope-curve", d: path(run, fit) })),
      me.tangent,
    );
    me.element.setAttribute("viewBox", `0 0 ${fit.width} ${HEIGHT}`);
    me.element.setAttribute("width", fit.width);
    me.element.setAttribute("height", HEIGHT);
    me.over = Dom.svg("g", { transform: `translate(${box.left} ${box.top})` }, me.dot);
    Dom.replace(me.element, ...axes(fit, given.names), inside, me.over);
  }

  // From edge to edge, but not to the end of the world where it is steep.
  function tangentOf({ x, y, box }, point) {
    const rise = point.slope * (y.per / x.per);
    const reach = Math.min(2 * box.width, 3000 / Math.max(1, Math.abs(rise)));
    const [at, up] = [x(point.x), y(point.y)];
    return `M${at - reach} ${up - reach * rise}L${at + reach} ${up + reach * rise}`;
  }

  const shown = (element, on) => element.setAttribute("visibility", on ? "visible" : "hidden");

  // The value under the finger while the answer is on its way.
  function ahead(me, live) {
    if (!me.fit) return;
    shown(me.live, live !== null && live !== me.at);
    if (live !== null) me.live.setAttribute("d", `M${me.fit.x(live)} 0V${me.fit.box.height}`);
  }

  function move(me, { point: raw, live, hidden }) {
    const { fit } = me;
    const point = { ...raw, x: Format.value(raw.x), y: Format.value(raw.y), slope: Format.value(raw.slope) };
    const here = Number.isFinite(point.x) && Number.isFinite(point.y) && point.x >= fit.curve.low && point.x <= fit.curve.high;
    shown(me.dot, here);
    if (here) {
      me.dot.setAttribute("cx", fit.x(point.x));
      me.dot.setAttribute("cy", fit.y(point.y));
    }
    const steep = here && !hidden && Number.isFinite(point.slope) && raw.slope !== null;
    shown(me.tangent, steep);
    if (steep) me.tangent.setAttribute("d", tangentOf(fit, point));
    me.tangent.toggleAttribute("data-corner", Boolean(raw.corner));
    me.at = point.x;
    ahead(me, live);
  }

  function show(me, given) {
    const y = Format.value(given.point.y);
    const out = me.fit && Number.isFinite(y) && (y < me.fit.tall[0] || y > me.fit.tall[1]) && given.curve.low <= given.point.x && given.point.x <= given.curve.high;
    if (me.fit?.curve !== given.curve || me.fit.width !== me.width || out) rebuild(me, given);
    move(me, given);
    me.element.setAttribute("aria-label", given.says);
  }

  function create() {
    const me = { element: Dom.svg("svg", { class: "cr-slope-svg", role: "img" }), fit: null, width: 218, at: NaN };
    return {
      element: me.element,
      show: (given) => show(me, given),
      ahead: (live) => ahead(me, live),
      widen: (width) => {
        me.width = Math.max(180, Math.floor(width) || 0);
      },
    };
  }

  return { create };
})();
