# clvid: contrastive learning on video. `make demo` shows it from nothing.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

.PHONY: demo test build lint bench bench-go clean deps

# demo makes its own videos, pretrains on them and prints what that is worth; one
# that was interrupted goes on.
demo: build
	bin/clvid demo --out demo --resume

# test runs everything. Packages run side by side share the cores with the
# training tests, hence the generous limit.
test: deps
	go vet ./...
	go test -timeout 25m ./...

build: deps
	mkdir -p bin
	go build -trimpath -o bin/clvid ./cmd/clvid

lint: deps
	@unformatted=$$(gofmt -l .); \
	if [ -n "$$unformatted" ]; then echo "lint: run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...

# bench compares training steps with PyTorch's; see bench/README.md. BENCH holds
# further flags, CLVID_PYTHON names a Python that has PyTorch.
bench: build
	@command -v python3 >/dev/null || { echo "bench: no python3 to run the comparison with PyTorch"; exit 0; }; \
	python3 bench/run.py $(BENCH)

bench-go: deps
	go test -run '^$$' -bench . -benchmem ./...

clean:
	rm -rf bin demo

# deps installs system packages; it does nothing when they are there.
deps:
	@scripts/install-deps.sh
