# SPDX-License-Identifier: GPL-2.0-or-later
#
# For scenarios that say "# image: initramfs-tools": an initial file system made by the real
# mkinitramfs, with its own init, scripts and udev, and vfioprep's script among those. It runs
# out here, where it takes a second and not minutes, from a copy in which the folders of
# this machine are those of the lab's kernel. The list of devices comes from inside.

# In the folder of the copy: where a host looks in /usr/share, /lib/modules and /boot.
point_elsewhere()
{
	local tree=$1 kernel=$2 version=$3
	sed -i "s|/sbin/modprobe --all|/sbin/modprobe -d $kernel --all|
		s|target=\"\${3:-\$2}\"|target=\"\${3:-\${2#$kernel}}\"|
		s|echo \"/usr/share/initramfs-tools|echo \"$tree/share|" "$tree/share/hook-functions"
	sed -i "s|/usr/share/initramfs-tools/hook-functions|$tree/share/hook-functions|" \
		"$tree"/share/hooks/*
	sed "s|\"/boot/config-\${version}\"|$tree/config|
		s|/usr/share/initramfs-tools|$tree/share|g
		s|^MODULESDIR=.*|MODULESDIR=$kernel/lib/modules/$version|
		s|\${DESTDIR}\${MODULESDIR}/|\${DESTDIR}/lib/modules/$version/|
		s|\${DESTDIR}/\${MODULESDIR}|\${DESTDIR}/lib/modules/$version|g
		s| \${MODULESDIR}; do| lib/modules/$version; do|" \
		/usr/sbin/mkinitramfs > "$tree/mkinitramfs"
}

# Only the modules that the lab's root needs, and those of the network cards, for udev to load.
fill_image()
{
	local tree=$1 name
	echo CONFIG_RD_ZSTD=y > "$tree/config"
	sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=zstd/' \
		"$tree/conf/initramfs.conf"
	printf '%s\n' virtio_pci 9pnet_virtio 9p overlay > "$tree/conf/modules"
	for name in bcache btrfs dmsetup fsck keymap lvm2 mdadm resume thermal; do
		rm -f "$tree/share/hooks/$name"
	done
	printf '%s\n' '#!/bin/sh' '[ "$1" != prereqs ] || exit 0' ". $tree/share/hook-functions" \
		'manual_add_modules e1000e vfio-pci' > "$tree/share/hooks/lab"
	chmod +x "$tree/share/hooks/lab"
	cp "$checkout/share/initramfs-tools/scripts/init-top/00-vfioprep" \
		"$tree/share/scripts/init-top/"
	cp "$lab/inside/boot-lab" "$tree/share/scripts/lab"
}

make_boot_image()
{
	local kernel tree
	kernel=$(realpath "$lab_cache/kernels/$1")
	tree=$(mktemp -d "$lab_cache/boot-image.XXXXXX")
	cp -a /usr/share/initramfs-tools "$tree/share" &&
		cp -a /etc/initramfs-tools "$tree/conf" &&
		point_elsewhere "$tree" "$kernel" "$(<"$kernel/version")" && fill_image "$tree" &&
		sh "$tree/mkinitramfs" -d "$tree/conf" -o "$tree/image" "$(<"$kernel/version")" \
			> "$tree/log" 2>&1 || {
		cat "$tree/log" >&2
		rm -rf "$tree"
		return 1
	}
	# What is appended has to begin at a multiple of four.
	truncate -s %4 "$tree/image"
	mv "$tree/image" "$kernel/boot-image"
	rm -rf "$tree"
}

# lab_boot_image KERNEL FILES: when one of these scenarios wants it.
lab_boot_image()
{
	local file wanted=''
	for file in $2; do
		[ -z "$(header "$file" image '')" ] || wanted=yes
	done
	[ -n "$wanted" ] || return 0
	make_boot_image "$1" || say "there is no image of initramfs-tools; scenarios that need it will fail"
}
