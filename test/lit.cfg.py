# Which files are tests and where their tools are.
import os
import shutil

import lit.formats

config.name = "DGEMM"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.dgemm_binary_dir, "test")
config.environment["PATH"] = os.pathsep.join(
    [
        os.path.join(config.dgemm_binary_dir, "bin"),
        config.llvm_tools_dir,
        os.environ["PATH"],
    ]
)
# A capture of one function must not leak into the checks of the next.
config.environment["FILECHECK_OPTS"] = "-enable-var-scope"
for name in ("CUDA_HOME", "DGEMM_PTXAS", "DGEMM_CACHE_DIR", "HOME", "TMPDIR"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
config.substitutions.append(("%python", config.python))
config.substitutions.append(("%source_dir", config.dgemm_source_dir))

if (
    "DGEMM_PTXAS" in os.environ
    or shutil.which("ptxas")
    or os.access("/usr/local/cuda/bin/ptxas", os.X_OK)
):
    config.available_features.add("ptxas")
if shutil.which("nvidia-smi"):
    config.available_features.add("gpu")
