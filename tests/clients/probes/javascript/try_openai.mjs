// npm: openai@6.49.0 zod@4.6.7
import assert from 'node:assert/strict';

import OpenAI from 'openai';
import {zodFunction, zodResponseFormat, zodTextFormat} from 'openai/helpers/zod';
import {z} from 'zod';

import {cell, isSaid, isStreamed, isVector, isWeather, KEY, MODEL, run, texts, URL, WEATHER} from './cells.mjs';

const client = new OpenAI({baseURL: `${URL}/v1`, apiKey: KEY, maxRetries: 0});
const messages = [{role: 'developer', content: 'Talk like a pirate.'}, {role: 'user', content: 'Are they optional?'}];
const tools = [{type: 'function', function: {name: 'get_weather', parameters: WEATHER}}];
const Event = z.object({name: z.string(), date: z.string(), participants: z.array(z.string())});

cell('chat', async () => {
  const completion = await client.chat.completions.create({model: MODEL, messages});
  isSaid(completion.choices[0].message.content);
  assert.ok(completion.usage.completion_tokens > 1);
});

cell('stream', async () => {
  await isStreamed(texts(await client.chat.completions.create({model: MODEL, messages, stream: true}),
    (chunk) => chunk.choices[0]?.delta?.content));
  const runner = client.chat.completions.stream({model: MODEL, messages});
  isSaid(await runner.finalContent());
});

cell('tools', async () => {
  const {choices: [{message}]} = await client.chat.completions.create({model: MODEL, messages, tools});
  message.tool_calls.forEach((call) => isWeather(call.function.arguments));
  const results = message.tool_calls.map((call) => ({role: 'tool', tool_call_id: call.id, content: '14'}));
  const answer = await client.chat.completions.create({model: MODEL, messages: [...messages, message, ...results], tools});
  isSaid(answer.choices[0].message.content);
});

cell('tools', async () => {
  let called = 0;
  const runner = client.chat.completions.runTools({model: MODEL, messages, stream: true, tools: [zodFunction({
    name: 'get_location', parameters: z.object({place: z.string()}), function: () => `Boston ${++called}`})]});
  isSaid(await runner.finalContent());
  assert.ok(called > 0);
});

cell('schema', async () => {
  const completion = await client.chat.completions.parse({model: MODEL, messages,
    response_format: zodResponseFormat(Event, 'event')});
  Event.parse(completion.choices[0].message.parsed);
});

cell('embed', async () => {
  isVector((await client.embeddings.create({model: MODEL, input: ['The quick', 'brown fox']})).data[1].embedding, 'fox');
});

cell('responses', async () => {
  isSaid((await client.responses.create({model: MODEL, instructions: 'Talk', input: 'Are they?'})).output_text);
  await isStreamed(texts(await client.responses.create({model: MODEL, input: 'Say', stream: true}),
    (event) => event.type === 'response.output_text.delta' && event.delta));
  const parsed = await client.responses.parse({model: MODEL, input: 'x', text: {format: zodTextFormat(Event, 'event')}});
  Event.parse(parsed.output_parsed);
  const called = await client.responses.create({model: MODEL, input: 'x',
    tools: [{type: 'function', name: 'get_weather', parameters: WEATHER, strict: true}]});
  isWeather(called.output.find((item) => item.type === 'function_call').arguments);
});

await run();
