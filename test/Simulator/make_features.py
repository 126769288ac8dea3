"""Writes features.json: how each feature kernel is launched."""

import json
import pathlib

IN, OUT = "in", "out"


def tensor_map(dtype, sizes, strides, box, swizzle=0, operand=IN, steps=None):
    return {
        "kind": "tensor_map",
        "operand": operand,
        "dtype": dtype,
        "sizes": [str(s) for s in sizes],
        "strides": [str(s) for s in strides],
        "box": box,
        "element_strides": steps or [1] * len(box),
        "swizzle": swizzle,
        "interleave": 0,
        "fill": "zero",
        "l2_promotion": 0,
    }


MAPS = {
    "tma_load_1d": tensor_map("i32", [8192], [], [64]),
    "tma_load_swizzle128": tensor_map("u8", [200, 100], [208], [128, 32], 128),
    "tma_load_swizzle64": tensor_map("bf16", [100, 80], [208], [32, 32], 64),
    "tma_load_swizzle32": tensor_map("f32", [50, 80], [208], [8, 32], 32),
    "tma_load_3d": tensor_map("u8", [80, 6, 5], [80, 640], [64, 4, 3]),
    "tma_load_4d": tensor_map("bf16", [20, 5, 4, 6], [48, 320, 1600], [16, 3, 2, 4]),
    "tma_load_5d": tensor_map(
        "f32", [8, 3, 4, 3, 2], [32, 128, 640, 2048], [4, 2, 3, 2, 2]
    ),
    "tma_load_strided": tensor_map("f32", [32, 64], [128], [16, 8], steps=[1, 2]),
    "tma_store": tensor_map("bf16", [100, 40], [208], [64, 16], 128, OUT),
    "tma_reduce_f32": tensor_map("f32", [50, 40], [208], [32, 8], 0, OUT),
    "tma_reduce_int": tensor_map("i32", [50, 40], [208], [32, 8], 0, OUT),
    "tensormap_replace": tensor_map("f32", [32, 64], [128], [16, 16]),
    "tma_multicast": tensor_map("u8", [100, 80], [112], [64, 32]),
}
CLUSTERS = {
    "cluster_memory",
    "cluster_barrier_arrive",
    "tma_multicast",
    "bulk_to_peer",
    "special_registers",
}
ONE_BLOCK = {"tma_store", "tma_reduce_int", "matrix_moves"}


def one_block(name):
    return name in ONE_BLOCK or name.startswith(("tma_load", "tensormap"))



def main():
    here = pathlib.Path(__file__).parent
    features = []
    for ptx in sorted((here / "ptx").glob("features_*.ptx")):
        for line in ptx.read_text().splitlines():
            if ".entry" not in line:
                continue
            name = line.split(".entry")[1].strip().rstrip("(")
            args = [{"kind": "pointer", "operand": o} for o in (IN, OUT)]
            if name in MAPS:
                args.append(MAPS[name])
            features.append(
                {
                    "ptx": ptx.name,
                    "kernel": {
                        "name": name,
                        "when": "1",
                        "block": [256 if name == "register_pool" else 128, 1, 1],
                        "cluster": [2 if name in CLUSTERS else 1, 1, 1],
                        "grid": ["1" if one_block(name) else "2", "1", "1"],
                        "dynamic_shared_memory": 32768,
                        "pdl": False,
                        "args": args,
                        "preconditions": [],
                    },
                }
            )
    text = json.dumps(features, indent=1)
    (here / "features.json").write_text(text + "\n")
    print(len(features), "kernels")


if __name__ == "__main__":
    main()
