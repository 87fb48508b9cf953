// The programs that reproduce a network with its very weights, and the way to Explore for a small one.
const NetCode = (() => {
  // The address of Explore with this program in it; the page's own address says where the app stands.
  async function explore(text) {
    const url = new URL("./", window.location.href);
    url.searchParams.set("p", await Page.compressed(text));
    return url.href;
  }

  function head(code, host) {
    if (!code.program) {
      const save = code.file && host?.send
        ? Ui.button(`Download ${code.file}`, { class: "cr-button", "data-key": "parameters" }, () => host.send({ kind: "file", side: "parameters" }))
        : null;
      return Dom.el("p", { class: "cr-tools" }, Dom.el("span", {}, ...Dom.ticked(code.says)), save);
    }
    const link = Dom.el("a", { class: "cr-button", target: "_blank", rel: "noopener", "data-key": "explore" }, "Open in Explore");
    explore(code.program).then((href) => link.setAttribute("href", href));
    return Dom.el("p", { class: "cr-tools" }, Dom.el("span", {}, ...Dom.ticked(code.says)), link);
  }

  function mount(element, store, host) {
    const box = Dom.el("div", {});
    element.append(box);
    function draw(state, before) {
      const code = state.data?.code;
      if (before && code === before.data?.code) return;
      Ui.keepFocus(box, () => Ui.fill(box, code
        ? [head(code, host), Dom.el("div", { class: "cr-programs" }, ...Code.blocks(code))]
        : Dom.el("p", { class: "cr-wait", role: "status" }, "Writing the programs …")));
    }
    draw(store.get(), null);
    return store.subscribe(draw);
  }

  return { mount };
})();
