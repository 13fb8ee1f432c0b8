// What was seen so far: every request with its times, the lane of each, and the curves of the last minutes.
// Times are the server's, in milliseconds.

const remembered_ms = 185_000;
const remembered_max = 3_000;
const ended_max = 300;
// A context that follows another may be seen to begin a moment before that one's end was heard.
const overlap_ms = 50;
export const curve_window_ms = 180_000;
const rate_window_ms = 1_500;

export const keyOf = (id, choice) => `${id}/${choice}`;

export class History {
  constructor() {
    this.clear();
  }

  clear() {
    this.requests = new Map();
    this.gone = [];   // those that ended last, the newest first
    this.lanes = [];  // each an array of requests that do not overlap, oldest first
    this.samples = [];
    this.starts = [];  // {t, wait}
    this.queue = [];
    this.now = 0;
  }

  take(report) {
    if (this.report && this.report.instance !== report.instance) this.clear();
    this.report = report;
    this.now = report.now_ms;
    this.begun = [];
    for (const request of this.requests.values()) request.seen = false;
    this.takeQueue(report.queue);
    for (const context of report.contexts) this.takeContext(context);
    for (const ended of report.ended) this.takeEnded(ended);
    this.settle();
    this.seat();
    this.sample(report);
  }

  request(id, choice, age_ms) {
    const key = keyOf(id, choice);
    let request = this.requests.get(key);
    // An id may come again when its first bearer has ended.
    if (request?.ended && this.now - age_ms > request.ended + 50) request = undefined;
    if (!request) {
      request = {key, id, choice, arrived: this.now - age_ms, parked: [], preemptions: 0};
      this.requests.set(key, request);
    }
    return request;
  }

  takeQueue({columns, rows}) {
    this.queue = rows.map((row) => {
      const line = {};
      for (let i = 0; i < columns.length; ++i) line[columns[i]] = row[i];
      const request = this.request(line.id, line.choice, line.age_ms);
      if (line.state === 'arriving') line.reason = 'arriving';
      line.prompt_tokens = line.tokens;
      Object.assign(request, line);
      request.seen = true;
      return request;
    });
  }

  takeContext(context) {
    const request = this.request(context.id, context.choice, context.age_ms);
    Object.assign(request, context);
    request.seen = true;
    if (request.started === undefined) this.start(request, request.arrived + context.wait_ms);
    if (context.first_token_ms !== null) request.firstToken ??= request.arrived + context.first_token_ms;
    const last = request.parked.at(-1);
    const isOpen = last !== undefined && last.end === undefined;
    if (context.state === 'parked' && !isOpen) request.parked.push({begin: this.now});
    if (context.state === 'running' && isOpen) last.end = this.now;
  }

  takeEnded(ended) {
    const request = this.request(ended.id, ended.choice, ended.ended_ago_ms + ended.total_ms);
    for (const [name, value] of Object.entries(ended)) {
      if (value !== null) request[name] = value;
    }
    request.finish = ended.reason;
    request.reason = null;
    request.seen = true;
    request.ended = this.now - ended.ended_ago_ms;
    if (ended.wait_ms !== null && ended.generated_tokens > 0) {
      if (request.started === undefined) this.start(request, Math.min(request.arrived + ended.wait_ms, request.ended));
      request.firstToken ??= Math.min(request.arrived + ended.first_token_ms, request.ended);
    }
    this.close(request);
  }

  start(request, time) {
    request.started = time;
    this.starts.push({t: time, wait: time - request.arrived});
    this.begun.push(request);
  }

  // Gives each that has begun the first lane that is free, in the order in which they began.
  seat() {
    for (const request of this.begun.sort((a, b) => a.started - b.started)) {
      let lane = this.lanes.findIndex((bars) => {
        const last = bars.at(-1);
        return last === undefined || (last.ended !== undefined && last.ended <= request.started + overlap_ms);
      });
      if (lane < 0) lane = this.lanes.push([]) - 1;
      this.lanes[lane].push(request);
    }
  }

  close(request) {
    if (request.state !== 'ended') {
      this.gone.unshift(request);
      if (this.gone.length > ended_max) this.gone.pop();
    }
    request.state = 'ended';
    const last = request.parked.at(-1);
    if (last !== undefined && last.end === undefined) last.end = request.ended;
  }

  // Ends what the server does not speak of any more, and forgets what is too old to be drawn.
  settle() {
    for (const request of this.requests.values()) {
      if (!request.seen && request.ended === undefined) {
        request.ended = this.now;
        this.close(request);
      }
    }
    const begin = this.now - remembered_ms;
    let surplus = this.requests.size - this.queue.length - remembered_max;
    let forgets = false;
    for (const [key, request] of this.requests) {
      if (request.ended === undefined || (request.ended > begin && surplus <= 0)) continue;
      --surplus;
      this.requests.delete(key);
      forgets = request.forgotten = true;
    }
    if (!forgets) return;
    this.lanes = this.lanes.map((bars) => bars.filter((request) => !request.forgotten));
    while (this.lanes.length > 0 && this.lanes.at(-1).length === 0) this.lanes.pop();
  }

  sample(report) {
    const totals = new Map(report.models.map((model) => [model.name, model.since_load]));
    const longest = this.queue.reduce((most, request) => Math.max(most, request.age_ms), 0);
    this.samples.push({t: this.now, totals, longest});
    const begin = this.now - curve_window_ms - 5_000;
    while (this.samples[0].t < begin) this.samples.shift();
    this.starts = this.starts.filter((start) => start.t > begin);
    const earlier = this.samples.findLast((one) => one.t <= this.now - rate_window_ms) ?? this.samples[0];
    const sample = this.samples.at(-1);
    sample.generated = this.rateOf(earlier, sample, 'generated_tokens');
    sample.prompts = this.rateOf(earlier, sample, 'prompt_tokens_computed');
  }

  rateOf(earlier, later, name) {
    if (later.t <= earlier.t) return 0;
    let tokens = 0;
    for (const [model, total] of later.totals) {
      const before = earlier.totals.get(model)?.[name] ?? 0;
      tokens += total[name] >= before ? total[name] - before : total[name];
    }
    return tokens * 1000 / (later.t - earlier.t);
  }
}

// What a request does now: waiting, prefill, decode, parked, or how it ended.
export function stateOf(request) {
  if (request.ended !== undefined) return request.finish ?? 'ended';
  if (request.state !== 'running') return request.state;
  return request.generated_tokens > 0 ? 'decode' : 'prefill';
}
