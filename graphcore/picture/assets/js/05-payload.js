// Python leaves out of a payload what the browser has already (`kept`). Here it is put back, before any part sees the data.

const Payload = (() => {
  let last = null; // the newest complete payload of this page; an instance that is mounted anew begins with it

  const session = (data) => data.stamp.split(".")[0];

  // Layouts that were asked for later belong to the structure the page has; its parts know it by identity.
  function fill(structure, layouts) {
    if ("across" in layouts) structure.geometry = { ...structure.geometry, across: layouts.across };
    if ("drawn" in layouts) structure.torch = { ...structure.torch, drawn: layouts.drawn };
    structure.later = structure.later.filter((which) => !(which in layouts));
  }

  // The payload with nothing missing; null if it keeps what this page never had.
  // `placed` is the text that the places in `leaves` belong to.
  function complete(data) {
    if (!data || data === last) return data;
    if (last && data.stamp && data.stamp === last.stamp) return last; // the same payload, drawn once more
    const kept = data.kept || [];
    if (kept.length && (!last || session(last) !== session(data))) return null;
    const whole = { ...data };
    for (const part of kept) whole[part] = last[part];
    whole.placed = kept.includes("leaves") ? last.placed : data.program.text;
    if (kept.includes("structure") && whole.structure && data.layouts) fill(whole.structure, data.layouts);
    last = whole;
    return whole;
  }

  // What an action says about the payload this page holds.
  const stamp = () => (last ? last.stamp : null);

  return { complete, stamp, session };
})();
