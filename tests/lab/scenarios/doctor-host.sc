# SPDX-License-Identifier: GPL-2.0-or-later
#
# The doctor on a host that is ready: it says so, and what it says is true of the machine. What
# modprobe.d asks for changes the answer, and a dump gives the same one elsewhere.
# usual-kernel: 6.1
# timeout: 300

unload_vfio_pci
run 0 doctor
out_has "the IOMMU is on: 1 unit, $(ls /sys/kernel/iommu_groups | wc -l) groups"
out_has "vfio_pci is there and not loaded"
out_has "$(group_of "$pair0")"
out_has "qemu $(qemu-system-x86_64 --version | sed -n 's/.*version \([0-9.]*\).*/\1/p')"
out_has "ready"

# Twice the same, and nothing was loaded for it.
module vfio_pci no
run 0 doctor --json
python3 - "$out" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["version"] == 1 and d["side"] == "host" and d["ready"] is True, d
assert all(f["text"] and f["severity"] != "refuse" for f in d["findings"])
PY

run 0 hide "$nic1"
run 0 doctor
out_has "vfio_pci is loaded"
run 3 doctor --ram 512G
out_has "give the guest less"
run 0 return "$nic1"

unload_vfio_pci
mkdir -p /etc/modprobe.d
at_end rm -f /etc/modprobe.d/lab-doctor.conf
echo "install vfio_pci /bin/true" > /etc/modprobe.d/lab-doctor.conf
run 3 doctor
out_has "modprobe --ignore-install vfio_pci"
echo "blacklist vfio-pci" > /etc/modprobe.d/lab-doctor.conf
run 0 doctor
out_has "vfio_pci is blacklisted"
echo "options vfio enable_unsafe_noiommu_mode=1" > /etc/modprobe.d/lab-doctor.conf
run 0 doctor
out_has "no-IOMMU mode of VFIO is on"
rm /etc/modprobe.d/lab-doctor.conf

run 0 hide "$nic1"
at_end run 0 return "$nic1"
run 3 doctor --user nobody --ram 1G
out_has "nobody may not open /dev/vfio/$(group_of "$nic1")"
chown nobody "/dev/vfio/$(group_of "$nic1")"
run 3 doctor --user nobody --ram 1G
out_lacks "may not open"

run 0 dump /run/lab/dumped
run 0 doctor --sysroot /run/lab/dumped
out_has "the IOMMU is on: 1 unit, $(ls /sys/kernel/iommu_groups | wc -l) groups"
out_has "vfio_pci is loaded"

refuses 2 doctor --udev-rules
refuses 2 doctor --guest --ram 1G
refuses 2 doctor --ram much
