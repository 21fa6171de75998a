#compdef @NAMES@ ravelin-rules
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion for zsh; candidates come from "ravelin complete".

_ravelin()
{
	local line files=0
	local -a found
	if [[ $service == ravelin-rules ]]; then
		compadd @RULES@
		return
	fi
	for line in ${(f)"$(@RAVELIN@ complete -- "${(@)words[1,CURRENT]}" 2>/dev/null)"}; do
		if [[ $line == $'\t' ]]; then
			files=1
		else
			found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
		fi
	done
	(( $#found )) && _describe ravelin found
	(( files )) && _files
}
_ravelin "$@"
