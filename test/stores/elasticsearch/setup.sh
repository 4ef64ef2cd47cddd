#!/usr/bin/env bash
# Lays out home/ (lib + modules) as symlinks into the local Maven repository; compiles the launcher. Idempotent.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); state=${SIDETAIL_STORES_STATE:-$HOME/.cache/sidetail-stores}/elasticsearch; mkdir -p "$state"; [ "$here" -ef "$state" ] || cp -r "$here"/. "$state"/; cd "$state"
. ./jdk.sh
[ -e home/.ready ] && exit 0
rm -rf home; mkdir -p home/{lib,modules,plugins,launcher}
for p in server transport-netty4 x-pack-core x-pack-security saml; do
  mvn -q -B -Dstyle.color=never -P "$p" dependency:build-classpath -Dmdep.outputFile="$PWD/home/cp.$p" -Dmdep.pathSeparator=$'\n'
  echo >> "home/cp.$p"
done
art() { sed -E 's#.*/([^/]+)/[^/]+/[^/]+\.jar$#\1#' "$1" | sort -u; }   # artifactId of every jar
lay() { # lay DIR CPFILE [CPFILES whose artifacts are already there...]
  local dir=$1 cp=$2; shift 2; mkdir -p "$dir"
  : > home/have; for f in "$@"; do art "$f" >> home/have; done
  while read -r jar; do
    [ -n "$jar" ] || continue
    grep -qx "$(sed -E 's#.*/([^/]+)/[^/]+/[^/]+\.jar$#\1#' <<<"$jar")" home/have || ln -s "$jar" "$dir/"
  done < "$cp"
}
lay home/lib home/cp.server
lay home/modules/transport-netty4 home/cp.transport-netty4 home/cp.server
lay home/modules/x-pack-core home/cp.x-pack-core home/cp.server
lay home/modules/x-pack-security home/cp.x-pack-security home/cp.server home/cp.x-pack-core
for m in transport-netty4 x-pack-core x-pack-security; do # the jars carry their plugin descriptors
  (cd "home/modules/$m"; unzip -q -o -j "$m"-*.jar "META-INF/es-plugins/$m/*" -d .)
done
# x-pack-security's module-info requires SAML libraries whose needed version is not on Maven Central: older ones, under the
# module names it asks for, stand in (they satisfy the class loader; SAML itself is not usable).
while read -r jar; do
  [ -n "$jar" ] || continue
  case $jar in
    */opensaml-core-*) m=org.opensaml.core;; */opensaml-saml-api-*) m=org.opensaml.saml;; */opensaml-saml-impl-*) m=org.opensaml.saml.impl;;
    */opensaml-security-api-*) m=org.opensaml.security;; */opensaml-security-impl-*) m=org.opensaml.security.impl;;
    */opensaml-xmlsec-api-*) m=org.opensaml.xmlsec;; */opensaml-xmlsec-impl-*) m=org.opensaml.xmlsec.impl;;
    */java-support-*) m=net.shibboleth.utilities.java.support;;
  esac
  cp "$jar" "home/modules/x-pack-security/$m.jar"
  printf 'Automatic-Module-Name: %s\n' "$m" > home/mf
  "$JDK/bin/jar" --update --file "home/modules/x-pack-security/$m.jar" --manifest home/mf 2>/dev/null
done < home/cp.saml
"$JDK/bin/javac" -proc:none -d home/launcher --module-path home/lib --add-modules org.elasticsearch.server EsNode.java
mkdir -p home/modules/lab-extras home/lab-classes
"$JDK/bin/javac" -nowarn -Xlint:-removal -proc:none -d home/lab-classes -cp "$(printf '%s:' home/lib/*.jar)" lab-extras/LabPlugin.java
"$JDK/bin/jar" --create --file home/modules/lab-extras/lab-extras.jar -C home/lab-classes .
es=$(sed -nE 's#.*<es>(.*)</es>.*#\1#p' pom.xml)
printf '%s\n' description=lab version="$es" name=lab-extras java.version=21 elasticsearch.version="$es" classname=LabPlugin > home/modules/lab-extras/plugin-descriptor.properties
touch home/.ready
