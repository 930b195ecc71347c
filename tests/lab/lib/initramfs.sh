# SPDX-License-Identifier: GPL-2.0-or-later
#
# Initial file systems: a static busybox, an init, and a few modules. One is the lab
# host's, which only needs to reach the machine's own file system over 9p; the other is all
# that a guest inside the lab has.

# Files of MODULE and of what it depends on, in the order in which they load.
module_files()
{
	local kernel=$1 module
	shift
	for module; do
		modprobe -d "$kernel" -S "$(<"$kernel/version")" --show-depends "$module" ||
			die "kernel $kernel has no module $module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# make_initramfs OUTPUT KERNEL INIT MODULE...: /init is INIT, /modules lists what to insert.
make_initramfs()
{
	local output=$1 kernel=$2 init=$3 tree file
	shift 3
	tree=$(mktemp -d "$lab_cache/initramfs.XXXXXX")
	mkdir -p "$tree"/{bin,dev,proc,sys,run,mnt,lib}
	cp /bin/busybox "$tree/bin/busybox"
	ln -s busybox "$tree/bin/sh"
	install -m 755 "$init" "$tree/init"
	for file in $(module_files "$kernel" "$@"); do
		cp "$file" "$tree/lib/"
		printf '/lib/%s\n' "${file##*/}" >> "$tree/modules"
	done
	(cd "$tree" && find . | cpio -o -H newc -R 0:0 --quiet) > "$output.new"
	mv "$output.new" "$output"
	rm -rf "$tree"
}

# Each is made again whenever its init or this file has changed.
initramfs_is_fresh()
{
	[ "$1" -nt "$2" ] && [ "$1" -nt "$lab/lib/initramfs.sh" ]
}

lab_initramfs()
{
	local kernel=$lab_cache/kernels/$1
	initramfs_is_fresh "$kernel/initramfs" "$lab/inside/init" ||
		make_initramfs "$kernel/initramfs" "$kernel" "$lab/inside/init" \
			virtio_pci 9pnet_virtio 9p overlay
}

guest_initramfs()
{
	local kernel=$lab_cache/kernels/$1
	initramfs_is_fresh "$kernel/guest-initramfs" "$lab/guest/init" ||
		make_initramfs "$kernel/guest-initramfs" "$kernel" "$lab/guest/init" \
			e1000e ahci sd_mod xhci_pci usb_storage usbhid nvme \
			virtio_pci virtio_blk virtio_net virtio_scsi virtio_mem \
			vmw_vsock_virtio_transport virtiofs virtio_pmem nd_pmem
}

# A guest of Xen gets its devices through a driver of its own.
xen_guest_initramfs()
{
	local kernel=$lab_cache/kernels/$1
	initramfs_is_fresh "$kernel/xen-guest-initramfs" "$lab/guest/init" ||
		make_initramfs "$kernel/xen-guest-initramfs" "$kernel" "$lab/guest/init" \
			xen_pcifront e1000e
}
