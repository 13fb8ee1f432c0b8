// The live page: asks the server what it does, and shows it.

import {Ask} from './ask.js';
import {drawCurve, drawSpeed, drawWaits} from './charts.js';
import {Detail} from './detail.js';
import {bytes, count, duration, plural, rate, reasonWord, shortId} from './format.js';
import {History, stateOf} from './history.js';
import {Lanes} from './lanes.js';
import {Live} from './live.js';
import {Models} from './models.js';
import {readColours} from './paint.js';
import {makeRow, Rows, say} from './rows.js';

const part = (id) => document.getElementById(id);
const history = new History();
const open = (request, cancels) => detail.open(request, cancels);
const ask = new Ask(history, open);
const detail = new Detail(history, (request) => ask.textOf(request));

const queue = new Rows(part('queue-rows'), {
  label: 'Queue', height: 26, open, key: (request) => request.key,
  make: () => makeRow('waiter', 'place', 'name', 'why', 'since', 'start'),
  fill(row, request) {
    const [place, name, why, since, start] = row.children;
    say(place, typeof request.position === 'number' ? String(request.position + 1) : '–');
    say(name, shortId(request.id) + (request.choice > 0 ? ` ·${request.choice}` : ''));
    row.classList.toggle('stopped', request.state === 'parked');
    say(why, reasonWord(request));
    say(since, duration(request.age_ms));
    say(start, typeof request.expected_start_ms === 'number' ? duration(request.expected_start_ms) : '–');
  },
});

const ended = new Rows(part('ended-rows'), {
  label: 'Ended lately', height: 26, open, key: (request) => request.key,
  make: () => makeRow('gone', 'name', 'how', 'client wide', 'prompt wide', 'tokens', 'since', 'first wide', 'took'),
  fill(row, request) {
    const [name, how, client, prompt, tokens, wait, first, took] = row.children;
    say(name, shortId(request.id) + (request.choice > 0 ? ` ·${request.choice}` : ''));
    say(how, stateOf(request));
    say(client, request.client);
    say(prompt, typeof request.prompt_tokens === 'number' ? count(request.prompt_tokens) : '–');
    say(tokens, typeof request.generated_tokens === 'number' ? count(request.generated_tokens) : '–');
    say(wait, duration((request.started ?? request.ended) - request.arrived));
    say(first, request.firstToken === undefined ? '–' : duration(request.firstToken - request.arrived));
    say(took, duration(request.ended - request.arrived));
  },
});

readColours();
const lanes = new Lanes(history, open);
const models = new Models();

function showFigures(report) {
  const sum = (value) => report.models.reduce((total, model) => total + value(model), 0);
  const limit = sum((model) => model.controller.parallel);
  const running = report.contexts.filter((context) => context.state === 'running').length;
  const parked = report.contexts.length - running;
  const sample = history.samples.at(-1);
  const loaded = report.models.length > 0;
  say(part('now-running'), count(running));
  say(part('now-running-of'), loaded ? `limit now ${limit}` : 'no model loaded');
  say(part('now-waiting'), count(history.queue.length - parked));
  say(part('now-waiting-of'), parked > 0 ? `and ${parked} parked` :
    sample.longest > 0 ? `longest ${duration(sample.longest)}` : 'nobody');
  say(part('now-generated'), rate(sample.generated));
  say(part('now-prompts'), rate(sample.prompts));
  const held = sum(({context_bytes: contexts}) => contexts.held);
  const had = sum(({context_bytes: contexts}) => contexts.limit);
  say(part('now-memory'), loaded ? `${Math.round(held / Math.max(1, had) * 100)} %` : '–');
  say(part('now-memory-of'), loaded ? `${bytes(held)} of ${bytes(had)}` : '');
  say(part('now-room'), loaded ? count(Math.max(0, limit - running)) : '–');
  say(part('now-room-of'), loaded ? `contexts, ${bytes(Math.max(0, had - held))} of KV` : '');
  document.title = running + history.queue.length > 0 ? `${running} + ${history.queue.length} · quire` : 'quire';
}

function showQueue() {
  queue.set(history.queue);
  part('queue-head').hidden = history.queue.length === 0;
  say(part('queue-note'), history.queue.length > 0 ? plural(history.queue.length, 'request') : '');
  say(part('queue-empty'), history.queue.length > 0 ? '' : 'Nobody waits: a request that comes now starts with the next step.');
}

function showEnded() {
  const {gone} = history;
  ended.set(gone);
  part('ended-title').hidden = part('ended-head').hidden = gone.length === 0;
}

function showCurve(report) {
  const model = report.models.reduce((best, one) => best === undefined ||
    one.requests_running > best.requests_running ? one : best, undefined);
  const known = model !== undefined && model.controller.curve.length > 0;
  part('curve').hidden = !known;
  say(part('curve-empty'), known ? '' : model === undefined ? 'Nothing is known: no model is loaded.'
    : 'Nothing is measured yet: it is learnt from the steps of running contexts.');
  if (!known) return say(part('curve-note'), '');
  const {target_gap_ms: gap, start_interval_ms: start} = model.controller;
  say(part('curve-note'), [report.models.length > 1 ? model.name : '', 'tokens/s, by contexts in a step', gap === null ? '' : `gap kept under ${duration(gap)}`,
    start === null ? '' : `a start each ${duration(start)}`].filter((text) => text !== '').join(' · '));
  drawCurve(part('curve'), model.controller);
}

function showCharts() {
  if (!history.report) return;
  drawSpeed(part('speed'), history);
  drawWaits(part('waits'), history);
  showCurve(history.report);
}

let countdown = 0;
const live = new Live({
  report(report) {
    clearInterval(countdown);
    const first = history.report === undefined;
    const again = !first && history.report.instance !== report.instance;
    history.lost = false;
    history.take(report);
    document.body.classList.remove('lost');
    say(part('link'), report.draining ? 'stopping' : 'live');
    part('banner').hidden = !report.draining;
    if (report.draining) say(part('banner'), 'The server is stopping: what runs and waits goes on, new requests are refused.');
    say(part('where'), `${report.version} · ${location.host}`);
    if (first || again) ask.readModels();
    showFigures(report);
    lanes.update();
    showQueue();
    showEnded();
    showCharts();
    models.update(report);
    ask.update();
    detail.update();
  },
  lost(wait_ms, why) {
    history.lost = true;
    document.body.classList.add('lost');
    say(part('link'), 'not connected');
    const until = performance.now() + wait_ms;
    const tell = () => {
      const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
      part('banner-next').textContent = left > 0 ? `Next try in ${left} s.` : 'Trying …';
    };
    // Said once: the seconds that pass are not news.
    const text = `The server does not answer (${why}). What is shown is what it said last. `;
    if (part('banner').hidden || !part('banner').textContent.startsWith(text)) {
      const next = document.createElement('span');
      next.id = 'banner-next';
      next.ariaHidden = 'true';
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = 'Try now';
      button.addEventListener('click', () => live.now());
      part('banner').replaceChildren(text, next, ' ', button);
      part('banner').hidden = false;
    }
    tell();
    clearInterval(countdown);
    countdown = setInterval(tell, 1000);
  },
});

const themes = {auto: 'light', light: 'dark', dark: 'auto'};
function applyTheme(theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  part('theme').textContent = `theme: ${theme}`;
  readColours();
  showCharts();
  lanes.draw();
}
part('theme').addEventListener('click', () => {
  const next = themes[document.documentElement.dataset.theme ?? 'auto'];
  applyTheme(next);
  try {
    localStorage.setItem('quire-theme', next);
  } catch {
    // Not kept: it holds until the page is closed.
  }
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  readColours();
  showCharts();
  lanes.draw();
});
let resizing = 0;
window.addEventListener('resize', () => {
  resizing ||= requestAnimationFrame(() => {
    resizing = 0;
    readColours();  // patterns follow the screen's density
    showCharts();
  });
});

applyTheme(document.documentElement.dataset.theme ?? 'auto');
ask.readModels();
live.now();
