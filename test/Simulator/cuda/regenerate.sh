#!/bin/sh
# Compiles the CUDA kernels beside this script to the PTX that the tests run, and
# lists the feature kernels. With a folder as argument it makes cubins there too,
# for dgemm-record-features on a GPU host.
set -e
cd "$(dirname "$0")"
python3 make_widths.py
for source in *.cu; do
  name=${source%.cu}
  set -- "$1" -std=c++17 -O3 -gencode arch=compute_90a,code=sm_90a "$source"
  cubins=$1
  shift
  nvcc "$@" -ptx -o "../ptx/$name.ptx"
  [ -z "$cubins" ] || nvcc "$@" -cubin -o "$cubins/$name.cubin"
  set -- "$cubins"
done
python3 ../make_features.py
