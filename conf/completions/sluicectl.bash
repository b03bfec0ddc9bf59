# Completion of sluicectl for bash: source it, or put it into
# /usr/share/bash-completion/completions/sluicectl.

_sluicectl() {
  local word=${COMP_WORDS[COMP_CWORD]} command='' socket='' choices='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --socket) socket="--socket=${COMP_WORDS[i + 2]}"; ((i += 2)) ;;
      --*) ;;
      # Bash takes what stands behind these for words of their own.
      = | :) ((++i)) ;;
      *) command=${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command in
    '')
      choices='status actors top stats history ledger flush checkpoint get set watch restart
               acknowledge spool --socket= --connect= --ca-file= --certificate= --key=
               --json --help --version' ;;
    stats) choices='log session database websocket metrics' ;;
    flush) choices='logs sessions queue websocket all' ;;
    checkpoint) choices='passive full restart truncate' ;;
    get | set)
      ((COMP_CWORD == i + 1)) \
        && choices=$(sluicectl ${socket:+"$socket"} get 2>/dev/null | cut -d' ' -f1) ;;
    restart)
      choices=$(sluicectl ${socket:+"$socket"} actors 2>/dev/null | tail -n +2 \
                  | sed 's/^ *//' | cut -d' ' -f1 | sort -u) ;;
    spool) COMPREPLY=($(compgen -d -- "$word")); return ;;
  esac
  COMPREPLY=($(compgen -W "$choices" -- "$word"))
  [[ ${COMPREPLY[0]} == --*= ]] && compopt -o nospace
}

complete -F _sluicectl sluicectl
