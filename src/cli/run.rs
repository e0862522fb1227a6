use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::connect::{self, Prepared};
use super::exit::Exit;
use super::failure::Failure;
use super::flags::SettingsFlags;
use super::{block_on, signals, targets};
use crate::aws::{Aws, Queue, Request, RequestObserver, RequestResult, SetupError, SqsQueue};
use crate::config::{HeartbeatSettings, Log, LogFormat, LogLevel, QueueUrl, Settings};
use crate::daemon::{Daemon, FeedName, Heartbeats, Senses, WiringPlan, system_nonce};
use crate::journal::Journal;
use crate::notify::Clock;
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

pub(super) fn run(args: &RunArgs) -> Result<Exit, Failure> {
    let settings = args.flags.settings()?;
    let prepared = connect::prepare(&settings, &[])?;
    start_log(&settings.log).map_err(Failure::failed)?;
    block_on(serve(settings, prepared))?;
    Ok(Exit::Ok)
}

async fn serve(settings: Settings, prepared: Prepared) -> anyhow::Result<()> {
    info!(
        version = env!("CARGO_PKG_VERSION"),
        controls = prepared.controls.len(),
        heal = settings.heal.mode.name(),
        "starting"
    );
    let stop = CancellationToken::new();
    signals::watch(&stop)?;
    let listener = TcpListener::bind(settings.http.listen)
        .await
        .with_context(|| {
            format!(
                "http.listen: {} cannot be bound: end what uses it, or name another address",
                settings.http.listen
            )
        })?;
    let metrics = Arc::new(Metrics::new().context("the metrics cannot be registered")?);
    let events = Events::new(metrics);
    events.http_listening(
        listener
            .local_addr()
            .context("the bound address cannot be told")?,
    );
    let aws = Aws::load(Arc::new(Counted(events.clone()))).await?;
    let watched = connect::accounts(&settings, &aws).await?;
    let (queue, senses) = match &settings.queue_url {
        Some(url) => {
            let queue = Arc::new(aws.queue(url.as_str())?);
            let senses = senses(&aws, url, Arc::clone(&queue), settings.heartbeat)?;
            let queue: Arc<dyn Queue> = queue;
            (Some(queue), senses)
        }
        None => (None, Senses::default()),
    };
    let wiring = if queue.is_some() && settings.wiring.check {
        let (ground, sites) = connect::wiring(&settings, &aws, None, None).await?;
        Some(WiringPlan { ground, sites })
    } else {
        None
    };
    let journal = Journal::in_directory(
        settings.state_dir.clone(),
        settings.journal.retention,
        Box::new(events.clone()),
    )
    .context("the thread of the journal cannot be started")?;
    let clock: Clock = Arc::new(Timestamp::now);
    let notify = targets::targets(&settings.notify, &aws, &clock)?;
    let board = StatusBoard::new(watched.iter().map(|one| one.name.clone()), queue.is_some());
    let daemon = Daemon {
        watched,
        queue,
        senses,
        wiring,
        controls: prepared.controls,
        benchmark: prepared.benchmark,
        expectations: prepared.expectations,
        sweep_interval: settings.sweep.interval,
        heal_mode: settings.heal.mode,
        heal_policy: connect::heal_policy(&settings),
        heal_limits: connect::heal_limits(&settings.heal),
        journal,
        state_dir: settings.state_dir,
        notify,
        events,
        board,
        listener,
        show_status: settings.http.status,
        clock,
        random: fastrand::Rng::new(),
    };
    daemon.run(stop).await?;
    info!("stopped");
    Ok(())
}

/// How the daemon looks after the feed over this queue.
fn senses(
    aws: &Aws,
    url: &QueueUrl,
    queue: Arc<SqsQueue>,
    heartbeat: HeartbeatSettings,
) -> Result<Senses, SetupError> {
    let heartbeat = match heartbeat.interval {
        Some(interval) => Some(Heartbeats {
            bus: Arc::new(aws.bus_beside(url.as_str())?),
            interval,
            timeout: heartbeat.timeout,
            nonces: system_nonce,
        }),
        None => None,
    };
    Ok(Senses {
        feed: Some(FeedName {
            account: url.account().clone(),
            url: url.as_str().to_owned(),
        }),
        heartbeat,
        gauge: Some(queue),
    })
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
