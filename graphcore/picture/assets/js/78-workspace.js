// Opening a workspace: a file is chosen or dropped, Python makes the page of it, here the page is looked at as it was.

const OpenWorkspace = (() => {
  const LIMIT = 60e6; // bytes of a file
  const SLOW = 400; // ms
  const begun = new Set(); // the workspaces whose page has been set
  const done = new Set(); // those that stand as they were left
  let files = null; // the hand-in of the one that is being opened, for page Check to remember
  let current = null; // {root, store, host} of the mounted page

  // ---- a file comes in ---------------------------------------------------------------------------------------

  async function open(file) {
    if (file.size > LIMIT) {
      Dialogs.toast(`${file.name} has ${(file.size / 1e6).toFixed(0)} MB; a workspace has at most ${LIMIT / 1e6}.`);
      return;
    }
    const text = await file.text();
    files = handed(text);
    current.host.send({ kind: "workspace", file: text });
    clearTimeout(current.timer);
    current.timer = setTimeout(() => Dialogs.toast(`Opening ${file.name} …`), SLOW);
  }

  // Only for what the tab remembers of a hand-in; Python reads and judges the file itself.
  function handed(text) {
    try {
      const found = JSON.parse(text).hand_ins.filter((one) => one.name);
      return found.length ? found.map((one) => ({ name: one.name, data: one.base64 ?? base64(one.text) })) : null;
    } catch {
      return null;
    }
  }

  const base64 = (text) => btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));

  // Whether these files are one workspace; then it is opened. Page Check asks first, for all else is a hand-in.
  async function takes(list) {
    const [file, ...more] = Array.from(list);
    if (!file || more.length || !/\.json$/i.test(file.name)) return false;
    const start = await file.slice(0, 2000).text();
    if (!/^\s*\{[^]*"chainrule"/.test(start)) return false;
    await open(file);
    return true;
  }

  function choose(root) {
    const made = Dom.el("input", { type: "file", class: "cr-offscreen", tabindex: "-1", "aria-hidden": "true", accept: ".json,application/json", "data-picker": "workspace" });
    made.addEventListener("change", () => {
      if (made.files[0]) open(made.files[0]);
      made.remove();
    });
    root.querySelector('[data-picker="workspace"]')?.remove();
    root.append(made);
    made.click();
  }

  function dropping(root, host) {
    if (!host.send || Check.here(host)) return () => {};
    const ours = (event) => Array.from(event.dataTransfer?.types || []).includes("Files");
    const over = (event) => {
      if (!ours(event)) return;
      event.preventDefault();
      root.dataset.dropping = "";
    };
    const out = (event) => { if (!event.relatedTarget) delete root.dataset.dropping; };
    const drop = async (event) => {
      delete root.dataset.dropping;
      if (!ours(event)) return;
      event.preventDefault();
      const list = Array.from(event.dataTransfer.files);
      if (list.length === 1 && /\.json$/i.test(list[0].name)) open(list[0]);
      else Dialogs.toast("One workspace, a .json file, can be dropped here.");
    };
    const heard = [["dragover", over], ["dragleave", out], ["drop", drop]];
    for (const [name, act] of heard) document.addEventListener(name, act);
    return () => { for (const [name, act] of heard) document.removeEventListener(name, act); };
  }

  // ---- the page as it was ------------------------------------------------------------------------------------

  // Beside the text, which Python sends; drafts of the page before are no part of it.
  function begin({ root, store, host }, wanted) {
    const tabs = Array.from(root.querySelectorAll("[data-tab]"), (tab) => tab.dataset.tab);
    const page = Check.here(host) ? { hand: null, handValues: null } : {};
    if (Check.here(host)) Check.remember(files);
    files = null;
    store.set({
      ...page, text: null, fields: null, selected: null, hovered: null, marked: [], playing: false, zoom: "auto",
      tab: tabs.includes(wanted.tab) ? wanted.tab : tabs[0], decimals: wanted.decimals ?? null,
      direction: wanted.direction || "down", torchView: wanted.torch_view || "aligned",
    });
  }

  function finish({ store }, wanted) {
    const { data } = store.get();
    const named = wanted.node === null ? -1 : data.structure.nodes.findIndex((node) => node.name === wanted.node);
    const step = wanted.step === null ? Steps.opening(data) : Math.max(1, Math.min(Steps.count(data), wanted.step));
    store.set({ step, selected: named < 0 ? null : named, ...(wanted.finding === null ? {} : { finding: wanted.finding }) });
    Page.link();
  }

  // Twice: with the first payload of the workspace, and with the one that brings its picture.
  function restore(me) {
    const { data } = me.store.get();
    const wanted = data?.restored;
    if (!wanted || done.has(wanted.id)) return;
    if (!begun.has(wanted.id)) {
      begun.add(wanted.id);
      begin(me, wanted);
    }
    if (!data.structure || data.work || done.has(wanted.id)) return;
    done.add(wanted.id);
    finish(me, wanted);
  }

  function mount(root, store, host) {
    const me = { root, store, host, timer: 0 };
    current = me;
    const undo = [dropping(root, host), store.subscribe((state, before) => {
      if (state.data === before.data) return;
      clearTimeout(me.timer);
      restore(me);
    })];
    // page Check goes to its first finding a moment after it is mounted
    const timer = setTimeout(() => restore(me));
    return () => {
      clearTimeout(timer);
      undo.forEach((stop) => stop());
      clearTimeout(me.timer);
      if (current === me) current = null;
    };
  }

  return { mount, open, takes, choose };
})();
