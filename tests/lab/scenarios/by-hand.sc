# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lab itself: each kind of device really goes to vfio-pci and comes back when its
# driver is changed by hand, so whatever fails elsewhere is not the host's fault.
# usual-kernel: 6.12

snapshot before
for device in "$nic1" "$sata" "$xhci" "$nvme" "$bare"; do
	own=$(driver_of "$device")
	prepare_driver "$device" vfio-pci
	node "$device" yes
	prepare_driver "$device" "$own"
	node "$device" no
done
unchanged before

# The namespace is scanned after the bind has returned.
await 10 has_disk "$nvme"
same_pattern "$(disk_of "$nvme")" "$image_nvme"
