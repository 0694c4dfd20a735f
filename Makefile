# Each target says on its first line what it needs besides Go.

# The pinned linter. `go run` fetches it by its checksum and keeps its own
# requirements out of go.mod.
LINT = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(shell cat .ci/golangci-lint.version)

# What `xcaddy build` gives to go build by itself.
XCADDY_FLAGS = -ldflags "-w -s" -trimpath -tags nobadger,nomysql,nopgx

.PHONY: test lint fuzz flood bench detection soak build demo

# As root or with sudo on Debian it installs what is missing: Node.js, npm,
# redis-server, the live apps with what they stand on, a C compiler.
test:
	.ci/test

# Nothing else.
lint:
	$(LINT) run ./...

# Nothing else. Ten minutes for all targets together; FUZZ_SECONDS=… changes that.
fuzz:
	.ci/fuzz $(or $(FUZZ_SECONDS),600)

# Nothing else. A hundred million insertions into the filters of a site.
flood:
	FLOOD_INSERTIONS=100000000 go test -run 'TestFlood' -count 1 ./detector ./detector/evidence

# wrk. Run it on a machine that does nothing else.
bench:
	go test -run '^$$' -bench . -benchmem $$(.ci/benchmarked)
	go run ./integration/throughput

# The measuring tools beside this folder, Python 3. Hours, on two processors: the
# corpus of recorded apps, then every attack in every world with five seeds. It
# goes on where it was when it was interrupted, as long as the code is the same,
# and writes the tables of docs/detection.md. DETECTION_SEEDS=1 is a fifth of it.
detection:
	.ci/detection default

soak: detection

# Nothing else. The binary xcaddy would build.
build:
	CGO_ENABLED=0 go build $(XCADDY_FLAGS) -o caddy ./cmd/caddy

# Nothing else.
demo:
	go run ./cmd/caddy doorward demo --attack

# Nothing else. Vets the code for every platform that Caddy is released for, and
# for one that the embedded store does not exist for. On a machine of another kind
# it needs no other one: only types are checked.
.PHONY: platforms
platforms:
	@for p in $(PLATFORMS); do \
		echo $$p; GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0 go vet ./config/... ./detector/... ./caddymodule ./cmd/... || exit 1; done

PLATFORMS = linux/amd64 linux/386 linux/arm linux/arm64 linux/ppc64le linux/riscv64 linux/s390x linux/mips64le \
	darwin/amd64 darwin/arm64 freebsd/amd64 freebsd/arm64 windows/amd64 windows/arm64
