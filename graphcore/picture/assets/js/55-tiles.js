// Only what can be seen is in the page's layout: nodes and edges live in tiles, and tiles out of sight are switched off.
// A step then costs the same at 2,000 nodes as at 20.

const Tiles = (() => {
  const SIDE = 260; // of a tile, in the drawing's units
  const ON = 60; // tiles this far beyond the pane are switched on
  const OFF = 420; // and off only this far out: a step to and fro must not lay the same texts out again

  function create() {
    return { byKey: new Map(), edges: Dom.svg("g", { class: "cr-edges" }), nodes: Dom.svg("g", { class: "cr-nodes" }), seen: null };
  }

  function tileAt(tiles, x, y) {
    const key = `${Math.floor(x / SIDE)}:${Math.floor(y / SIDE)}`;
    let tile = tiles.byKey.get(key);
    if (!tile) {
      tile = {
        edges: Dom.svg("g", { display: "none" }), nodes: Dom.svg("g", { display: "none" }), on: false,
        left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity,
      };
      tiles.byKey.set(key, tile);
      tiles.edges.append(tile.edges);
      tiles.nodes.append(tile.nodes);
    }
    return tile;
  }

  function grow(tile, left, right, top, bottom) {
    tile.left = Math.min(tile.left, left);
    tile.right = Math.max(tile.right, right);
    tile.top = Math.min(tile.top, top);
    tile.bottom = Math.max(tile.bottom, bottom);
  }

  function addNode(tiles, element, [cx, cy, w, h]) {
    const tile = tileAt(tiles, cx, cy);
    grow(tile, cx - w / 2 - 6, cx + w / 2 + 6, cy - h / 2 - 10, cy + h / 2 + 14);
    tile.nodes.append(element);
  }

  // A long edge would stretch its tile over half the drawing; those stay on for good.
  function addEdge(tiles, element, points) {
    const xs = points.filter((_, i) => i % 2 === 0);
    const ys = points.filter((_, i) => i % 2 === 1);
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    if (right - left > 3 * SIDE || bottom - top > 3 * SIDE) {
      tiles.edges.append(element);
      return;
    }
    const tile = tileAt(tiles, (left + right) / 2, (top + bottom) / 2);
    grow(tile, left, right, top, bottom);
    tile.edges.append(element);
  }

  function set(tile, on) {
    if (tile.on === on) return;
    tile.on = on;
    for (const group of [tile.edges, tile.nodes]) {
      if (on) group.removeAttribute("display");
      else group.setAttribute("display", "none");
    }
  }

  // rect: the part of the drawing in the pane, {left, right, top, bottom}; null shows everything.
  function show(tiles, rect) {
    tiles.seen = rect;
    for (const tile of tiles.byKey.values()) {
      const around = tile.on ? OFF : ON;
      set(tile, rect === null || (
        tile.right > rect.left - around && tile.left < rect.right + around
        && tile.bottom > rect.top - around && tile.top < rect.bottom + around));
    }
  }

  return { create, addNode, addEdge, show };
})();
