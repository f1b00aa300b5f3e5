# SPDX-License-Identifier: Apache-2.0
# A build by profile (HARK_PROFILE): hark is compiled twice. The first one, hark_counted, counts what its code does with the captures of
# HARK_PROFILE_CAPTURES; the second one is laid out by these counts. It is the same program and takes less time. Where that cannot be
# had (another compiler, no captures, ...), the build is the plain one.
#
#   all sources -> hark_counted -> cmake/train.sh, a file of counts for each source -> the objects of the libraries and of hark
#
# gcc names a file of counts after the object; by -dumpdir both objects of a source have the same one, in counts/. An object without its
# file of counts is a warning (-Wmissing-profile), so an error.

option(HARK_PROFILE "lay hark out by what it does with captures; gcc" OFF)
# pcaps/ has everything once, bench/instructions/ what is usual very often: without it what only long connections do would pass for rare.
set(HARK_PROFILE_CAPTURES "${CMAKE_SOURCE_DIR}/bench/instructions;${CMAKE_SOURCE_DIR}/pcaps" CACHE STRING
  "folders of the captures (*.pcap*) that HARK_PROFILE counts with")

# Why there cannot be one here; empty when there can. `empty`: folders without captures.
function(hark_profile_obstacle result empty)
  set(why "")
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "GNU" OR CMAKE_C_COMPILER_VERSION VERSION_LESS 11)
    set(why "it needs gcc 11 or later")
  elseif(CMAKE_CROSSCOMPILING)
    set(why "what is built for another machine cannot be tried here")
  elseif(HARK_SANITIZE OR HARK_TSAN OR HARK_FUZZ)
    set(why "a sanitizer changes what is counted")
  elseif(empty)
    set(why "no captures are in ${empty}")
  endif()
  set(${result} "${why}" PARENT_SCOPE)
endfunction()

# hark_build_by_profile(PROGRAM MODULE...): PROGRAM and the libraries that it consists of, all of them already there.
function(hark_build_by_profile program)
  set(captures "")
  set(empty "")
  foreach(folder IN LISTS HARK_PROFILE_CAPTURES)
    file(GLOB more CONFIGURE_DEPENDS "${folder}/*.pcap*")
    list(APPEND captures ${more})
    if(NOT more)
      list(APPEND empty "${folder}")
    endif()
  endforeach()
  if(NOT captures AND NOT empty)
    set(empty "no folder")
  endif()
  hark_profile_obstacle(why "${empty}")
  if(why)
    message(STATUS "Build by profile: no, ${why}")
    return()
  endif()
  message(STATUS "Build by profile: yes (-DHARK_PROFILE=OFF: no, which builds in half the time)")
  set(counts "${CMAKE_BINARY_DIR}/counts")
  set(counted "${counts}/complete")
  set(modules ${program} ${ARGN})
  add_executable(hark_counted EXCLUDE_FROM_ALL "${CMAKE_SOURCE_DIR}/cmake/chance.c" "${CMAKE_SOURCE_DIR}/cmake/no_threads.c")
  target_compile_options(hark_counted PRIVATE -fprofile-generate -fprofile-update=prefer-atomic)
  target_link_options(hark_counted PRIVATE -fprofile-generate)
  foreach(module IN LISTS modules)
    get_target_property(folder ${module} SOURCE_DIR)
    get_filename_component(prefix "${folder}" NAME)
    get_target_property(definitions ${module} COMPILE_DEFINITIONS)
    get_target_property(libraries ${module} LINK_LIBRARIES)
    list(REMOVE_ITEM libraries ${modules})
    target_link_libraries(hark_counted PRIVATE ${libraries})
    if(definitions)
      target_compile_definitions(hark_counted PRIVATE ${definitions})
    endif()
    target_compile_options(${module} PRIVATE -fprofile-use -fprofile-partial-training)
    get_target_property(sources ${module} SOURCES)
    foreach(source IN LISTS sources)
      set(same_name "-dumpdir;${counts}/${prefix}-")
      target_sources(hark_counted PRIVATE "${folder}/${source}")
      set_source_files_properties("${folder}/${source}" PROPERTIES COMPILE_OPTIONS "${same_name}")
      set_source_files_properties("${folder}/${source}" TARGET_DIRECTORY ${module} PROPERTIES
        COMPILE_OPTIONS "${same_name}" OBJECT_DEPENDS "${counted}")
    endforeach()
  endforeach()
  add_custom_command(OUTPUT "${counted}"
    COMMAND "${CMAKE_SOURCE_DIR}/cmake/train.sh" $<TARGET_FILE:hark_counted> "${counts}" ${captures}
    DEPENDS hark_counted "${CMAKE_SOURCE_DIR}/cmake/train.sh" ${captures}
    COMMENT "Counting what hark does with the captures of ${HARK_PROFILE_CAPTURES}"
    VERBATIM)
  add_custom_target(hark_counts DEPENDS "${counted}")
  foreach(module IN LISTS modules)
    add_dependencies(${module} hark_counts)
  endforeach()
endfunction()
