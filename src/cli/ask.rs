use std::io::{self, IsTerminal, Write};

/// Whether there is a person at standard input.
pub(super) fn is_anybody_there() -> bool {
    io::stdin().is_terminal()
}

/// Asks the person at the terminal; the question and its prompt go to standard error, so that standard output stays what
/// was asked for.
pub(super) fn agreed(question: &str) -> io::Result<bool> {
    let mut stderr = io::stderr().lock();
    write!(
        stderr,
        "{question}\n  Only 'yes' is accepted.\n\n  Enter a value: "
    )?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
