use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::connect::{self, Prepared};
use super::exit::Exit;
use super::flags::SettingsFlags;
use super::{complain, signals, targets, variables};
use crate::aws::{Aws, Queue, Request, RequestObserver, RequestResult};
use crate::config::{Log, LogFormat, LogLevel, Settings};
use crate::daemon::Daemon;
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
    signals::watch(&stop)?;
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
