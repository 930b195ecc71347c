# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The vocabulary of scenarios. A scenario reads as a story: prepare, run, look. The same
# words serve two runners: the lab (a real kernel; ROOT is empty) and the model of the
# driver core (ROOT is a prepared directory whose sys/, dev/ and run/ mimic the kernel's).
# So every look goes through $ROOT and every write to sysfs through the word kwrite.
#
# A word that does not find what it expects ends the scenario and says where and why.

ROOT=${ROOT:-}
pci_devices=$ROOT/sys/bus/pci/devices
pci_drivers=$ROOT/sys/bus/pci/drivers

# ---- the frame -------------------------------------------------------------------------

# begin_scenario FOLDER: strict from here on; FOLDER is for what the words note down.
begin_scenario()
{
	scenario_notes=$1
	out=$1/out
	err=$1/err
	: > "$out"
	: > "$err"
	scenario_endings=()
	set -euo pipefail
	set -E
	trap 'unexpected "$BASH_COMMAND"' ERR
	trap end_scenario EXIT
}

# Where in the scenario file we are: the outermost frame that is not one of ours.
scenario_line()
{
	local depth
	for ((depth = ${#BASH_SOURCE[@]} - 1; depth >= 0; depth--)); do
		case ${BASH_SOURCE[depth]} in
		*.sc)
			printf '%s:%s' "${BASH_SOURCE[depth]##*/}" "${BASH_LINENO[depth - 1]}"
			return
			;;
		esac
	done
}

fail()
{
	trap - ERR
	printf '%s: %s\n' "$(scenario_line)" "$*" >&2
	exit 1
}

# A plain command that failed, as set -e sees it.
unexpected()
{
	local status=$?
	trap - ERR
	[ "$BASH_SUBSHELL" != 0 ] ||
		printf '%s: status %d: %s\n' "$(scenario_line)" "$status" "$1" >&2
	exit "$status"
}

# at_end COMMAND...: however the scenario ends; the last one first.
at_end()
{
	scenario_endings+=("$(printf '%q ' "$@")")
}

end_scenario()
{
	local status=$? index
	trap - ERR EXIT
	set +e
	for ((index = ${#scenario_endings[@]} - 1; index >= 0; index--)); do
		eval "${scenario_endings[index]}"
	done
	exit "$status"
}

note()
{
	printf '%s\n' "$*"
}

# await SECONDS COMMAND...: tries until it succeeds.
await()
{
	local tries=$(($1 * 10))
	shift
	until "$@"; do
		[ "$tries" -gt 0 ] || fail "waited in vain for: $*"
		tries=$((tries - 1))
		sleep 0.1
	done
}

# ---- running the tool ------------------------------------------------------------------

# run STATUS VERB...: runs vfioprep; what it said is in the files $out and $err.
run()
{
	local expected=$1 status=0
	shift
	"${VFIOPREP:-vfioprep}" "$@" >"$out" 2>"$err" </dev/null || status=$?
	[ "$status" = "$expected" ] || {
		show_output
		fail "vfioprep $*: exit status $status, expected $expected"
	}
}

show_output()
{
	sed 's/^/stdout: /' "$out"
	sed 's/^/stderr: /' "$err"
}

out_has()
{
	grep -qF -e "$1" "$out" || { show_output; fail "stdout does not have: $1"; }
}

out_lacks()
{
	! grep -qF -e "$1" "$out" || { show_output; fail "stdout has: $1"; }
}

# out_is LINE...: these lines and no others.
out_is()
{
	local expected=''
	[ $# = 0 ] || expected=$(printf '%s\n' "$@")
	[ "$(<"$out")" = "$expected" ] || { show_output; fail "stdout is not: $*"; }
}

err_has()
{
	grep -qF -e "$1" "$err" || { show_output; fail "stderr does not have: $1"; }
}

err_lacks()
{
	! grep -qF -e "$1" "$err" || { show_output; fail "stderr has: $1"; }
}

err_lines()
{
	[ "$(wc -l < "$err")" = "$1" ] || { show_output; fail "stderr: not $1 lines"; }
}

out_lines()
{
	[ "$(wc -l < "$out")" = "$1" ] || { show_output; fail "stdout: not $1 lines"; }
}

# ---- looking ---------------------------------------------------------------------------

# driver_of DEV: the name, or nothing.
driver_of()
{
	local link
	link=$(readlink "$pci_devices/$1/driver") || return 0
	printf '%s\n' "${link##*/}"
}

# override_of DEV: the value, or nothing; "(null)" is how the kernel prints a null pointer.
override_of()
{
	local value=''
	IFS= read -r value < "$pci_devices/$1/driver_override" || true
	[ "$value" = '(null)' ] || printf '%s\n' "$value"
}

group_of()
{
	local link
	link=$(readlink "$pci_devices/$1/iommu_group") || return 0
	printf '%s\n' "${link##*/}"
}

netdev_of()
{
	local path
	for path in "$pci_devices/$1/net"/*; do
		[ ! -e "$path/address" ] || printf '%s\n' "${path##*/}"
	done
}

# driver DEV NAME: "" or none for a device without a driver.
driver()
{
	local now expected=$2
	[ "$expected" != none ] || expected=''
	now=$(driver_of "$1")
	[ "$now" = "$expected" ] || fail "$1: driver ${now:-none}, expected ${expected:-none}"
}

# override DEV VALUE: "" for none.
override()
{
	local now
	now=$(override_of "$1")
	[ "$now" = "$2" ] || fail "$1: driver_override '$now', expected '$2'"
}

# node DEV yes|no: whether /dev/vfio has the device's group.
node()
{
	local found=no group
	group=$(group_of "$1")
	[ -z "$group" ] || [ ! -e "$ROOT/dev/vfio/$group" ] || found=yes
	[ "$found" = "$2" ] || fail "$1: /dev/vfio/${group:-?}: $found, expected $2"
}

# netdev DEV MAC: an interface with this address is below the device; "" for no interface.
netdev()
{
	local now='' path
	for path in "$pci_devices/$1/net"/*/address; do
		[ ! -e "$path" ] || now+="$(<"$path") "
	done
	now=${now% }
	[ "$now" = "$2" ] || fail "$1: network address '$now', expected '$2'"
}

# record DEV yes|no: whether there is a record that it is hidden.
record()
{
	local found=no
	[ ! -e "$ROOT/run/vfioprep/records/$1" ] || found=yes
	[ "$found" = "$2" ] || fail "$1: record: $found, expected $2"
}

# Each device with its driver and override, and the vfio nodes: two processes, however
# many devices there are.
describe_devices()
{
	find "$pci_devices"/*/ -maxdepth 1 -name driver -printf '%p %l\n' |
		sed "s|^$pci_devices/||; s|//*driver .*/| driver |" | sort
	grep -H '' "$pci_devices"/*/driver_override |
		sed "s|^$pci_devices/||; s|/driver_override:| override |; s|(null)$||" | sort
	if [ -d "$ROOT/dev/vfio" ]; then
		find "$ROOT/dev/vfio" -mindepth 1 ! -name vfio -printf 'node %f\n' | sort
	fi
}

# snapshot NAME: notes down how all devices stand ...
snapshot()
{
	describe_devices > "$scenario_notes/snapshot.$1"
}

# ... unchanged NAME: and that they stand so still, or again.
unchanged()
{
	describe_devices > "$scenario_notes/now"
	diff -u --label "$1" --label now \
		"$scenario_notes/snapshot.$1" "$scenario_notes/now" ||
		fail "the devices are not as they were at $1"
}

# ---- preparing -------------------------------------------------------------------------

# kwrite PATH VALUE: one write to sysfs. PATH begins with /sys, whatever the root. The
# newline makes an empty value a write at all: the kernel never sees one of zero bytes.
kwrite()
{
	if [ -n "${KWRITE:-}" ]; then
		"$KWRITE" "$1" "$2"
	else
		printf '%s\n' "$2" > "$1"
	fi
}

# prepare_override DEV VALUE: "" for none.
prepare_override()
{
	kwrite "/sys/bus/pci/devices/$1/driver_override" "$2"
	override "$1" "$2"
}

# A real kernel may not have loaded it yet; the model has no modules.
prepare_module()
{
	[ -e "$pci_drivers/$1" ] || [ -n "$ROOT" ] || modprobe "$1"
}

# prepare_driver DEV NAME: puts it there ("" or none: takes it off), by an override for the
# moment, and leaves the override as it was.
prepare_driver()
{
	local device=$1 wanted=$2 before now
	[ "$wanted" != none ] || wanted=''
	now=$(driver_of "$device")
	[ "$now" != "$wanted" ] || return 0
	before=$(override_of "$device")
	[ -z "$wanted" ] || prepare_module "$wanted"
	[ -z "$wanted" ] || kwrite "/sys/bus/pci/devices/$device/driver_override" "$wanted"
	[ -z "$now" ] || kwrite "/sys/bus/pci/drivers/$now/unbind" "$device"
	[ -z "$wanted" ] || kwrite "/sys/bus/pci/drivers/$wanted/bind" "$device"
	prepare_override "$device" "$before"
	driver "$device" "$wanted"
}
