// Pointer and keyboard on the drawings.

const GraphInput = (() => {
  function nodeOf(event) {
    const holder = event.target.closest && event.target.closest("[data-node]");
    const index = holder ? Number(holder.dataset.node) : NaN;
    return Number.isInteger(index) ? index : null;
  }

  // All digits appear on hover; the tip is written only when someone points at the node.
  function tip(g, event) {
    const i = nodeOf(event);
    g.store.set({ hovered: i });
    if (i === null) return;
    const { data } = g.store.get();
    const holder = event.target.closest("[data-node]");
    const digits = (v) => (v !== null && typeof v === "object" ? Format.tensor(v) : Format.copy(v));
    const step = Steps.at(data, g.store.get().moment);
    const lines = [data.structure.nodes[i].head];
    if (step.known.value(i)) lines.push(`value ${digits(data.numbers.values[i])}`);
    if (step.known.gradient(i) === "all" && data.numbers.gradients[i] !== null) {
      lines.push(`gradient ${digits(data.numbers.gradients[i])}`);
      if (data.numbers.torch[i] !== null) lines.push(`torch ${digits(data.numbers.torch[i])}`);
    }
    if (data.numbers.kinks[i]) lines.push(data.numbers.kinks[i]);
    const { module, stop, said } = data.structure.nodes[i];
    if (module) lines.push(`${module.path}: ${module.words}`);
    if (said) lines.push(said);
    if (stop) lines.push(stop);
    let title = holder.querySelector("title");
    if (!title) holder.prepend((title = Dom.svg("title")));
    title.textContent = lines.join("\n");
  }

  function walk(g, pane, by) {
    const parts = pane.scene.nodes;
    let i = g.roving === null ? 0 : g.roving;
    do i += by; while (parts[i] === null);
    if (!parts[i]) return;
    Graph.rove(g, i);
    View.follow(pane.view, [pane.scene.geometry.nodes[i]], false, false); // out of sight it could not take the focus
    parts[i].g.focus({ preventScroll: true });
  }

  function keydown(g, pane, event) {
    const i = nodeOf(event);
    if (i === null || !pane.scene) return;
    const { module } = g.store.get().data.structure.nodes[i];
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (plain && (event.key.toLowerCase() === "o" || (event.key === "Enter" && module))) {
      g.anchorKey = true;
      if (!Modules.toggle(g, i)) {
        g.anchorKey = false;
        if (event.key !== "Enter") return;
        Graph.reveal(i, g);
      }
    } else if (event.key === "Enter" || event.key === " ") Graph.reveal(i, g);
    else if (event.key === "ArrowDown") walk(g, pane, 1);
    else if (event.key === "ArrowUp") walk(g, pane, -1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function listen(g, pane) {
    const { svg } = pane;
    pane.view.element.addEventListener("click", (event) => {
      const control = event.target.closest && event.target.closest("[data-fold]");
      const i = nodeOf(event);
      if (control && i !== null && (control.dataset.fold === "open" ? Modules.toggle(g, i) : Modules.foldIn(g, i))) return;
      Scalars.clicked(g, pane, i, event);
      Graph.select(i, g);
    });
    pane.view.element.addEventListener("dblclick", (event) => {
      const i = nodeOf(event);
      if (i !== null && g.store.get().data.structure.nodes[i]?.module) Modules.toggle(g, i);
    });
    svg.addEventListener("keydown", (event) => keydown(g, pane, event));
    svg.addEventListener("pointerover", (event) => { if (event.pointerType === "mouse") tip(g, event); });
    svg.addEventListener("focusin", (event) => {
      const i = nodeOf(event);
      if (i === null || !pane.scene || !event.target.matches(":focus-visible")) return;
      Overlay.ring(pane.scene.overlay.focused, pane.scene.geometry.nodes[i], 4.5);
      View.follow(pane.view, [pane.scene.geometry.nodes[i]], false, false);
    });
    svg.addEventListener("focusout", () => {
      if (pane.scene) Overlay.ring(pane.scene.overlay.focused, null, 0);
    });
  }

  return { listen };
})();
