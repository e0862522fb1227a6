//! Do the trail's records reach a log group whose records metric filters can read?

use jiff::SignedDuration;

use super::fault::Fault;
use super::put::update_trail;
use super::remedy::Command;
use super::trail::Observed;
use super::world::World;
use super::{Link, Warning, WarningCode};
use crate::snapshot::{LogGroup, LogGroupArn, partition_of};

const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Where a trail delivers, as far as that can be followed.
#[derive(Debug, Clone, Default)]
pub(super) struct Delivery {
    /// The region and name of the group whose filters read the records.
    pub(super) group: Option<(String, String)>,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Warning>,
}

/// Follows the trail into its log group, in the account that owns the group.
pub(super) fn follow(
    observed: &Observed<'_>,
    group: &LogGroupArn<'_>,
    world: World<'_>,
) -> Delivery {
    let mut delivery = Delivery {
        group: Some((group.region.to_owned(), group.name.to_owned())),
        ..Delivery::default()
    };
    delivery
        .faults
        .extend(place_faults(observed, group, world, &mut delivery.group));
    if delivery.faults.is_empty() {
        delivery.faults.extend(class_fault(observed, group, world));
    }
    let is_logging = observed.status().and_then(|status| status.is_logging);
    if is_logging == Some(true) {
        judge_delivery(observed, world, &mut delivery);
    }
    delivery
}

/// The trail names no group at all.
pub(super) fn without_group(observed: &Observed<'_>) -> Fault {
    let trail = observed.trail;
    let (home, account) = (observed.home(), observed.account());
    let partition = partition_of(home);
    let arn = format!("arn:{partition}:logs:{home}:{account}:log-group:LOG_GROUP:*");
    Fault::absent(
        Link::LogGroup,
        format!("Trail {} delivers to no log group.", trail.name),
    )
    .on(&trail.trail_arn)
    .remedy(
        update_trail(home, &trail.trail_arn)
            .with("--cloud-watch-logs-log-group-arn", &arn)
            .with(
                "--cloud-watch-logs-role-arn",
                &format!("arn:{partition}:iam::{account}:role/ROLE"),
            ),
    )
}

/// The text that should be the ARN of a group is none.
pub(super) fn unreadable(observed: &Observed<'_>, text: &str) -> Fault {
    Fault::broken(
        Link::LogGroup,
        format!(
            "Trail {} names {text:?} as its log group, which is no log group's ARN.",
            observed.trail.name
        ),
    )
    .on(text)
}

/// A trail of one's own cannot deliver into another account's group (UpdateTrail: "a log group that exists in your
/// account").
pub(super) fn foreign(observed: &Observed<'_>, group: &LogGroupArn<'_>) -> Fault {
    Fault::broken(
        Link::LogGroup,
        format!(
            "Trail {} names the log group {} of account {}; a trail delivers to its own account only.",
            observed.trail.name, group.name, group.account
        ),
    )
    .on(observed.trail.cloud_watch_logs_log_group_arn.clone().unwrap_or_default())
}

fn place_faults(
    observed: &Observed<'_>,
    group: &LogGroupArn<'_>,
    world: World<'_>,
    followed: &mut Option<(String, String)>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let trail = observed.trail;
    let arn = trail
        .cloud_watch_logs_log_group_arn
        .clone()
        .unwrap_or_default();
    if group.region != observed.home() {
        faults.push(
            Fault::broken(
                Link::LogGroup,
                format!(
                    "Trail {} of region {} names a log group in {}; a trail delivers in its home region.",
                    trail.name,
                    observed.home(),
                    group.region
                ),
            )
            .on(&arn),
        );
    }
    if exists(world, group.region, group.name) {
        return faults;
    }
    if let Some(hole) = world.hole("logs:DescribeLogGroups", &[group.region, &arn, group.name]) {
        let meaning = format!("whether log group {} exists is not known.", group.name);
        faults.push(hole.fault(Link::LogGroup, &meaning).on(&arn));
        return faults;
    }
    let elsewhere = regions_with_group(world, group.name).into_iter().next();
    let create =
        Command::new("logs create-log-group", group.region).with("--log-group-name", group.name);
    faults.push(if let Some(region) = elsewhere {
        let message = format!(
            "Log group {} does not exist in {}, where trail {} delivers; the one in {region} is another.",
            group.name, group.region, trail.name
        );
        *followed = Some((region.to_owned(), group.name.to_owned()));
        Fault::broken(Link::LogGroup, message).on(&arn).remedy(create)
    } else {
        Fault::absent(
            Link::LogGroup,
            format!("Log group {}, which trail {} names, does not exist.", group.name, trail.name),
        )
        .on(&arn)
        .remedy(create)
    });
    faults
}

/// A group exists if it was seen, or if a filter names it: DescribeMetricFilters knows only filters of groups that are.
fn exists(world: World<'_>, region: &str, name: &str) -> bool {
    regions_with_group(world, name).contains(&region)
}

fn regions_with_group<'a>(world: World<'a>, name: &str) -> Vec<&'a str> {
    let snapshot = world.snapshot;
    let listed = snapshot
        .log_groups
        .iter()
        .filter(|group| group.log_group_name == name)
        .map(|group| group.region.as_str());
    let named = snapshot
        .metric_filters
        .iter()
        .flatten()
        .filter(|filter| filter.log_group_name == name)
        .map(|filter| filter.region.as_str());
    listed.chain(named).collect()
}

/// The group as it was listed.
pub(super) fn listed<'a>(world: World<'a>, region: &str, name: &str) -> Option<&'a LogGroup> {
    world
        .snapshot
        .log_groups
        .iter()
        .find(|group| group.region == region && group.log_group_name == name)
}

fn class_fault(
    observed: &Observed<'_>,
    group: &LogGroupArn<'_>,
    world: World<'_>,
) -> Option<Fault> {
    let class = listed(world, group.region, group.name)?
        .log_group_class
        .as_deref()?;
    (class != "STANDARD").then(|| {
        let name = format!("{}-standard", group.name);
        let arn = format!("{}:*", world.group_arn(group.region, &name));
        let role = observed.trail.cloud_watch_logs_role_arn.as_deref();
        let create =
            Command::new("logs create-log-group", group.region).with("--log-group-name", &name);
        let update = update_trail(observed.home(), &observed.trail.trail_arn)
            .with("--cloud-watch-logs-log-group-arn", &arn)
            .with("--cloud-watch-logs-role-arn", role.unwrap_or("ROLE_ARN"));
        Fault::broken(
            Link::LogGroup,
            format!(
                "Log group {} is of class {class}; metric filters work on class STANDARD only, and the class cannot be \
                 changed: the trail needs another group.",
                group.name
            ),
        )
        .on(group.name)
        .remedy(format!("{} && {}", String::from(create), String::from(update)))
    })
}

/// A delivery error breaks; so do no delivery ever, if logging began more than a day ago or that is not known, and a
/// last delivery more than a day old while the trail records read calls (the observer's own would be in it).
fn judge_delivery(observed: &Observed<'_>, world: World<'_>, delivery: &mut Delivery) {
    let Some(status) = observed.status() else {
        return;
    };
    let trail = observed.trail;
    let now = world.snapshot.now;
    let older_than_a_day = |time: jiff::Timestamp| now.duration_since(time) > A_DAY;
    let broken = |message: String| Fault::broken(Link::LogGroup, message).on(&trail.trail_arn);
    let error = status
        .latest_cloud_watch_logs_delivery_error
        .as_deref()
        .unwrap_or_default()
        .trim();
    if !error.is_empty() {
        delivery.faults.push(
            broken(format!("Trail {} cannot deliver to its log group: {error}.", trail.name)).remedy(
                "Give the trail's CloudWatch Logs role logs:CreateLogStream and logs:PutLogEvents on the log group, \
                 and let cloudtrail.amazonaws.com assume it.",
            ),
        );
        return;
    }
    match status.latest_cloud_watch_logs_delivery_time {
        None => match status.start_logging_time {
            Some(start) if !older_than_a_day(start) => delivery.warnings.push(Warning {
                code: WarningCode::DeliveryUnproven,
                message: format!(
                    "Trail {} began to log less than a day ago and has not delivered to its log group yet.",
                    trail.name
                ),
            }),
            _ => delivery.faults.push(
                broken(format!("Trail {} has never delivered to its log group.", trail.name)).remedy(
                    Command::new("cloudtrail get-trail-status", observed.home())
                        .with("--name", &trail.trail_arn),
                ),
            ),
        },
        Some(last) if older_than_a_day(last) => {
            let message =
                format!("The last delivery of trail {} to its log group was at {last}", trail.name);
            if observed.records_reads() {
                delivery.faults.push(
                    broken(format!(
                        "{message}, although it records read calls and was just looked at."
                    ))
                    .remedy(
                        Command::new("cloudtrail get-trail-status", observed.home())
                            .with("--name", &trail.trail_arn),
                    ),
                );
            } else {
                delivery.warnings.push(Warning {
                    code: WarningCode::DeliveryOld,
                    message: format!("{message}; perhaps nothing has happened since."),
                });
            }
        }
        Some(_) => {}
    }
}
