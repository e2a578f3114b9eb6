/*
 * Completion for bash.
 *
 * bash cuts the line at "=", too, so that --set model.name=li is four words; they are joined before anything
 * is decided, and only what is behind the last "=" is given back.  Keys are offered part by part.
 */
#include <stdio.h>
#include <string.h>

#include "cli/completion.h"

static const char bash_functions[] =
    "_kith_reply() { # PREFIX WORDS: those that begin like the current word\n"
    "  local word\n"
    "  for word in $2; do [[ $word == \"$cur\"* ]] && COMPREPLY+=(\"$1$word\"); done\n"
    "}\n"
    "_kith_files() { # PREFIX PATTERN: folders, and files of these names\n"
    "  local file\n"
    "  while IFS= read -r file; do\n"
    "    if [[ -d $file ]]; then COMPREPLY+=(\"$1$file/\")\n"
    "    elif [[ $file == $2 ]]; then COMPREPLY+=(\"$1$file\"); fi\n"
    "  done < <(compgen -f -- \"$cur\")\n"
    "  compopt -o nospace 2>/dev/null\n"
    "  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} != */ ]] && compopt +o nospace 2>/dev/null\n"
    "}\n"
    "_kith_words() { # PREFIX WORDS: the words, or files, or folders\n"
    "  case $2 in\n"
    "    @file) _kith_files \"$1\" '*' ;;\n"
    "    @folder) _kith_files \"$1\" '' ;;\n"
    "    *) _kith_reply \"$1\" \"$2\" ;;\n"
    "  esac\n"
    "}\n"
    "_kith_names() { # PREFIX JOB: names of the job file that may follow\n"
    "  local name\n"
    "  for name in $(kith completion names \"$2\" 2>/dev/null); do\n"
    "    case $1:$name in\n"
    "      data.relations.:data.relations.*|data.paths.:data.paths.*|data.nodes.:data.nodes.*) ;;\n"
    "      blend.models.:blend.models.*) ;;\n"
    "      data.*|blend.*|*:data.nodes.*|*:blend.*) continue ;;\n"
    "    esac\n"
    "    echo \"${name##*.}\"\n"
    "  done\n"
    "}\n"
    "_kith_offer() { # PREFIX KEY: as far as its next part\n"
    "  local part key=$2\n"
    "  [[ $key == \"$cur\"* && $key != \"$cur\" ]] || return\n"
    "  part=${key#\"$cur\"}\n"
    "  if [[ $part == *.* ]]; then key=$cur${part%%.*}.; else key=$key=; fi\n"
    "  [[ \" ${COMPREPLY[*]} \" == *\" $1$key \"* ]] || COMPREPLY+=(\"$1$key\")\n"
    "}\n"
    "_kith_setting() { # PREFIX: of a value of --set, the current word\n"
    "  local key before after part name\n"
    "  if [[ $cur == *=* ]]; then\n"
    "    key=${cur%%=*} cur=${cur#*=}\n"
    "    if [[ $COMP_WORDBREAKS == *=* ]]; then before=; else before=$1$key=; fi\n"
    "    _kith_words \"$before\" \"$(_kith_values \"$key\")\"\n"
    "    return\n"
    "  fi\n"
    "  for key in $_kith_keys; do\n"
    "    if [[ $key == *NAME* ]]; then\n"
    "      before=${key%%NAME*} after=${key#*NAME}\n"
    "      key=$before\n"
    "      if [[ $cur == \"$before\"*.* ]]; then part=${cur#\"$before\"} key=$before${part%%.*}$after\n"
    "      elif [[ $cur == \"$before\"* ]]; then\n"
    "        for name in $(_kith_names \"$before\" \"${words[2]}\"); do\n"
    "          _kith_offer \"$1\" \"$before$name$after\"\n"
    "        done\n"
    "      fi\n"
    "    fi\n"
    "    _kith_offer \"$1\" \"$key\"\n"
    "  done\n"
    "  compopt -o nospace 2>/dev/null\n"
    "}\n"
    "_kith() {\n"
    "  local cur prev verb value prefix= i words=()\n"
    "  COMPREPLY=()\n"
    "  for ((i = 0; i <= COMP_CWORD; i++)); do\n"
    "    if ((i > 1)) && [[ ${COMP_WORDS[i]} == =* || ${words[${#words[@]} - 1]} == *= ]]; then\n"
    "      words[${#words[@]}-1]+=${COMP_WORDS[i]}\n"
    "    else words+=(\"${COMP_WORDS[i]}\"); fi\n"
    "  done\n"
    "  i=${#words[@]} cur=${words[i - 1]} prev=${words[i - 2]} verb=${words[1]}\n"
    "  if ((i == 2)); then _kith_reply '' \"$_kith_verbs help completion --version --help\"; return; fi\n"
    "  case $verb in\n"
    "    help)\n"
    "      ((i == 3)) || return\n"
    "      if [[ $cur == *.* ]]; then _kith_reply '' \"$_kith_keys\"; else _kith_reply '' \"$_kith_topics\"; "
    "fi\n"
    "      return ;;\n"
    "    completion) ((i == 3)) && _kith_reply '' 'bash zsh fish'; return ;;\n"
    "  esac\n"
    "  if [[ $cur == --*=* ]]; then\n"
    "    [[ $COMP_WORDBREAKS == *=* ]] || prefix=${cur%%=*}=\n"
    "    prev=${cur%%=*} cur=${cur#*=}\n"
    "  fi\n"
    "  if value=$(_kith_value \"$verb:$prev\"); then\n"
    "    if [[ $value == @set ]]; then _kith_setting \"$prefix\"; else _kith_words \"$prefix\" \"$value\"; "
    "fi\n"
    "  elif [[ $cur == -* ]]; then _kith_reply '' \"$(_kith_options \"$verb\")\"\n"
    "  elif [[ \" $_kith_both \" == *\" $verb \"* ]]; then _kith_files '' '*.@(yaml|yml|h5|jsonl)'\n"
    "  elif [[ \" $_kith_jobs \" == *\" $verb \"* ]]; then _kith_files '' '*.y?(a)ml'\n"
    "  elif [[ \" $_kith_inspects \" == *\" $verb \"* ]]; then _kith_files '' '*.h5'; fi\n"
    "}\n"
    "complete -F _kith kith\n";

/* What the option of a verb may have as its value; fails for flags. */
static void bash_values_of_options(void) {
  cli_option_help o;
  printf("_kith_value() { # VERB:OPTION\n  case $1 in\n");
  for (int v = 0; v < cli_n_verb; v++)
    for (int i = 0; cli_option_at(&cli_verbs[v], i, &o); i++)
      if (o.value[0])
        printf("    %s:%s) echo '%s' ;;\n", cli_verbs[v].name, o.name,
               strcmp(o.name, "--set") == 0 ? "@set" : cli_completion_words(&o));
  printf("    *) return 1 ;;\n  esac\n}\n");
}

static void bash_options(void) {
  cli_option_help o;
  printf("_kith_options() { # VERB\n  case $1 in\n");
  for (int v = 0; v < cli_n_verb; v++) {
    printf("    %s) echo '", cli_verbs[v].name);
    for (int i = 0; cli_option_at(&cli_verbs[v], i, &o); i++) printf("%s%s", i > 0 ? " " : "", o.name);
    printf("' ;;\n");
  }
  printf("  esac\n}\n");
}

static void bash_keys(void) {
  kith_job_key_help k;
  printf("_kith_keys='");
  cli_completion_keys();
  printf("'\n_kith_values() { # KEY\n  case $1 in\n");
  for (int i = 0; kith_job_key_help_at(i, &k); i++) {
    if (!k.is_path && !k.words[0]) continue;
    printf("    ");
    cli_completion_pattern(k.name);
    printf(") echo '%s' ;;\n", k.is_path ? "@file" : k.words);
  }
  printf("  esac\n}\n");
}

void cli_completion_bash(void) {
  printf("# Completion of kith for bash, as kith completion bash prints it.\n_kith_verbs='");
  cli_completion_verbs("", " ");
  printf("'\n_kith_jobs='");
  cli_completion_verbs("JOB", " ");
  printf("'\n_kith_both='");
  cli_completion_verbs("JOB|FILE", " ");
  printf("'\n_kith_inspects='");
  cli_completion_verbs("FILE", " ");
  printf("'\n_kith_topics='");
  cli_completion_topics();
  printf("'\n");
  bash_options();
  bash_values_of_options();
  bash_keys();
  printf("%s", bash_functions);
}
