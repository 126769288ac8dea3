"""What scripts/demo does once all is built: compile, run, tell.

Everything shown is read from what the tools wrote: the launch record, the
pass timings, the remark of schedule selection and dgemm-run's results.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from importlib.machinery import SourceFileLoader

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("DGEMM_BIN_DIR", ROOT / "build" / "bin"))
compile_times = SourceFileLoader(
    "compile_times", str(ROOT / "benchmarks" / "compile")
).load_module()
# Wide enough to read when it goes to a file.
console = Console()
console.width = min(100, console.width) if console.is_terminal else 100


def say(text):
    console.print(f"[bold]==> {text}[/bold]")


def compile_op(source, folder, options):
    """Leaves PTX, cubin and record in `folder`; returns the remarks."""
    command = [
        str(BIN / "dgemm-opt"),
        str(source),
        f"--dgemm-pipeline={options} explain output-dir={folder}",
        "-o",
        os.devnull,
    ]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(command)}\n{run.stderr}")
    records = sorted(folder.glob("*.json"))
    if len(records) != 1:
        sys.exit(f"{source} gave {len(records)} kernels; the demo takes one")
    return records[0], run.stderr


def execute(backend, record, rows, folder):
    """Runs the kernel on one backend; returns dgemm-run's JSON objects."""
    # The simulator runs the PTX, the GPU the cubin made of it.
    suffix = ".ptx" if backend == "simulator" else ".cubin"
    case = {
        "record": str(record),
        "cubin": str(record.with_suffix(suffix)),
        "M": rows,
        "repeats": 1 if backend == "simulator" else 20,
        "time": backend == "gpu",
    }
    manifest = folder / f"{backend}.jsonl"
    manifest.write_text(json.dumps(case) + "\n")
    results = folder / f"{backend}-results.jsonl"
    command = [str(BIN / "dgemm-run"), "--backend", backend]
    command += ["-m", str(manifest), "-o", str(results)]
    run = subprocess.run(command, capture_output=True, text=True)
    lines = results.read_text().splitlines() if results.exists() else []
    if len(lines) != 2:
        sys.exit(f"{' '.join(command)}\n{run.stdout}{run.stderr}")
    return json.loads(lines[0]), json.loads(lines[1])


def wrap_schedule(text):
    """The knobs of a schedule, without the attribute's name."""
    return text.removeprefix("#dgemm.schedule<").removesuffix(">")


def schedules_of(record):
    """The schedule, or each kernel's after its condition."""
    kernels = record["kernels"]
    if len(kernels) == 1:
        return wrap_schedule(record["schedule"])
    return "\n".join(
        f"{'otherwise' if kernel['when'] == '1' else kernel['when']}: "
        + wrap_schedule(kernel["schedule"])
        for kernel in kernels
    )


def resources_of(record):
    """What ptxas said of each kernel, and the sizes of the module."""
    lines = [
        f"{used['registers']} registers, {used['spill_bytes']} bytes spilled, "
        f"{kernel['dynamic_shared_memory']} bytes of shared memory"
        + (f" ({kernel['name']})" if len(record["kernels"]) > 1 else "")
        for kernel, used in zip(record["kernels"], record["resources"])
    ]
    module = record["resources"][0]
    lines.append(
        f"PTX {module['ptx_bytes']} bytes, cubin {module['cubin_bytes']} bytes"
    )
    return "\n".join(lines)


def explain(remarks):
    """The winner's terms in the cost model, and the runner-up's time."""
    problem = re.search(r"remark: chose .*> for (.*)", remarks)
    run = re.search(r"remark: chose (\d+ schedules for .*)", remarks)
    if run:
        return f"the model's: {run.group(1)}"
    found = re.findall(
        r"note: candidate (\d+): tile (\[.*?\]).*?: ([0-9.]+) us: (.*)", remarks
    )
    if not problem or not found:
        return "as the op says"
    text = f"best of the model for {problem.group(1)}: {found[0][2]} us, {found[0][3]}"
    if len(found) > 1:
        text += f"; next best tile {found[1][1]}: {found[1][2]} us"
    return text


def describe_op(record):
    shapes = {o["name"]: o for o in record["operands"]}
    a, b, d = (shapes[name] for name in ("A", "B", "D"))
    blocks = "128x128" if shapes["SFB"]["shape"][0] != b["shape"][0] else "1x128"
    return (
        f"{d['dtype']} D[{d['shape'][0]}, {d['shape'][1]}] = "
        f"e4m3 A[{a['shape'][0]}, {a['shape'][1]}] · B[{b['shape'][0]}, "
        f"{b['shape'][1]}]ᵀ, scales per 1x128 and {blocks}"
        + (", plus C" if "C" in shapes else "")
    )


def compile_times_of(measured):
    """Milliseconds of each rung; LLVM's and ptxas's steps beneath theirs."""
    plain, steps = {}, []
    for name, value in measured["stages_ms"].items():
        if ": " in name:
            steps.append(f"{name.split(': ')[1]} {value:.1f}")
            continue
        # Upstream's pass is a part of the rung that makes PTX.
        name = {
            "Parser": "parse",
            "Output": "print",
            "ConvertNVVMToLLVMPass": "ptx",
        }.get(name, name)
        plain[name] = plain.get(name, 0.0) + value
    rungs = ", ".join(f"{name} {value:.1f}" for name, value in plain.items())
    return (
        f"{rungs}\nof these: {', '.join(steps)}\n"
        f"{measured['total_ms']:.0f} ms from op to cubin in a fresh process; "
        f"{measured['lowering_mb']:.0f} MB without ptxas"
    )


def backend_table(results):
    table = Table(box=None, padding=(0, 1), header_style="bold")
    columns = ["ran on", "M", "bits", "error", "of bound"]
    # Speed is a GPU's: the simulator's says nothing.
    timed = any("timing" in case for _, case in results)
    columns += ["TFLOP/s", "GB/s"] if timed else []
    for name in columns:
        table.add_column(name, justify="left" if name == "ran on" else "right")
    for header, case in results:
        row = [header["device"], str(case["M"])]
        if "error" in case:
            table.add_row(*row, Text("failed: " + case["error"], style="red"))
            continue
        check, fp64 = case["check"], case["check"]["fp64"]
        equal = check["mismatches"] == 0
        row += [
            f"all {check['elements']} equal"
            if equal and check["kind"] == "full"
            else f"{check['elements']} sampled, equal"
            if equal
            else f"[red]{check['mismatches']} of {check['elements']} differ[/red]",
            f"{fp64['max_error']:.3g}",
            f"{fp64['max_error_over_bound']:.3f}",
        ]
        if "timing" in case:
            subject = case["timing"]["subjects"][0]
            row += [f"{subject['tflops']:.0f}", f"{subject['gbs']:.0f}"]
        table.add_row(*row)
    return table


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("op", nargs="?", default="examples/gemm.mlir")
    parser.add_argument(
        "--rows",
        type=int,
        nargs="+",
        default=[300],
        help="M on the simulator (default 300)",
    )
    parser.add_argument(
        "--gpu-rows",
        type=int,
        nargs="+",
        default=[4096],
        help="M on a GPU (default 4096)",
    )
    parser.add_argument(
        "--run",
        metavar="M..M",
        help="compile kernels for every M of a range, like 1..8192",
    )
    parser.add_argument("--backend", action="append", default=[])
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        say(f"compiling {args.op}")
        options = f"m={args.run}" if args.run else ""
        path, remarks = compile_op(args.op, folder, options)
        record = json.loads(path.read_text())
        # Once: benchmarks/compile is there for medians.
        measured = compile_times.measure(
            str(BIN / "dgemm-opt"), args.op, 1, str(folder), options
        )
        results = []
        for backend in args.backend:
            what = "cubin" if backend == "gpu" else "PTX"
            for rows in args.gpu_rows if backend == "gpu" else args.rows:
                say(f"executing the {what} on the {backend}, M = {rows}")
                results.append(execute(backend, path, rows, folder))

    table = Table(show_header=False, box=None, padding=(0, 1))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in (
        ("op", Text(describe_op(record))),
        ("schedule", Text(schedules_of(record))),
        ("why", Text(explain(remarks))),
        ("compile, ms", Text(compile_times_of(measured))),
        ("kernel", Text(resources_of(record))),
    ):
        table.add_row(name, value)
    notes = (
        "bits: D against the reference evaluator. error: largest of a sample "
        "against fp64, and over the bound of docs/numerics.md."
    )
    body = Group(table, "", backend_table(results), Text(notes, style="dim"))
    title = f"{record['compiler']}, {record['target']}"
    console.print(Panel(body, title=title, title_align="left"))
    return 0 if all(case["ok"] for _, case in results) else 1


if __name__ == "__main__":
    sys.exit(main())
