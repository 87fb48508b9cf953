// The program text is the one state: every way of changing it (typing, a slider, an example, a fix, Python)
// goes through here, so that one history can take back all of them and nobody's text is lost. One instance
// per mounted component.
const Program = (() => {
  const held = new WeakMap();
  const TYPING = 1200; // ms; pauses longer than this start a new entry of the history
  const DEPTH = 300;

  const load = (key) => {
    try {
      return JSON.parse(sessionStorage.getItem(key));
    } catch {
      return null;
    }
  };
  const save = (key, value) => {
    try {
      if (value === null) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, JSON.stringify(value));
    } catch {
      // private windows refuse storage; the draft then lives as long as the page
    }
  };

  // What the editor shows: the draft, or where there is none what Python has.
  const text = (state) => state.text ?? state.data?.program.text ?? "";

  function history(store) {
    const past = [];
    const future = [];
    let group = null;
    let touched = 0;
    const show = (next) => store.set({ text: next === store.get().data?.program.text ? null : next });

    // `kind` tells undo whether the numbers must follow; equal `join` marks one gesture, such as a drag.
    function note(before, kind, join = null) {
      const same =
        past.length > 0 && join !== null && join === group && (kind !== "type" || Date.now() - touched < TYPING);
      if (!same) past.push({ text: before, kind });
      if (past.length > DEPTH) past.shift();
      future.length = 0;
      group = join;
      touched = Date.now();
    }
    function edit(next, kind, join) {
      const before = text(store.get());
      if (next === before) return;
      note(before, kind, join);
      show(next);
    }
    function move(from, to) {
      const entry = from.pop();
      if (!entry) return null;
      to.push({ text: text(store.get()), kind: entry.kind });
      group = null;
      show(entry.text);
      return entry;
    }

    return {
      note,
      edit,
      undo: () => move(past, future),
      redo: () => move(future, past),
      last: () => past[past.length - 1] || null,
    };
  }

  // New data came while `shown` stood in the editor. An answer to an older action must not pull the editor
  // back, and words typed since the last run stay; anything else that differs is Python's own text (a link,
  // a stronger point) and replaces the draft.
  function settle(store, log, shown, newest) {
    const { data } = store.get();
    const given = data.program.text;
    if (given === shown) return store.set({ text: null });
    const typed = newest && shown !== newest.text && given === newest.text;
    if (newest && (data.answers < newest.id || typed)) return store.set({ text: shown });
    log.note(shown, "python");
    store.set({ text: null });
    return newest && shown === newest.text ? null : shown;
  }

  // The tab's own memory: a draft that has not run, and the person's program while an example is shown.
  function vault(store) {
    const key = (what) => `chainrule.${store.get().data?.page || "explore"}.${what}`;
    const examples = () => store.get().data?.examples || [];
    const isExample = (words) => examples().some((example) => example.text.trim() === words.trim());
    return {
      own: () => load(key("own")),
      draft: () => load(key("draft")),
      keepOwn(words) {
        if (words.trim() && !isExample(words)) save(key("own"), words);
      },
      keepDraft({ text: draft, data }) {
        save(key("draft"), draft === null ? null : { text: draft, base: data.program.text });
      },
    };
  }

  // After a reload the link brings back what ran; what was typed and not run comes from the tab's memory.
  function restore({ store, log, memory }) {
    const { data } = store.get();
    const kept = memory.draft();
    if (!kept || kept.text === data.program.text) return;
    if (kept.base !== data.program.text) {
      memory.keepOwn(kept.text);
      return;
    }
    log.edit(kept.text, "type");
    // The notes are mounted after the rail.
    setTimeout(() => Dialogs.toast("Your unrun changes are back.", { label: "Discard", act: () => log.undo() }));
  }

  function follow(me, state, before) {
    if (!state.data || (state.data === before.data && state.text === before.text)) return;
    if (!before.data) {
      if (me.live) restore(me);
      return;
    }
    if (state.data.program.text !== before.data.program.text) {
      const lost = settle(me.store, me.log, text(before), me.newest);
      if (lost) {
        me.memory.keepOwn(lost);
        Dialogs.toast("The program was replaced.", { label: "Undo", act: me.undo });
      }
    }
    me.memory.keepDraft(me.store.get());
  }

  function create(store, host) {
    const log = history(store);
    const memory = vault(store);
    const watchers = []; // sending is no change of state, but the Run button depends on it
    const me = { store, log, memory, live: Boolean(host?.send), newest: null }; // newest: {id, text} of the last text sent

    function post(action) {
      if (!me.live) return null;
      me.newest = { id: host.send(action) ?? 0, text: action.text };
      watchers.forEach((watcher) => watcher());
      return me.newest.id;
    }
    function run(next = text(store.get()), kind = "run") {
      log.edit(next, kind);
      return post({ kind: "run", text: next });
    }
    const replay = (entry) => {
      if (entry && entry.kind !== "type") run();
    };
    me.undo = () => replay(log.undo());
    store.subscribe((state, before) => follow(me, state, before));
    if (me.live && store.get().data) restore(me);
    return {
      host,
      run,
      post,
      edit: log.edit,
      last: log.last,
      undo: me.undo,
      redo: () => replay(log.redo()),
      own: memory.own,
      keepOwn: () => memory.keepOwn(text(store.get())),
      dirty: (state) => state.text !== null && state.text !== me.newest?.text,
      watch: (watcher) => watchers.push(watcher),
    };
  }

  function of(store, host) {
    if (!held.has(store)) held.set(store, create(store, host));
    return held.get(store);
  }

  return { of, text, load, save };
})();
