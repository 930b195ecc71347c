# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words for scenarios that go on after a reboot, on the machine of that name: the kernel
# starts anew by kexec from an image of initramfs-tools, with the real scripts and udev of
# that, and the scenario is run again with another $stage. Of the layer in memory nothing is
# left but the files that were named. Needs a kernel whose file is what kexec takes (6.12).

stage=${lab_stage:-first}

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

# Those who come later count what a package leaves.
uninstall_vfioprep()
{
	rm -rf /usr/local/libexec/vfioprep /usr/local/bin/vfioprep /etc/vfioprep \
		/usr/share/initramfs-tools/hooks/vfioprep \
		/usr/share/initramfs-tools/scripts/init-top/00-vfioprep \
		/usr/lib/udev/rules.d/70-vfioprep.rules /usr/lib/systemd/system/vfioprep*
}

# early_files FOLDER: what the hook of vfioprep puts into an image, by itself, in FOLDER.
early_files()
{
	mkdir -p "$1"
	DESTDIR=$1 version=$(uname -r) verbose=n /usr/share/initramfs-tools/hooks/vfioprep
}

# reboot_into FOLDER STAGE FILES [WORD...]: from the image and what is in FOLDER besides; FILES
# are kept, WORDs added for the kernel.
reboot_into()
{
	local folder=$1 next=$2 files=$3 kernel=${lab_modules%/lib/modules}
	shift 3
	mkdir -p "$folder/lab-kept"
	[ -z "$files" ] || tar -cf - -C / $files | tar -xf - -C "$folder/lab-kept"
	cp /run/lab/log "$folder/lab-log"
	(cd "$folder" && find . | cpio -o -H newc -R 0:0 --quiet) |
		cat "$kernel/boot-image" - > "$scenario_folder/image"
	python3 "$lab_dir/inside/kexec" "$kernel/image" "$scenario_folder/image" \
		"$(sed 's/ boot=lab .*//' /proc/cmdline) boot=lab rw init=$lab_dir/inside/start $(
		)lab_stage=$next lab_turn=$LAB_TURN $*"
	fail "the kernel did not start anew"
}
