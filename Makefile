# Every target is a command of local/run, which sees to Node.js and the packages first.
STACK ?= local

.DEFAULT_GOAL := help
.PHONY: help up down status preview test e2e golden settings lint bench clean

help: ## list the targets
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

up: ## bring everything up: engine, cluster in three zones, policies, stack local; repeat it at any time
	@local/run up

down: ## remove what up made, and nothing else
	@local/run down

status: ## show what runs
	@local/run status

preview: ## show what a stack would change: STACK=local, staging or prod
	@local/run preview $(STACK)

test: ## run every check and every test; the last line counts them
	@local/tests/setup.sh
	@local/run local/tests/run.ts

e2e: ## break a stack on real nodes, one thing after the other, and show what each cost: TEST=part of a file's name
	@local/run local/tests/e2e.ts $(TEST)

golden: ## write the golden resource lists, docs/settings.md and docs/catalogue.schema.json anew, after a change that is meant
	@local/run docs/settings.ts --write
	@local/run docs/catalogue.ts
	@local/run test/golden/update.ts

settings: ## print every setting with its meaning, bounds and default
	@local/run docs/settings.ts

lint: ## check types, style and scripts
	@local/run local/tests/run.ts --lint

bench: ## measure side by side: the program's start and previews; failovers and those with the defaults of Patroni and Sentinel
	@local/run bench/run.ts
	@local/run bench/failover.ts

clean: down ## remove what was built as well
	@DIFY_HA_LOCAL=.local-e2e/stack local/run down
	@rm -rf .toolchain .local-e2e policies/bin
