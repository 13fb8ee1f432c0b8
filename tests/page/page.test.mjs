// A browser looks at the live page of a real server: QUIRE_PAGE_PROGRAM serves QUIRE_PAGE_MODEL, QUIRE_PAGE_BROWSER
// looks, and QUIRE_PAGE_SCREENSHOTS is the folder that keeps what it saw.
import assert from 'node:assert/strict';
import {mkdirSync} from 'node:fs';
import {after, before, test} from 'node:test';

import {chromium} from 'playwright-core';

import {Served} from './served.mjs';

const pictures = process.env.QUIRE_PAGE_SCREENSHOTS;
const served = new Served();
let browser, page;
let serverIsAway = false;
const complaints = [];  // what the browser's console says
const strangers = [];   // requests to anybody else

// A page that is watched.
async function watchedPage(url, options = {}) {
  const opened = await browser.newPage({viewport: {width: 1280, height: 800}, ...options});
  opened.setDefaultTimeout(60_000);  // others may be building on this machine
  opened.on('console', (message) => {
    const refused = serverIsAway && /ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !refused) complaints.push(message.text());
  });
  opened.on('pageerror', (error) => complaints.push(String(error)));
  opened.on('request', (request) => {
    if (!request.url().startsWith('http://127.0.0.1:')) strangers.push(request.url());
  });
  await opened.goto(url);
  return opened;
}

const picture = (name) => page.screenshot({path: `${pictures}/${name}.png`, fullPage: true});
const rows = (list) => page.locator(`#${list}-rows [role=option]`);
const text = (selector) => page.locator(selector).textContent();
// Until `claim`, which runs in the page, holds.
const until = (claim, argument) => page.waitForFunction(claim, argument, {polling: 100});
const untilText = (selector, expected) => until(
  ([where, source]) => new RegExp(source).test(document.querySelector(where)?.textContent ?? ''),
  [selector, expected.source]);

async function send(fields) {
  for (const [name, value] of Object.entries(fields)) {
    const field = page.locator(`#ask-${name}`);
    if (await field.evaluate((element) => element.tagName === 'SELECT')) await field.selectOption(value);
    else await field.fill(value);
  }
  await page.click('#ask-send');
  await untilText('#ask-status', /took/);
  return page.locator('#answers pre').allTextContents();
}

// How much of a processor the page's own thread uses: of its time, not of the clock's, so a busy machine does not count.
async function processorShare() {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', {timeDomain: 'threadTicks'});
  const used = async () => Object.fromEntries((await devtools.send('Performance.getMetrics')).metrics
    .map(({name, value}) => [name, value])).TaskDuration;
  const [begin, usedBefore] = [performance.now(), await used()];
  for (let reports = 0; reports < 4; ++reports) await page.waitForResponse(/\/api\/live/);
  const share = (await used() - usedBefore) * 1000 / (performance.now() - begin);
  console.log(`with 1,000 queued the page's thread uses ${(share * 100).toFixed(1)} % of a processor`);
  await devtools.detach();
  return share;
}

// 1,000 sequences that wait for two places, of 40 requests in three bands.
let crowd = [];
function crowdIn() {
  crowd = Array.from({length: 40}, (_, index) => served.ask(
    {n: 25, max_tokens: 200, user: `user${index % 5}`, priority: 2 + index % 3, seed: index}, `crowd-${index}`));
}
async function crowdOut() {
  for (const asked of crowd) asked.end();
  crowd = [];
  await untilText('#queue-empty', /Nobody waits/);
}

before(async () => {
  mkdirSync(pictures, {recursive: true});
  await served.start({QUIRE_NUM_PARALLEL: '2'});
  browser = await chromium.launch({executablePath: process.env.QUIRE_PAGE_BROWSER, args: ['--no-sandbox']});
  page = await watchedPage(`${served.url}/ui`);
});

after(async () => {
  await browser?.close();
  await served.end();
});

test('says what to do while nothing is loaded', async () => {
  await untilText('#link', /^live$/);
  assert.equal(page.url(), `${served.url}/ui/`);
  assert.match(await text('#lanes-empty'), /Send a prompt below/);
  assert.match(await text('#queue-empty'), /Nobody waits/);
  assert.match(await text('#models-empty'), /No model is in memory/);
  assert.match(await text('#curve-empty'), /no model is loaded/);
  assert.equal(await text('#now-running-of'), 'no model loaded');
  await until(() => document.getElementById('ask-model').value === 'tiny:latest');
  await picture('empty');
});

test('streams equal answers side by side for equal draws, and others for others', async () => {
  const equal = await send({count: '4', tokens: '40', temperature: '0', seed: '7', draws: 'same'});
  assert.equal(equal.length, 4);
  assert.ok(equal[0].length > 40, equal[0]);
  assert.deepEqual(new Set(equal).size, 1);
  await untilText('#answers article:last-child', /length|stop/);
  assert.match(await text('#answers article:last-child'), /40 tokens/);
  const others = await send({count: '3', tokens: '40', temperature: '1', seed: '7', draws: 'differ'});
  assert.equal(new Set(others).size, 3);
  const again = await send({count: '3'});
  assert.deepEqual(again, others);
  const chat = await send({count: '2', mode: 'chat', temperature: '0', prompt: 'What is two plus two?'});
  assert.equal(new Set(chat).size, 1);
  assert.ok(chat[0].length > 0);
  await send({mode: 'text', prompt: 'Once upon a time'});
});

test('shows contexts that appear, go on and end', async () => {
  const asked = Array.from({length: 12}, (_, index) => served.ask({prompt: `Tom had ${index}`, seed: 1}, `story-${index}`));
  // One or two: the controller may find that one alone does as well.
  await until(() => document.querySelectorAll('#lane-rows .dot.decode').length > 0 &&
    /now .*decode/.test(document.getElementById('lane-canvas').ariaLabel));
  const tokensOf = () => page.evaluate(() => [...document.querySelectorAll('#lane-rows [role=option]')]
    .filter((row) => row.querySelector('.dot.decode')).map((row) => Number(row.querySelector('.tokens').textContent.replace(',', ''))));
  const before = await tokensOf();
  await until((most) => [...document.querySelectorAll('#lane-rows .tokens')]
    .some((tokens) => Number(tokens.textContent.replace(',', '')) > most), Math.max(0, ...before));
  const answers = await Promise.all(asked.map((one) => one.done));
  assert.ok(answers.every((answer) => answer.status === 200));
  await until(() => [...document.querySelectorAll('#ended-rows .gone')].filter((row) =>
    /^story-\d/.test(row.textContent) && row.querySelector('.how').textContent === 'length').length >= 6);
  await until(() => document.querySelectorAll('#lane-rows .dot.decode').length === 0);
  // The lanes were painted: more than one colour is on the canvas.
  assert.ok(await page.evaluate(() => {
    const canvas = document.getElementById('lane-canvas');
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  }) > 4);
  assert.match(await text('#model-list'), /used.*shared.*parked.*evictable.*free/);
  assert.match(await page.locator('.memory').getAttribute('aria-label'), /evictable \d/);
});

test('shows a queue of a thousand with places and reasons, and draws only what is seen', async () => {
  crowdIn();
  await until(() => Number(document.getElementById('now-waiting').textContent.replace(',', '')) > 950);
  assert.equal(await rows('queue').first().locator('.place').textContent(), '1');
  await until(() => document.querySelector('#queue-rows .why').textContent === 'a context');
  assert.match(await rows('queue').nth(3).locator('.why').textContent(), /^(its turn|fairness)$/);
  assert.ok(await rows('queue').count() < 60);
  await page.focus('#queue-rows');
  await page.keyboard.press('End');
  await until(() => {
    const row = document.querySelector('#queue-rows [aria-selected=true]');
    return row !== null && Number(row.querySelector('.place').textContent) > 900;
  });
  assert.equal(await page.locator('#queue-rows [aria-selected=true] .why').textContent(), 'urgent ones');
  assert.ok(await rows('queue').count() < 60);
  await until(() => document.querySelector('#queue-rows .start').textContent !== '–');
  await picture('thousand');
  assert.ok(await processorShare() < 0.5);
});

test('opens a request with all that is known of it but its text', async () => {
  await page.keyboard.press('Enter');
  await page.locator('#detail[open]').waitFor();
  const facts = await text('#detail-facts');
  for (const fact of ['tiny:latest', 'user:user', 'band', 'place in the queue', 'waiting', 'arrived', 'waited', 'prompt']) {
    assert.ok(facts.includes(fact), fact);
  }
  assert.match(await text('#detail-title'), /Request crowd-\d/);
  assert.match(await text('#detail-why'), /more urgent band go first/);
  assert.ok(await page.locator('#detail-text').isHidden());
  await page.screenshot({path: `${pictures}/request.png`});
  await page.keyboard.press('Escape');
  await page.locator('#detail').waitFor({state: 'hidden'});
  assert.equal(await page.evaluate(() => document.activeElement.id), 'queue-rows');
});

test('cancels a request by keyboard after a question, and its client is told', async () => {
  await page.keyboard.press('Home');
  const victim = served.ask({priority: 7, user: 'victim'}, 'victim');
  await page.keyboard.press('End');
  await until(() => /victim/.test(document.querySelector('#queue-rows [aria-selected=true]')?.textContent ?? '') ||
    void document.getElementById('queue-rows').dispatchEvent(new KeyboardEvent('keydown', {key: 'End', bubbles: true})));
  await page.keyboard.press('Delete');
  await page.locator('#detail-confirm').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'detail-no');  // Enter by mistake ends nothing
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'detail-cancel');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  const {status, text: said} = await victim.done;
  assert.ok(status === 499 || said.includes('cancelled'), `${status} ${said}`);
  await untilText('#detail-status', /Cancelled/);
  await untilText('#detail-facts', /statecancelled/);
  await page.keyboard.press('Escape');
});

test('can be walked through with the Tab key, and shows where one is', async () => {
  await page.evaluate(() => document.querySelector('.skip').focus());
  const stops = [];
  for (let i = 0; i < 32; ++i) {
    if (i > 0) await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const active = document.activeElement;
      const {outlineStyle, outlineWidth} = getComputedStyle(active);
      return {name: active.id || active.textContent.trim(), seen: outlineStyle !== 'none' && outlineWidth !== '0px'};
    });
    stops.push(stop);
    if (stop.name === 'ask-send') break;
  }
  const names = stops.map((stop) => stop.name);
  const expected = ['To the contexts', 'To the queue', 'To the prompt', 'theme', 'lanes-window', 'lane-rows', 'ended-rows',
    'queue-rows', 'ask-prompt',
    'ask-model', 'ask-count', 'ask-tokens', 'ask-temperature', 'ask-seed', 'ask-mode', 'ask-draws', 'ask-send'];
  assert.deepEqual(names, expected);
  assert.deepEqual(stops.filter((stop) => !stop.seen), []);
  // What a screen reader is told: names for all that can be used.
  const nameless = await page.evaluate(() => [...document.querySelectorAll('button, input, select, textarea, [role=listbox], canvas')]
    .filter((element) => !(element.ariaLabel || element.labels?.length || element.textContent.trim())).map((element) => element.outerHTML));
  assert.deepEqual(nameless, []);
});

test('fits a phone and is dark where that is wanted', async () => {
  await page.setViewportSize({width: 360, height: 740});
  assert.equal(await page.evaluate(() => document.scrollingElement.scrollWidth), 360);
  await picture('phone');
  await page.emulateMedia({colorScheme: 'dark', reducedMotion: 'reduce'});
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await paper();
  assert.ok(Math.max(...dark.match(/\d+/g).slice(0, 3).map(Number)) < 60, dark);
  await page.click('#theme');  // light, whatever the system says
  assert.notEqual(await paper(), dark);
  await page.click('#theme');  // dark
  assert.equal(await paper(), dark);
  await page.setViewportSize({width: 1280, height: 800});
  await picture('dark');
  await page.emulateMedia({colorScheme: 'light', reducedMotion: 'no-preference'});
  await page.click('#theme');
  assert.equal(await text('#theme'), 'theme: auto');
  await crowdOut();
});

test('says that the server is away, and finds it again', async () => {
  serverIsAway = true;
  await served.stop();
  await untilText('#banner', /does not answer/);
  assert.equal(await text('#link'), 'not connected');
  await picture('lost');
  await page.click('#banner button');  // tries, in vain
  await served.start({QUIRE_NUM_PARALLEL: '2'});
  await page.locator('#banner').waitFor({state: 'hidden'});
  serverIsAway = false;
  assert.equal(await text('#link'), 'live');
  assert.match(await text('#models-empty'), /No model is in memory/);
  assert.equal((await send({count: '1', tokens: '20'})).length, 1);
});

test('says what to do where there is no model at all', async () => {
  const bare = new Served({model: false});
  await bare.start();
  const other = await watchedPage(`${bare.url}/ui/`);
  await other.waitForFunction(() => /has no model/.test(document.getElementById('ask-status').textContent));
  assert.ok(await other.locator('#ask-send').isDisabled());
  await other.close();
  await bare.end();
});

test('never complains in the console, and never asks anybody else', () => {
  assert.deepEqual(complaints, []);
  assert.deepEqual(strangers, []);
});
