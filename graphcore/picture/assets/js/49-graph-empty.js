// What the panes show when there is nothing to draw: programs to start from.
const GraphEmpty = (() => {
  function start(g, example) {
    g.store.set({ text: example.text });
    if (g.host.send) g.host.send({ kind: "run", text: example.text });
  }

  function show(g, state) {
    const { data } = state;
    g.key = null;
    g.element.dataset.empty = "";
    for (const pane of g.panes) pane.svg.replaceChildren();
    if (g.empty && g.emptyFor === data) return;
    if (g.empty) g.empty.remove();
    g.emptyFor = data;
    const starts = data ? data.starts.map((key) => data.examples.find((e) => e.key === key)).filter(Boolean) : [];
    g.empty = Dom.el("div", { class: "cr-empty" },
      data ? Dom.el("p", { text: "Nothing to draw yet. Type a program, or start from one of these:" }) : null,
      starts.map((example) => Dom.el("button",
        { type: "button", class: "cr-start", on: { click: () => start(g, example) } },
        Dom.el("b", { text: example.title }), Dom.el("span", { text: example.sentence }))));
    g.panes[0].view.element.append(g.empty);
  }

  function hide(g) {
    if (!g.empty) return;
    g.empty.remove();
    g.empty = null;
    delete g.element.dataset.empty;
  }

  return { show, hide };
})();
