# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion: `vfioprep --complete` knows all that can be completed, and prints a candidate
# and its description per line.

function __vfioprep_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    # A quote may still be open.
    set -l word (string unescape -- $typed
        or string unescape -- $typed'"'
        or string unescape -- $typed"'")
    $words[1] --complete $words[2..-1] "$word" 2>/dev/null
end

complete -c vfioprep -f -k -a '(__vfioprep_complete)'
complete -c vfio-pci -f -k -a '(__vfioprep_complete)'
