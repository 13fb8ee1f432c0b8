// The models in memory, and how each one's KV memory is divided.

import {bytes, count, duration} from './format.js';
import {makeRow, say} from './rows.js';

// Blocks by what they are for. `held` counts each block once, however many share it; what is no context's own is shared.
export function divide(model, contexts) {
  const kv = model.kv_blocks;
  let used = 0, parked = 0, mentioned = 0;
  for (const context of contexts) {
    if (context.model !== model.name) continue;
    if (context.state === 'parked') parked += context.blocks_own;
    else used += context.blocks_own;
    mentioned += context.blocks_shared;
  }
  // Contexts and totals are of two moments, 20 ms apart at most.
  const shared = Math.max(0, Math.min(kv.held - used - parked, Math.floor(mentioned / 2)));
  used = Math.max(0, kv.held - shared - parked);
  const evictable = kv.cached;
  const free = Math.max(0, kv.limit - kv.held - kv.cached);
  return {used, shared, parked, evictable, free, withheld: Math.max(0, kv.total - Math.max(kv.limit, kv.held + kv.cached))};
}

const parts = [
  ['used', 'used by one context'], ['shared', 'shared by several'], ['parked', 'of parked ones'],
  ['evictable', 'evictable: kept for the next equal prompt'], ['free', 'free'],
  ['withheld', 'not to be had: the machine has no memory for it now'],
];

function makeCard() {
  const card = document.createElement('article');
  card.className = 'model';
  const head = card.appendChild(makeRow('model-head', 'name', 'about'));
  head.children[0].role = 'heading';
  head.children[0].ariaLevel = '3';
  const bar = card.appendChild(document.createElement('div'));
  bar.className = 'memory';
  bar.role = 'img';
  for (const [part] of parts) bar.appendChild(document.createElement('i')).className = part;
  const legend = card.appendChild(document.createElement('dl'));
  legend.className = 'memory-legend';
  for (const [part, meaning] of parts) {
    const item = legend.appendChild(document.createElement('div'));
    item.className = part;
    item.title = meaning;
    const name = item.appendChild(document.createElement('dt'));
    name.appendChild(document.createElement('i')).className = `key ${part}`;
    name.append(part);
    item.appendChild(document.createElement('dd'));
  }
  const facts = card.appendChild(document.createElement('p'));
  facts.className = 'facts';
  return card;
}

// Nothing where all are the cores'.
function whereLayersAre(model) {
  const parts = model.devices.filter(({layers}) => layers > 0);
  if (parts.every(({device}) => device === 'CPU')) return [];
  const all = parts.reduce((sum, {layers}) => sum + layers, 0);
  return parts.map(({device, layers}) => parts.length === 1 ? `on ${device}` : `${layers} of ${all} layers on ${device}`);
}

function fill(card, model, contexts, now) {
  const [head, bar, legend, facts] = card.children;
  const kv = model.kv_blocks;
  const expires = Date.parse(model.expires_at) - now;
  say(head.children[0], model.name);
  say(head.children[1], [model.details.parameter_size, model.details.quantization_level, bytes(model.size),
    `context ${count(model.context_length)}`, `KV ${kv.type}`, ...whereLayersAre(model),
    expires > 3e10 ? 'stays' : `goes in ${duration(Math.max(0, Math.ceil(expires / 1000) * 1000))} unless used`].join(' · '));
  const divided = divide(model, contexts);
  const total = Object.values(divided).reduce((sum, n) => sum + n, 0) || 1;
  parts.forEach(([part], index) => {
    const n = divided[part];
    const width = `${n / total * 100}%`;
    if (bar.children[index].style.width !== width) bar.children[index].style.width = width;
    const item = legend.children[index];
    item.hidden = part === 'withheld' && n === 0;
    say(item.lastChild, bytes(n * kv.bytes));
  });
  bar.ariaLabel = `KV memory: ${parts.map(([part]) => `${part} ${bytes(divided[part] * kv.bytes)}`).join(', ')}`;
  const beside = [['windows', model.window_blocks], ['states', model.states]].filter(([, of]) => of)
    .map(([name, of]) => `${bytes(of.held * of.bytes)} of ${name} in use, ${bytes(of.cached * of.bytes)} evictable, ` +
      `of ${bytes(of.limit * of.bytes)}; `).join('');
  const done = model.since_load;
  const hits = done.prefix_hit_tokens / Math.max(1, done.prefix_hit_tokens + done.prompt_tokens_computed);
  const guesses = done.draft_tokens === 0 ? '' : `; ${count(done.draft_tokens)} tokens guessed, ` +
    `${count(done.accepted_tokens)} (${Math.round(done.accepted_tokens / done.draft_tokens * 100)} %) of them right`;
  say(facts, `${beside && `Beside these blocks ${beside.slice(0, -2)}. `}Since it was loaded: ${count(done.steps)} steps, ${count(done.generated_tokens)} tokens generated, ` +
    `${count(done.prompt_tokens_computed)} of prompts computed and ${count(done.prefix_hit_tokens)} ` +
    `(${Math.round(hits * 100)} %) found; ${count(done.preemptions)} preemptions, ` +
    `${count(done.recomputed_tokens)} tokens recomputed, ${count(done.evicted_blocks)} blocks evicted${guesses}.`);
}

export class Models {
  constructor() {
    this.list = document.getElementById('model-list');
    this.empty = document.getElementById('models-empty');
  }

  update(report) {
    while (this.list.children.length > report.models.length) this.list.lastChild.remove();
    report.models.forEach((model, index) => {
      const card = this.list.children[index] ?? this.list.appendChild(makeCard());
      fill(card, model, report.contexts, report.now_ms);
    });
    say(this.empty, report.models.length > 0 ? '' :
      'No model is in memory. The first request loads the one it names; “quire list” says which there are.');
  }
}
