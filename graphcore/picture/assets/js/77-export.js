// The picture as a file: a copy of the drawing that carries its colours, faces and numbers with it.

const Export = (() => {
  const PROPERTIES = [
    "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity",
    "font-family", "font-size", "font-weight", "font-style", "text-anchor",
  ];
  const HEAD = 30; // room for the title over each pane
  const MARGIN = 8; // around each drawing: borders of the outermost nodes lie on its edge

  // A class means nothing outside the page, so each copied element takes its computed look along.
  function inline(source, copy) {
    const style = getComputedStyle(source);
    const skipped = source.tagName === "title" || source.tagName === "foreignObject" || (style.display === "none" && source.tagName !== "defs");
    if (skipped) {
      copy.remove();
      return;
    }
    for (const name of PROPERTIES) {
      const value = style.getPropertyValue(name);
      if (value && value !== "none" && value !== "normal") copy.style.setProperty(name, value);
      else if (value === "none" && (name === "fill" || name === "stroke")) copy.setAttribute(name, "none");
    }
    copy.removeAttribute("class");
    const children = [...copy.children];
    [...source.children].forEach((child, k) => inline(child, children[k]));
  }

  function pane(svg, name) {
    const copy = svg.cloneNode(true);
    inline(svg, copy);
    copy.removeAttribute("style");
    copy.querySelectorAll("[role], [tabindex]").forEach((element) => {
      element.removeAttribute("role");
      element.removeAttribute("tabindex");
    });
    const box = svg.viewBox.baseVal;
    const clip = { x: MARGIN, y: HEAD, width: box.width, height: box.height, overflow: "visible" };
    for (const [key, value] of Object.entries(clip)) copy.setAttribute(key, value);
    const style = getComputedStyle(svg.closest(".cr-root"));
    const title = Dom.svg("text", { x: 10, y: 20, "font-size": 14, "font-weight": 600, text: name });
    title.style.fontFamily = style.getPropertyValue("--cr-sans");
    title.style.fill = style.color;
    return { group: Dom.svg("g", {}, title, copy), width: box.width + 2 * MARGIN, height: box.height + HEAD + MARGIN, page: style.backgroundColor };
  }

  const NAMES = { manual: "Manual", torch: "torch autograd" };

  // The faces of the page as data, so that the file looks the same where they are not installed.
  async function faces(wanted) {
    const rules = [...document.styleSheets].flatMap((sheet) => {
      try {
        return [...sheet.cssRules].map((rule) => [rule, sheet.href]);
      } catch {
        return []; // a sheet of another origin; none of ours
      }
    });
    const found = rules.filter(([rule]) => rule instanceof CSSFontFaceRule
      && wanted.includes(rule.style.getPropertyValue("font-family").replace(/["']/g, ""))
      && !/italic/.test(rule.style.getPropertyValue("font-style")));
    return Promise.all(found.map(async ([rule, base]) => {
      const url = /url\(["']?([^"')]+)/.exec(rule.style.getPropertyValue("src"));
      if (!url) return "";
      try {
        const blob = await (await fetch(new URL(url[1], base || document.baseURI))).blob();
        return rule.cssText.replace(url[1], await dataUrl(blob));
      } catch {
        return ""; // without the face the file falls back to the reader's own
      }
    }));
  }

  function dataUrl(blob) {
    return new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(blob);
    });
  }

  // which: "manual", "torch" or "both". Returns {text, width, height}.
  async function svg(root, which) {
    const names = which === "both" ? ["manual", "torch"] : [which];
    const panes = names.map((name) => pane(root.querySelector(`.cr-pane[data-pane="${name}"] .cr-graph`), NAMES[name]));
    const width = panes.reduce((sum, p) => sum + p.width, 0) + 16 * (panes.length - 1);
    const height = Math.max(...panes.map((p) => p.height));
    let x = 0;
    for (const p of panes) {
      p.group.setAttribute("transform", `translate(${x} 0)`);
      x += p.width + 16;
    }
    const style = Dom.svg("style", { text: (await faces(["Source Code Pro", "Source Sans"])).join("\n") });
    const file = Dom.svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height },
      style, Dom.svg("rect", { width, height, fill: panes[0].page }), panes.map((p) => p.group));
    return { text: new XMLSerializer().serializeToString(file), width, height };
  }

  // Twice the drawing's size, less where a canvas could not hold it.
  async function png(root, which) {
    const picture = await svg(root, which);
    const scale = Math.min(2, 16000 / Math.max(picture.width, picture.height));
    const image = new Image();
    const url = URL.createObjectURL(new Blob([picture.text], { type: "image/svg+xml" }));
    try {
      image.src = url;
      await image.decode();
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  function save(blob, name) {
    const link = Dom.el("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  return { svg, png, save };
})();
