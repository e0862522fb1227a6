//! Looks at the chain of one account: every call that the evaluation rests on, as many at the same time as their answers
//! allow. Failed calls are holes.
//!
//! Two ways are followed at once: from the trails to the log groups, filters and policies; and from the alarms of the home
//! region to the topics, subscriptions and keys of those that look at a metric of a control. They meet at the end, where alarms
//! that a filter points out add topics. The topics of all other alarms are nobody's here: there may be very many, and SNS answers
//! some tens of calls a second.

mod alarms;
mod keys;
mod logs;
mod look;
mod topics;
mod trail;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all, try_join};
use jiff::Timestamp;

use self::alarms::AlarmsSeen;
use self::logs::LogsSeen;
use self::look::Look;
pub(super) use self::look::timestamp;
use self::topics::TopicsSeen;
use self::trail::TrailsSeen;
use super::account::{ObserveScope, Remembered};
use super::arn;
use super::clients::AccountClients;
use super::error::ObserveError;
use crate::snapshot::{AccountId, Snapshot};

/// Names of log groups by region.
type Groups = BTreeMap<String, BTreeSet<String>>;

/// Observes the account; see [`super::AccountApi::observe`].
pub(super) async fn observe(
    clients: &AccountClients,
    scope: &ObserveScope,
    home: &str,
    remembered: &Remembered,
) -> Result<Snapshot, ObserveError> {
    let now = Timestamp::now();
    let look = Look::new(clients);
    let from_trails = async {
        let (account, trails) = try_join(clients.account_id(), async {
            Ok(trail::find(&look, scope, home).await)
        })
        .await?;
        check_account(scope, account)?;
        let groups = groups(account, &trails, remembered);
        let regions = groups
            .keys()
            .map(String::as_str)
            .filter(|region| *region != home);
        let ((trails, logs), elsewhere) = join(
            join(
                trail::details(&look, trails, account, home),
                logs_of(&look, &groups, home),
            ),
            join_all(regions.map(|region| alarms_and_topics(&look, scope, region))),
        )
        .await;
        Ok((account.clone(), trails, logs, elsewhere))
    };
    let from_alarms = async {
        Ok(join(
            alarms_and_topics(&look, scope, home),
            topics::see(&look, &remembered.topic_arns),
        )
        .await)
    };
    let ((account, trails, logs, elsewhere), (at_home, remembered_topics)) =
        try_join(from_trails, from_alarms).await?;

    let mut alarms = AlarmsSeen::default();
    let mut topics = remembered_topics;
    for (more_alarms, more_topics) in elsewhere.into_iter().chain([at_home]) {
        alarms.add(more_alarms);
        topics.add(more_topics);
    }
    let filters = logs.metric_filters.as_deref().unwrap_or_default();
    let pointed_out = alarms::topics_pointed_out(&alarms, filters);
    topics.add(topics::see(&look, &pointed_out).await);
    Ok(snapshot(
        account,
        now,
        home,
        trails,
        logs,
        alarms,
        topics,
        look.into_holes(),
    ))
}

fn check_account(scope: &ObserveScope, found: &AccountId) -> Result<(), ObserveError> {
    match &scope.account {
        Some(expected) if expected != found => Err(ObserveError::ForeignAccount {
            expected: expected.clone(),
            found: found.clone(),
        }),
        _ => Ok(()),
    }
}

/// The log groups of this account that trails deliver to, and those that are remembered.
fn groups(account: &AccountId, trails: &TrailsSeen, remembered: &Remembered) -> Groups {
    let named = trails
        .trails
        .iter()
        .flatten()
        .filter_map(|trail| trail.cloud_watch_logs_log_group_arn.as_deref());
    let mut groups = Groups::new();
    for group in named
        .chain(remembered.log_group_arns.iter().map(String::as_str))
        .filter_map(arn::log_group)
        .filter(|group| group.account == account.as_str())
    {
        let of_region = groups.entry(group.region.to_owned()).or_default();
        of_region.insert(group.name.to_owned());
    }
    groups
}

/// The groups of every region that has any; and the home region, whole, where it has none.
async fn logs_of(look: &Look<'_>, groups: &Groups, home: &str) -> LogsSeen {
    let none = BTreeSet::new();
    let at_home = (!groups.contains_key(home)).then_some((home, &none));
    let regions = groups
        .iter()
        .map(|(region, names)| (region.as_str(), names))
        .chain(at_home);
    let seen = join_all(regions.map(|(region, names)| logs::see(look, region, names))).await;
    let mut all = LogsSeen::default();
    for more in seen {
        all.add(more);
    }
    all
}

async fn alarms_and_topics(
    look: &Look<'_>,
    scope: &ObserveScope,
    region: &str,
) -> (AlarmsSeen, TopicsSeen) {
    let (alarms, topics) = alarms::see(look, region, async |alarms| {
        topics::see(look, &alarms::topics_of_candidates(alarms, &scope.metrics)).await
    })
    .await;
    (alarms, topics)
}

#[expect(
    clippy::too_many_arguments,
    reason = "one for each part of the snapshot, named at the one call"
)]
fn snapshot(
    account_id: AccountId,
    now: Timestamp,
    home: &str,
    trails: TrailsSeen,
    logs: LogsSeen,
    alarms: AlarmsSeen,
    topics: TopicsSeen,
    api_errors: BTreeMap<String, String>,
) -> Snapshot {
    let homes = || {
        trails
            .trails
            .iter()
            .flatten()
            .map(|trail| trail.home_region.as_deref())
    };
    let is_away = homes().count() > 0 && homes().all(|region| region != Some(home));
    let saw_topics = alarms.alarms.is_some() || topics.asked;
    Snapshot {
        account_id,
        now,
        observer_region: is_away.then(|| home.to_owned()),
        enabled_regions: trails.enabled_regions,
        trails: trails.trails,
        trail_status: trails.status,
        event_selectors: trails.selectors,
        log_groups: logs.log_groups,
        metric_filters: logs.metric_filters,
        alarms: alarms.alarms,
        alarm_mute_rules: alarms.mute_rules,
        data_protection_policies: logs.data_protection_policies,
        account_policies: logs.account_policies,
        topics: saw_topics.then_some(topics.topics),
        subscriptions: saw_topics.then_some(topics.subscriptions),
        kms_keys: topics.keys,
        api_errors,
        other_accounts: Vec::new(),
    }
}
