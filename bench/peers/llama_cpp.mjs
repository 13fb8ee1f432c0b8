// llama.cpp, as npm's node-llama-cpp carries it built, measured as `quire bench batch` measures quire: prompts of P
// tokens are computed for N sequences, then G tokens for each, one step a token. One JSON line for each N, with
// llama-batched-bench's keys: pp tg pl n_kv t_pp speed_pp t_tg speed_tg t speed. Nothing is sampled.
//
//   node llama_cpp.mjs --model F.gguf [--prompt 128] [--generate 32] [--parallel 1,8,32] [--threads 2]
//                      [--flash-attention auto|on|off] [--cpu haswell]
//   node llama_cpp.mjs --about [--cpu haswell]
import {parseArgs} from "node:util";
import {decode, open_llama, step_rows_max} from "./llama.mjs";

const {values: options} = parseArgs({
  options: {
    "model": {type: "string"},
    "prompt": {type: "string", default: "128"},
    "generate": {type: "string", default: "32"},
    "parallel": {type: "string", default: "1,8,32"},
    "threads": {type: "string", default: "2"},
    "flash-attention": {type: "string", default: "auto"},
    "cpu": {type: "string", default: ""},
    "about": {type: "boolean", default: false},
  },
});

const number = (name) => {
  const value = Number(options[name]);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name}: '${options[name]}' is not a count`);
  return value;
};

// Any tokens cost the same; these depend on the place alone, so that runs are alike. Low ids are left out: control
// tokens and bytes are there.
const token_at = (sequence, position, vocab) =>
  300 + ((sequence * 7919 + position * 104729) % Math.max(1, vocab - 300));

const seconds_since = (begin) => Number(process.hrtime.bigint() - begin) / 1e9;

async function measure(model, vocab, {prompt, generate, parallel, threads, flashAttention}) {
  const length = prompt + generate;
  const context = await model.createContext({
    sequences: parallel, contextSize: Math.max(256, length + 8), batchSize: step_rows_max, threads, flashAttention,
    failedCreationRemedy: false,
  });
  const native = context._ctx;
  const sequences = Array.from({length: parallel}, (_, index) => index);
  const row = (sequence, position, logits) =>
    ({sequence, position, token: token_at(sequence, position, vocab), logits});

  await decode(native, [row(0, 0, true)]);  // page faults and thread start are not what is measured
  native.disposeSequence(0);

  let begin = process.hrtime.bigint();
  await decode(native, sequences.flatMap((sequence) =>
    Array.from({length: prompt}, (_, position) => row(sequence, position, position + 1 === prompt))));
  const t_pp = seconds_since(begin);

  begin = process.hrtime.bigint();
  for (let step = 0; step < generate; ++step) {
    await decode(native, sequences.map((sequence) => row(sequence, prompt + step, true)));
  }
  const t_tg = seconds_since(begin);
  const threads_used = native.getThreads();
  await context.dispose();
  if (threads_used !== threads) throw new Error(`llama.cpp ran on ${threads_used} threads, not ${threads}`);

  const n_kv = parallel * length;
  return {
    pp: prompt, tg: generate, pl: parallel, n_kv,
    t_pp, speed_pp: parallel * prompt / t_pp,
    t_tg, speed_tg: parallel * generate / t_tg,
    t: t_pp + t_tg, speed: n_kv / (t_pp + t_tg),
  };
}

async function main() {
  const threads = number("threads");
  const {llama, about} = await open_llama({threads, cpu: options.cpu});
  if (options.about) {
    console.log(about);
    return llama.dispose();
  }
  if (options.model === undefined) throw new Error("--model F.gguf is needed");
  const flash = {auto: "auto", on: true, off: false}[options["flash-attention"]];
  if (flash === undefined) throw new Error("--flash-attention is auto, on or off");
  const model = await llama.loadModel({modelPath: options.model, gpuLayers: 0});
  const vocab = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
  for (const text of options.parallel.split(",")) {
    const line = await measure(model, vocab, {
      prompt: number("prompt"), generate: number("generate"), parallel: Number(text), threads, flashAttention: flash,
    });
    console.log(JSON.stringify(line));
  }
  await llama.dispose();
}

main().catch((error) => {
  console.error(`llama_cpp.mjs: ${error.message}`);
  process.exit(1);
});
