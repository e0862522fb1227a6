//! What installs beside the binary: man pages and completions, made from the same table of commands that parses them.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::exit::Exit;
use super::failure::Failure;
use super::{Cli, printed, stdout};

/// Prints the man page, or writes those of all commands.
#[derive(Debug, Clone, Args)]
pub(super) struct ManArgs {
    /// Write trailwarden.1 and a page for each command into this directory instead.
    #[arg(value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

/// Prints a completion script.
#[derive(Debug, Clone, Args)]
pub(super) struct CompletionsArgs {
    /// Whose language it is in.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn man(args: &ManArgs) -> Result<Exit, Failure> {
    if let Some(directory) = &args.directory {
        let place = directory.display();
        let written = std::fs::create_dir_all(directory)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), directory));
        written.map_err(|error| {
            Failure::failed(format_args!(
                "the man pages cannot be written to {place}: {error}"
            ))
        })?;
    } else {
        let written = print(|page| Man::new(Cli::command()).render(page));
        printed("the man page", written)?;
    }
    Ok(Exit::Ok)
}

pub(super) fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let written = print(|script| {
        clap_complete::generate(args.shell, &mut command, name, script);
        Ok(())
    });
    printed("the completions", written)?;
    Ok(Exit::Ok)
}

/// Prints a text once it is whole: the generators do not expect that a pipe closes early.
fn print(text: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
    let mut whole = Vec::new();
    text(&mut whole)?;
    let mut stdout = stdout();
    stdout.write_all(&whole)?;
    stdout.flush()
}
