// What llama.cpp gives for tokens, as float32, with keys and values in float32.
//   node llama_cpp.mjs PEERS/llama.mjs JOBS.json
// A job: {kind: "logits", "pooled" or "rank", model, tokens, out}. Each gets a file `out`, or `out`.error with a message.
import fs from "node:fs";
import path from "node:path";
import {pathToFileURL} from "node:url";

const [peer, list] = process.argv.slice(2);

async function logits({llama, model, decode, tokens}) {
  const context = await model.createContext({
    sequences: 1, contextSize: 256, batchSize: 512, threads: 1, flashAttention: false, failedCreationRemedy: false,
    experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32",
  });
  const native = context._ctx;
  const sampler = new llama._bindings.AddonSampler(model._model);
  sampler.applyConfig({});
  const vocab = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
  const result = new Float32Array(tokens.length * vocab);
  for (const [position, token] of tokens.entries()) {
    await decode(native, [{sequence: 0, position, token, logits: true}], async (rows, places) => {
      const [, , , pairs] = await native.sampleToken(places[0], sampler, false, false, true);
      if (pairs.length !== 2 * vocab) throw new Error(`${pairs.length / 2} logits came, expected ${vocab}`);
      for (let i = 0; i < pairs.length; i += 2) result[position * vocab + pairs[i]] = pairs[i + 1];
    });
  }
  return result;
}

// The vector or rank itself: node-llama-cpp's own contexts for these choose f16, and squash a rank.
async function embedding({model, tokens, ranking}) {
  const context = await model.createContext({
    threads: 1, contextSize: 256, batchSize: 256, flashAttention: false, _embeddings: true, _ranking: ranking,
    experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32",
  });
  const sequence = context.getSequence();
  for await (const _ of sequence.evaluate(tokens, {_noSampling: true})) break;
  return Float32Array.from(context._ctx.getEmbedding(tokens.length));
}

async function main() {
  const {decode, open_llama} = await import(pathToFileURL(path.resolve(peer)));
  const {llama} = await open_llama({threads: 1});
  for (const job of JSON.parse(fs.readFileSync(list))) {
    try {
      const model = await llama.loadModel({modelPath: job.model, gpuLayers: 0});
      const {tokens} = job;
      const result = job.kind === "logits" ? await logits({llama, model, decode, tokens}) :
                                             await embedding({model, tokens, ranking: job.kind === "rank"});
      fs.writeFileSync(job.out, result);
      await model.dispose();
    } catch (error) {
      fs.writeFileSync(`${job.out}.error`, error.message);
    }
  }
  await llama.dispose();
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
