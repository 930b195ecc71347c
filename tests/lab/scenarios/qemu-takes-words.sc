# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
# package: qemu-utils
# timeout: 300
#
# What plug prints is what QEMU reads: values with commas, blanks and quotes arrive in both
# monitors and on the command line as they were meant. The guest is paused and has no
# system, which is enough for everything that needs no answer of it.

PATH=$PATH:$checkout/build/lab/packages/qemu-utils/usr/bin

folder="/tmp/it's \"a\", b"
mkdir -p "$folder"
at_end rm -r "$folder"
truncate -s 64M "$folder/disk.img" "$folder/scsi.img"
truncate -s 256M "$folder/memory" "$folder/pmem"
truncate -s 256M "$folder/nvdimm"
qemu-img create -q -f qcow2 "$folder/image.qcow2" 64M
modprobe -a loop tun
truncate -s 64M /tmp/loop.img
loop=$(losetup --show -f /tmp/loop.img)
at_end losetup -d "$loop"


machine=(qemu-system-x86_64 -accel tcg -S -display none -nodefaults
	-machine "q35,nvdimm=on" -cpu qemu64 -smp "1,sockets=4,maxcpus=4"
	-m "256M,slots=8,maxmem=16G" -device "virtio-scsi-pci,id=scsi0"
	-device "qemu-xhci,id=xhci")
for i in 1 2 3 4 5 6 7 8; do
	machine+=(-device "pcie-root-port,id=rp$i,chassis=$i")
done

# each TO: what is plugged, one after the other, in the words of TO.
each()
{
	local to=(--quiet --to "$1")

	vfioprep plug "${to[@]}" memory 256M --id dimm1 --file "$folder/memory"
	vfioprep plug "${to[@]}" memory 128M --id dimm2 --memfd --set share=on
	vfioprep plug "${to[@]}" memory 1G --id vmem --virtio-mem --total 256M --bus rp1
	vfioprep plug "${to[@]}" cpu --model qemu64 --socket-id 1 --core-id 0 --thread-id 0
	vfioprep plug "${to[@]}" disk "$folder/disk.img" --id disk1 --bus rp2
	vfioprep plug "${to[@]}" disk "$folder/image.qcow2" --read-only --id disk2 --bus rp3
	vfioprep plug "${to[@]}" disk "$folder/scsi.img" --model scsi-hd --bus scsi0.0 --id disk3
	vfioprep plug "${to[@]}" disk "$loop" --id disk4 --set serial=web-1 --bus rp4
	vfioprep plug "${to[@]}" nic user --id nic1 --mac 52:54:00:00:02:01 --bus rp5
	vfioprep plug "${to[@]}" nic tap=lab0 --id nic2 --model e1000e --bus rp6
	vfioprep plug "${to[@]}" pmem "$folder/pmem" --id pmem1 --bus rp7
	vfioprep plug "${to[@]}" pmem "$folder/nvdimm" --id pmem2 --model nvdimm
}

# what_is_there FILE: all that was plugged, as a monitor tells it.
what_is_there()
{
	local text
	for text in "memdev: /objects/dimm1-backend" "memdev: /objects/dimm2-backend" \
		"memdev: /objects/vmem-backend" "$folder/disk.img (raw)" \
		"$folder/image.qcow2 (qcow2, read-only)" "$folder/scsi.img (raw)" \
		"$loop (raw)" "52:54:00:00:02:01" "ifname=lab0" \
		"memdev: /objects/pmem1-backend" "memdev: /objects/pmem2-backend"; do
		grep -qF -- "$text" "$1" || fail "not in QEMU: $text"
	done
	grep -q "CPU #1" "$1" || fail "no second CPU"
}

look=("info memory-devices" "info block" "info network" "info cpus" quit)
answers=/tmp/answers

note "the human monitor"
{
	each hmp
	printf '%s\n' "${look[@]}"
} > /tmp/words
"${machine[@]}" -monitor stdio < /tmp/words > "$answers" 2>&1
! grep -E '^(Error|unknown command|.*: .* expects )' "$answers" || fail "QEMU refused it"
what_is_there "$answers"

note "QMP"
{
	echo '{"execute":"qmp_capabilities"}'
	each qmp
	for line in "${look[@]}"; do
		echo "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"$line\"}}"
	done
} > /tmp/words
"${machine[@]}" -qmp stdio < /tmp/words > "$answers" 2>&1
! grep '"error"' "$answers" || fail "QEMU refused it"
sed -i 's/\\"/"/g' "$answers"
what_is_there "$answers"

note "the command line"
eval "more=($(each argv))"
printf '%s\n' "${look[@]}" > /tmp/words
"${machine[@]}" "${more[@]}" -monitor stdio < /tmp/words > "$answers" 2>&1
what_is_there "$answers"

# The guest has no say with SCSI: at once the device is gone, and then what stood behind it.
# away TO MONITOR [LINE...]: a disk in the words of TO, and away again, line by line.
away()
{
	local line language=$1 monitor=$2
	shift 2
	{
		printf '%s\n' "$@"
		vfioprep plug --quiet --to "$language" disk "$folder/scsi.img" --model scsi-hd --id disk3
		vfioprep plug --quiet --detach --to "$language" disk --id disk3
	} > /tmp/words
	{
		while read -r line; do
			echo "$line"
			sleep 1
		done < /tmp/words
		vfioprep plug --quiet --to "$language" disk "$folder/scsi.img" --model scsi-hd --id disk3
		sleep 1
	} | timeout 60 "${machine[@]}" "$monitor" stdio > "$answers" 2>&1 || true
}

# A second one of the same name can come: nothing of the first is there.
note "away again"
away hmp -monitor
! grep -E '^(Error|Duplicate|.*already)' "$answers" || fail "something stayed"
away qmp -qmp '{"execute":"qmp_capabilities"}'
! grep '"error"' "$answers" || fail "something stayed"
grep -c '"return"' "$answers" | grep -qx 7 || fail "$(cat "$answers")"
