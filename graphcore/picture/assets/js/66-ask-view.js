// The bar of Ask first above the formula, the signs beside judged nodes, and the inputs in their place.

const AskView = (() => {
  const names = (store, list) => list.slice(0, 6).flatMap(({ name, step }, k) => [
    k === 0 ? "" : k === Math.min(list.length, 6) - 1 && list.length <= 6 ? " and " : ", ",
    Ui.button(name, { class: "cr-go", title: `Go to step ${step}` }, () => Transport.go(store, step)),
  ]).concat(list.length > 6 ? [` and ${list.length - 6} more`] : []);

  const score = ({ right, total }) => `${right} of ${total} right`;

  // Where to look again, at the end of the way.
  function sums(store, standing) {
    const { wrong, shown, open } = standing;
    return [
      wrong.length ? ["look again at ", names(store, wrong)] : null,
      shown.length ? [names(store, shown), shown.length === 1 ? " was shown" : " were shown"] : null,
      open.length ? [names(store, open), open.length === 1 ? " is still open" : " are still open"] : null,
    ].filter(Boolean).flatMap((words) => ["; ", words]);
  }

  const button = (label, key, title, run) => Ui.button(label, { class: "cr-button cr-small", "data-key": key, title }, run);

  function asking(me, state, asked) {
    const trouble = state.tried === asked.edge ? Question.trouble(asked, Ask.texts(state, asked)) : null;
    const words = AskWords.about(asked);
    return {
      tone: trouble ? "weak" : "off", sign: "?", bold: `${words[0].toUpperCase()}${words.slice(1)}?`,
      small: trouble ? Dom.ticked(trouble.words) : [`${AskWords.hint(state.data, asked, state.decimals)}.`, Dom.el("span", { class: "cr-askhow" }, " Enter judges; on an empty one it shows ours.")],
      spoken: trouble ? trouble.words : "",
      tools: [button(Question.empty(Ask.texts(state, asked)) ? "Show ours" : "Judge it", "reveal", "Enter, or →", () => Ask.reveal(me.store))],
    };
  }

  function judged(me, state, asked, last) {
    const list = state.answers[asked.edge];
    const mark = Question.judge(asked, list);
    const typed = list.length === 1 ? list[0].trim() : "";
    const ours = asked.entries.length === 1 ? `ours ${Format.number(asked.entries[0].ours, state.decimals)}` : "";
    const words = `${mark.words[0].toUpperCase()}${mark.words.slice(1)}.`;
    const told = [AskWords.about(asked), typed ? `typed ${typed}` : "", ours].filter(Boolean).join(", ");
    return {
      tone: mark.tone, sign: mark.sign || "–", bold: words, small: last ? null : `${told}.`,
      spoken: `${mark.sign === "=" ? "" : mark.right ? "" : "Not equal: "}${words} ${told}.`,
      tools: [button("Ask again", "again", "Hide ours and ask once more; what was typed stays", () => Ask.again(me.store))],
    };
  }

  function elsewhere(me, state) {
    const next = Ask.following(state);
    const go = next === null ? null : button(next > state.step ? "First question" : "Open question", "first", `Go to step ${next}`, () => Transport.go(me.store, next));
    return {
      tone: "off", sign: "?", bold: "Ask first.", spoken: "",
      small: "Each gradient is asked for before it is shown: step with →, type a number, Enter judges it.", tools: [go],
    };
  }

  function bar(me, state) {
    const asked = Ask.question(state);
    const end = state.step === Steps.count(state.data) && !Ask.open(state);
    const what = !asked ? elsewhere(me, state) : Ask.open(state) ? asking(me, state, asked) : judged(me, state, asked, end);
    const standing = Question.progress(state.data, state.answers);
    const typed = standing.right + standing.wrong.length > 0;
    const next = !end && asked && !Ask.open(state) ? button("Next →", "next", "Enter, or →", () => Transport.next(me.store)) : null;
    const check = end && typed
      ? button(me.host.send ? "Check these" : "Copy these", "check", me.host.send ? "Open the answers as a hand-in on page Check" : "Copy the answers as a hand-in", () => Ask.check(me.store, me.host))
      : null;
    me.element.dataset.tone = what.tone;
    Ui.keepFocus(me.element, () => Ui.fill(me.said,
      Dom.el("span", { class: "cr-sign", "aria-hidden": "true" }, what.sign),
      Dom.el("b", {}, what.bold),
      Dom.el("small", {}, end && what.small === null ? [score(standing), sums(me.store, standing), "."].flat(3) : what.small),
      Dom.el("span", { class: "cr-actions" },
        end && what.small === null ? null : Dom.el("span", { class: "cr-score", text: score(standing) }),
        what.tools.filter(Boolean), next, check,
        Ui.button(Dom.icon("close"), { class: "cr-button cr-close", "aria-label": "Leave Ask first", title: "Leave Ask first (A or Esc)", "data-key": "leave" }, () => Ask.toggle(me.store)))));
    const spoken = end && what.small === null ? `${what.spoken} ${me.said.querySelector("small").textContent}` : what.spoken;
    if (me.live.textContent !== spoken) me.live.textContent = spoken;
  }

  // ---- the inputs ------------------------------------------------------------------------------------------

  const key = (state) => (Ask.open(state) ? `${state.data.topology} ${state.step}` : null);

  function inputs(me, state, fresh) {
    const pane = me.pane();
    const asked = Ask.open(state) ? Ask.question(state) : null;
    const had = me.form && me.form.element.contains(document.activeElement);
    const box = asked && AskInputs.over(pane, asked);
    const shown = asked ? [key(state), pane.scene && pane.scene.id, Boolean(box)].join() : null;
    if (shown !== me.shown || fresh) {
      me.shown = shown;
      me.holder.remove();
      me.slot.replaceChildren();
      me.form = asked ? AskInputs.make(me.store, asked, Ask.texts(state, asked), box) : null;
      if (box) me.holder.replaceChildren(me.form.element);
      else if (asked) me.slot.replaceChildren(me.form.element);
      if (box) pane.svg.append(me.holder);
    }
    if (box) AskInputs.position(me.holder, pane, box, me.form);
    me.slot.hidden = !asked || Boolean(box);
    return had;
  }

  function mark(me, state) {
    const pane = me.pane();
    const { scene } = pane;
    if (!scene) return;
    const signs = [];
    for (const [edge, list] of Object.entries(state.answers)) {
      const step = Steps.index(state.data).edgeAt[edge];
      if (!step || step > state.moment) continue;
      const asked = Question.at(state.data, step);
      if (!asked || !asked.last || Question.empty(list)) continue;
      const { sign, tone } = Question.judge(asked, list);
      const [cx, cy, w, h] = scene.geometry.nodes[asked.node];
      signs.push(Dom.svg("g", { class: `cr-judged cr-tone-${tone}` },
        Dom.svg("circle", { cx: cx + w / 2, cy: cy - h / 2 + 10, r: 8 }),
        Dom.svg("text", { class: `cr-sign cr-tone-${tone}`, x: cx + w / 2, y: cy - h / 2 + 15, "text-anchor": "middle", text: sign })));
    }
    me.signs.replaceChildren(...signs);
    if (me.signs.parentNode !== scene.overlay.over) scene.overlay.over.append(me.signs);
  }

  // A wrong or missing entry is shown where it stands.
  function complain(me, state) {
    if (!me.form) return;
    const trouble = state.tried === me.form.asked.edge ? Question.trouble(me.form.asked, Ask.texts(state, me.form.asked)) : null;
    me.form.inputs.forEach((input, k) => {
      if (trouble && trouble.entry === k) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    });
    if (trouble) me.form.inputs[trouble.entry].focus({ preventScroll: true });
  }

  function clear(me) {
    me.element.hidden = true;
    me.root.removeAttribute("data-asking");
    me.holder.remove();
    me.signs.remove();
    me.slot.replaceChildren();
    Ui.fill(me.said);
    me.form = null;
    me.shown = null;
    me.live.textContent = "";
  }

  // Nobody's place is taken who is typing a program, moving a value or reading the table.
  const mine = (me, had) => had || document.activeElement === document.body || me.root.querySelector(".cr-stage").contains(document.activeElement);

  function draw(me, state, before) {
    const on = state.asking && Boolean(state.data?.structure && state.data.numbers);
    if (!on) {
      if (!me.element.hidden) clear(me);
      return;
    }
    const began = me.element.hidden;
    me.element.hidden = false;
    me.root.setAttribute("data-asking", "");
    const changed = (slice) => began || !before || state[slice] !== before[slice];
    if (!["data", "moment", "step", "answers", "drafts", "tried", "decimals", "direction", "zoom", "asking"].some(changed)) return;
    const moved = ["data", "moment", "step", "answers", "asking"].some(changed);
    const had = inputs(me, state, changed("answers") || changed("data"));
    if (moved) mark(me, state);
    bar(me, state);
    if (changed("tried")) complain(me, state);
    if (!moved) return;
    if (me.form && (changed("moment") || began) && !state.quick && mine(me, had)) AskInputs.focus(me.form);
    else if (!me.form && changed("moment") && (had || document.activeElement === document.body)) me.element.querySelector('[data-key="next"], [data-key="check"]')?.focus({ preventScroll: true });
  }

  function mount(root, store, host) {
    const me = { root, store, host, shown: null, form: null, pane: () => Graph.pane("manual") };
    me.said = Dom.el("div", { class: "cr-asked" });
    me.slot = Dom.el("div", { class: "cr-askslot", hidden: true });
    me.live = Dom.el("div", { class: "cr-spoken", role: "status", "aria-live": "polite" });
    me.element = Dom.el("div", { class: "cr-ask", role: "group", "aria-label": "Ask first", hidden: true }, me.said, me.slot, me.live);
    me.holder = Dom.svg("foreignObject", { class: "cr-askholder" });
    me.signs = Dom.svg("g", { class: "cr-judgements" });
    root.querySelector('[data-part="verdict"]').after(me.element);
    const narrow = window.matchMedia(AskInputs.PHONE);
    const resized = () => { if (store.get().asking && !me.element.hidden) inputs(me, store.get(), false); };
    narrow.addEventListener("change", resized);
    const observer = new ResizeObserver(resized);
    observer.observe(root.querySelector('[data-part="panes"]'));
    const stop = store.subscribe((state, before) => draw(me, state, before));
    draw(me, store.get(), null);
    return () => {
      stop();
      observer.disconnect();
      narrow.removeEventListener("change", resized);
      clear(me);
      me.element.remove();
    };
  }

  return { mount };
})();
