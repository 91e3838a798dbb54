# clvid: contrastive learning on video. `make demo` shows it from nothing.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

.PHONY: demo test fuzz build static static-test ffmpeg7 lint bench bench-media bench-go clean deps

# demo makes its own videos, pretrains on them and prints what that is worth; one
# that was interrupted goes on.
demo: build
	bin/clvid demo --out demo --resume

# test runs everything. Packages run side by side share the cores with the
# training tests, hence the generous limit.
test: deps
	go vet ./...
	go test -timeout 25m ./...

# fuzz decodes FUZZFILES broken files that follow from FUZZSEED, under the race
# detector and cgo's checks, then runs every native target for FUZZTIME. Files
# that fail stay in FUZZDIR. It takes some twenty minutes on two cores.
FUZZFILES ?= 10000
FUZZSEED ?= 1
FUZZTIME ?= 10s
FUZZDIR ?= $(or $(TMPDIR),/tmp)/clvid-fuzz
fuzz: deps
	CLVID_FUZZ_FILES=$(FUZZFILES) CLVID_FUZZ_SEED=$(FUZZSEED) CLVID_FUZZ_DIR=$(FUZZDIR) GOEXPERIMENT=cgocheck2 \
		go test -race -count=1 -timeout 3h -v -run '^TestMutants$$' ./media/avdecode
	FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

build: deps
	mkdir -p bin
	go build -trimpath -o bin/clvid ./cmd/clvid

# static makes bin/clvid-static, which needs libc alone: minutes for FFmpeg's parts,
# once, then seconds. LICENSES.md says what passing it on asks for.
static: deps
	scripts/build-static.sh

# static-test runs the decoder's tests on the static libraries, but for what x264
# writes and openh264 does not (4:4:4, grey, chroma siting), loads oneDNN from the
# static binary, and compares every frame that both binaries write.
static-test: build static
	scripts/build-static.sh -- go test -short ./media/avdecode -skip 'TestImagesKeep(TimesAndColour/h264_(4:4:4|grey)|Siting)'
	bin/clvid-static bench step --size 32 --batch 4 --frames 4 --steps 1
	scripts/compare-static.sh

# ffmpeg7 makes bin/clvid-ffmpeg7 from the same sources where FFmpeg 7 is; see the
# script for a Debian 13 root and for its tests.
ffmpeg7:
	scripts/ffmpeg7.sh build

lint: deps
	@unformatted=$$(gofmt -l .); \
	if [ -n "$$unformatted" ]; then echo "lint: run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...

# bench compares training steps with PyTorch's; see bench/README.md. BENCH holds
# further flags, CLVID_PYTHON names a Python that has PyTorch.
bench: build
	@command -v python3 >/dev/null || { echo "bench: no python3 to run the comparison with PyTorch"; exit 0; }; \
	python3 bench/run.py $(BENCH)

# bench-media compares decoding with its peers in Python; see bench/README.md.
# MEDIA holds videos, or --source VIDEO to make some of, and further flags.
bench-media: build
	@command -v python3 >/dev/null || { echo "bench: no python3 to run the comparison with its peers"; exit 0; }; \
	python3 bench/run_media.py $(MEDIA)

bench-go: deps
	go test -run '^$$' -bench . -benchmem ./...

clean:
	rm -rf bin demo build

# deps installs system packages; it does nothing when they are there.
deps:
	@scripts/install-deps.sh
