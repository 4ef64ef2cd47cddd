#!/usr/bin/env bash
# Starts an empty one-node cluster and comes back when its node and its DNS are ready; nothing when one is up.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
[ "$(id -u)" = 0 ] || die 'needs root'
kubectl() { "$here/run.sh" kubectl "$@"; }
if node_pid >/dev/null && kubectl get --raw=/readyz >/dev/null 2>&1; then
	say 'the cluster is up already'
	exit
fi
"$here/build.sh"
"$here/down.sh"

say 'certificates and settings'
mkdir -p -m 700 "$RUN"
mkdir "$RUN/pki" "$RUN/cni"
cd "$RUN/pki"
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
# certificate NAME SUBJECT USAGE [ALTERNATIVE NAMES]
certificate() {
	key "$1"
	openssl req -new -key "$1.key" -subj "$2" | openssl x509 -req -CA ca.crt -CAkey ca.key -days 30 -out "$1.crt" -extfile <(
		printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n' "$3"
		[ -z "${4:-}" ] || echo "subjectAltName=$4"
	) 2>/dev/null
}
# client NAME SUBJECT: a kubeconfig.
client() {
	certificate "$1" "$2" clientAuth
	cat >"$RUN/$1.conf" <<-CONFIG
		apiVersion: v1
		kind: Config
		current-context: e2e
		clusters: [{ name: e2e, cluster: { server: "https://127.0.0.1:6443", certificate-authority-data: $(base64 -w0 ca.crt) } }]
		contexts: [{ name: e2e, context: { cluster: e2e, user: $1 } }]
		users: [{ name: $1, user: { client-certificate-data: $(base64 -w0 "$1.crt"), client-key-data: $(base64 -w0 "$1.key") } }]
	CONFIG
}
key ca
openssl req -x509 -new -key ca.key -subj /CN=e2e-ca -days 30 -out ca.crt -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature
key sa
openssl ec -in sa.key -pubout -out sa.pub 2>/dev/null
certificate apiserver /CN=kube-apiserver serverAuth \
	"IP:127.0.0.1,IP:$NODE_IP,IP:$API_IP,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
certificate apiserver-kubelet /O=system:masters/CN=kube-apiserver-kubelet-client clientAuth
certificate kubelet-server "/O=system:nodes/CN=system:node:$NODE_NAME" serverAuth "IP:$NODE_IP,DNS:$NODE_NAME"
client admin /O=system:masters/CN=admin
client controller-manager /CN=system:kube-controller-manager
client scheduler /CN=system:kube-scheduler
client proxy /CN=system:kube-proxy
client kubelet "/O=system:nodes/CN=system:node:$NODE_NAME"
# The files in node/ have ${NAME}s of settings.sh, and no other dollar sign.
fill() { perl -pe 's/\$\{(\w+)\}/$ENV{$1} \/\/ die "no $1"/ge' "$here/node/$1"; }
for file in containerd.toml kubelet.yaml proxy.yaml; do fill "$file" >"$RUN/$file"; done
fill cni.conflist >"$RUN/cni/10-pods.conflist"
: >"$RUN/resolv.conf"

say 'the node'
# Version 1 of control groups has a hierarchy for each controller, version 2 one for all.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
	mkdir -p "/sys/fs/cgroup/$CGROUP"
else
	for hierarchy in /sys/fs/cgroup/*/; do
		if [ ! -e "$hierarchy/cgroup.procs" ] || [ "$hierarchy" = /sys/fs/cgroup/unified/ ]; then continue; fi
		mkdir -p "$hierarchy/$CGROUP"
		for setting in cpuset.cpus cpuset.mems; do
			[ ! -e "$hierarchy/$setting" ] || cat "$hierarchy/$setting" >"$hierarchy/$CGROUP/$setting"
		done
	done
fi
# The last argument is there to know the process by.
setsid unshare --fork --kill-child --pid --mount --net "$here/node/init.sh" "$RUN" >"$RUN/init.log" 2>&1 </dev/null &
echo $! >"$RUN/node.parent"
disown
# wait_for SECONDS WHAT COMMAND...
wait_for() {
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		kill -0 "$(cat "$RUN/node.parent")" 2>/dev/null || die "the node ended: see $RUN/init.log and $RUN/log/"
		[ "$SECONDS" -lt "$end" ] || die "no $what: see $RUN/log/"
		sleep 0.2
	done
}
wait_for 20 node node_pid
wait_for 30 containerd "$here/run.sh" --node ctr version
tar -C "$IMAGES" -cf - . | "$here/run.sh" --node ctr -n k8s.io images import - >"$RUN/images.log" 2>&1 || die "images: see $RUN/images.log"
wait_for 120 'API server' kubectl get --raw=/readyz
say 'node ready, DNS'
fill dns.yaml | kubectl apply -f - >/dev/null
wait_for 120 node kubectl get node "$NODE_NAME"
kubectl wait --for=condition=Ready "node/$NODE_NAME" --timeout=120s >/dev/null
wait_for 60 'service account' kubectl get serviceaccount default
kubectl -n kube-system rollout status deployment/coredns --timeout=120s >/dev/null
say "up: KUBECONFIG=$RUN/admin.conf, on its network by $here/run.sh COMMAND"
