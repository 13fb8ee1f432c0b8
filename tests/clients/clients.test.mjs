// npm's official clients against the server: QUIRE_CLIENTS_SERVE names the program, QUIRE_CLIENTS_MODEL a real model
// (optional).
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {createInterface} from 'node:readline';
import {after, before, test} from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import {Ollama} from 'ollama';
import OpenAI from 'openai';

const model = process.env.QUIRE_CLIENTS_MODEL;

// A server, clients for it, and what it prints.
class Served {
  constructor(...modelFile) {
    this.process = spawn(process.env.QUIRE_CLIENTS_SERVE, modelFile, {stdio: ['pipe', 'pipe', 'ignore']});
    this.lines = createInterface({input: this.process.stdout})[Symbol.asyncIterator]();
  }
  async connect() {
    const line = await this.line();
    this.url = `http://127.0.0.1:${line.split(' ')[1]}`;
    this.ollama = this.newOllama();
    this.openai = new OpenAI({baseURL: `${this.url}/v1`, apiKey: 'any', maxRetries: 0});
    this.anthropic = new Anthropic({baseURL: this.url, apiKey: 'any', maxRetries: 0});
  }
  newOllama() {
    return new Ollama({host: this.url});
  }
  async line() {
    return (await this.lines.next()).value;
  }
  async stop() {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.stdin.end();
    assert.equal(await ended, 0);
  }
}

async function collect(stream, textOf) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return {chunks, text: chunks.map(textOf).join(''), last: chunks.at(-1)};
}

const eight = Array.from({length: 8}, (_, i) => i + 1);
const counted = (n) => Array.from({length: n}, (_, i) => `${i + 1} `).join('');
const said = (content) => [{role: 'user', content}];

const fake = new Served();
before(() => fake.connect());
after(() => fake.stop());

test('ollama streams and answers in one piece', async () => {
  const stream = await fake.ollama.generate({model: 'fake', prompt: 'count 5', stream: true, options: {seed: 7}});
  const {chunks, text, last} = await collect(stream, (chunk) => chunk.response);
  assert.equal(text, counted(5));
  assert.equal(chunks.length, 6);
  assert.equal(last.done_reason, 'stop');
  assert.equal(last.seed, 7);
  for (const field of ['total_duration', 'load_duration', 'queue_duration', 'prompt_eval_count',
    'prompt_eval_cached_count', 'prompt_eval_duration', 'eval_count', 'eval_duration']) {
    assert.equal(typeof last[field], 'number', field);
  }
  const whole = await fake.ollama.chat({model: 'fake', messages: said('count 3')});
  assert.deepEqual(whole.message, {role: 'assistant', content: counted(3)});
});

test('ollama asks eight at once', async () => {
  const texts = await Promise.all(eight.map(async (n) => {
    const stream = await fake.ollama.chat({model: 'fake', messages: said(`count ${n}`), stream: true});
    return (await collect(stream, (chunk) => chunk.message.content)).text;
  }));
  assert.deepEqual(texts, eight.map(counted));
});

test('ollama aborts in the middle', async () => {
  const client = fake.newOllama();
  const stream = await client.generate({model: 'fake', prompt: 'hold', stream: true});
  await assert.rejects(async () => {
    for await (const chunk of stream) {
      assert.equal(chunk.response, 'held ');
      stream.abort();
    }
  }, {name: 'AbortError'});
  assert.equal(await fake.line(), 'cancelled');
});

test('ollama hears of errors', async () => {
  await assert.rejects(fake.ollama.generate({model: 'nobody', prompt: 'x'}),
    {name: 'ResponseError', status_code: 404, message: "model 'nobody' not found"});
  await assert.rejects(fake.ollama.generate({model: 'fake', prompt: 'x', format: 'json'}), {status_code: 400});
  await assert.rejects(fake.ollama.generate({model: 'fake', prompt: 'busy'}), {status_code: 503});
  const broken = await fake.ollama.generate({model: 'fake', prompt: 'break', stream: true});
  await assert.rejects(collect(broken, (chunk) => chunk.response), {message: 'it broke'});
});

test('ollama lists models', async () => {
  assert.deepEqual((await fake.ollama.list()).models.map((one) => one.name), ['fake:latest']);
  assert.deepEqual((await fake.ollama.ps()).models.map((one) => one.name), ['fake:latest']);
  assert.match((await fake.ollama.version()).version, /^\d+\.\d+\.\d+/);
});

test('openai streams and answers in one piece', async () => {
  const stream = await fake.openai.chat.completions.create({
    model: 'fake', messages: said('count 5'), stream: true, stream_options: {include_usage: true}, seed: 9,
  });
  const {chunks, text, last} = await collect(stream, (chunk) => chunk.choices[0]?.delta.content ?? '');
  assert.equal(text, counted(5));
  assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
  assert.equal(chunks.at(-2).choices[0].finish_reason, 'stop');
  assert.equal(last.usage.completion_tokens, 5);
  assert.equal(last.usage.prompt_tokens_details.cached_tokens, 0);
  assert.equal(last.usage.seed, 9);
  const whole = await fake.openai.chat.completions.create({model: 'fake', messages: said('count 2')});
  assert.equal(whole.choices[0].message.content, counted(2));
  const completion = await fake.openai.completions.create({model: 'fake', prompt: [101, 99, 104, 111]});
  assert.equal(completion.choices[0].text, 'echo');
});

test('openai asks eight at once', async () => {
  const answers = await Promise.all(eight.map(async (n) => {
    const stream = await fake.openai.completions.create({model: 'fake', prompt: `count ${n}`, stream: true});
    return collect(stream, (chunk) => chunk.choices[0].text);
  }));
  assert.deepEqual(answers.map((answer) => answer.text), eight.map(counted));
  assert.equal(new Set(answers.map((answer) => answer.last.id)).size, 8);
});

test('openai gets three choices at once, streamed and in one piece', async () => {
  const asked = {model: 'fake', messages: said('count 4'), n: 3};
  const whole = await fake.openai.chat.completions.create(asked);
  assert.deepEqual(whole.choices.map((choice) => choice.index), [0, 1, 2]);
  assert.deepEqual(whole.choices.map((choice) => choice.message.content), Array(3).fill(counted(4)));
  assert.equal(whole.usage.completion_tokens, 12);

  const stream = await fake.openai.chat.completions.create(
    {...asked, stream: true, stream_options: {include_usage: true}});
  const {chunks, last} = await collect(stream, () => '');
  const texts = ['', '', ''];
  const reasons = [];
  for (const {choices: [choice]} of chunks.slice(0, -1)) {
    texts[choice.index] += choice.delta.content ?? '';
    if (choice.finish_reason) reasons[choice.index] = choice.finish_reason;
  }
  assert.deepEqual(texts, Array(3).fill(counted(4)));
  assert.deepEqual(reasons, ['stop', 'stop', 'stop']);
  assert.equal(last.usage.completion_tokens, 12);
  assert.equal(last.usage.prompt_tokens, whole.usage.prompt_tokens);
});

test('openai asks two prompts in one request', async () => {
  const asked = {model: 'fake', prompt: ['count 1', 'count 2'], n: 2};
  const whole = await fake.openai.completions.create(asked);
  assert.deepEqual(whole.choices.map(({index, text}) => [index, text]),
    [[0, counted(1)], [1, counted(1)], [2, counted(2)], [3, counted(2)]]);
  const texts = {};
  for await (const {choices: [choice]} of await fake.openai.completions.create({...asked, stream: true})) {
    texts[choice.index] = (texts[choice.index] ?? '') + choice.text;
  }
  assert.deepEqual(texts, {0: counted(1), 1: counted(1), 2: counted(2), 3: counted(2)});
});

test('openai aborts in the middle', async () => {
  const stream = await fake.openai.chat.completions.create({model: 'fake', messages: said('hold'), stream: true});
  for await (const chunk of stream) {
    if (chunk.choices[0].delta.content === 'held ') stream.controller.abort();
  }
  assert.equal(await fake.line(), 'cancelled');
});

test('openai hears of errors', async () => {
  const ask = (more) => fake.openai.chat.completions.create({model: 'fake', messages: said('count 1'), ...more});
  await assert.rejects(ask({model: 'nobody'}), OpenAI.NotFoundError);
  await assert.rejects(ask({n: 129}), (error) => error instanceof OpenAI.BadRequestError && error.param === 'n');
  await assert.rejects(ask({messages: said('busy')}), {status: 503});
  await assert.rejects(async () => {
    await collect(await ask({messages: said('break'), stream: true}), () => '');
  }, /it broke/);
});

test('openai lists models', async () => {
  const {data} = await fake.openai.models.list();
  assert.deepEqual(data.map((one) => one.id), ['fake:latest']);
  assert.equal((await fake.openai.models.retrieve('fake')).id, 'fake:latest');
});

test('openai creates responses, streamed and in one piece', async () => {
  const whole = await fake.openai.responses.create({model: 'fake', input: 'count 3'});
  assert.equal(whole.output_text, counted(3));
  assert.equal(whole.status, 'completed');
  assert.equal(whole.usage.output_tokens, 3);
  const stream = await fake.openai.responses.create({model: 'fake', input: 'count 5', stream: true});
  const {chunks, text, last} = await collect(stream,
    (event) => event.type === 'response.output_text.delta' ? event.delta : '');
  assert.equal(text, counted(5));
  assert.deepEqual(chunks.map((event) => event.sequence_number), chunks.map((_, index) => index));
  assert.deepEqual(chunks.slice(0, 4).map((event) => event.type), ['response.created', 'response.in_progress',
    'response.output_item.added', 'response.content_part.added']);
  assert.equal(last.type, 'response.completed');
  assert.equal(last.response.output[0].content[0].text, counted(5));
  // The client's own accumulator of events.
  const final = await fake.openai.responses.stream({model: 'fake', input: 'count 2'}).finalResponse();
  assert.equal(final.output_text, counted(2));
});

test('openai goes on from a response that was kept', async () => {
  const {responses} = fake.openai;
  const first = await responses.create({model: 'fake', input: 'echo'});
  const second = await responses.create({model: 'fake', input: 'more', previous_response_id: first.id});
  assert.equal(second.output_text, 'echo|echo|more');
  assert.equal((await responses.retrieve(second.id)).output_text, second.output_text);
  const items = [];
  for await (const item of responses.inputItems.list(second.id, {order: 'asc', limit: 2})) items.push(item);
  assert.deepEqual(items.map((item) => item.role), ['user', 'assistant', 'user']);
  await responses.delete(second.id);
  await assert.rejects(responses.retrieve(second.id), OpenAI.NotFoundError);
  await assert.rejects(responses.create({model: 'fake', input: 'x', previous_response_id: second.id}),
    (error) => error instanceof OpenAI.BadRequestError && error.code === 'previous_response_not_found');
});

test('openai sends the results of calls, with and without the response before', async () => {
  const {responses} = fake.openai;
  const tools = [{type: 'function', name: 'now', description: 'The time', strict: true,
    parameters: {type: 'object', properties: {}, required: [], additionalProperties: false}}];
  const call = {type: 'function_call', call_id: 'call_1', name: 'now', arguments: '{}'};
  const result = {type: 'function_call_output', call_id: 'call_1', output: 'noon'};
  const stateless = await responses.create({model: 'fake', tools, store: false, input: [...said('echo'), call, result]});
  assert.equal(stateless.output_text, 'echo||noon');
  const first = await responses.create({model: 'fake', tools, input: [...said('echo'), call, result]});
  const second = await responses.create({model: 'fake', tools, previous_response_id: first.id,
    input: [{...call, call_id: 'call_2'}, {...result, call_id: 'call_2'}]});
  assert.equal(second.output_text, 'echo||noon|echo||noon|noon');
  await assert.rejects(responses.create({model: 'fake', input: [result]}), OpenAI.BadRequestError);
});

// A message to the steered model, by Anthropic's client.
const asked = (content, more) => ({model: 'fake', max_tokens: 100, messages: said(content), ...more});

test('anthropic streams and answers in one piece', async () => {
  const whole = await fake.anthropic.messages.create(asked('count 3', {system: 'count 3', metadata: {user_id: 'u'}}));
  assert.equal(whole.type, 'message');
  assert.equal(whole.role, 'assistant');
  assert.deepEqual(whole.content, [{type: 'text', text: counted(3)}]);
  assert.equal(whole.stop_reason, 'end_turn');
  assert.equal(whole.stop_sequence, null);
  assert.equal(whole.usage.output_tokens, 3);
  const stream = await fake.anthropic.messages.create(asked('count 5', {stream: true}));
  const {chunks, text} = await collect(stream,
    (event) => event.type === 'content_block_delta' ? event.delta.text : '');
  assert.equal(text, counted(5));
  assert.deepEqual(chunks.map((event) => event.type), ['message_start', 'content_block_start',
    ...Array(5).fill('content_block_delta'), 'content_block_stop', 'message_delta', 'message_stop']);
  assert.match(chunks[0].message.id, /^msg_/);
  assert.equal(chunks[0].message.usage.input_tokens, chunks.at(-2).usage.input_tokens);
});

test("anthropic's own accumulator makes a message of the events", async () => {
  const stream = fake.anthropic.messages.stream(asked([{type: 'text', text: 'count 4'}]));
  const texts = [];
  stream.on('text', (text) => texts.push(text));
  const message = await stream.finalMessage();
  assert.equal(await stream.finalText(), counted(4));
  assert.equal(texts.join(''), counted(4));
  assert.equal(message.stop_reason, 'end_turn');
  assert.equal(message.usage.output_tokens, 4);
});

test('anthropic asks eight at once', async () => {
  const texts = await Promise.all(eight.map((n) => fake.anthropic.messages.stream(asked(`count ${n}`)).finalText()));
  assert.deepEqual(texts, eight.map(counted));
});

test('anthropic is called for tools, streamed and in one piece, and sends their results', async () => {
  const tools = [{name: 'now', description: 'The time', cache_control: {type: 'ephemeral'},
    input_schema: {type: 'object', properties: {zone: {type: 'string'}}, required: ['zone']}}];
  const call = {tools, thinking: {type: 'adaptive'}, tool_choice: {type: 'auto', disable_parallel_tool_use: true}};
  const question = 'echo <tool_call>{"name":"now","arguments":{"zone":"UTC"}}</tool_call>';
  const whole = await fake.anthropic.messages.create(asked(question, call));
  const streamed = await fake.anthropic.messages.stream(asked(question, call)).finalMessage();
  for (const message of [whole, streamed]) {
    assert.equal(message.stop_reason, 'tool_use');
    const [text, use] = message.content;
    assert.equal(text.text.trim(), 'echo');
    assert.deepEqual([use.type, use.name, use.input], ['tool_use', 'now', {zone: 'UTC'}]);
    assert.match(use.id, /^[A-Za-z0-9]{9}$/);
  }
  const [, use] = streamed.content;
  const messages = [...said('echo'), {role: 'assistant', content: streamed.content},
    {role: 'user', content: [{type: 'tool_result', tool_use_id: use.id, content: [{type: 'text', text: 'noon'}]},
      {type: 'text', text: 'So?'}]}];
  const answer = await fake.anthropic.messages.create({model: 'fake', max_tokens: 100, ...call, messages});
  assert.match(answer.content[0].text, /^echo\|echo ?\|noon\|So\?$/);
  assert.equal(answer.stop_reason, 'end_turn');
});

test('anthropic counts tokens', async () => {
  const {input_tokens: count} = await fake.anthropic.messages.countTokens({model: 'fake', messages: said('count 3')});
  const answer = await fake.anthropic.messages.create(asked('count 3'));
  assert.equal(count, answer.usage.input_tokens + answer.usage.cache_read_input_tokens);
  // A prompt is counted, whatever room it leaves for an answer.
  const long = await fake.anthropic.messages.countTokens({model: 'fake', messages: said('x'.repeat(150) + ' y')});
  assert.equal(long.input_tokens, 153);
});

test('anthropic aborts in the middle', async () => {
  const stream = await fake.anthropic.messages.create(asked('hold', {stream: true}));
  for await (const event of stream) {
    if (event.delta?.text === 'held ') stream.controller.abort();
  }
  assert.equal(await fake.line(), 'cancelled');
});

test('anthropic hears of errors', async () => {
  const ask = (content, more) => fake.anthropic.messages.create(asked(content, more));
  await assert.rejects(ask('count 1', {model: 'nobody'}),
    (error) => error instanceof Anthropic.NotFoundError && error.error.error.type === 'not_found_error');
  await assert.rejects(ask('count 1', {tools: [{type: 'web_search_20250305', name: 'web_search'}]}),
    (error) => error instanceof Anthropic.BadRequestError && /web_search_20250305/.test(error.message));
  await assert.rejects(ask([{type: 'image', source: {type: 'url', url: 'http://localhost/'}}]),
    (error) => error instanceof Anthropic.BadRequestError && /image/.test(error.message));
  await assert.rejects(ask('x'.repeat(300)), /prompt is too long: .*tokens > 200 maximum/);
  await assert.rejects(ask('busy'), (error) => error.status === 503 && error.error.error.type === 'overloaded_error');
  await assert.rejects(async () => {
    await collect(await ask('break', {stream: true}), () => '');
  }, /it broke/);
});

test('both get the same from a real model, eight at once', {skip: !model || !existsSync(model)}, async () => {
  const real = new Served(model);
  await real.connect();
  const options = {temperature: 0, num_predict: 60};
  const prompt = 'Once upon a time';
  const answers = await Promise.all(eight.map(async (n) => {
    if (n % 2 === 0) {
      const {choices} = await real.openai.completions.create({model: 'story', prompt, temperature: 0, max_tokens: 60});
      return choices[0].text;
    }
    const stream = await real.ollama.generate({model: 'story', prompt, raw: true, options, stream: true});
    return (await collect(stream, (chunk) => chunk.response)).text;
  }));
  assert.equal(new Set(answers).size, 1);
  assert.match(answers[0], /there was a/);
  const shown = await real.ollama.show({model: 'story'});
  assert.equal(shown.details.family, 'llama');

  const endless = await real.ollama.generate({model: 'story', prompt, options: {num_predict: -1}, stream: true});
  await assert.rejects(async () => {
    for await (const chunk of endless) {
      assert.ok(!chunk.done);
      endless.abort();
    }
  }, {name: 'AbortError'});
  await real.stop();
});
