#include "load/report_html.h"

namespace quire::load {

const char* const report_page_head = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>@TITLE@</title>
<style>
:root {
  color-scheme: light dark;
  --page: #f7f7f4; --card: #ffffff; --ink: #1d2126; --soft: #667078; --line: #dfe2e0; --grid: #eceeec;
  --c0: #1f6feb; --c1: #d9822b; --c2: #2a9d5c; --c3: #b5489a; --c4: #7a6ff0; --c5: #c0392b;
  --wait: #c9ccd1; --prompt: #f0b429; --answer: #2a9d5c; --bad: #d64545; --drop: #8f98a3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1d2125; --ink: #e6e8ea; --soft: #98a1a9; --line: #343a40; --grid: #282d32;
    --c0: #5b9dff; --c1: #f0a35a; --c2: #55c58a; --c3: #da7fc4; --c4: #a29aff; --c5: #ff7b6b;
    --wait: #4a5058; --prompt: #d79b1e; --answer: #3fae74; --bad: #f06a6a; --drop: #7a848e;
  }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 24px; background: var(--page); color: var(--ink);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1180px; margin: 0 auto; }
h1 { font-size: 22px; margin: 0 0 2px; }
h2 { font-size: 15px; margin: 0 0 2px; }
p.note { color: var(--soft); margin: 0 0 8px; font-size: 12.5px; }
.grid { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); margin: 16px 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; min-width: 0; }
.wide { grid-column: 1 / -1; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid var(--grid); }
th { color: var(--soft); font-weight: 600; font-size: 12px; }
th.left, td.left { text-align: left; }
td.bad { color: var(--bad); font-weight: 600; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { fill: var(--soft); font-size: 11px; }
svg .axis { stroke: var(--line); }
svg .rule { stroke: var(--grid); }
.keys { display: flex; flex-wrap: wrap; gap: 4px 14px; font-size: 12px; color: var(--soft); margin: 4px 0 0; }
.keys i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 5px; vertical-align: -1px; }
select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px;
  padding: 3px 6px; margin: 0 0 8px; max-width: 100%; }
</style>
</head>
<body>
<main>
<h1>@TITLE@</h1>
<p class="note" id="when"></p>
<div class="grid">
<section class="card wide"><h2>Loads</h2>
<p class="note">Times count from when a request was due. Milliseconds.</p><div class="scroll" id="table"></div></section>
<section class="card"><h2>Throughput</h2><p class="note" id="rate-note"></p><div id="rate"></div></section>
<section class="card"><h2>First token</h2><p class="note">From due to the first text. p50 solid, p99 dashed.</p>
<div id="first"></div></section>
<section class="card"><h2>Gap between tokens</h2><p class="note">p50 solid, p99 dashed.</p><div id="gap"></div></section>
<section class="card"><h2>Wait</h2><p class="note" id="wait-note"></p><div id="wait"></div></section>
<section class="card wide" id="turns" hidden><h2>Turns</h2>
<p class="note">Of conversations that send all before a turn again. Prompts: the median of their tokens; shortened: those that
the server says did not fit its context; from the cache: the share of their tokens that it says it found there.</p><div class="scroll" id="turn-table"></div></section>
<section class="card" id="turn-first-card" hidden><h2>First token by turn</h2>
<p class="note">p50 solid, p99 dashed.</p><div id="turn-first"></div></section>
<section class="card" id="turn-cached-card" hidden><h2>From the cache by turn</h2>
<p class="note">Per cent of the prompts' tokens.</p><div id="turn-cached"></div></section>
<section class="card wide"><h2>Contexts</h2>
<p class="note">A bar for each request, the first ones of the load: from when it was due until its answer ended.</p>
<select id="stage" aria-label="Load"></select><div class="scroll" id="time"></div><div class="scroll" id="gantt"></div></section>
</div>
</main>
)html";

}  // namespace quire::load
