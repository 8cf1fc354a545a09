#!/bin/sh
# Says in one line if the lab cannot run here.
system=$(uname -s)
[ "$system" = Linux ] && [ "$(id -u)" = 0 ] && exit 0
echo "the lab needs root on Linux (this is $system, user $(id -un)); make test runs all that needs no cluster" >&2
exit 1
