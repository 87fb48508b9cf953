// The files of gradients: torch's and ours in the form the homework asks for, as arrays, and what comparing them gives.
const NetFiles = (() => {
  const LINES = 60; // of a file that are shown

  const STYLES = { full: "all digits", layers: "five decimals", numpy: "NumPy's seven digits" };
  const save = (text, name) => Export.save(new Blob([text], { type: "text/plain" }), name);

  function preview(text) {
    const lines = text.split("\n");
    const rest = lines.length - LINES;
    return lines.slice(0, LINES).join("\n") + (rest > 0 ? `\n… ${rest.toLocaleString("en")} more lines` : "");
  }

  function card(me, { name, text, side }) {
    const npz = name.replace(".dat", ".npz");
    return Dom.el("section", { class: "cr-program" },
      Dom.el("header", {}, Dom.el("h3", {}, name),
        Dom.el("span", { class: "cr-copies" },
          Ui.button("Copy", { class: "cr-button cr-small", "data-key": `copy ${name}`, "aria-label": `Copy ${name}` }, () => Dialogs.copy(text, name)),
          Ui.button("Download", { class: "cr-button cr-small", "data-key": `save ${name}`, "aria-label": `Download ${name}` }, () => save(text, name)),
          me.host?.send
            ? Ui.button(".npz", { class: "cr-button cr-small", "data-key": `npz ${name}`, "aria-label": `Download ${npz}` }, () => me.host.send({ kind: "file", side }))
            : null)),
      Dom.el("pre", { tabindex: "0" }, preview(text)));
  }

  function styles(me, files) {
    if (!me.host?.send) return null;
    const options = files.styles.map((style) => [style, STYLES[style] || style]);
    return Ui.segments("Digits", options, files.style, (style) => me.host.send({ kind: "style", style }));
  }

  function comparison(me, files) {
    return Dom.el("section", { class: "cr-compared" },
      Dom.el("div", { class: "cr-tools" },
        Dom.el("h3", { class: "cr-below-title" }, "The two files compared"),
        Dom.el("span", { class: "cr-copies" },
          styles(me, files),
          Ui.button("Copy", { class: "cr-button cr-small", "data-key": "copy comparison" }, () => Dialogs.copy(files.comparison, "the comparison")))),
      Dom.el("pre", { class: "cr-report", tabindex: "0" }, files.comparison));
  }

  function mount(element, store, host) {
    const me = { host };
    const box = Dom.el("div", {});
    element.append(box);
    function draw(state, before) {
      const files = state.data?.files;
      if (before && files === before.data?.files) return;
      Ui.keepFocus(box, () => Ui.fill(box, !files
        ? Dom.el("p", { class: "cr-wait", role: "status" }, "Writing the files …")
        : files.says
          ? Dom.el("p", { class: "cr-wait" }, ...Dom.ticked(files.says))
          : [comparison(me, files), Dom.el("div", { class: "cr-programs" }, ...files.texts.map((text) => card(me, text)))]));
    }
    draw(store.get(), null);
    return store.subscribe(draw);
  }

  return { mount };
})();
