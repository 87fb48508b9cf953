"""The style sheet of the HTML report, in the colours of the picture."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

STYLE = """\
:root {
  color-scheme: light dark;
  --page: #ffffff; --pane: #f7f8fa; --ink: #171a1f; --ink2: #525a66; --off: #5c6674; --line: #d5dae1;
  --right: #00594a; --wrong: #d1126b; --weak: #6a5a00;
  --right-tint: #e7f4f0; --wrong-tint: #fff0f6; --weak-tint: #fbf6dc; --off-tint: #eef0f3;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #0e1216; --pane: #141a20; --ink: #e9edf1; --ink2: #a7b2be; --off: #94a0ad; --line: #33404c;
    --right: #a6f2dc; --wrong: #ff5c93; --weak: #e6cf6a;
    --right-tint: #15302a; --wrong-tint: #3a1826; --weak-tint: #332e14; --off-tint: #242d36;
  }
}
body {
  margin: 0; padding: 24px 16px; background: var(--page); color: var(--ink);
  font: 15px/1.5 "Source Sans 3", "Source Sans Pro", system-ui, sans-serif; font-variant-numeric: tabular-nums;
}
main { max-width: 60rem; margin: 0 auto; }
h1 { font-size: 20px; margin: 0 0 12px; }
h2 { font-size: 16px; margin: 24px 0 8px; }
code, pre, dd, td { font-family: "Source Code Pro", ui-monospace, "DejaVu Sans Mono", monospace; font-size: 13.5px; }
pre, dd { overflow-wrap: anywhere; white-space: pre-wrap; }
pre { padding: 12px; background: var(--pane); border: 1px solid var(--line); border-radius: 6px; }
.verdict { padding: 8px 12px; border-radius: 6px; font-size: 15.5px; }
.verdict.right { background: var(--right-tint); } .verdict.right b { color: var(--right); }
.verdict.wrong { background: var(--wrong-tint); } .verdict.wrong b { color: var(--wrong); }
.verdict.weak { background: var(--weak-tint); } .verdict.weak b { color: var(--weak); }
.verdict.off { background: var(--off-tint); } .verdict.off b { color: var(--off); }
section h2 { margin-top: 12px; }
.status, td:nth-child(3) { white-space: nowrap; }
section { margin: 16px 0; padding: 4px 16px 12px; border: 1px solid var(--line); border-radius: 6px; }
section.origin { border: 3px double var(--wrong); }
section.origin .status, tr.origin td:nth-child(3), tr.inherited td:nth-child(3) { color: var(--wrong); }
tr.right td:nth-child(3) { color: var(--right); }
tr.missing td, tr.undecided td { color: var(--ink2); }
tr.origin td:first-child { border-left: 3px double var(--wrong); }
tr.inherited td:first-child { border-left: 2px dashed var(--wrong); }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 16px; margin: 8px 0; }
dt { color: var(--ink2); }
dd { margin: 0; }
ol, ul { padding-left: 20px; }
li { margin-top: 8px; }
li p { margin: 4px 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 4px 8px; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { color: var(--ink2); font-weight: 600; font-size: 13px; }
@media (max-width: 480px) {
  dl { display: block; }
  dd { margin: 0 0 6px; }
}
@media print {
  body { padding: 0; font-size: 11pt; }
  section, tr { break-inside: avoid; }
  .wide { overflow: visible; }
  td, dd, code, pre { font-size: 8.5pt; }
}
"""
