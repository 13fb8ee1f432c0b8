// Pictures of the page for people: node look.mjs FOLDER [readme], with QUIRE_PAGE_PROGRAM and QUIRE_PAGE_MODEL set. The
// page's files are those of the source: nothing needs to be built after a change.
import {mkdirSync} from 'node:fs';
import {setTimeout as wait} from 'node:timers/promises';
import {chromium} from 'playwright-core';
import {Served} from './served.mjs';

const folder = process.argv[2];
mkdirSync(folder, {recursive: true});
const served = new Served();
await served.start({QUIRE_NUM_PARALLEL: process.env.QUIRE_NUM_PARALLEL ?? '32'});
const browser = await chromium.launch({executablePath: process.env.QUIRE_PAGE_BROWSER ?? '/usr/bin/chromium', args: ['--no-sandbox']});
const page = await browser.newPage({viewport: {width: 1440, height: 900}});
page.on('console', (message) => console.log('console', message.type(), message.text()));
page.on('pageerror', (error) => console.log('pageerror', error));
await page.route('**/ui/*', (route) => route.fulfill({
  path: new URL(`../../src/server/page/${new URL(route.request().url()).pathname.slice(4) || 'index.html'}`,
    import.meta.url).pathname,
}));
await page.goto(`${served.url}/ui/`);
const picture = async (name) => {
  await page.screenshot({path: `${folder}/${name}.png`, fullPage: true});
};

// Every state that is worth a look.
async function states() {
  await wait(1500);
  await picture('empty');
  const shared = 'Tom and Anna went to the park. They saw a big red ball near the old tree and a small dog. '.repeat(4);
  for (let i = 0; i < 32; ++i) {
    served.ask({prompt: i % 3 === 0 ? shared + i : `Once upon a time ${i}`, max_tokens: 300 + 17 * i, user: `user${i % 5}`}, undefined);
    if (i % 4 === 3) await wait(150);
  }
  await wait(2500);
  await picture('busy');
  await page.emulateMedia({colorScheme: 'dark'});
  await wait(600);
  await picture('busy_dark');
  await page.emulateMedia({colorScheme: 'light'});
  for (let i = 0; i < 40; ++i) served.ask({n: 25, max_tokens: 400, user: `user${i % 5}`, priority: 2 + i % 3}, `batch-${i}`);
  await page.fill('#ask-count', '6');
  await page.click('#ask-send');
  await wait(5000);
  await picture('thousand');
  await page.emulateMedia({colorScheme: 'dark'});
  await wait(600);
  await picture('thousand_dark');
  await page.emulateMedia({colorScheme: 'light'});
  await page.setViewportSize({width: 360, height: 740});
  await wait(800);
  await picture('phone');
  await page.focus('#queue-rows');
  await page.keyboard.press('Delete');
  await wait(300);
  await page.screenshot({path: `${folder}/phone_detail.png`});
  await page.keyboard.press('Escape');
  await page.setViewportSize({width: 1440, height: 900});
  await page.focus('#lane-rows');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await wait(600);
  await page.screenshot({path: `${folder}/detail.png`});
  await page.keyboard.press('Escape');
  await served.stop();
  await wait(1500);
  await picture('lost');
}

// The README's picture: some thirty seconds of four people who ask for more than the machine can give at once.
async function readme() {
  const people = ['ann', 'bob', 'carl', 'dora'];
  await page.setViewportSize({width: 1280, height: 860});
  await page.selectOption('#lanes-window', '20');
  await page.fill('#ask-count', '4');
  for (let i = 0; i < 210; ++i) {
    served.ask({prompt: `Once upon a time there were ${i % 9} birds`, max_tokens: 150 + i * 53 % 700,
      n: i % 13 === 0 ? 12 : 1, user: people[i % 4], priority: i % 11 === 0 ? 1 : 3}, `${people[i % 4]}-${i}`);
    await wait(i % 20 < 14 ? 160 : 60);
  }
  await page.click('#ask-send');
  await page.mouse.move(0, 0);
  await page.evaluate(() => window.scrollTo(0, 0));
  await wait(900);
  const {y} = await page.locator('#ask').boundingBox();
  await page.screenshot({path: `${folder}/ui.png`, clip: {x: 0, y: 0, width: 1280, height: y}});
}

await (process.argv[3] === 'readme' ? readme() : states());
await browser.close();
await served.end().catch(() => {});
