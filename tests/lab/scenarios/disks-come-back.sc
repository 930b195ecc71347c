# SPDX-License-Identifier: GPL-2.0-or-later
#
# The disks behind SATA, USB and NVMe controllers are gone while these are hidden, and are
# there again when return has ended, with what was on them.
# usual-kernel: 6.12
# timeout: 300

await 10 has_disk "$xhci"
for device in "$sata" "$xhci" "$nvme"; do
	has_disk "$device"
done
same_pattern "$(disk_of "$sata")" "$image_sata" 8
same_pattern "$(disk_of "$xhci")" "$image_usb" 8
same_pattern "$(disk_of "$nvme")" "$image_nvme" 8

snapshot before
run 0 hide "$sata" "$xhci" "$nvme"
hidden "$sata" "$xhci" "$nvme"
for device in "$sata" "$xhci" "$nvme"; do
	[ -z "$(disk_of "$device")" ] || fail "$device: its disk is still there"
done

run 0 return "$sata" "$xhci" "$nvme"
unchanged before
same_pattern "$(disk_of "$sata")" "$image_sata" 8
same_pattern "$(disk_of "$xhci")" "$image_usb" 8
same_pattern "$(disk_of "$nvme")" "$image_nvme" 8
