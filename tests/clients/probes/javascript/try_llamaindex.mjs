// npm: llamaindex@0.12.1 @llamaindex/openai@0.4.22 @llamaindex/ollama@0.1.23 zod@4.6.7
import assert from 'node:assert/strict';

import {Ollama, OllamaEmbedding} from '@llamaindex/ollama';
import {openai as makeOpenai, OpenAIEmbedding} from '@llamaindex/openai';
import {tool} from 'llamaindex';
import {z} from 'zod';

import {cell, isSaid, isStreamed, isVector, KEY, MODEL, run, texts, URL} from './cells.mjs';

const openai = makeOpenai({model: MODEL, apiKey: KEY, baseURL: `${URL}/v1`, supportToolCall: true, maxRetries: 0,
  additionalSessionOptions: {baseURL: `${URL}/v1`}});
const ollama = new Ollama({model: MODEL, config: {host: URL}});
const messages = [{role: 'user', content: 'Hello, how are you?'}];

const sum = tool({name: 'sum', description: 'Adds', parameters: z.object({a: z.number(), b: z.number()}),
  execute: ({a, b}) => `${a + b}`});

cell('chat', async () => {
  for (const llm of [openai, ollama]) isSaid((await llm.chat({messages})).message.content);
});
cell('stream', async () => {
  for (const llm of [openai, ollama]) await isStreamed(texts(await llm.chat({messages, stream: true}), (part) => part.delta));
});
cell('tools', async () => {
  for (const llm of [openai, ollama]) {
    const {newMessages} = await llm.exec({messages, tools: [sum]});
    assert.ok(newMessages.some((message) => message.options?.toolCall), JSON.stringify(newMessages));
    const {message} = await llm.chat({messages: [...messages, ...newMessages], tools: [sum]});
    isSaid(message.content);
  }
});
cell('schema', async () => {
  const schema = z.object({title: z.string(), year: z.number()});
  const {object} = await openai.exec({messages, responseFormat: schema});
  schema.parse(object);
});
cell('embed', async () => {
  isVector(await new OpenAIEmbedding({model: MODEL, apiKey: KEY, baseURL: `${URL}/v1`, maxRetries: 0}).getTextEmbedding('hi'),
    'hi');
  isVector(await new OllamaEmbedding({model: MODEL, config: {host: URL}}).getTextEmbedding('hi'), 'hi');
});

await run();
