// Page Check: what belongs to the page and to none of its parts. Sending a hand-in, stepping from finding to finding, the
// address, and which of its faces the page shows.
//
// In the store: finding (the one shown, from 0), beside ("finding" or "torch": what stands at the right of the picture), hand
// (the draft of the text that is handed in, null while it equals what Python has).

const Check = (() => {
  const LIMIT = 20 * 2 ** 20; // bytes of all files together
  const KEEP = 1.5 * 2 ** 20; // bytes of files that the tab remembers for a reload
  const LINK = 6000; // characters of a packed hand-in that still go into a link
  const REFUSED = /\.(pt|pth|pkl|pt2|ckpt|bin|pickle|joblib)$/i; // never even read
  const PLACE = "chainrule.check.files";
  let current = null;

  const here = (host) => host?.page === "check";
  const initial = () => ({ tab: "findings", fields: null, finding: 0, beside: "finding", hand: null, handValues: null });

  const judged = (state) => state.data?.check?.mode === "judged";
  const findings = (state) => state.data?.check?.findings || [];
  const finding = (state) => findings(state)[Math.min(state.finding, findings(state).length - 1)] || null;
  const handText = (state) => state.hand ?? state.data?.hand?.text ?? "";

  const valuesText = (state) => state.handValues ?? state.data?.hand?.values ?? "";

  // ---- handing in ------------------------------------------------------------------------------------------

  // The problem as it stands in the editor goes along: a hand-in is judged by what is seen.
  const post = (store, host, action) => Program.of(store, host).post({ text: Program.text(store.get()), ...action });

  function base64(buffer) {
    const bytes = new Uint8Array(buffer);
    let binary = "";
    for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    return btoa(binary);
  }

  async function upload(store, host, list) {
    const files = Array.from(list);
    if (!files.length || await OpenWorkspace.takes(files)) return;
    const size = files.reduce((sum, file) => sum + (REFUSED.test(file.name) ? 0 : file.size), 0);
    if (size > LIMIT) {
      const what = files.length > 1 ? `These ${files.length} files have` : `${files[0].name} has`;
      Dialogs.toast(`${what} ${(size / 2 ** 20).toFixed(0)} MB; this page takes up to 20. The command line takes more.`);
      return;
    }
    const read = await Promise.all(files.map(async (file) => ({
      name: file.name, data: REFUSED.test(file.name) ? "" : base64(await file.arrayBuffer()),
    })));
    Program.save(PLACE, size <= KEEP ? { files: read, text: Program.text(store.get()) } : null);
    store.set({ hand: null });
    post(store, host, { kind: "files", files: read });
  }

  // The files of a workspace, {name, data} each, or null: what a reload of the page brings back.
  function remember(files) {
    const size = (files || []).reduce((sum, file) => sum + file.data.length, 0);
    Program.save(PLACE, size <= KEEP * 4 / 3 ? files : null);
  }

  function hand(store, host, text, values) {
    const { data } = store.get();
    const files = data?.hand?.files.length > 0 && text === "" && values !== "";
    if (!files) Program.save(PLACE, null);
    post(store, host, { kind: files ? "values" : "hand", hand: text, values });
  }

  function example(store, host, key) {
    Program.save(PLACE, null);
    Program.of(store, host).keepOwn();
    store.set({ hand: null, handValues: null });
    host.send({ kind: "example", key });
  }

  // After a reload the link brings back what was typed; files come from the tab's own memory, with the problem they were for.
  function restore(store, host) {
    const { files, text } = Program.load(PLACE) || {};
    const { data } = store.get();
    if (!files || !data || text !== data.program.text || data.hand?.files.length || data.hand?.text || data.hand?.example) return;
    post(store, host, { kind: "files", files });
  }

  // The files stay when the problem is changed; then they are for the new one.
  function follow(text) {
    const kept = Program.load(PLACE);
    if (kept?.files) Program.save(PLACE, { ...kept, text });
  }

  // ---- findings --------------------------------------------------------------------------------------------

  // Shows a finding and steps to its node, where its gradient is complete.
  function go(store, k) {
    const state = store.get();
    const all = findings(state);
    if (!all.length) return;
    const at = ((k % all.length) + all.length) % all.length;
    store.set({ finding: at, beside: "finding", playing: false });
    reveal(store, all[at]);
  }

  function reveal(store, found) {
    const { data } = store.get();
    if (found.node === null || !data?.structure) return;
    store.set({ step: Steps.stepOf(data, found.node, found.what !== "value"), playing: false });
    Graph.reveal(found.node);
  }

  const next = (store, by) => go(store, store.get().finding + by);

  function goNode(store, node) {
    const at = findings(store.get()).findIndex((found) => found.node === node);
    if (at >= 0) return go(store, at);
    return node === null ? undefined : reveal(store, { node, what: "gradient" });
  }

  // From torch's graph back to the finding that stood in its place.
  const back = (store) => Dom.button("Finding", () => store.set({ beside: "finding" }), { class: "cr-small cr-backbutton" });

  // ---- address ---------------------------------------------------------------------------------------------

  async function address(url, state, compressed) {
    const { data } = state;
    for (const name of ["example", "p", "s", "h", "v", "left"]) url.searchParams.delete(name);
    const text = Program.text(state);
    const given = handText(state);
    const same = text === data.program.text && given === (data.hand?.text ?? "");
    if (data.hand?.example && same) return url.searchParams.set("example", data.hand.example);
    if (text.trim()) url.searchParams.set("p", await compressed(text));
    const settings = Network.tidy(Network.fields(state));
    if (Object.keys(settings).length) url.searchParams.set("s", await compressed(JSON.stringify(settings)));
    const packed = given.trim() ? await compressed(given) : "";
    const left = data.hand?.files.length ? "file" : packed.length > LINK ? "text" : given.trim() ? null : data.hand?.left;
    if (left) url.searchParams.set("left", left);
    else if (packed) url.searchParams.set("h", packed);
    if (valuesText(state).trim()) url.searchParams.set("v", await compressed(valuesText(state)));
    return undefined;
  }

  function linked(state) {
    if (state.data?.hand?.files.length) return "the link; the files are not in it";
    return handText(state).length > 4 * LINK ? "the link; the hand-in is too long for it" : "the link";
  }

  // ---- the page --------------------------------------------------------------------------------------------

  function flags(root, state) {
    root.toggleAttribute("data-layers", Boolean(state.data?.settings?.losses.length));
    const mode = state.data?.check?.mode;
    root.dataset.mode = mode === "waiting" && !state.data?.structure ? "empty" : mode || "empty";
    root.dataset.beside = findings(state).length || mode === "judged" ? state.beside : "torch";
  }

  function mount(root, store, host) {
    if (!here(host)) return () => {};
    root.dataset.check = "";
    current = { root, store, host };
    const panel = Dom.el("section", { class: "cr-finding", "aria-label": "Finding" });
    const instead = Dom.el("section", { class: "cr-instead" });
    root.querySelector(".cr-verdict").after(panel, instead);
    flags(root, store.get());
    const undo = [
      CheckFinding.mount(panel, store, host),
      CheckInstead.mount(instead, store, host),
      dropping(root, store, host),
      store.subscribe((state, before) => {
        if (state.data === before.data && state.beside === before.beside) return;
        flags(root, state);
        if (state.data !== before.data) arrived(store, before);
        if (state.data?.hand?.files.length && state.data.program.text !== before.data?.program.text) follow(state.data.program.text);
      }),
    ];
    if (host.send) setTimeout(() => restore(store, host));
    if (store.get().data?.check?.mode === "judged") setTimeout(() => arrived(store, { data: null }));
    return () => {
      undo.forEach((stop) => stop?.());
      panel.remove();
      instead.remove();
      delete root.dataset.check;
      if (current?.root === root) current = null;
    };
  }

  // A new verdict stands at its first finding; the same one, judged again, where it was left.
  function arrived(store, before) {
    const state = store.get();
    const key = (data) => JSON.stringify((data?.check?.findings || []).map((found) => [found.name, found.what]));
    if (state.hand !== null && state.data.hand?.text === state.hand) store.set({ hand: null });
    if (state.handValues !== null && state.data.hand?.values === state.handValues) store.set({ handValues: null });
    if (before.data?.check === state.data.check) return;
    if (before.data?.structure && before.data.check.mode === state.data.check.mode && key(before.data) === key(state.data)) return;
    store.set({ finding: 0, beside: "finding" });
    const asked = before.data ? null : state.data.start?.step;
    if (findings(state).length && !asked) reveal(store, findings(state)[0]);
    else if (!asked && state.data.structure) store.set({ step: judged(state) ? Steps.count(state.data) : Steps.opening(state.data) });
  }

  function dropping(root, store, host) {
    if (!host.send) return () => {};
    const files = (event) => Array.from(event.dataTransfer?.types || []).includes("Files");
    const over = (event) => {
      if (!files(event)) return;
      event.preventDefault();
      root.dataset.dropping = "";
    };
    const out = (event) => { if (!event.relatedTarget) delete root.dataset.dropping; };
    const drop = (event) => {
      delete root.dataset.dropping;
      if (!files(event)) return;
      event.preventDefault();
      upload(store, host, event.dataTransfer.files);
    };
    const list = [["dragover", over], ["dragleave", out], ["drop", drop]];
    for (const [name, fn] of list) document.addEventListener(name, fn);
    return () => { for (const [name, fn] of list) document.removeEventListener(name, fn); };
  }

  return { here, initial, judged, findings, finding, handText, valuesText, upload, remember, hand, example, go, next, goNode, reveal, back, address, linked, mount, post };
})();
