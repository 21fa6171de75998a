# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion for bash: candidates come from ravelin.

_ravelin()
{
	local words=() word line cut names=
	# bash also splits words at = and ':'; ravelin does not.
	for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
		if [[ ${#words[@]} -gt 1 && ( $word == [=:]* || ${words[-1]} == *[=:] ) ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
	done
	word=${words[-1]}
	cut=${word%"${word##*[=:]}"}
	COMPREPLY=()
	while IFS= read -r line; do
		if [[ $line == $'\t' ]]; then
			names=files
		else
			line=${line%%$'\t'*}
			COMPREPLY+=("${line#"$cut"}")
		fi
	done < <(@RAVELIN@ complete -- "${words[@]}" 2>/dev/null)
	if [[ $names ]]; then
		compopt -o filenames 2>/dev/null
		while IFS= read -r line; do
			COMPREPLY+=("$line")
		done < <(compgen -f -- "$word")
	fi
	# A list continues after a comma.
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *,* ]]; then
		compopt -o nospace 2>/dev/null
	fi
}
complete -F _ravelin @NAMES@
complete -W '@RULES@' ravelin-rules
