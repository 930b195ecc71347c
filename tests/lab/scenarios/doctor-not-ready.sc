# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hosts that are not ready: without an IOMMU, and with one that does not remap interrupts.
# machine: noiommu nointremap
# usual-kernel: 6.12

run 3 doctor
if [ -z "$(ls /sys/kernel/iommu_groups)" ]; then
	out_has "this is a virtual machine and has no IOMMU of its own"
	out_has "-device intel-iommu"
	# A group that VFIO makes up changes nothing. Not all kernels were built for it.
	modprobe vfio enable_unsafe_noiommu_mode=1
	switch=/sys/module/vfio/parameters/enable_unsafe_noiommu_mode
	[ ! -e "$switch" ] || {
		modprobe vfio_pci
		at_end kwrite "$switch" N
		prepare_override "$nic1" vfio-pci
		prepare_driver "$nic1" vfio-pci
		[ -n "$(ls /sys/kernel/iommu_groups)" ] || fail "no group without IOMMU"
		run 3 doctor
		out_has "has no IOMMU of its own"
		out_has "no-IOMMU mode of VFIO is on"
		# What it says to do helps.
		sh -c "$(grep -o 'echo N > [^;]*' "$out")"
		run 3 doctor
		out_lacks "no-IOMMU mode"
	}
else
	out_has "interrupts are not remapped"
	out_has "allow_unsafe_interrupts=1"
	modprobe vfio_iommu_type1
	kwrite /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts Y
	at_end kwrite /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts N
	run 0 doctor
	out_has "a guest can send the host any interrupt"
fi
