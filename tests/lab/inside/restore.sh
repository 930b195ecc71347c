# SPDX-License-Identifier: GPL-2.0-or-later
#
# Puts the machine back between scenarios: virtual functions away, each device on the
# driver and the override that it had after the boot, no records. Done by plain writes;
# the tool under test has no part in it. What hangs is left hanging after a while.

devices=/sys/bus/pci/devices

driver_now()
{
	local link
	link=$(readlink "$devices/$1/driver") && printf '%s\n' "${link##*/}"
}

# Device, driver, override; a dash for none. One process looks up all the links.
describe_machine()
{
	local device override
	local -A drivers=()
	while read -r device override; do
		drivers[$device]=${override##*/}
	done < <(find "$devices"/*/ -maxdepth 1 -name driver -printf '%h %l\n')
	for device in "$devices"/*; do
		read -r override < "$device/driver_override"
		override=${override#'(null)'}
		printf '%s %s %s\n' "${device##*/}" "${drivers[$device]:--}" "${override:--}"
	done
}

remember_machine()
{
	describe_machine > /run/lab/machine
}

remove_virtual_functions()
{
	local file count
	for file in "$devices"/*/sriov_numvfs; do
		[ -e "$file" ] || continue
		read -r count < "$file"
		[ "$count" = 0 ] || echo 0 > "$file"
		echo 1 > "${file%/*}/sriov_drivers_autoprobe"
	done
}

restore_device()
{
	local device=$1 driver=${2#-} override=${3#-} now
	now=$(driver_now "$device")
	if [ "$now" != "$driver" ]; then
		echo "$driver" > "$devices/$device/driver_override"
		[ -z "$now" ] || echo "$device" > "$devices/$device/driver/unbind"
		[ -z "$driver" ] || echo "$device" > "/sys/bus/pci/drivers/$driver/bind"
	fi
	echo "$override" > "$devices/$device/driver_override"
}

# A device that a scenario has removed comes back by a rescan.
restore_now()
{
	local device driver override changed=
	remove_virtual_functions
	[ "$(ls "$devices")" = "$(cut -d ' ' -f 1 /run/lab/machine)" ] ||
		echo 1 > /sys/bus/pci/rescan
	describe_machine | diff - /run/lab/machine > /run/lab/changes && changed=no
	[ "$changed" = no ] || while read -r device driver override; do
		restore_device "$device" "$driver" "$override"
	done < <(sed -n 's/^> //p' /run/lab/changes)
	rm -rf /run/vfioprep /etc/vfioprep
	[ "$changed" = no ] || udevadm settle --timeout=20
	return 0
}

restore_machine()
{
	run_for 40 restore_now > /run/lab/restore.log 2>&1 ||
		echo "a device hangs: this machine cannot be put back"
	cat /run/lab/restore.log
}
