// What node's RegExp with the flag u makes of patterns: reads {cases: [{pattern, any_case, texts}], properties} as JSON,
// writes the answers of each text, anywhere and whole, as strings of 0 and 1, or null where the pattern is an error.
import { readFileSync } from "node:fs";

const input = JSON.parse(readFileSync(0, "utf8"));
const test = (source, any_case, texts) => {
  try {
    const expression = new RegExp(source, any_case ? "iu" : "u");
    return texts.map((text) => (expression.test(text) ? "1" : "0")).join("");
  } catch {
    return null;
  }
};
const cases = input.cases.map(({ pattern, any_case, texts }) => ({
  anywhere: test(pattern, any_case, texts),
  whole: test(`^(?:${pattern})$`, any_case, texts),
}));

// The members below U+0800, where no Unicode version adds any more, as ranges; between U+0180 and U+036F some changed
// with Unicode 16.
const members = input.classes.map(({ pattern, any_case }) => {
  const expression = new RegExp(`^(?:${pattern})$`, any_case ? "iu" : "u");
  const ranges = [];
  for (let value = 0; value < 0x800; ++value) {
    if ((value >= 0x180 && value < 0x370) || !expression.test(String.fromCodePoint(value))) continue;
    if (ranges.length > 0 && ranges.at(-1)[1] + 1 === value) ranges.at(-1)[1] = value;
    else ranges.push([value, value]);
  }
  return ranges;
});

// Which characters are one but for their case: all classes of more than one, as far as they had case in Unicode 15.
const folds = [];
const cased = input.cased.map((value) => String.fromCodePoint(value));
const all = cased.join("");
const seen = new Set();
for (const text of cased) {
  if (seen.has(text)) continue;
  const found = all.match(new RegExp(text, "giu"));
  for (const other of found) seen.add(other);
  if (found.length > 1) folds.push(found.map((other) => other.codePointAt(0)));
}
process.stdout.write(JSON.stringify({ cases, members, folds }));
