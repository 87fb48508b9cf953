// The half of a node that holds a number: a scalar, the numbers of a small array, or a picture of a large one.

const Cell = (() => {
  const CHAR = 8.1; // advance of the 13.5 px monospaced face
  const LEVELS = 6; // steps of ink in the picture of a large array

  // Rows and columns to draw; a vector lies down unless its cell is tall enough to stand.
  function grid(shape, height) {
    if (shape.length === 0) return [1, 1];
    const last = shape[shape.length - 1];
    if (shape.length === 1) return height >= last * 17 + 4 ? [last, 1] : [1, last];
    return [shape.slice(0, -1).reduce((a, b) => a * b, 1), last];
  }

  function setText(element, text) {
    if (element.textContent === text) return false;
    element.textContent = text;
    return true;
  }

  function makeGrid(cell, v) {
    const [rows, columns] = grid(v.shape, cell.box.h);
    const { x, y, w, h } = cell.box;
    const pitch = Math.min(50, (w - 12) / columns);
    const line = Math.min(19, (h - 4) / rows);
    const left = x + (w - pitch * columns) / 2;
    const top = y + (h - line * rows) / 2;
    cell.entries = v.entries.map((_, k) =>
      Dom.svg("text", {
        "data-entry": k,
        class: "cr-x cr-entry",
        x: (left + ((k % columns) + 1) * pitch - 3).toFixed(1),
        y: (top + Math.floor(k / columns) * line + line * 0.72).toFixed(1),
        "text-anchor": "end",
      }));
    cell.room = Math.max(3, Math.floor((pitch - 2) / 7.8));
    cell.array.replaceChildren(...cell.entries);
    cell.made = "grid";
  }

  // A gradient has three decimals and a value two, less where columns are narrow.
  function showGrid(cell, v) {
    if (cell.made !== "grid" || cell.entries.length !== v.entries.length) makeGrid(cell, v);
    const whole = v.entries.every((x) => Number.isInteger(x));
    let changed = false;
    v.entries.forEach((x, k) => {
      const bare = cell.kind === "gradient";
      let text = v.entries.length === 1 ? Format.fit(x, null, cell.room) : Format.entry(x, bare ? 3 : 2, whole, bare);
      for (let d = bare ? 2 : 1; text.length > cell.room && d > 0; d -= 1) text = Format.entry(x, d, whole, true);
      changed = setText(cell.entries[k], text) || changed;
    });
    return changed;
  }

  function makePicture(cell) {
    const color = `cr-ink-${cell.kind}`;
    cell.inks = Array.from({ length: LEVELS }, (_, k) =>
      Dom.svg("path", { class: color, opacity: (0.1 + (0.85 * k) / (LEVELS - 1)).toFixed(2) }));
    cell.minus = Dom.svg("path", { class: "cr-minus" });
    cell.dots = Dom.svg("path", { class: "cr-dot" });
    cell.odd = Dom.svg("path", { class: "cr-odd" });
    cell.norm = Dom.svg("text", { class: "cr-x cr-norm", "text-anchor": "middle" });
    cell.array.replaceChildren(...cell.inks, cell.minus, cell.dots, cell.odd, cell.norm);
    cell.made = "picture";
  }

  // Depth of ink is size, a dash a minus, a dot an exact zero, a cross not a number. One path per depth.
  function showPicture(cell, v, decimals) {
    if (cell.made !== "picture") makePicture(cell);
    const rows = v.cells.length;
    const columns = rows ? v.cells[0].length : 0;
    const { x, y, w, h } = cell.box;
    const side = Math.max(2, Math.min(9, (w - 16) / Math.max(columns, 1), (h - 22) / Math.max(rows, 1)));
    const left = x + (w - side * columns) / 2;
    const top = y + (h - 18 - side * rows) / 2;
    cell.spot = { left, top, side };
    const paths = new Array(LEVELS).fill("");
    let minus = "";
    let dots = "";
    let odd = "";
    const sizes = v.cells.flat().map((c) => Math.abs(Format.value(c))).filter(Number.isFinite);
    const largest = Math.max(...sizes, 0) || 1;
    v.cells.forEach((row, r) => row.forEach((raw, c) => {
      const n = Format.value(raw);
      const px = left + c * side;
      const py = top + r * side;
      const middle = `M${(px + side * 0.17).toFixed(1)} ${(py + side * 0.45).toFixed(1)}h${(side * 0.55).toFixed(1)}`;
      if (!Number.isFinite(n)) odd += `M${px + 1} ${py + 1}l${side - 3} ${side - 3}m0 ${3 - side}l${3 - side} ${side - 3}`;
      else if (n === 0) dots += `M${(px + side / 2 - 0.5).toFixed(1)} ${(py + side / 2).toFixed(1)}h.01`;
      else {
        const level = Math.round((Math.abs(n) / largest) * (LEVELS - 1));
        paths[level] += `M${px.toFixed(1)} ${py.toFixed(1)}h${side - 1}v${side - 1}h${1 - side}z`;
        if (n < 0) minus += middle;
      }
    }));
    cell.inks.forEach((path, k) => path.setAttribute("d", paths[k]));
    cell.minus.setAttribute("d", minus);
    cell.dots.setAttribute("d", dots);
    cell.odd.setAttribute("d", odd);
    cell.norm.setAttribute("x", x + w / 2);
    cell.norm.setAttribute("y", y + h - 7);
    return setText(cell.norm, `norm ${Format.number(v.norm, decimals)}`);
  }

  function showText(cell, text, known) {
    const cls = `cr-x ${known ? `cr-${cell.kind}` : "cr-unknown"}`;
    if (cell.cls !== cls) {
      cell.cls = cls;
      cell.text.setAttribute("class", cls);
      // A twin's number stands at the right, before its sign; its ? in the middle like every other.
      if (cell.end) {
        cell.text.setAttribute("x", known ? cell.box.x + cell.box.w - 24 : cell.box.x + cell.box.w / 2);
        cell.text.setAttribute("text-anchor", known ? "end" : "middle");
      }
    }
    return setText(cell.text, text);
  }

  // v: the tensor, null (no gradient) or undefined (not yet known). Returns whether the text changed.
  function show(cell, v, decimals, written) {
    const array = v !== null && typeof v === "object" && (v.cells || v.entries.length > 0);
    if (cell.shown !== array) {
      cell.shown = array;
      cell.array.setAttribute("display", array ? "inline" : "none");
      cell.text.setAttribute("display", array ? "none" : "inline");
    }
    if (array) return v.cells ? showPicture(cell, v, decimals) : showGrid(cell, v);
    if (v === undefined) return showText(cell, "?", false);
    if (v === null) return showText(cell, "none", false);
    if (typeof v === "object") return showText(cell, "empty", false);
    return showText(cell, written || Format.fit(v, decimals, cell.fits), true);
  }

  function create(kind, box, end = false) {
    const text = Dom.svg("text", {
      class: "cr-x cr-unknown",
      x: box.x + box.w / 2,
      y: box.y + box.h / 2 + 4.6,
      "text-anchor": "middle",
      text: "?",
    });
    const array = Dom.svg("g", { class: `cr-array cr-${kind}`, display: "none" });
    const fits = Math.max(3, Math.floor((box.w - (end ? 27 : 3)) / CHAR));
    return { kind, box, end, fits, text, array, made: null, shown: false, cls: "cr-x cr-unknown", elements: [text, array] };
  }

  return { create, show, CHAR };
})();
