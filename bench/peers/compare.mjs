// Runs quire and llama.cpp in turn on the same file and machine, and prints the medians and their ratios.
// Turn by turn, because the speed of a shared machine drifts: figures of one run compare, those of two do not.
import {execFileSync} from "node:child_process";
import path from "node:path";
import {parseArgs} from "node:util";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const {values: options} = parseArgs({
  options: {
    "model": {type: "string"},
    "runs": {type: "string", default: "3"},
    "prompt": {type: "string", default: "128"},
    "generate": {type: "string", default: "32"},
    "parallel": {type: "string", default: "1,8,32"},
    "threads": {type: "string", default: "2"},
    "quire": {type: "string", default: path.join(here, "../../build/release/quire")},
  },
});
if (options.model === undefined) {
  console.error("usage: compare --model F.gguf [--runs 3] [--prompt 128] [--generate 32] [--parallel 1,8,32] " +
                "[--threads 2]");
  process.exit(2);
}

const shared = ["--model", options.model, "--prompt", options.prompt, "--generate", options.generate,
                "--parallel", options.parallel, "--threads", options.threads];
const peers = {
  "quire": [options.quire, ["bench", "batch", ...shared, "--format", "jsonl"]],
  "llama.cpp": [process.execPath, [path.join(here, "llama_cpp.mjs"), ...shared]],
};

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const lines = Object.fromEntries(Object.keys(peers).map((name) => [name, []]));
for (let run = 0; run < Number(options.runs); ++run) {
  for (const [name, [program, args]] of Object.entries(peers)) {
    const about = name === "llama.cpp" && run === 0 ? ["--about"] : [];
    const out = execFileSync(program, [...args, ...about], {encoding: "utf8", stdio: ["ignore", "pipe", "inherit"]});
    lines[name].push(...out.trim().split("\n").map((line) => JSON.parse(line)));
  }
}

console.log("contexts  what     quire t/s  llama.cpp t/s  ratio");
for (const parallel of options.parallel.split(",").map(Number)) {
  for (const [what, key] of [["prompt", "speed_pp"], ["decode", "speed_tg"]]) {
    const [ours, theirs] = Object.keys(peers).map((name) =>
      median(lines[name].filter((line) => line.pl === parallel).map((line) => line[key])));
    console.log(`${String(parallel).padStart(8)}  ${what}  ${ours.toFixed(1).padStart(10)}  ` +
                `${theirs.toFixed(1).padStart(13)}  ${(ours / theirs).toFixed(2).padStart(5)}`);
  }
}
