// The tokens that llama.cpp finds likeliest, one after the other, behind each of several prompts.
//
//   node llama_greedy.mjs --model F.gguf --prompts FILE --generate N --out OUT [--threads 2] [--cpu haswell]
//
// A line of FILE is the token ids of a prompt, the same line of OUT the N that follow it, the end of a text or not.
import fs from "node:fs";
import {parseArgs} from "node:util";
import {decode, open_sequence} from "../peers/llama.mjs";

const {values: options} = parseArgs({
  options: {
    "model": {type: "string"},
    "prompts": {type: "string"},
    "generate": {type: "string"},
    "out": {type: "string"},
    "threads": {type: "string", default: "2"},
    "cpu": {type: "string", default: ""},
  },
});

async function main() {
  const count = Number(options.generate);
  const lines = fs.readFileSync(options.prompts, "utf8").trim().split("\n");
  const prompts = lines.map((line) => line.split(" ").map(Number));
  const {llama, native, sampler} = await open_sequence({
    file: options.model, length: Math.max(...prompts.map((prompt) => prompt.length)) + count,
    threads: Number(options.threads), cpu: options.cpu,
  });
  const answers = [];
  for (const prompt of prompts) {
    native.disposeSequence(0);
    const found = [];
    let rows = prompt.map((token, position) => ({sequence: 0, position, token, logits: position === prompt.length - 1}));
    while (found.length < count) {
      await decode(native, rows, async (_, places) => found.push(await native.sampleToken(places[0], sampler)));
      rows = [{sequence: 0, position: prompt.length + found.length - 1, token: found.at(-1), logits: true}];
    }
    answers.push(found.join(" "));
  }
  fs.writeFileSync(options.out, answers.join("\n") + "\n");
  await llama.dispose();
}

main().catch((error) => {
  console.error(`llama_greedy.mjs: ${error.message}`);
  process.exit(1);
});
