// Stepping by hand and by clock: buttons, the scrubber, play.

const Transport = (() => {
  const MILLISECONDS = 900; // a step at 1x
  const SPEEDS = [0.5, 1, 2];

  // Moving by hand stops the clock; `quick` says to draw without animation.
  function go(store, step, quick = false, playing = false) {
    const state = store.get();
    const count = Steps.count(state.data);
    if (!count) return;
    store.set({ step: Math.max(1, Math.min(count, step)), quick, playing });
  }

  // Forward: at a question of Ask first to its answer, else to the next step. A key held down stops at the question.
  function next(store, quick = false) {
    const state = store.get();
    if (state.moment === state.step) go(store, state.step + 1, quick);
    else if (!quick) Ask.reveal(store);
  }

  function toggle(store) {
    const state = store.get();
    const count = Steps.count(state.data);
    if (!count) return;
    if (!state.playing && state.step >= count) store.set({ step: 1, playing: true, quick: false });
    else store.set({ playing: !state.playing, quick: false });
  }

  // One timer, set anew after each step: a slow page then plays slower instead of piling steps up.
  function clock(store) {
    let timer = null;
    const stop = () => { clearTimeout(timer); timer = null; };
    const arm = () => {
      stop();
      const state = store.get();
      if (!state.playing) return;
      timer = setTimeout(() => {
        const now = store.get();
        const last = now.step + 1 >= Steps.count(now.data);
        if (now.moment !== now.step) store.set({ playing: false }); // a question waits for its answer
        else go(store, now.step + 1, false, !last);
      }, MILLISECONDS / state.speed);
    };
    const off = store.subscribe((state, previous) => {
      if (state.playing !== previous.playing || state.step !== previous.step || state.speed !== previous.speed) arm();
    });
    return () => { stop(); off(); };
  }

  // Where step k stands on the track, 0..1.
  const position = (k, count) => (count < 2 ? 0 : (k - 1) / (count - 1));

  function scrubber(store) {
    const part = (cls) => Dom.el("span", { class: cls });
    const s = {
      forward: part("cr-track cr-track-forward"), backward: part("cr-track cr-track-backward"),
      forwardDone: part("cr-track cr-track-forward cr-done"), backwardDone: part("cr-track cr-track-backward cr-done"),
      ticks: Dom.svg("svg", { class: "cr-ticks", "aria-hidden": "true" }), knob: part("cr-knob"),
      words: ["forward: values", "backward: gradients"].map((text) => Words.caption("span", { class: "cr-phase" }, text)),
    };
    s.lane = Dom.el("span", { class: "cr-lane" }, s.forward, s.backward, s.forwardDone, s.backwardDone, s.ticks, s.knob);
    s.element = Dom.el("div", { class: "cr-scrubber", role: "slider", tabindex: "0", "aria-label": "Step" }, s.lane);
    // beside the slider, not in it: what a slider holds is no stop of the keyboard
    s.place = Dom.el("div", { class: "cr-phases" }, s.element, s.words);
    const at = (event) => {
      const box = s.lane.getBoundingClientRect();
      const count = Steps.count(store.get().data);
      return 1 + Math.round(Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * (count - 1));
    };
    s.element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      s.element.setPointerCapture(event.pointerId);
      go(store, at(event), true);
    });
    s.element.addEventListener("pointermove", (event) => {
      if (s.element.hasPointerCapture(event.pointerId)) go(store, at(event), true);
    });
    s.element.addEventListener("lostpointercapture", () => store.set({ quick: false }));
    return s;
  }

  // Lengths that depend on the list of steps only.
  function layOut(s, data) {
    const count = Steps.count(data);
    const border = position(Math.min(Steps.opening(data) + 0.5, count), count);
    s.border = border;
    s.forward.style.width = `${border * 100}%`;
    s.backward.style.left = `calc(${border * 100}% + 3px)`;
    s.backward.style.width = `calc(${(1 - border) * 100}% - 3px)`;
    s.words[1].style.left = `calc(12px + ${border} * (100% - 24px))`;
    s.words[0].hidden = border < 0.12;
    s.words[1].hidden = border > 0.88;
    const ticks = [];
    const every = Math.ceil(count / 120);
    for (let k = 1; k <= count; k += every) {
      const x = `${(position(k, count) * 100).toFixed(2)}%`;
      ticks.push(Dom.svg("line", { x1: x, x2: x, y1: 0, y2: 4 }));
    }
    s.ticks.replaceChildren(...ticks);
  }

  function show(s, state) {
    const count = Steps.count(state.data);
    const p = position(state.step, count);
    const { phase } = Steps.at(state.data, state.step);
    s.forwardDone.style.width = `${Math.min(p, s.border) * 100}%`;
    s.backwardDone.style.left = `calc(${s.border * 100}% + 3px)`;
    s.backwardDone.style.width = p > s.border ? `calc(${(p - s.border) * 100}% - 3px)` : "0";
    s.knob.style.left = `${p * 100}%`;
    s.knob.dataset.phase = phase === "forward" ? "forward" : "backward";
    const attributes = { "aria-valuemin": 1, "aria-valuemax": count, "aria-valuenow": state.step, "aria-valuetext": `step ${state.step} of ${count}, ${phase}` };
    for (const [name, value] of Object.entries(attributes)) s.element.setAttribute(name, value);
  }

  function buttons(store) {
    const step = () => store.get().step;
    const make = (icon, label, run, cls = "") => Dom.button(label, run, { icon, title: label, class: `cr-step ${cls}` });
    const play = make("play", "Play", () => toggle(store), "cr-play");
    return {
      play,
      element: Dom.el("div", { class: "cr-steps" },
        make("first", "First step", () => go(store, 1)),
        make("back", "Previous step", () => go(store, step() - 1)),
        play,
        make("next", "Next step", () => next(store)),
        make("last", "Last step", () => go(store, Infinity))),
    };
  }

  function drawPlay(button, playing) {
    const label = playing ? "Pause" : "Play";
    button.replaceChildren(Dom.icon(playing ? "pause" : "play"));
    button.setAttribute("aria-label", label);
    button.title = label;
  }

  function mount(element, store) {
    const keys = buttons(store);
    const s = scrubber(store);
    const count = Dom.el("span", { class: "cr-count" });
    const speed = Dom.button("1×", () => {
      const next = SPEEDS[(SPEEDS.indexOf(store.get().speed) + 1) % SPEEDS.length];
      store.set({ speed: next });
    }, { title: "Speed of play", class: "cr-speed" });
    const ask = Dom.button("Ask first", () => Ask.toggle(store), {
      key: "A", class: "cr-askfirst", title: "Work each gradient out yourself before it is shown (A)",
    });
    element.replaceChildren(keys.element, s.place, count, ask, speed);
    let steps = null;
    const draw = (state, previous) => {
      const total = Steps.count(state.data);
      element.hidden = !total;
      if (!total) return;
      if (steps !== state.data.structure) layOut(s, state.data);
      const fresh = steps !== state.data.structure;
      steps = state.data.structure;
      if (fresh || state.step !== previous.step) {
        show(s, state);
        count.textContent = `step ${state.step} of ${total}`;
      }
      if (!previous || state.playing !== previous.playing) drawPlay(keys.play, state.playing);
      ask.setAttribute("aria-pressed", String(state.asking));
      speed.textContent = `${state.speed}×`;
      speed.setAttribute("aria-label", `Speed of play: ${state.speed}`);
    };
    draw(store.get(), null);
    const stops = [store.subscribe(draw), clock(store)];
    return () => stops.forEach((stop) => stop());
  }

  return { mount, go, next, toggle };
})();
