# Every target is a command of local/run, which sees to Node.js and the packages first.
STACK ?= local
BASE ?= origin/main

.DEFAULT_GOAL := help
.PHONY: help up down status preview plan deploy drift changes check test e2e golden settings lint bench clean

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

plan: ## show what an update would change where the stack really runs, by your own Pulumi: STACK=staging or prod
	@local/run deploy/command.ts plan $(STACK)

deploy: ## update a stack where it really runs, by your own Pulumi: STACK=staging or prod
	@local/run deploy/command.ts up $(STACK)

drift: ## compare what really runs with the program; nothing is changed: STACK=staging or prod
	@local/run deploy/command.ts drift $(STACK)

changes: ## show what this branch changes in each environment, without a cluster: BASE=origin/main
	@local/run test/golden/changes.ts $(BASE)

check: ## check types, style, scripts, workflows, golden lists, policies and manifests, without a cluster
	@local/tests/setup.sh
	@local/run local/tests/run.ts --check

test: ## run every check and every test; the last line counts them
	@local/tests/setup.sh
	@local/run local/tests/run.ts

e2e: ## break a stack on real nodes, one thing after the other, and show what each cost: TEST=part of a file's name
	@local/run local/tests/e2e.ts $(TEST)

golden: ## write the golden resource lists and the generated pages of docs/ anew, after a change that is meant
	@local/run docs/settings.ts --write
	@local/run docs/catalogue.ts
	@local/run docs/outputs.ts
	@local/run docs/policies.ts
	@local/run docs/alerts.ts
	@local/run docs/growth.ts --write
	@local/run test/golden/update.ts

settings: ## print every setting with its meaning, bounds and default
	@local/run docs/settings.ts

lint: ## check types, style and scripts
	@local/run local/tests/run.ts --lint

bench: ## measure side by side: the program and previews, base backups and dumps, the loss of the site, log read again, failovers and those with the defaults
	@local/run bench/run.ts
	@local/run bench/backup.ts
	@local/run bench/restore.ts
	@local/run bench/replay.ts
	@local/run bench/failover.ts

clean: down ## remove what was built as well
	@DIFY_HA_LOCAL=.local-e2e/stack local/run down
	@rm -rf .toolchain .local-e2e policies/bin
