//! `trailwarden man` and `trailwarden completions`: what they print says the same as `--help`.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn trailwarden(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailwarden"));
    command.args(arguments).env_clear().output().unwrap()
}

/// Standard output of a run that ends well.
fn printed(arguments: &[&str]) -> String {
    let output = trailwarden(arguments);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that help lists.
fn commands() -> Vec<String> {
    let help = printed(&["--help"]);
    let (_, listed) = help.split_once("Commands:\n").unwrap();
    let lines = listed.lines().take_while(|line| !line.is_empty());
    let names = lines
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next());
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert!(names.len() > 10, "{names:?}");
    names
}

#[test]
fn the_man_page_names_every_command() {
    let page = printed(&["man"]);
    for name in commands() {
        // roff writes a hyphen as \-
        let named = format!("trailwarden\\-{}(1)", name.replace('-', "\\-"));
        assert!(page.contains(&named), "{named} in {page}");
    }
    assert!(page.contains("Exit codes: 0 done"), "{page}");
}

#[test]
fn every_command_has_a_page_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    printed(&["man", directory.path().to_str().unwrap()]);
    let has = |name: &str| directory.path().join(name).is_file();
    assert!(has("trailwarden.1"));
    assert!(
        has("trailwarden-pattern-cover.1"),
        "commands of commands, too"
    );
    for name in commands().iter().filter(|name| *name != "help") {
        assert!(has(&format!("trailwarden-{name}.1")), "{name}");
    }
    let run = std::fs::read_to_string(directory.path().join("trailwarden-run.1")).unwrap();
    assert!(
        run.contains("\\-\\-heal\\-mode"),
        "settings are described: {run}"
    );
}

#[test]
fn pages_that_cannot_be_written_are_told() {
    let output = trailwarden(&["man", "/proc/nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("cannot be written to /proc/nowhere"),
        "{said}"
    );
}

/// Bash itself completes a line.
fn completed(script: &Path, words: &[&str]) -> Vec<String> {
    let program = r#"source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
        _trailwarden trailwarden "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let output = Command::new("bash")
        .args(["--norc", "-c", program, "bash"])
        .arg(script)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("trailwarden.bash");
    std::fs::write(&script, printed(&["completions", "bash"])).unwrap();
    let mut offered = completed(&script, &["trailwarden", ""]);
    offered.retain(|one| !one.starts_with('-'));
    let mut listed = commands();
    offered.sort();
    listed.sort();
    assert_eq!(offered, listed);
    assert_eq!(
        completed(&script, &["trailwarden", "pattern", "co"]),
        ["cover"]
    );
    assert_eq!(
        completed(&script, &["trailwarden", "check", "--format", "j"]),
        ["json", "junit"]
    );
    assert!(
        completed(&script, &["trailwarden", "run", "--heal-"]).contains(&"--heal-mode".to_owned())
    );
}

#[test]
fn every_shell_gets_a_script_and_others_are_refused() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(
            printed(&["completions", shell]).contains("trailwarden"),
            "{shell}"
        );
    }
    let output = trailwarden(&["completions", "tcsh"]);
    assert_eq!(output.status.code(), Some(64));
}
