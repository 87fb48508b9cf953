// Every backward step as mathematics: a line with symbols, a line with numbers. Python makes them when this
// tab is first shown.
const Derivation = (() => {
  const LIMIT = 200;

  function row(entry, structure) {
    const step = structure.steps[entry.step - 1];
    const name = step
      ? structure.nodes[step.phase === "backward" ? structure.edges[step.edge].source : step.node].name
      : "";
    const go = Ui.button(String(entry.step), {
      class: "cr-step-link",
      "data-key": `step ${entry.step}`,
      "aria-label": `Step ${entry.step}, gradient of ${name}: go to it`,
      title: "Go to this step",
    });
    const copy = Ui.button(
      "LaTeX",
      {
        class: "cr-button cr-small cr-copy",
        "aria-label": `Copy step ${entry.step} as LaTeX`,
        title: "Copy as LaTeX",
        "data-key": `copy ${entry.step}`,
      },
      (event) => {
        event.stopPropagation();
        Dialogs.copy(entry.latex, "the step as LaTeX");
      },
    );
    const lines = [entry.symbols, entry.numbers]
      .filter(Boolean)
      .map((tree) => Dom.el("div", { class: "cr-mathline" }, Dom.math(tree)));
    return Dom.el(
      "li",
      { class: "cr-derived", "data-step": entry.step },
      go,
      Dom.el("div", { class: "cr-mathlines" }, ...lines),
      copy,
    );
  }

  const all = (entries) =>
    ["\\begin{align*}", entries.map((entry) => `  ${entry.latex}`).join(" \\\\\n"), "\\end{align*}"].join("\n");

  function light(list, step) {
    for (const line of list.children) {
      const on = Number(line.dataset.step) === step;
      line.classList.toggle("cr-lit", on);
      if (on) line.setAttribute("aria-current", "step");
      else line.removeAttribute("aria-current");
    }
  }

  function head(entries) {
    const copy = () => Dialogs.copy(all(entries), "the derivation as LaTeX");
    return [
      Dom.el("p", {}, "The backward pass, step by step: first in symbols, then with the numbers of now."),
      Ui.button("Copy all as LaTeX", { class: "cr-button cr-small", "data-key": "copy all" }, copy),
    ];
  }

  function more(me, count, shown) {
    if (count <= shown) return null;
    return Ui.button(`Show all ${count} steps`, { class: "cr-button" }, () => {
      me.everything = true;
      fill(me, me.store.get());
    });
  }

  function fill(me, state) {
    const entries = state.data.derivation;
    if (!entries) {
      Ui.fill(me.tools, Dom.el("p", { class: "cr-wait", role: "status" }, "Writing the derivation …"));
      Ui.fill(me.list);
      return;
    }
    const some = me.everything ? entries : entries.slice(0, LIMIT);
    Ui.keepFocus(me.element, () => {
      Ui.fill(me.tools, head(entries));
      Ui.fill(me.list, some.map((entry) => row(entry, state.data.structure)));
      Ui.fill(me.foot, more(me, entries.length, some.length));
    });
    light(me.list, state.step);
  }

  function mount(element, store) {
    const tools = Dom.el("div", { class: "cr-tools" });
    const list = Dom.el("ol", { class: "cr-derivation" });
    const foot = Dom.el("div", { class: "cr-foot" });
    const me = { element, store, tools, list, foot, everything: false };
    element.append(tools, list, foot);
    list.addEventListener("click", (event) => {
      const line = event.target.closest("li");
      if (line) store.set({ step: Number(line.dataset.step), playing: false });
    });
    function draw(state, before) {
      if (!state.data?.structure) return;
      if (!before || state.data.derivation !== before.data?.derivation) fill(me, state);
      else if (state.step !== before.step) light(list, state.step);
    }
    draw(store.get(), null);
    return store.subscribe(draw);
  }

  return { mount };
})();
