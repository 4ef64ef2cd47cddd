#!/usr/bin/env bash
# up.sh PORT [setting=value ...]   starts Elasticsearch on 127.0.0.1:PORT and waits until it answers.
# Env: ES_HOST (default 127.0.0.1), ES_PASSWORD (turns security on: user elastic, API keys), ES_TLS=1 (HTTPS, self-made CA in run/PORT/config/ca.crt),
#      ES_HEAP (default 512m), JDK. Data lives in run/PORT; down.sh PORT stops it and removes the data.
set -euo pipefail
port=${1:?usage: up.sh PORT [setting=value ...]}; shift
here=$(cd "$(dirname "$0")" && pwd); state=${SIDETAIL_STORES_STATE:-$HOME/.cache/sidetail-stores}/elasticsearch; mkdir -p "$state"; [ "$here" -ef "$state" ] || cp -r "$here"/. "$state"/; cd "$state"; . ./jdk.sh; ./setup.sh
host=${ES_HOST:-127.0.0.1}
run=$PWD/run/$port
# By its arguments: the number of one that was killed may be another process by now.
if [ -e "$run/pid" ] && grep -qzxF "$run" "/proc/$(cat "$run/pid")/cmdline" 2>/dev/null; then echo "already up on $port" >&2; exit 1; fi
rm -rf "$run"; mkdir -p "$run"/{config,data,logs,tmp}
for d in lib modules plugins; do ln -s "../../home/$d" "$run/$d"; done
{ echo "cluster.name: sidetail-test"; echo "node.name: node-1"; echo "discovery.type: single-node"
  echo "http.host: $host"; echo "http.port: $port"; echo "transport.host: 127.0.0.1"; echo "transport.port: 0"
  echo "path.data: $run/data"; echo "path.logs: $run/logs"
  echo "cluster.routing.allocation.disk.threshold_enabled: false"
  echo "action.destructive_requires_name: false"
  if [ -n "${ES_PASSWORD:-}" ]; then echo "xpack.security.enabled: true"; else echo "xpack.security.enabled: false"; fi
  if [ -n "${ES_TLS:-}" ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=test-ca -keyout "$run/config/ca.key" -out "$run/config/ca.crt" 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$run/config/http.key" -out "$run/config/http.csr" 2>/dev/null
    openssl x509 -req -days 30 -in "$run/config/http.csr" -CA "$run/config/ca.crt" -CAkey "$run/config/ca.key" -CAcreateserial \
      -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1") -out "$run/config/http.crt" 2>/dev/null
    echo "xpack.security.http.ssl.enabled: true"; echo "xpack.security.http.ssl.key: http.key"; echo "xpack.security.http.ssl.certificate: http.crt"
  fi
  for s in "$@"; do echo "${s%%=*}: ${s#*=}"; done; } > "$run/config/elasticsearch.yml"
cat > "$run/config/log4j2.properties" <<'L'
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] [%node_name]%marker %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
L
heap=${ES_HEAP:-512m}
nohup "$JDK/bin/java" -Xms"$heap" -Xmx"$heap" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto \
  -Djava.io.tmpdir="$run/tmp" -Des.path.home="$run" --add-modules jdk.incubator.vector -Des.distribution.type=tar -Dlog4j2.disable.jmx=true -Dio.netty.noUnsafe=true \
  --enable-native-access=ALL-UNNAMED,org.elasticsearch.nativeaccess,org.apache.lucene.core \
  --module-path home/lib --add-modules ALL-MODULE-PATH -cp home/launcher EsNode "$run" > "$run/out.log" 2>&1 &
echo $! > "$run/pid"
for _ in $(seq 600); do
  kill -0 "$(cat "$run/pid")" 2>/dev/null || { tail -30 "$run/out.log" >&2; rm -f "$run/pid"; exit 1; }
  curl -sk -o /dev/null -m 2 ${ES_PASSWORD:+-u "elastic:$ES_PASSWORD"} "http${ES_TLS:+s}://$host:$port/_cluster/health?wait_for_status=yellow" && { echo "up on $port"; exit 0; }
  sleep 0.2
done
echo "timed out; see $run/out.log" >&2; exit 1
