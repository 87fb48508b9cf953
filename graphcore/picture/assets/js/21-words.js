// Words that the interface uses, explained where they stand: on hover, on focus, at a tap. The table (WordTable) comes from
// Python with these files. Marking a caption costs one look-up; everything else waits until somebody asks.

const Words = (() => {
  const [SOON, GRACE, GAP] = [320, 220, 7]; // ms until it opens, ms to reach it, px between it and its word
  const table = new Map(WordTable.map((row) => [row.key, row]));
  const keys = new Map(WordTable.flatMap((row) => [row.word, ...row.forms].map((form) => [form.toLowerCase(), row.key])));
  const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const longest = [...keys.keys()].sort((a, b) => b.length - a.length).map(quoted).join("|");
  const KNOWN = new RegExp(`(?<![\\w-])(?:${longest})(?![\\w-])`, "giu");
  const found = new Map(); // caption -> key or null; captions come again at every step
  const BUTTONS = new Set(["button", "summary", "td", "th"]); // they have a use of their own
  let back = false;
  let current = null; // what is open: {me, anchor, box}

  function of(text) {
    if (!text) return null;
    if (found.has(text)) return found.get(text);
    const forms = (text.match(KNOWN) || []).sort((a, b) => b.length - a.length);
    if (found.size > 2000) found.clear();
    found.set(text, forms.length ? keys.get(forms[0].toLowerCase()) : null);
    return found.get(text);
  }

  const id = (key) => `cr-word-${key}`;

  // Attributes for an element that says a word; what is a button already keeps its role.
  const attributes = (key, own = false) =>
    (table.has(key) ? { "data-word": key, "aria-describedby": id(key), ...(own ? {} : { tabindex: "0", role: "button" }) } : {});

  // A caption: the element gets the explanation of its most telling word.
  const caption = (tag, more, text, key = of(text)) => Dom.el(tag, { ...more, ...attributes(key) }, text);

  // A sentence, as Dom.ticked makes it, each word marked where it is met first.
  function said(text, only = null) {
    const seen = new Set();
    return Dom.ticked(text).flatMap((part) => (typeof part === "string" ? split(part, seen, only) : [part]));
  }

  // In longer sentences only what a reader may not know.
  const TELLING = new Set([
    "equal-to-rounding", "eps", "kink", "non-finite", "zero", "starting-gradient", "stronger-point", "inherited", "hand-in", "random-seed", "fan-out",
  ]);
  const telling = (text) => said(text, TELLING);

  function split(text, seen, only) {
    const parts = [];
    let at = 0;
    for (const match of text.matchAll(KNOWN)) {
      const key = keys.get(match[0].toLowerCase());
      if (seen.has(key) || (only && !only.has(key))) continue;
      seen.add(key);
      parts.push(text.slice(at, match.index), Dom.el("span", attributes(key), match[0]));
      at = match.index + match[0].length;
    }
    return [...parts, text.slice(at)].filter((part) => part !== "");
  }

  // ---- the small window ----------------------------------------------------------------------------------

  // Beside its word, never on it: below where there is room, over a column of a table above it.
  function place(box, anchor) {
    const word = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = box;
    const [wide, high] = [document.documentElement.clientWidth, window.innerHeight];
    const left = Math.max(8, Math.min(word.left + word.width / 2 - width / 2, wide - width - 8));
    const [above, under] = [word.top - GAP - height >= 8, word.bottom + GAP + height <= high - 8];
    const below = !above || (under && !anchor.closest("thead"));
    box.style.left = `${Math.round(left)}px`;
    box.style.top = `${Math.round(below ? word.bottom + GAP : word.top - GAP - height)}px`;
  }

  // Another page opens beside this one: what stands here is not lost.
  function more(key, { live, here }) {
    if (!live) return null;
    const to = here ? { href: `#${key}` } : { href: `./words#${key}`, target: "_blank", rel: "noopener" };
    return Dom.el("a", { class: "cr-wordmore", ...to }, "More in Words");
  }

  function open(me, anchor) {
    if (current?.anchor === anchor) return;
    close();
    const row = table.get(anchor.dataset.word);
    if (!row) return;
    const box = Dom.el("div", { class: "cr-wordbox", role: "tooltip" }, Dom.el("b", {}, row.word), Dom.el("p", {}, ...Dom.ticked(row.text)), more(row.key, me));
    (anchor.closest("dialog") || me.root).append(box);
    place(box, anchor);
    anchor.classList.add("cr-wordopen");
    current = { me, anchor, box };
  }

  function close() {
    if (!current) return;
    const { anchor, box } = current;
    current = null;
    const inside = box.contains(document.activeElement);
    box.remove();
    anchor.classList.remove("cr-wordopen");
    if (!inside || !anchor.isConnected) return;
    back = true; // the focus that comes back asks for nothing
    anchor.focus({ preventScroll: true });
    back = false;
  }

  // A step draws its words anew.
  const tidy = () => { if (current && !current.anchor.isConnected) close(); };

  // ---- asking --------------------------------------------------------------------------------------------

  // Captions of the tabs are looked up when somebody comes to them.
  const HEADS = ".cr-tabpanel :is(thead th, caption, figcaption, dt, h3, h4, summary, .cr-caption)";

  function marked(event) {
    if (!(event.target instanceof Element)) return null;
    const known = event.target.closest("[data-word]");
    const head = known ? null : event.target.closest(HEADS);
    const key = head && head.textContent.length < 60 && !head.querySelector("[data-word], button, input") ? of(head.textContent) : null;
    if (key) head.dataset.word = key;
    return known || (key ? head : null);
  }

  function later(me, milliseconds, run) {
    clearTimeout(me.timer);
    me.timer = setTimeout(run, milliseconds);
  }

  function hover(me, event) {
    if (event.pointerType !== "mouse" || event.buttons) return;
    const anchor = marked(event);
    if (anchor) later(me, current?.anchor === anchor ? 0 : SOON, () => anchor.isConnected && open(me, anchor));
    else if (current?.box.contains(event.target)) clearTimeout(me.timer);
    else if (current && !current.anchor.matches(":focus-visible")) later(me, GRACE, close);
    else clearTimeout(me.timer);
  }

  // A tap or Enter opens it; where the word is on a button, the button does what it does.
  function press(me, event) {
    const anchor = marked(event);
    if (current?.box.contains(event.target)) return;
    clearTimeout(me.timer);
    if (!anchor || BUTTONS.has(anchor.localName)) return close();
    event.stopPropagation();
    if (current?.anchor === anchor && event.pointerType !== "mouse") close();
    else open(me, anchor);
  }

  function keydown(event) {
    const anchor = marked(event);
    if (event.key === "Escape" && current) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if ((event.key === "Enter" || event.key === " ") && anchor && !BUTTONS.has(anchor.localName)) {
      event.preventDefault();
      event.stopPropagation();
      const me = current?.me || anchor.closest(".cr-root")?.crWords;
      if (me) open(me, anchor);
      current?.box.querySelector("a")?.focus();
    } else if (current && !["Shift", "Control", "Alt", "Meta", "Tab", "Enter"].includes(event.key)) close();
  }

  function focus(me, event) {
    const anchor = marked(event);
    if (back) return;
    if (anchor && anchor.matches(":focus-visible")) open(me, anchor);
    else if (current && !current.box.contains(event.target)) close();
  }

  // The focus scrolls a word into sight: then its window goes along.
  function scroll() {
    if (current?.anchor.matches(":focus-visible")) place(current.box, current.anchor);
    else close();
  }

  // What voices read when a word has the focus.
  const spoken = () => Dom.el("div", { hidden: true },
    WordTable.map((row) => Dom.el("span", { id: id(row.key) }, `${row.word}: ${row.text.replaceAll("`", "")}`)));

  function mount(root, store, host) {
    const me = { root, live: Boolean(host?.send), here: Boolean(host?.words), timer: 0 };
    const texts = spoken();
    root.append(texts);
    root.crWords = me;
    const listeners = [
      [root, "pointerover", (event) => hover(me, event)], [root, "click", (event) => press(me, event)], [root, "focusin", (event) => focus(me, event)],
      [root, "pointerleave", () => later(me, GRACE, () => current && !current.anchor.matches(":focus-visible") && close())],
      [document, "keydown", keydown], [window, "scroll", scroll], [window, "resize", close],
    ];
    for (const [target, event, run] of listeners) target.addEventListener(event, run, true);
    const stop = store?.subscribe(tidy);
    return () => {
      for (const [target, event, run] of listeners) target.removeEventListener(event, run, true);
      clearTimeout(me.timer);
      close();
      stop?.();
      texts.remove();
      delete root.crWords;
    };
  }

  return { mount, of, attributes, caption, said, telling, tidy };
})();
