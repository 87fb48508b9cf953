// Where the eye is: scale and position of a drawing inside its pane. Moving never touches the drawing itself.

const View = (() => {
  const TEXT = 13.5; // size of node text in the drawing
  const SMALLEST = 12; // on the screen; below it the picture follows instead of shrinking
  const LARGEST = 1.3; // a tiny graph is not blown up beyond this

  const clamp = (low, x, high) => Math.max(low, Math.min(high, x));

  function create(element, svg) {
    return { element, svg, width: 0, height: 0, drawing: { width: 1, height: 1 }, scale: 1, x: 0, y: 0, applied: 0, rect: null, onMove: () => {} };
  }

  function setDrawing(view, width, height) {
    view.drawing = { width, height };
    view.applied = 0;
    view.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }

  function fitting(view) {
    return Math.min(view.width / (view.drawing.width + 8), view.height / (view.drawing.height + 8));
  }

  // "auto": all of it if it can be read, else as small as can be read. "fit": all of it, whatever that takes.
  function scaleFor(view, zoom, phone) {
    const fit = Math.min(fitting(view), LARGEST);
    if (typeof zoom === "number") return zoom;
    if (zoom === "fit") return fit;
    const least = phone && fit >= 0.72 ? 0.72 : SMALLEST / TEXT;
    return Math.max(fit, least);
  }

  // Keep the drawing against the pane: centred where it is smaller, without empty margins where it is larger.
  function bounded(view, axis, position, loose) {
    const size = axis === "x" ? view.width : view.height;
    const content = (axis === "x" ? view.drawing.width : view.drawing.height) * view.scale;
    if (content <= size) return (size - content) / 2;
    const slack = loose ? size / 2 : 6;
    return clamp(size - content - slack, position, slack);
  }

  // The part of the drawing that is in the pane; on a short smooth way also the part it comes from.
  function seen(view, smooth) {
    const s = view.scale;
    const rect = { left: -view.x / s, top: -view.y / s, right: (view.width - view.x) / s, bottom: (view.height - view.y) / s };
    const before = view.rect;
    view.rect = rect;
    if (!smooth || !before) return rect;
    return {
      left: Math.min(rect.left, before.left), top: Math.min(rect.top, before.top),
      right: Math.max(rect.right, before.right), bottom: Math.max(rect.bottom, before.bottom),
    };
  }

  function apply(view, smooth) {
    if (view.applied !== view.scale) {
      view.applied = view.scale;
      view.svg.setAttribute("width", (view.drawing.width * view.scale).toFixed(2));
      view.svg.setAttribute("height", (view.drawing.height * view.scale).toFixed(2));
    }
    const before = view.rect;
    const near = before && Math.abs(before.top + view.y / view.scale) * view.scale < view.height
      && Math.abs(before.left + view.x / view.scale) * view.scale < view.width;
    view.onMove(seen(view, smooth && near));
    view.svg.style.transition = smooth && near ? "transform 160ms ease-out" : "none";
    view.svg.style.transform = `translate(${Math.round(view.x)}px, ${Math.round(view.y)}px)`;
  }

  function move(view, x, y, smooth, loose) {
    view.x = bounded(view, "x", x, loose);
    view.y = bounded(view, "y", y, loose);
    apply(view, smooth);
  }

  // Bring boxes into view: centre them if they are outside, leave the picture alone if they are not.
  function follow(view, boxes, smooth, centre) {
    const s = view.scale;
    const left = Math.min(...boxes.map((b) => b[0] - b[2] / 2)) * s;
    const right = Math.max(...boxes.map((b) => b[0] + b[2] / 2)) * s;
    const top = Math.min(...boxes.map((b) => b[1] - b[3] / 2)) * s;
    const bottom = Math.max(...boxes.map((b) => b[1] + b[3] / 2)) * s;
    const first = boxes[0];
    const axis = (low, high, middle, size, position) => {
      const inside = low + position >= 14 && high + position <= size - 14;
      if (inside && !centre) return position;
      return size / 2 - (high - low < size - 20 ? (low + high) / 2 : middle);
    };
    const x = axis(left, right, first[0] * s, view.width, view.x);
    const y = axis(top, bottom, first[1] * s, view.height, view.y);
    if (x !== view.x || y !== view.y || view.applied !== s) move(view, x, y, smooth, false);
  }

  function zoomAt(view, factor, px, py) {
    const scale = clamp(Math.min(0.1, fitting(view)), view.scale * factor, 3);
    const ratio = scale / view.scale;
    view.scale = scale;
    move(view, px - (px - view.x) * ratio, py - (py - view.y) * ratio, false, true);
    return scale;
  }

  // Drag to pan, Ctrl and wheel (or a pinch) to zoom. `moved` tells the caller a click was a drag.
  function listen(view, changed) {
    let from = null;
    let dragged = false;
    const { element } = view;
    element.addEventListener("pointerdown", (event) => {
      dragged = false;
      if (event.button !== 0) return;
      from = { px: event.clientX, py: event.clientY, x: view.x, y: view.y };
    });
    element.addEventListener("pointermove", (event) => {
      if (!from || !(event.buttons & 1)) return;
      const [dx, dy] = [event.clientX - from.px, event.clientY - from.py];
      if (!dragged && Math.hypot(dx, dy) < 4) return;
      if (!dragged) element.setPointerCapture(event.pointerId);
      dragged = true;
      move(view, from.x + dx, from.y + dy, false, true);
      changed(view);
    });
    element.addEventListener("pointerup", () => { from = null; });
    element.addEventListener("pointercancel", () => { from = null; });
    element.addEventListener("click", (event) => {
      if (dragged) event.stopPropagation();
      dragged = false;
    }, true);
    element.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      zoomAt(view, Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
      changed(view, view.scale);
    }, { passive: false });
  }

  return { create, setDrawing, scaleFor, move, follow, listen, apply };
})();
