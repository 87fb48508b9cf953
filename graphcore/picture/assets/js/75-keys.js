// The keyboard. Keys act on the whole page, except where someone is typing or a widget uses them itself.

const Keys = (() => {
  const TYPING = "input, textarea, select, [contenteditable], [contenteditable] *, [role=textbox]";

  // Dialogs are children of the root; looking for them in the whole page would mean in all of a large drawing.
  function dialogOpen() {
    const root = document.querySelector(".cr-root");
    return Boolean(root) && Array.from(root.children).some((child) => child.localName === "dialog" && child.open);
  }

  function taken(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return true;
    const target = event.target instanceof Element ? event.target : null;
    if (target && target.closest(TYPING)) return true;
    if (dialogOpen()) return true;
    // Space and Enter belong to the button that has the focus.
    return Boolean(target && event.key === " " && target.closest("button, a, summary, [role=button], [role=tab]"));
  }

  // Where backward begins: the seed.
  const seed = (data) => Steps.opening(data) + 1;

  function command(key, store) {
    const { step, data } = store.get();
    const by = (n, event) => (n > 0 ? Transport.next(store, event.repeat) : Transport.go(store, step + n, event.repeat));
    const table = {
      ArrowRight: (e) => by(1, e),
      ArrowLeft: (e) => by(-1, e),
      PageDown: (e) => by(1, e),
      PageUp: (e) => by(-1, e),
      Home: () => Transport.go(store, 1),
      End: () => Transport.go(store, Infinity),
      " ": () => Transport.toggle(store),
      f: () => Transport.go(store, 1),
      b: () => Transport.go(store, seed(data)),
      a: () => Ask.toggle(store),
      n: (e) => Check.next(store, e.shiftKey ? -1 : 1),
      p: () => Page.present(store),
      o: () => Graph.toggle(store.get().selected ?? Steps.at(data, step).node),
      "/": () => Search.open(),
      "?": () => typeof Dialogs !== "undefined" && Dialogs.keys(),
    };
    return table[key.length === 1 ? key.toLowerCase() : key];
  }

  function escape(store) {
    const state = store.get();
    if (state.asking) Ask.toggle(store);
    else if (state.present) store.set({ present: false });
    else if (state.marked.length) store.set({ marked: [] });
    else if (state.selected !== null) store.set({ selected: null });
    else return false;
    return true;
  }

  function mount(root, store) {
    const keydown = (event) => {
      if (taken(event) || !root.isConnected) return;
      if (event.key === "Escape") {
        escape(store);
        return;
      }
      const run = command(event.key, store);
      if (!run || !Steps.count(store.get().data)) return;
      event.preventDefault();
      run(event);
    };
    // Letting go of a held key ends the hurry: the next single step is animated again.
    const keyup = () => { if (store.get().quick) store.set({ quick: false }); };
    document.addEventListener("keydown", keydown);
    document.addEventListener("keyup", keyup);
    return () => {
      document.removeEventListener("keydown", keydown);
      document.removeEventListener("keyup", keyup);
    };
  }

  return { mount };
})();
