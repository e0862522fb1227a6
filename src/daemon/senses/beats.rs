use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::course::{Beat, Course};
use super::echo::Echo;
use super::told::Reporter;
use super::{Heartbeats, jittered, ticking};
use crate::aws::{BusEvent, CallError, Class};
use crate::daemon::pulse::Pulse;
use crate::event::{HEARTBEAT_DETAIL_TYPE, HEARTBEAT_SOURCE, Heartbeat};

/// How long PutEvents may take; the SDK's own limit is shorter.
const PUT_LIMIT: Duration = Duration::from_secs(30);
/// The first heartbeat comes this soon after the start: who waits for the gauge waits for it.
const FIRST: Duration = Duration::from_secs(1);

/// The task that sends heartbeats and waits for each.
pub(in crate::daemon) struct Heart {
    pub(in crate::daemon) settings: Heartbeats,
    pub(in crate::daemon) echo: Echo,
    pub(in crate::daemon) course: Course,
    pub(in crate::daemon) reporter: Reporter,
    pub(in crate::daemon) random: fastrand::Rng,
}

impl Heart {
    /// Beats until told to stop. What is under way then comes to the next process, which does not know it.
    pub(in crate::daemon) async fn run(mut self, pulse: Pulse, stop: CancellationToken) {
        let beat = async {
            // Replicas have different names; nothing rests on it.
            let process = (self.settings.nonces)()
                .map_or_else(|_| "unnamed".to_owned(), |nonce| nonce.as_str().to_owned());
            let mut due = Instant::now() + FIRST.min(self.settings.interval);
            loop {
                ticking(&pulse, sleep_until(due)).await;
                due = jittered(self.settings.interval, &mut self.random);
                self.beat(&process, &pulse).await;
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = beat => {}
        }
    }

    async fn beat(&mut self, process: &str, pulse: &Pulse) {
        let sent = self.reporter.now();
        let beat = match self.send(process, pulse).await {
            Ok(Some(took)) => {
                self.reporter.events().heartbeat_back(took);
                self.show(Some(true));
                Beat::Back
            }
            Ok(None) => {
                self.reporter.events().heartbeat_lost(self.settings.timeout);
                self.show(Some(false));
                Beat::Lost
            }
            Err(error) => {
                let denied = error.class == Class::Denied;
                self.reporter.events().heartbeat_unsent(&error, denied);
                self.show(None);
                Beat::Unsent
            }
        };
        if let Some(news) = self.course.next(beat, sent) {
            self.reporter.heartbeat(news);
        }
    }

    fn show(&self, back: Option<bool>) {
        self.reporter.board.hear(|hearing| hearing.heartbeat = back);
    }

    /// How long it took; none: it did not come in time.
    async fn send(&self, process: &str, pulse: &Pulse) -> Result<Option<Duration>, CallError> {
        let nonce =
            (self.settings.nonces)().map_err(|error| failed("NoRandom", &error.to_string()))?;
        let heartbeat = Heartbeat {
            nonce: nonce.clone(),
            process: process.to_owned(),
        };
        let event = BusEvent {
            source: HEARTBEAT_SOURCE,
            detail_type: HEARTBEAT_DETAIL_TYPE,
            detail: heartbeat.detail(),
        };
        // It may be back before PutEvents has answered.
        let heard = self.echo.listen(nonce);
        let began = Instant::now();
        let put = timeout(PUT_LIMIT, self.settings.bus.put(&event));
        ticking(pulse, put)
            .await
            .unwrap_or_else(|_| Err(failed(CallError::TIMEOUT, "no answer; the call was cut")))?;
        let heard = ticking(pulse, timeout(self.settings.timeout, heard)).await;
        Ok(heard.is_ok().then(|| began.elapsed()))
    }
}

fn failed(code: &str, message: &str) -> CallError {
    CallError {
        service: "events",
        operation: "PutEvents",
        scope: "the default bus".to_owned(),
        code: code.to_owned(),
        class: Class::Transient,
        message: message.to_owned(),
    }
}
