#!/usr/bin/env bash
# npm run e2e [-- FILE...]: brings up what the tests need, runs them, takes it down. Without a cluster it makes one of its own (test/e2e/cluster:
# root, Go, apt; about 10 minutes the first time) with a real Elasticsearch on its node (Java, Maven).
#   SIDETAIL_E2E_KEEP=1      leaves cluster and Elasticsearch up, for the next run and for a look around
#   KUBECONFIG=FILE          uses that cluster instead; then SIDETAIL_E2E_SIDECAR, SIDETAIL_E2E_WEBHOOK name images that it can pull (with kind on
#                            PATH and docker they are built and loaded), and SIDETAIL_E2E_ES an Elasticsearch that pods and this machine reach
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cluster=$PWD/test/e2e/cluster
tests=("$@")
[ $# -gt 0 ] || tests=(test/e2e)
export TAP_JOBS=1 # they share a cluster

if [ -n "${KUBECONFIG:-}" ]; then
	: "${SIDETAIL_E2E_SIDECAR:=sidetail-sidecar:e2e}" "${SIDETAIL_E2E_WEBHOOK:=sidetail-webhook:e2e}"
	if command -v kind >/dev/null && command -v docker >/dev/null; then
		for program in sidecar webhook; do docker build -q -t "sidetail-$program:e2e" -f "Dockerfile.$program" .; done
		kind load docker-image sidetail-sidecar:e2e sidetail-webhook:e2e --name "${KIND_CLUSTER:-kind}"
	fi
	export SIDETAIL_E2E_SIDECAR SIDETAIL_E2E_WEBHOOK
	exec node test/run.ts "${tests[@]}"
fi

skip() {
	printf '\nSKIPPED: the tests in a real Kubernetes: %s\n\n0 passed, 0 failed, 1 skipped\n' "$1"
	exit 0
}
[ "$(id -u)" = 0 ] || skip 'a cluster of our own needs root (or set KUBECONFIG)'
command -v go >/dev/null || skip 'no Go, which a cluster of our own is built with (or set KUBECONFIG)'
command -v apt-get >/dev/null || skip "no apt-get, which fetches containerd and runc (or set KUBECONFIG)"
unshare --mount --pid --fork true 2>/dev/null || skip 'this machine allows no namespaces of our own (or set KUBECONFIG)'
. "$cluster/settings.sh"

"$cluster/up.sh"
es=test/stores/elasticsearch
take_down() {
	[ -z "${SIDETAIL_E2E_KEEP:-}" ] || return 0
	"$es/down.sh" 9200 >/dev/null 2>&1 || true
	"$cluster/down.sh"
}
trap take_down EXIT
say 'images'
for program in sidecar webhook; do
	"$cluster/image.sh" "sidetail-$program:e2e" . -f "Dockerfile.$program" --build-arg "NODE_IMAGE=localhost/node:$NODE_VERSION"
	# By the names that README and the chart's defaults say.
	"$cluster/run.sh" --node ctr -n k8s.io images tag --force "localhost/sidetail-$program:e2e" "localhost/sidetail-$program:0.1.0" >/dev/null
done
"$cluster/run.sh" --node ctr -n k8s.io images tag --force "localhost/node:$NODE_VERSION" docker.io/library/node:26-slim >/dev/null
say 'Elasticsearch on the node'
if (. "$es/jdk.sh" && command -v mvn) >/dev/null 2>&1; then
	if ! "$cluster/run.sh" curl -sf -m 5 -o /dev/null "http://$NODE_IP:9200"; then
		"$es/setup.sh" # here, where there is a network to fetch its jars from
		ES_HOST=$NODE_IP "$cluster/run.sh" "$es/up.sh" 9200
	fi
	export SIDETAIL_E2E_ES=http://$NODE_IP:9200
else
	say 'no JDK or Maven: tests that need Elasticsearch are skipped'
fi
export SIDETAIL_E2E_SIDECAR=localhost/sidetail-sidecar:e2e SIDETAIL_E2E_WEBHOOK=localhost/sidetail-webhook:e2e SIDETAIL_E2E_OWN=1
say 'tests'
"$cluster/run.sh" node test/run.ts "${tests[@]}"
