# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.12
#
# apply on a real kernel: two equal cards, one configured; the owner of the node; a device that
# holds the root disk; a disk that is full; taken from a driver, and before there is one.
# timeout: 300

conf=/etc/vfioprep/devices.d
at_end rm -rf /etc/vfioprep
mkdir -p "$conf"
owner()
{
	stat -c %U:%G "/dev/vfio/$(group_of "$1")"
}

snapshot before
run 0 hide --persist --node-owner nobody "$nic1"
run 0 return "$nic1"
err_has "configured"
run 0 apply
hidden "$nic1"
driver "$nic2" e1000e
[ "$(owner "$nic1")" = nobody:root ]
run 0 apply
out_is

# Somebody gives the node to another: that is a difference, and is put right.
chown daemon "/dev/vfio/$(group_of "$nic1")"
run 3 apply --check
out_has "node-owner"
run 0 apply
[ "$(owner "$nic1")" = nobody:root ]
run 0 apply --check
run 0 return --persist "$nic1"

# A full disk: nothing is hidden that would not be kept.
mount -t tmpfs -o size=4k,mode=755 tmpfs "$conf"
at_end umount "$conf"
head -c 4096 /dev/zero > "$conf/filler" || :
refuses 1 hide --persist "$nic1"
err_has "No space left"
[ "$(ls -A "$conf")" = filler ]
rm "$conf/filler"

# The boot's list has what is safe to be claimed, and nothing that the host needs to come up.
run 0 hide --persist "$nic1"
run 0 return "$nic1"
run 0 apply --boot-list
out_is "$nic1 8086 10d3 $(cut -c3- "$pci_devices/$nic1/subsystem_vendor") $(cut -c3- "$pci_devices/$nic1/subsystem_device") vfio-pci"

# A file system is one that the host may need at the next boot.
mount -o remount,size=64k "$conf"
keep_content "$nvme"
disk=/dev/$(disk_of "$nvme")
mkfs.ext4 -q -F "$disk"
mkdir "$scenario_folder/mnt"
mount "$disk" "$scenario_folder/mnt"
at_end umount -q "$scenario_folder/mnt"
printf '[%s]\nexpect=%s\n' "$nvme" "$(cut -c3- "$pci_devices/$nvme/vendor"):$(cut -c3- "$pci_devices/$nvme/device")" > "$conf/nvme.conf"
run 0 apply --boot-list
out_lines 1
err_has "$nvme: warning: it is not claimed before the host's drivers: the host would lose"
umount "$scenario_folder/mnt"
rm "$conf/nvme.conf"

# Before it has a driver: the override alone, and only with the right identity.
kwrite "/sys/bus/pci/drivers/e1000e/unbind" "$nic1"
run 3 apply --early "$nic2"
err_lines 0
driver "$nic2" e1000e
override "$nic2" ""
run 0 apply --early "$nic1"
driver "$nic1" none
override "$nic1" vfio-pci
grep -qx "$nic1 vfio-pci udev" /run/vfioprep/early
run 0 apply
hidden "$nic1"
run 0 apply
out_is
run 0 return --persist --driver auto "$nic1"
rm -f /run/vfioprep/early
driver "$nic1" e1000e
override "$nic1" ""
