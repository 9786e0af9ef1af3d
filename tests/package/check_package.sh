#!/usr/bin/env bash
# Installs a build of Hawser, moves the install tree, and builds and runs a separate project from there:
# once with find_package, once with pkg-config.
#
#     check_package.sh CMAKE BUILD_DIR CXX
set -euo pipefail
cmake=$1 build_dir=$2 cxx=$3
consumer=$(cd "$(dirname "${BASH_SOURCE[0]}")/consumer" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run() {
  local program=$1 output
  output=$("$program")
  echo "  $output"
  [[ $output == "hawser "*": the answer is 42" ]] || {
    echo "$program printed: $output" >&2
    exit 1
  }
}

"$cmake" --install "$build_dir" --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/installed"

echo "find_package(hawser):"
"$cmake" -S "$consumer" -B "$work/cmake" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" \
  -DCMAKE_PREFIX_PATH="$work/installed" >"$work/configure.log" || {
  cat "$work/configure.log"
  exit 1
}
"$cmake" --build "$work/cmake" >"$work/build.log" || {
  cat "$work/build.log"
  exit 1
}
run "$work/cmake/consumer"

echo "pkg-config hawser:"
pc_file=$(find "$work/installed" -name hawser.pc)
export PKG_CONFIG_PATH=${pc_file%/*}
read -ra flags < <(pkg-config --cflags --libs hawser)
"$cxx" -std=c++20 "$consumer/main.cpp" -o "$work/by-pkg-config" "${flags[@]}"
# A shared libhawser is found here, a static one needs nothing.
LD_LIBRARY_PATH=$(pkg-config --variable=libdir hawser) run "$work/by-pkg-config"
