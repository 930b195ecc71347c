# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fourth and sixth chapter: a guest that becomes larger and smaller, by memory and by a
# processor. The processor is last: without KVM, QEMU 7.2 breaks at the next change of the
# memory map after one has gone (a double free).

guest_counts()
{
	guest_eventually 30 "test \$(nproc) = $1" && guest nproc
}

# guest_memory_is -gt|-lt MIB
guest_memory_is()
{
	guest_eventually 30 "read -r name kib unit < /proc/meminfo &&
		test \$kib $1 $(($2 * 1024))" && guest 'grep MemTotal /proc/meminfo'
}

chapter_memory()
{
	local words="memory 256M --id dimm1"
	chapter Memory "Chapter 4: memory"
	tell "What QEMU will be told can be seen before."
	step "plug prints them" host "vfioprep plug $words --to qmp"
	step "the guest has less than 512 MiB" guest_memory_is -lt 512
	step "plug gives it 256 MiB more" host "vfioprep plug $words --qmp $guest_qmp"
	step "the guest has more than 512 MiB" guest_memory_is -gt 512
	step "unplug takes them away" host "vfioprep unplug dimm1 --qmp $guest_qmp"
	step "the guest has less than 512 MiB again" guest_memory_is -lt 512
}

chapter_processor()
{
	chapter CPU "Chapter 6: a processor"
	step "the guest has one" guest_counts 1
	tell "Which is free QEMU knows, and is asked."
	step "plug gives it another" host "vfioprep plug cpu --id cpu1 --qmp $guest_qmp"
	step "the guest has two" guest_counts 2
	step "unplug takes it away" host "vfioprep unplug cpu1 --qmp $guest_qmp"
	step "the guest has one again" guest_counts 1
}
