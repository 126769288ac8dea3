# How this project declares its libraries and tools.

add_compile_options(-Wall -Wextra -Wno-unused-parameter
                    -ffunction-sections -fdata-sections)
add_link_options(-Wl,--gc-sections -Wl,--as-needed)

# dgemm_add_library(NAME source... [LINK_LIBS lib...])
# A static library that needs no LLVM: launch records, runtime, reference
# evaluator, simulator.
function(dgemm_add_library name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS})
endfunction()

# dgemm_add_mlir_library(NAME source... [DEPENDS target...] [LINK_LIBS lib...])
# A static library of the compiler. DEPENDS names TableGen targets.
function(dgemm_add_mlir_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE -fno-exceptions)
  target_include_directories(${name} SYSTEM PUBLIC ${MLIR_INCLUDE_DIRS}
                                                   ${LLVM_INCLUDE_DIRS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS})
  # Every compiler library may include every generated header: one target
  # stands for all of them, so that no edge can be forgotten.
  add_dependencies(${name} dgemm-headers ${ARG_DEPENDS})
endfunction()
