// The one state of a component instance. Every part draws from it and changes it only through set().
//
// The files of this folder are joined in name order into one script, so they share one scope and each
// adds one name to it. What the parts may rely on:
//
//   Store.create(initial, derive) -> store   derive(state) gives slices that follow from the others (see Ask)
//     store.get()                     the state object; treat it as read-only
//     store.set({key: value, ...})    shallow merge; calls every subscriber once, at once; no-op if nothing differs
//     store.subscribe(fn)             fn(state, previous); returns a function that unsubscribes
//
//   State: {data, text, step, playing, speed, decimals, selected, hovered, theme, direction, torchView,
//           present, phonePane, tab, zoom, quick, marked, running}
//     data       the payload from Python (see payload.py); may be null before the first one
//     text       the editor's draft, null while it equals data.program.text
//     step       1-based, as shown ("step 14 of 20")
//     decimals   null = house format, else 0..12
//     selected   node index or null; hovered the same
//     marked     node indices lit by a verdict's "Show them", [] otherwise
//     running    true while a run has waited for its answer for a while
//     quick      true while a key is held or something is dragged: draw without animation
//     zoom       "auto" | "fit" | a number (the user's own scale)
//     asking, answered, drafts, tried; answers, moment   Ask first (63-ask.js); moment is the step as far as it is shown
//
//   Part.mount(element, store, host)  a part subscribes itself and redraws only for the slices it uses;
//                                     it returns a function that undoes it, or nothing
//   host = {send(action) -> id | null, data}   send is null in the standalone page. send() gives the action
//                                     its id and returns it; compare with data.answers.
//
//   Dom.el(tag, attributes, ...children)      HTML element. attributes: class, text, style (string),
//                                     on: {click: fn}, any attribute; true -> "", false/null -> left out.
//   Dom.svg(tag, attributes, ...children)     the same in the SVG namespace
//   Dom.math(tree) -> <math> element; Dom.ticked("no op is called `sine`") -> array of nodes
//   Dom.replace(element, ...children)         clear and fill
//   Dom.icon(name) -> svg icon; Dom.button(label, fn, {icon, class, title}) -> <button class="cr-button">
//   Dom.symbol("v3") -> name in mathematical italics with its digits as a subscript
//
//   Format.number(x, decimals) | Format.copy(x) | Format.shape(shape) | Format.value(x) (JSON number -> float)
//   Format.tensor(V, decimals) -> short text for one line
//   Steps.at(data, k) | Steps.sentence(data, k) | Steps.partial(data, node, k) | Steps.opening(data) | Steps.count(data)
//   Graph.select(node | null) | Graph.reveal(node)      select = same node in both panes; reveal also brings it into view
//   Page.link() -> Promise<string>; Page.svg("manual"|"torch"|"both"); Page.png(...)
//   Optional, called only if there: Rail.mount, Tabs.mount, Dialogs.mount, Dialogs.reasons(), Dialogs.keys(),
//   Dialogs.array(node), Dialogs.toast(text), Dialogs.copy(text, what).
//   Events on the root element: "cr-line" {detail: {line}} asks the editor to put its cursor on that line.
//
// Classes start with "cr-"; style sheets stay under .cr-root. Texts of the payload only ever become text nodes.

const Store = (() => {
  function create(initial, derive = () => ({})) {
    let state = { ...initial, ...derive(initial) };
    const subscribers = new Set();

    function set(patch) {
      const previous = state;
      const differs = Object.keys(patch).some((key) => !Object.is(patch[key], previous[key]));
      if (!differs) return;
      state = { ...previous, ...patch };
      Object.assign(state, derive(state));
      // Subscribers may set() in turn: each then sees the newer state, so `state` is read again per call.
      const now = state;
      for (const subscriber of [...subscribers]) {
        if (now === state) subscriber(now, previous);
        else if (subscribers.has(subscriber)) subscriber(state, previous);
      }
    }

    return {
      get: () => state,
      set,
      subscribe(subscriber) {
        subscribers.add(subscriber);
        return () => subscribers.delete(subscriber);
      },
    };
  }

  // What a fresh instance starts with, before data and the address are looked at.
  const defaults = {
    data: null,
    text: null,
    step: 1,
    playing: false,
    speed: 1,
    decimals: null,
    selected: null,
    hovered: null,
    theme: "light",
    direction: "down",
    torchView: "aligned",
    present: false,
    phonePane: "manual",
    tab: "table",
    zoom: "auto",
    quick: false,
    marked: [],
    running: false,
  };

  return { create, defaults };
})();
