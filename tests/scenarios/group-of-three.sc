# SPDX-License-Identifier: GPL-2.0-or-later
#
# Three functions of one slot and one group: consent to one sibling is not consent to the
# other; the slot named as a whole is consent to all.

snapshot before
refuses 3 hide "$triple0"
err_has "$triple1"
err_has "$triple2"
refuses 3 hide "$triple0" --with "$triple1"
err_has "$triple2"

had=$(identities "$triple2")
for words in "$triple2 $triple0 $triple1" "${triple0%.0}" "group:$(group_of "$triple0")" \
	"--group $triple1" "$triple0 --with $triple1 --with $triple2"; do
	# shellcheck disable=SC2086 # several words
	run 0 hide $words
	hidden "$triple0" "$triple1" "$triple2"
	run 0 return "${triple0%.0}.*"
	unchanged before
done
below "$triple2" "$had"
