// Contexts as lanes over the last minute: a row for each lane, and its bars on a canvas beside the rows.

import {count, rate, shortId} from './format.js';
import {stateOf} from './history.js';
import {calm, colour, fresh, pattern} from './paint.js';
import {makeRow, Rows, say} from './rows.js';

const axis_height = 20;
// Many lanes are lower ones: all are to be seen at once.
const laneHeight = (lanes) => lanes <= 16 ? 26 : lanes <= 32 ? 21 : 16;

export class Lanes {
  constructor(history, open) {
    this.history = history;
    this.box = document.getElementById('lanes');
    this.canvas = document.getElementById('lane-canvas');
    this.empty = document.getElementById('lanes-empty');
    this.laneHeight = laneHeight(1);
    this.rows = new Rows(document.getElementById('lane-rows'), {
      label: 'Contexts', height: this.laneHeight, key: (lane) => lane.index,
      make: () => makeRow('lane', 'dot', 'name', 'state', 'tokens', 'speed'),
      fill: (row, lane) => this.fill(row, lane),
      open: (lane, cancels) => {
        if (lane.request) open(lane.request, cancels);
      },
    });
    this.canvas.addEventListener('click', (event) => {
      const request = this.at(event.offsetX, event.offsetY);
      if (request) open(request, false);
    });
    this.canvas.addEventListener('mousemove', (event) => {
      this.canvas.classList.toggle('over', this.at(event.offsetX, event.offsetY) !== undefined);
    });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    this.window = document.getElementById('lanes-window');
    this.window.addEventListener('change', () => this.update());
    this.frame = this.frame.bind(this);
    requestAnimationFrame(this.frame);
  }

  // The lanes of the chosen time: what is below the last one that has a bar in it is not shown.
  update() {
    const {lanes, report, now} = this.history;
    if (report === undefined) return;
    this.window_ms = Number(this.window.value) * 1000;
    const begin = now - this.window_ms;
    const shown = lanes.findLastIndex((bars) => bars.at(-1) !== undefined && !(bars.at(-1).ended < begin)) + 1;
    const items = lanes.slice(0, shown).map((bars, index) => ({index, request: bars.at(-1)}));
    this.bars = lanes.slice(0, shown).map((bars) => bars.filter((request) => !(request.ended < begin)));
    this.many = this.bars.reduce((sum, bars) => sum + bars.length, 0) > 600;
    this.received = performance.now();
    this.box.hidden = items.length === 0;
    say(this.empty, items.length > 0 ? '' : report.models.length === 0
      ? 'Nothing runs. Send a prompt below, or ask from anywhere: the first request loads its model.'
      : 'Nothing has run lately. Send a prompt below, or ask from anywhere.');
    this.laneHeight = laneHeight(items.length);
    this.rows.setHeight(this.laneHeight);
    this.rows.set(items);
    const height = `${Math.max(1, items.length) * this.laneHeight + axis_height}px`;
    if (this.canvas.style.height !== height) this.canvas.style.height = height;
    const states = new Map();
    for (const {request} of items) {
      if (request?.ended === undefined) states.set(stateOf(request), (states.get(stateOf(request)) ?? 0) + 1);
    }
    const said = [...states].map(([state, n]) => `${n} ${state}`).join(', ') || 'none at work';
    this.canvas.setAttribute('aria-label', `Contexts over the last ${this.window.selectedOptions[0].text}; now ${said}`);
    this.drawn = undefined;
    if (calm.matches || this.many) this.draw();
  }

  fill(row, {request}) {
    const [dot, name, state, tokens, speed] = row.children;
    const word = request === undefined ? 'free' : stateOf(request);
    const ended = request?.ended !== undefined;
    dot.className = `dot ${ended ? 'ended' : word}`;
    row.classList.toggle('past', ended || request === undefined);
    say(name, request === undefined ? '' : shortId(request.id) + (request.choice > 0 ? ` ·${request.choice}` : ''));
    say(state, word);
    const generated = request?.generated_tokens ?? 0;
    const prefill = word === 'prefill';
    say(tokens, request === undefined ? '' :
      prefill ? `${count(request.computed_tokens ?? 0)}/${count(request.prompt_tokens)}` : count(generated));
    say(speed, word === 'decode' && request.tokens_per_second > 0 ? `${rate(request.tokens_per_second)}/s` : '');
  }

  // The server's time now, carried on between two reports.
  time() {
    if (calm.matches || this.history.lost) return this.history.now;
    return this.history.now + Math.min(1500, performance.now() - this.received);
  }

  frame(timestamp) {
    requestAnimationFrame(this.frame);
    const still = calm.matches || this.many || document.hidden || this.history.lost;
    if (still || (this.drawn !== undefined && timestamp - this.drawn < 48)) return;
    this.drawn = timestamp;
    this.draw();
  }

  scale(width) {
    const end = this.time();
    const begin = end - this.window_ms;
    const x = (t) => (t - begin) / this.window_ms * (width - 8);
    return {x, begin, end};
  }

  draw() {
    if (!this.bars?.length || this.box.hidden) return;
    const surface = fresh(this.canvas);
    const {context, width} = surface;
    const {x, begin, end} = this.scale(width);
    const bottom = this.bars.length * this.laneHeight;
    context.strokeStyle = colour('line');
    context.fillStyle = colour('soft');
    context.lineWidth = 1;
    const seconds = this.window_ms / 1000;
    const step = (seconds <= 20 ? 5 : seconds <= 60 ? 10 : 30) * (width < 320 ? 2 : 1);
    for (let ago = 0; ago <= seconds; ago += step) {
      const at = Math.round(x(end - ago * 1000)) + 0.5;
      context.beginPath();
      context.moveTo(at, 0);
      context.lineTo(at, bottom + 4);
      context.stroke();
      context.textAlign = ago === 0 ? 'right' : ago === seconds ? 'left' : 'center';
      context.fillText(ago === 0 ? 'now' : `−${ago} s`, ago === 0 ? width : Math.max(0, at), bottom + 13);
    }
    this.bars.forEach((bars, index) => {
      const middle = (index + 0.5) * this.laneHeight;
      let free = begin;
      for (const request of bars) {
        this.drawRequest(context, request, middle, free, x, end);
        free = request.ended ?? end;
      }
    });
  }

  drawRequest(context, request, middle, free, x, end) {
    const bar_height = Math.round(this.laneHeight * 0.55);
    const top = Math.round(middle - bar_height / 2);
    const stop = request.ended ?? end;
    const bar = (from, to) => {
      const left = Math.max(0, x(from));
      return [left, top, Math.max(x(to) - left, 1), bar_height];
    };
    const waited = Math.max(request.arrived, free);
    if (request.started - waited > 30) {
      context.strokeStyle = colour('soft');
      context.lineWidth = 2;
      context.setLineDash([2, 3]);
      context.beginPath();
      context.moveTo(Math.max(0, x(waited)), middle);
      context.lineTo(Math.max(0, x(request.started)), middle);
      context.stroke();
      context.setLineDash([]);
    }
    const first = request.firstToken ?? stop;
    if (x(first) > 0) {
      const [left, , wide] = bar(request.started, first);
      context.fillStyle = wide > 4 ? pattern(context, 'prefill') : colour('prefill');
      context.fillRect(left, top, wide, bar_height);
      context.strokeStyle = colour('prefill');
      context.lineWidth = 1;
      if (wide > 4) context.strokeRect(left + 0.5, top + 0.5, wide - 1, bar_height - 1);
    }
    if (request.firstToken !== undefined && x(stop) > 0) {
      context.fillStyle = colour('accent');
      context.globalAlpha = request.ended === undefined ? 1 : 0.55;
      context.fillRect(...bar(request.firstToken, stop));
      context.globalAlpha = 1;
    }
    for (const part of request.parked) {
      const [left, , wide] = bar(Math.max(part.begin, request.started), part.end ?? stop);
      if (x(part.end ?? stop) <= 0) continue;
      context.fillStyle = colour('paper');
      context.fillRect(left, top, wide, bar_height);
      context.fillStyle = pattern(context, 'parked');
      context.fillRect(left, top, wide, bar_height);
    }
    if (request.ended !== undefined && !['stop', 'length', undefined].includes(request.finish)) {
      // Cut off: a cross at its end.
      const at = x(stop);
      context.strokeStyle = colour('cut');
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(at - 3.5, middle - 3.5);
      context.lineTo(at + 3.5, middle + 3.5);
      context.moveTo(at - 3.5, middle + 3.5);
      context.lineTo(at + 3.5, middle - 3.5);
      context.stroke();
    }
  }

  // The request whose bar is there.
  at(offsetX, offsetY) {
    const bars = this.bars?.[Math.floor(offsetY / this.laneHeight)] ?? [];
    const {x, end} = this.scale(this.canvas.clientWidth);
    return bars.findLast((request) => x(request.started) - 3 <= offsetX && offsetX <= x(request.ended ?? end) + 3);
  }
}
