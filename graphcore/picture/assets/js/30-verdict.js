// The banner: sign, one bold sentence, one small one, one action.

const Verdict = (() => {
  const TONES = new Set(["right", "weak", "wrong", "off"]);

  function act(action, root, store, host) {
    const run = {
      reasons: () => typeof Dialogs !== "undefined" && Dialogs.reasons(),
      stronger: () => host.send && host.send({ kind: "stronger" }),
      show: () => {
        Graph.reveal(action.nodes[0]);
        store.set({ marked: action.nodes });
      },
      finding: () => Check.go(store, 0),
      goto: () => Graph.reveal(action.nodes[0]),
      report: () => typeof Dialogs !== "undefined" && Dialogs.copy(action.text, "the report"),
      line: () => root.dispatchEvent(new CustomEvent("cr-line", { detail: { line: action.line } })),
      stop: () => host.send && host.send({ kind: "stop" }),
    };
    if (run[action.kind]) run[action.kind]();
  }

  // Without Python nothing can be computed anew; those actions are left out rather than dead.
  const possible = (action, host) => host.send || !["stronger", "stop"].includes(action.kind);

  const RUNNING = { sign: "…", tone: "off", bold: "Running", small: "", action: null, reasons: [] };
  const shown = (state) => (state.running ? RUNNING : state.data && state.data.verdict);

  function draw(element, verdict, store, host) {
    element.hidden = !verdict || !verdict.bold; // nothing typed: nothing to judge
    if (element.hidden) return;
    const root = element.closest(".cr-root");
    const link = (action) => Dom.el("button", {
      type: "button", class: "cr-link", text: action.label, on: { click: () => act(action, root, store, host) },
    });
    const { action } = verdict;
    const actions = [];
    if (action && possible(action, host)) actions.push(link(action));
    const hidden = !action || action.kind !== "reasons";
    if (hidden && verdict.reasons && verdict.reasons.length) {
      actions.push(link({ kind: "reasons", label: "What does this prove?" }));
    }
    element.dataset.tone = TONES.has(verdict.tone) ? verdict.tone : "off";
    Dom.replace(element,
      Dom.el("span", { class: "cr-sign", "aria-hidden": "true", text: verdict.sign }),
      Dom.el("b", {}, Dom.ticked(verdict.bold)),
      Dom.el("small", {}, Words.telling(verdict.small)),
      Dom.el("span", { class: "cr-actions" }, actions));
  }

  function mount(element, store, host) {
    draw(element, shown(store.get()), store, host);
    return store.subscribe((state, previous) => {
      const [now, before] = [shown(state), shown(previous)];
      // While a value is dragged the verdict mostly stays as it is; then its button must keep the focus.
      if (now !== before && JSON.stringify(now) !== JSON.stringify(before)) draw(element, now, store, host);
    });
  }

  return { mount };
})();
