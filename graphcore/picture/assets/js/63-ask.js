// Ask first: each gradient is asked for before a step shows it. Here is the mode's state; 64 to 66 draw it.
//
// In the store: asking (the mode), answered ({key: {edge: texts}}, done), drafts ({key: {edge: texts}}, being typed) and `tried`
// (the edge whose texts could not be judged, else null). Derived from them, for all parts: `answers`, those of the picture that is
// shown, and `moment`, the step as far as it may be seen: at a question that is still open half a step before state.step.

const Ask = (() => {
  const NONE = Object.freeze({});
  const SETS = 12; // pictures whose answers are kept
  const keys = new WeakMap();

  const initial = { asking: false, answered: NONE, drafts: NONE, tried: null };

  // FNV-1a over the numbers: answers belong to one graph at one point.
  function hash(text) {
    let h = 0x811c9dc5;
    for (let k = 0; k < text.length; k += 1) h = Math.imul(h ^ text.charCodeAt(k), 0x01000193);
    return (h >>> 0).toString(36);
  }

  function keyOf(data) {
    if (!keys.has(data.numbers)) keys.set(data.numbers, `${data.topology}.${hash(JSON.stringify(data.numbers.values))}`);
    return keys.get(data.numbers);
  }

  const ready = (state) => Boolean(state.data && state.data.structure && state.data.numbers);

  // Costs nothing as long as nobody has asked.
  function derive(state) {
    const used = (state.asking || state.answered !== NONE) && ready(state);
    const answers = used ? state.answered[keyOf(state.data)] || NONE : NONE;
    const question = state.asking && used ? Question.at(state.data, state.step) : null;
    return { answers, moment: question && !answers[question.edge] ? state.step - 0.5 : state.step };
  }

  const open = (state) => state.moment !== state.step;
  const question = (state) => (ready(state) ? Question.at(state.data, state.step) : null);

  function texts(state, asked) {
    const drafts = state.drafts[keyOf(state.data)] || NONE;
    return state.answers[asked.edge] || drafts[asked.edge] || asked.entries.map(() => "");
  }

  // The newest sets stay; `list` null takes one out.
  function put(sets, key, edge, list) {
    const { [key]: set = NONE, ...others } = sets;
    const { [edge]: _, ...rest } = set;
    const kept = Object.fromEntries(Object.entries(others).slice(1 - SETS));
    return { ...kept, [key]: list ? { ...rest, [edge]: list } : rest };
  }

  // ---- what people do --------------------------------------------------------------------------------------

  function draft(store, asked, list) {
    const state = store.get();
    store.set({ drafts: put(state.drafts, keyOf(state.data), asked.edge, list), tried: null });
  }

  // The second beat: shows ours and judges what was typed. False where the step has nothing open.
  function reveal(store) {
    const state = store.get();
    if (!open(state)) return false;
    const asked = question(state);
    const list = texts(state, asked);
    if (Question.trouble(asked, list)) {
      store.set({ tried: asked.edge });
      return true;
    }
    const key = keyOf(state.data);
    store.set({ answered: put(state.answered, key, asked.edge, list), drafts: put(state.drafts, key, asked.edge, null), tried: null, quick: false });
    return true;
  }

  // Asks once more; the text that was typed stays in the input.
  function again(store) {
    const state = store.get();
    const asked = question(state);
    if (!asked || !state.answers[asked.edge]) return;
    const key = keyOf(state.data);
    const list = state.answers[asked.edge];
    store.set({ answered: put(state.answered, key, asked.edge, null), drafts: put(state.drafts, key, asked.edge, list), playing: false });
  }

  function toggle(store) {
    const state = store.get();
    if (!ready(state) && !state.asking) return;
    // Beside the picture of page Check a finding would say what is asked for.
    const beside = state.beside === undefined ? {} : { beside: state.asking ? "finding" : "torch" };
    store.set({ asking: !state.asking, playing: false, tried: null, ...beside });
  }

  // The next step whose question is open, from the one after `step` on; null where all are answered.
  function following(state) {
    const count = Steps.count(state.data);
    for (let by = 1; by <= count; by += 1) {
      const k = ((state.step - 1 + by) % count) + 1;
      const asked = Question.at(state.data, k);
      if (asked && !state.answers[asked.edge]) return k;
    }
    return null;
  }

  // ---- kept on reload --------------------------------------------------------------------------------------

  const place = (page) => `chainrule.${page || "explore"}.ask`;

  function restored(page) {
    const kept = Program.load(place(page));
    if (!kept || typeof kept.answered !== "object") return { ...initial };
    return { ...initial, asking: Boolean(kept.asking), answered: kept.answered || NONE, drafts: kept.drafts || NONE };
  }

  function keep(store, host) {
    return store.subscribe((state, before) => {
      if (["asking", "answered", "drafts"].every((slice) => state[slice] === before[slice])) return;
      Program.save(place(host.page), { asking: state.asking, answered: state.answered, drafts: state.drafts });
    });
  }

  // ---- to page Check ---------------------------------------------------------------------------------------

  async function checkAddress(state) {
    const url = new URL("check", window.location.href);
    const { program, settings } = state.data;
    url.search = "";
    url.searchParams.set("p", await Page.compressed(program.ran));
    if (settings) url.searchParams.set("s", await Page.compressed(JSON.stringify(settings.values || {})));
    url.searchParams.set("h", await Page.compressed(Question.handIn(state.data, state.answers)));
    return url.href;
  }

  // The answers as a hand-in; without Python beside it the text is copied instead.
  async function check(store, host) {
    const state = store.get();
    if (host.send) window.location.assign(await checkAddress(state));
    else await Dialogs.copy(Question.handIn(state.data, state.answers), "your gradients");
  }

  return { derive, restored, keep, open, question, texts, draft, reveal, again, toggle, following, check };
})();
