export ARCHITECTURE PARAMETERS

.PHONY: demo test bench bench-quality mutants build deploy setup

demo: ## a queue fills, workers follow, an operator takes over, a database grows: shown, checked, and written to target/demo/
	@tests/tools/setup demo && tests/tools/build && cargo build --locked --package tidegate && cargo build --locked --package tidegate-simulator --example databases && PYTHONPATH=tests target/venv/bin/python -m demo

test: ## everything a reviewer needs to trust a change
	@tests/tools/test

bench: ## beside the obvious boto3 Lambda, and an emergency beside Cloud Custodian and boto3 scripts
	@tests/tools/setup test && tests/tools/build && PYTHONPATH=tests target/venv/bin/python tests/bench/bench.py && \
	 echo && PYTHONPATH=tests target/venv/bin/python tests/bench/engage.py

bench-quality: ## `wait` beside every rival and the oracle, over the traces of TRACES=FOLDER
	@TIDEGATE_TRACES="$(or $(TRACES),$(TIDEGATE_TRACES))" cargo bench --locked --quiet -p tidegate-simulator --bench quality

mutants: ## every small change of the policy that its tests do not notice; MUTANTS='--file FILE' takes one file
	@tests/tools/setup mutants && tests/tools/mutants $(MUTANTS)

build: ## the release binaries for this machine, at target/lambda/*/bootstrap
	@tests/tools/setup build && tests/tools/build

deploy: ## to the AWS account of your environment; ARCHITECTURE, PARAMETERS and DEPLOY as tests/tools/deploy says
	@tests/tools/setup deploy && tests/tools/deploy $(DEPLOY)

setup: ## installs what is missing
	@tests/tools/setup
