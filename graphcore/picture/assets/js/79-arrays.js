// Tensors as they come in the payload: their norm, a brief text, and a small picture.
const Arrays = (() => {
  const isArray = (tensor) => tensor !== null && typeof tensor === "object";
  const shapeOf = (tensor) => (isArray(tensor) ? tensor.shape : []);

  // One number to sort a column of tensors by.
  function size(tensor) {
    if (tensor === null || tensor === undefined) return null;
    return isArray(tensor) ? Format.norm(tensor) : Format.value(tensor);
  }

  // A tensor in one table cell: a number, one or two entries, or the norm.
  function brief(tensor, decimals) {
    if (tensor === null || tensor === undefined) return "none";
    if (!isArray(tensor)) return Format.number(tensor, decimals);
    if (tensor.entries && tensor.entries.length <= 2)
      return `(${tensor.entries.map((entry) => Format.number(entry, decimals)).join(", ")})`;
    return `‖${Format.number(Format.norm(tensor), decimals)}‖`;
  }

  // The same with nothing lost, for files: all digits, entries in row order.
  function full(tensor) {
    if (tensor === null || tensor === undefined) return "";
    if (!isArray(tensor)) return Format.copy(tensor);
    return tensor.entries ? `[${tensor.entries.map(Format.copy).join(" ")}]` : `norm ${Format.copy(tensor.norm)}`;
  }

  // A flat row-major list as nested lists of a shape; the shape () gives the one number.
  function nest(flat, shape) {
    if (!shape.length) return flat[0];
    const [count, ...rest] = shape;
    const size = rest.reduce((product, length) => product * length, 1);
    return Array.from({ length: count }, (_, index) => nest(flat.slice(index * size, (index + 1) * size), rest));
  }

  function sampled(tensor, role, open) {
    const rows = tensor.cells;
    const width = Math.max(...rows.map((row) => row.length));
    const top = Math.max(
      ...rows
        .flat()
        .map((cell) => Math.abs(Format.value(cell)))
        .filter(Number.isFinite),
      1e-300,
    );
    const picture = Dom.svg("svg", {
      class: `cr-cells cr-is-${role}`,
      viewBox: `0 0 ${width * 9} ${rows.length * 9}`,
      width: width * 9,
      height: rows.length * 9,
      "aria-hidden": "true",
    });
    rows.forEach((row, down) =>
      row.forEach((entry, right) => picture.append(...cell(Format.value(entry), right * 9, down * 9, top))),
    );
    if (open) picture.addEventListener("click", (event) => {
      const box = picture.getBoundingClientRect();
      const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      const flat = sampledAt(tensor.shape, Math.floor(y * rows.length), Math.floor(x * width));
      if (flat !== null) open(flat);
    });
    return picture;
  }

  const spread = (count, most) =>
    Array.from({ length: Math.min(count, most) }, (_, k) => (count <= most ? k : Math.round((k * (count - 1)) / (most - 1))));

  // Which entry a cell of a sampled picture stands for, null beside the picture.
  function sampledAt(shape, row, column) {
    const columns = shape[shape.length - 1];
    const rows = shape.slice(0, -1).reduce((product, length) => product * length, 1);
    const [down, right] = [spread(rows, 7)[row], spread(columns, 14)[column]];
    return down === undefined || right === undefined ? null : down * columns + right;
  }

  // Depth of ink is size; a dash is a minus; a dot is an exact zero; a hollow cell is not a number.
  function cell(value, x, y, top) {
    if (value === 0) return [Dom.svg("circle", { cx: x + 4, cy: y + 4, r: 1, class: "cr-cell-zero" })];
    if (!Number.isFinite(value))
      return [Dom.svg("rect", { x: x + 1, y: y + 1, width: 6, height: 6, class: "cr-cell-odd" })];
    const depth = (0.1 + 0.9 * Math.min(1, Math.abs(value) / top)).toFixed(2);
    const square = Dom.svg("rect", { x, y, width: 8, height: 8, opacity: depth, class: "cr-cell" });
    if (value > 0) return [square];
    return [square, Dom.svg("path", { d: `M${x + 1.5} ${y + 4}h5`, class: "cr-cell-minus" })];
  }

  // A number as Ui.number makes it, but a click opens the entry.
  function opener(entry, decimals, what, shown, open) {
    const text = shown ?? Format.number(entry, decimals);
    const words = { class: "cr-digits cr-entryopen", title: `${Format.copy(entry)}\nClick opens it in Scalars`, "data-key": what };
    return Ui.button(text, { ...words, "aria-label": `${what}: ${text}. Open it in Scalars.` }, (event) => {
      event.stopPropagation();
      open();
    });
  }

  // Up to twelve entries are shown as the numbers they are, more of them as a sampled picture. `open`, where it is given,
  // is what a click on an entry does, with its place row by row.
  function picture(tensor, role, decimals, what, open = null) {
    if (tensor.cells) return sampled(tensor, role, open);
    const columns = tensor.shape.length ? tensor.shape[tensor.shape.length - 1] : 1;
    const narrow = columns > 3;
    const short = (entry) =>
      narrow
        ? Format.entry(
            entry,
            role === "value" ? 2 : 3,
            tensor.entries.every((one) => Number.isInteger(Format.value(one))),
            true,
          )
        : null;
    const grid = Dom.el("div", {
      class: `cr-entries cr-is-${role}`,
      style: `grid-template-columns:repeat(${Math.max(1, columns)},auto)`,
    });
    grid.append(
      ...tensor.entries.map((entry, index) => {
        const name = `${what}${position(index, tensor.shape)}`;
        if (open) return opener(entry, decimals, name, short(entry), () => open(index));
        return Ui.number(entry, decimals, name, { shown: short(entry) });
      }),
    );
    return grid;
  }

  // Where the entry number `flat` stands: [1, 0].
  function position(flat, shape) {
    const places = [];
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      places.unshift(flat % shape[axis]);
      flat = Math.floor(flat / shape[axis]);
    }
    return places.length ? `[${places.join(", ")}]` : "";
  }

  return { isArray, shapeOf, size, brief, full, nest, picture, position, sampledAt };
})();
