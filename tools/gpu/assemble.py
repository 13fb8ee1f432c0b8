"""See tools/gpu/assemble."""

import collections
import pathlib
import re
import subprocess
import sys
import tempfile

MODULES = pathlib.Path("build/release/gpu")
CARDS = {75: 75, 80: 80, 86: 80, 89: 80, 90: 80, 100: 80, 120: 80}  # compute capability: the module it takes
HOT = [
    "matmul_q4_0_row", "matmul_q4_k_row", "matmul_q6_k_row", "matmul_q4_0_few", "matmul_q4_k_few",
    "matmul_q4_0_stream", "matmul_q4_k_stream", "matmul_q6_k_stream", "matmul_q4_0_many", "matmul_q4_k_many",
    "matmul_q6_k_many", "matmul_f16_few", "matmul_f16_many", "attention_walk_f16_1", "attention_walk_f16_4",
    "attention_walk_f16_8", "attention_scores_f16_4", "attention_weights", "attention_values_f16_4", "recur",
]
PACKAGES = pathlib.Path(sys.prefix) / "lib"


def tool(name):
    return next(path for path in sorted(PACKAGES.glob(f"**/nvidia/**/bin/{name}")))


def assemble(sm, cubin):
    text = subprocess.run(
        [tool("ptxas"), f"-arch=sm_{sm}", "-v", MODULES / f"module_{CARDS[sm]}.ptx", "-o", cubin],
        check=True, capture_output=True, text=True).stderr
    kernels = {}
    for part in text.split("Compiling entry function 'quire_")[1:]:
        number = lambda pattern: int((re.search(pattern, part) or [0, 0])[1])
        kernels[part.split("'")[0]] = {
            "registers": number(r"Used (\d+) registers"),
            "shared": number(r"(\d+) bytes smem"),
            "stack": number(r"(\d+) bytes stack frame"),
            "stores": number(r"(\d+) bytes spill stores"),
            "loads": number(r"(\d+) bytes spill loads"),
        }
    return kernels


def print_table():
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for sm in CARDS:
            found[sm] = assemble(sm, f"{folder}/module.cubin")
            print(f"assembled for {sm}", file=sys.stderr)
    print("| kernel | shared | " + " | ".join(f"{sm // 10}.{sm % 10}" for sm in CARDS) + " |")
    print("|---|---|" + "---|" * len(CARDS))
    for name in HOT:
        shared = max(found[sm].get(name, {"shared": 0})["shared"] for sm in CARDS)
        cells = []
        for sm in CARDS:
            kernel = found[sm].get(name)
            spilled = kernel["stores"] if kernel else 0
            cells.append("" if kernel is None else f"{kernel['registers']}" + (f" + {spilled} B" if spilled else ""))
        print(f"| `{name}` | {shared} | " + " | ".join(cells) + " |")
    for sm in CARDS:
        spills = {name: kernel["stores"] for name, kernel in found[sm].items() if kernel["stores"]}
        stacks = {name: kernel["stack"] for name, kernel in found[sm].items() if kernel["stack"]}
        print(f"{sm}: {len(found[sm])} kernels; spill: {spills or 'none'}; stack frames: {stacks or 'none'}")


def print_loops(name, sm):
    with tempfile.TemporaryDirectory() as folder:
        assemble(sm, f"{folder}/module.cubin")
        text = subprocess.run([tool("nvdisasm"), "-c", f"{folder}/module.cubin"],
                              check=True, capture_output=True, text=True).stdout
    body = text.split(f".text.quire_{name}:")[1].split(".section")[0]
    places, code = {}, []
    for line in body.splitlines():
        if label := re.match(r"\s*(\.L_x_\d+):", line):
            places[label[1]] = len(code)
        elif instruction := re.match(r"\s*/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)(.*?);", line):
            code.append((instruction[1], instruction[2]))
    print(f"{name} for {sm}: {len(code)} instructions")
    for at, (operation, rest) in enumerate(code):
        target = re.search(r"\.L_x_\d+", rest)
        if operation.startswith("BRA") and target and places.get(target[0], at + 1) <= at:
            begin = places[target[0]]
            kinds = collections.Counter(operation.split(".")[0] for operation, _ in code[begin:at + 1])
            print(f"  loop of {at + 1 - begin}: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))


if len(sys.argv) > 1:
    print_loops(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 90)
else:
    print_table()
