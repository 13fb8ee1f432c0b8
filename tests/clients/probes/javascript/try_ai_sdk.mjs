// npm: ai@6.0.326 @ai-sdk/openai@3.0.141 @ai-sdk/openai-compatible@2.0.92 @ai-sdk/anthropic@3.0.140 ollama-ai-provider-v2@3.6.0 zod@4.6.7
import assert from 'node:assert/strict';

import {createAnthropic} from '@ai-sdk/anthropic';
import {createOpenAI} from '@ai-sdk/openai';
import {createOpenAICompatible} from '@ai-sdk/openai-compatible';
import {embed, embedMany, generateObject, generateText, Output, stepCountIs, streamObject, streamText, tool} from 'ai';
import {z} from 'zod';

import {cell, isSaid, isStreamed, isVector, KEY, MODEL, run, URL} from './cells.mjs';

const openai = createOpenAI({baseURL: `${URL}/v1`, apiKey: KEY});
const compatible = createOpenAICompatible({name: 'quire', baseURL: `${URL}/v1`, apiKey: KEY, includeUsage: true,
  supportsStructuredOutputs: true});
const anthropic = createAnthropic({baseURL: `${URL}/v1`, apiKey: KEY});
// It asks for node 20, where the others are content with 18.
const {createOllama} = await import('ollama-ai-provider-v2').catch(() => ({}));
const ollama = createOllama?.({baseURL: `${URL}/api`});
const models = {chat: openai.chat(MODEL), compatible: compatible(MODEL), anthropic: anthropic(MODEL),
  ...(ollama && {ollama: ollama(MODEL)})};
const responses = {responses: openai(MODEL)};

const Recipe = z.object({name: z.string(), ingredients: z.array(z.object({name: z.string(), amount: z.string()}))});
const weather = tool({description: 'Get the weather in a location', inputSchema: z.object({location: z.string()}),
  execute: async ({location}) => ({location, temperature: 72})});

// `check` for each of `models`; says which failed.
async function each(among, check) {
  const wrong = [];
  for (const [name, model] of Object.entries(among)) {
    try {
      await check(model, name);
    } catch (error) {
      console.error(name, error);
      wrong.push(`${name}: ${error.message?.slice(0, 200)}`);
    }
  }
  assert.ok(!wrong.length, wrong.join('; '));
}

const asked = {prompt: 'What is an agent?', system: 'You help.', maxRetries: 0};

async function talks(model) {
  const {text, usage, finishReason} = await generateText({model, ...asked});
  isSaid(text);
  assert.equal(finishReason, 'stop');
  assert.ok(usage.outputTokens > 1, JSON.stringify(usage));
}

async function streams(model) {
  const result = streamText({model, ...asked, onError: ({error}) => { throw error; }});
  await isStreamed(result.textStream);
  assert.ok((await result.usage).outputTokens > 1);
}

async function calls(model) {
  const {text, steps} = await generateText({model, ...asked, tools: {weather}, stopWhen: stepCountIs(5)});
  assert.ok(steps[0].toolCalls.length && !steps[0].toolCalls[0].invalid, JSON.stringify(steps[0].content));
  isSaid(text);
  const streamed = streamText({model, ...asked, tools: {weather}, toolChoice: 'required'});
  await streamed.consumeStream();
  assert.ok((await streamed.toolCalls).length);
}

async function shapes(model) {
  Recipe.parse((await generateObject({model, ...asked, schema: Recipe})).object);
  Recipe.parse((await generateText({model, ...asked, output: Output.object({schema: Recipe})})).output);
  const streamed = streamObject({model, ...asked, schema: Recipe});
  let last;
  for await (const partial of streamed.partialObjectStream) last = partial;
  Recipe.parse(last);
}

cell('chat', () => each(models, talks));
cell('stream', () => each(models, streams));
cell('tools', () => each(models, calls));
cell('schema', () => each(models, shapes));
cell('embed', async () => {
  const embedders = [openai.embedding(MODEL), compatible.embeddingModel(MODEL)];
  if (ollama) embedders.push(ollama.embeddingModel(MODEL));
  for (const model of embedders) {
    isVector((await embed({model, value: 'sunny day at the beach', maxRetries: 0})).embedding, 'beach');
    isVector((await embedMany({model, values: ['a', 'b'], maxRetries: 0})).embeddings[1], 'b');
  }
});
cell('responses', async () => {
  for (const check of [talks, streams, calls, shapes]) await each(responses, check);
});

await run();
