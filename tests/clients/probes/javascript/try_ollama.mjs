// npm: ollama@0.6.4 zod@4.6.7
import assert from 'node:assert/strict';

import {Ollama} from 'ollama';
import {z} from 'zod';

import {cell, isSaid, isStreamed, isVector, isWeather, MODEL, run, texts, URL, WEATHER} from './cells.mjs';

const ollama = new Ollama({host: URL});
const messages = [{role: 'user', content: 'Why is the sky blue?'}];
const tools = [{type: 'function', function: {name: 'get_weather', description: 'Weather', parameters: WEATHER}}];

cell('chat', async () => {
  const answer = await ollama.chat({model: MODEL, messages});
  isSaid(answer.message.content);
  assert.ok(answer.eval_count > 1);
  const thought = await ollama.chat({model: MODEL, messages, think: true});
  assert.ok(thought.message.thinking);
  isSaid(thought.message.content);
});

cell('stream', async () => {
  await isStreamed(texts(await ollama.chat({model: MODEL, messages, stream: true}), (part) => part.message.content));
});

cell('tools', async () => {
  const {message} = await ollama.chat({model: MODEL, messages, tools});
  message.tool_calls.forEach((call) => isWeather(call.function.arguments));
  const results = message.tool_calls.map((call) => ({role: 'tool', tool_name: call.function.name, content: '14'}));
  isSaid((await ollama.chat({model: MODEL, messages: [...messages, message, ...results], tools})).message.content);
});

cell('schema', async () => {
  const Country = z.object({name: z.string(), capital: z.string(), languages: z.array(z.string())});
  const answer = await ollama.chat({model: MODEL, messages, format: z.toJSONSchema(Country)});
  Country.parse(JSON.parse(answer.message.content));
});

cell('embed', async () => {
  isVector((await ollama.embed({model: MODEL, input: ['a', 'b']})).embeddings[1], 'b');
});

await run();
