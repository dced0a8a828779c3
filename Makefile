# SPDX-License-Identifier: MIT
# The front door. CMakePresets.json holds the variants, cmake/ the rules, tools/ the scripts.
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 600
RELEASE = cmake --workflow --preset release
.PHONY: all run test bench lab asan tsan valgrind clang ucontext torture cover fuzz lint format install clean

all:            ## a release build in build/, examples in build/examples/
	tools/setup build
	$(RELEASE)

run: all        ## the demo on http://localhost:8888
	build/examples/demo --port 8888

test:           ## every test but the torments
	tools/setup test
	cmake --workflow --preset dev

asan tsan valgrind clang ucontext: ## the same in that variant
	tools/setup test
	cmake --workflow --preset $@

torture:        ## the torments, under sanitizers: minutes
	tools/setup test
	cmake --workflow --preset torture

cover:          ## how much of each file the tests run
	tools/setup test
	cmake --workflow --preset cover
	tools/cover

fuzz:           ## each fuzz target for FUZZ_SECONDS
	tools/setup test
	cmake --workflow --preset fuzz
	tools/fuzz $(FUZZ_SECONDS)

bench:          ## measure, beside other servers where they are installed
	tools/setup bench
	$(RELEASE)
	bench/run

lab:            ## every way of waiting, swept over connections: half an hour
	tools/setup bench
	$(RELEASE)
	bench/lab

lint:           ## format, tidy, floors, lines
	tools/setup lint
	tools/lint

format:
	tools/lint --fix

install: all
	cmake --install build --prefix $(PREFIX)

clean:
	rm -rf build
