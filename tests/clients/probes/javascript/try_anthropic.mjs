// npm: @anthropic-ai/sdk@1.14.0 zod@4.6.7
import assert from 'node:assert/strict';

import Anthropic from '@anthropic-ai/sdk';
import {betaZodTool} from '@anthropic-ai/sdk/helpers/beta/zod';
import {zodOutputFormat} from '@anthropic-ai/sdk/helpers/zod';
import {z} from 'zod';

import {cell, isSaid, isStreamed, isWeather, KEY, MODEL, run, texts, URL, WEATHER} from './cells.mjs';

const client = new Anthropic({baseURL: URL, apiKey: KEY, maxRetries: 0});
const asked = {model: MODEL, max_tokens: 1024, messages: [{role: 'user', content: 'Hello, Claude'}]};

cell('chat', async () => {
  const message = await client.messages.create(asked);
  isSaid(message.content[0].text);
  assert.equal(message.stop_reason, 'end_turn');
});

cell('stream', async () => {
  await isStreamed(texts(await client.messages.create({...asked, stream: true}), (event) => event.delta?.text));
  isSaid(await client.messages.stream(asked).finalText());
});

cell('tools', async () => {
  const tools = [{name: 'get_weather', description: 'Weather', input_schema: WEATHER}];
  const message = await client.messages.create({...asked, tools});
  const uses = message.content.filter((block) => block.type === 'tool_use');
  assert.ok(uses.length);
  uses.forEach((use) => isWeather(use.input));
  const content = uses.map((use) => ({type: 'tool_result', tool_use_id: use.id, content: '14'}));
  const answer = await client.messages.create({...asked, tools, messages: [...asked.messages,
    {role: 'assistant', content: message.content}, {role: 'user', content}]});
  isSaid(answer.content[0].text);
});

cell('tools', async () => {
  let called = 0;
  const tool = betaZodTool({name: 'get_weather', inputSchema: z.object({location: z.string()}), description: 'Weather',
    run: () => `14 ${++called}`});
  const message = await client.beta.messages.toolRunner({...asked, tools: [tool]});
  isSaid(message.content[0].text);
  assert.ok(called > 0);
});

cell('schema', async () => {
  const Contact = z.object({name: z.string(), email: z.string()});
  const message = await client.messages.parse({...asked, output_config: {format: zodOutputFormat(Contact)}});
  Contact.parse(message.parsed_output);
});

await run();
