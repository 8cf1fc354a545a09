#!/bin/sh
# Installs Debian packages that are missing, as root on Debian. Elsewhere it
# does nothing: what is missing will be named by whoever needs it.
set -eu
command -v dpkg-query >/dev/null 2>&1 || exit 0
[ "$(id -u)" = 0 ] || exit 0
missing=
for package; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "installing$missing"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 $missing >/dev/null
