# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 400
# package: openssh-server
#
# Nobody cuts off the branch that they sit on: a real SSH server, logins over the addresses
# of two network cards, and the verdict asked directly, through sudo, and in tmux.
# usual-kernel: 6.1

one=$(netdev_of "$nic1") two=$(netdev_of "$nic2")
folder=$(mktemp -d /run/lab-ssh.XXXXXX)
chmod 755 "$folder"
tool=$(command -v vfioprep)

down()
{
	local interface
	for interface in "$(netdev_of "$nic1")" "$(netdev_of "$nic2")"; do
		ip address flush dev "$interface"
		ip link set "$interface" down
	done
	userdel labuser 2>/dev/null || true
	rm -rf /etc/sudoers.d/labuser "$folder" /tmp/tmux-lab
}
at_end down
for interface in "$one" "$two"; do
	echo 0 > "/proc/sys/net/ipv6/conf/$interface/accept_ra"
	ip link set "$interface" up
done
ip address add 10.0.2.15/24 dev "$one"
ip address add 10.0.3.15/24 dev "$two"
ip -6 address add 2001:db8::15/64 dev "$one" nodad

useradd --shell /bin/bash --home-dir "$folder" --password '*' labuser
echo 'labuser ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/labuser
chmod 440 /etc/sudoers.d/labuser
ssh-keygen -q -t ed25519 -N '' -f "$folder/host"
ssh-keygen -q -t ed25519 -N '' -f "$folder/key"
mkdir -p /run/sshd
id sshd >/dev/null 2>&1 || useradd --system --no-create-home sshd
"$checkout/build/lab/packages/openssh-server/usr/sbin/sshd" -f /dev/null -p 2222 -h "$folder/host" -o UsePAM=no -o StrictModes=no \
	-o "AuthorizedKeysFile=$folder/key.pub" -E "$folder/log" -o PidFile=none

# login ADDRESS [-tt] COMMAND
login()
{
	local address=$1
	shift
	ssh -F /dev/null -i "$folder/key" -p 2222 -o StrictHostKeyChecking=no -o LogLevel=ERROR \
		-o UserKnownHostsFile=/dev/null "labuser@$address" "$@"
}

# asks STATUS DEV: within a login over the address in $from
asks()
{
	local status=0
	login "$from" "$prefix $tool check $2" < /dev/null > "$out" 2>&1 || status=$?
	[ "$status" = "$1" ] || { cat "$out" "$folder/log"; fail "exit status $status"; }
}

await 10 login 10.0.2.15 true < /dev/null

for prefix in '' sudo 'sudo env -i setsid --wait'; do
	note "asked by: $prefix"
	from=10.0.2.15
	asks 3 "$nic1"
	out_has "your SSH session from 10.0.2.15 comes in over $one"
	out_lacks "SSH sessions from"
	from=10.0.3.15
	[ -z "$prefix" ] || { asks 0 "$nic1"; out_lacks SSH; }
	asks 3 "$nic2"
	out_has "over $two"
done
prefix=sudo from=2001:db8::15
asks 3 "$nic1"
out_has "your SSH session from 2001:db8::15"

note "a login of somebody else"
refuses 0 check "$nic1"
out_lacks SSH
mkfifo "$folder/stay"
login 10.0.2.15 cat < "$folder/stay" &
exec {stay}> "$folder/stay"
await 10 pgrep -u labuser -x cat > /dev/null
refuses 0 check "$nic1"
out_has "SSH sessions from 10.0.2.15 come in over $one"
refuses 0 check "$nic2"
out_lacks SSH
status=0
setpriv --reuid=65534 --regid=65534 --clear-groups "$tool" check "$nic1" > "$out" 2>&1 ||
	status=$?
out_has "whether they are of SSH sessions could not be seen"
exec {stay}>&-
no_cat()
{
	! pgrep -u labuser -x cat > /dev/null
}
await 10 no_cat
refuses 0 check "$nic1"
out_lacks SSH

# tmux: its server, which is what is above the shell, was started in a login that is over.
mkdir "$folder/work"
chown labuser "$folder/work"
mux()
{
	setpriv --reuid=labuser --regid=labuser --init-groups tmux -S "$folder/work/socket" "$@"
}

# pane STATUS DEV: asked by the shell in tmux, through sudo
pane()
{
	local status
	rm -f "$folder/work/status"
	mux send-keys "sudo $tool check $2 > $folder/work/out 2>&1; echo \$? > $folder/work/status" \
		Enter
	await 20 test -s "$folder/work/status"
	status=$(<"$folder/work/status")
	cp "$folder/work/out" "$out"
	[ "$status" = "$1" ] || { cat "$out"; fail "exit status $status"; }
}

# attached ADDRESS: somebody logs in over it and attaches, until detached
attached()
{
	: > "$folder/attach.log"
	TERM=xterm login "$1" -tt "tmux -S $folder/work/socket attach" < "$folder/stay" \
		> "$folder/attach.log" 2>&1 &
	exec {stay}> "$folder/stay"
	await 10 has_client
}
has_client()
{
	[ -n "$(mux list-clients)" ]
}
detached()
{
	mux detach-client -s lab
	exec {stay}>&-
	await 10 has_no_client
}
has_no_client()
{
	! has_client
}

note "tmux, in the login that started it"
login 10.0.2.15 "tmux -S $folder/work/socket new-session -d -s lab" < /dev/null
attached 10.0.2.15
pane 3 "$nic1"
out_has "your SSH session from 10.0.2.15 comes in over $one"
pane 0 "$nic2"
detached

note "tmux, attached to over another card since"
attached 10.0.3.15
pane 3 "$nic2"
out_has "your SSH session from 10.0.3.15 comes in over $two"
pane 0 "$nic1"
detached
mux kill-server
