#[derive(Debug, clap::Subcommand)]
pub(super) enum PatternCommand { Match }
pub(super) fn command(_: PatternCommand) -> super::exit::Exit { todo!() }
