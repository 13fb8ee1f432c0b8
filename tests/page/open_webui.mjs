// What a person does in Open WebUI, for tools/peers/open_webui: types a message, and sees it answered. QUIRE_WEBUI_URL is
// its page, QUIRE_PICTURES the folder that keeps what was seen.
import assert from 'node:assert/strict';
import {mkdirSync} from 'node:fs';

import {chromium} from 'playwright-core';

const url = process.env.QUIRE_WEBUI_URL;
const pictures = process.env.QUIRE_PICTURES;
mkdirSync(pictures, {recursive: true});
const browser = await chromium.launch({executablePath: process.env.QUIRE_PAGE_BROWSER ?? '/usr/bin/chromium', args: ['--no-sandbox']});
const page = await browser.newPage({viewport: {width: 1280, height: 860}});
page.setDefaultTimeout(120_000);
const picture = (name) => page.screenshot({path: `${pictures}/${name}.png`});

try {
  await page.goto(`${url}/?models=caller:latest`);
  const input = page.locator('#chat-input');
  await input.waitFor();
  // News of the version stand before everything else.
  const welcome = page.getByRole('button', {name: /okay, let's go/i});
  if (await welcome.waitFor({timeout: 10_000}).then(() => true, () => false)) await welcome.click();
  await input.click();
  await page.keyboard.type('Hello, who are you?');
  await picture('typed');
  await page.keyboard.press('Enter');
  const answer = page.locator('.chat-assistant');
  await answer.filter({hasText: 'Hello from a table.'}).first().waitFor();
  // It offers tools of its own with each message: one was called, and its result answered.
  await page.locator('.chat-assistant').getByText(/View Result from/).first().waitFor();
  await picture('answered');
  await input.click();
  await page.keyboard.type('And again?');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => [...document.querySelectorAll('.chat-assistant')]
    .filter((one) => one.textContent.includes('Hello from a table.')).length >= 2);
  await picture('again');
  console.log('a typed message is answered by way of a tool, and a second one');

  // Its page has no field for a schema; its own API, which extensions use, has.
  const schema = {type: 'object', properties: {city: {type: 'string'}, degrees: {type: 'integer'}},
    required: ['city', 'degrees'], additionalProperties: false};
  const shaped = await page.evaluate(async (form) => {
    const answer = await fetch('/api/chat/completions', {method: 'POST',
      headers: {'Authorization': `Bearer ${localStorage.token}`, 'Content-Type': 'application/json'},
      body: JSON.stringify({model: 'caller:latest', stream: false, messages: [{role: 'user', content: 'How warm is it?'}],
        response_format: {type: 'json_schema', json_schema: {name: 'weather', schema: form}}})});
    return answer.text();
  }, schema);
  const value = JSON.parse(JSON.parse(shaped).choices[0].message.content);
  assert.deepEqual([typeof value.city, Number.isInteger(value.degrees)], ['string', true], shaped);
  console.log('an answer keeps to a schema');

  // A document is cut and given vectors, and found again by the vector of a question. Of the model of these tries a vector
  // is what the last character says: a question that ends as the document does is nearest.
  const [near, far] = await page.evaluate(async () => {
    const ask = async (path, options = {}) => {
      const answer = await fetch(path, {...options, headers: {'Authorization': `Bearer ${localStorage.token}`, ...options.headers}});
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    };
    const body = new FormData();
    body.append('file', new File(['The sky is blue'], 'sky.txt', {type: 'text/plain'}));
    const {id} = await ask('/api/v1/files/?process=true&process_in_background=false', {method: 'POST', body});
    const found = (query) => ask('/api/v1/retrieval/query/doc', {method: 'POST', headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({collection_name: `file-${id}`, query, k: 1})});
    return [await found('Is it true'), await found('Why')];
  });
  assert.deepEqual(near.documents, [['The sky is blue']]);
  assert.ok(near.distances[0][0] > far.distances[0][0], JSON.stringify([near, far]));
  console.log('a document is found by the vectors of its text');
} catch (error) {
  await picture('failed');
  assert.fail(error);
} finally {
  await browser.close();
}
