/// Generates completion scripts for shells from the description of the commands.
enum CompletionScript {
  /// A shell with completion scripts.
  enum Shell: String, CaseIterable, Sendable {
    case bash, zsh, fish
  }

  static func text(for shell: Shell, of root: CommandDescription = Commands.procpool) -> String {
    switch shell {
    case .bash: bash(root)
    case .zsh: zsh(root)
    case .fish: fish(root)
    }
  }

  /// Returns a command and all its subcommands.
  private static func all(_ command: CommandDescription) -> [CommandDescription] {
    [command] + command.commands.flatMap(all)
  }

  /// Returns the possible values of an option; `nil` if they are not a list of names.
  private static func choices(_ option: OptionDescription) -> [String]? {
    if case .choice(let names) = option.value { names } else { nil }
  }

  private static func takesFile(_ option: OptionDescription) -> Bool {
    switch option.value {
    case .inputFile, .outputFile: true
    case .none, .integer, .unsigned, .choice: false
    }
  }

  private static func takesValue(_ option: OptionDescription) -> Bool {
    if case .none = option.value { false } else { true }
  }

  /// Returns a text in single quotes, whose syntax is the same in all three shells.
  private static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  // MARK: - bash

  private static func bash(_ root: CommandDescription) -> String {
    let commands = all(root)
    // The preceding command words select the options.
    let paths = commands.filter { !$0.commands.isEmpty }.flatMap { parent in
      parent.commands.map { "      \(quoted("\(parent.name) \($0.word)"))) command=\"$command $word\" ;;" }
    }
    let cases = commands.map { command in
      var lines = ["    \(quoted(command.name)))"]
      let values = command.allOptions.filter(takesValue).map { option in
        let reply =
          if let names = choices(option) {
            "COMPREPLY=($(compgen -P \"$attached\" -W \(quoted(names.joined(separator: " "))) -- \"$current\"))"
          } else if takesFile(option) {
            "_\(root.word)_files"
          } else {
            "COMPREPLY=()"
          }
        return "        --\(option.name)) \(reply); return ;;"
      }
      if !values.isEmpty { lines += ["      case $previous in"] + values + ["      esac"] }
      let words = command.commands.map(\.word).joined(separator: " ")
      let options = command.allOptions.map { "--\($0.name)" }.joined(separator: " ")
      lines += ["      words=\(quoted(words)) options=\(quoted(options))", "      ;;"]
      return lines.joined(separator: "\n")
    }
    return """
      # Completions of procpool for bash. To load them in this shell:
      #   source <(procpool completions bash)
      _\(root.word)_files() {
        local index
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames 2>/dev/null
        if [ -z "$attached" ]; then return; fi
        # After an option, bash does not recognise a directory.
        for index in "${!COMPREPLY[@]}"; do
          if [ -d "${COMPREPLY[index]}" ]; then
            COMPREPLY[index]+=/
            compopt -o nospace 2>/dev/null
          fi
          COMPREPLY[index]=$attached${COMPREPLY[index]}
        done
      }
      _\(root.word)() {
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} attached= command=\(root.word)
        local word words= options= ended=
        # An equals sign is a separate word only if COMP_WORDBREAKS contains it.
        if [ "$current" = = ]; then
          current=
        elif [ "$previous" = = ]; then
          previous=${COMP_WORDS[COMP_CWORD - 2]}
        elif [[ $current == --*=* ]]; then
          previous=${current%%=*} attached=${current%%=*}= current=${current#*=}
        fi
        for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
          if [ "$word" = -- ]; then ended=1 previous=; fi
          case "$command $word" in
      \(paths.joined(separator: "\n"))
          esac
        done
        case $command in
      \(cases.joined(separator: "\n"))
        esac
        # No options follow "--".
        if [ -z "$ended" ]; then words+=" $options"; fi
        COMPREPLY=($(compgen -W "$words" -- "$current"))
      }
      complete -F _\(root.word) \(root.word)

      """
  }

  // MARK: - zsh

  private static func zsh(_ root: CommandDescription) -> String {
    func function(_ command: CommandDescription) -> String {
      "_" + command.name.split(separator: " ").joined(separator: "_")
    }
    /// Escapes the special characters in a specification of `_arguments` or `_describe`.
    func escaped(_ text: String, _ special: Set<Character>) -> String {
      text.reduce(into: "") { $0 += special.contains($1) || $1 == "\\" ? "\\\($1)" : "\($1)" }
    }
    let functions = all(root).map { command -> String in
      var specifications = command.allOptions.map { option -> String in
        let repeats = option.repeats ? "*" : ""
        // The equals sign means that the value is the next word, or follows an equals sign.
        let sign = takesValue(option) ? "=" : ""
        var text = "\(repeats)--\(option.name)\(sign)[\(escaped(option.summary, ["[", "]", ":"]))]"
        if takesValue(option) {
          let action =
            choices(option).map { "(" + $0.joined(separator: " ") + ")" }
            ?? (takesFile(option) ? "_files" : " ")
          text += ":\(option.placeholder):\(action)"
        }
        return quoted(text)
      }
      if let operand = command.operand { specifications.append(quoted("1:\(operand.placeholder): ")) }
      guard !command.commands.isEmpty else {
        return "\(function(command))() {\n  _arguments -S \(specifications.joined(separator: " \\\n    "))\n}"
      }
      specifications += [quoted("1:command:->command"), quoted("*::arguments:->arguments")]
      let entries = command.commands.map { quoted("\($0.word):\(escaped($0.summary, [":"]))") }
      let cases = command.commands.map { "        \($0.word)) \(function($0)) ;;" }
      return """
        \(function(command))() {
          local state line
          local -a commands=(
            \(entries.joined(separator: "\n    "))
          )
          _arguments -C -S \(specifications.joined(separator: " \\\n    "))
          case $state in
            command) _describe command commands ;;
            arguments)
              case $line[1] in
        \(cases.joined(separator: "\n"))
              esac
              ;;
          esac
        }
        """
    }
    return """
      #compdef \(root.word)
      # Completions of procpool for zsh. To load them in this shell, after compinit:
      #   source <(procpool completions zsh)
      \(functions.joined(separator: "\n"))
      compdef \(function(root)) \(root.word)

      """
  }

  // MARK: - fish

  private static func fish(_ root: CommandDescription) -> String {
    var lines = [
      "# Completions of procpool for fish. To load them in this shell:",
      "#   procpool completions fish | source", "complete -c \(root.word) -f",
    ]
    func add(_ command: CommandDescription, _ words: [String]) {
      // After the words of the command, and before those of a subcommand.
      let after = words.map { "__fish_seen_subcommand_from \($0)" }
      let below = command.commands.map(\.word).joined(separator: " ")
      let before = command.commands.isEmpty ? [] : ["not __fish_seen_subcommand_from \(below)"]
      let condition = (after + before).joined(separator: "; and ")
      let head = "complete -c \(root.word)" + (condition.isEmpty ? "" : " -n \(quoted(condition))")
      for below in command.commands { lines.append("\(head) -a \(below.word) -d \(quoted(below.summary))") }
      for option in command.allOptions {
        var line = "\(head) -l \(option.name)"
        if let letter = option.letter { line += " -s \(letter)" }
        if let names = choices(option) {
          line += " -x -a \(quoted(names.joined(separator: " ")))"
        } else if takesValue(option) {
          line += takesFile(option) ? " -r -F" : " -x"
        }
        lines.append(line + " -d \(quoted(option.summary))")
      }
      for below in command.commands { add(below, words + [below.word]) }
    }
    add(root, [])
    return lines.joined(separator: "\n") + "\n"
  }
}
