use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// SIGTERM (systemd, Kubernetes), SIGINT (a terminal) and SIGHUP (a terminal that is closed) ask for an orderly stop; the second one
/// ends at once.
pub(super) fn watch(stop: &CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be watched")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be watched")?;
    let mut hangup = if is_hangup_ignored() {
        None
    } else {
        Some(signal(SignalKind::hangup()).context("SIGHUP cannot be watched")?)
    };
    let stop = stop.clone();
    let watch = async move {
        let mut told = false;
        loop {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
                () = received(hangup.as_mut()) => "SIGHUP",
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

async fn received(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Whether whoever started this process wants it to outlive the terminal, as `nohup` does.
fn is_hangup_ignored() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_hangup(&status))
}

/// Reads the mask of ignored signals (proc_pid_status(5)); SIGHUP is the first.
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nohup_starts_ignores_hangups() {
        assert!(ignores_hangup("Name:\tx\nSigIgn:\t0000000000000001\n"));
        assert!(ignores_hangup(
            "SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n"
        ));
        for status in [
            "",
            "SigIgn:\t0000000000001000\n",
            "SigIgn:\tx\n",
            "SigCgt:\t1\n",
        ] {
            assert!(!ignores_hangup(status), "{status:?}");
        }
    }
}
