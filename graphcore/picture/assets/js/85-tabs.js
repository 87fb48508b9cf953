// The tabs under the picture. Only the tab that is shown is built.
const Tabs = (() => {
  const TABS = [
    ["table", "Gradient table"],
    ["derivation", "Derivation"],
    ["jacobian", "Jacobian"],
    ["scalars", "Scalars"],
    ["torch", "torch's nodes explained"],
    ["code", "Code"],
  ];
  const OF_NETWORKS = [
    ["layers", "Layers"],
    ["table", "Gradient table"],
    ["derivation", "Derivation"],
    ["jacobian", "Jacobian"],
    ["scalars", "Scalars"],
    ["torch", "torch's nodes explained"],
    ["files", "Files"],
    ["code", "Code"],
  ];
  const PANELS = { table: () => Table, derivation: () => Derivation, jacobian: () => JacobianTab, scalars: () => Scalars, torch: () => Explained, code: () => Code };
  const PANELS_OF_NETWORKS = {
    layers: () => Layers, table: () => Table, derivation: () => Derivation, jacobian: () => JacobianTab, scalars: () => Scalars, torch: () => NetExplained, files: () => NetFiles, code: () => NetCode,
  };
  const panels = (me) => (Check.here(me.host) ? CheckTabs.PANELS : me.network ? PANELS_OF_NETWORKS : PANELS);

  // A page without Python shows only what was put into it.
  const PARTS = { layers: "layers", derivation: "derivation", scalars: "scalar", jacobian: "jacobian", files: "files", code: "code" };
  const part = (key, network) => (network && key === "torch" ? "explained" : PARTS[key]);
  const offered = (data, live, network) =>
    data?.page === "check" ? CheckTabs.LIST : (network ? OF_NETWORKS : TABS).filter(([key]) => live || !part(key, network) || data?.[part(key, network)]);

  function tabButton(key, text, choose) {
    return Dom.el(
      "button",
      {
        type: "button",
        role: "tab",
        id: `cr-tab-${key}`,
        class: "cr-tab",
        "aria-controls": "cr-tabpanel",
        "data-tab": key,
        on: { click: () => choose(key) },
      },
      text,
    );
  }

  // One control for decimals; the whole picture follows it.
  function decimals(store) {
    const select = Dom.el(
      "select",
      { class: "cr-select", "aria-label": "Decimals" },
      Dom.el("option", { value: "" }, "auto"),
      ...Array.from({ length: 11 }, (_, index) => Dom.el("option", { value: String(index + 2) }, String(index + 2))),
    );
    select.addEventListener("change", () => store.set({ decimals: select.value === "" ? null : Number(select.value) }));
    select.addEventListener("keydown", (event) => event.stopPropagation());
    const follow = (state) => {
      const value = state.decimals === null ? "" : String(state.decimals);
      if (value && !select.querySelector(`[value="${value}"]`)) select.append(Dom.el("option", { value }, value));
      select.value = value;
    };
    follow(store.get());
    return { element: Dom.el("label", { class: "cr-decimals" }, "Decimals", select), follow };
  }

  function rove(event, list, choose) {
    const all = Array.from(list.children);
    const now = all.indexOf(event.target.closest("[role=tab]"));
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined || now < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const tab = all[(next + all.length) % all.length];
    choose(tab.dataset.tab);
    tab.focus();
  }

  // Python makes the derivation, and the code of a large program, only while it is looked at; of a network more.
  const MADE = ["scalars", "derivation", "jacobian", "code"];
  const MADE_OF_NETWORKS = ["scalars", "derivation", "jacobian", "torch", "files", "code"];
  function ask(host, tab, before) {
    const made = Check.here(host) ? CheckTabs.MADE : Network.here(host) ? MADE_OF_NETWORKS : MADE;
    if (host?.send && (made.includes(tab) || made.includes(before))) host.send({ kind: "tab", tab });
  }

  function drawBar(me, state) {
    const tabs = offered(state.data, me.live, me.network);
    const keys = tabs.map(([key]) => key).join();
    if (keys !== me.keys) me.list.replaceChildren(...tabs.map(([key, text]) => tabButton(key, text, me.choose)));
    me.keys = keys;
    for (const tab of me.list.children) {
      const on = tab.dataset.tab === state.tab;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    me.panel.setAttribute("aria-labelledby", `cr-tab-${state.tab}`);
  }

  function drawPanel(me, state) {
    const tab = panels(me)[state.tab] ? state.tab : "table";
    const ready = Boolean(state.data?.structure && state.data.numbers);
    me.element.hidden = !ready;
    if (!ready || me.shown === tab) return;
    me.drop?.();
    ask(me.host, tab, me.shown);
    me.shown = tab;
    me.panel.replaceChildren();
    me.panel.dataset.panel = tab;
    me.drop = panels(me)[tab]().mount(me.panel, me.store, me.host);
  }

  function mount(element, store, host) {
    const control = decimals(store);
    const list = Dom.el("div", { class: "cr-tablist", role: "tablist", "aria-label": "More about this program" });
    const panel = Dom.el("div", { class: "cr-tabpanel", id: "cr-tabpanel", role: "tabpanel", tabindex: "-1" });
    const choose = (tab) => store.set({ tab });
    const me = { element, store, host, live: Boolean(host?.send), list, panel, choose, keys: "", shown: null, drop: null, network: Network.here(host) };
    element.replaceChildren(Dom.el("div", { class: "cr-tabs" }, list, control.element), panel);
    list.addEventListener("keydown", (event) => rove(event, list, choose));
    function draw(state, before) {
      control.follow(state);
      if (!before || state.tab !== before.tab || state.data !== before.data) drawBar(me, state);
      drawPanel(me, state);
    }
    draw(store.get(), null);
    const stop = store.subscribe(draw);
    return () => {
      stop();
      me.drop?.();
    };
  }

  return { mount };
})();
