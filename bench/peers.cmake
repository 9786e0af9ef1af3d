# The libraries that the benchmarks compare with. Each that is installed becomes a target peer-NAME; of the
# others CMake says what to install.

# bench_peer(NAME PACKAGE HEADER [LIBRARY...])
function(bench_peer name package header)
  find_path(BENCH_${name}_INCLUDE ${header} ${BENCH_PEER_WHERE})
  mark_as_advanced(BENCH_${name}_INCLUDE)
  set(libraries "")
  foreach(library IN LISTS ARGN)
    find_library(BENCH_LIBRARY_${library} ${library})
    mark_as_advanced(BENCH_LIBRARY_${library})
    list(APPEND libraries ${BENCH_LIBRARY_${library}})
  endforeach()
  if(NOT BENCH_${name}_INCLUDE OR libraries MATCHES "NOTFOUND")
    message(STATUS "Left out of the benchmarks: ${name} (Debian: ${package})")
    return()
  endif()
  add_library(peer-${name} INTERFACE)
  target_include_directories(peer-${name} SYSTEM INTERFACE ${BENCH_${name}_INCLUDE})
  target_link_libraries(peer-${name} INTERFACE ${libraries} Threads::Threads)
endfunction()

bench_peer(asio libasio-dev asio.hpp)
bench_peer(boost_future libboost-thread-dev boost/thread/future.hpp boost_thread boost_chrono)
bench_peer(kj libcapnp-dev kj/async.h kj-async kj)
bench_peer(libev libev-dev ev.h ev)
bench_peer(libevent libevent-dev event2/event.h event_core)
bench_peer(libuv libuv1-dev uv.h uv)
bench_peer(pplx libcpprest-dev pplx/pplxtasks.h cpprest)
bench_peer(uring liburing-dev liburing.h uring)

# Boost 1.81 cannot be installed beside the 1.74 that others here need; HAWSER_BENCH_BOOST is where its
# headers were unpacked.
if(HAWSER_BENCH_BOOST)
  set(BENCH_PEER_WHERE PATHS ${HAWSER_BENCH_BOOST}/usr/include NO_DEFAULT_PATH)
  bench_peer(boost_asio libboost1.81-dev boost/asio.hpp)
  unset(BENCH_PEER_WHERE)
endif()
