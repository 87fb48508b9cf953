// Edges: the curves Graphviz gave us, their arrow heads, and points on them.

const EdgeLine = (() => {
  function path(points) {
    let d = `M${points[0]} ${points[1]}`;
    for (let i = 2; i + 5 < points.length; i += 6) {
      d += `C${points[i]} ${points[i + 1]} ${points[i + 2]} ${points[i + 3]} ${points[i + 4]} ${points[i + 5]}`;
    }
    if (points.length === 4) d += `L${points[2]} ${points[3]}`;
    return d;
  }

  // The point at t (0..1) of the way, counted in segments; exact enough to put a label beside.
  function point(points, t) {
    const segments = Math.floor((points.length - 2) / 6);
    if (segments < 1) {
      const n = points.length;
      return [points[0] + (points[n - 2] - points[0]) * t, points[1] + (points[n - 1] - points[1]) * t];
    }
    const at = Math.min(segments - 1e-9, t * segments);
    const i = Math.floor(at);
    const u = at - i;
    const p = points.slice(i * 6, i * 6 + 8);
    const bezier = (a, b, c, d) =>
      (1 - u) ** 3 * a + 3 * (1 - u) ** 2 * u * b + 3 * (1 - u) * u * u * c + u ** 3 * d;
    return [bezier(p[0], p[2], p[4], p[6]), bezier(p[1], p[3], p[5], p[7])];
  }

  // Heads are shared by all edges of a pane. `id` keeps two panes, and two pictures, apart.
  function markers(id) {
    const marker = (name, attributes, d, cls) =>
      Dom.svg("marker", { id: `${id}-${name}`, markerUnits: "userSpaceOnUse", ...attributes }, Dom.svg("path", { d, class: cls }));
    const small = { viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto" };
    const large = { viewBox: "0 0 10 10", refX: 8.6, refY: 5, markerWidth: 16, markerHeight: 15, orient: "auto-start-reverse" };
    return Dom.svg("defs", {},
      marker("idle", small, "M0 0l8 4-8 4z", "cr-head-idle"),
      marker("now", large, "M0 0l10 5-10 5z", "cr-head-gradient"),
      marker("fed", { ...large, markerWidth: 11, markerHeight: 10 }, "M0 0l10 5-10 5z", "cr-head-value"));
  }

  function create(points, id) {
    const line = { points, id, state: "", d: path(points) };
    line.element = Dom.svg("path", { class: "cr-edge", d: line.d });
    draw(line, "idle");
    return line;
  }

  // A gradient needs no head: it runs against the arrow, and the numbers at both ends say so.
  function draw(line, state) {
    if (line.state === state) return;
    line.state = state;
    line.element.setAttribute("class", `cr-edge cr-edge-${state}`);
    if (state === "gradient") line.element.removeAttribute("marker-end");
    else line.element.setAttribute("marker-end", `url(#${line.id}-idle)`);
  }

  return { create, draw, path, point, markers };
})();
