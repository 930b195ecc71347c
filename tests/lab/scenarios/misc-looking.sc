# SPDX-License-Identifier: GPL-2.0-or-later
#
# Looking at displays, inputs, sound and the rest opens none of their nodes and reads no file
# that waits for a device; processes are gone through once for a command, however much hangs
# below, and not at all for a device without any of it.
# machine: desktop
# usual-kernel: 6.12

# looks WALKS ARGS...
looks()
{
	local walks=$1 nodes='"/dev/(dri|snd|input|fb|tty|watchdog|bus|video|nvidia)'
	shift
	strace -f -qq -e trace=open,openat,openat2 -o "$scenario_folder/trace" \
		vfioprep "$@" >/dev/null || true
	! grep -E "$nodes|/(uevent|driver_override|config|product|manufacturer)\"" \
		"$scenario_folder/trace" || fail "$* opens what it must not"
	[ "$(grep -c '"/proc", .*O_DIRECTORY' "$scenario_folder/trace")" = "$walks" ] ||
		fail "$*: not $walks walks of /proc"
}

looks 1 list
looks 1 check "$xhci2"
looks 0 check "$watchdog"
