# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest for all that can be plugged, and the lines to it: its serial port, QEMU's human
# monitor (HMP) and QEMU's machine monitor (QMP). Each is a socket, as on a real host; socat
# joins it to a pair of pipes that this shell can read with a deadline. Two more machine
# monitors are for the tools: QEMU serves one client of each at a time.
#
# The emulated host's processor can virtualize, so the guest runs under the KVM of the lab
# host: ten seconds to its shell, where emulation within emulation takes forty.

guest_folder=/run/guest
guest_id=
guest_qmp=$guest_folder/web1.qmp
watch_qmp=$guest_folder/watch.qmp

guest_accelerator()
{
	modprobe -q kvm_amd || modprobe -q kvm_intel || true
	if [ -n "${LAB_NESTED:-}" ]; then
		printf '%s\n' "$LAB_NESTED"
	elif [ -w /dev/kvm ]; then
		printf 'kvm\n'
	else
		printf 'tcg\n'
	fi
}

# Another scenario of this boot may have left one.
new_guest_folder()
{
	rm -rf "$guest_folder"
	mkdir -p "$guest_folder"
}

# What a guest cannot be given later, it has from its start: empty ports, each for one
# device, a USB bus, slots for memory, places for processors, and memory that it shares
# with whatever serves its devices (virtiofsd).
start_guest()
{
	local kernel=$lab_modules/../.. line port
	new_guest_folder
	local arguments=(-name guest -M q35 -accel "$(guest_accelerator)" -cpu qemu64
		-m "512,slots=4,maxmem=4G" -smp "1,maxcpus=4"
		-object "memory-backend-memfd,id=ram,size=512M,share=on"
		-machine memory-backend=ram
		-nodefaults -display none -no-reboot
		-kernel "$kernel/image" -initrd "$kernel/guest-initramfs"
		-append "console=ttyS0 quiet panic=-1 no_timer_check nosoftlockup")
	for line in serial hmp qmp web1.qmp watch.qmp; do
		arguments+=(-chardev
			"socket,id=$line,path=$guest_folder/$line,server=on,wait=off")
	done
	for port in 1 2 3 4 5; do
		arguments+=(-device "pcie-root-port,id=rp$port,chassis=$port,slot=$port")
	done
	qemu-system-x86_64 "${arguments[@]}" -device qemu-xhci,id=usb -serial chardev:serial \
		-mon chardev=hmp,mode=readline -mon chardev=qmp,mode=control \
		-mon chardev=web1.qmp,mode=control -mon chardev=watch.qmp,mode=control \
		2>"$guest_folder/log" &
	guest_id=$!
	until_true 20 test -S "$watch_qmp"
	connect serial
	connect hmp
	connect qmp
}

# connect LINE: descriptors LINE_in and LINE_out.
connect()
{
	local to=$guest_folder/$1.in from=$guest_folder/$1.out
	mkfifo "$to" "$from"
	socat "UNIX-CONNECT:$guest_folder/$1" - <"$to" >"$from" 2>/dev/null &
	exec {socket_in}>"$to" {socket_out}<"$from"
	declare -g "$1_in=$socket_in" "$1_out=$socket_out"
}

# read_until DESCRIPTOR SECONDS PATTERN: lines, printed, up to the one that matches; that
# one is in $matched.
read_until()
{
	local deadline=$((SECONDS + $2)) line left
	while :; do
		left=$((deadline - SECONDS))
		[ "$left" -gt 0 ] || return 1
		IFS= read -r -t "$left" -u "$1" line || return 1
		line=${line%$'\r'}
		matched=$line
		# shellcheck disable=SC2053 # a pattern
		[[ $line != $3 ]] || return 0
		printf '%s\n' "$line"
	done
}

await_guest()
{
	read_until "$serial_out" "${1:-200}" '*guest ready*' >/dev/null
}

# guest_quietly COMMAND: its output; its exit status.
guest_quietly()
{
	printf '%s\necho "@ended $?"\n' "$1" >&"$serial_in"
	read_until "$serial_out" 60 '*@ended *' || return 1
	return "${matched##*@ended }"
}

# guest COMMAND: shown, then run inside the guest.
guest()
{
	local status=0
	printf '%sguest#%s %s\n' "$bold" "$plain" "$1"
	guest_quietly "$1" > "$guest_folder/said" || status=$?
	indent < "$guest_folder/said"
	return "$status"
}

guest_eventually()
{
	until_true "$1" guest_quietly "$2" >/dev/null
}

# hmp_answer: what the human monitor says until its prompt, without the cursor movements
# of its line editor and without the echo of the command.
hmp_answer()
{
	local piece text=''
	while IFS= read -r -t 60 -d ')' -u "$hmp_out" piece; do
		text+=$piece
		[[ $text != *'(qemu' ]] || break
		text+=')'
	done
	printf '%s' "${text%'(qemu'}" | sed 's/\x1b\[[0-9]*[A-Z]//g; s/\r//g' | tail -n +2
}

# hmp COMMAND: shown as at QEMU's prompt; the answer is in $answer.
hmp()
{
	printf '%s(qemu)%s %s\n' "$bold" "$plain" "$1"
	case $1 in device_del*) : > "$qmp_seen" ;; esac
	printf '%s\n' "$1" >&"$hmp_in"
	answer=$(hmp_answer)
	case $answer in *[Ee]rror*) printf '%s\n' "$answer" | indent && return 1 ;; esac
}

# What the machine monitor has said, in case an event comes before the answer that is
# waited for.
qmp_seen=$guest_folder/qmp.seen

# qmp_await SECONDS PATTERN: the next message like that.
qmp_await()
{
	read_until "$qmp_out" "$1" "$2" >> "$qmp_seen" || return 1
	show_message "$matched"
}

show_message()
{
	printf '%s<-%s %s\n' "$bold" "$plain" "$1" | sed 's/"timestamp": {[^}]*}, //'
}

# qmp JSON: shown, sent, and answered without an error.
qmp()
{
	printf '%s->%s %s\n' "$bold" "$plain" "$1"
	case $1 in *'"device_del"'*) : > "$qmp_seen" ;; esac
	printf '%s\n' "$1" >&"$qmp_in"
	qmp_await 60 '*"@(return|error)":*' && [[ $matched != *'"error":'* ]]
}

# qmp_answer JSON: what it answers, alone.
qmp_answer()
{
	printf '%s\n' "$1" >&"$qmp_in"
	read_until "$qmp_out" 60 '*"@(return|error)":*' >> "$qmp_seen" || return 1
	printf '%s\n' "$matched"
}

# device_deleted ID: the guest has let go, and QEMU has closed the device.
device_deleted()
{
	local message
	if message=$(grep "DEVICE_DELETED.*\"device\": \"$1\"" "$qmp_seen"); then
		show_message "$message"
	else
		qmp_await 60 "*DEVICE_DELETED*\"device\": \"$1\"*"
	fi
}

open_monitors()
{
	hmp_answer >/dev/null
	qmp_await 20 '*"QMP":*' >/dev/null
	qmp '{"execute": "qmp_capabilities"}' >/dev/null
}

end_guest()
{
	[ -z "$guest_id" ] || kill "$guest_id" 2>/dev/null || true
}
