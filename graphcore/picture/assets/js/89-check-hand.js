// The rail's place to hand in: drop or choose files, paste or type; which run of a file, which side of a paste.
const CheckHand = (() => {
  const { el } = Dom;
  const PAUSE = 900; // ms without a key after which what was typed is judged
  const KEY = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘+Enter" : "Ctrl+Enter";
  const ACCEPT = ".dat,.txt,.csv,.json,.log,.out,.npy,.npz,.safetensors,.pt,.pth,.pkl,.md,.py";

  function area(me, slice, attributes) {
    const made = el("textarea", { class: "cr-handtext", wrap: "off", spellcheck: "false", autocapitalize: "off", autocomplete: "off", "data-key": slice, ...attributes });
    made.addEventListener("input", (event) => {
      me.store.set({ [slice]: made.value });
      clearTimeout(me.timer);
      me.timer = setTimeout(() => send(me), event.inputType === "insertFromPaste" ? 30 : PAUSE);
    });
    made.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        send(me);
      }
    });
    return made;
  }

  const differs = (draft, given) => draft !== null && draft !== (given ?? "");
  const dirty = (state) => differs(state.hand, state.data?.hand?.text) || differs(state.handValues, state.data?.hand?.values);

  function send(me) {
    clearTimeout(me.timer);
    const state = me.store.get();
    if (dirty(state)) Check.hand(me.store, me.host, Check.handText(state), Check.valuesText(state));
  }

  function picker(me) {
    const made = el("input", { type: "file", multiple: true, class: "cr-offscreen", tabindex: "-1", "aria-hidden": "true", accept: ACCEPT, "data-picker": "hand" });
    made.addEventListener("change", () => {
      Check.upload(me.store, me.host, made.files).finally(() => { made.value = ""; });
    });
    return made;
  }

  function refused(problem) {
    if (!problem) return null;
    return el("div", { class: "cr-message", role: "alert" },
      el("p", {}, ...Dom.ticked(problem.what)),
      problem.lines ? el("pre", { tabindex: "0" }, problem.lines) : null,
      problem.lines ? Ui.button("Copy", { class: "cr-button cr-fix", "data-key": "convert" }, () => Dialogs.copy(problem.lines, "the two lines")) : null);
  }

  const away = (me) => {
    me.store.set({ hand: null, handValues: null });
    me.open = false;
    Check.hand(me.store, me.host, "", "");
  };

  function files(me, hand) {
    if (!hand.files.length) return null;
    const [first] = hand.files;
    const total = hand.files.reduce((sum, file) => sum + file.size, 0);
    return el("div", { class: "cr-fileline" },
      me.store.get().data.check?.picked ? Ui.button("← class", { class: "cr-go", "data-key": "class", title: "Back to the class table" }, () => me.host.send({ kind: "class" })) : null,
      el("span", { class: "cr-filename", title: hand.files.map((file) => file.name).join("\n") }, hand.files.length > 1 ? `${hand.files.length} files` : first.name),
      el("small", {}, CheckWords.size(total)),
      Ui.button("×", { class: "cr-expand cr-always", "aria-label": "Take the hand-in away", title: "Take it away", "data-key": "away" }, () => away(me)));
  }

  // A file may hold several runs or points: one of them is judged.
  function runs(me, hand) {
    if (!hand.runs.length) return null;
    const select = el("select", { class: "cr-select cr-field", "aria-label": "Run of the file", "data-key": "run of" },
      ...hand.runs.map((name, k) => el("option", { value: String(k), selected: k === hand.run }, name || `run ${k + 1}`)));
    select.addEventListener("change", () => me.host.send({ kind: "run of", run: Number(select.value) }));
    select.addEventListener("keydown", (event) => event.stopPropagation());
    return el("div", { class: "cr-fieldrow" }, el("span", {}, "Run"), select);
  }

  function sides(me, hand) {
    if (!hand.sides) return null;
    return el("div", { class: "cr-sides" },
      el("p", {}, "This holds two sides. Taken as handed in: ", el("b", {}, hand.sides.handed), ". Left beside it: ", el("b", {}, hand.sides.beside), "."),
      Ui.button("Swap the sides", { class: "cr-button cr-small", "data-key": "swap" }, () => me.host.send({ kind: "swap" })));
  }

  function readAs(me, state) {
    const { alignment, hand } = state.data || {};
    if (!alignment || !hand?.arrays || hand.problem) return null;
    const guesses = alignment.rows.filter((row) => !row.sure && row.node !== null).length;
    const lost = alignment.rows.filter((row) => row.node === null && row.role !== "ignored").length;
    const parts = [CheckWords.plural(hand.arrays, "array") + " read"];
    if (guesses) parts.push(`${guesses} by a guess`);
    if (lost) parts.push(`${lost} fit nothing`);
    return el("p", { class: "cr-readas" }, `${parts.join(", ")}. `,
      Ui.button("Which is which", { class: "cr-go", "data-key": "alignment" }, () => {
        me.store.set({ tab: "alignment" });
        me.element.closest(".cr-root").querySelector(".cr-below").scrollIntoView({ block: "start", behavior: "smooth" });
      }));
  }

  const follow = (me, area, text, draft) => {
    if (area.value !== text && (draft !== null || area !== document.activeElement || !area.value)) area.value = text;
  };

  function draw(me, state) {
    const hand = state.data?.hand;
    if (!hand) return;
    follow(me, me.area, Check.handText(state), state.hand);
    follow(me, me.values, Check.valuesText(state), state.handValues);
    me.area.hidden = hand.files.length > 0;
    me.open = me.open || Boolean(hand.values);
    me.values.hidden = !me.open;
    me.more.hidden = me.open || hand.files.length > 1;
    me.valueslabel.hidden = !me.open;
    Ui.fill(me.side, dirty(state) ? [Ui.button("Check", { class: "cr-button cr-run", title: KEY, "data-key": "check" }, () => send(me)), el("kbd", {}, KEY)]
      : [Ui.button("Choose files", { class: "cr-button cr-small", "data-key": "choose" }, () => me.picker.click())]);
    if (me.drawn === hand && me.picked === state.data.check?.picked && me.aligned === state.data.alignment) return;
    me.drawn = hand;
    me.picked = state.data.check?.picked;
    me.aligned = state.data.alignment;
    Ui.keepFocus(me.slot, () => Ui.fill(me.slot, files(me, hand), refused(hand.problem), runs(me, hand), sides(me, hand), readAs(me, state)));
  }

  function mount(element, store, host) {
    const me = { element, store, host, side: el("span", { class: "cr-aside" }), slot: el("div", { class: "cr-handslot" }), timer: 0 };
    me.area = area(me, "hand", { rows: "5", "aria-label": "Your gradients", placeholder: "dL/dW1 =\n[[ 0.021 -0.40 ]\n [ 0.113  0.07 ]]\ndb1: -0.0116" });
    me.values = area(me, "handValues", { rows: "3", "aria-label": "Your forward values", placeholder: "h1 = [0.54, 0.37]\nL = 0.7717" });
    me.valueslabel = el("div", { class: "cr-label" }, el("span", {}, "Your forward values"));
    me.more = Ui.button("+ forward values", { class: "cr-go cr-morevalues", "data-key": "more values", title: "Where the forward pass went wrong is found first" }, () => {
      me.open = true;
      draw(me, store.get());
      me.values.focus();
    });
    me.picker = picker(me);
    element.append(el("div", { class: "cr-label" }, el("span", {}, "Your gradients"), me.side), me.area, me.more, me.valueslabel, me.values, me.slot, me.picker);
    draw(me, store.get());
    const stop = store.subscribe((state, before) => {
      if (state.data !== before.data || state.hand !== before.hand || state.handValues !== before.handValues) draw(me, state);
    });
    return () => {
      clearTimeout(me.timer);
      stop();
    };
  }

  return { mount };
})();
