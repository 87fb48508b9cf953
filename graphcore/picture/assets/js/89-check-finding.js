// The finding: which node, which mistake, both numbers, both formulas, what remains, what else it could be.
const CheckFinding = (() => {
  const { el } = Dom;

  function head(me, all, k, found) {
    const nav = all.length > 1
      ? el("span", { class: "cr-findingnav" },
          Ui.button(Dom.icon("back"), { class: "cr-button cr-small", "aria-label": "Previous finding", title: "Previous finding (Shift+N)", "data-key": "previous" }, () => Check.next(me.store, -1)),
          Ui.button(Dom.icon("next"), { class: "cr-button cr-small", "aria-label": "Next finding", title: "Next finding (N)", "data-key": "next" }, () => Check.next(me.store, 1)))
      : null;
    return el("div", { class: "cr-pane-head" },
      el("h3", {}, all.length > 1 ? `Finding ${k + 1} of ${all.length}` : all.length ? "Finding" : "Verdict"), nav,
      found && found.node !== null ? Ui.button(`Go to ${found.name}`, { class: "cr-button cr-small cr-goto", "data-key": "goto", title: "Step to it in the picture" }, () => Check.reveal(me.store, found)) : null,
      el("span", { class: "cr-space" }),
      Ui.button("torch autograd", { class: "cr-button cr-small cr-besidebutton", "data-key": "beside", title: "Show torch's graph here" }, () => me.store.set({ beside: "torch" })));
  }

  function numbers(found) {
    const { entry } = found;
    const what = found.what === "value" ? "value" : "gradient";
    if (!entry) return felt(found, what);
    const at = CheckWords.place(entry.index);
    const many = entry.of > 1 ? el("small", {}, `${entry.differ.toLocaleString("en")} of ${CheckWords.plural(entry.of, "entry", "entries")} differ; this one most`) : null;
    return el("div", { class: "cr-both" },
      el("span", { class: "cr-bothname" }, what === "value" ? el("code", {}, `${found.name}${at}`) : el("span", {}, "gradient of ", el("code", {}, `${found.name}${at}`))),
      cell(entry.handed, "handed in", found.status === "right" ? "off" : "wrong"),
      el("span", { class: `cr-bothsign cr-tone-${found.status === "right" ? "right" : "wrong"}` }, found.status === "right" ? "≈" : "≠"), cell(entry.right, "right", "right"), many);
  }

  const cell = (text, caption, tone) => el("span", { class: `cr-bothcell cr-both-${tone}` },
    Ui.button(CheckWords.digits(text), { class: "cr-digits", title: "Click to copy", "data-key": caption, "aria-label": `${caption}: ${text}. Copy.` }, () => Dialogs.copy(text.replace("−", "-"), caption)), Words.caption("small", {}, caption));

  // The node itself was not handed in: the numbers it spoiled were.
  function felt(found, what) {
    const rows = found.felt || [];
    if (!rows.length) return null;
    return el("div", { class: "cr-felt" },
      el("small", {}, `The ${what} of ${found.name} was not handed in; it shows in`),
      ...rows.map((row) => el("span", { class: "cr-both" },
        el("span", { class: "cr-bothname" }, el("code", {}, row.name)), cell(row.handed, "handed in", "wrong"),
        el("span", { class: "cr-bothsign cr-tone-wrong" }, "≠"), cell(row.right, "right", "right"))));
  }

  function formulas(guess) {
    const row = (label, text, tone) => (text
      ? [el("dt", { class: `cr-tone-${tone}` }, label), el("dd", {}, CheckWords.formula(text))] : null);
    const rows = [row("handed in", guess.wrong, "wrong"), row("right", guess.right, "right"), ...guess.steps.slice(0, 2).map((step) => row("numbers", step, "off"))];
    return rows.some(Boolean) ? el("dl", { class: "cr-formulas" }, ...rows) : null;
  }

  function remains(guess, all, k) {
    if (!guess.of || (guess.mistake === "unknown" && !guess.mended)) return null;
    if (guess.remains) return el("p", { class: "cr-remains" }, guess.remains);
    const left = guess.of - guess.mended;
    const mended = left <= 0 ? "Mend this and nothing remains wrong." : guess.mended
      ? `Mend only this and ${CheckWords.plural(guess.mended, "of the wrong numbers is", "of the wrong numbers are")} right; ${left} ${left === 1 ? "remains" : "remain"} wrong.`
      : `Mending only this leaves ${guess.of === 1 ? "it" : `all ${guess.of}`} wrong.`;
    const other = left > 0 && all.length > 1 ? ` See finding ${((k + 1) % all.length) + 1}.` : "";
    return el("p", { class: "cr-remains" }, mended + other);
  }

  function others(found, me) {
    const rest = found.guesses.slice(1);
    if (!rest.length) return null;
    const first = found.guesses[0].apart;
    return el("details", { class: "cr-others", open: me.open, on: { toggle: (event) => { me.open = event.target.open; } } },
      el("summary", {}, `${CheckWords.plural(rest.length, "other explanation")} ${rest.length === 1 ? "fits" : "fit"}`),
      first ? el("p", { class: "cr-apart" }, ...Dom.ticked(first)) : null,
      el("ol", {}, ...rest.map((guess) => el("li", {},
        el("p", {}, el("span", { class: "cr-mistake" }, guess.mistake), " ", ...Dom.ticked(guess.text)),
        guess.wrong ? el("p", { class: "cr-otherformulas" }, CheckWords.formula(guess.wrong), " ", el("span", { class: "cr-tone-off" }, "where"), " ", CheckWords.formula(guess.right), " ", el("span", { class: "cr-tone-off" }, "belongs")) : null,
        guess.apart ? el("p", { class: "cr-apart" }, ...Dom.ticked(guess.apart)) : null))));
  }

  function where(me, found) {
    const place = [];
    if (found.line) place.push(Ui.button(`Line ${found.line} of the problem`, { class: "cr-go", "data-key": "line", title: "Its line in the problem" }, () =>
      me.element.closest(".cr-root").dispatchEvent(new CustomEvent("cr-line", { detail: { line: found.line } }))));
    if (found.label) place.push(el("small", { title: found.label }, "handed in as ", el("code", {}, found.label.slice(0, 60)), found.handLine ? `, line ${found.handLine}` : ""));
    return place.length ? el("div", { class: "cr-where" }, ...place) : null;
  }

  function body(me, found, all, k) {
    const guess = found.guesses[0];
    const unknown = guess?.mistake === "unknown";
    const sure = guess && !unknown ? (guess.certain ? "This is" : "This looks like") : "";
    const title = el("div", { class: "cr-findinghead" },
      el("span", { class: `cr-bigsign cr-tone-${CheckWords.tone(found.status)}`, "aria-hidden": "true" }, CheckWords.sign(found.status)),
      el("code", { class: "cr-bignode" }, found.head),
      unknown ? el("span", { class: "cr-is" }, "No mistake of the table fits") : guess ? el("span", { class: "cr-is" }, sure, " ", el("b", { class: "cr-mistake" }, guess.mistake)) : Words.caption("span", { class: "cr-is" }, CheckWords.words(found.status)));
    const says = guess ? guess.text : found.why;
    return el("div", { class: "cr-findingbody", tabindex: "-1", "data-status": found.status },
      title,
      el("p", { class: "cr-says" }, ...Dom.ticked(says)),
      guess && found.why ? el("p", { class: "cr-remains" }, ...Dom.ticked(found.why)) : null,
      numbers(found),
      guess ? formulas(guess) : null,
      guess && found.status === "origin" ? remains(guess, all, k) : null,
      where(me, found),
      guess ? others(found, me) : null);
  }

  function nothing(me, state) {
    const rows = state.data?.check?.rows || [];
    const right = rows.filter((row) => row.status === "right").length;
    const verdict = state.data?.verdict;
    return el("div", { class: "cr-findingbody" },
      el("div", { class: "cr-findinghead" }, el("span", { class: `cr-bigsign cr-tone-${verdict?.tone}` }, verdict?.sign), el("b", { class: "cr-bigwords" }, verdict?.bold)),
      el("p", { class: "cr-says" }, ...Dom.ticked(verdict?.small || "")),
      right ? el("p", { class: "cr-remains" }, `${CheckWords.plural(right, "array")} of the hand-in ${right === 1 ? "is" : "are"} right.`) : null,
      el("dl", { class: "cr-reasons" }, ...(verdict?.reasons || []).flatMap((reason) => [
        el("dt", { class: `cr-tone-${reason.tone}` }, el("span", { class: "cr-mark", "aria-hidden": "true" }, reason.sign), reason.title),
        el("dd", {}, ...Dom.ticked(reason.text))])),
      Ui.button("How sure is that?", { class: "cr-button", "data-key": "sure" }, () => me.store.set({ tab: "evidence" })));
  }

  function mount(element, store, host) {
    const me = { element, store, host, open: false };
    function draw(state, before) {
      if (before && ["data", "finding"].every((slice) => state[slice] === before[slice])) return;
      if (before && state.finding === before.finding && state.data?.check === before.data?.check && state.data?.verdict === before.data?.verdict) return;
      const all = Check.findings(state);
      element.hidden = state.data?.check?.mode !== "judged";
      if (element.hidden) return Ui.fill(element);
      const found = Check.finding(state);
      const k = all.indexOf(found);
      if (found && me.shown !== found.name) me.open = false;
      me.shown = found?.name;
      return Ui.keepFocus(element, () => Ui.fill(element, head(me, all, k, found), found ? body(me, found, all, k) : nothing(me, state)));
    }
    draw(store.get(), null);
    return store.subscribe(draw);
  }

  return { mount };
})();
