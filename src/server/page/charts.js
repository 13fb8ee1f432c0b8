// Curves: tokens/s and waits over the last minutes, and throughput against the number of contexts.

import {count, duration, rate} from './format.js';
import {curve_window_ms} from './history.js';
import {colour, fresh, roundUp, yAxis} from './paint.js';

const frame = {left: 52, top: 10, bottom: 20};

function timeAxis({context, width, height}, now) {
  const right = width - 6;
  const x = (t) => right - (right - frame.left) * (now - t) / curve_window_ms;
  context.fillStyle = colour('soft');
  for (const minutes of [3, 2, 1, 0]) {
    context.textAlign = minutes === 0 ? 'right' : minutes === 3 ? 'left' : 'center';
    context.fillText(minutes === 0 ? 'now' : `−${minutes} min`, x(now - minutes * 60_000), height - 8);
  }
  return {x, right};
}

// A line through the samples; where none came for a while, a gap.
function line(context, samples, x, y) {
  context.beginPath();
  let before;
  for (const {t, value} of samples) {
    const at = [Math.max(frame.left, x(t)), y(value)];
    if (before === undefined || t - before > 5000) context.moveTo(...at);
    else context.lineTo(...at);
    before = t;
  }
  context.stroke();
}

export function drawSpeed(canvas, history) {
  const surface = fresh(canvas);
  const {context} = surface;
  const samples = history.samples.filter((one) => one.t > history.now - curve_window_ms);
  const most = roundUp(Math.max(10, ...samples.map((one) => Math.max(one.generated, one.prompts))));
  const {x, right} = timeAxis(surface, history.now);
  const y = yAxis(surface, {...frame, right, most, label: (value) => count(value)});
  context.lineWidth = 1.5;
  context.strokeStyle = colour('soft');
  context.setLineDash([4, 3]);
  line(context, samples.map((one) => ({t: one.t, value: one.prompts})), x, y);
  context.setLineDash([]);
  context.strokeStyle = colour('accent');
  context.lineWidth = 2;
  line(context, samples.map((one) => ({t: one.t, value: one.generated})), x, y);
  const last = samples.at(-1);
  if (last) {
    canvas.setAttribute('aria-label', `Tokens per second over three minutes; now ${rate(last.generated)} generated ` +
      `and ${rate(last.prompts)} of prompts computed, at most ${count(Math.max(...samples.map((s) => s.generated)))}`);
  }
}

export function drawWaits(canvas, history) {
  const surface = fresh(canvas);
  const {context} = surface;
  const begin = history.now - curve_window_ms;
  const samples = history.samples.filter((one) => one.t > begin);
  const starts = history.starts.filter((one) => one.t > begin);
  const longest = Math.max(1000, ...samples.map((one) => one.longest), ...starts.map((one) => one.wait));
  const most = roundUp(longest / 1000) * 1000;
  const {x, right} = timeAxis(surface, history.now);
  const y = yAxis(surface, {...frame, right, most, label: (value) => value === 0 ? '0' : duration(value)});
  context.strokeStyle = colour('accent');
  context.lineWidth = 2;
  line(context, samples.map((one) => ({t: one.t, value: one.longest})), x, y);
  context.strokeStyle = colour('ink');
  context.lineWidth = 1;
  for (const {t, wait} of starts) {
    context.beginPath();
    context.arc(x(t), y(wait), 2.5, 0, 2 * Math.PI);
    context.stroke();
  }
  const sorted = starts.map((one) => one.wait).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  canvas.setAttribute('aria-label', `Waits over three minutes; the longest now ${duration(samples.at(-1)?.longest ?? 0)}` +
    (median === undefined ? '' : `, the median of ${sorted.length} starts ${duration(median)}`));
}

// Tokens/s of steps with so many streams, as measured; the present limit and its bound as upright lines.
export function drawCurve(canvas, controller) {
  const surface = fresh(canvas);
  const {context, width, height} = surface;
  const points = controller.curve.map(({streams, step_ms}) => ({streams, speed: streams * 1000 / step_ms, step_ms}));
  const right = width - 14;
  const widest = Math.max(2, controller.parallel_max, ...points.map((one) => one.streams));
  const x = (streams) => frame.left + (right - frame.left) * Math.log2(streams) / Math.log2(widest);
  const most = roundUp(Math.max(1, ...points.map((one) => one.speed)));
  const y = yAxis(surface, {...frame, top: 22, right, most, label: (value) => count(value)});
  context.fillStyle = colour('soft');
  context.textAlign = 'center';
  let free = -100;
  for (let streams = 1; streams <= widest; streams *= 2) {
    if (x(streams) - free < 22) continue;
    free = x(streams);
    context.fillText(String(streams), free, height - 8);
  }
  const mark = (streams, text, dashes, strong) => {
    const at = Math.round(x(streams)) + 0.5;
    context.strokeStyle = context.fillStyle = colour(strong ? 'ink' : 'soft');
    context.lineWidth = 1;
    context.setLineDash(dashes);
    context.beginPath();
    context.moveTo(at, 18);
    context.lineTo(at, height - frame.bottom);
    context.stroke();
    context.setLineDash([]);
    context.textAlign = at > width * 0.6 ? 'right' : 'left';
    context.fillText(text, at + (context.textAlign === 'right' ? 4 : -4), 9);
  };
  const together = Math.abs(x(controller.parallel) - x(controller.parallel_max)) < 90;
  if (!together) mark(controller.parallel_max, `bound ${controller.parallel_max}`, [2, 3], false);
  else if (controller.parallel !== controller.parallel_max) mark(controller.parallel_max, '', [2, 3], false);
  mark(controller.parallel, together ? `limit ${controller.parallel} of ${controller.parallel_max}`
    : `limit ${controller.parallel}`, [], true);
  context.strokeStyle = context.fillStyle = colour('accent');
  context.lineWidth = 2;
  context.beginPath();
  points.forEach((one, index) => context[index === 0 ? 'moveTo' : 'lineTo'](x(one.streams), y(one.speed)));
  context.stroke();
  for (const one of points) {
    context.beginPath();
    context.arc(x(one.streams), y(one.speed), 2.5, 0, 2 * Math.PI);
    context.fill();
  }
  const spoken = points.map((one) => `${one.streams}: ${rate(one.speed)}`).join(', ');
  canvas.setAttribute('aria-label', `Tokens per second against streams: ${spoken}. At most ${controller.parallel} run ` +
    `together now, never more than ${controller.parallel_max}`);
}
