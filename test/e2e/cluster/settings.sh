# shellcheck shell=bash
# What the scripts of this folder share. All that they write is below STATE: bin/ and images/ stay for the next cluster, run/ is the
# running one's and goes with it.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export STATE=${SIDETAIL_E2E_STATE:-$HOME/.cache/sidetail-e2e}
export BIN=$STATE/bin IMAGES=$STATE/images RUN=$STATE/run
export NODE_NAME=node NODE_IP=172.30.0.1
export POD_CIDR=10.244.0.0/24 SERVICE_CIDR=10.96.0.0/16 API_IP=10.96.0.1 DNS_IP=10.96.0.10
CGROUP=sidetail-e2e-$(cksum <<<"$STATE" | cut -d' ' -f1)
export CGROUP
KUBE_VERSION=v1.34.4 # as in kube/go.mod
NODE_VERSION=26.10.0 # of the base image localhost/node

die() {
	echo "$(basename "$0"): $*" >&2
	exit 1
}
say() { printf '%4ds  %s\n' "$SECONDS" "$*"; }

# The process that is PID 1 of the running node, as seen from here; fails when there is none.
node_pid() {
	local parent
	parent=$(cat "$RUN/node.parent" 2>/dev/null) && grep -qzxF "$RUN" "/proc/$parent/cmdline" 2>/dev/null && pgrep -P "$parent"
}
