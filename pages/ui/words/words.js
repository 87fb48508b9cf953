// The Words page: a list drawn once. Drawings are made when they come into sight; one of them at a time is live.

const WordsPage = (() => {
  const ASIDE = new Set(["a", "p", "n"]); // keys of the picture that have no place here
  const PILL = new Set(["local-gradient", "local-jacobian"]);
  let open = null; // {card, undo} of the word that is live

  // ---- the drawing of a word that is not opened ----------------------------------------------------------

  function drawing(data, word) {
    const svg = Dom.svg("svg", { class: "cr-graph cr-wp-drawing", "aria-hidden": "true" });
    const scene = Scene.build(svg, data, "down", false);
    const { nodes, edges, geometry } = data.structure;
    Tiles.show(scene.tiles, null);
    Scene.draw(scene, data, word.step, null, nodes.map((_, i) => i), edges.map((_, e) => e));
    // beside a small drawing the pill takes more room than it; it stays where it is what the word is about
    if (!PILL.has(word.key)) svg.querySelector(".cr-pill").remove();
    frame(svg, geometry.down, PILL.has(word.key) ? scene.pillAt : null);
    svg.querySelectorAll("[tabindex], [role]").forEach((element) => {
      for (const name of ["tabindex", "role", "aria-label"]) element.removeAttribute(name);
    });
    return svg;
  }

  // As large as the nodes and the pill beside the edge.
  function frame(svg, { width, height }, pill) {
    const left = Math.min(0, pill ? pill.x - pill.w / 2 : 0) - 6;
    const right = Math.max(width, pill ? pill.x + pill.w / 2 : 0) + 6;
    svg.setAttribute("viewBox", `${left} -8 ${right - left} ${height + 16}`);
    svg.setAttribute("width", right - left);
  }

  // ---- the live one --------------------------------------------------------------------------------------

  function close() {
    if (!open) return;
    const { card, undo } = open;
    open = null;
    for (const stop of undo.reverse()) if (typeof stop === "function") stop();
    card.element.removeAttribute("data-open");
    card.stage.replaceChildren();
    card.button.textContent = "Step through it";
    card.button.setAttribute("aria-expanded", "false");
  }

  function hostOf(data, store) {
    const host = { page: "words", send: null, data };
    if (!(data.folds || []).length) return host;
    host.fold = (action) => {
      const before = store().get();
      const next = Standalone.chosen(before.data, action);
      store().set({ data: next, step: Modules.step(before.data, next, before.step), selected: null, playing: false });
    };
    return host;
  }

  function start(page, card) {
    close();
    const data = page.data.pictures[card.word.picture];
    const part = (name) => Dom.el("div", { class: `cr-${name}` });
    const [verdict, formula, panes, transport] = ["verdict", "formula", "panes", "transport"].map(part);
    card.stage.replaceChildren(verdict, formula, panes, transport);
    card.element.dataset.open = "";
    const store = Store.create({ ...Store.defaults, ...Ask.restored("words"), data, step: card.word.step, theme: page.root.dataset.theme }, Ask.derive);
    const host = hostOf(data, () => store);
    const undo = [
      Verdict.mount(verdict, store, host), Graph.mount(panes, store, host), FormulaLine.mount(formula, store, host),
      Transport.mount(transport, store, host), Keys.mount(page.root, store), Dialogs.mount(page.root, store, host), store.subscribe(Words.tidy),
    ];
    panes.style.height = `${Math.max(200, Math.min(380, data.structure.geometry.down.height + 60))}px`;
    open = { card, undo };
    card.button.textContent = "Close";
    card.button.setAttribute("aria-expanded", "true");
    window.history.replaceState(window.history.state, "", `#${card.word.key}`);
  }

  // ---- the list ------------------------------------------------------------------------------------------

  function card(page, word) {
    const made = { word, search: [word.word, ...word.forms, word.text].join(" ").toLowerCase() };
    made.button = Dom.button("Step through it", () => (open?.card === made ? close() : start(page, made)), { class: "cr-wp-open" });
    made.button.setAttribute("aria-expanded", "false");
    made.stage = Dom.el("div", { class: "cr-stage cr-wp-stage" });
    made.picture = Dom.el("div", { class: "cr-wp-picture" });
    made.element = Dom.el("article", { class: "cr-wp-card", id: `cr-at-${word.key}`, tabindex: "-1", "aria-label": word.word },
      Dom.el("div", { class: "cr-wp-says" },
        Dom.el("h3", {}, word.word),
        Dom.el("p", {}, ...Dom.ticked(word.text)),
        Dom.el("pre", {}, word.program, word.hand ? Dom.el("span", {}, `\n\nhanded in\n${word.hand}`) : null),
        Dom.el("p", { class: "cr-wp-look" }, ...Dom.ticked(word.look)),
        Dom.el("footer", {}, made.button, Dom.el("a", { href: word.link, target: "_self" }, `Open in ${word.opens}`))),
      made.picture, made.stage);
    return made;
  }

  // Drawn when it comes into sight; all of them when the page goes to paper.
  function lazily(page) {
    const watch = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) if (isIntersecting) draw(page.cards.find((one) => one.picture === target));
    }, { rootMargin: "300px" });
    function draw({ picture, word }) {
      watch.unobserve(picture);
      if (!picture.firstChild) picture.append(drawing(page.data.pictures[word.picture], word));
    }
    const all = () => page.cards.forEach(draw);
    page.cards.forEach(({ picture }) => watch.observe(picture));
    window.addEventListener("beforeprint", all);
    return () => {
      watch.disconnect();
      window.removeEventListener("beforeprint", all);
    };
  }

  function filter(page) {
    const asked = page.part("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { element, search } of page.cards) {
      element.hidden = !asked.every((text) => search.includes(text));
      count += !element.hidden;
    }
    for (const section of page.part("list").children) section.hidden = [...section.querySelectorAll(".cr-wp-card")].every((one) => one.hidden);
    page.part("count").textContent = `${count} of ${page.cards.length} words`;
    page.part("none").hidden = count > 0;
  }

  // words#upstream-gradient opens that word.
  function follow(page) {
    const wanted = page.cards.find(({ word }) => word.key === decodeURIComponent(window.location.hash.slice(1)));
    if (!wanted || !page.root.isConnected) return;
    page.part("search").value = "";
    filter(page);
    if (open?.card !== wanted) start(page, wanted);
    wanted.element.scrollIntoView({ block: "start" });
    wanted.element.focus({ preventScroll: true });
  }

  function keys(page) {
    const keydown = (event) => {
      if (!page.root.isConnected || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
      if (event.key === "/") {
        event.preventDefault();
        page.part("search").focus();
      } else if (!ASIDE.has(event.key.toLowerCase())) return;
      event.stopImmediatePropagation();
    };
    document.addEventListener("keydown", keydown, true);
    return () => document.removeEventListener("keydown", keydown, true);
  }

  function theme(page) {
    const set = (name) => Theme.apply(page.root, name);
    page.part("bar").replaceChildren(Dom.button("Light or dark", () => {
      const other = Theme.other(page.root.dataset.theme);
      Theme.remember(other);
      set(other);
    }, { icon: "theme", title: "Light or dark" }));
    set(Theme.initial(page.root));
  }

  function mount(root, data) {
    const page = { root, data, cards: [], part: (name) => root.querySelector(`[data-part="${name}"]`) };
    page.part("list").replaceChildren(...data.groups.map(({ title, words }) => {
      const cards = words.map((word) => card(page, word));
      page.cards.push(...cards);
      return Dom.el("section", {}, Dom.el("h2", {}, title), Dom.el("div", { class: "cr-wp-grid" }, cards.map(({ element }) => element)));
    }));
    theme(page);
    page.part("search").addEventListener("input", () => filter(page));
    const hash = () => follow(page);
    window.addEventListener("hashchange", hash);
    const stops = [keys(page), Words.mount(root, null, { send: true, words: true }), close, () => window.removeEventListener("hashchange", hash), lazily(page)];
    filter(page);
    setTimeout(hash, 0); // the list has its height by then
    return () => stops.forEach((stop) => stop());
  }

  return { mount };
})();

const wordPages = new WeakMap();

export default function (component) {
  const root = component.parentElement.querySelector(".cr-wp");
  if (!wordPages.has(root)) wordPages.set(root, WordsPage.mount(root, component.data));
  return () => setTimeout(() => {
    if (root.isConnected || !wordPages.has(root)) return;
    wordPages.get(root)();
    wordPages.delete(root);
  }, 0);
}
