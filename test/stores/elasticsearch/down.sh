#!/usr/bin/env bash
# down.sh PORT   stops the server that up.sh PORT started and removes its data (KEEP=1 keeps it).
set -u
here=$(cd "$(dirname "$0")" && pwd); state=${SIDETAIL_STORES_STATE:-$HOME/.cache/sidetail-stores}/elasticsearch; mkdir -p "$state"; [ "$here" -ef "$state" ] || cp -r "$here"/. "$state"/; cd "$state"; run=run/${1:?usage: down.sh PORT}
[ -e "$run/pid" ] || { echo "not up"; exit 0; }
pid=$(cat "$run/pid"); kill "$pid" 2>/dev/null
for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
kill -9 "$pid" 2>/dev/null; rm -f "$run/pid"; [ -n "${KEEP:-}" ] || rm -rf "$run"; exit 0
