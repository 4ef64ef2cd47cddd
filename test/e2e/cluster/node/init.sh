#!/usr/bin/env bash
# The node's first process: up.sh starts it as PID 1 of PID, mount and network namespaces of its own, so that what happens to the network
# and to mounts in here is not seen outside, and all of it ends with this process.
set -euo pipefail
mount --make-rslave /
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
# The programs find their usual folders; what they write there lies below RUN.
for folder in /var/lib/kubelet /var/lib/containerd /var/lib/cni /var/log; do
	mkdir -p "$folder" "$RUN$folder"
	mount --bind "$RUN$folder" "$folder"
done
mount --make-rshared /

# The kubelet sets kernel parameters that the whole machine shares: in here it finds them set.
mkdir -p "$RUN/sysctl"
while read -r name value; do
	echo "$value" >"$RUN/sysctl/${name//\//.}"
	mount --bind "$RUN/sysctl/${name//\//.}" "/proc/sys/$name"
done <<'PARAMETERS'
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
PARAMETERS

# The node's address is on a bridge without ports; there is no way out of this network.
ip link set lo up
ip link add node0 type bridge
ip address add "$NODE_IP/32" dev node0
ip link set node0 up
sysctl -q -w net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 || sysctl -q -w net.ipv4.ip_forward=1
# kube-proxy rewrites the addresses of services, but before that a packet must have a way.
ip route add "$SERVICE_CIDR" dev node0

# keep NAME COMMAND...: runs it, again when it ends; its output is RUN/log/NAME.log.
mkdir -p "$RUN/log"
keep() {
	local name=$1
	shift
	while :; do
		"$@" || echo "--- ended with $?"
		sleep 1
	done >>"$RUN/log/$name.log" 2>&1 &
}
pki=$RUN/pki
keep etcd "$BIN/etcd" --name=etcd --data-dir="$RUN/etcd" --unsafe-no-fsync --logger=zap --log-level=warn \
	--listen-client-urls=http://127.0.0.1:2379 --advertise-client-urls=http://127.0.0.1:2379 \
	--listen-peer-urls=http://127.0.0.1:2380 --initial-advertise-peer-urls=http://127.0.0.1:2380 \
	--initial-cluster=etcd=http://127.0.0.1:2380
keep containerd containerd --config "$RUN/containerd.toml"
keep kube-apiserver "$BIN/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 \
	--advertise-address="$NODE_IP" --secure-port=6443 --service-cluster-ip-range="$SERVICE_CIDR" \
	--authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
	--client-ca-file="$pki/ca.crt" --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
	--kubelet-certificate-authority="$pki/ca.crt" --kubelet-preferred-address-types=InternalIP \
	--kubelet-client-certificate="$pki/apiserver-kubelet.crt" --kubelet-client-key="$pki/apiserver-kubelet.key" \
	--service-account-issuer=https://kubernetes.default.svc.cluster.local \
	--service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key"
keep kube-controller-manager "$BIN/kube-controller-manager" --kubeconfig="$RUN/controller-manager.conf" \
	--leader-elect=false --use-service-account-credentials \
	--root-ca-file="$pki/ca.crt" --service-account-private-key-file="$pki/sa.key" \
	--cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key"
keep kube-scheduler "$BIN/kube-scheduler" --kubeconfig="$RUN/scheduler.conf" --leader-elect=false
keep kube-proxy "$BIN/kube-proxy" --config="$RUN/proxy.yaml"
keep kubelet "$BIN/kubelet" --config="$RUN/kubelet.yaml" --kubeconfig="$RUN/kubelet.conf" \
	--hostname-override="$NODE_NAME" --node-ip="$NODE_IP"
# Waiting also takes in the processes that lost their parent.
trap 'exit 0' TERM INT
wait
