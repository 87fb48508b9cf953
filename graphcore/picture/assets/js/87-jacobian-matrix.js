// A matrix on the page: numbers with the names of their rows and columns, or a picture of cells.
// Depth of ink is size, a dash a minus, a dot an exact zero.
const JacobianMatrix = (() => {
  const SIDE = 12; // of a cell, in pixels
  const LEVELS = 6;

  function numbers(block, options = {}) {
    const { decimals, chosen = null, pick = null, edges = {}, caption } = options;
    const head = Dom.el("tr", {}, Dom.el("th", {}), block.columns.map((label, k) =>
      Dom.el("th", { scope: "col", class: mark("column", k) }, label)));
    const rows = block.entries.map((row, i) => Dom.el("tr", {},
      Dom.el("th", { scope: "row", class: mark("row", i) }, block.rows[i]),
      row.map((entry, j) => Dom.el("td", {
        class: `${Format.value(entry) === 0 ? "cr-jzero" : ""} ${mark("row", i) || mark("column", j)}`,
        title: Format.copy(entry), "data-row": i, "data-column": j,
      }, Format.number(entry, decimals))),
      edges.right ? Dom.el("td", { class: "cr-jedge" }, "⋯") : null));
    if (edges.below) rows.push(Dom.el("tr", {}, Dom.el("th", {}), Dom.el("td", { class: "cr-jedge", colspan: block.columns.length }, "⋮")));
    function mark(side, k) {
      return chosen && chosen.side === side && chosen.at === k ? "cr-jchosen" : "";
    }
    const table = Dom.el("table", { class: `cr-jmatrix${pick ? " cr-jpick" : ""}` },
      Dom.el("caption", {}, caption || "Jacobian"), Dom.el("thead", {}, head), Dom.el("tbody", {}, rows));
    if (pick) table.addEventListener("click", (event) => {
      const cell = event.target.closest("td[data-row]");
      if (cell) pick(Number(cell.dataset.row), Number(cell.dataset.column));
    });
    return Dom.el("div", { class: "cr-scroll cr-jscroll", tabindex: "0" }, table);
  }

  // One path per depth of ink, one for all dashes, one for all dots.
  function cells(block, pick) {
    const flat = block.entries.flat().map((x) => Math.abs(Format.value(x))).filter(Number.isFinite);
    const largest = Math.max(...flat, 0) || 1;
    const inks = new Array(LEVELS).fill("");
    let minus = "";
    let dots = "";
    let odd = "";
    block.entries.forEach((row, i) => row.forEach((raw, j) => {
      const n = Format.value(raw);
      const x = j * SIDE;
      const y = i * SIDE;
      if (!Number.isFinite(n)) odd += `M${x + 2} ${y + 2}l8 8m0-8l-8 8`;
      else if (n === 0) dots += `M${x + SIDE / 2 - 0.5} ${y + SIDE / 2 - 0.5}h.01`;
      else {
        inks[Math.min(LEVELS - 1, Math.floor((Math.abs(n) / largest) * LEVELS))] += `M${x} ${y}h${SIDE - 1}v${SIDE - 1}h${1 - SIDE}z`;
        if (n < 0) minus += `M${x + 2.5} ${y + SIDE / 2 - 0.5}h6`;
      }
    }));
    const width = block.columns.length * SIDE;
    const height = block.rows.length * SIDE;
    const svg = Dom.svg("svg", {
      class: "cr-jcells", width, height, viewBox: `-0.5 -0.5 ${width} ${height}`, role: "img",
      "aria-label": `Picture of rows ${block.rows[0]} to ${block.rows[block.rows.length - 1]}, columns ${block.columns[0]} to ${block.columns[block.columns.length - 1]}`,
    },
    inks.map((d, k) => Dom.svg("path", { class: "cr-jink", d, "fill-opacity": (0.16 + (0.84 * k) / (LEVELS - 1)).toFixed(2) })),
    Dom.svg("path", { class: "cr-jminus", d: minus }), Dom.svg("path", { class: "cr-jdots", d: dots }), Dom.svg("path", { class: "cr-jodd", d: odd }));
    const says = Dom.el("p", { class: "cr-jsays", role: "status" }, "Point at a cell to read it. Depth of ink is size, a dash a minus, a dot an exact zero.");
    const at = (event) => {
      const box = svg.getBoundingClientRect();
      const i = Math.floor(((event.clientY - box.top) / box.height) * block.rows.length);
      const j = Math.floor(((event.clientX - box.left) / box.width) * block.columns.length);
      return block.entries[i]?.[j] === undefined ? null : [i, j];
    };
    svg.addEventListener("pointermove", (event) => {
      const place = at(event);
      if (place) says.textContent = `${block.rows[place[0]]} by ${block.columns[place[1]]}: ${Format.copy(block.entries[place[0]][place[1]])}`;
    });
    svg.addEventListener("click", (event) => {
      const place = at(event);
      if (place && pick) pick(...place);
    });
    return [Dom.el("div", { class: "cr-scroll cr-jscroll", tabindex: "0" }, svg), says];
  }

  return { numbers, cells };
})();
