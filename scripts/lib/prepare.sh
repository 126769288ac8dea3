# Installs what is missing and builds; sourced by scripts/demo and scripts/check.
#
# Every step looks before it acts, so a second run does nothing and needs no
# network. DGEMM_JOBS sets the number of compile jobs. With DGEMM_PREPARED=1
# build/ and .venv are used as they are: on a machine that has neither Debian nor
# a network, say a GPU host that a build was copied to.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
venv=$root/.venv
python=$venv/bin/python

# Objects in ccache serve every checkout, not only the one that made them.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

packages=(
  build-essential ca-certificates ccache clang-22 clang-format-22 cmake git
  libcli11-dev libgmock-dev libgtest-dev libmlir-22-dev libzstd-dev lld-22
  llvm-22-dev llvm-22-tools mlir-22-tools ninja-build nlohmann-json3-dev
  python3 python3-venv zlib1g-dev
)

# The version that the CUDA 13.0 drivers accept.
ptxas_package=nvidia-cuda-nvcc==13.0.88

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Runs a command whose output matters only if it fails.
quietly() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    die "failed: $*"
  fi
  rm -f "$log"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "not root and no sudo; run as root: $*"
  fi
}

install_packages() {
  command -v dpkg-query >/dev/null ||
    die "this is no Debian; install the equivalents of: ${packages[*]}"
  local missing=() package
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null |
      grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  say "installing ${missing[*]}"
  quietly as_root apt-get -q update
  quietly as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q install -y --no-install-recommends "${missing[@]}"
}

make_venv() {
  local stamp=$venv/requirements.installed
  cmp -s python/requirements.txt "$stamp" && [ -x "$python" ] && return
  say "installing python/requirements.txt into .venv"
  local base=/usr/bin/python3
  [ -x $base ] || base=python3
  # An interrupted attempt may have left half an environment.
  quietly $base -m venv --clear "$venv"
  quietly "$python" -m pip install --quiet -r python/requirements.txt
  cp python/requirements.txt "$stamp"
}

# Leaves a usable ptxas where dgemm-opt looks for it: the environment and CUDA's
# folders first, as dgemm-opt does, then the package.
provide_ptxas() {
  [ -n "${DGEMM_PTXAS:-}" ] && return
  local place
  for place in "${CUDA_HOME:-}/bin/ptxas" "${CUDA_PATH:-}/bin/ptxas" \
    "$(command -v ptxas || true)" /usr/local/cuda/bin/ptxas; do
    [ -f "$place" ] && [ -x "$place" ] && return
  done
  place=$(find_packaged_ptxas)
  if [ -z "$place" ]; then
    say "no CUDA toolkit: installing ptxas ($ptxas_package) into .venv"
    quietly "$python" -m pip install --quiet --no-deps "$ptxas_package"
    place=$(find_packaged_ptxas)
    [ -n "$place" ] || die "$ptxas_package brought no ptxas"
  fi
  # The wheel's file mode lacks x.
  chmod +x "$place"
  export DGEMM_PTXAS=$place
}

find_packaged_ptxas() {
  find "$venv/lib" -path '*/nvidia/*/bin/ptxas' -print -quit
}

build() {
  if [ ! -f build/build.ninja ]; then
    say "configuring build/"
    quietly cmake --preset default
  fi
  [[ $(ninja -C build -n | tail -n 1) == *"no work to do"* ]] && return
  say "building with ${DGEMM_JOBS:-$(nproc)} jobs"
  ninja -C build -j "${DGEMM_JOBS:-$(nproc)}" >&2 || die "the build failed"
}

prepare() {
  if [ -n "${DGEMM_PREPARED:-}" ]; then
    [ -x "$python" ] && [ -x build/bin/dgemm-opt ] ||
      die "DGEMM_PREPARED is set, but .venv or build/bin is missing here"
    provide_ptxas
    return
  fi
  install_packages
  make_venv
  provide_ptxas
  build
}

# True where a Hopper GPU can be used.
have_gpu() {
  command -v nvidia-smi >/dev/null &&
    nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null |
    grep -qx '9\.0'
}
