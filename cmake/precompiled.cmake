# Headers that most sources include, compiled once: with two cores a third to a half of every compilation. Sources still
# include what they use; -DKEFU_PRECOMPILED=OFF builds without and shows where one does not.
option(KEFU_PRECOMPILED "Precompile the headers that most sources include" ON)

set(precompiled_dir ${CMAKE_CURRENT_LIST_DIR}/precompiled)
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/empty.cc CONTENT "")

# kefu_precompiled(events headers of cmake/precompiled/events.h; DEPS whose include paths they need)
function(kefu_precompiled name)
  if(NOT KEFU_PRECOMPILED)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_library(kefu_precompiled_${name} STATIC ${CMAKE_BINARY_DIR}/precompiled/empty.cc)
  target_include_directories(kefu_precompiled_${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
  target_link_libraries(kefu_precompiled_${name} PRIVATE ${ARG_DEPS} kefu_warnings)
  target_precompile_headers(kefu_precompiled_${name} PRIVATE ${precompiled_dir}/${name}.h)
endfunction()

# Lets `target` use them. What lies below projections, services and tests knows the events; the platform mostly does not.
function(kefu_use_precompiled target kind)
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  if(NOT KEFU_PRECOMPILED OR NOT folder MATCHES "^(projections|services|platform/event|platform/testkit|tests/bench)")
    return()
  endif()
  set(name events)
  if(kind STREQUAL "test")
    set(name tests)
  elseif(folder MATCHES "^services")
    set(name services)
  endif()
  target_precompile_headers(${target} REUSE_FROM kefu_precompiled_${name})
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    # As the libraries are: programs would be compiled with -fPIE, for which these headers do not count.
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
endfunction()
