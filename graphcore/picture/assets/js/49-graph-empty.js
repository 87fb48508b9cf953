// What the panes show when there is nothing to draw: programs to start from.
const GraphEmpty = (() => {
  function show(g, state) {
    const { data } = state;
    g.key = null;
    g.element.dataset.empty = "";
    for (const pane of g.panes) pane.svg.replaceChildren();
    if (g.empty && g.emptyFor === data) return;
    if (g.empty) g.empty.remove();
    g.emptyFor = data;
    const starts = Dom.el("div");
    g.empty = Dom.el("div", { class: "cr-empty" },
      Network.waiting(data) || (data ? Dom.el("p", { text: "Nothing to draw yet. Type a program on the left, or start from one of these:" }) : null), starts);
    if (data && !data.work) Rail.starts(starts, g.store, g.host);
    g.element.append(g.empty);
  }

  function hide(g) {
    if (!g.empty) return;
    g.empty.remove();
    g.empty = null;
    delete g.element.dataset.empty;
  }

  return { show, hide };
})();
