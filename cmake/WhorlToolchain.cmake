# Warnings, sanitizers and floating-point rules, as properties of one target that all others link.
add_library(whorl_warnings INTERFACE)
target_compile_options(whorl_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wconversion $<$<BOOL:${WHORL_WERROR}>:-Werror>>
  # The same sums on every machine: no fused multiply-add where the source wrote two operations.
  $<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>
  # gcc 12 warns of impossible copies in std::string's operator+ (GCC bug 105329).
  $<$<CXX_COMPILER_ID:GNU>:$<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>>
  # A source that a unity build includes is no header: its classes may hold what is local to it.
  $<$<AND:$<BOOL:${CMAKE_UNITY_BUILD}>,$<CXX_COMPILER_ID:GNU>>:-Wno-subobject-linkage>)

if(WHORL_SANITIZE)
  # Under sanitizers gcc 12 thinks that std::regex reads what nobody wrote (GCC bug 105562), and that
  # a vector's insert writes to nothing.
  target_compile_options(whorl_warnings INTERFACE
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-stringop-overflow>")
  add_compile_options(-fsanitize=${WHORL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WHORL_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND WHORL_SANITIZE MATCHES "address")
    add_compile_definitions(__SANITIZE_ADDRESS__)  # as gcc tells it
  endif()
endif()
if(WHORL_FUZZ)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=fuzzer-no-link>)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

if(WHORL_CUDA)
  # Turing without our tensor path, Ampere and Hopper with it; PTX of the last for what comes after.
  set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 90 CACHE STRING "GPU generations to build for")
  set(CMAKE_CUDA_STANDARD 17)
  enable_language(CUDA)
endif()
