#!/bin/sh
# Scans an image archive and gates on it: gate.sh IMAGE.tar [REPORT_FOLDER [FLAG…]]
#
# Keeps the report as JSON, Markdown and SARIF. With an earlier report in the folder, only what is
# new fails. Exit status: that of fathom scan (0 passed, 1 a gate failed, 2 could not run, 3 too
# little was recognised, 4 gaps and --strict).
set -u
image=${1:?usage: gate.sh IMAGE.tar [REPORT_FOLDER [FLAG...]]}
reports=${2:-fathom-reports}
shift
[ $# -gt 0 ] && shift
fathom=${FATHOM:-fathom}
mkdir -p "$reports" || exit 2
[ -f "$reports/accepted.json" ] && set -- --baseline "$reports/accepted.json" "$@"
[ -f .fathom-ignore.yaml ] && set -- --ignore-file .fathom-ignore.yaml "$@"
status=0
"$fathom" scan "$image" --ci "$@" \
  -o "json=$reports/report.json" -o "markdown=$reports/report.md" -o "sarif=$reports/report.sarif" || status=$?
[ -f "$reports/report.md" ] && sed -n 3p "$reports/report.md"
exit "$status"
