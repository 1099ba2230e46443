# Language level, warnings, linker and cache: set once, for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# Line tables are enough for stack traces, and halve the size of what the linker moves.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(kefu_warnings INTERFACE)
target_compile_options(kefu_warnings INTERFACE -Wall -Wextra -Werror=return-type -Werror=unused-result -Wno-missing-field-initializers
  # g++ 12 sees both in correct code, inside the standard library.
  -Wno-maybe-uninitialized -Wno-restrict)

add_compile_options(-fstack-protector-strong)
add_compile_definitions($<$<CONFIG:RelWithDebInfo>:_FORTIFY_SOURCE=2>)
if(KEFU_SANITIZE)
  add_compile_options(-fsanitize=${KEFU_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${KEFU_SANITIZE})
endif()
