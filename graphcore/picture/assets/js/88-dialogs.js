// What opens over the page: the reasons behind the verdict, the list of keys, a full array; and the short
// notes at the bottom.
const Dialogs = (() => {
  const KEYS = [
    ["→  ←", "next step, previous step"],
    ["Home  End", "first step, last step"],
    ["Space", "play, pause"],
    ["PageDown  PageUp", "next, previous (presenter remotes)"],
    ["F", "start of the forward pass"],
    ["B", "start of the backward pass"],
    ["A", "Ask first: type each gradient before it is shown"],
    ["P", "Present"],
    ["O", "in a network: open a module, fold it again"],
    ["N  Shift+N", "on page Check: next finding, previous finding"],
    ["/", "search a node"],
    ["?", "these keys"],
    ["Esc", "close, leave the input, Ask first, Present, let go of the node"],
    ["Ctrl+Enter", "in the program: run it"],
    ["Ctrl+Z", "in the program and the values: undo"],
    ["↑  ↓", "on a value: 0.1 up, down (Shift 1, Alt 0.01)"],
  ];
  let current = null; // {root, store, host} of the mounted component

  function mount(root, store, host) {
    const note = Dom.el("div", { class: "cr-toast", role: "status", "aria-live": "polite" });
    const notice = Dom.el("div", { class: "cr-notice", role: "status", "aria-live": "polite" });
    root.append(note);
    root.querySelector(".cr-stage").prepend(notice);
    current = { root, store, host, note, timer: 0 };
    const mine = current;
    showNotice(notice, store.get().data?.notice);
    const stop = store.subscribe((state, previous) => {
      const said = state.data?.notice;
      const anew = said !== previous.data?.notice || state.data.answers !== previous.data.answers;
      if (said && anew) showNotice(notice, said);
    });
    return () => {
      stop();
      clearTimeout(mine.timer);
      note.remove();
      notice.remove();
      root.querySelectorAll("dialog.cr-dialog").forEach((dialog) => dialog.remove());
      if (current === mine) current = null;
    };
  }

  // What Python has to say about the page itself (a damaged link): it stays until it is sent away.
  function showNotice(notice, text) {
    notice.classList.toggle("cr-shown", Boolean(text));
    const away = () => showNotice(notice, null);
    Ui.fill(notice, text ? [
      Dom.el("span", {}, ...Dom.ticked(text)),
      Ui.button(Dom.icon("close"), { class: "cr-button cr-close", "aria-label": "Dismiss", title: "Dismiss" }, away),
    ] : []);
  }

  // A modal dialog; the browser keeps the focus in it and Escape closes it. Focus goes back to where it
  // was.
  function show(title, kind, ...content) {
    if (!current) return null;
    current.root.querySelector("dialog.cr-dialog")?.close();
    const back = current.root.getRootNode().activeElement;
    const close = Ui.button(Dom.icon("close"), { class: "cr-button cr-close", "aria-label": "Close" }, () =>
      dialog.close(),
    );
    const dialog = Dom.el(
      "dialog",
      { class: `cr-dialog cr-dialog-${kind}`, "aria-label": title },
      Dom.el("header", {}, Dom.el("h2", {}, title), close),
      Dom.el("div", { class: "cr-dialog-body", tabindex: "-1", autofocus: true }, ...content),
    );
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (back?.isConnected) back.focus({ preventScroll: true });
    });
    current.root.append(dialog);
    dialog.showModal();
    return dialog;
  }

  function reasons() {
    const verdict = current?.store.get().data?.verdict;
    if (!verdict) return;
    const list = (verdict.reasons || []).map((reason) => [
      Dom.el(
        "dt",
        { class: `cr-tone-${reason.tone}` },
        Dom.el("span", { class: "cr-mark", "aria-hidden": "true" }, reason.sign),
        reason.title,
      ),
      // one idea a line
      Dom.el("dd", {}, ...reason.text.split(/(?<=\.) (?=[A-Z\d])/).map((said) => Dom.el("p", {}, ...Words.telling(said)))),
    ]);
    show(
      "What does this prove?",
      "reasons",
      Dom.el(
        "p",
        {},
        Dom.el("b", { class: `cr-tone-${verdict.tone}` }, verdict.bold),
        " ",
        ...Dom.ticked(verdict.small),
      ),
      Dom.el("dl", { class: "cr-reasons" }, ...list),
    );
  }

  function keys() {
    const row = ([key, does]) =>
      Dom.el(
        "tr",
        {},
        Dom.el("th", { scope: "row" }, ...key.split("  ").map((one) => Dom.el("kbd", {}, one))),
        Dom.el("td", {}, does),
      );
    show("Keys", "keys", Dom.el("table", { class: "cr-keys" }, Dom.el("tbody", {}, ...KEYS.map(row))));
  }

  function array(node) {
    if (!current?.store.get().data?.structure) return;
    const { store, host } = current;
    const data = store.get().data;
    const body = Dom.el("div", { class: "cr-arrayview" });
    const { name, shape } = data.structure.nodes[node];
    const dialog = show(`${name}  ${Format.shape(shape)}`, "array", body);
    const stop = ArrayView.mount(body, store, host, node);
    dialog.addEventListener("close", stop);
  }

  // A short note; `action` = {label, act} adds a button and keeps the note longer.
  function toast(text, action = null) {
    if (!current) return;
    const { note } = current;
    const mine = current;
    clearTimeout(mine.timer);
    const hide = () => {
      note.classList.remove("cr-shown");
      Ui.fill(note);
    };
    Ui.fill(
      note,
      Dom.el("span", {}, text),
      action
        ? Ui.button(action.label, { class: "cr-button cr-small" }, () => {
            hide();
            action.act();
          })
        : null,
    );
    note.classList.add("cr-shown");
    mine.timer = setTimeout(hide, action ? 8000 : 2200);
  }

  async function copy(text, what) {
    const done = await write(text);
    toast(done ? `Copied ${what}` : "The browser did not allow copying.");
    return done;
  }

  async function write(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // no permission, or not a secure page: the old way
    }
    const root = current?.root.querySelector("dialog[open]") || current?.root || document.body;
    const back = document.activeElement;
    const area = Dom.el("textarea", { class: "cr-offscreen", readonly: true, "aria-hidden": "true" });
    area.value = text;
    root.append(area);
    area.select();
    let done = false;
    try {
      done = document.execCommand("copy");
    } catch {
      done = false;
    }
    area.remove();
    back?.focus?.({ preventScroll: true });
    return done;
  }

  return { mount, reasons, keys, array, toast, copy };
})();
