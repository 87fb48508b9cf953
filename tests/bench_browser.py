"""How fast the picture follows a key and a drag, in the real app in a real Chromium: ``make bench`` runs it.

What is measured: the time from the event (dispatched in the page) to the second ``requestAnimationFrame`` after it, which
comes when the frame with the change has been handed over to be painted, less the same for an idle page. The limit on the
frame rate is off, so that no time spent waiting for a display is counted. Rail, tabs, both panes and the address are on,
as they are for everyone. For the drag the clock runs on until the answer of Python has changed a number in the picture.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench import Row, report
from tests.running import FLAGS, chromium_path, running_app

SAMPLES = 45
PAUSE = 450  # ms between two keys: the number's arrival and the writing of the address are over by then
UNLIMITED = ["--disable-frame-rate-limit", "--disable-gpu-vsync"]
LIMITS = {12: None, 200: 20.0, 2000: 50.0}  # ms from a key to the painted page
DRAG = 150.0

SCRIPT = """
() => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    const painted = async (start) => { await frame(); await frame(); return performance.now() - start; };
    const key = (type) => document.body.dispatchEvent(new KeyboardEvent(type, { key: "ArrowRight", bubbles: true }));
    const median = (list) => list.slice().sort((a, b) => a - b)[Math.floor(list.length / 2)];

    async function idle() {
        const times = [];
        for (let k = 0; k < 40; k += 1) { await pause(25); times.push(await painted(performance.now())); }
        return median(times);
    }

    async function keys(count, wait) {
        const rest = await idle();
        const times = [];
        for (let k = 0; k < count; k += 1) {
            await pause(wait);
            const start = performance.now();
            key("keydown");
            times.push((await painted(start)) - rest);
            key("keyup");
        }
        return times;
    }

    async function drag(count) {
        const slider = document.querySelector('input[aria-label="w1, slider"]');
        const picture = document.querySelector('.cr-pane[data-pane="manual"] svg');
        const rest = await idle();
        const times = [];
        for (let k = 0; k < count; k += 1) {
            await pause(400);
            const changed = new Promise((done) => {
                const watch = new MutationObserver(() => { watch.disconnect(); done(); });
                watch.observe(picture, { subtree: true, childList: true, characterData: true });
                setTimeout(done, 5000);
            });
            slider.value = String(k % 2 ? 3.5 : 2 + (k % 10) / 10); // the slider moves in tenths
            const start = performance.now();
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            await changed;
            times.push((await painted(start)) - rest);
        }
        slider.dispatchEvent(new Event("change", { bubbles: true }));
        return times;
    }

    async function program(text, size) {
        const editor = document.querySelector("textarea.cr-text");
        editor.value = text;
        editor.dispatchEvent(new Event("input", { bubbles: true }));
        await pause(400);
        const before = document.querySelector(".cr-count").textContent;
        const start = performance.now();
        editor.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true }));
        while (document.querySelector(".cr-count").textContent === before) {
            await frame();
            if (performance.now() - start > 60000) throw new Error("the program is not drawn");
        }
        return painted(start);
    }

    window.bench = { keys, drag, program };
}
"""


def program(count: int) -> str:
    """About ``count`` scalar nodes: four chains side by side that mix, with a new weight now and then."""
    lines = [f"x{k} = 0.{k + 1}" for k in range(4)]
    last = [f"x{k}" for k in range(4)]
    forms = ("sin({a})", "{a} * {w}", "{a} + {b}", "tanh({a})", "cos({a})")
    weight = "x0"
    made = 4 + 3
    for k in range(count):
        if made >= count - 2:
            break
        if k % 24 == 0:
            weight = f"w{k // 24}"
            lines.append(f"{weight} = 1.{k // 24 + 1}")
            made += 1
        chain = k % 4
        lines.append(f"v{k} = {forms[(k * 7 + k // 4) % 5].format(a=last[chain], b=last[(chain + 1) % 4], w=weight)}")
        last[chain] = f"v{k}"
        made += 1
    return "\n".join([*lines, f"f = {' + '.join(last)}"])


def measured(page: Any, address: str) -> Iterator[Row]:
    """The rows, one after the other in one page."""
    page.goto(f"{address}/?example=a")
    page.wait_for_selector(".cr-count", timeout=60_000)
    page.evaluate(SCRIPT)
    yield drag_row(page)
    for count, limit in LIMITS.items():
        if count == 12:
            page.keyboard.press("Home")
            first = keys(page, 17) + keys_again(page, 17) + keys_again(page, 17)
            yield Row("key to painted page, problem A", statistics.median(first), limit, "ms")
            continue
        shown = [page.evaluate("(text) => window.bench.program(text)", program(count + 2 * more)) for more in (2, 1, 0)]
        yield Row(f"program run to picture, about {count} nodes", statistics.median(shown), None, "ms")
        backward = keys(page, SAMPLES)
        yield Row(f"key to painted page, {count} nodes, backward", statistics.median(backward), limit, "ms")
        forward = keys_again(page, SAMPLES)
        yield Row(f"key to painted page, {count} nodes, forward", statistics.median(forward), limit, "ms")
    page.evaluate("(text) => window.bench.program(text)", program(12))
    yield Row("program run to picture, 5000 nodes", page.evaluate("(t) => window.bench.program(t)", program(5000)), None, "ms")


def keys(page: Any, count: int) -> list[float]:
    return page.evaluate("([count, pause]) => window.bench.keys(count, pause)", [count, PAUSE])


def keys_again(page: Any, count: int) -> list[float]:
    page.keyboard.press("Home")
    return keys(page, count)


def drag_row(page: Any) -> Row:
    times = page.evaluate("(count) => window.bench.drag(count)", SAMPLES)
    return Row("drag of w1 to the changed number, problem A", statistics.median(times), DRAG, "ms")


def main() -> int:
    found = chromium_path()
    if found is None:
        print("no Chromium on this machine: how fast the page follows a key is not measured (Debian's package: chromium)")
        return 0
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("playwright is not installed: how fast the page follows a key is not measured")
        return 0
    with TemporaryDirectory() as folder, running_app(Path(folder) / "log") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*FLAGS, *UNLIMITED])
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        missed = report(measured(page, address))
        browser.close()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
