// What the probes of JavaScript's clients share, as cells.py says it for Python: a probe declares cells and calls run().
//   // npm: openai@6.49.0 zod@4.6.7      the packages that it needs; the first line
import assert from 'node:assert/strict';

export const URL = process.env.QUIRE_URL;
export const MODEL = 'caller';
export const KEY = 'any';
export const SENTENCE = 'Hello from a table.';
export const WEATHER = {
  type: 'object',
  properties: {
    city: {type: 'string', description: 'City and country'},
    unit: {type: 'string', enum: ['celsius', 'fahrenheit']},
  },
  required: ['city', 'unit'],
  additionalProperties: false,
};

const cells = [];
export const cell = (name, check) => cells.push([name, check]);

export function isWeather(given) {
  const value = typeof given === 'string' ? JSON.parse(given) : given;
  assert.deepEqual(Object.keys(value).sort(), ['city', 'unit']);
  assert.equal(typeof value.city, 'string');
  assert.ok(['celsius', 'fahrenheit'].includes(value.unit));
}

export const isSaid = (text) => assert.equal(text, SENTENCE);

// Of the texts of a stream's pieces.
export async function isStreamed(pieces) {
  const texts = [];
  for await (const piece of pieces) if (piece) texts.push(piece);
  assert.ok(texts.length > 1, `pieces: ${JSON.stringify(texts)}`);
  isSaid(texts.join(''));
}

export async function* texts(stream, textOf) {
  for await (const part of stream) yield textOf(part);
}

// The vector of `text`: with caller_model.py's table it is the row of the identity that its last character has.
export function isVector(values, text) {
  const last = text.charCodeAt(text.length - 1);
  const wrong = Array.from(values).findIndex((value, index) => !(Math.abs(value - (index === last ? 1 : 0)) < 1e-3));
  assert.ok(values.length > last && wrong < 0, `${values.length} values, ${wrong} is not as in the vector of ${text}`);
}

function statusOf(error, depth = 0) {
  if (!error || depth > 5) return undefined;
  for (const status of [error.status, error.statusCode, error.status_code, error.response?.status]) {
    if (status >= 400 && status < 500) return status;
  }
  return statusOf(error.cause ?? error.lastError, depth + 1);
}

export async function run() {
  const wanted = process.argv.slice(2);
  for (const [name, check] of cells) {
    if (wanted.length && !wanted.includes(name)) continue;
    const line = {cell: name, result: 'works', note: ''};
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), 1000 * (process.env.QUIRE_CELL_SECONDS ?? 60));
    });
    try {
      line.note = String(await Promise.race([check(), late]) ?? '');
    } catch (error) {
      console.error(error);
      const status = statusOf(error);
      line.result = status ? 'refused' : 'fails';
      line.note = `${status ?? error?.name}: ${error?.message}`;
    }
    clearTimeout(timer);
    line.note = line.note.slice(0, 600);
    process.stdout.write(JSON.stringify(line) + '\n');
  }
  process.exit(0);
}
