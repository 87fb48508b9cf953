// What belongs to the page rather than to the picture: address, theme, Present, the buttons at the top, files.

const Page = (() => {
  let current = null; // the last instance mounted

  // ---- address -------------------------------------------------------------------------------------------

  async function compressed(text) {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    let binary = "";
    for (const byte of bytes) binary += String.fromCharCode(byte);
    return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  async function program(url, { data, text: draft }) {
    const text = draft === null ? data.program.text : draft;
    const example = data.examples.find((e) => e.text.trim() === text.trim());
    if (example) url.searchParams.set("example", example.key);
    else if (text.trim()) url.searchParams.set("p", await compressed(text));
  }

  // The address that brings this program, step and format back. Parameters of others stay.
  async function address(state, host) {
    const url = new URL(window.location.href);
    const { data } = state;
    if (!data || !data.program) return url.href;
    for (const name of ["example", "p", "step", "decimals"]) url.searchParams.delete(name);
    if (Check.here(host)) await Check.address(url, state, compressed);
    else if (Network.here(host)) await Network.address(url, state, compressed);
    else await program(url, state);
    if (data.structure && state.step !== Steps.opening(data)) url.searchParams.set("step", state.step);
    if (state.decimals !== null) url.searchParams.set("decimals", state.decimals);
    return url.href;
  }

  async function write(page) {
    clearTimeout(page.timer);
    page.turn = (page.turn || 0) + 1;
    const { turn } = page;
    const href = await address(page.store.get(), page.host);
    // A long text is still being compressed when a newer state has been written: the newest address stays.
    // A page opened from a file may not change its address; the link is then only copied.
    if (turn === page.turn && page.host.send && href !== window.location.href) window.history.replaceState(window.history.state, "", href);
    return href;
  }

  const link = () => write(current);

  function watchAddress(page) {
    return page.store.subscribe((state, previous) => {
      if (!["data", "text", "step", "decimals", "fields", "hand", "handValues"].some((key) => state[key] !== previous[key])) return;
      if (!state.data) return;
      clearTimeout(page.timer);
      page.timer = setTimeout(() => write(page), 300);
    });
  }

  function toggleTheme(store) {
    const theme = Theme.other(store.get().theme);
    Theme.remember(theme);
    store.set({ theme });
  }

  // ---- present -------------------------------------------------------------------------------------------

  function present(store) {
    const on = !store.get().present;
    store.set({ present: on, zoom: "auto" });
    if (on) say("← → step, Space plays, ? lists the keys, Esc leaves");
  }

  function applyPresent(root, on) {
    root.toggleAttribute("data-present", on);
    document.documentElement.toggleAttribute("data-present", on);
  }

  // ---- buttons and files ---------------------------------------------------------------------------------

  function say(text) {
    if (typeof Dialogs !== "undefined") Dialogs.toast(text);
  }

  async function copyText(text, what) {
    if (typeof Dialogs !== "undefined") return Dialogs.copy(text, what);
    return navigator.clipboard.writeText(text).catch(() => {});
  }

  function fill(bar, page) {
    const { store } = page;
    bar.replaceChildren(
      Dom.button("Copy link", async () => copyText(await link(), Network.linked(store.get())), { class: "cr-wide" }),
      Dom.button("Copy link", async () => copyText(await link(), Network.linked(store.get())), { icon: "copy", class: "cr-slim", title: "Copy link" }),
      TakeHome.menu(page),
      Dom.button("Present", () => present(store), { key: "P", class: "cr-wide", title: "Show only the picture (P)" }),
      Dom.button("Light or dark", () => toggleTheme(store), { icon: "theme", title: "Light or dark" }),
    );
  }

  function fileName(kind) {
    const { data } = current.store.get();
    return `chainrule-${data.program.example || "program"}-step-${current.store.get().step}.${kind}`;
  }

  const svg = async (which = "both") => (await Graph.whole(() => Export.svg(current.root, which))).text;
  const png = (which = "both") => Graph.whole(() => Export.png(current.root, which));
  const copySvg = async (which) => copyText(await svg(which), "the picture as SVG");

  async function saveSvg(which) {
    Export.save(new Blob([await svg(which)], { type: "image/svg+xml" }), fileName("svg"));
    say("Saved the picture as SVG");
  }

  async function savePng(which) {
    const blob = await png(which);
    if (blob) Export.save(blob, fileName("png"));
    say(blob ? "Saved the picture as PNG" : "The picture is too large for a PNG; save it as SVG");
  }

  function mount(root, bar, store, host) {
    const page = { root, store, host, timer: null };
    current = page;
    fill(bar, page);
    Theme.apply(root, store.get().theme);
    const stops = [watchAddress(page), store.subscribe((state, previous) => {
      if (state.theme !== previous.theme) Theme.apply(root, state.theme);
      if (state.present !== previous.present) applyPresent(root, state.present);
    })];
    return () => {
      stops.forEach((stop) => stop());
      clearTimeout(page.timer);
      applyPresent(root, false);
      if (current === page) current = null;
    };
  }

  return { mount, toggleTheme, present, link, compressed, svg, png, copySvg, saveSvg, savePng };
})();
