# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# The Debian packages that hark needs, in one place. Each has its use beside it.

# To build hark and run it.
packages_run=(
    gcc               # compiler
    libc6-dev         # the C library's headers
    cmake             # build description, 3.25 or later
    ninja-build       # what cmake drives
    pkgconf           # finds the libraries
    libpcap-dev       # capture files, interfaces, filters
    libjson-c-dev     # reading JSON
    libssl-dev        # SHA-1 of the community id
    zlib1g-dev        # gzip-compressed captures
    libzstd-dev       # zstd-compressed captures
    libcap-ng-dev     # dropping capabilities
    libseccomp-dev    # the list of system calls
)

# To run every test as well.
packages_test=(
    clang              # second compiler, libFuzzer
    libclang-rt-14-dev # its sanitizers and fuzzer runtime
    clang-format       # the layout check
    libcmocka-dev      # unit tests
    git                # which files are the project's own
    python3            # test drivers
    python3-jsonschema # records against docs/record.schema.json
    tshark             # a second opinion on every capture
    iproute2           # network namespaces for the live test
    procps             # sysctl in a namespace
    tcpdump            # captures the traffic whose truth is known
    ethtool            # packets of a cable's size on a veth pair
    wrk                # browsers' load for the truth test
    nginx-light        # the live test's server
    curl               # the live test's client
    tcpreplay          # more packets than a live hark can take
    gzip               # compressed captures in tests
    zstd               # the same
    valgrind           # counts instructions
)

# To measure the peers as well (tests/truth/table.sh); tshark is there already.
packages_peers=(
    httpry             # heads, packet by packet
    dsniff             # urlsnarf
)

# For bench/, beside those.
packages_bench=(
    ngrep              # regular expressions over packets
    libh2o-evloop0.13  # picohttpparser
    tcpreplay          # sends a capture to an interface
)
