// Light or dark: what the person chose last, else what Streamlit's page or the system says.

const Theme = (() => {
  const KEY = "chainrule-theme"; // in localStorage

  function remembered() {
    try {
      const theme = window.localStorage.getItem(KEY);
      return theme === "dark" || theme === "light" ? theme : null;
    } catch {
      return null; // storage may be forbidden
    }
  }

  // Streamlit tells its page colour; a dark one means dark. Without it the system decides.
  function initial(root) {
    const known = remembered();
    if (known) return known;
    const color = getComputedStyle(root.parentElement || root).getPropertyValue("--st-background-color").trim();
    const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(color);
    const parts = hex ? hex.slice(1).map((part) => parseInt(part, 16)) : (color.match(/\d+(\.\d+)?/g) || []).map(Number);
    if (parts.length >= 3) return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2] < 128 ? "dark" : "light";
    return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  function apply(root, theme) {
    root.dataset.theme = theme;
    document.documentElement.dataset.chainruleTheme = theme;
  }

  function remember(theme) {
    try {
      window.localStorage.setItem(KEY, theme);
    } catch {
      // Forgotten at the next visit, no more.
    }
  }

  const other = (theme) => (theme === "dark" ? "light" : "dark");

  return { initial, apply, remember, other };
})();
