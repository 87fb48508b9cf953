// torch's autograd nodes that occur in this program, each in a sentence, with the places where it occurs.
const Explained = (() => {
  const SHOWN = 40; // places per kind; a deep network has thousands

  function place(structure, index) {
    const node = structure.nodes[index];
    return Ui.button(
      node.name,
      {
        class: "cr-chip",
        title: node.head,
        "aria-label": `Select ${node.name}`,
        "data-node": index,
        "data-key": `place ${index}`,
      },
      () => Graph.reveal(index),
    );
  }

  function entry(structure, { fn, sentence, nodes }) {
    const rest = nodes.length - SHOWN;
    return [
      Dom.el("dt", {}, Dom.el("code", {}, fn)),
      Dom.el(
        "dd",
        {},
        Dom.el("p", {}, ...Dom.ticked(sentence)),
        Dom.el(
          "div",
          { class: "cr-places" },
          ...nodes.slice(0, SHOWN).map((node) => place(structure, node)),
          rest > 0 ? Dom.el("small", {}, `and ${rest} more`) : null,
        ),
      ),
    ];
  }

  function mount(element, store) {
    const list = Dom.el("dl", { class: "cr-explained" });
    const intro = "What each autograd node does when the gradient `g` reaches it; `x` is its input, `y` its result. What it keeps was saved on the way forward.";
    element.append(Dom.el("p", { class: "cr-tools" }, Dom.el("span", {}, ...Dom.ticked(intro))), list);
    const light = ({ selected }) =>
      list
        .querySelectorAll("[data-node]")
        .forEach((chip) => chip.setAttribute("aria-pressed", String(Number(chip.dataset.node) === selected)));
    function draw(state, before) {
      const structure = state.data?.structure;
      if (!structure) return;
      if (structure !== before?.data?.structure)
        Ui.fill(
          list,
          (structure.torch?.explained || []).map((kind) => entry(structure, kind)),
        );
      if (structure !== before?.data?.structure || state.selected !== before.selected) light(state);
    }
    draw(store.get(), null);
    return store.subscribe(draw);
  }

  return { mount };
})();
