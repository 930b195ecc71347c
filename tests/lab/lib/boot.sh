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

# start_machine KERNEL: the machine that load_machine has described.
start_machine()
{
	local kernel=$lab_cache/kernels/$1
	mkfifo "$run_folder/results"
	qemu-system-x86_64 "${qemu_arguments[@]}" \
		-kernel "$kernel/image" -initrd "$kernel/initramfs" \
		-append "${kernel_words[*]} lab_modules=$kernel/lib/modules" \
		-serial "file:$run_folder/console.log" \
		-chardev "file,id=results,path=$run_folder/results" \
		-device "virtserialport,chardev=results,name=lab.results" \
		</dev/null >"$run_folder/qemu.log" 2>&1 &
	qemu_pid=$!
}

# read_results SECONDS HANDLER: gives each line to HANDLER; 1 when the time is over.
read_results()
{
	local deadline=$((SECONDS + $1)) handler=$2 line status left
	while :; do
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

# boot KERNEL SECONDS HANDLER: 0 when the inside said that it was done.
boot()
{
	local kernel=$1 limit=$2 handler=$3 late=
	start_machine "$kernel"
	exec {results}<"$run_folder/results"
	read_results "$limit" "$handler" || late=yes
	exec {results}<&-
	stop_machine
	wait 2>/dev/null || true
	rm -f "$run_folder/results"
	[ -z "$late" ] || say "the machine was not done after $limit s and was stopped"
}

# The machine's own console on this terminal, for --shell.
boot_shell()
{
	local kernel=$lab_cache/kernels/$1
	qemu-system-x86_64 "${qemu_arguments[@]}" \
		-kernel "$kernel/image" -initrd "$kernel/initramfs" \
		-append "${kernel_words[*]} quiet lab_shell=1 lab_modules=$kernel/lib/modules" \
		-serial mon:stdio
}
