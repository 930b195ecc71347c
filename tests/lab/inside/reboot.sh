# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words for scenarios that go on after a reboot, on the machine of that name: the kernel
# starts anew by kexec from an image of initramfs-tools, with the real scripts and udev of
# that, and the scenario is run again with another $stage. Of the layer in memory nothing is
# left but the files that were named. Needs a kernel whose file is what kexec takes (6.12).

stage=${lab_stage:-first}

# A boot that hands over as fast as it can: only the modules that the lab's root needs, and
# those of the network cards, for udev to load.
configure_initramfs()
{
	local folder=/etc/initramfs-tools hooks=/usr/share/initramfs-tools/hooks name
	mkdir -p /boot
	echo CONFIG_RD_ZSTD=y > "/boot/config-$(uname -r)"
	sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=zstd/
		s/^# COMPRESSLEVEL.*/COMPRESSLEVEL=1/' \
		"$folder/initramfs.conf"
	printf '%s\n' virtio_pci 9pnet_virtio 9p overlay > "$folder/modules"
	cp "$lab_dir/inside/boot-lab" "$folder/scripts/lab"
	printf '%s\n' '#!/bin/sh' '[ "$1" != prereqs ] || exit 0' \
		'. /usr/share/initramfs-tools/hook-functions' \
		'manual_add_modules e1000e' > "$folder/hooks/lab"
	chmod +x "$folder/hooks/lab"
	for name in bcache btrfs dmsetup fsck keymap lvm2 mdadm resume thermal; do
		rm -f "$hooks/$name"
	done
}

# The programs just built, and what of share/ belongs to the boot, where they look for each other.
install_vfioprep()
{
	local share=$checkout/build/share libexec=/usr/local/libexec/vfioprep
	mkdir -p /usr/local/bin "$libexec"
	ln -sf "$lab_run/bin/vfioprep" /usr/local/bin/
	ln -sf "$lab_run/bin/"vfioprep-* "$libexec/"
	cp "$share/early/early-claim" "$libexec/"
	cp -a "$share/initramfs-tools/." /usr/share/initramfs-tools/
	cp "$share/udev/70-vfioprep.rules" /usr/lib/udev/rules.d/
	cp "$share/systemd/"* /usr/lib/systemd/system/
}

# make_initramfs IMAGE
make_initramfs()
{
	mkinitramfs -o "$1" "$(uname -r)"
}

# The contents of IMAGE, one path a line.
in_initramfs()
{
	zstd -dc "$1" | cpio -t --quiet
}

# reboot_into IMAGE STAGE FILES [WORD...]: FILES are kept, WORDs added for the kernel.
reboot_into()
{
	local image=$1 next=$2 files=$3 folder=$scenario_folder/kept
	shift 3
	mkdir -p "$folder/lab-kept"
	tar -cf - -C / $files | tar -xf - -C "$folder/lab-kept"
	cp /run/lab/log "$folder/lab-log"
	(cd "$folder" && find . | cpio -o -H newc -R 0:0 --quiet) > "$scenario_folder/kept.cpio"
	cat "$scenario_folder/kept.cpio" "$image" > "$scenario_folder/image"
	sync
	python3 "$lab_dir/inside/kexec" "${lab_modules%/lib/modules}/image" \
		"$scenario_folder/image" "$(sed 's/ boot=lab .*//' /proc/cmdline)$(
		) boot=lab rw init=$lab_dir/inside/start lab_stage=$next lab_turn=$LAB_TURN $*"
	fail "the kernel did not start anew"
}
