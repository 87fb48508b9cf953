// The example chooser: a button and a list, each entry with its sentence. The person's own text is an entry
// too.
const Examples = (() => {
  const ownTitle = (data) => (data?.page === "check" ? "Your own problem" : data?.page === "networks" ? "Your network" : "Your program");

  function choose(program, text) {
    program.keepOwn();
    program.run(text, "example");
  }

  // Letters mark the course problems; the others are single cases. A group given by Python goes before
  // that.
  const groupOf = (example) => example.group || (/^[A-Z] · /.test(example.title) ? "Course problems" : "Single cases");

  function entries(data, program, text) {
    const list = (data?.examples || []).map((example) => ({ ...example, group: groupOf(example) }));
    const own = list.some((example) => example.text.trim() === text.trim()) ? program.own() : text;
    if (own?.trim())
      list.unshift({ key: "", title: ownTitle(data), sentence: "What you typed or changed.", text: own, group: "Yours" });
    return list;
  }

  const chosenOf = (list, text) => list.findIndex((entry) => entry.text.trim() === text.trim());

  function option(entry, index, chosen, id) {
    return Dom.el(
      "div",
      { class: "cr-option", role: "option", id: `${id}-${index}`, "aria-selected": String(index === chosen) },
      Dom.el("b", {}, entry.title),
      Dom.el("span", {}, ...Dom.ticked(entry.sentence)),
    );
  }

  function listbox(id, list, chosen) {
    const groups = [...new Set(list.map((entry) => entry.group))];
    return groups.map((name) =>
      Dom.el(
        "div",
        { role: "group", "aria-label": name },
        Dom.el("div", { class: "cr-group", "aria-hidden": "true" }, name),
        ...list.map((entry, index) => (entry.group === name ? option(entry, index, chosen, id) : null)),
      ),
    );
  }

  // The list floats above everything (top layer where the browser has it), so that the rail's own scrolling
  // does not cut it.
  function place(button, popup) {
    const box = button.getBoundingClientRect();
    const below = window.innerHeight - box.bottom - 12;
    popup.style.left = `${Math.max(8, box.left)}px`;
    popup.style.top = `${box.bottom + 4}px`;
    popup.style.width = `${Math.min(window.innerWidth - 16, Math.max(box.width, 380))}px`;
    popup.style.maxHeight = `${Math.max(160, below)}px`;
  }

  function build(id) {
    const label = Dom.el("span", { class: "cr-choose-text" });
    const pattern = { role: "combobox", "aria-haspopup": "listbox", "aria-expanded": "false", "aria-controls": id };
    const button = Dom.el("button", { type: "button", class: "cr-choose", ...pattern, "aria-label": "Example" },
      label, Ui.chevron());
    const popup = Dom.el("div", { class: "cr-popup", role: "listbox", id, "aria-label": "Examples", popover: "manual" });
    return { id, label, button, popup };
  }

  function listen(view) {
    const { button, popup, id } = view;
    button.addEventListener("click", () => (isOpen(view) ? close(view) : open(view)));
    button.addEventListener("keydown", (event) => keys(event, view));
    button.addEventListener("blur", () => close(view));
    popup.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus on the button
    popup.addEventListener("click", (event) => {
      const hit = event.target.closest(".cr-option");
      if (hit) take(view, Number(hit.id.slice(id.length + 1)));
    });
    // When the page moves under the list, the list would stand beside its button.
    view.away = (event) => {
      if (event.target !== popup) close(view);
    };
  }

  function mount(element, store, host) {
    const program = Program.of(store, host);
    const parts = build(`cr-examples-${Math.random().toString(36).slice(2, 8)}`);
    const view = { ...parts, store, program, list: [], active: -1, typed: "", typedAt: 0 };
    element.append(Dom.el("div", { class: "cr-label" }, Check.here(host) ? "Problem" : "Example"), parts.button, parts.popup);
    listen(view);
    function draw(state, before) {
      const text = Program.text(state);
      if (before && text === Program.text(before) && state.data?.examples === before.data?.examples && state.data?.hand === before.data?.hand) return;
      const list = state.data?.examples || [];
      const same = (example) => example.text.trim() === text.trim();
      const handed = state.data?.hand?.example;
      const found = list.find((example) => example.hand && example.key === handed && same(example)) || list.find((example) => !example.hand && same(example));
      parts.label.textContent = found ? found.title : text.trim() ? ownTitle(state.data) : "Choose one";
      parts.button.title = found ? found.sentence.replaceAll("`", "") : "";
    }
    draw(store.get(), null);
    const stop = store.subscribe(draw);
    return () => {
      close(view);
      stop();
    };
  }

  const isOpen = (view) => view.button.getAttribute("aria-expanded") === "true";

  function open(view) {
    const state = view.store.get();
    const text = Program.text(state);
    view.list = entries(state.data, view.program, text);
    const chosen = chosenOf(view.list, text);
    Ui.fill(view.popup, listbox(view.id, view.list, chosen));
    view.button.setAttribute("aria-expanded", "true");
    view.popup.showPopover?.();
    view.popup.classList.add("cr-open");
    window.addEventListener("scroll", view.away, true);
    place(view.button, view.popup);
    move(view, Math.max(0, chosen));
  }

  function close(view) {
    if (!isOpen(view)) return;
    view.button.setAttribute("aria-expanded", "false");
    view.button.removeAttribute("aria-activedescendant");
    view.popup.hidePopover?.();
    window.removeEventListener("scroll", view.away, true);
    view.popup.classList.remove("cr-open");
  }

  function move(view, index) {
    view.active = Math.max(0, Math.min(view.list.length - 1, index));
    view.popup.querySelector(".cr-active")?.classList.remove("cr-active");
    const now = view.popup.querySelector(`#${view.id}-${view.active}`);
    now?.classList.add("cr-active");
    now?.scrollIntoView({ block: "nearest" });
    if (now) view.button.setAttribute("aria-activedescendant", now.id);
  }

  function take(view, index) {
    const entry = view.list[index];
    close(view);
    if (entry?.hand) {
      Check.example(view.store, view.program.host, entry.key);
      return;
    }
    if (!entry || entry.text === Program.text(view.store.get())) return;
    choose(view.program, entry.text);
    Dialogs.toast(`${entry.title} opened.`, { label: "Undo", act: view.program.undo });
  }

  function keys(event, view) {
    const shown = isOpen(view);
    const jump = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 }[event.key];
    const typing = shown && view.typed && Date.now() - view.typedAt < 800; // then a space belongs to the title
    const letter =
      event.key.length === 1 && (event.key !== " " || typing) && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "Tab" || (event.key === "Escape" && !shown)) return;
    if (!jump && !letter && !["Enter", " ", "Escape", "Home", "End"].includes(event.key)) return;
    if (letter && !shown) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") close(view);
    else if (!shown) open(view);
    else if (jump) move(view, view.active + jump);
    else if (letter) seek(view, event.key.toLowerCase());
    else if (event.key === "Home") move(view, 0);
    else if (event.key === "End") move(view, view.list.length - 1);
    else take(view, view.active);
  }

  // Letters typed in one go find the entry whose title begins so.
  function seek(view, letter) {
    const now = Date.now();
    view.typed = now - view.typedAt < 800 ? view.typed + letter : letter;
    view.typedAt = now;
    const found = view.list.findIndex((entry) => entry.title.toLowerCase().startsWith(view.typed));
    if (found >= 0) move(view, found);
  }

  return { mount, choose };
})();
