# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hiding and returning one device costs the same, to the system call, however many other
# functions the host has.
# usual-kernel: 6.12

# Calls of the command and its children that concern files and processes. Waiting is left
# out, since how often one polls is a matter of luck.
calls()
{
	strace -f -qq -o "$scenario_folder/trace" -e trace='!poll,wait4,futex,brk,mmap,munmap' \
		vfioprep "$@" >/dev/null
	grep -c -v -e '+++' -e '---' -e 'resumed>' "$scenario_folder/trace"
}

vfioprep hide "$nic1" # loads what is to be loaded
vfioprep return "$nic1"

hide_few=$(calls hide "$nic1")
return_few=$(calls return "$nic1")
make_functions "$sriov" 4
hide_many=$(calls hide "$nic1")
return_many=$(calls return "$nic1")

note "hide: $hide_few and $hide_many calls, return: $return_few and $return_many"
[ "$hide_few" -gt 50 ] || fail "the count cannot be right"
[ "$hide_few" = "$hide_many" ] || fail "hide makes more calls when there are more functions"
# A return waits for its interface, and looks more or less often.
[ "$return_many" -le $((return_few + return_few / 4)) ] ||
	fail "return makes more calls when there are more functions"
