use std::io::{self, ErrorKind, StdoutLock, Write};

/// Standard output for answers. A reader that has seen enough (`| head`) is no fault: what it does not take is dropped, and
/// the command ends as it would have.
pub(super) struct Output(StdoutLock<'static>);

/// Standard output, for as long as this is held.
pub(super) fn stdout() -> Output {
    Output(io::stdout().lock())
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        unless_closed(self.0.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        unless_closed(self.0.flush(), ())
    }
}

/// What was written, or this where nobody reads any more.
pub(super) fn unless_closed<T>(written: io::Result<T>, instead: T) -> io::Result<T> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(instead),
        written => written,
    }
}
