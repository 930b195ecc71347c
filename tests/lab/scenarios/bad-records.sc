# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
#
# Records that cannot be believed, of a device that is hidden: cut short at each length,
# of another boot, of another device, of a later format, not root's alone, no file at all.
# Each is reported by status, recover, return and hide, and nobody acts upon it.
# timeout: 400
# long-timeout: 2000

records=/run/vfioprep/records
record=$records/$nic1
good=$scenario_folder/good

# What is in its place, to the last byte.
place()
{
	stat -c '%F %a %u %g' "$record"
	[ ! -f "$record" ] || [ -L "$record" ] || sha256sum < "$record"
}

# said VERB: about the device, and not as if it were well.
said()
{
	grep -qF "$nic1" "$out" "$err" || { show_output && fail "$what: $1 does not tell of it"; }
}

# reported WHAT [stale]: a stale record may be replaced by hide, which then begins anew.
reported()
{
	local verb before now stale=${2:-}
	what=$1
	before=$(place)
	run 0 status
	said status
	for verb in recover "return $nic1" ${stale:-"hide $nic1"}; do
		[ "$verb" != stale ] || continue
		# shellcheck disable=SC2086 # several words
		run 3 $verb
		said "$verb"
		err_has record
		now=$(place)
		[ "$now" = "$before" ] || fail "$what: $verb has changed the record"
		driver "$nic1" vfio-pci
		override "$nic1" vfio-pci
	done
	count=$((count + 1))
}

# put TEXT: as the record; whole again afterwards.
again()
{
	rm -rf "$record"
	cp "$good" "$record"
}

count=0
run 0 hide "$nic1"
cp "$record" "$good"
size=$(stat -c %s "$good")

step=61
[ -z "$LAB_LONG" ] || step=1
for ((length = 0; length < size; length += step)); do
	head -c "$length" "$good" > "$record"
	reported "the first $length bytes of $size"
done
while read -r key; do
	sed "/^$key/d" "$good" > "$record"
	reported "without its line $key"
done < <([ -z "$LAB_LONG" ] && printf '%s\n' vfioprep orig.driver= end ||
	grep -o -e '^vfioprep' -e '^device=' -e '^identity=' -e '^boot=' -e '^phase=' \
		-e '^orig.driver=' -e '^orig.driver_override=' -e '^goal.driver=' \
		-e '^goal.driver_override=' -e '^end' "$good")
sed 's/^vfioprep 1$/vfioprep 2/' "$good" > "$record"
reported "a later format"
sed 's/^device=.*/device=0000:00:00.0/' "$good" > "$record"
reported "one that names another device"
{ cat "$good" && head -c 70000 /dev/zero | tr '\0' '#'; } > "$record"
reported "a very long one"
sed 's/^boot=.*/boot=00000000-0000-0000-0000-000000000000/' "$good" > "$record"
reported "of another boot" stale
sed 's/^identity=.*/identity=pci:v00001234d00005678sv0sd0bc02sc00i00/' "$good" > "$record"
reported "of another device" stale

again
chown nobody "$record"
reported "somebody else's"
again
chmod 666 "$record"
reported "writable by all"
again
chmod 664 "$record"
reported "writable by a group"
rm "$record"
ln -s "$good" "$record"
reported "a link to a good one"
rm "$record"
ln -s /nowhere "$record"
reported "a link to nowhere"
rm "$record"
mkdir "$record"
reported "a folder"
rmdir "$record"
mkfifo "$record"
reported "a pipe"
again

# The folder itself.
chmod 777 "$records"
what="a folder that all can write"
for verb in recover "return $nic1" "hide $nic1"; do
	# shellcheck disable=SC2086 # several words
	run 3 $verb
done
chmod 755 "$records"
note "$count kinds of records that cannot be believed, none acted upon"
run 0 return "$nic1"
record "$nic1" no
driver "$nic1" e1000e
