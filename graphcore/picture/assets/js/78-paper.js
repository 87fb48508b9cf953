// A picture that is taller than a sheet of paper goes on on the next one: it is cut between its rows, and each pane stands
// there as pieces under one another. A wide one has the sheet for itself. Made when printing begins, gone when it ends.
const Paper = (() => {
  const ROOM = 330; // px of a sheet's width that one of two panes has
  const TALL = 800; // px that a drawing may have in one piece
  const PIECE = 280; // px of a piece, at least
  const MOST = 24; // pieces; a drawing that needs more is shrunk to one sheet
  const [ABOVE, BELOW] = [9, 3]; // of a node, in the drawing's units: the bars of a fan-out stand above it

  function boxes(state, pane) {
    const { geometry, torch } = state.data.structure;
    if (pane === "torch" && !Layouts.aligned(state)) return torch.drawn.nodes.map((node) => node.box);
    return geometry[Layouts.direction(state)].nodes;
  }

  // Heights at which nothing but edges is cut, each piece at least so high.
  function cuts(nodes, height, least) {
    const spans = nodes.map(([, y, , h]) => [y - h / 2 - ABOVE, y + h / 2 + BELOW]).sort((a, b) => a[0] - b[0]);
    const found = [0];
    let end = Infinity;
    for (const [top, bottom] of spans) {
      if (top > end && end - found[found.length - 1] >= least) found.push((top + end) / 2);
      end = end === Infinity ? bottom : Math.max(end, bottom);
    }
    return [...found, height];
  }

  function piece(svg, width, top, bottom) {
    const made = svg.cloneNode(true);
    for (const name of ["style", "width", "height", "role", "aria-label"]) made.removeAttribute(name);
    made.setAttribute("class", "cr-graph cr-sheet-piece");
    made.setAttribute("viewBox", `0 ${top} ${width} ${bottom - top}`);
    return made;
  }

  function cut(state, pane) {
    const svg = pane.querySelector(".cr-graph");
    const [, , width, height] = (svg?.getAttribute("viewBox") || "").split(" ").map(Number);
    const scale = Math.min(1, ROOM / width);
    if (!(height * scale > TALL)) return;
    const at = cuts(boxes(state, pane.dataset.pane), height, PIECE / scale);
    if (at.length < 3 || at.length > MOST + 1) return;
    const pieces = at.slice(1).map((bottom, k) => piece(svg, width, at[k], bottom));
    pane.append(Dom.el("div", { class: "cr-sheet-pieces", "aria-hidden": "true" }, pieces));
  }

  function begin(root, store) {
    end(root);
    const state = store.get();
    const panes = root.querySelector(".cr-panes");
    if (!panes || !state.data?.structure) return;
    const { width, height } = state.data.structure.geometry[Layouts.direction(state)];
    panes.classList.toggle("cr-sheet-wide", width > 2 * ROOM && width > 1.5 * height);
    if (!panes.classList.contains("cr-sheet-wide")) panes.querySelectorAll(".cr-pane").forEach((pane) => cut(state, pane));
  }

  function end(root) {
    root.querySelectorAll(".cr-sheet-pieces").forEach((pieces) => pieces.remove());
    root.querySelector(".cr-sheet-wide")?.classList.remove("cr-sheet-wide");
  }

  function mount(root, store) {
    const listeners = [["beforeprint", () => begin(root, store)], ["afterprint", () => end(root)]];
    for (const [event, run] of listeners) window.addEventListener(event, run);
    return () => listeners.forEach(([event, run]) => window.removeEventListener(event, run));
  }

  return { mount };
})();
