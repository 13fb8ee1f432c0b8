#include "load/report_html.h"

namespace quire::load {

const char* const report_page_script = R"js('use strict';
const stages = report.stages;
const byId = (id) => document.getElementById(id);
const escapeText = (text) => String(text).replace(/[&<>"]/g, (c) => '&#' + c.charCodeAt(0) + ';');
const color = (index) => `var(--c${index % 6})`;
const shown = (value) => value === null || value === undefined ? '–'
  : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
const servers = [...new Set(stages.map((stage) => stage.server))];
const keys = (list) => '<div class="keys">' + list.map(([name, paint]) =>
  `<span><i style="background:${paint}"></i>${escapeText(name)}</span>`).join('') + '</div>';

// The first two columns are texts.
function tableOf(head, rows, isBad = () => false) {
  const cell = (tag, value, index, bad) =>
    `<${tag} class="${index < 2 ? 'left' : ''}${bad ? ' bad' : ''}">${escapeText(value)}</${tag}>`;
  return '<table><tr>' + head.map((name, index) => cell('th', name, index)).join('') + '</tr>' +
    rows.map((row) => '<tr>' + row.map((value, index) => cell('td', value, index, isBad(value, index))).join('') +
      '</tr>').join('') + '</table>';
}

byId('when').textContent = `quire ${report.version}, ${new Date(report.unix_s * 1000).toISOString()}` +
  (stages.some((stage) => stage.interrupted) ? ', interrupted' : '');

function drawTable() {
  const head = ['server', 'load', 'tokens/s', 'requests/s', 'good', 'first p50', 'p90', 'p99', 'max', 'gap p50', 'p99', 'max',
    'end p50', 'p99', 'wait p50', 'p99', 'answers', 'refused', 'dropped', 'errors'];
  const rows = stages.map((s) => [s.server, s.load, shown(s.tokens_per_second), shown(s.requests_per_second),
    Math.round(100 * s.good_share) + ' %', ...['p50', 'p90', 'p99', 'max'].map((p) => shown(s.first_token_ms[p])),
    ...['p50', 'p99', 'max'].map((p) => shown(s.gap_ms[p])), ...['p50', 'p99'].map((p) => shown(s.whole_ms[p])),
    ...['p50', 'p99'].map((p) => shown(s.wait_ms[p])), s.outcomes.whole, s.outcomes.refused, s.outcomes.dropped, s.errors]);
  byId('table').innerHTML = tableOf(head, rows, (value, index) => index === 19 && value > 0);
}

// Which turns are shown: all of a few, else 1, 2, 5, 10, 20 ... and the last.
const shownTurn = (turn, last) => last <= 8 || turn === last || /^[125]0*$/.test(turn);

function drawTurns() {
  const told = stages.filter((stage) => stage.turns.length > 0);
  if (told.length === 0) return;
  for (const id of ['turns', 'turn-first-card', 'turn-cached-card']) byId(id).hidden = false;
  const percent = (share) => share === null ? null : 100 * share;
  const head = ['server', 'load', 'turn', 'requests', 'first p50', 'p99', 'prompt tokens', 'shortened', 'from the cache'];
  byId('turn-table').innerHTML = tableOf(head, told.flatMap((stage) => stage.turns
    .filter(({turn}) => shownTurn(turn, stage.turns[stage.turns.length - 1].turn))
    .map((t) => [stage.server, stage.load, t.turn, t.requests, shown(t.first_token_ms.p50), shown(t.first_token_ms.p99),
      t.prompt_size_tokens.p50 ?? '–', t.prompts_truncated, t.cached_share === null ? '–' : Math.round(percent(t.cached_share)) + ' %'])));
  const lines = (pick, dash) => told.map((stage, index) => ({
    name: (servers.length > 1 ? stage.server + ', ' : '') + stage.load + (dash ? ' p99' : ''), paint: color(index), dash,
    points: stage.turns.map((turn) => [turn.turn, pick(turn)]).filter((point) => point[1] !== null)}));
  drawLines(byId('turn-first'), [...lines((t) => t.first_token_ms.p50, false), ...lines((t) => t.first_token_ms.p99, true)],
    'ms; turn', null);
  drawLines(byId('turn-cached'), lines((t) => percent(t.cached_share), false), '%; turn', null);
}

// Round numbers from 0 to at least `most`.
function ticks(most, count) {
  if (!(most > 0)) return [0, 1];
  const raw = most / count, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
  const list = [];
  for (let at = 0; list.length === 0 || list[list.length - 1] < most; at += step) list.push(Number(at.toPrecision(12)));
  return list;
}

const half = {width: 520, left: 52, right: 12, style: '', xMost: null};
// series: {name, paint, dash, points: [[x, y], ...]}; x are numbers, or places in `names`. The shape's xMost: where x
// ends, if not with the last point.
function drawLines(place, series, unit, names, {width, left, right, style, xMost: ends} = half) {
  const height = 240, top = 10, bottom = 30;
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) { place.innerHTML = '<p class="note">No figures.</p>'; return; }
  const yTicks = ticks(Math.max(...points.map((p) => p[1])), 5), yMost = yTicks[yTicks.length - 1];
  const xs = [...new Set(points.map((p) => p[0]))].sort((a, b) => a - b);
  const xLeast = names ? -0.3 : 0, xMost = names ? names.length - 0.7 : ends || xs[xs.length - 1] || 1;
  const x = (value) => left + (width - left - right) * (value - xLeast) / (xMost - xLeast);
  const y = (value) => height - bottom - (height - bottom - top) * value / yMost;
  let svg = `<svg viewBox="0 0 ${width} ${height}" style="${style}" role="img">`;
  for (const tick of yTicks) {
    svg += `<line class="rule" x1="${left}" x2="${width - right}" y1="${y(tick)}" y2="${y(tick)}"/>` +
      `<text x="${left - 6}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`;
  }
  let last = -100;
  const marked = names ? names.map((_, index) => index) : xs.length > 16 ? ticks(xMost, 8).filter((t) => t <= xMost) : xs;
  for (const value of marked) {
    if (x(value) - last < (names ? 60 : 24)) continue;
    last = x(value);
    svg += `<text x="${x(value)}" y="${height - bottom + 16}" text-anchor="middle">` +
      `${escapeText(names ? names[value] : Number(value.toPrecision(3)))}</text>`;
  }
  svg += `<text x="${width - right}" y="${height + 2}" text-anchor="end">${escapeText(unit)}</text>`;
  for (const one of series) {
    const line = [...one.points].sort((a, b) => a[0] - b[0]);
    svg += `<polyline fill="none" stroke="${one.paint}" stroke-width="2" ${one.dash ? 'stroke-dasharray="5 4"' : ''} ` +
      `points="${line.map((p) => x(p[0]) + ',' + y(p[1])).join(' ')}"/>`;
    for (const p of line) {
      svg += `<circle cx="${x(p[0])}" cy="${y(p[1])}" r="3" fill="${one.paint}"><title>${escapeText(one.name)}: ` +
        `${shown(p[1])}</title></circle>`;
    }
  }
  place.innerHTML = svg + '</svg>' + keys(series.filter((one) => !one.dash).map((one) => [one.name, one.paint]));
}

// Contexts of closed loops are numbers; arrivals and traces are places with names.
const closed = stages.every((stage) => stage.kind === 'closed');
const open = stages.every((stage) => stage.kind === 'open');
const loads = [...new Set(stages.map((stage) => stage.load))];
const placeOf = (stage) => closed || open ? stage.level : loads.indexOf(stage.load);
const names = closed || open ? null : loads;
const axis = closed ? 'requests at once' : open ? 'requests a second that arrived' : '';
function byServer(pick, dash, suffix) {
  return servers.map((server, index) => ({
    name: server + (suffix || ''), paint: color(index), dash,
    points: stages.filter((stage) => stage.server === server && pick(stage) !== null)
      .map((stage) => [placeOf(stage), pick(stage)])}));
}

function drawCurves() {
  byId('rate-note').textContent = 'Tokens a second of all answers together' + (axis ? ', against ' + axis : '') + '.';
  drawLines(byId('rate'), byServer((s) => s.tokens_per_second), axis, names);
  const both = (key) => [...byServer((s) => s[key].p50, false), ...byServer((s) => s[key].p99, true, ' p99')];
  drawLines(byId('first'), both('first_token_ms'), 'ms; ' + axis, names);
  drawLines(byId('gap'), both('gap_ms'), 'ms; ' + axis, names);
  const bands = [...new Set(stages.flatMap((stage) => Object.keys(stage.bands)))].sort();
  const known = stages.some((s) => s.wait_ms.p99 !== null);
  const key = known ? 'wait_ms' : 'first_token_ms';
  byId('wait-note').textContent = (known ? 'Until the server began with the request'
    : 'No server here says when it begins; first tokens instead') +
    (bands.length ? ', by band (0 is first)' : '') + '. p50 solid, p99 dashed.';
  if (bands.length === 0) return drawLines(byId('wait'), both(key), 'ms; ' + axis, names);
  const series = [];
  servers.forEach((server, place) => bands.forEach((band, index) => {
    const mine = stages.filter((s) => s.server === server && s.bands[band] && s.bands[band][key].p99 !== null);
    const paint = color(place * bands.length + index), name = (servers.length > 1 ? server + ', ' : '') + 'band ' + band;
    for (const [p, dash] of [['p50', false], ['p99', true]]) {
      series.push({name, paint, dash, points: mine.map((s) => [placeOf(s), s.bands[band][key][p]])});
    }
  }));
  drawLines(byId('wait'), series, 'ms; ' + axis, names);
}

function drawGantt(stage) {
  const rows = stage.contexts, row = 7, top = 22;
  const {width, left, right, style} = {width: 1100, left: 46, right: 14, style: 'min-width:700px'};
  const height = top + rows.length * row + 8;
  const most = Math.max(1, ...rows.map((r) => r.end_ms || r.due_ms));
  const xTicks = ticks(most / 1000, 10), end = Math.max(most / 1000, xTicks[xTicks.length - 2] || 0);
  const x = (ms) => left + (width - left - right) * ms / 1000 / end;
  let svg = `<svg viewBox="0 0 ${width} ${height}" style="${style}" role="img">`;
  for (const tick of xTicks.filter((t) => t <= end)) {
    svg += `<line class="rule" x1="${x(tick * 1000)}" x2="${x(tick * 1000)}" y1="${top - 6}" y2="${height}"/>` +
      `<text x="${x(tick * 1000)}" y="12" text-anchor="middle">${tick} s</text>`;
  }
  rows.forEach((r, index) => {
    const y = top + index * row, bar = (from, to, paint) => to > from
      ? `<rect x="${x(from)}" y="${y}" width="${Math.max(0.5, x(to) - x(from))}" height="${row - 2}" fill="${paint}"/>` : '';
    const stop = r.end_ms === null ? most : r.end_ms, first = r.first_ms === null ? stop : r.first_ms;
    const begun = Math.min(first, r.wait_ms === null ? r.due_ms : r.due_ms + r.wait_ms);
    svg += `<g>` + bar(r.due_ms, begun, 'var(--wait)') + bar(begun, first, 'var(--prompt)') +
      bar(first, stop, 'var(--answer)');
    if (r.outcome !== 'whole') {
      svg += `<rect x="${x(stop)}" y="${y}" width="3" height="${row - 2}" ` +
        `fill="var(${r.outcome === 'dropped' ? '--drop' : '--bad'})"/>`;
    }
    svg += `<title>request ${index + 1}: conversation ${r.conversation + 1}, turn ${r.turn + 1}` +
      `${r.band < 0 ? '' : ', band ' + r.band}; due ${shown(r.due_ms)} ms, first token ` +
      `${r.first_ms === null ? 'never' : shown(r.first_ms) + ' ms'}, ended ${shown(stop)} ms; ${r.tokens} tokens; ` +
      `${escapeText(r.outcome)}</title></g>`;
    if (index % 10 === 0) svg += `<text x="${left - 6}" y="${y + 6}" text-anchor="end">${index + 1}</text>`;
  });
  byId('gantt').innerHTML = svg + '</svg>';
  const time = stage.over_time;
  drawLines(byId('time'), [{name: 'tokens/s over time', paint: color(0),
    points: time.tokens_per_second.map((rate, index) => [(index + 0.5) * time.part_ms / 1000, rate])}], 's', null,
    {width, left, right, style, xMost: end});  // the same seconds as below
  byId('gantt').innerHTML += keys([['waits', 'var(--wait)'], ['prompt', 'var(--prompt)'], ['answer', 'var(--answer)'],
    ['dropped by the client', 'var(--drop)'], ['not answered', 'var(--bad)']]);
}

drawTable();
drawCurves();
drawTurns();
const select = byId('stage');
stages.forEach((stage, index) => select.add(new Option((servers.length > 1 ? stage.server + ', ' : '') + stage.load, index)));
select.onchange = () => drawGantt(stages[Number(select.value)]);
if (stages.length > 0) {
  select.value = String(stages.length - 1);
  drawGantt(stages[stages.length - 1]);
}
)js";

}  // namespace quire::load
