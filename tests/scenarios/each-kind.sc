# SPDX-License-Identifier: GPL-2.0-or-later
#
# timeout: 180
#
# Each kind of device goes and comes back as it was, with all that hung below it: a
# network card, SATA, USB, NVMe, and a device for which there is no driver.

snapshot before
for device in "$nic1" "$sata" "$xhci" "$nvme" "$bare"; do
	own=$(driver_of "$device")
	had=$(identities "$device")

	run 0 hide "$device"
	hidden "$device"
	below "$device" ""

	run 0 return "$device"
	driver "$device" "$own"
	below "$device" "$had"
	unchanged before
done
