// One request, opened: all facts of it, and its end when asked for.

import {bytes, count, duration, plural, rate, reasonSentence} from './format.js';
import {stateOf} from './history.js';
import {say} from './rows.js';

// Name and value of everything that is known of a request.
function factsOf(request, history) {
  const now = history.now;
  const block = history.report?.models.find((model) => model.name === request.model)?.kv_blocks.bytes ?? 0;
  const facts = [
    ['choice', request.choice > 0 ? request.choice : undefined],
    ['model', request.model],
    ['client', request.client],
    ['band', request.band === undefined ? request.priority
      : request.band === request.priority ? request.band : `${request.band}, asked for ${request.priority}`],
    ['state', stateOf(request)],
    ['place in the queue', typeof request.position === 'number' && request.ended === undefined
      ? request.position + 1 : undefined],
    ['expected to start in', request.ended === undefined && request.state === 'waiting' &&
      typeof request.expected_start_ms === 'number' ? duration(request.expected_start_ms) : undefined],
    ['prompt', request.prompt_tokens === null || request.prompt_tokens === undefined ? undefined
      : plural(request.prompt_tokens, 'token')],
    ['… of it from the cache', number(request.cached_tokens)],
    ['computed', request.ended === undefined ? number(request.computed_tokens) : undefined],
    ['generated', number(request.generated_tokens)],
    ['guesses that were right', request.draft_tokens > 0
      ? `${count(request.accepted_tokens)} of ${count(request.draft_tokens)}` : undefined],
    ['at most', request.tokens_max === undefined ? undefined : plural(request.tokens_max, 'token')],
    ['speed', request.tokens_per_second > 0 ? `${rate(request.tokens_per_second)} tokens/s` : undefined],
    ['KV blocks of its own', request.blocks_own === undefined || request.ended !== undefined ? undefined
      : `${count(request.blocks_own)} (${bytes(request.blocks_own * block)})`],
    ['KV blocks shared', request.ended === undefined ? number(request.blocks_shared) : undefined],
    ['preemptions', number(request.preemptions)],
    ['arrived', new Date(request.arrived).toLocaleTimeString()],
    ['waited', request.started !== undefined ? duration(request.started - request.arrived)
      : duration((request.ended ?? now) - request.arrived)],
    ['first token after', request.firstToken === undefined ? undefined : duration(request.firstToken - request.arrived)],
    [request.ended === undefined ? 'age' : 'took', duration((request.ended ?? now) - request.arrived)],
  ];
  return facts.filter(([, value]) => value !== undefined && value !== null);
}
const number = (value) => value === undefined || value === null ? undefined : count(value);

export class Detail {
  // `textOf(request)`: its text if it was sent from this page.
  constructor(history, textOf) {
    this.history = history;
    this.textOf = textOf;
    const part = (name) => document.getElementById(`detail${name}`);
    this.dialog = part('');
    this.part = part;
    part('-close').addEventListener('click', () => this.dialog.close());
    part('-cancel').addEventListener('click', () => this.confirm(true));
    part('-no').addEventListener('click', () => this.confirm(false));
    part('-yes').addEventListener('click', () => this.cancel());
    this.dialog.addEventListener('click', (event) => {
      if (event.target === this.dialog) this.dialog.close();  // beside it
    });
    this.dialog.addEventListener('close', () => { this.request = undefined; });
  }

  open(request, cancels) {
    this.request = request;
    say(this.part('-status'), '');
    this.part('-facts').replaceChildren();
    this.part('-confirm').hidden = true;
    this.part('-ask').hidden = false;
    this.update();
    this.dialog.showModal();
    if (cancels && request.ended === undefined) this.confirm(true);
    else (request.ended === undefined ? this.part('-cancel') : this.part('-close')).focus();
  }

  update() {
    if (!this.request) return;
    // A request that came back to the queue is the same object still.
    const request = this.history.requests.get(this.request.key) ?? this.request;
    const ended = request.ended !== undefined;
    say(this.part('-title'), `Request ${request.id}`);
    const state = stateOf(request);
    const waits = !ended && (state === 'waiting' || state === 'arriving' || state === 'parked');
    say(this.part('-why'), waits ? reasonSentence(request) : '');
    const list = this.part('-facts');
    const facts = factsOf(request, this.history);
    facts.forEach(([name, value], index) => {
      const item = list.children[index] ?? list.appendChild(this.newFact());
      say(item.children[0], name);
      say(item.children[1], String(value));
    });
    while (list.children.length > facts.length) list.lastChild.remove();
    const text = this.textOf(request);
    this.part('-text').hidden = text === undefined;
    if (text !== undefined) say(this.part('-text').lastElementChild, text);
    if (ended && !this.part('-cancel').disabled) {
      const held = this.dialog.contains(document.activeElement) && !this.part('-close').matches(':focus');
      this.part('-confirm').hidden = true;
      this.part('-ask').hidden = true;
      if (held) this.part('-close').focus();
    }
    this.part('-cancel').disabled = ended;
  }

  newFact() {
    const item = document.createElement('div');
    item.append(document.createElement('dt'), document.createElement('dd'));
    return item;
  }

  confirm(asks) {
    const choices = [...this.history.requests.values()].filter((one) => one.id === this.request.id &&
      one.ended === undefined).length;
    say(this.part('-confirm-text'), choices > 1 ? `This ends all ${choices} answers of the request, for good.`
      : 'This ends it for its client, for good.');
    this.part('-confirm').hidden = !asks;
    this.part('-ask').hidden = asks;
    this.part(asks ? '-no' : '-cancel').focus();
  }

  async cancel() {
    const {id} = this.request;
    this.confirm(false);
    try {
      const response = await fetch(`../api/requests/${encodeURIComponent(id)}`, {method: 'DELETE'});
      say(this.part('-status'), response.ok ? 'Cancelled.' : 'It has ended already.');
    } catch {
      say(this.part('-status'), 'The server cannot be reached: nothing was cancelled.');
    }
  }
}
