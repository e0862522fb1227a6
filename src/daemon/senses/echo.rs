use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::event::{Heartbeat, Nonce};

/// Where the feed hands heartbeats in, and the heart listens for its own. At most one is under way.
#[derive(Debug, Clone, Default)]
pub(in crate::daemon) struct Echo(Arc<Mutex<Option<Awaited>>>);

#[derive(Debug)]
struct Awaited {
    nonce: Nonce,
    heard: oneshot::Sender<()>,
}

impl Echo {
    /// Listens for this nonce from now on, and for no earlier one any more.
    pub(super) fn listen(&self, nonce: Nonce) -> oneshot::Receiver<()> {
        let (heard, receiver) = oneshot::channel();
        *self.awaited() = Some(Awaited { nonce, heard });
        receiver
    }

    /// A heartbeat came out of the queue. True: it is the one that is listened for, for the first time.
    pub(in crate::daemon) fn heard(&self, heartbeat: &Heartbeat) -> bool {
        let mut awaited = self.awaited();
        match awaited.take_if(|awaited| awaited.nonce == heartbeat.nonce) {
            // Nobody listens any more: it came too late.
            Some(awaited) => awaited.heard.send(()).is_ok(),
            None => false,
        }
    }

    fn awaited(&self) -> MutexGuard<'_, Option<Awaited>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heartbeat(byte: u8) -> Heartbeat {
        Heartbeat {
            nonce: Nonce::new([byte; 16]),
            process: "p".to_owned(),
        }
    }

    #[test]
    fn only_the_nonce_that_is_under_way_is_heard_and_only_once() {
        let echo = Echo::default();
        assert!(!echo.heard(&heartbeat(1)), "nothing was sent");
        let mut first = echo.listen(heartbeat(1).nonce);
        assert!(!echo.heard(&heartbeat(2)));
        assert!(first.try_recv().is_err());
        let mut second = echo.listen(heartbeat(2).nonce);
        assert!(!echo.heard(&heartbeat(1)), "too late");
        assert!(echo.heard(&heartbeat(2)));
        assert!(second.try_recv().is_ok());
        assert!(!echo.heard(&heartbeat(2)), "delivered twice");
        drop(echo.listen(heartbeat(3).nonce));
        assert!(!echo.heard(&heartbeat(3)), "nobody waits for it any more");
    }
}
