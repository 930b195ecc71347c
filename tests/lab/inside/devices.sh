# SPDX-License-Identifier: GPL-2.0-or-later
#
# Names to addresses. The machine file has told below which root port, and at which
# function, each named device hangs; the bus number is what the firmware made of it.

# find_devices TABLE: lines name=value, to be read by a shell. A device that did not come
# up has no line, so that a scenario which needs it fails by its name.
find_devices()
{
	local name port place found
	while read -r name port place; do
		case $place in
		port | file)
			printf '%s=%s\n' "$name" "$port"
			continue
			;;
		esac
		for found in "/sys/bus/pci/devices/$port"/*:*:*."$place"; do
			[ -e "$found/vendor" ] && printf '%s=%s\n' "$name" "${found##*/}"
		done
	done < "$1"
	return 0
}
