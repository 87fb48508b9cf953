// Page Networks: what belongs to the page and to none of its parts. Fields beside the text, the work under way, and
// the way from a node of the recording to its place in the picture.
const Network = (() => {
  const NAMES = ["loss", "input", "target", "batch", "seed", "gradient"];
  const GAP = 120; // ms between an answer that says "still at work" and the next question
  const LOST = 5000; // ms after which an unanswered question is asked again
  const HINT = "Paste nn.Sequential(…), its printed form, a class Net(nn.Module), or one layer a line.";
  const EXAMPLE = "Linear(2, 10)\nSigmoid()\nLinear(10, 1)";

  const here = (host) => host?.page === "networks";

  // ---- fields --------------------------------------------------------------------------------------------

  const tidy = (fields) =>
    Object.fromEntries(NAMES.filter((name) => fields[name]).map((name) => [name, String(fields[name])]));
  const same = (a, b) => NAMES.every((name) => String(a?.[name] ?? "") === String(b?.[name] ?? ""));
  const given = (state) => state.data?.settings?.values || {};

  // What the fields show: the draft over what Python has.
  const fields = (state) => ({ ...given(state), ...state.fields });
  const dirty = (state) => Boolean(state.fields) && !same(fields(state), given(state));

  // The fields that go with a text: another text brings those of the gallery, or the ones it ran with before.
  function settingsFor(me, state, text) {
    if (text === state.data?.program.text) return tidy(fields(state));
    const example = (state.data?.examples || []).find((one) => one.text.trim() === text.trim());
    return tidy(me.ran.get(text) || example?.settings || fields(state));
  }

  // ---- the channel ---------------------------------------------------------------------------------------

  // Every text that is sent brings its fields; while Python is at work it is asked how far it has come.
  function attach(store, host) {
    if (!(here(host) || Check.here(host)) || !host.send) return () => {};
    const me = { ran: new Map(), timer: null, newest: 0, asked: 0 };
    const { send } = host;
    host.send = (action) => {
      const whole = { ...action };
      if (typeof action.text === "string") {
        const settings = settingsFor(me, store.get(), action.text);
        me.ran.set(action.text, settings);
        whole.settings = settings;
        store.set({ fields: settings });
      }
      clearTimeout(me.timer);
      me.asked = performance.now();
      me.newest = send(whole);
      me.timer = setTimeout(ask, LOST);
      return me.newest;
    };
    function ask() {
      const { data } = store.get();
      const open = me.newest > (data?.answers || 0);
      if (!data || (!data.work && !open)) return;
      if (open && performance.now() - me.asked < LOST - 1) return;
      host.send({ kind: "poll" });
    }
    function answered({ data, fields: draft }, before) {
      if (!data || data === before?.data) return;
      clearTimeout(me.timer);
      if (data.work) me.timer = setTimeout(ask, data.answers < me.newest ? LOST : GAP);
      if (data.download && data.download !== before?.data?.download) save(data.download);
      // the draft of the fields is done once Python has it
      if (draft && data.answers >= me.newest && same(draft, data.settings?.values)) store.set({ fields: null });
    }
    const stop = store.subscribe(answered);
    answered(store.get(), null);
    return () => {
      stop();
      clearTimeout(me.timer);
      host.send = send;
    };
  }

  function save({ name, data }) {
    const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
    Export.save(new Blob([bytes], { type: "application/octet-stream" }), name);
  }

  // ---- places --------------------------------------------------------------------------------------------

  // The node of the picture that stands for a node of the recording: itself, or the module it is folded into.
  function shownAt(data, node) {
    if (node === null || node === undefined || !data?.structure) return null;
    const at = data.structure.shown ? data.structure.shown[node] : node;
    return at === undefined || at < 0 ? null : at;
  }

  function go(store, node) {
    const { data } = store.get();
    const shown = shownAt(data, node);
    if (shown === null) return;
    store.set({ step: Steps.stepOf(data, shown, true), playing: false });
    Graph.reveal(shown);
    document.querySelector(".cr-root .cr-panes")?.scrollIntoView({ block: "center" });
  }

  // ---- the address ---------------------------------------------------------------------------------------

  async function address(url, state, compressed) {
    const { data } = state;
    const text = Program.text(state);
    const settings = tidy(fields(state));
    for (const name of ["example", "p", "s"]) url.searchParams.delete(name);
    const example = data.examples.find((one) => one.text.trim() === text.trim());
    if (example && same(example.settings, settings)) url.searchParams.set("example", example.key);
    else if (text.trim()) {
      url.searchParams.set("p", await compressed(text));
      if (Object.keys(settings).length) url.searchParams.set("s", await compressed(JSON.stringify(settings)));
    }
  }

  // ---- an empty stage that is not idle -------------------------------------------------------------------

  function waiting(data) {
    if (!data?.work) return null;
    const now = data.work.stages.indexOf(data.work.stage);
    return Dom.el("ol", { class: "cr-stages", "aria-label": "Stages" },
      ...data.work.stages.map((stage, k) =>
        Dom.el("li", { "data-when": k < now ? "past" : k === now ? "now" : "later" }, stage)));
  }

  // A link carries no file.
  const linked = (state) => state.data?.page === "check" ? Check.linked(state) : (state.data?.weights?.file ? "the link; the weights file is not in it" : "the link");

  return { here, linked, attach, fields, dirty, given, tidy, shownAt, go, address, waiting, HINT, EXAMPLE };
})();
