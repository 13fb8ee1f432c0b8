// What all drawings share: sharp canvases, the theme's colours, hatching, axes.

const probe = document.createElement('i');
probe.hidden = true;

let palette = {};
let patterns = new Map();

// The colours of page.css as a canvas wants them.
export function readColours() {
  document.body.append(probe);
  palette = {};
  for (const name of ['ink', 'soft', 'faint', 'line', 'paper', 'accent', 'prefill', 'parked', 'cut']) {
    probe.style.color = `var(--${name})`;
    palette[name] = getComputedStyle(probe).color;
  }
  patterns = new Map();
}
export const colour = (name) => palette[name];

export const calm = matchMedia('(prefers-reduced-motion: reduce)');

// The context of a canvas that is as large as it is shown, in CSS pixels, and empty.
export function fresh(canvas) {
  const {clientWidth: width, clientHeight: height} = canvas;
  const scale = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext('2d');
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = '11px ui-sans-serif, system-ui, sans-serif';
  context.textBaseline = 'middle';
  return {context, width, height};
}

// Diagonal stripes (prefill) or upright ones (parked).
export function pattern(context, kind) {
  if (patterns.has(kind)) return patterns.get(kind);
  const scale = devicePixelRatio || 1;
  const tile = document.createElement('canvas');
  tile.width = tile.height = Math.round(6 * scale);
  const pen = tile.getContext('2d');
  pen.scale(scale, scale);
  pen.strokeStyle = palette[kind];
  pen.lineWidth = kind === 'prefill' ? 2 : 1.5;
  pen.beginPath();
  if (kind === 'prefill') {
    for (const x of [-6, 0, 6]) {
      pen.moveTo(x - 1, 7);
      pen.lineTo(x + 7, -1);
    }
  } else {
    pen.moveTo(1.5, 0);
    pen.lineTo(1.5, 6);
  }
  pen.stroke();
  const made = context.createPattern(tile, 'repeat');
  made.setTransform(new DOMMatrix().scale(1 / scale));
  patterns.set(kind, made);
  return made;
}

// The smallest of 1, 2, 5, 10, 20 … that is not less.
export function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}

// Horizontal lines at 0, a half and the top with their labels at the left. Returns value -> y.
export function yAxis({context, height}, {left, right, top, bottom, most, label}) {
  const y = (value) => height - bottom - (height - top - bottom) * value / most;
  context.strokeStyle = palette.line;
  context.fillStyle = palette.soft;
  context.lineWidth = 1;
  context.textAlign = 'right';
  context.beginPath();
  for (const value of [0, most / 2, most]) {
    const at = Math.round(y(value)) + 0.5;
    context.moveTo(left, at);
    context.lineTo(right, at);
    context.fillText(label(value), left - 6, at);
  }
  context.stroke();
  return y;
}
