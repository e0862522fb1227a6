use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::connect::{self, Prepared};
use super::exit::Exit;
use super::flags::SettingsFlags;
use super::{complain, variables};
use crate::aws::{Aws, Queue, Request, RequestObserver, RequestResult};
use crate::config::{Log, LogFormat, LogLevel, Settings};
use crate::control::Benchmark;
use crate::daemon::Daemon;
use crate::heal::{ExpectedSubscription, HealPolicy, Limits};
use crate::telemetry::{
    AwsResult, Events, Metrics, StatusBoard,
    logs::{self, LogError},
};

/// Watches until told to stop.
#[derive(Debug, Clone, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    flags: SettingsFlags,
}

pub(super) fn run(args: &RunArgs) -> Exit {
    let loaded = match args.flags.load(variables()) {
        Ok(loaded) => loaded,
        Err(error) => return complain(Exit::Usage, &error),
    };
    let prepared = match connect::prepare(&loaded.settings, &[]) {
        Ok(prepared) => prepared,
        Err(error) => return complain(Exit::Usage, &error),
    };
    if let Err(error) = start_log(&loaded.settings.log) {
        return complain(Exit::Failed, &error);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = runtime
        .context("the runtime cannot be started")
        .and_then(|runtime| runtime.block_on(serve(loaded.settings, prepared)));
    match outcome {
        Ok(()) => Exit::Ok,
        Err(error) => complain(Exit::Failed, &format!("{error:#}")),
    }
}

async fn serve(settings: Settings, prepared: Prepared) -> anyhow::Result<()> {
    info!(
        version = env!("CARGO_PKG_VERSION"),
        controls = prepared.controls.len(),
        heal = settings.heal.mode.name(),
        "starting"
    );
    let stop = CancellationToken::new();
    watch_signals(&stop)?;
    let listener = TcpListener::bind(settings.http.listen)
        .await
        .with_context(|| format!("http.listen: {} cannot be bound", settings.http.listen))?;
    let metrics = Arc::new(Metrics::new().context("the metrics cannot be registered")?);
    let events = Events::new(metrics);
    events.http_listening(
        listener
            .local_addr()
            .context("the bound address cannot be told")?,
    );
    let aws = Aws::load(Arc::new(Counted(events.clone()))).await?;
    let watched = connect::accounts(&settings, &aws).await?;
    let queue = match &settings.queue_url {
        Some(url) => {
            let queue: Arc<dyn Queue> = Arc::new(aws.queue(url.as_str())?);
            Some(queue)
        }
        None => None,
    };
    let board = StatusBoard::new(watched.iter().map(|one| one.name.clone()), queue.is_some());
    let daemon = Daemon {
        watched,
        queue,
        controls: prepared.controls,
        benchmark: prepared.benchmark,
        expectations: prepared.expectations,
        sweep_interval: settings.sweep.interval,
        heal_mode: settings.heal.mode,
        heal_policy: heal_policy(&settings, prepared.benchmark),
        heal_limits: Limits {
            settle: SignedDuration::try_from(settings.heal.settle).unwrap_or(SignedDuration::MAX),
            budget_per_hour: settings.heal.budget_per_hour,
            ..Limits::default()
        },
        events,
        board,
        listener,
        show_status: settings.http.status,
        clock: Arc::new(Timestamp::now),
        random: fastrand::Rng::new(),
    };
    daemon.run(stop).await?;
    info!("stopped");
    Ok(())
}

fn heal_policy(settings: &Settings, benchmark: Benchmark) -> HealPolicy {
    let named = settings.expect.subscriptions.iter();
    HealPolicy {
        links: settings.heal.links.clone(),
        topics: settings
            .expect
            .topics
            .iter()
            .map(|topic| topic.as_str().to_owned())
            .collect(),
        subscriptions: named
            .map(|one| ExpectedSubscription {
                protocol: one.protocol().to_owned(),
                endpoint: one.as_str().to_owned(),
            })
            .collect(),
        benchmark,
    }
}

fn start_log(log: &Log) -> Result<(), LogError> {
    let format = match log.format {
        LogFormat::Text => logs::Format::Text,
        LogFormat::Json => logs::Format::Json,
    };
    let level = log.level.name();
    // Below info the SDK and its connections tell dozens of lines a call, and not one decision.
    let filter = match log.level {
        LogLevel::Error | LogLevel::Warn | LogLevel::Info => level.to_owned(),
        LogLevel::Debug | LogLevel::Trace => {
            format!("{level},aws=info,hyper=info,h2=info,rustls=info")
        }
    };
    logs::init(format, &filter)
}

/// SIGTERM (systemd, Kubernetes) and SIGINT (a terminal) ask for an orderly stop; the second one ends at once.
fn watch_signals(stop: &CancellationToken) -> anyhow::Result<()> {
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

/// Counts requests to AWS.
#[derive(Debug)]
struct Counted(Events);

impl RequestObserver for Counted {
    fn observe(&self, request: &Request<'_>) {
        let result = match request.result {
            RequestResult::Ok => AwsResult::Ok,
            RequestResult::Throttled => AwsResult::Throttled,
            RequestResult::Denied => AwsResult::Denied,
            RequestResult::Timeout => AwsResult::Timeout,
            RequestResult::Error => AwsResult::Error,
        };
        self.0
            .aws_request(request.service, request.operation, result);
    }
}
