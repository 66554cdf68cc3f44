/** What a shell sources: it asks `ais __complete` for the words, so that it is never out of step with the commands. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** Stands among the candidates where file names are welcome. */
export const FILES_MARK = ":files";

const BASH = `# bash completion of ais: source <(ais completion bash)
_ais() {
  local line="\${COMP_LINE:0:COMP_POINT}" words current candidate before=""
  read -ra words <<< "$line"
  [[ "$line" == *[[:space:]] || \${#words[@]} -lt 2 ]] && words+=("")
  current="\${words[\${#words[@]}-1]}"
  # Readline takes a colon for the end of a word, so what stands before it is already on the line.
  [[ "$current" == *:* && "$COMP_WORDBREAKS" == *:* ]] && before="\${current%"\${current##*:}"}"
  COMPREPLY=()
  while IFS= read -r candidate; do
    if [[ "$candidate" == "${FILES_MARK}" ]]; then
      while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "$current")
      compopt -o filenames 2>/dev/null
    else
      COMPREPLY+=("\${candidate#"$before"}")
    fi
  done < <(ais __complete "\${words[@]:1}" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -eq 1 && "\${COMPREPLY[0]}" == *[/=] ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _ais ais
`;

const ZSH = `#compdef ais
# zsh completion of ais: source <(ais completion zsh)
_ais() {
  local -a candidates open closed
  local candidate
  candidates=("\${(@f)$(ais __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for candidate in $candidates; do
    case "$candidate" in
      ${FILES_MARK}) _files ;;
      */|*=) open+=("$candidate") ;;
      *) closed+=("$candidate") ;;
    esac
  done
  (( \${#open} )) && compadd -S '' -- $open
  (( \${#closed} )) && compadd -- $closed
}
compdef _ais ais
`;

const FISH = `# fish completion of ais: ais completion fish | source
function __ais_complete
    set -l words (commandline -opc) (commandline -ct)
    ais __complete $words[2..-1] 2>/dev/null
end
function __ais_wants_files
    __ais_complete | string match -q -- '${FILES_MARK}'
end
complete -c ais -f -a "(__ais_complete | string match -v -- '${FILES_MARK}')"
complete -c ais -n __ais_wants_files -F
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}
