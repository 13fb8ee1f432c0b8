// One prompt to several contexts at once, and their answers side by side.

import {count, duration, rate} from './format.js';
import {keyOf, stateOf} from './history.js';
import {say} from './rows.js';

// One HTTP request for all answers: a browser opens six connections to a server and no more.
function requestOf(form) {
  const n = form.count;
  const body = {
    model: form.model, stream: true, max_tokens: form.tokens, temperature: form.temperature,
  };
  if (form.seed !== undefined) body.seed = form.seed;
  if (form.mode === 'chat') return ['../v1/chat/completions', {...body, messages: [{role: 'user', content: form.prompt}], n}];
  // The choices of one prompt draw differently, equal prompts draw the same.
  const same = form.draws === 'same';
  return ['../v1/completions', {...body, prompt: same ? Array(n).fill(form.prompt) : form.prompt, n: same ? 1 : n}];
}

export class Ask {
  constructor(history, open) {
    this.history = history;
    this.open = open;
    this.answers = [];
    this.part = (name) => document.getElementById(`ask-${name}`);
    this.list = document.getElementById('answers');
    this.part('form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.send();
    });
    this.part('stop').addEventListener('click', () => this.abort?.abort());
    this.part('prompt').addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.part('form').requestSubmit();
    });
    this.part('mode').addEventListener('change', () => this.modeChanged());
    this.part('model').addEventListener('focus', () => this.readModels());
  }

  modeChanged() {
    const chat = this.part('mode').value === 'chat';
    this.part('draws').disabled = chat;
    if (chat) this.part('draws').value = 'differ';
  }

  // The models that the server has; one in memory is proposed.
  async readModels() {
    let names = [];
    try {
      names = (await (await fetch('../api/tags', {cache: 'no-store'})).json()).models.map((model) => model.name);
    } catch {
      return;  // the banner says that the server is away
    }
    const select = this.part('model');
    const chosen = select.value || (this.history.report?.models[0]?.name ?? '');
    const known = [...select.options].map((option) => option.value);
    if (known.join('\n') !== names.join('\n')) {
      select.replaceChildren(...names.map((name) => new Option(name, name)));
      if (names.includes(chosen)) select.value = chosen;
    }
    this.part('send').disabled = names.length === 0 || this.abort !== undefined;
    if (names.length === 0) {
      say(this.part('status'), 'The server has no model. Put a GGUF file into its folder of models (~/.quire/models, or ' +
        'QUIRE_MODELS), or start it with --model FILE.gguf.');
    } else if (this.part('status').textContent.startsWith('The server has no model')) {
      say(this.part('status'), '');
    }
  }

  form() {
    const number = (name) => Number(this.part(name).value);
    return {
      prompt: this.part('prompt').value, model: this.part('model').value, count: number('count'),
      tokens: number('tokens'), temperature: number('temperature'),
      seed: this.part('seed').value === '' ? undefined : number('seed'),
      mode: this.part('mode').value, draws: this.part('draws').value,
    };
  }

  makeAnswer(id, index) {
    const element = document.createElement('article');
    element.className = 'answer';
    const head = element.appendChild(document.createElement('button'));
    head.type = 'button';
    head.append(...['name', 'state', 'tokens'].map((part) => {
      const span = document.createElement('span');
      span.className = part;
      return span;
    }));
    say(head.children[0], `${index + 1}`);
    say(head.children[1], 'sent');
    const body = element.appendChild(document.createElement('pre'));
    body.tabIndex = 0;
    body.ariaLabel = `Answer ${index + 1}`;
    const answer = {key: keyOf(id, index), element, head, text: body.appendChild(new Text('')), body, pending: ''};
    head.addEventListener('click', () => {
      const request = this.history.requests.get(answer.key) ?? answer.last;
      if (request) this.open(request, false);
    });
    return answer;
  }

  async send() {
    if (this.abort) return;
    const form = this.form();
    const id = `ui-${crypto.getRandomValues(new Uint32Array(2)).reduce((text, n) => text + n.toString(36), '')}`;
    this.abort = new AbortController();
    this.part('send').disabled = true;
    this.part('stop').disabled = false;
    this.answers = Array.from({length: form.count}, (_, index) => this.makeAnswer(id, index));
    this.list.replaceChildren(...this.answers.map((answer) => answer.element));
    this.list.hidden = false;
    say(this.part('status'), form.count === 1 ? 'Sent to one context.' : `Sent to ${form.count} contexts at once.`);
    const begin = performance.now();
    let outcome;
    try {
      const [path, body] = requestOf(form);
      const response = await fetch(path, {method: 'POST', body: JSON.stringify(body), signal: this.abort.signal,
        headers: {'Content-Type': 'application/json', 'X-Request-Id': id}});
      if (!response.ok) throw new Error((await response.json()).error.message);
      await this.read(response.body);
      outcome = `${form.count === 1 ? 'The answer' : `All ${form.count} answers`} took ${duration(performance.now() - begin)}.`;
    } catch (error) {
      outcome = error.name === 'AbortError' ? 'Stopped.' : `It failed: ${error.message}`;
    }
    this.flush();
    say(this.part('status'), outcome);
    this.abort = undefined;
    this.part('send').disabled = false;
    this.part('stop').disabled = true;
  }

  // Server-sent events: "data: JSON" and an empty line each; "data: [DONE]" at the end.
  async read(body) {
    let rest = '';
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const {value, done} = await reader.read();
      if (done) break;
      const events = (rest + value).split('\n\n');
      rest = events.pop();
      for (const event of events) {
        const text = event.replace(/^data: /, '');
        if (text !== '[DONE]') this.take(JSON.parse(text));
      }
      this.flushSoon();
    }
  }

  take(chunk) {
    if (chunk.error) throw new Error(chunk.error.message);
    for (const choice of chunk.choices) {
      const answer = this.answers[choice.index];
      answer.pending += choice.text ?? choice.delta?.content ?? '';
      if (choice.finish_reason) answer.finish = choice.finish_reason;
    }
  }

  // At most once a frame, however many events there are.
  flushSoon() {
    this.flushing ??= requestAnimationFrame(() => this.flush());
  }

  flush() {
    this.flushing = undefined;
    const follows = this.answers.map(({pending, body}) => pending !== '' &&
      body.scrollHeight - body.scrollTop - body.clientHeight < 24);
    for (const answer of this.answers) {
      if (answer.pending !== '') answer.text.appendData(answer.pending);
      answer.pending = '';
    }
    this.answers.forEach(({body}, index) => {
      if (follows[index]) body.scrollTop = body.scrollHeight;
    });
  }

  // What the server says of the answers' contexts.
  update() {
    for (const answer of this.answers) {
      const request = this.history.requests.get(answer.key);
      if (!request) continue;
      answer.last = request;
      const state = stateOf(request);
      say(answer.head.children[1], request.ended !== undefined && answer.finish ? answer.finish : state);
      answer.element.dataset.state = request.ended !== undefined ? 'ended' : state;
      if (request.generated_tokens === undefined) continue;
      const speed = request.ended === undefined && request.tokens_per_second > 0
        ? ` · ${rate(request.tokens_per_second)}/s` : '';
      say(answer.head.children[2], `${count(request.generated_tokens)} tokens${speed}`);
    }
  }

  textOf(request) {
    return this.answers.find((answer) => answer.key === request.key)?.text.data;
  }
}
