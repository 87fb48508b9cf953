// Taking it home: the menu of files that Python makes of what the page shows, and of the page itself as a workspace.

const TakeHome = (() => {
  const SLOW = 400; // ms after which it is said that a file is being made
  const FILES = [
    ["html", "Page that stands alone", ".html"],
    ["svg", "Picture", ".svg"],
    ["png", "Picture", ".png"],
    ["tex", "LaTeX report", ".tex"],
    ["ipynb", "Notebook", ".ipynb"],
    ["dat", "Gradients, text", ".dat"],
    ["npz", "Gradients, NumPy", ".npz"],
  ];
  const REPORTS = [["html", "Report", ".html"], ["markdown", "Report", ".md"]];

  // How the page is looked at, for a workspace.
  function view(state) {
    const node = state.selected === null ? null : state.data?.structure?.nodes[state.selected];
    return {
      step: state.step, tab: state.tab, decimals: state.decimals, direction: state.direction, torch_view: state.torchView,
      node: node ? node.name : null, finding: state.data?.page === "check" ? state.finding : null,
    };
  }

  // All that the page holds and Python may not have yet: what is typed and not run.
  function page(state) {
    const more = state.data?.page === "check" ? { hand: Check.handText(state), values: Check.valuesText(state) } : {};
    return { text: Program.text(state), view: view(state), ...more };
  }

  // ---- asking for a file, and its arrival -------------------------------------------------------------------

  function ask(me, to, what, arrived = save) {
    const state = me.store.get();
    const action = { kind: "export", to, which: me.which, side: me.side, decimals: state.decimals };
    const id = me.host.send(to === "json" ? { ...action, ...page(state) } : action);
    const timer = setTimeout(() => Dialogs.toast(`Making the file: ${what} …`), SLOW);
    me.asked.set(id, { arrived, timer });
  }

  function bytes({ data }) {
    return Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
  }

  const size = (count) => (count < 1e6 ? `${Math.max(1, Math.round(count / 1000))} kB` : `${(count / 1e6).toFixed(1)} MB`);

  function save(file) {
    const content = bytes(file);
    Export.save(new Blob([content], { type: file.mime }), file.name);
    Dialogs.toast(`Saved ${file.name}, ${size(content.length)}`);
  }

  // The page that stands alone has a form for paper. It is printed from a frame, so that this page stays as it is.
  function print(file) {
    const url = URL.createObjectURL(new Blob([bytes(file)], { type: file.mime }));
    const frame = Dom.el("iframe", { class: "cr-offscreen", title: "What is printed", "aria-hidden": "true", tabindex: "-1", src: url });
    const away = () => {
      URL.revokeObjectURL(url);
      frame.remove();
    };
    frame.addEventListener("load", () => {
      frame.contentWindow.addEventListener("afterprint", () => setTimeout(away, 1000));
      frame.contentWindow.print();
    });
    document.body.append(frame);
  }

  function follow(me, { data }, before) {
    if (!data || data === before?.data || !me.asked.size) return;
    const file = data.home?.file;
    const asked = me.asked.get(data.home?.id);
    for (const [id, { timer }] of me.asked) {
      if (id > data.answers) continue;
      clearTimeout(timer);
      me.asked.delete(id);
    }
    if (!asked || !file) return;
    data.home.file = null; // the page keeps its newest payload; a file in it would only take room
    asked.arrived(file);
  }

  // Page Check writes its reports itself.
  function report(me, what) {
    if (Check.judged(me.store.get())) me.host.send({ kind: "save", what });
    else Dialogs.toast("There is no verdict yet, so there is no report.");
  }

  // ---- the menu ----------------------------------------------------------------------------------------------

  function items(me) {
    const files = FILES.map(([to, what, suffix]) => [what, () => ask(me, to, `${what}, ${suffix}`), { "data-to": to, "data-suffix": suffix }]);
    const reports = Check.here(me.host)
      ? REPORTS.map(([what, words, suffix]) => [words, () => report(me, what), { "data-report": what, "data-suffix": suffix }])
      : [];
    return [
      ...reports, ...files,
      ["Print …", () => ask(me, "print", "what is printed", print), { "data-to": "print" }],
      ["Save workspace", () => ask(me, "json", "the workspace"), { "data-to": "json", "data-suffix": ".json", title: "All of this page in one file: text, settings, files, step, tab" }],
      ["Open workspace …", () => OpenWorkspace.choose(me.root), { "data-to": "open", title: "On any page; or drop the file on it" }],
    ];
  }

  function choice(me, key, label, choices) {
    const made = PaneHead.segments(label, choices, (value) => {
      me[key] = value;
      made.show(value);
    });
    made.show(me[key]);
    return Dom.el("div", { class: "cr-home-choice" }, Dom.el("span", { "aria-hidden": "true" }, label), made.element);
  }

  // For a page with Python behind it; one that stands alone can only be printed.
  function menu({ root, store, host }) {
    if (!host.send) return Dom.button("Print", () => window.print(), { class: "cr-wide" });
    const me = { root, store, host, which: "both", side: "manual", asked: new Map() };
    const words = "Download, print, or open a workspace";
    const label = [Dom.el("span", { class: "cr-wide" }, "Download"), Dom.el("span", { class: "cr-slim" }, Dom.icon("save"))];
    const { element, buttons } = Dom.menu(label, { class: "cr-button", title: words, "aria-label": words }, items(me));
    element.classList.add("cr-home");
    const at = (to) => buttons.find((button) => button.dataset.to === to);
    const report = buttons.find((button) => button.dataset.report);
    if (report) {
      report.before(Dom.el("p", {}, "What was found"));
      at("html").before(Dom.el("p", {}, "The problem, with the right numbers"));
    }
    at("svg").before(choice(me, "which", "Pictures of", [["both", "both"], ["manual", "manual"], ["torch", "torch"]]));
    at("dat").before(choice(me, "side", "Gradients by", [["manual", "manual"], ["torch", "torch"]]));
    for (const to of ["tex", "print", "json"]) at(to).before(Dom.el("hr"));
    store.subscribe((state, before) => follow(me, state, before));
    return element;
  }

  return { menu, page };
})();
