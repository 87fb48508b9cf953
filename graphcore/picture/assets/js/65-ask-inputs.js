// The inputs of Ask first: over the node's `?`, or where that is too small for fingers, in the bar.

const AskInputs = (() => {
  const ROW = 21; // least and greatest height of an input, in the drawing's units; the least where many stand in a column
  const MOST = 28;
  const DENSE = 16;
  const LEAST = 78; // and its least width, one alone and one of several
  const SMALL = 56;
  const PHONE = "(max-width: 760px)";

  // Down a column and up again; elsewhere the arrows move the caret as always.
  function walk(form, at, by) {
    const next = form.inputs[at + by * form.columns];
    if (next) next.focus({ preventScroll: true });
  }

  const texts = (form) => form.inputs.map((input) => input.value);

  // Enter goes to the next empty one; where none is left, or none was touched, it ends the question.
  function enter(form, at) {
    const list = texts(form);
    const order = [...form.inputs.keys()].map((k) => (at + 1 + k) % form.inputs.length);
    const empty = order.find((k) => !list[k].trim());
    if (empty !== undefined && !Question.empty(list) && empty !== at && list[at].trim()) form.inputs[empty].focus({ preventScroll: true });
    else Ask.reveal(form.store);
  }

  function keydown(form, at, event) {
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const input = form.inputs[at];
    const step = (by) => (by > 0 ? Transport.next(form.store) : Transport.go(form.store, form.store.get().step + by));
    const acts = {
      Enter: () => enter(form, at),
      Escape: () => input.blur(),
      PageDown: () => step(1),
      PageUp: () => step(-1),
      ArrowUp: () => walk(form, at, -1),
      ArrowDown: () => walk(form, at, 1),
      ...(Question.empty(texts(form)) && form.inputs.length === 1 ? { ArrowRight: () => step(1), ArrowLeft: () => step(-1) } : {}),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  // Several numbers at once fill the inputs from here on.
  function paste(form, at, event) {
    const text = event.clipboardData ? event.clipboardData.getData("text") : "";
    const found = text.replace(/[\u2212\u2013]/g, "-").match(/[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/gi) || [];
    if (form.inputs.length < 2 || found.length < 2) return;
    event.preventDefault();
    found.slice(0, form.inputs.length - at).forEach((number, k) => { form.inputs[at + k].value = number; });
    changed(form);
  }

  function changed(form) {
    form.inputs.forEach((input) => input.removeAttribute("aria-invalid"));
    Ask.draft(form.store, form.asked, texts(form));
  }

  function make(store, asked, list, room) {
    const form = { store, asked, columns: asked.shape.length ? asked.shape[asked.shape.length - 1] : 1 };
    if (asked.shape.length === 1 && room && room.h >= asked.shape[0] * 17 + 4) form.columns = 1; // it stands, as its node draws it
    form.inputs = asked.entries.map((_, k) => {
      const where = asked.place || (asked.shape.length ? Judge.position(k, asked.shape) : "");
      return Dom.el("input", {
        type: "text", inputmode: "text", class: "cr-askinput", autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "done",
        "aria-label": `gradient of ${asked.name}${where}, your number`, placeholder: asked.place || "?", "data-key": `ask ${k}`,
        on: { input: () => changed(form), keydown: (event) => keydown(form, k, event), paste: (event) => paste(form, k, event) },
      });
    });
    form.inputs.forEach((input, k) => { input.value = list[k] || ""; });
    form.element = Dom.el("div", { class: "cr-askform", style: `grid-template-columns:repeat(${form.columns},minmax(0,1fr))` }, form.inputs);
    for (const kind of ["pointerdown", "click", "dblclick", "keyup"]) form.element.addEventListener(kind, (event) => event.stopPropagation());
    return form;
  }

  // Over the gradient's half of the node, never smaller than on paper; within the drawing where that has room.
  function over(pane, asked) {
    const part = pane.scene && pane.scene.nodes[asked.node];
    return part && part.gradient && pane.view.width && !window.matchMedia(PHONE).matches ? part.gradient.box : null;
  }

  function position(holder, pane, box, form) {
    const grow = Math.max(1, 1 / pane.view.scale);
    const rows = Math.ceil(form.inputs.length / form.columns);
    const width = Math.max(box.w / grow, form.columns * (form.inputs.length > 1 ? SMALL : LEAST));
    const height = Math.max(Math.min(box.h / grow, rows * MOST), rows * (rows > 2 ? DENSE : ROW));
    const edge = Math.max(pane.view.drawing.width, (pane.view.width - Math.max(0, pane.view.x)) / pane.view.scale) - 2;
    const x = Math.max(0, Math.min(box.x, edge - width * grow));
    const y = box.y + box.h / 2 - (height * grow) / 2;
    const attributes = { x: 0, y: 0, width, height, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${grow.toFixed(3)})` };
    for (const [name, value] of Object.entries(attributes)) holder.setAttribute(name, value);
  }

  const focus = (form) => {
    const first = form.inputs.find((input) => !input.value.trim()) || form.inputs[0];
    first.focus({ preventScroll: true });
    first.select();
  };

  return { make, over, position, focus, PHONE };
})();
