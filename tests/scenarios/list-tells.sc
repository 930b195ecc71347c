# SPDX-License-Identifier: GPL-2.0-or-later
#
# List has every device, with the driver and the group that the kernel says; and the same
# when devices are hidden.
# usual-kernel: 6.1

the_kernels_word()
{
	local device
	for device in "$pci_devices"/*; do
		device=${device##*/}
		printf '%s|%s|%s\n' "$device" "$(driver_of "$device")" "$(group_of "$device")"
	done
}

agrees()
{
	the_kernels_word | sort > "$scenario_notes/kernel"
	run 0 list --json -o ADDRESS,DRIVER,GROUP
	python3 -c 'import json, sys
for d in json.load(sys.stdin)["devices"]:
	print("|".join(str("" if d[key] is None else d[key])
		for key in ("address", "driver", "group")))' < "$out" |
		sort | diff "$scenario_notes/kernel" - || fail "list says otherwise"
}

agrees
run 0 hide "$nic1" "$bare"
run 0 hide --group "$triple0"
agrees
run 0 list --raw --noheadings -o ADDRESS,DRIVER "$nic1" "$nic2"
out_is "$nic1 vfio-pci" "$nic2 e1000e"
