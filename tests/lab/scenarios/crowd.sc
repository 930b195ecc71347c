# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
#
# Fifty processes hide and return overlapping sets of devices at random. Half of them claim
# what they take, and each of these can tell whether the status it got is true: what it has
# is its own until it gives it back, what it was refused it does not have. The others take
# and give back what they like; of these the sum must be right: each device is bound and
# unbound in turn, as often as was said, and as often as the kernel says.
#
# timeout: 240

if long; then
	seconds=60
else
	seconds=10
fi
workers=50
own=("$nic1" "$nic2" "$nic3" "$nic4" "$bare")
common=("$nic5" "$nic6" "$nic7" "$nic8")
folder=$scenario_folder/crowd

mkdir "$folder"
modprobe vfio-pci
snapshot before

# some DEVICE...: one to three of them, in any order, into $set.
some()
{
	mapfile -t set < <(shuf -n $((RANDOM % 3 + 1)) -e "$@")
}

# vfp VERB...: the status in $status; what it says on $worker's file, and in $log.said.
vfp()
{
	status=0
	timeout 60 vfioprep "$@" > "$log.now" 2> "$log.err" </dev/null || status=$?
	cat "$log.now" >> "$log.said"
	printf '%s %s\n' "$status" "$1" >> "$log.statuses"
	case $status in
	0 | 3 | 4) ;;
	*) wrong "status $status: $*: $(<"$log.err")" ;;
	esac
}

wrong()
{
	printf '%s: %s\n' "$log" "$*" >> "$folder/wrong"
}

claimed_by_me()
{
	grep -qsx "for=$worker" "/run/vfioprep/records/$1"
}

claims_some()
{
	local device
	some "${own[@]}"
	vfp hide --for "$worker" --timeout 10 "${set[@]}"
	if [ "$status" != 0 ]; then
		[ ! -s "$log.now" ] || wrong "a hide that ended with $status said $(<"$log.now")"
		for device in "${set[@]}"; do
			! claimed_by_me "$device" || wrong "has $device after status $status"
		done
		return
	fi
	for device in "${set[@]}"; do
		claimed_by_me "$device" || wrong "has not $device after status 0"
		[ "$(driver_of "$device")" = vfio-pci ] || wrong "$device is not hidden"
		[ "$(override_of "$device")" = vfio-pci ] || wrong "$device: override"
		[ -e "/dev/vfio/$(group_of "$device")" ] || wrong "$device has no node"
	done
	while :; do
		vfp return --for "$worker" --timeout 10 "${set[@]}"
		[ "$status" = 4 ] || break
	done
	[ "$status" = 0 ] || wrong "return of the own ended with $status: $(<"$log.err")"
	for device in "${set[@]}"; do
		! claimed_by_me "$device" || wrong "still has $device"
	done
}

takes_some()
{
	some "${common[@]}"
	if [ $((RANDOM % 2)) = 0 ]; then
		vfp hide --timeout 10 "${set[@]}"
	else
		vfp return --timeout 10 "${set[@]}"
	fi
	[ "$status" != 3 ] || wrong "$(<"$log.err")"
}

works()
{
	worker=guest$1
	log=$folder/$worker
	RANDOM=$1
	while [ "$SECONDS" -lt "$seconds" ]; do
		if [ $(($1 % 2)) = 0 ]; then
			claims_some
		else
			takes_some
		fi
	done
}

# Events of the kernel itself.
udevadm monitor --kernel --subsystem-match=pci --property > "$folder/events" 2>&1 &
monitor=$!
await 10 grep -q KERNEL "$folder/events"

SECONDS=0
pids=()
for ((number = 1; number <= workers; number++)); do
	works "$number" &
	pids+=($!)
done
wait "${pids[@]}"
note "$SECONDS s: $(cat "$folder"/*.statuses | wc -l) commands: $(cat "$folder"/*.statuses |
	sort | uniq -c | awk '{ printf "%s%d %s with %s", (NR > 1 ? ", " : ""), $1, $3, $2 }')"
if [ -e "$folder/wrong" ]; then
	head -n 20 "$folder/wrong"
	fail "$(wc -l < "$folder/wrong") things were not as they were said to be"
fi

# said DEVICE DRIVER, happened DEVICE DRIVER: how often it was bound to it.
said()
{
	cat "$folder"/*.said | grep -cx "Binding $1 to $2" || true
}

happened()
{
	awk -v device="$1" -v driver="$2" 'BEGIN { RS = "" }
		/ACTION=bind/ && index($0, "PCI_SLOT_NAME=" device) &&
			index($0, "DRIVER=" driver "\n") { n++ }
		END { print n + 0 }' "$folder/events"
}

sleep 1
kill "$monitor"
changes=0
for device in "${own[@]}" "${common[@]}"; do
	hides=$(said "$device" vfio-pci)
	kernel=$(happened "$device" vfio-pci)
	returns=$(cat "$folder"/*.said | grep -cx "Unbinding $device from vfio-pci" || true)
	now=0
	[ "$(driver_of "$device")" != vfio-pci ] || now=1
	[ $((hides - returns)) = "$now" ] ||
		fail "$device: $hides times hidden, $returns times returned, and now $now"
	[ "$hides" = "$kernel" ] ||
		fail "$device: $hides times hidden, by the kernel's events $kernel times"
	changes=$((changes + hides + returns))
done
note "$changes changes, each of them also the kernel's"
for device in "${own[@]}"; do
	driver "$device" "$(awk -v d="$device" '$1 == d && $2 == "driver" { print $3 }' \
		<<< "${snapshots[before]}")"
	record "$device" no
done
refuses 0 recover
out_is
run 0 return --all
unchanged before
[ -z "$(ls -A /run/vfioprep/records)" ] || fail "left: $(ls -A /run/vfioprep/records)"
for lock in /run/vfioprep/locks/*; do
	flock -n "$lock" true || fail "$lock is still held"
done
! pgrep -x 'vfioprep.*' || fail "processes are left"
