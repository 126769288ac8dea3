#!/bin/sh
# Compiles the CUDA kernels beside this script to the PTX that the tests run.
set -e
cd "$(dirname "$0")"
for source in *.cu; do
  nvcc -std=c++17 -O3 -gencode arch=compute_90a,code=sm_90a -ptx "$source" \
    -o "../ptx/${source%.cu}.ptx"
done
