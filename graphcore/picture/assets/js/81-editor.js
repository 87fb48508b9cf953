// The program editor: a plain textarea (so the browser's own editing works) under which the highlighted text
// is painted.
const Editor = (() => {
  const EXAMPLE = "x = 2\nw = -3\nf = sin(x * w)";
  const HINT = "One assignment a line. The last line is the output. Unnamed steps get names: v1, v2, …";
  const KEY = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘+Enter" : "Ctrl+Enter";
  let current = null; // the editor on the page, for the verdict's "Go to line 4"

  function build(live, network) {
    const area = Dom.el("textarea", {
      class: "cr-text",
      wrap: "off",
      rows: "1",
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: "off",
      autocorrect: "off",
      "aria-label": network ? "Network" : "Program",
      placeholder: network ? Network.EXAMPLE : EXAMPLE,
      readonly: !live,
    });
    const layer = Dom.el("div", { class: "cr-paint", "aria-hidden": "true" });
    const gutter = Dom.el("div", { class: "cr-gutter", role: "group", "aria-label": "Lines" });
    const frame = Dom.el("div", { class: "cr-ed" }, gutter, Dom.el("div", { class: "cr-sheet" }, layer, area));
    const side = Dom.el("span", { class: "cr-aside" });
    const slot = Dom.el("div", { class: "cr-slot", role: "status" });
    const hint = Dom.el("p", { class: "cr-hint" });
    return { area, layer, gutter, frame, side, slot, hint, network, help: network ? Network.HINT : HINT };
  }

  // Where, what, what instead; the line with carets; a button if it can be mended.
  function message(error, program) {
    const lead = error.where
      ? [Dom.el("em", {}, `${error.where}:`), " ", ...Dom.ticked(error.what)]
      : [Dom.el("em", {}, ...Dom.ticked(error.what))];
    const rest = error.instead ? [" ", ...Dom.ticked(error.instead)] : [];
    const block = Dom.el("div", { class: "cr-message" }, Dom.el("p", {}, ...lead, ...rest));
    if (error.source !== null && error.source !== undefined) block.append(quoted(error));
    if (error.fix)
      block.append(
        Ui.button(error.fix.label, { class: "cr-button cr-fix", "data-key": "fix" }, () =>
          program.run(error.fix.text, "fix"),
        ),
      );
    return block;
  }

  // The line with carets, cut on the left where the fault would not be seen in a narrow rail.
  function quoted(error) {
    const points = Array.from(error.source);
    const [from, to] = error.carets || [0, 0];
    const cut = from > 20 ? from - 8 : 0;
    const line = (cut ? "…" : "") + points.slice(cut).join("");
    const pad = " ".repeat(from - cut + (cut ? 1 : 0));
    return Dom.el("pre", { tabindex: "0" }, `${line}\n${pad}${"^".repeat(Math.max(1, to - from))}`);
  }

  const lineOf = (text, offset) => text.slice(0, offset).split("\n").length;
  function rangeOf(text, line) {
    const lines = text.split("\n").slice(0, line);
    const end = lines.join("\n").length;
    return [end - (lines[lines.length - 1] ?? "").length, end];
  }

  // The line whose rule the current step applies; backward, that is the line of the op the gradient passes
  // through. A draft has none: its lines may have moved.
  function lit({ data, step, text }) {
    if (!data?.structure || data.program.error || text !== null) return null;
    const now = Steps.at(data, step);
    return {
      line: data.structure.nodes[now.from ?? now.node].line,
      phase: now.phase === "forward" ? "forward" : "backward",
    };
  }

  // All nodes of a line light up; the last one, which the line's name stands for, is the one selected.
  function pick(store, line) {
    const { data, text } = store.get();
    if (text !== null || !data?.structure) return;
    const nodes = data.structure.nodes.flatMap((node, index) => (node.line === line ? [index] : []));
    if (!nodes.length) return;
    Graph.reveal(nodes[nodes.length - 1]);
    if (nodes.length > 1) store.set({ marked: nodes });
  }

  function listen(parts, store, program) {
    const { area } = parts;
    area.addEventListener("input", () => program.edit(area.value, "type", "type"));
    area.addEventListener("keydown", (event) => {
      event.stopPropagation();
      const command = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      const act = !command
        ? null
        : key === "enter"
          ? () => program.run()
          : key === "z"
            ? event.shiftKey
              ? program.redo
              : program.undo
            : key === "y"
              ? program.redo
              : null;
      if (!act || event.isComposing) return;
      event.preventDefault();
      act();
    });
    area.addEventListener("beforeinput", (event) => {
      const act = { historyUndo: program.undo, historyRedo: program.redo }[event.inputType];
      if (!act) return;
      event.preventDefault();
      act();
    });
    area.addEventListener("click", () => {
      if (area.selectionStart === area.selectionEnd) pick(store, lineOf(area.value, area.selectionStart));
    });
  }

  // Keeps the caret where it is when the text changes under it.
  function place(area, text) {
    if (area.value === text) return;
    const { selectionStart, selectionEnd } = area;
    const ahead = area.value.length - selectionEnd;
    const same = area.value.slice(0, selectionStart) === text.slice(0, selectionStart);
    area.value = text;
    const at = same ? selectionStart : Math.max(0, text.length - ahead);
    area.setSelectionRange(at, same && selectionEnd <= text.length ? selectionEnd : at);
  }

  function sideOf(parts, state, program, live) {
    if (!live) return [];
    if (program.dirty(state) || Network.dirty(state))
      return [
        Ui.button("Run", { class: "cr-button cr-run", title: KEY, "data-key": "run" }, () => program.run()),
        Dom.el("kbd", {}, KEY),
      ];
    const again = parts.network
      ? Ui.button("Run", { class: "cr-button cr-small", title: `Run it again (${KEY})`, "data-key": "run" }, () => program.run())
      : null;
    return [Dom.el("span", { class: "cr-tip" }, again ? KEY : `${KEY} runs it`), again];
  }

  // In a program longer than its box the lit line stays in sight, except while someone writes.
  function keepInView({ frame, area }, line) {
    if (frame.scrollHeight <= frame.clientHeight || area === area.getRootNode().activeElement) return;
    const top = (line - 1) * 22;
    const room = frame.clientHeight - 36;
    if (top < frame.scrollTop) frame.scrollTop = top - 22;
    else if (top > frame.scrollTop + room) frame.scrollTop = top - room + 22;
  }

  function drawProgram(parts, state, program, paint) {
    const error = state.data?.program.error ?? null;
    const skipped = state.data?.program.skipped;
    Ui.fill(parts.slot, error ? message(error, program) : null);
    const notes = (state.data?.program.notes || []).flatMap((note) => [...Dom.ticked(note), " "]);
    Ui.fill(parts.hint, skipped ? Dom.el("b", {}, `${skipped}. `) : null, notes, parts.area.readOnly || (parts.network && Program.text(state).trim()) ? null : parts.help);
    parts.area.setAttribute("aria-invalid", String(Boolean(error)));
    paint.mark(error);
  }

  function draw(me, state, before) {
    const { parts, paint, program } = me;
    const text = Program.text(state);
    const changed = !before || text !== Program.text(before);
    if (changed) {
      place(parts.area, text);
      paint.text(text);
    }
    if (changed || state.data?.program !== before?.data?.program) drawProgram(parts, state, program, paint);
    if (changed || state.data !== before?.data || state.fields !== before?.fields) me.aside();
    if (!changed && state.step === before.step && state.data === before.data) return;
    const now = lit(state);
    paint.light(now?.line ?? null, now?.phase);
    if (!now?.line || (before && state.step === before.step)) return;
    // asking for heights lays the page out: once, when everything that follows the step has been drawn
    cancelAnimationFrame(me.scroll);
    me.scroll = requestAnimationFrame(() => keepInView(parts, now.line));
  }

  function mount(element, store, host) {
    const live = Boolean(host?.send);
    const network = Network.here(host);
    const parts = build(live, network);
    const program = Program.of(store, host);
    const paint = Paint.create(parts.layer, parts.gutter, (line) => pick(store, line));
    const side = () => sideOf(parts, store.get(), program, live);
    const aside = () => Ui.keepFocus(parts.side, () => Ui.fill(parts.side, side()));
    const me = { parts, paint, program, aside };
    const label = Dom.el("div", { class: "cr-label" }, Dom.el("span", {}, network ? "Network" : Check.here(host) ? "Program or layers" : "Program"), parts.side);
    element.append(label, parts.frame, parts.slot, parts.hint);
    listen(parts, store, program);
    program.watch(aside);
    current = me;
    const root = element.closest(".cr-root");
    const asked = (event) => goto(event.detail.line);
    root?.addEventListener("cr-line", asked);
    draw(me, store.get(), null);
    const stop = store.subscribe((state, before) => draw(me, state, before));
    return () => {
      stop();
      root?.removeEventListener("cr-line", asked);
      if (current === me) current = null;
    };
  }

  function goto(line) {
    if (!current) return;
    const { area, frame } = current.parts;
    area.focus();
    area.setSelectionRange(...rangeOf(area.value, line));
    frame.scrollTop = Math.max(0, (line - 3) * 22);
    frame.scrollIntoView({ block: "nearest" });
  }
  const run = (text) => current?.program.run(text, "example");

  return { mount, goto, run };
})();
