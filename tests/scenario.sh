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
	# shellcheck disable=SC2034 # for scenarios
	scenario_notes=$1
	out=$1/out
	err=$1/err
	: > "$out"
	: > "$err"
	scenario_endings=()
	run_under=()
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
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || fail "waited in vain for: $*"
		sleep 0.1
	done
}

# ---- running the tool ------------------------------------------------------------------

# run STATUS VERB...: runs vfioprep; what it said is in the files $out and $err. Words in
# the list run_under stand before the command, as `timeout 5` would; it reads the file $input.
run()
{
	local expected=$1 status=0
	shift
	"${run_under[@]}" "${VFIOPREP:-vfioprep}" "$@" >"$out" 2>"$err" <"${input:-/dev/null}" ||
		status=$?
	[ "$status" = "$expected" ] || {
		show_output
		fail "vfioprep $*: exit status $status, expected $expected"
	}
}

# refuses STATUS VERB...: runs vfioprep, and nothing is changed by that.
refuses()
{
	snapshot refuses
	run "$@"
	unchanged refuses
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

# Into $value; "(null)" is how the kernel prints a null pointer.
read_override()
{
	value=''
	IFS= read -r value < "$1/driver_override" || true
	[ "$value" != '(null)' ] || value=''
}

# override_of DEV: the value, or nothing.
override_of()
{
	local value
	read_override "$pci_devices/$1"
	[ -z "$value" ] || printf '%s\n' "$value"
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

# identities DEV: addresses, serial numbers and WWIDs of what hangs below it: what the
# interfaces and disks are, not what they are called. One line.
identities()
{
	{
		find "$pci_devices/$1/" \( -path '*/net/*/address' -o -name serial -o \
			-name wwid \) -exec cat {} + 2>/dev/null || true
	} | sort | tr '\n' ' '
}

# below DEV IDENTITIES: just these hang below it.
below()
{
	local now
	now=$(identities "$1")
	if [ "$now" != "$2" ] && [ -z "$ROOT" ]; then
		# udev may be renaming an interface just now.
		udevadm settle --timeout=10
		now=$(identities "$1")
	fi
	[ "$now" = "$2" ] || fail "$1: below it '$now', expected '$2'"
}

# hidden DEV...: on vfio-pci in every respect.
hidden()
{
	local device
	for device; do
		driver "$device" vfio-pci
		override "$device" vfio-pci
		node "$device" yes
		record "$device" yes
	done
}

# record DEV yes|no: whether there is a record that it is hidden.
record()
{
	local found=no
	[ ! -e "$ROOT/run/vfioprep/records/$1" ] || found=yes
	[ "$found" = "$2" ] || fail "$1: record: $found, expected $2"
}

# Each device with its driver and override, the vfio nodes, and what is recorded. Scenarios
# do this often, so there is but one process, however many devices there are.
describe_devices()
{
	local path value
	while read -r path value; do
		printf '%s driver %s\n' "${path#"$pci_devices/"}" "${value##*/}"
	done < <(find "$pci_devices"/*/driver -maxdepth 0 -printf '%h %l\n')
	for path in "$pci_devices"/*/driver_override; do
		path=${path%/*}
		read_override "$path"
		printf '%s override %s\n' "${path##*/}" "$value"
	done
	for path in "$ROOT"/dev/vfio/* "$ROOT"/run/vfioprep/records/*; do
		case $path in */vfio/vfio | */vfio/devices) continue ;; esac
		[ ! -e "$path" ] || printf '%s\n' "${path#"$ROOT"}"
	done
}

# snapshot NAME: notes down how all devices stand ...
declare -A snapshots
snapshot()
{
	snapshots[$1]=$(describe_devices)
}

# ... unchanged NAME: and that they stand so still, or again.
unchanged()
{
	local now
	now=$(describe_devices)
	[ "$now" = "${snapshots[$1]}" ] && return
	diff -u --label "$1" --label now <(printf '%s\n' "${snapshots[$1]}") \
		<(printf '%s\n' "$now") || true
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

# ---- holding ---------------------------------------------------------------------------

# hold_group DEV: a process ($holder_pid, of the name "sleep") has the vfio node of DEV open
# until let_go. The model has nodes that cannot really be busy, so it is told.
hold_group()
{
	local group node
	group=$(group_of "$1")
	if [ -n "$ROOT" ]; then
		mkdir -p "$ROOT/model/open"
		held_group=$ROOT/model/open/$group
		: > "$held_group"
	else
		exec {node}<>"/dev/vfio/$group" || fail "cannot open the node of $1"
		sleep infinity &
		holder_pid=$!
		exec {node}>&-
	fi
}

let_go()
{
	if [ -n "$ROOT" ]; then
		rm "$held_group"
	else
		# Not TERM: between fork and exec the shell would swallow it.
		kill -KILL "$holder_pid"
		wait "$holder_pid" 2>/dev/null || true
	fi
}

# lock_group DEV: as if another vfioprep were at work on its group, until unlock_group.
lock_group()
{
	mkdir -p "$ROOT/run/vfioprep/locks"
	exec {locked_group}>> \
		"$ROOT/run/vfioprep/locks/$(printf group-%010d "$(group_of "$1")")"
	flock "$locked_group"
}

unlock_group()
{
	exec {locked_group}>&-
}

# xml_address DEV, hostdev DEV [ATTRIBUTE]: of the devices of a domain, in libvirt's XML.
xml_address()
{
	printf "<address type='pci' domain='0x%s' bus='0x%s' slot='0x%s' function='0x%s'/>" \
		"${1%%:*}" "${1:5:2}" "${1:8:2}" "${1:11}"
}

hostdev()
{
	printf "<hostdev mode='subsystem' type='pci' %s><source>%s</source></hostdev>" \
		"${2-}" "$(xml_address "$1")"
}

# hook STATUS UUID OPERATION PHASE DEVICES...: of the guest web1.
hook()
{
	local status=$1 uuid=$2 operation=$3 phase=$4 xml=$scenario_notes/xml
	shift 4
	echo "<domain><name>web1</name><uuid>$uuid</uuid><devices>$*</devices></domain>" > "$xml"
	input=$xml run "$status" hook -- web1 "$operation" "$phase" -
	out_lines 0
}
