// Writing numbers back into the program text. Pure functions over a "sheet": the text with, for every
// editable leaf, its values and the places (offsets in UTF-16 units) of its literals. An edit returns a new
// sheet whose later places have moved along.
const Literals = (() => {
  // Where line and column (code points) of the payload stand in the text.
  function offsets(text) {
    const starts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    return (line, column) => {
      const start = starts[line - 1] ?? text.length;
      let at = start;
      for (let left = column; left > 0 && at < text.length; left -= 1) at += text.codePointAt(at) > 0xffff ? 2 : 1;
      return at;
    };
  }

  function sheet(text, leaves) {
    const at = offsets(text);
    const place = (span) => (span ? [at(span[0], span[1]), at(span[2], span[3])] : null);
    return {
      text,
      leaves: leaves.map((leaf) => ({
        ...leaf,
        values: leaf.values ? leaf.values.map(Format.value) : null,
        places: leaf.spans ? leaf.spans.map(place) : null,
        whole: place(leaf.span),
      })),
    };
  }

  // Python's own spelling of a number, with the fewest digits that read back as the same one.
  const literal = (value) => (Object.is(value, -0) ? "0" : String(value));

  function list(values, shape) {
    const write = (nested) => (Array.isArray(nested) ? `[${nested.map(write).join(", ")}]` : literal(nested));
    return write(Arrays.nest(values, shape));
  }

  // Puts `words` at `place` and moves every place behind it; places around it grow.
  function splice(page, place, words) {
    const [from, to] = place;
    const moved = words.length - (to - from);
    const shift = (other) =>
      other && [
        other[0] >= to && other[0] > from ? other[0] + moved : other[0],
        other[1] >= to ? other[1] + moved : other[1],
      ];
    return {
      text: page.text.slice(0, from) + words + page.text.slice(to),
      leaves: page.leaves.map((leaf) => ({
        ...leaf,
        places: leaf.places && leaf.places.map(shift),
        whole: shift(leaf.whole),
      })),
    };
  }

  // The places of the numbers in a nested list that begins at `start`; `words` was written by list().
  function find(words, start) {
    return [...words.matchAll(/[^[\], ]+/g)].map((match) => [
      start + match.index,
      start + match.index + match[0].length,
    ]);
  }

  function write(page, index, entry, value) {
    const leaf = page.leaves[index];
    const values = leaf.values.map((old, place) => (place === entry ? value : old));
    let next;
    if (leaf.places) next = splice(page, leaf.places[entry], literal(value));
    else next = rewrite(page, leaf, values);
    const changed = next.leaves.map((other, place) =>
      place === index ? { ...other, values, places: next.places || other.places } : other,
    );
    return { text: next.text, leaves: changed };
  }

  // A leaf made by a call, such as rand(2, 2), has no literals yet: its right side becomes the list of its
  // numbers.
  function rewrite(page, leaf, values) {
    const old = page.text.slice(...leaf.whole);
    const words = list(values, leaf.shape);
    const constant = /^\s*const\s*\(/.test(old);
    const written = constant ? `const(${words})` : words;
    const next = splice(page, leaf.whole, written);
    return { ...next, places: find(words, leaf.whole[0] + (constant ? "const(".length : 0)) };
  }

  return { sheet, write, literal };
})();
