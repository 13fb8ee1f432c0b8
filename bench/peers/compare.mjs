// Runs quire and llama.cpp in turn on the same files and machine, and prints the medians and their ratios as a
// markdown table. Turn by turn, because the speed of a shared machine drifts: figures of one run compare, those of two
// do not.
import {execFileSync} from "node:child_process";
import os from "node:os";
import path from "node:path";
import {fileURLToPath} from "node:url";
import {parseArgs} from "node:util";

const here = path.dirname(fileURLToPath(import.meta.url));
const {values: options} = parseArgs({
  options: {
    "model": {type: "string", multiple: true},
    "case": {type: "string", multiple: true},
    "prompt": {type: "string", default: "128"},
    "generate": {type: "string", default: "32"},
    "parallel": {type: "string", default: "1,8,32"},
    "runs": {type: "string", default: "5"},
    "threads": {type: "string", default: "2"},
    "isa": {type: "string", default: "best"},
    "quire": {type: "string", default: path.join(here, "../../build/release/quire")},
  },
});

// Which of llama.cpp's libraries a machine without more than that quire table would load.
const cpu_of_isa = {best: "", avx2: "haswell", avx2_vnni: "alderlake", avx512: "skylakex", avx512_vnni: "icelake",
                    avx512_bf16: "zen4"};

const usage = `usage: compare --model F.gguf... [--prompt 128] [--generate 32] [--parallel 1,8,32] [--runs 5]
               [--threads 2] [--isa ${Object.keys(cpu_of_isa).join("|")}] [--case PROMPT:GENERATE:PARALLEL...]
--model and --case may be repeated; a case stands for the three options before it, and one that generates a single
token measures its prompt alone.`;
const cpu = cpu_of_isa[options.isa];
const cases = (options.case ?? [`${options.prompt}:${options.generate}:${options.parallel}`])
  .map((text) => text.match(/^(?<prompt>\d+):(?<generate>\d+):(?<parallel>\d+(,\d+)*)$/)?.groups);
if (options.model === undefined || cpu === undefined || cases.includes(undefined)) {
  console.error(usage);
  process.exit(2);
}

const quire_environment = options.isa === "best" ? {} : {QUIRE_ISA: options.isa};
const llama_cpp = [path.join(here, "llama_cpp.mjs"), "--threads", options.threads, "--cpu", cpu];

const output_of = (program, args, environment = {}) => execFileSync(program, args, {
  encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], env: {...process.env, ...environment},
}).trim();
const lines_of = (...command) => output_of(...command).split("\n").map((line) => JSON.parse(line));

const peers = {
  "quire": (args) =>
    lines_of(options.quire, ["bench", "batch", "--threads", options.threads, "--format", "jsonl", ...args],
             quire_environment),
  "llama.cpp": (args) => lines_of(process.execPath, [...llama_cpp, ...args]),
};

// measured[model][case][run][peer]: lines of one peer, one a number of contexts.
function measure() {
  const measured = options.model.map(() => cases.map(() => []));
  for (let run = 0; run < Number(options.runs); ++run) {
    // Who comes first changes, so that a drift favours nobody.
    const order = run % 2 === 0 ? Object.keys(peers) : Object.keys(peers).reverse();
    for (const [m, model] of options.model.entries()) {
      for (const [c, {prompt, generate, parallel}] of cases.entries()) {
        console.error(`run ${run + 1} of ${options.runs}: ${model}, ${prompt}:${generate}:${parallel}`);
        const args = ["--model", model, "--prompt", prompt, "--generate", generate, "--parallel", parallel];
        measured[m][c].push(Object.fromEntries(order.map((name) => [name, peers[name](args)])));
      }
    }
  }
  return measured;
}

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

// The ratio is the median of the runs' own ratios, whose two sides were measured one after the other.
function table_row(model, what, {prompt}, parallel, runs, key) {
  const speeds = Object.keys(peers).map((name) =>
    runs.map((run) => run[name].find((line) => line.pl === parallel)[key]));
  const ratios = runs.map((_, run) => speeds[0][run] / speeds[1][run]);
  const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  return [path.basename(model, ".gguf"), prompt, parallel, what, ...speeds.map((all) => median(all).toFixed(1)),
          median(ratios).toFixed(2), range];
}

function main() {
  const about = output_of(process.execPath, [...llama_cpp, "--about"]);
  const commit = output_of("git", ["-C", here, "describe", "--always", "--dirty"]);
  const measured = measure();
  console.log(`${os.cpus()[0].model}, \`--threads ${options.threads} --isa ${options.isa}\`, commit \`${commit}\`; ` +
              `medians of ${options.runs} runs in turn.\n${about}\n`);
  const print = (cells) => console.log(`| ${cells.join(" | ")} |`);
  const head = ["model", "prompt", "contexts", "", "quire tokens/s", "llama.cpp tokens/s", "ratio", "range"];
  print(head);
  print(head.map(() => "---"));
  for (const [m, model] of options.model.entries()) {
    for (const [c, of_case] of cases.entries()) {
      for (const parallel of of_case.parallel.split(",").map(Number)) {
        print(table_row(model, "prompt", of_case, parallel, measured[m][c], "speed_pp"));
        if (of_case.generate === "1") continue;
        print(table_row(model, "decode", of_case, parallel, measured[m][c], "speed_tg"));
      }
    }
  }
}

main();
