// npm: langchain@1.5.14 @langchain/core@1.4.0 @langchain/openai@1.5.8 @langchain/ollama@1.3.0 @langchain/anthropic@1.5.11 zod@4.6.7
import assert from 'node:assert/strict';

import {ChatAnthropic} from '@langchain/anthropic';
import {ChatOllama, OllamaEmbeddings} from '@langchain/ollama';
import {ChatOpenAI, OpenAIEmbeddings} from '@langchain/openai';
import {createAgent, tool} from 'langchain';
import {z} from 'zod';

import {cell, isSaid, isStreamed, isVector, KEY, MODEL, run, texts, URL} from './cells.mjs';

const configuration = {baseURL: `${URL}/v1`};
const models = {
  openai: new ChatOpenAI({model: MODEL, apiKey: KEY, configuration, maxRetries: 0}),
  ollama: new ChatOllama({model: MODEL, baseUrl: URL, maxRetries: 0}),
  anthropic: new ChatAnthropic({model: MODEL, apiKey: KEY, anthropicApiUrl: URL, maxRetries: 0}),
};
const responding = new ChatOpenAI({model: MODEL, apiKey: KEY, configuration, maxRetries: 0, useResponsesApi: true});
const Joke = z.object({setup: z.string(), punchline: z.string(), rating: z.number().nullable()});
const weather = tool(({city}) => `It's always sunny in ${city}!`, {name: 'get_weather', description: 'The weather',
  schema: z.object({city: z.string()})});

async function each(among, check) {
  for (const [name, model] of Object.entries(among)) {
    try {
      await check(model);
    } catch (error) {
      error.message = `${name}: ${error.message}`;
      throw error;
    }
  }
}

const talks = async (model) => {
  const answer = await model.invoke([['system', 'You translate.'], ['human', 'I love programming.']]);
  isSaid(answer.text);
  assert.ok(answer.usage_metadata.output_tokens > 1);
};
const streams = async (model) => isStreamed(texts(await model.stream('Write me a poem'), (chunk) => chunk.text));
const calls = async (model) => {
  assert.ok((await model.bindTools([weather]).invoke('How is the weather?')).tool_calls.length);
  const agent = createAgent({model, tools: [weather]});
  const {messages} = await agent.invoke({messages: [{role: 'user', content: 'What is it in Tokyo?'}]});
  isSaid(messages.at(-1).text);
};
const shapes = async (model) => Joke.parse(await model.withStructuredOutput(Joke, {name: 'joke'}).invoke('A joke'));

cell('chat', () => each(models, talks));
cell('stream', () => each(models, streams));
cell('tools', () => each(models, calls));
cell('schema', () => each(models, shapes));
cell('embed', async () => {
  isVector(await new OpenAIEmbeddings({model: MODEL, apiKey: KEY, configuration, maxRetries: 0}).embedQuery('hello'), 'hello');
  isVector((await new OllamaEmbeddings({model: MODEL, baseUrl: URL, maxRetries: 0}).embedDocuments(['a', 'b']))[1], 'b');
});
cell('responses', async () => {
  for (const check of [talks, streams, calls, shapes]) await each({responding}, check);
});

await run();
