// The empty page: what it answers, and three ways in.
const CheckStart = (() => {
  const { el } = Dom;

  function example(me, entry) {
    return el("button", { type: "button", class: "cr-begin", "data-key": `start ${entry.key}`, on: { click: () => Check.example(me.store, me.host, entry.key) } },
      el("b", {}, entry.title), el("span", {}, ...Dom.ticked(entry.sentence)));
  }

  function snippet(me, data) {
    const code = data.snippets?.[me.kind] || "";
    return [
      el("div", { class: "cr-snippethead" },
        Ui.segments("Snippet", [["torch", "torch"], ["numpy", "NumPy"]], me.kind, (kind) => { me.kind = kind; me.redraw(); }),
        Ui.button("Copy", { class: "cr-button cr-small", "data-key": "copy snippet" }, () => Dialogs.copy(code, "the six lines"))),
      el("pre", { class: "cr-report", tabindex: "0" }, code),
      el("p", { class: "cr-small-print" }, "Needs NumPy only. Writes ", el("code", { class: "cr-code" }, "handin.npz"),
        " beside the notebook, with parameters, input, target and your gradients by name. Drop it here: nothing is left to align."),
    ];
  }

  function content(me, data) {
    const list = data.examples.filter((entry) => entry.hand);
    const way = (n, title, ...rest) => el("section", { class: "cr-way" }, el("h3", {}, el("span", { class: "cr-waynumber" }, n), title), ...rest);
    return [
      el("h2", {}, "Which of your gradients is wrong, why, and how sure is that?"),
      el("p", { class: "cr-lead" }, "Hand in the gradients you computed. For each mistake you get the node where it began, its name, the right formula with your numbers; everything else that is wrong is marked as inherited."),
      el("div", { class: "cr-ways" },
        way("1", "Look at an example", el("div", { class: "cr-waylist" }, ...list.map((entry) => example(me, entry)))),
        way("2", "Drop or paste gradients",
          Ui.button("Drop files here, or choose them", { class: "cr-dropzone", "data-key": "dropzone" }, () => document.querySelector('.cr-root [data-picker="hand"]')?.click()),
          el("p", { class: "cr-small-print" }, "Text dumps of torch or NumPy, CSV, JSON, .npy, .npz, .safetensors. Or paste into the box on the left. Nothing in a file is ever run."),
          el("ul", { class: "cr-small-list" },
            el("li", {}, el("b", {}, "One file"), " and a problem on the left: the mistake, explained."),
            el("li", {}, el("b", {}, "Two files"), " and no problem: laid beside each other, explained as far as they allow."),
            el("li", {}, el("b", {}, "Many files"), " of one problem: a table for the class."))),
        way("3", "Save them from your notebook", ...snippet(me, data))),
    ];
  }

  function draw(element, me, data) {
    me.redraw = () => Ui.keepFocus(element, () => Ui.fill(element, el("div", { class: "cr-checkstart" }, ...content(me, data))));
    me.redraw();
  }

  return { draw };
})();
