// A real server with the tiny model, and what the tests ask of it.
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync, symlinkSync} from 'node:fs';
import {request} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';

const program = process.env.QUIRE_PAGE_PROGRAM;
const modelFile = process.env.QUIRE_PAGE_MODEL;

export class Served {
  // With `model`: in a folder of models, so that nothing is loaded before the first request.
  constructor({model = true} = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'quire-page-'));
    if (model) symlinkSync(modelFile, join(this.folder, 'tiny.gguf'));
    this.port = 0;
  }

  async start(settings = {}) {
    const environment = {...process.env, QUIRE_MODELS: this.folder, QUIRE_DRAIN_TIMEOUT: '0s', QUIRE_MAX_QUEUE: '4000',
      ...settings};
    this.process = spawn(program, ['serve', '--port', String(this.port)],
      {env: environment, stdio: ['ignore', 'pipe', 'pipe']});
    this.exited = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.stdout.resume();
    this.port = await new Promise((resolve, reject) => {
      const output = [];
      for (const stream of [this.process.stdout, this.process.stderr]) {
        createInterface({input: stream}).on('line', (line) => {
          output.push(line);
          const listens = line.match(/listens on http:\/\/[^:]+:(\d+)/);
          if (listens) resolve(Number(listens[1]));
        });
      }
      this.process.once('exit', () => reject(new Error(output.join('\n'))));
    });
    this.url = `http://127.0.0.1:${this.port}`;
  }

  async stop() {
    this.process.kill('SIGTERM');
    await this.exited;
  }

  async end() {
    await this.stop();
    rmSync(this.folder, {recursive: true});
  }

  async json(path) {
    return (await fetch(this.url + path)).json();
  }

  // An answer under way: `status` and `text` when it has ended; end() leaves without waiting for it.
  ask(body, id, headers = {}) {
    const asked = {};
    asked.done = new Promise((resolve, reject) => {
      const sent = request(`${this.url}/v1/completions`, {method: 'POST', agent: false,
        headers: {'Content-Type': 'application/json', ...(id ? {'X-Request-Id': id} : {}), ...headers}}, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => { text += part; });
        response.on('end', () => resolve({status: response.statusCode, text})).on('error', reject);
      });
      asked.end = () => sent.destroy();
      sent.on('error', reject).end(JSON.stringify({model: 'tiny', prompt: 'Once upon a time', stream: true,
        ignore_eos: true, max_tokens: 900, ...body}));
    });
    asked.done.catch(() => {});  // its end is often the server's or the test's
    return asked;
  }
}
