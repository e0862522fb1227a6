use std::io::{self, Write};

use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::failure::Failure;
use super::flags::SettingsFlags;
use super::{printed, stdout, variables};
use crate::config::{NotifyWay, QueueUrl, Region, Scope, Settings};
use crate::permission::{Feed, Ground, Purpose, policy, render};
use crate::snapshot::{AccountId, partition_of};

/// Prints the least that IAM has to allow, for the settings in effect.
#[derive(Debug, Clone, Args)]
pub(super) struct IamPolicyArgs {
    #[command(flatten)]
    flags: SettingsFlags,
    /// What is needed to mend, beside what is needed to watch.
    #[arg(long, group = "purpose")]
    heal: bool,
    /// What is needed to drill, beside what is needed to watch.
    #[arg(long, group = "purpose")]
    drill: bool,
    /// What is needed for `wire --apply` and `--remove`, beside what is needed to watch.
    #[arg(long, group = "purpose")]
    wire: bool,
    /// For the role in this account (12 digits), instead of the own credentials.
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<AccountId>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A policy document for `aws iam put-role-policy`.
    Json,
    /// Each statement with its reason.
    Text,
}

/// Calls nothing and nobody.
pub(super) fn run(args: &IamPolicyArgs) -> Result<Exit, Failure> {
    let settings = args.flags.settings()?;
    let ground = ground(&settings, args.account.as_ref(), environment().as_deref())
        .map_err(Failure::usage)?;
    let purpose = args.purpose();
    let policy = policy(purpose, &ground);
    if policy.statements.is_empty() {
        return Err(Failure::usage(nothing_needed(
            &settings,
            args.account.as_ref(),
        )));
    }
    let written = match args.format {
        Format::Json => serde_json::to_string_pretty(&policy).map_err(io::Error::from),
        Format::Text => Ok(render(purpose, &ground).trim_end().to_owned()),
    };
    let printing = written.and_then(|text| {
        let mut stdout = stdout();
        writeln!(stdout, "{text}")?;
        stdout.flush()
    });
    printed("the policy", printing)?;
    Ok(Exit::Ok)
}

impl IamPolicyArgs {
    const fn purpose(&self) -> Purpose {
        if self.heal {
            Purpose::Heal
        } else if self.drill {
            Purpose::Drill
        } else if self.wire {
            Purpose::Wire
        } else {
            Purpose::Watch
        }
    }
}

/// Why there is no policy to print, and whose there is.
fn nothing_needed(settings: &Settings, account: Option<&AccountId>) -> String {
    let mut scopes = settings.scope.iter();
    match scopes.find(|scope| account.is_none() && scope.role_arn.is_some()) {
        Some(scope) => format!(
            "the own credentials need no permission of this kind, as they only assume the roles of the scopes; a role's policy is \
             printed with its account: --account {}",
            scope.account
        ),
        None => "the settings call for no permission of this kind, and IAM takes no empty policy"
            .to_owned(),
    }
}

/// The account that was named is none of those configured.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no scope is account {account}; the configured ones are {}: name one of them, or add a [[scope]]",
    configured.join(", ")
)]
pub(super) struct NoSuchScope {
    account: AccountId,
    configured: Vec<String>,
}

/// The region that the environment names.
fn environment() -> Option<String> {
    let mut variables =
        variables().filter(|(name, value)| name == "AWS_REGION" && !value.is_empty());
    variables.next()?.1.into_string().ok()
}

/// What the settings say to the table: of the own credentials, or of those that lead into the account. `region` is that of the
/// environment.
fn ground(
    settings: &Settings,
    account: Option<&AccountId>,
    region: Option<&str>,
) -> Result<Ground, NoSuchScope> {
    let concerns = |scope: &&Scope| match account {
        Some(account) => scope.account == *account,
        // What is looked at with the own credentials: scopes without a role.
        None => scope.role_arn.is_none(),
    };
    let concerned: Vec<&Scope> = settings.scope.iter().filter(concerns).collect();
    if let (Some(account), true, false) = (account, concerned.is_empty(), settings.scope.is_empty())
    {
        let mut configured: Vec<String> = settings
            .scope
            .iter()
            .map(|scope| scope.account.to_string())
            .collect();
        configured.dedup();
        return Err(NoSuchScope {
            account: account.clone(),
            configured,
        });
    }
    let judged = concerned.first().map(|scope| &scope.account);
    let roles = settings
        .scope
        .iter()
        .filter_map(|scope| scope.role_arn.as_ref());
    let topics = settings
        .notify
        .iter()
        .filter_map(|target| match &target.way {
            NotifyWay::Sns(topic) => Some(topic.as_str().to_owned()),
            NotifyWay::Webhook(..) | NotifyWay::Slack(_) | NotifyWay::PagerDuty(..) => None,
        });
    let looks = settings.scope.is_empty() || !concerned.is_empty();
    Ok(Ground {
        partition: partition(settings, region).to_owned(),
        account: judged.or(account).map(ToString::to_string),
        is_own: account.is_none() || concerned.iter().all(|scope| scope.role_arn.is_none()),
        looks,
        all_regions: looks
            && (concerned.is_empty() || concerned.iter().any(|scope| scope.regions.is_empty())),
        feed: settings.queue_url.as_ref().map(feed),
        prefix: settings.wiring.prefix.as_str().to_owned(),
        topics: topics.collect(),
        roles: roles.map(|role| role.as_str().to_owned()).collect(),
        links: settings.heal.links.clone(),
        subscriptions: settings
            .expect
            .subscriptions
            .iter()
            .map(|one| one.as_str().to_owned())
            .collect(),
    })
}

fn feed(queue: &QueueUrl) -> Feed {
    Feed {
        region: queue.region().map(ToString::to_string),
        account: queue.account().to_string(),
        queue: queue.name().to_owned(),
    }
}

/// That of the first role, else of the first region that is named anywhere, in the environment last; accounts of two partitions cannot
/// be one set-up.
fn partition<'a>(settings: &'a Settings, environment: Option<&str>) -> &'a str {
    let of_role = settings.scope.iter().find_map(|scope| {
        let role = scope.role_arn.as_ref()?;
        role.as_str().split(':').nth(1)
    });
    let mut regions = settings.scope.iter().flat_map(|scope| &scope.regions);
    let region = settings.queue_url.as_ref().and_then(QueueUrl::region);
    let region = region.or_else(|| regions.next()).map(Region::as_str);
    of_role
        .or_else(|| Some(partition_of(region.or(environment)?)))
        .unwrap_or("aws")
}

#[cfg(test)]
mod tests;
