// How long llama.cpp takes for vectors of texts: {"seconds"}.
//   node llama_cpp.mjs MODEL.gguf IDS.json THREADS
// IDS is an array of arrays of token ids. As many texts as have 512 rows together are one call, a sequence each.
import fs from "node:fs";
import {decode, open_llama, step_rows_max} from "../peers/llama.mjs";

const [modelPath, list, threads] = process.argv.slice(2);

async function main() {
  const texts = JSON.parse(fs.readFileSync(list));
  const longest = Math.max(...texts.map((tokens) => tokens.length));
  const together = Math.floor(step_rows_max / longest);
  const {llama} = await open_llama({threads: Number(threads)});
  const model = await llama.loadModel({modelPath, gpuLayers: 0});
  const context = await model.createContext({
    sequences: together, contextSize: longest, batchSize: step_rows_max, threads: Number(threads), _embeddings: true,
    failedCreationRemedy: false,
  });
  const native = context._ctx;
  const compute = (some) => decode(native, some.flatMap((tokens, sequence) =>
    tokens.map((token, position) => ({sequence, position, token, logits: true}))));
  await compute(texts.slice(0, together));  // page faults and thread start are not what is measured
  const begin = process.hrtime.bigint();
  for (let at = 0; at < texts.length; at += together) await compute(texts.slice(at, at + together));
  console.log(JSON.stringify({seconds: Number(process.hrtime.bigint() - begin) / 1e9}));
  await context.dispose();
  await model.dispose();
  await llama.dispose();
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
