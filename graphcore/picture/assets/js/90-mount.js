// Puts the parts into the skeleton and feeds them. Mount.mount(root, host) -> {update(data), destroy(), store}.
// Data must be complete (see Payload).

const Mount = (() => {
  const SOON = 300; // ms a run may take before the banner says that it is running

  // Where to stand when a program has been drawn: as the address says at first, then wherever it was left.
  function stepFor(data, state) {
    const count = Steps.count(data);
    if (!count) return 1;
    const fits = (k) => Math.max(1, Math.min(count, k));
    const before = state && state.data;
    if (!before || !before.structure) {
      const start = data.start && data.start.step;
      return start === null || start === undefined ? Steps.opening(data) : fits(start);
    }
    const moved = Modules.same(before, data) && Modules.key(before) !== Modules.key(data);
    if (moved) return Modules.step(before, data, state.step);
    if (before.topology === data.topology) return fits(state.step);
    const last = Steps.count(before);
    return state.step === last && last > 1 ? count : Steps.opening(data);
  }

  // Who comes back from another page finds the picture as it was left.
  const KEPT = ["step", "decimals", "direction", "torchView", "tab", "speed"];
  const left = new Map(); // by session: each page has its own

  function leave(store) {
    const state = store.get();
    if (state.data) left.set(Payload.session(state.data), { topology: state.data.topology, state });
  }

  function back(data) {
    const kept = data ? left.get(Payload.session(data)) : null;
    return kept && kept.topology === data.topology ? Object.fromEntries(KEPT.map((key) => [key, kept.state[key]])) : {};
  }

  function patchFor(data, state) {
    const first = !state || !state.data;
    const patch = { data, step: stepFor(data, state) };
    if (first && data.start && Number.isInteger(data.start.decimals)) patch.decimals = data.start.decimals;
    const other = !first && state.data.topology !== data.topology;
    if (!first && Modules.same(state.data, data)) {
      if (Modules.key(state.data) !== Modules.key(data)) {
        const marked = state.marked.map((i) => Modules.node(state.data, data, i)).filter((i) => i !== null);
        Object.assign(patch, { selected: Modules.node(state.data, data, state.selected), marked: [...new Set(marked)], hovered: null, playing: false });
      }
    } else if (other) Object.assign(patch, { selected: null, marked: [], hovered: null, playing: false, zoom: "auto" });
    // The draft is done once Python has it: then data.program.text is the same text.
    if (state && state.text !== null && data.program && data.program.text === state.text) patch.text = null;
    return patch;
  }

  function switcher(element, store) {
    const buttons = [["manual", "Manual"], ["torch", "torch autograd"]].map(([value, text]) =>
      Dom.el("button", { type: "button", "data-value": value, text, on: { click: () => store.set({ phonePane: value }) } }));
    const show = ({ phonePane }) => buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.value === phonePane)));
    element.replaceChildren(...buttons);
    show(store.get());
    return store.subscribe(show);
  }

  // A flag that style sheets need: in a hurry nothing is animated.
  function flags(root, store) {
    return store.subscribe((state, previous) => {
      if (state.quick !== previous.quick) root.toggleAttribute("data-quick", state.quick);
    });
  }

  // A run that is not answered soon: the banner says so until it is.
  function watchRuns(store, host) {
    if (!host.send) return () => {};
    const { send } = host;
    let timer = null;
    let newest = 0;
    const open = () => newest > ((store.get().data && store.get().data.answers) || 0);
    host.send = (action) => {
      const id = send(action);
      if (action.kind === "run" || action.kind === "stronger") {
        newest = id;
        clearTimeout(timer);
        timer = setTimeout(() => store.set({ running: open() }), SOON);
      }
      return id;
    };
    const stop = store.subscribe((state, previous) => {
      if (state.running && state.data !== previous.data && !open()) store.set({ running: false });
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }

  function mount(container, host) {
    const root = container.classList.contains("cr-root") ? container : container.querySelector(".cr-root");
    root.dataset.mounted = "";
    if (Network.here(host)) root.dataset.network = "";
    const part = (name) => root.querySelector(`[data-part="${name}"]`);
    const data = host.data || null;
    const initial = { ...Store.defaults, ...Ask.restored(host.page), theme: Theme.initial(root) };
    if (Network.here(host)) Object.assign(initial, { tab: host.send || data?.layers ? "layers" : "table", fields: null });
    if (Check.here(host)) Object.assign(initial, Check.initial());
    const restored = back(data);
    const store = Store.create(data ? { ...initial, ...patchFor(data, null), ...restored } : initial, Ask.derive);
    const undo = [
      flags(root, store),
      watchRuns(store, host),
      Network.attach(store, host),
      Page.mount(root, part("bar"), store, host),
      Verdict.mount(part("verdict"), store, host),
      Graph.mount(part("panes"), store, host),
      FormulaLine.mount(part("formula"), store, host),
      switcher(part("switch"), store),
      Transport.mount(part("transport"), store, host),
      Search.mount(part("panes"), store),
      Keys.mount(root, store),
      Paper.mount(root, store),
    ];
    if (typeof Rail !== "undefined") undo.push(Rail.mount(part("rail"), store, host));
    if (typeof Tabs !== "undefined") undo.push(Tabs.mount(part("below"), store, host));
    if (typeof Dialogs !== "undefined") undo.push(Dialogs.mount(root, store, host));
    undo.push(Words.mount(root, store, host), Check.mount(root, store, host), Ask.keep(store, host), AskView.mount(root, store, host), OpenWorkspace.mount(root, store, host));
    if (restored.step) setTimeout(() => { if (root.isConnected) Page.link(); }, SOON); // the other page's address took its place
    return {
      store,
      update(next) {
        const state = store.get();
        if (next && next !== state.data) store.set(patchFor(next, state));
      },
      destroy() {
        leave(store);
        for (const stop of undo.reverse()) if (typeof stop === "function") stop();
        delete root.dataset.mounted;
      },
    };
  }

  return { mount };
})();
