// Sends changed numbers to Python while something is dragged: at most ten a second, never a second one before
// the first is answered (or a second has passed), and the newest always gets through.
const Live = (() => {
  const GAP = 100; // ms between two nudges
  const PATIENCE = 1000; // ms after which an unanswered one counts as lost

  function send(me) {
    me.timer = 0;
    if (!me.waiting) return;
    const now = performance.now();
    const wait = Math.max(me.sentAt + GAP - now, me.flying === null ? 0 : me.sentAt + PATIENCE - now);
    if (wait > 0) {
      me.timer = setTimeout(send, wait, me);
      return;
    }
    const action = me.waiting;
    me.waiting = null;
    me.sentAt = now;
    me.flying = me.program.post(action);
  }

  // The answer to the one on its way lets the next one go.
  function answered(me, state, before) {
    if (me.flying === null || state.data === before.data || !state.data || state.data.answers < me.flying) return;
    me.flying = null;
    clearTimeout(me.timer);
    send(me);
  }

  function create(store, program) {
    const me = { program, waiting: null, flying: null, sentAt: 0, timer: 0 };
    const forget = store.subscribe((state, before) => answered(me, state, before));
    return {
      push(text, values) {
        me.waiting = { kind: "nudge", text, values };
        if (!me.timer) send(me);
      },
      // The gesture is over: the full run of the same text makes a nudge that still waits needless.
      finish(text) {
        me.waiting = null;
        clearTimeout(me.timer);
        me.timer = 0;
        me.flying = program.post({ kind: "run", text });
        me.sentAt = performance.now();
      },
      stop() {
        forget();
        clearTimeout(me.timer);
      },
    };
  }

  return { create };
})();
