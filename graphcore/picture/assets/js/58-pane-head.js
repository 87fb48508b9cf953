// The line above each drawing: whose graph it is, and the few ways to look at it.

const PaneHead = (() => {
  // Two or more choices of which one holds. Returns the element and a function that shows the choice.
  function segments(label, choices, choose) {
    const buttons = choices.map(([value, text]) =>
      Dom.el("button", { type: "button", "data-value": value, text, on: { click: () => choose(value) } }));
    return {
      element: Dom.el("span", { class: "cr-segments", role: "group", "aria-label": label }, buttons),
      show(value) {
        for (const b of buttons) b.setAttribute("aria-pressed", String(b.dataset.value === value));
      },
    };
  }

  function exportMenu(pane) {
    const words = "Save or copy the picture";
    return Dom.menu("⤓", { "aria-label": words, title: words }, [
      ["Copy SVG", () => Page.copySvg(pane)],
      ["Save SVG", () => Page.saveSvg(pane)],
      ["Save PNG", () => Page.savePng(pane)],
      ["Save both panes as SVG", () => Page.saveSvg("both")],
      ["Save both panes as PNG", () => Page.savePng("both")],
    ]).element;
  }

  function manual(store, host) {
    const modules = Modules.menu(store, host);
    const direction = segments("Direction", [["down", "Down"], ["across", "Across"]],
      (value) => store.set({ direction: value, zoom: "auto" }));
    const fit = segments("Zoom", [["fit", "Fit"]],
      () => store.set({ zoom: store.get().zoom === "fit" ? "auto" : "fit" }));
    const note = Dom.el("small");
    const title = Dom.el("h3", { text: "Manual" });
    const head = Dom.el("div", { class: "cr-pane-head" },
      title, note,
      Dom.el("span", { class: "cr-space" }), modules.element, direction.element, fit.element, exportMenu("manual"));
    return {
      head,
      show(state) {
        direction.show(state.direction);
        modules.show(state);
        title.textContent = Check.judged(state) ? "Yours" : "Manual";
        note.textContent = state.data?.structure?.note || Modules.note(state.data) || (Check.judged(state) ? "elsewhere the right numbers" : "") || "by the rules of each op";
        fit.show(state.zoom);
      },
    };
  }

  function torch(store, host) {
    const view = segments("Layout", [["aligned", "Aligned"], ["drawn", "As torchviz draws it"]],
      (value) => store.set({ torchView: value }));
    const back = Check.here(host) ? Check.back(store) : null;
    const head = Dom.el("div", { class: "cr-pane-head" },
      Dom.el("h3", { text: "torch autograd" }), Dom.el("small", { text: "what backward() ran" }),
      Dom.el("span", { class: "cr-space" }), view.element, exportMenu("torch"), back);
    return {
      head,
      show(state) {
        view.show(state.torchView);
        const structure = state.data?.structure;
        view.element.hidden = !structure || !(structure.torch.drawn || structure.later?.includes("drawn"));
      },
    };
  }

  return { manual, torch, segments };
})();
