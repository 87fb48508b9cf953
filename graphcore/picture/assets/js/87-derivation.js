// Every backward step as mathematics: a line with symbols, a line with numbers. Python makes them when this
// tab is first shown.
const Derivation = (() => {
  const LIMIT = 200;

  function row(entry, structure) {
    if (entry.step === null) return plain(entry);
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
    return line(entry, go, `step ${entry.step}`, entry.step);
  }

  // A forward value that the steps use, or a step that the picture does not show: nowhere to go to.
  const plain = (entry) => line(entry, Dom.el("span", {}), "the line", null);

  function line(entry, go, what, step) {
    const copy = Ui.button(
      "LaTeX",
      {
        class: "cr-button cr-small cr-copy",
        "aria-label": `Copy ${what} as LaTeX`,
        title: "Copy as LaTeX",
        "data-key": `copy ${step ?? entry.latex.slice(0, 40)}`,
      },
      (event) => {
        event.stopPropagation();
        Dialogs.copy(entry.latex, `${what} as LaTeX`);
      },
    );
    const lines = [entry.symbols, entry.numbers]
      .filter(Boolean)
      .map((tree) => Dom.el("div", { class: "cr-mathline" }, Dom.math(tree)));
    return Dom.el(
      "li",
      { class: `cr-derived${step === null ? " cr-stated" : ""}`, "data-step": step },
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

  // What is wanted: towards which leaf, as matrices or entry by entry, with the forward values stated or not.
  function ask(me, changes) {
    Object.assign(me.wish, changes);
    const decimals = me.store.get().decimals ?? 4;
    me.host?.send?.({ kind: "derive", tab: "derivation", ...me.wish, decimals });
  }

  function leaves(me, derived) {
    const select = Dom.el("select", { class: "cr-select", "aria-label": "Towards which leaf", "data-key": "leaf" },
      Dom.el("option", { value: "" }, "all leaves"),
      derived.leaves.map((leaf) => Dom.el("option", { value: String(leaf.node), selected: leaf.node === derived.leaf }, leaf.name)));
    select.addEventListener("keydown", (event) => event.stopPropagation());
    select.addEventListener("change", () => ask(me, { leaf: select.value === "" ? null : Number(select.value) }));
    return Dom.el("label", { class: "cr-jlabel" }, "from the output to", select);
  }

  function wishes(me, derived) {
    if (!derived || !me.host?.send) return [];
    const values = Dom.el("input", { type: "checkbox", checked: derived.values, "data-key": "values" });
    values.addEventListener("change", () => ask(me, { values: values.checked }));
    return [
      leaves(me, derived),
      derived.small ? Ui.segments("Arrays", [["matrices", "matrices"], ["indices", "index notation"]], derived.indices ? "indices" : "matrices",
        (key) => ask(me, { indices: key === "indices" })) : null,
      Dom.el("label", { class: "cr-jlabel" }, values, "forward values first"),
    ];
  }

  function head(me, entries, derived) {
    const copy = () => Dialogs.copy(all(entries), "the derivation as LaTeX");
    return [
      Dom.el("p", {}, "The backward pass, step by step: first in symbols, then with the numbers of now."),
      ...wishes(me, derived),
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
    const entries = state.data.derivation?.filter((entry) => !state.asking || (entry.step !== null && entry.step <= state.moment));
    if (!entries) {
      Ui.fill(me.tools, Dom.el("p", { class: "cr-wait", role: "status" }, "Writing the derivation …"));
      Ui.fill(me.list);
      return;
    }
    const some = me.everything ? entries : entries.slice(0, LIMIT);
    Ui.keepFocus(me.element, () => {
      Ui.fill(me.tools, head(me, entries, state.data.derived));
      Ui.fill(me.list, some.map((entry) => row(entry, state.data.structure)));
      Ui.fill(me.foot, more(me, entries.length, some.length));
    });
    light(me.list, state.step);
  }

  function mount(element, store, host) {
    const tools = Dom.el("div", { class: "cr-tools" });
    const list = Dom.el("ol", { class: "cr-derivation" });
    const foot = Dom.el("div", { class: "cr-foot" });
    const { leaf = null, indices = false, values = false, decimals: written = 4 } = store.get().data?.derived || {};
    const me = { element, store, host, tools, list, foot, everything: false, wish: { leaf, indices, values } };
    if ((store.get().decimals ?? 4) !== written) ask(me, {});
    element.append(tools, list, foot);
    list.addEventListener("click", (event) => {
      const line = event.target.closest("li");
      if (line?.dataset.step) store.set({ step: Number(line.dataset.step), playing: false });
    });
    function draw(state, before) {
      if (!state.data?.structure) return;
      if (before && state.decimals !== before.decimals) ask(me, {});
      const veiled = state.asking !== before?.asking || (state.asking && state.moment !== before.moment);
      if (!before || state.data.derivation !== before.data?.derivation || veiled) fill(me, state);
      else if (state.step !== before.step) light(list, state.step);
    }
    draw(store.get(), null);
    return store.subscribe(draw);
  }

  return { mount };
})();
