{{- define "sidetail.webhook" -}}{{ .Release.Name }}-webhook{{- end }}
{{- define "sidetail.tlsSecret" -}}
{{- if eq .Values.tls.mode "provided" }}{{ required "tls.existingSecret: give the name of the Secret with tls.crt and tls.key" .Values.tls.existingSecret }}
{{- else if eq .Values.tls.mode "cert-manager" }}{{ include "sidetail.webhook" . }}-cert
{{- else }}{{ include "sidetail.webhook" . }}-tls{{ end }}
{{- end }}
{{- define "sidetail.selector" -}}
app.kubernetes.io/name: sidetail-webhook
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "sidetail.labels" -}}
{{ include "sidetail.selector" . }}
app.kubernetes.io/part-of: sidetail
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
{{- /* An image's name: list of the root context and the image's values. */ -}}
{{- define "sidetail.image" -}}
{{- $root := index . 0 }}{{ $image := index . 1 -}}
{{- $registry := $image.registry | default $root.Values.registry | trimSuffix "/" -}}
{{- $name := ternary (printf "%s/%s" $registry $image.repository) $image.repository (ne $registry "") -}}
{{- if $image.digest }}{{ $name }}@{{ $image.digest }}{{ else }}{{ $name }}:{{ $image.tag | default $root.Chart.AppVersion }}{{ end -}}
{{- end }}
{{- /* The profiles; without any of the user's, lines go to the sidecar's standard output, which needs no backend. */ -}}
{{- define "sidetail.profiles" -}}
{{- $profiles := .Values.profiles | default (dict "default" (dict "outputs" (dict "out" (dict "type" "stdout")))) }}
{{- $named := .Values.defaultProfile | default "default" }}
{{- if and .Values.defaultProfile (not (hasKey $profiles $named)) }}{{ fail (printf "defaultProfile: there is no profile %q among %s" $named (keys $profiles | sortAlpha | join ", ")) }}{{ end }}
{{- $clean := dict }}
{{- range $name, $profile := $profiles }}
{{- $outputs := dict }}
{{- range $key, $output := $profile.outputs }}{{ if $output }}{{ $_ := set $outputs $key $output }}{{ end }}{{ end }}
{{- if not $outputs }}{{ fail (printf "profiles.%s.outputs: give at least one" $name) }}{{ end }}
{{- $_ := set $clean $name (merge (dict "outputs" $outputs) (omit $profile "outputs")) }}
{{- end }}
{{- $clean | toYaml -}}
{{- end }}
{{- /* Namespaces whose pods are never injected. */ -}}
{{- define "sidetail.excluded" -}}
{{- concat (list "kube-system" "kube-public" "kube-node-lease" .Release.Namespace) .Values.excludedNamespaces | uniq | toJson -}}
{{- end }}
