# SPDX-License-Identifier: GPL-2.0-or-later
# machine: story
# timeout: 600
#
# The six chapters of the hotplug tutorial, on one host with one guest: a network card, a
# SATA controller, a USB controller, which go to the guest, work there, and come back;
# memory, a disk, a processor. `make demo` shows this very run.

for part in frame guest nic disk grow; do
	# shellcheck source=/dev/null
	. "$lab_dir/story/$part.sh"
done

unchanged_before()
{
	(unchanged before)
}

# A verdict of no is exit status 3.
refused()
{
	local status=0
	host "vfioprep check $1" || status=$?
	[ "$status" = 3 ]
}

# Steps keep their own account, and go on.
set +e
trap - ERR
at_end end_guest

snapshot before
printf '%s\n' "A host with an IOMMU, a guest without devices: six go there and come back."
start_guest
tell "The guest boots in the background; meanwhile: what does the host have?"
step "list says what is there" host "vfioprep list"
tell "Some of it the host cannot do without, and says so."
step "the chipset's SATA controller is refused" refused 0000:00:1f.2
tell "Waiting for the guest's shell."
step "the guest is up" await_guest
open_monitors

chapter_nic
chapter_controller SATA "Chapter 2: a SATA controller and its disk" \
	"$sata" "$image_sata" ahci sata0
chapter_controller USB "Chapter 3: a USB controller and the stick behind it" \
	"$xhci" "$image_usb" xhci_hcd usb0
chapter_memory
chapter_disk
chapter_processor

story_chapter=
step "the host is as it was before" unchanged_before
summary
