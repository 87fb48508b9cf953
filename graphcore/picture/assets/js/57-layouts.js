// Layouts of a large graph that Python makes only when someone wants to see them.

const Layouts = (() => {
  // The direction to draw in: the one chosen, once it is there.
  const direction = (state) => (state.data.structure.geometry[state.direction] ? state.direction : "down");
  const aligned = (state) => state.torchView === "aligned" || !state.data.structure.torch.drawn;

  function wanted(state) {
    const later = state.data.structure.later || [];
    return { manual: state.direction === "across" && later.includes("across") ? "across" : null,
      torch: state.torchView === "drawn" && later.includes("drawn") ? "drawn" : null };
  }

  function wait(pane, on) {
    if (Boolean(pane.waiting) === on) return;
    if (pane.waiting) pane.waiting.remove();
    pane.waiting = on ? Dom.el("p", { class: "cr-laying", role: "status", text: "Laying out …" }) : null;
    if (on) pane.view.element.append(pane.waiting);
  }

  // An action can be overtaken by another one; the answer to that one then still lists the layout: ask again.
  function ask(g, state, which) {
    const { topology, answers } = state.data;
    const before = g.asked[which];
    if (before && before.topology === topology && answers < before.id) return;
    g.asked[which] = { topology, id: Infinity };
    g.asked[which].id = g.host.send({ kind: "layout", which });
  }

  // torchviz may have no drawing of this graph: then the aligned one stays, and says so.
  function refused(g, state, previous) {
    const had = previous.data && previous.data.structure === state.data.structure && g.asked.drawn;
    if (!had || state.torchView !== "drawn" || state.data.structure.torch.drawn) return;
    if ((state.data.structure.later || []).includes("drawn")) return;
    g.asked.drawn = null;
    g.store.set({ torchView: "aligned" });
    if (typeof Dialogs !== "undefined") Dialogs.toast("torchviz has no drawing of this graph");
  }

  function follow(g, state, previous) {
    const want = wanted(state);
    for (const pane of g.panes) {
      const which = want[pane.name];
      wait(pane, Boolean(which));
      if (which && g.host.send) ask(g, state, which);
    }
    refused(g, state, previous);
  }

  return { direction, aligned, follow };
})();
