// A complete launch record of a 256x128 gemm, for tests of every room that
// reads records.
#ifndef DGEMM_UNITTESTS_LAUNCH_EXAMPLERECORD_H
#define DGEMM_UNITTESTS_LAUNCH_EXAMPLERECORD_H

#include <nlohmann/json.hpp>

#include <string>

/// The document with the value at a JSON pointer set.
inline nlohmann::ordered_json withValue(const std::string &text,
                                        const std::string &pointer,
                                        const nlohmann::ordered_json &value) {
  using Json = nlohmann::ordered_json;
  Json json = Json::parse(text);
  bool there = json.contains(Json::json_pointer(pointer));
  return json.patch(Json::array({{{"op", there ? "replace" : "add"},
                                  {"path", pointer},
                                  {"value", value}}}));
}

inline constexpr const char *exampleRecord = R"json({
  "dgemm_launch_record": 1,
  "compiler": "dgemm 0.1.0 (LLVM 22.1.8)",
  "target": "sm_90a",
  "schedule": "#dgemm.schedule<tile = [256, 128]>",
  "operands": [
    {"name": "A", "dtype": "e4m3", "shape": ["M", "K"],
     "strides": ["lda", "1"], "access": "read", "align": 16},
    {"name": "SFA", "dtype": "f32", "shape": ["M", "ceildiv(K,128)"],
     "strides": ["1", "ldsfa"], "access": "read", "align": 16},
    {"name": "B", "dtype": "e4m3", "shape": ["N", "K"],
     "strides": ["ldb", "1"], "access": "read", "align": 16},
    {"name": "SFB", "dtype": "f32",
     "shape": ["ceildiv(N,128)", "ceildiv(K,128)"],
     "strides": ["ldsfb", "1"], "access": "read", "align": 4},
    {"name": "D", "dtype": "bf16", "shape": ["M", "N"],
     "strides": ["ldd", "1"], "access": "write", "align": 16}
  ],
  "kernels": [
    {"name": "gemm", "when": "1", "block": [384, 1, 1],
     "cluster": [1, 1, 1],
     "grid": ["min(sms, ceildiv(M,256)*ceildiv(N,128))", "1", "1"],
     "dynamic_shared_memory": 216832, "pdl": false,
     "args": [
       {"kind": "tensor_map", "operand": "A", "dtype": "e4m3",
        "sizes": ["K", "M"], "strides": ["lda"], "box": [128, 256],
        "element_strides": [1, 1], "swizzle": 128, "interleave": 0,
        "fill": "zero", "l2_promotion": 256},
       {"kind": "tensor_map", "operand": "SFA", "dtype": "f32",
        "sizes": ["M", "ceildiv(K,128)"], "strides": ["ldsfa * 4"],
        "box": [256, 1], "element_strides": [1, 1], "swizzle": 0,
        "interleave": 0, "fill": "zero", "l2_promotion": 0},
       {"kind": "pointer", "operand": "SFB"},
       {"kind": "value", "type": "i32", "value": "M"},
       {"kind": "value", "type": "i64", "value": "ldsfb"},
       {"kind": "workspace"}
     ],
     "preconditions": [
       {"check": "lda % 16 == 0",
        "message": "A's row stride must be a multiple of 16 bytes"}
     ]}
  ],
  "empty": [
    {"when": "M == 0 || N == 0", "action": "nothing"},
    {"when": "K == 0", "action": "zero"}
  ],
  "workspace": {"bytes": "M * 4", "zeroed": true},
  "resources": [
    {"kernel": "gemm", "registers": 168, "spill_bytes": 0,
     "local_bytes": 0, "ptx_bytes": 40000, "cubin_bytes": 20000}
  ]
})json";

#endif // DGEMM_UNITTESTS_LAUNCH_EXAMPLERECORD_H
