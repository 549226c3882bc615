#!/bin/sh
# The main job by itself, with the time of each step: from init over run, upgrade, refused images and rollback to uninstall;
# then the adoption of the runbook's own container, and a federation that upgrades one guardian after another. On the Docker
# engine of this machine, with a registry and releases that the tests make; what they started is removed.
#
#   tests/main-job.sh
set -eu

cd "$(dirname "$0")/.."
docker version >/dev/null 2>&1 || { echo "no Docker engine answers" >&2; exit 1; }
OC_GUARDIAN_REQUIRE_DOCKER=1 exec cargo test --locked --test cli main_job_docker -- --nocapture --test-threads 1
