#!/usr/bin/env bash
# run.sh [--node] COMMAND...: runs a command on the node's network, where services and pods answer at their addresses and the API server is
# 127.0.0.1:6443. Files and processes are the machine's; with --node they are the node's.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
pid=$(node_pid) || die 'the cluster is down: start it with up.sh'
export KUBECONFIG=$RUN/admin.conf PATH=$BIN:$PATH
inside=(--net)
if [ "$1" = --node ]; then
	inside+=(--mount --pid)
	shift
fi
exec nsenter --target "$pid" "${inside[@]}" -- "$@"
