# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words that make no sense: status 2, one sentence, and nothing is looked at further.
# usual-kernel: 6.1

wrong()
{
	run 2 "$@"
	err_lines 1
}

snapshot before
long=$(printf '%0300d' 0)
longer=$(printf '%05000d' 0)
for word in '' ' ' / "../../$nic1" "$nic1/" "$nic1 " " $nic1" "$nic1." "$nic1.0" \
	"${nic1%.0}.8" 0000:00:20.0 0000:100:00.0 0000:-1:00.0 : 0000:: "$long" "$longer" \
	"$long:00.0" $'\n' $'\e[31m' "$nic1"$'\n' -1 --no-such-option --timeout; do
	wrong hide "$word"
done
for verb in hide return; do
	wrong "$verb" "$nic1/"
	wrong "$verb" --timeout soon "$nic1"
	wrong "$verb" --force=no-such-kind "$nic1"
	wrong "$verb" --force=disk: "$nic1"
	wrong "$verb" --driver ../e1000e "$nic1"
	wrong "$verb" --driver '' "$nic1"
	wrong "$verb" --expect 8086 "$nic1"
	wrong "$verb"
done
wrong hide --for "$(printf 'two\nlines')" "$nic1"
wrong hide --pid 1 "$nic1"
wrong hide --for web1 --pid 0 "$nic1"
wrong hide --node-owner nobody-of-this-name "$nic1"
wrong return --wait never "$nic1"
wrong return --all "$nic1"
wrong check group:
err_has group:
wrong check group:-1
wrong no-such-verb
unchanged before
