// npm: @openai/agents@0.20.0 zod@4.6.7
import assert from 'node:assert/strict';

import {Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, run as runAgent, setTracingDisabled, tool} from '@openai/agents';
import {OpenAI} from 'openai';
import {z} from 'zod';

import {cell, isSaid, isStreamed, KEY, MODEL, run, URL} from './cells.mjs';

setTracingDisabled(true);
const client = new OpenAI({baseURL: `${URL}/v1`, apiKey: KEY, maxRetries: 0});
const chatting = new OpenAIChatCompletionsModel(client, MODEL);
const responding = new OpenAIResponsesModel(client, MODEL);
const weather = tool({name: 'get_weather', description: 'The weather of a city', parameters: z.object({city: z.string()}),
  execute: async ({city}) => `The weather in ${city} is sunny`});
const Event = z.object({name: z.string(), participants: z.array(z.string())});

const talks = async (model) => isSaid((await runAgent(new Agent({name: 'A', instructions: 'Help.', model}), 'Hi')).finalOutput);
const streams = async (model) => {
  const stream = await runAgent(new Agent({name: 'A', instructions: 'Help.', model}), 'Tell me a story', {stream: true});
  await isStreamed(stream.toTextStream());
};
const calls = async (model) => {
  const result = await runAgent(new Agent({name: 'A', model, tools: [weather]}), 'What is the weather in Tokyo?');
  isSaid(result.finalOutput);
  assert.ok(result.newItems.some((item) => item.type === 'tool_call_output_item'));
};
const hands = async (model) => {
  const agent = Agent.create({name: 'Triage', model, handoffs: [new Agent({name: 'Data', model, handoffDescription: 'data'})]});
  assert.equal((await runAgent(agent, 'Hello')).lastAgent.name, 'Data');
};
const shapes = async (model) =>
  Event.parse((await runAgent(new Agent({name: 'E', model, outputType: Event}), 'Dinner')).finalOutput);

cell('chat', () => talks(chatting));
cell('stream', () => streams(chatting));
cell('tools', async () => {
  await calls(chatting);
  await hands(chatting);
});
cell('schema', async () => {
  await shapes(chatting);
});
cell('responses', async () => {
  for (const check of [talks, streams, calls, hands, shapes]) await check(responding);
});

await run();
