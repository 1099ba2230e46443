# The ways a target is made. A library is named after its folder: platform/log/kafka is kefu::platform_log_kafka.
include(GoogleTest OPTIONAL)

# Targets of many small files that include the same large headers (a verb needs CLI11 and a client's stub, a test of the
# queries every service) say TOGETHER: their sources are compiled eight at a time, in less than half the time. Names in
# their unnamed namespaces must differ. -DKEFU_TOGETHER=OFF compiles each alone, for those who change one often.
option(KEFU_TOGETHER "Compile sources of some targets several at a time" ON)
function(kefu_compile_together target)
  if(KEFU_TOGETHER)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

# kefu_library(platform_base [TOGETHER] SOURCES a.cc … DEPS public… PRIVATE_DEPS hidden… PROTOS rows.proto…)
# PROTOS are messages that are stored but are no interface; they live beside their code, contracts live in proto/.
function(kefu_library name)
  cmake_parse_arguments(ARG "TOGETHER" "" "SOURCES;DEPS;PRIVATE_DEPS;PROTOS" ${ARGN})
  foreach(proto IN LISTS ARG_PROTOS)
    file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${proto})
    string(REGEX REPLACE "\\.proto$" "" stem ${CMAKE_BINARY_DIR}/generated/${path})
    add_custom_command(
      OUTPUT ${stem}.pb.cc ${stem}.pb.h
      COMMAND protobuf::protoc -I${CMAKE_SOURCE_DIR} -I${CMAKE_SOURCE_DIR}/proto
              --cpp_out=${CMAKE_BINARY_DIR}/generated ${path}
      WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
      DEPENDS ${proto}
      COMMENT "proto ${path}")
    list(APPEND ARG_SOURCES ${stem}.pb.cc)
  endforeach()
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
    target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS} kefu_warnings)
    kefu_use_precompiled(${name} library)
    if(ARG_TOGETHER)
      kefu_compile_together(${name})
    endif()
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
    target_link_libraries(${name} INTERFACE ${ARG_DEPS})
  endif()
  add_library(kefu::${name} ALIAS ${name})
endfunction()

# Programs that run for long take jemalloc: folding costs less than with glibc's allocator, and memory goes back.
# Sanitizers bring their own.
function(kefu_fast_malloc name)
  if(NOT KEFU_SANITIZE)
    target_link_libraries(${name} PRIVATE PkgConfig::jemalloc)
  endif()
endfunction()

# kefu_binary(kefud SOURCES … DEPS …)
function(kefu_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} kefu_warnings)
  kefu_fast_malloc(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# kefu_test(platform_base_test [TOGETHER] SOURCES … DEPS … LABELS unit)
# One ctest entry a binary: starting a process costs more here than most of our tests.
function(kefu_test name)
  cmake_parse_arguments(ARG "TOGETHER" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT KEFU_TESTS)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest GTest::gtest_main kefu_warnings)
  kefu_use_precompiled(${name} test)
  if(ARG_TOGETHER)
    kefu_compile_together(${name})
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test-bin)
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()

# kefu_benchmark(engine_bench SOURCES … DEPS …): a Google Benchmark or a program with its own main.
function(kefu_benchmark name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(NOT KEFU_BENCH)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} kefu_warnings)
  kefu_use_precompiled(${name} library)
  kefu_fast_malloc(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench-bin)
endfunction()

# kefu_projection(client SOURCES client.cc DEPS … PRIVATE_DEPS … PROTOS …): a view in its folder. The catalogue is
# generated from the calls, as an explicit list: nothing to register, nothing a linker could drop.
function(kefu_projection name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS;PROTOS" ${ARGN})
  kefu_library(projections_${name} SOURCES ${ARG_SOURCES} PROTOS ${ARG_PROTOS}
               DEPS kefu::projections_sdk ${ARG_DEPS} PRIVATE_DEPS ${ARG_PRIVATE_DEPS})
  set_property(GLOBAL APPEND PROPERTY KEFU_PROJECTIONS ${name})
endfunction()
