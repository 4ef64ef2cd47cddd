#!/usr/bin/env bash
# image.sh NAME:TAG FOLDER [BUILDAH OPTION...]: builds a Dockerfile as localhost/NAME:TAG, keeps the image for clusters to come, and gives it
# to the one that runs now.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
[ $# -ge 2 ] || die 'usage: image.sh NAME:TAG FOLDER [BUILDAH OPTION...]'
image=localhost/$1 folder=$2
shift 2
mkdir -p "$STATE"
store=(buildah --root "$STATE/buildah/root" --runroot "$STATE/buildah/run" --storage-driver overlay)
# Chroot isolation needs no container runtime; what RUN fetches goes by the machine's network and certificates.
certificates=/etc/ssl/certs/ca-certificates.crt
"${store[@]}" bud --quiet --isolation chroot --pull-never --volume "$certificates:$certificates:ro" --tag "$image" "$@" "$folder" >/dev/null
"${store[@]}" push --quiet "$image" "oci:$IMAGES:$image"
# What bore the name before is still in the layout, without a name: out with it.
jq '.manifests |= map(select(.annotations["org.opencontainers.image.ref.name"]))' "$IMAGES/index.json" >"$STATE/index.json"
mv "$STATE/index.json" "$IMAGES"
umoci gc --layout "$IMAGES" >/dev/null
"${store[@]}" rmi --prune >/dev/null
if node_pid >/dev/null; then
	alone=$(mktemp -d -p "$STATE")
	trap 'rm -rf "$alone"' EXIT
	"${store[@]}" push --quiet "$image" "oci:$alone:$image"
	tar -C "$alone" -cf - . | "$here/run.sh" --node ctr -n k8s.io images import - >/dev/null
fi
