# Finds LLVM/MLIR 22 and prepares a fully static link against it.
#
# Debian exports every archive with the shared libLLVM in its interface, so a
# plain link mixes static MLIR with a dynamic LLVM (and sometimes a second,
# dynamic MLIR, which breaks TypeIDs). We strip those edges and name the LLVM
# components that the archives really need.

find_package(MLIR 22.1 REQUIRED CONFIG)
message(STATUS "MLIR ${LLVM_PACKAGE_VERSION} in ${MLIR_DIR}")
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)

set(LLVM_LINK_LLVM_DYLIB OFF)
foreach(target IN LISTS MLIR_EXPORTED_TARGETS)
  if(TARGET ${target})
    get_target_property(libs ${target} INTERFACE_LINK_LIBRARIES)
    if(libs)
      list(REMOVE_ITEM libs LLVM MLIR)
      set_target_properties(${target} PROPERTIES
        INTERFACE_LINK_LIBRARIES "${libs}")
    endif()
  endif()
endforeach()

# What static MLIR plus the NVPTX back end need of LLVM.
llvm_map_components_to_libnames(DGEMM_LLVM_LIBS
  Core Support BitReader BitWriter AsmParser IRReader Linker TransformUtils
  Analysis Passes IPO Target CodeGen
  NVPTXCodeGen NVPTXDesc NVPTXInfo)

separate_arguments(DGEMM_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
add_definitions(${DGEMM_LLVM_DEFINITIONS})

# All generated headers; include/dgemm adds its TableGen targets to it.
add_custom_target(dgemm-headers)
