"""Writes features.json: how each feature kernel is launched."""

import json
import pathlib

IN, OUT = "in", "out"


def tensor_map(
    dtype, sizes, strides, box, swizzle=0, operand=IN, steps=None, fill="zero"
):
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
        "fill": fill,
        "l2_promotion": 0,
    }


PLANE = ("f32", [50, 80], [208], [8, 32])
LINES = ("f32", [64, 40], [256], [8, 8], 0, OUT)
SQUARE = ("i32", [64, 64], [256], [32, 8], 0, OUT)
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
    "tensormap_fields": tensor_map("f32", [32, 64], [128], [16, 16]),
    "tma_load_1d_end": tensor_map("i32", [8192], [], [64]),
    "tma_load_1d_negative": tensor_map("i32", [8192], [], [64]),
    "tma_load_edges": tensor_map(*PLANE),
    "tma_load_outside": tensor_map(*PLANE),
    "tma_prefetch": tensor_map(*PLANE),
    "tma_load_nan_f32": tensor_map(*PLANE, fill="nan"),
    "tma_load_nan_bf16": tensor_map("bf16", [99, 80], [208], [32, 32], fill="nan"),
    "tma_load_nan_f16": tensor_map("f16", [99, 80], [208], [32, 32], fill="nan"),
    "tma_load_narrow_128": tensor_map("u8", [200, 100], [208], [64, 16], 128),
    "tma_load_narrow_64": tensor_map("u8", [200, 100], [208], [32, 16], 64),
    "tma_load_narrow_32": tensor_map("u8", [200, 100], [208], [16, 16], 32),
    "tma_load_strided_odd": tensor_map("f32", [32, 64], [128], [16, 7], steps=[1, 2]),
    "tma_load_strided_3d": tensor_map(
        "u8", [80, 6, 9], [80, 640], [64, 4, 5], steps=[1, 2, 3]
    ),
    "tma_load_strided_5d": tensor_map(
        "f32",
        [8, 3, 4, 3, 2],
        [32, 128, 640, 2048],
        [4, 3, 4, 3, 2],
        steps=[1, 2, 2, 2, 1],
    ),
    "tma_load_3d_swizzled": tensor_map(
        "u8", [140, 12, 4], [144, 2048], [128, 8, 2], 128
    ),
    "tma_store_1d": tensor_map("i32", [1000], [], [64], 0, OUT),
    "tma_store_1d_end": tensor_map("i32", [1000], [], [64], 0, OUT),
    "tma_store_3d": tensor_map("u8", [128, 6, 5], [144, 960], [128, 4, 2], 128, OUT),
    "tma_store_narrow": tensor_map("u8", [64, 40], [80], [64, 16], 128, OUT),
    "tma_store_4d": tensor_map(
        "bf16", [24, 5, 4, 6], [48, 320, 1600], [16, 3, 2, 4], 0, OUT
    ),
    "tma_store_5d": tensor_map(
        "f32", [8, 3, 4, 3, 2], [32, 128, 640, 2048], [4, 2, 3, 2, 2], 0, OUT
    ),
    "tma_store_edges": tensor_map(*LINES),
    "tma_store_strided": tensor_map(*LINES, steps=[1, 2]),
    "tma_store_row_end_f32": tensor_map("f32", [50, 40], [224], [32, 8], 0, OUT),
    "tma_store_row_end_bf16": tensor_map("bf16", [99, 40], [224], [64, 8], 0, OUT),
    "tma_store_row_end_u8": tensor_map("u8", [50, 40], [80], [64, 8], 0, OUT),
    "tma_reduce_row_end_bf16": tensor_map("bf16", [99, 40], [224], [64, 8], 0, OUT),
    "tma_reduce_ops": tensor_map(*SQUARE),
    "tma_reduce_unsigned": tensor_map(*SQUARE),
    "tma_reduce_bf16": tensor_map("bf16", [64, 64], [128], [64, 8], 0, OUT),
    "tma_reduce_f16": tensor_map("f16", [64, 64], [128], [64, 8], 0, OUT),
    "fault_tma_destination": tensor_map(*PLANE),
    "fault_tma_rank": tensor_map("f32", [8192], [], [256]),
    "fault_tma_not_a_map": tensor_map(*PLANE),
    "fault_tma_map_misaligned": tensor_map(*PLANE),
    "fault_tma_odd_load": tensor_map(*PLANE),
    "fault_tma_inc_signed": tensor_map("i32", *PLANE[1:], 0, OUT),
    "fault_tma_dec_signed": tensor_map("i32", *PLANE[1:], 0, OUT),
    **{
        f"fault_tma_{name}": tensor_map(*PLANE, 0, OUT)
        for name in (
            "odd_store",
            "negative_x",
            "negative_y",
            "negative_reduce",
            "min_f32",
            "and_f32",
        )
    },
}
CLUSTERS = {
    "cluster_memory",
    "cluster_barrier_arrive",
    "tma_multicast",
    "bulk_to_peer",
    "special_registers",
    "store_async",
    "store_async_wide",
    "reduce_async",
    "bulk_reduce_to_peer",
    "bulk_multicast",
    "remote_expect",
    "cluster_vectors",
    "fault_cluster_rank",
}
ONE_BLOCK = {"mbarrier_forms", "tma_prefetch", "wgmma_all_n"}
ONE_BLOCK_PREFIXES = (
    "tma_load",
    "tma_store",
    "tma_reduce_",
    "tensormap",
    "matrix",
    "fault",
)
# What the simulator says where the H200 silently writes too much.
REPORTS = {
    "tma_store_row_end_f32": "out-of-bounds",
    "tma_store_row_end_bf16": "out-of-bounds",
    "tma_store_row_end_u8": "out-of-bounds",
    "tma_reduce_row_end_bf16": "out-of-bounds",
    "tma_reduce_f32": "out-of-bounds",
    "tma_store": "out-of-bounds",
}


def one_block(name):
    two = name in ("tma_reduce_f32", "fault_cluster_rank")
    return not two and (name in ONE_BLOCK or name.startswith(ONE_BLOCK_PREFIXES))



def main():
    here = pathlib.Path(__file__).parent
    features = []
    files = sorted((here / "ptx").glob("features_*.ptx"))
    for ptx in files + [here / "ptx" / "faults.ptx"]:
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
                    "reports": REPORTS.get(name, ""),
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
