// llama.cpp's logits at each position of a sequence of tokens, as (tokens, vocab) float32: once with all of them in one
// prompt, once with a token a step. The token ids are given, so neither side adds one.
//
//   node llama_logits.mjs --model F.gguf --tokens FILE --prompt OUT --generated OUT [--threads 2] [--cpu haswell]
import fs from "node:fs";
import {parseArgs} from "node:util";
import {decode, open_sequence} from "../peers/llama.mjs";

const {values: options} = parseArgs({
  options: {
    "model": {type: "string"},
    "tokens": {type: "string"},
    "prompt": {type: "string"},
    "generated": {type: "string"},
    "threads": {type: "string", default: "2"},
    "cpu": {type: "string", default: ""},
  },
});

// The addon hands out logits where it samples: pairs of token and logit, the likeliest first. The greedy sampler
// leaves them as they are.
async function read_logits(native, sampler, place, row) {
  const [, , , pairs] = await native.sampleToken(place, sampler, false, false, true);
  if (pairs.length !== 2 * row.length) throw new Error(`${pairs.length / 2} logits came, expected ${row.length}`);
  for (let i = 0; i < pairs.length; i += 2) row[pairs[i]] = pairs[i + 1];
}

async function main() {
  const threads = Number(options.threads);
  const tokens = fs.readFileSync(options.tokens, "utf8").trim().split(/\s+/).map(Number);
  const {llama, native, sampler, vocab} = await open_sequence({
    file: options.model, length: tokens.length, threads, cpu: options.cpu,
  });
  const rows = tokens.map((token, position) => ({sequence: 0, position, token, logits: true}));

  for (const [out, calls] of [[options.prompt, [rows]], [options.generated, rows.map((row) => [row])]]) {
    const logits = new Float32Array(rows.length * vocab);
    native.disposeSequence(0);
    for (const call of calls) {
      await decode(native, call, async (computed, places) => {
        for (const [index, {position}] of computed.entries()) {
          await read_logits(native, sampler, places[index], logits.subarray(position * vocab, (position + 1) * vocab));
        }
      });
    }
    fs.writeFileSync(out, logits);
  }
  await llama.dispose();
}

main().catch((error) => {
  console.error(`llama_logits.mjs: ${error.message}`);
  process.exit(1);
});
