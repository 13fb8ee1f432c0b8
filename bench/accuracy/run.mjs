// Prints how far next-token distributions are from a float64 reference over the same dequantized weights: quire's and
// llama.cpp's mean KL divergence and its standard error, in nats, for the same files and tokens, as a markdown table.
import {execFileSync} from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import {fileURLToPath} from "node:url";
import {parseArgs} from "node:util";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "../..");
const {values: options} = parseArgs({
  options: {
    "model": {type: "string", multiple: true},
    "text": {type: "string", default: path.join(here, "text.txt")},
    "tokens": {type: "string", default: "4096"},
    "chunk": {type: "string", default: "256"},
    "threads": {type: "string", default: "2"},
    "cpu": {type: "string", default: ""},
    "build": {type: "string", default: path.join(root, "build/release")},
  },
});

const ratio_max = 1.05;  // of llama.cpp's divergence, or
const excess_max_nats = 1e-6;  // so much above it: less than what the float operations of either side leave

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "quire-accuracy-"));
const program = path.join(options.build, "quire");
const quire = (...args) => execFileSync(program, args, {stdio: ["ignore", "ignore", "inherit"]});

// Calls measure(name, file) for each of the models that are measured without --model, one after the other on disk.
function each_default_model(measure) {
  const tiny = path.join(root, "models/quire-tiny.gguf");
  const stories = path.join(root, "tests/data/models/stories260K.gguf");
  const small_blocks = ["F32", "F16", "BF16", "Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0", "IQ4_NL"];
  const all = [...small_blocks, "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_XS", "Q3_K_M", "Q2_K"];
  const file = path.join(folder, "model.gguf");
  const models = [
    // Its rows of 64 are no whole blocks of 256.
    {name: "stories260K", types: small_blocks, make: (type) => quire("quantize", stories, file, type)},
    {name: "quire-tiny", types: all, make: (type) => quire("quantize", tiny, file, type)},
    {name: "synth tiny", types: all, make: (type) => quire("synth", "tiny", file, "--vocab", tiny, "--type", type)},
  ];
  for (const {name, types, make} of models) {
    if (name === "stories260K" && !fs.existsSync(stories)) continue;
    for (const type of types) {
      make(type);
      measure(`${name} ${type}`, file);
    }
  }
}

// [{engine, rows, tokens, kl, kl_error}] of these tokens, at most a context's.
function divergences_of_chunk(file, ids) {
  const tokens = path.join(folder, "tokens");
  fs.writeFileSync(tokens, ids.join(" "));
  const [prompt, generated] = ["prompt", "generated"].map((rows) => path.join(folder, rows));
  execFileSync(process.execPath, [
    path.join(here, "llama_logits.mjs"), "--model", file, "--tokens", tokens, "--prompt", prompt,
    "--generated", generated, "--threads", options.threads, "--cpu", options.cpu,
  ], {stdio: ["ignore", "inherit", "inherit"]});
  const out = execFileSync(path.join(options.build, "accuracy_bench"), [file, tokens, "llama.cpp", prompt, generated],
                           {encoding: "utf8", stdio: ["ignore", "pipe", "inherit"]});
  return out.trim().split("\n").map((line) => JSON.parse(line));
}

// The means of several chunks as one, weighted by their tokens.
function pooled(lines) {
  const sum = (value) => lines.map(value).reduce((a, b) => a + b);
  const tokens = sum((line) => line.tokens);
  return {...lines[0], tokens, kl: sum((line) => line.tokens * line.kl) / tokens,
          kl_error: Math.sqrt(sum((line) => (line.tokens * line.kl_error) ** 2)) / tokens};
}

// The same of one file over the text's first tokens, each chunk of them a context of its own.
function divergences(file) {
  const ids = execFileSync(program, ["tokenize", "--special", file],
                           {input: fs.readFileSync(options.text), encoding: "utf8"}).trim().split(" ");
  const [count, chunk] = [Math.min(ids.length, Number(options.tokens)), Number(options.chunk)];
  const chunks = [];
  // A rest of a few tokens has no standard error.
  for (let begin = 0; begin + 2 <= count; begin += chunk) {
    chunks.push(divergences_of_chunk(file, ids.slice(begin, Math.min(begin + chunk, count))));
  }
  return chunks[0].map((_, line) => pooled(chunks.map((found) => found[line])));
}

// "4.5e-4 ± 0.3e-4"
const cell = ({kl, kl_error}) => {
  const [digits, exponent] = kl.toExponential(2).split("e");
  return `${digits}e${exponent} ± ${(kl_error / 10 ** Number(exponent)).toFixed(2)}e${exponent}`;
};

const print = (cells) => console.log(`| ${cells.join(" | ")} |`);

// A row for the tables that give the same bits, and so the same divergences.
function print_rows(name, file) {
  const found = divergences(file);
  const lines_of = (engine) => ["prompt", "generated"].map((rows) =>
    found.find((line) => line.engine === engine && line.rows === rows));
  const theirs = lines_of("llama.cpp");
  const tables = new Map();
  for (const engine of new Set(found.map((line) => line.engine))) {
    if (engine === "llama.cpp") continue;
    const key = lines_of(engine).map((line) => line.kl).join();
    tables.set(key, [...(tables.get(key) ?? []), engine]);
  }
  for (const engines of tables.values()) {
    const ours = lines_of(engines[0]);
    const holds = ours.every(({kl}, i) => kl <= ratio_max * theirs[i].kl || kl <= theirs[i].kl + excess_max_nats);
    print([name, engines.join(", "), ...[...ours, ...theirs].map(cell),
           ...ours.map(({kl}, i) => (kl / theirs[i].kl).toFixed(2)), holds ? "yes" : "no"]);
  }
}

function main() {
  const head = ["model", "tables", "quire prompt", "quire generated", "llama.cpp prompt", "llama.cpp generated",
                "ratio prompt", "ratio generated", "as accurate"];
  print(head);
  print(head.map(() => "---"));
  if (options.model === undefined) {
    each_default_model(print_rows);
  } else {
    for (const file of options.model) print_rows(path.basename(file, ".gguf"), file);
  }
}

try {
  main();
} finally {
  fs.rmSync(folder, {recursive: true});
}
