// What lies over and under a pane's drawing and moves with the step: row band, thick edges, pill, rings.

const Overlay = (() => {
  const PILL = 20; // height of the pill
  const SQUARE = 150; // side of a square in the index of what stands where

  function create(id, torch) {
    const overlay = {
      id,
      torch,
      band: Dom.svg("rect", { class: "cr-band", rx: 0 }),
      under: Dom.svg("g", {}),
      edges: Dom.svg("g", { class: "cr-now" }),
      leader: Dom.svg("path", { class: "cr-leader" }),
      pill: Dom.svg("g", { class: "cr-pill" }),
      pillBox: Dom.svg("rect", { rx: PILL / 2, height: PILL }),
      pillText: Dom.svg("text", { "text-anchor": "middle" }),
      selected: Dom.svg("rect", { class: "cr-ring cr-ring-selected", rx: 10, display: "none" }),
      focused: Dom.svg("rect", { class: "cr-ring cr-ring-focus", rx: 11, display: "none" }),
      marks: Dom.svg("path", { class: "cr-marks" }),
      places: new Map(),
      bounds: { left: 0, right: 0, top: 0, bottom: 0 },
    };
    overlay.under.append(overlay.band);
    overlay.pill.append(overlay.leader, overlay.pillBox, overlay.pillText);
    overlay.over = Dom.svg("g", { class: "cr-over" }, overlay.marks, overlay.selected, overlay.focused, overlay.pill);
    return overlay;
  }

  // The band runs across both panes, so it is drawn far wider than either.
  function band(overlay, box, phase) {
    overlay.band.setAttribute("class", `cr-band cr-band-${phase}`);
    if (!box) return overlay.band.setAttribute("display", "none");
    const [, cy, , h] = box;
    overlay.band.removeAttribute("display");
    overlay.band.setAttribute("x", -20000);
    overlay.band.setAttribute("width", 60000);
    overlay.band.setAttribute("y", cy - h / 2 - 6);
    return overlay.band.setAttribute("height", h + 12);
  }

  // The edges of this step, thick: one against the arrows going backward, all that feed the node going forward.
  function now(overlay, lines, phase) {
    const backward = phase === "backward";
    const paths = lines.map((line) => Dom.svg("path", {
      class: backward ? "cr-edge-now" : "cr-edge-fed",
      d: line.d,
      [backward ? "marker-start" : "marker-end"]: `url(#${overlay.id}-${backward ? "now" : "fed"})`,
    }));
    overlay.edges.replaceChildren(...paths);
  }

  function ring(element, box, grow) {
    if (!box) return element.setAttribute("display", "none");
    const [cx, cy, w, h] = box;
    element.removeAttribute("display");
    element.setAttribute("x", cx - w / 2 - grow);
    element.setAttribute("y", cy - h / 2 - grow);
    element.setAttribute("width", w + 2 * grow);
    return element.setAttribute("height", h + 2 * grow);
  }

  function marks(overlay, boxes) {
    const d = boxes.map(([cx, cy, w, h]) =>
      `M${cx - w / 2 - 4} ${cy - h / 2 - 4}h${w + 8}v${h + 8}h${-w - 8}z`).join("");
    overlay.marks.setAttribute("d", d);
  }

  const overlaps = (a, b, margin) =>
    Math.abs(a.x - b[0]) * 2 < a.w + b[2] + margin && Math.abs(a.y - b[1]) * 2 < PILL + b[3] + margin;

  // How bad a place for the pill is: over a node is worst, outside the drawing bad, over another edge a pity.
  function cost(place, near, edge) {
    let sum = place.away;
    for (const box of near.nodes) {
      if (overlaps(place, box, 1)) sum += 3000;
      else if (overlaps(place, box, 6)) sum += 60; // squeezed between two rows
    }
    const { left, right, top, bottom } = near.bounds;
    if (place.x - place.w / 2 < left || place.x + place.w / 2 > right) sum += 1500;
    if (place.y - PILL / 2 < top || place.y + PILL / 2 > bottom) sum += 1500;
    for (const [x, y, e] of near.samples) {
      const hit = Math.abs(place.x - x) * 2 < place.w + 4 && Math.abs(place.y - y) < PILL / 2 + 2;
      if (hit) sum += e === edge ? 700 : 60;
    }
    return sum;
  }

  // Nodes and points on edges by square of the drawing, so that looking around an edge does not mean looking at all.
  function squares(geometry) {
    if (geometry.squares) return geometry.squares;
    const map = new Map();
    const at = (x, y) => {
      const key = `${Math.floor(x / SQUARE)}:${Math.floor(y / SQUARE)}`;
      if (!map.has(key)) map.set(key, { nodes: [], samples: [] });
      return map.get(key);
    };
    for (const box of geometry.nodes) at(box[0], box[1]).nodes.push(box);
    geometry.edges.forEach((points, e) => {
      for (let k = 0; k <= 8; k += 1) {
        const [x, y] = EdgeLine.point(points, k / 8);
        at(x, y).samples.push([x, y, e]);
      }
    });
    Object.defineProperty(geometry, "squares", { value: map, enumerable: false });
    return map;
  }

  function candidates(geometry, edge, width, source) {
    const points = geometry.edges[edge];
    const list = [];
    for (const t of [0.5, 0.3, 0.7]) {
      const [x, y] = EdgeLine.point(points, t);
      for (const dy of [-36, 36, -56, 56]) list.push({ x, y: y + dy, w: width, away: Math.abs(t - 0.5) * 60 + Math.abs(dy), ex: x, ey: y, side: 0 });
      const aside = Math.max(20, geometry.nodes[source][2] / 2 + 8 - Math.abs(x - geometry.nodes[source][0]));
      for (const gap of [aside, 20, 56, 110]) {
        for (const side of [1, -1]) {
          for (const dy of [0, -24, 24, -46, 46]) {
            const away = Math.abs(t - 0.5) * 60 + gap / 4 + (side < 0 ? 8 : 0) + Math.abs(dy);
            list.push({ x: x + side * (gap + width / 2), y: y + dy, w: width, away, ex: x, ey: y, side });
          }
        }
      }
    }
    return list.sort((a, b) => a.away - b.away);
  }

  // Beside the edge, never on it. The search runs once per edge and length of text.
  function place(overlay, geometry, edge, width, source) {
    const key = `${edge}:${width}`;
    if (overlay.places.has(key)) return overlay.places.get(key);
    const near = nearby(geometry, edge, overlay.bounds);
    let best = null;
    for (const candidate of candidates(geometry, edge, width, source)) {
      if (best && candidate.away >= best.worth) break; // all that follow are farther still
      const worth = cost(candidate, near, edge);
      if (!best || worth < best.worth) best = { ...candidate, worth };
    }
    overlay.places.set(key, best);
    return best;
  }

  // Only what stands around the edge can be in the pill's way. Nodes are filed by their centre: look one square farther.
  function nearby(geometry, edge, bounds) {
    const xs = geometry.edges[edge].filter((_, i) => i % 2 === 0);
    const ys = geometry.edges[edge].filter((_, i) => i % 2 === 1);
    const near = { bounds, nodes: [], samples: [] };
    const map = squares(geometry);
    const square = (v) => Math.floor(v / SQUARE);
    for (let i = square(Math.min(...xs) - 300) - 1; i <= square(Math.max(...xs) + 300) + 1; i += 1) {
      for (let j = square(Math.min(...ys) - 60) - 1; j <= square(Math.max(...ys) + 60) + 1; j += 1) {
        const found = map.get(`${i}:${j}`);
        if (!found) continue;
        near.nodes.push(...found.nodes);
        near.samples.push(...found.samples);
      }
    }
    return near;
  }

  const widthOf = (text) => Math.round(text.length * 7.85 + 18);

  // Looks for a pill's place before its step comes: the search is the dearest part of a step.
  function ahead(overlay, geometry, edge, text, source) {
    if (text) place(overlay, geometry, edge, widthOf(text), source);
  }

  function pill(overlay, geometry, edge, text, source) {
    if (!text) return overlay.pill.setAttribute("display", "none");
    const width = widthOf(text);
    const at = place(overlay, geometry, edge, width, source);
    overlay.pill.removeAttribute("display");
    overlay.pillBox.setAttribute("x", at.x - width / 2);
    overlay.pillBox.setAttribute("y", at.y - PILL / 2);
    overlay.pillBox.setAttribute("width", width);
    overlay.pillText.setAttribute("x", at.x);
    overlay.pillText.setAttribute("y", at.y + 4.4);
    overlay.pillText.textContent = text;
    const end = at.side ? `${at.x - (at.side * width) / 2} ${at.y}` : `${at.x} ${at.y + (at.y < at.ey ? 1 : -1) * (PILL / 2)}`;
    overlay.leader.setAttribute("d", `M${at.ex + at.side * 5} ${at.ey}L${end}`);
    return at;
  }

  // Where a pill may stand: in the drawing, and beside it where the pane is larger than the drawing.
  function bound(overlay, drawing, width, height) {
    const [dx, dy] = [Math.max(0, width - drawing.width) / 2 - 4, Math.max(0, height - drawing.height) / 2 - 2];
    overlay.bounds = { left: -dx, right: drawing.width + dx, top: -dy, bottom: drawing.height + dy };
    overlay.places.clear();
  }

  return { create, bound, band, now, ring, marks, pill, ahead };
})();
