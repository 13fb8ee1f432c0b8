// Numbers and facts as people read them.

export const count = (value) => Math.round(value).toLocaleString('en-US');

export function rate(value) {
  return value >= 100 ? count(value) : value.toFixed(1);
}

export function duration(ms) {
  if (ms < 0.1) return '<1 ms';
  if (ms < 9.95) return `${ms.toFixed(Number.isInteger(ms) ? 0 : 1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 120e3) return `${Math.round(ms / 1000)} s`;
  if (ms < 3600e3) return `${Math.floor(ms / 60e3)}m ${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}s`;
  return `${(ms / 3600e3).toFixed(1)} h`;
}

export function bytes(value) {
  for (const [unit, name] of [[2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB']]) {
    if (value >= unit) return `${(value / unit).toFixed(value >= 100 * unit ? 0 : 1)} ${name}`;
  }
  return `${value} B`;
}

export const shortId = (id) => id.length > 12 ? `${id.slice(0, 10)}…` : id;

export const plural = (n, word) => `${count(n)} ${word}${n === 1 ? '' : 's'}`;

// Why a request waits, in one word or two for the list, and in a sentence.
const reasons = {
  next_step: ['next step', 'Nothing is in its way any more: it starts with the next step.'],
  parallel: ['a context', 'It is first in line; as many contexts run as may now.'],
  memory: ['memory', 'It is first in line; its tokens and their growth do not fit beside those that run.'],
  step: ['rows of a step', 'It is first in line; requests of its band and of more urgent ones want every row of a step.'],
  band: ['urgent ones', 'Requests of a more urgent band go first.'],
  fairness: ['fairness', 'A request that came later goes first: its client was served less.'],
  position: ['its turn', 'Earlier requests go first.'],
  arriving: ['arriving', 'It is being read, its model loads, or it is on its way to the engine.'],
};
export const reasonWord = (request) => (reasons[request.reason] ?? reasons.arriving)[0];
export const reasonSentence = (request) => (reasons[request.reason] ?? reasons.arriving)[1];
