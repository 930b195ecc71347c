# SPDX-License-Identifier: GPL-2.0-or-later
#
# One boot of a machine. The inside speaks through a virtio-serial port that ends in a
# named pipe, so the end of the stream is the end of the machine, however it died; the
# console goes to a file, for whoever wants to know why.

qemu_pid=

# Only the process that we started, and only while it is ours to reap.
stop_machine()
{
	[ -z "$qemu_pid" ] || kill -KILL "$qemu_pid" 2>/dev/null || true
	qemu_pid=
}

# What is loaded in front of KERNEL: nothing, or a hypervisor.
boot_linux()
{
	boot_arguments=(-kernel "$1/image" -initrd "$1/initramfs"
		-append "${kernel_words[*]} lab_modules=$1/lib/modules")
}

boot_xen()
{
	gunzip -c "$lab_cache"/packages/xen-hypervisor-*/boot/xen-*.gz > "$run_folder/xen"
	boot_arguments=(-kernel "$run_folder/xen" -append "$(
		)console=com1 com1=115200,8n1 dom0_mem=3072M smap=0 smep=0"
		-initrd "$1/image ${kernel_words[*]} lab_modules=$1/lib/modules,$1/initramfs")
}

# start_machine KERNEL: the machine that load_machine has described.
start_machine()
{
	"boot_$boot_with" "$lab_cache/kernels/$1"
	mkfifo "$run_folder/results"
	qemu-system-x86_64 "${qemu_arguments[@]}" "${boot_arguments[@]}" \
		-serial "file:$run_folder/console.log" \
		-chardev "file,id=results,path=$run_folder/results" \
		-device "virtserialport,chardev=results,name=lab.results" \
		</dev/null >"$run_folder/qemu.log" 2>&1 &
	qemu_pid=$!
}

# read_results SECONDS HANDLER [boot]: gives each line to HANDLER, with "boot" until it has
# seen that the kernel is up; 1 when the time is over.
read_results()
{
	local deadline=$((SECONDS + $1)) handler=$2 until_boot=${3:-} line status left
	while [ -z "$until_boot" ] || [ -z "$booted" ]; do
		left=$((deadline - SECONDS))
		[ "$left" -gt 0 ] || return 1
		status=0
		IFS= read -r -t "$left" line <&"$results" || status=$?
		[ "$status" -lt 128 ] || return 1
		[ "$status" = 0 ] || return 0
		"$handler" "$line"
	done
}

# Why the machine ended before its time, as far as the logs tell.
show_logs()
{
	printf '%s\n' "--- QEMU said:"
	tail -n 20 "$run_folder/qemu.log"
	printf '%s\n' "--- the end of the console ($run_folder/console.log):"
	tail -n 25 "$run_folder/console.log" 2>/dev/null || true
}

end_machine()
{
	exec {results}<&-
	stop_machine
	wait 2>/dev/null || true
	rm -f "$run_folder/results"
}

# Emulated timers are lost now and then while a kernel sets them up, on a busy machine, and
# it waits for ever. That is no fault of what is tested, so it may boot again.
boot_kernel()
{
	local kernel=$1 handler=$2 try
	for try in 1 2 3; do
		booted=
		start_machine "$kernel"
		exec {results}<"$run_folder/results"
		read_results "${LAB_BOOT_TIMEOUT:-$boot_seconds}" "$handler" boot || true
		[ -z "$booted" ] || return 0
		end_machine
		mv "$run_folder/console.log" "$run_folder/console-$try.log"
		say "the kernel did not come up (console-$try.log)"
	done
	return 1
}

# boot KERNEL SECONDS HANDLER: the handler knows whether the inside said that it was done.
boot()
{
	local limit=$2 handler=$3
	boot_kernel "$1" "$handler" || return 0
	read_results "$limit" "$handler" ||
		say "the machine was not done after $limit s and was stopped"
	end_machine
}

# The machine's own console on this terminal, for --shell.
boot_shell()
{
	kernel_words+=(quiet lab_shell=1)
	"boot_$boot_with" "$lab_cache/kernels/$1"
	qemu-system-x86_64 "${qemu_arguments[@]}" "${boot_arguments[@]}" \
		-serial mon:stdio
}
