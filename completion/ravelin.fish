# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion for fish; candidates come from "ravelin complete".

function __ravelin_offers
	set -l words (commandline -opc) (commandline -ct)
	for line in (@RAVELIN@ complete -- $words 2>/dev/null)
		if test "$line" = \t
			__fish_complete_path (commandline -ct)
		else
			echo $line
		end
	end
end

complete -c ravelin-rules -f -a '@RULES@'
for name in @NAMES@
	complete -c $name -f -a '(__ravelin_offers)'
end
