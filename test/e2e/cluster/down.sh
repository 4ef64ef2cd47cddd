#!/usr/bin/env bash
# Ends the cluster and all that runs in it, and throws away what it wrote. What build.sh made stays.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
if pid=$(node_pid); then
	namespace=$(readlink "/proc/$pid/ns/pid")
	kill -KILL "$pid" # with the first process of a PID namespace the kernel ends all others in it
	for ((i = 0; i < 300; i++)); do
		grep -qxF "$namespace" < <(readlink /proc/[0-9]*/ns/pid) || break
		sleep 0.1
	done
fi
! grep -qF "$RUN/" /proc/mounts || die "something is still mounted below $RUN"
for hierarchy in /sys/fs/cgroup/*/ /sys/fs/cgroup/; do
	[ ! -d "$hierarchy$CGROUP" ] || find "$hierarchy$CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null || true
done
rm -rf "$RUN"
