//! `trailwarden doctor`: is everything there that the daemon needs? It asks and tries; it changes nothing, but for one heartbeat
//! that it sends through the feed where no daemon runs.
//!
//! What is asked is gathered here; what it means is judged by pure functions, a file for each matter.

mod check;
mod heartbeat;
mod identity;
mod place;
mod queue;
mod scope;
mod text;
mod wiring;
mod writes;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use futures_util::future::join_all;
use jiff::Timestamp;

use self::check::{Check, Tally};
use self::heartbeat::Trial;
use self::identity::Clocks;
use super::connect::{self, Prepared};
use super::exit::Exit;
use super::failure::Failure;
use super::flags::SettingsFlags;
use super::{block_on, printed, stdout, targets};
use crate::assess::assess;
use crate::aws::{
    Aws, Identity, ObserveError, ObserveScope, PermissionApi, QueueGauge, Remembered,
};
use crate::config::{QueueUrl, Settings};
use crate::daemon::{Watched, system_nonce};
use crate::notify::Clock;
use crate::snapshot::Snapshot;

/// How long a heartbeat that is tried here may take: EventBridge's delivery is within seconds.
const HEARTBEAT_LIMIT: Duration = Duration::from_secs(20);

/// Checks everything that the daemon needs.
#[derive(Debug, Clone, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    flags: SettingsFlags,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How the answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line each.
    Text,
    /// One object.
    Json,
}

pub(super) fn run(args: &DoctorArgs) -> Result<Exit, Failure> {
    let settings = args.flags.settings()?;
    let prepared = connect::prepare(&settings, &[])?;
    let checks = block_on(examine(&settings, &prepared))?;
    printed("the answer", print(&checks, args.format))?;
    Ok(Tally::of(&checks).exit())
}

/// Everything that is checked, in the order in which a newcomer mends it.
async fn examine(settings: &Settings, prepared: &Prepared) -> anyhow::Result<Vec<Check>> {
    let clocks = Arc::new(Clocks::default());
    let aws = Aws::load(Arc::<Clocks>::clone(&clocks)).await?;
    let mut checks = vec![Check::ok("settings", "they are without faults")];
    checks.extend(identity::endpoint(aws.endpoint()));
    checks.push(identity::region(aws.region(), settings));
    checks.push(place::state_dir(&settings.state_dir));
    checks.push(place::journal(&settings.state_dir));

    let own = own_identity(&aws, settings).await;
    if let Some(own) = &own {
        let expected = identity::expected_account(settings);
        checks.push(identity::identity(own, expected));
    }
    // Any answer has told AWS's time, also one that refused.
    checks.push(identity::clock(clocks.skew()));
    checks.extend(scopes(settings, prepared, &aws).await);
    checks.extend(told(settings, &aws).await);
    match &settings.queue_url {
        Some(url) => {
            let own = own.as_ref().and_then(|own| own.as_ref().ok());
            checks.extend(wired(settings, &aws, own).await);
            checks.extend(feed(settings, url, &aws, own).await?);
        }
        None => checks.push(
            Check::warning(
                "queue",
                "there is no queue_url: changes are noticed by sweeps only",
            )
            .remedy("make the feed with trailwarden wire --apply, and name its queue in queue_url"),
        ),
    }
    Ok(checks)
}

/// Whose the own credentials are; none: no region says where to ask, which is told by itself.
async fn own_identity(aws: &Aws, settings: &Settings) -> Option<Result<Identity, ObserveError>> {
    let account = aws.account(own_scope(settings), None).await.ok()?;
    Some(account.identity().await.cloned())
}

/// The own credentials, asked in the region of the environment, else in one that the settings name.
fn own_scope(settings: &Settings) -> ObserveScope {
    let mut named = settings.scope.iter().flat_map(|scope| &scope.regions);
    ObserveScope {
        regions: named
            .next()
            .map(|region| region.as_str().to_owned())
            .into_iter()
            .collect(),
        ..ObserveScope::default()
    }
}

/// Looks at every scope, and asks which repairs IAM would allow there.
async fn scopes(settings: &Settings, prepared: &Prepared, aws: &Aws) -> Vec<Check> {
    let watched = match connect::accounts(settings, aws).await {
        Ok(watched) => watched,
        Err(error) => {
            let check = Check::failed("role", error.to_string());
            return vec![check.remedy("correct what is named, and ask again")];
        }
    };
    let topics = settings.expect.topics.iter();
    let remembered = Remembered {
        topic_arns: topics.map(|topic| topic.as_str().to_owned()).collect(),
        ..Remembered::default()
    };
    let looks = watched.iter().map(|one| async {
        let seen = one.api.observe(&remembered).await;
        let mut checks = scope::look(&one.name, &seen);
        if let Ok(snapshot) = &seen {
            checks.extend(repairs(settings, prepared, one, snapshot).await);
        }
        checks
    });
    join_all(looks).await.into_iter().flatten().collect()
}

async fn repairs(
    settings: &Settings,
    prepared: &Prepared,
    watched: &Watched,
    snapshot: &Snapshot,
) -> Vec<Check> {
    let (Some(api), Some(control)) = (watched.api.permissions(), prepared.controls.first()) else {
        return Vec::new();
    };
    let Prepared {
        expectations,
        benchmark,
        ..
    } = prepared;
    let assessment = assess(snapshot, control, expectations, benchmark);
    let region = assessment
        .region
        .as_deref()
        .or(snapshot.enabled_regions.first().map(String::as_str))
        .unwrap_or("us-east-1");
    let account = &snapshot.account_id;
    let asked = writes::repairs(settings, account, region, control, &assessment.chain);
    if asked.is_empty() {
        return Vec::new();
    }
    let answer = api.simulate(&asked).await;
    writes::repairs_answered(&watched.name, settings.heal.mode, &asked, &answer)
}

/// The targets beside the chain: their files are read, nobody is told.
async fn told(settings: &Settings, aws: &Aws) -> Vec<Check> {
    const NAME: &str = "notify";
    let clock: Clock = Arc::new(Timestamp::now);
    let mut checks = Vec::new();
    for target in &settings.notify {
        let made = targets::targets(std::slice::from_ref(target), aws, &clock);
        checks.push(match made {
            Ok(_) => Check::ok(NAME, "what it needs can be read; it was not told").of(&target.name),
            Err(error) => Check::failed(NAME, error.to_string())
                .of(&target.name)
                .remedy("correct the file, and the right of this user to read it"),
        });
    }
    let asked = writes::publishing(&settings.notify);
    if !asked.is_empty()
        && let Ok(own) = aws.account(own_scope(settings), None).await
    {
        let questions: Vec<_> = asked.iter().map(|(_, asked)| asked.clone()).collect();
        let answer = own.simulate(&questions).await;
        checks.extend(writes::publishing_answered(&asked, &answer));
    }
    checks
}

/// Whether rules, queues and roles are as the feed needs them, in every account that has a part of it.
async fn wired(settings: &Settings, aws: &Aws, own: Option<&Identity>) -> Vec<Check> {
    if !settings.wiring.check {
        let detail = "wiring.check is false: the feed is wired in a way of its own";
        return vec![Check::not_checked("wiring", detail)];
    }
    let own = own.map(|own| &own.account);
    let (ground, sites) = match connect::wiring(settings, aws, own, None).await {
        Ok(found) => found,
        Err(error) => return vec![Check::not_checked("wiring", error.to_string())],
    };
    let looks = sites.iter().map(|site| async {
        let found = site.check(&ground).await;
        wiring::account(&site.name, &found)
    });
    join_all(looks).await.into_iter().flatten().collect()
}

/// The queue, and whether a heartbeat comes out of it.
async fn feed(
    settings: &Settings,
    url: &QueueUrl,
    aws: &Aws,
    own: Option<&Identity>,
) -> anyhow::Result<Vec<Check>> {
    let metrics = place::metrics(settings.http.listen).await;
    let daemon = metrics.as_deref().and_then(heartbeat::of_daemon);
    let sqs = match aws.queue(url.as_str()) {
        Ok(sqs) => sqs,
        Err(error) => {
            let check = Check::failed("queue", error.to_string());
            return Ok(vec![check.remedy(
                "set AWS_REGION, or name the queue by an URL with its region",
            )]);
        }
    };
    let attributes = match sqs.attributes().await {
        Ok(attributes) => attributes,
        Err(error) => {
            let skipped = "the queue could not be asked";
            let heartbeat = daemon.unwrap_or_else(|| Check::not_checked("heartbeat", skipped));
            return Ok(vec![queue::unreachable(url, &error), heartbeat]);
        }
    };
    let own = own.map(|own| &own.account);
    let mut checks = queue::attributes(url, &attributes, own, daemon.is_some());
    checks.extend(queue::dead_letters(&sqs.fill().await));
    let known = daemon.or_else(|| heartbeat::obstacle(&attributes));
    checks.push(if let Some(check) = known {
        check
    } else {
        let bus = aws.bus_beside(url.as_str())?;
        let nonce = system_nonce()?;
        let trial: Trial = heartbeat::attempt(&bus, &sqs, nonce, HEARTBEAT_LIMIT).await;
        heartbeat::tried(&trial, &attributes)
    });
    Ok(checks)
}

fn print(checks: &[Check], format: Format) -> io::Result<()> {
    let mut stdout = stdout();
    match format {
        Format::Text => stdout.write_all(text::render(checks).as_bytes())?,
        Format::Json => {
            let document = text::Document {
                checks,
                summary: Tally::of(checks),
            };
            serde_json::to_writer_pretty(&mut stdout, &document).map_err(io::Error::from)?;
            writeln!(stdout)?;
        }
    }
    stdout.flush()
}
