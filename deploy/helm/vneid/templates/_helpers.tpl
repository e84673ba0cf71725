{{- define "vneid.labels" -}}
app.kubernetes.io/name: vneid
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "vneid.selector" -}}
app.kubernetes.io/name: vneid
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "vneid.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag }}
{{- end -}}
{{- end }}

{{- define "vneid.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
# Makes mounted secrets readable for the group, and for nobody else.
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "vneid.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}
