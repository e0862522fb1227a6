use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// SIGTERM (systemd, Kubernetes) and SIGINT (a terminal) ask for an orderly stop; the second one ends at once.
pub(super) fn watch(stop: &CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be watched")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be watched")?;
    let stop = stop.clone();
    let watch = async move {
        let mut told = false;
        loop {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            if told {
                warn!(signal = name, "second signal: ending at once");
                std::process::exit(1);
            }
            told = true;
            info!(signal = name, "stopping");
            stop.cancel();
        }
    };
    // The one task that nobody awaits: it ends with the process.
    #[allow(
        clippy::disallowed_methods,
        reason = "it has to outlive every other task"
    )]
    drop(tokio::spawn(watch));
    Ok(())
}
