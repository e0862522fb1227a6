//! `trailwarden pattern`: the language by itself, for scripts (`match`, `cover`) and for people (`explain`).

mod explain;
mod lines;
mod reading;

use std::io::{self, BufRead, Write};

use clap::Subcommand;

use super::exit::Exit;
use super::failure::Failure;
use super::output::unless_closed;
use super::{printed, stdout};
use crate::assess::assumptions;
use crate::control::{Benchmark, Catalogue};
use crate::pattern::Pattern;

/// What to do with patterns.
#[derive(Debug, Subcommand)]
pub(super) enum PatternCommand {
    /// Say of each line `{"pattern": "...", "message": "raw text" or {...}}` whether the message matches.
    ///
    /// Answers with one line each: `{"matches": true}`, `{"matches": false}`, `{"matches": null, "reason": "..."}`, or
    /// `{"error": "...", "position": n}` for a pattern that the service would refuse (characters from 0).
    Match,
    /// Say of each line `{"required": "...", "actual": "..." or ["...", ...]}` whether every event that matches the
    /// required pattern matches an actual one.
    ///
    /// Answers with one line each: `{"covers": true, "assumptions": [...]}` (those that the proof needed, if any),
    /// `{"covers": false, "counterexample": {...}}`, `{"covers": null, "reason": "..."}` or `{"error": "..."}`.
    Cover,
    /// Print the reading of a pattern, with an example; compare it with what a control requires.
    Explain {
        /// The pattern, as PutMetricFilter takes it.
        #[arg(allow_hyphen_values = true)]
        pattern: String,
        /// The control to compare with, such as 4.5: exit 2 if the pattern does not cover it, 3 if undecided.
        #[arg(long)]
        control: Option<String>,
    },
}

/// Runs one of the commands on standard input and output.
pub(super) fn command(command: PatternCommand) -> Result<Exit, Failure> {
    // Not the standard output that drops what nobody reads: then there is nothing left to answer for, however much comes in.
    let answer = |answer: fn(&str) -> _| each_line(io::stdin().lock(), io::stdout().lock(), answer);
    let done = match command {
        PatternCommand::Match => answer(lines::matches),
        PatternCommand::Cover => answer(lines::covers),
        PatternCommand::Explain { pattern, control } => {
            return explain_command(&pattern, control.as_deref());
        }
    };
    unless_closed(done, ()).map(|()| Exit::Ok).map_err(|error| {
        Failure::failed(format_args!(
            "the lines cannot be read or answered: {error}"
        ))
    })
}

/// Answers every line that is not blank, in order.
fn each_line(
    mut input: impl BufRead,
    mut output: impl Write,
    answer: impl Fn(&str) -> serde_json::Value,
) -> io::Result<()> {
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        // What is not UTF-8 is no JSON: the replacement characters make for an honest error.
        let text = String::from_utf8_lossy(&line);
        if !text.trim().is_empty() {
            writeln!(output, "{}", answer(&text))?;
        }
        line.clear();
    }
    output.flush()
}

fn explain_command(pattern: &str, control: Option<&str>) -> Result<Exit, Failure> {
    let pattern = Pattern::parse(pattern).map_err(Failure::usage)?;
    let control = control
        .map(|name| Catalogue::builtin().find(name, &Benchmark::Any))
        .transpose()
        .map_err(Failure::usage)?;
    let mut text = explain::pattern(&pattern);
    let mut exit = Exit::Ok;
    if let Some(control) = control {
        let required: Vec<&Pattern> = control
            .required(&Benchmark::Any)
            .into_iter()
            .map(|prescribed| &prescribed.pattern)
            .collect();
        let mut asked = required.clone();
        asked.push(&pattern);
        let assumptions = assumptions(control, &asked);
        let comparison = explain::compare(&pattern, &control.key, &required, &assumptions);
        text.push_str(&comparison.text);
        exit = match comparison.covers {
            Some(true) => Exit::Ok,
            Some(false) => Exit::Differs,
            None => Exit::Undecided,
        };
    }
    let mut stdout = stdout();
    let written = stdout.write_all(text.as_bytes());
    printed("the reading", written.and_then(|()| stdout.flush()))?;
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(answer: impl Fn(&str) -> serde_json::Value, input: &[u8]) -> String {
        let mut output = Vec::new();
        each_line(input, &mut output, answer).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn blank_lines_are_skipped_and_faulty_ones_answered() {
        let input = b"\n  \n{\"pattern\":\"\",\"message\":\"x\"}\nnot json\n\xff\n{\"pattern\":\"x\",\"message\":\"x\"}";
        let output = run(lines::matches, input);
        let lines: Vec<&str> = output.lines().collect();
        assert_eq!(lines.len(), 4, "{output}");
        assert_eq!(lines[0], r#"{"matches":true}"#);
        assert!(lines[1].starts_with(r#"{"error":"#));
        assert!(lines[2].starts_with(r#"{"error":"#));
        assert_eq!(lines[3], r#"{"matches":true}"#);
    }
}
