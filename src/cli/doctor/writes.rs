//! Whether the writes would be allowed that the settings ask for: IAM is asked, nothing is written.

use std::collections::BTreeSet;

use super::check::Check;
use crate::assess::{Chain, Link};
use crate::aws::{Asked, NotSimulated, Simulated};
use crate::config::{HealMode, NotifyTarget, NotifyWay, Settings};
use crate::control::Control;
use crate::permission::{Call, Grant, Purpose, When, statements};
use crate::snapshot::{AccountId, partition_of};

const WRITE: &str = "write";
const TELL: &str = "publish";

/// What repairs would call in this account: for each link that may be mended the action, and the resource of the chain as it
/// is, else the one that would be made. `region` is the home of the chain.
pub(super) fn repairs(
    settings: &Settings,
    account: &AccountId,
    region: &str,
    control: &Control,
    chain: &Chain,
) -> Vec<Asked> {
    if settings.heal.mode == HealMode::Off {
        return Vec::new();
    }
    let partition = partition_of(region);
    let arn = |service: &str, resource: String| {
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    };
    let own = format!("trailwarden-{}", control.key);
    let group = chain.log_group.as_ref();
    let group = group.map_or(&own, |one| &one.log_group_name);
    let group = arn("logs", format!("log-group:{group}"));
    let alarm = chain.alarms.first().map_or(&own, |one| &one.alarm_name);
    let alarm = arn("cloudwatch", format!("alarm:{alarm}"));
    let topic = chain.topic.as_ref().map(|one| one.topic_arn.clone());
    let topic = topic.unwrap_or_else(|| arn("sns", own.clone()));
    let trail = chain.trail.as_ref().map(|one| one.trail_arn.clone());
    let trail = trail.unwrap_or_else(|| arn("cloudtrail", format!("trail/{own}")));
    let role = chain.trail.as_ref();
    let role = role.and_then(|one| one.cloud_watch_logs_role_arn.clone());

    let mut asked: Vec<Asked> = Vec::new();
    for grant in statements().filter(|grant| is_needed(grant, &settings.heal.links)) {
        for action in grant.calls.iter().flat_map(Call::actions) {
            let (service, name) = action.split_once(':').unwrap_or((action, ""));
            let context = match name {
                "Subscribe" => match settings.expect.subscriptions.first() {
                    Some(endpoint) => vec![
                        ("sns:Endpoint", endpoint.as_str().to_owned()),
                        ("sns:Protocol", endpoint.protocol().to_owned()),
                    ],
                    // Nobody else is ever subscribed.
                    None => continue,
                },
                "PassRole" => vec![("iam:PassedToService", "cloudtrail.amazonaws.com".to_owned())],
                _ => Vec::new(),
            };
            let resource = match service {
                "logs" => Some(&group),
                "cloudwatch" => Some(&alarm),
                "sns" => Some(&topic),
                "cloudtrail" => Some(&trail),
                _ => role.as_ref(),
            };
            if let Some(resource) = resource
                && !asked.iter().any(|one| one.action == *action)
            {
                asked.push(Asked {
                    action: (*action).to_owned(),
                    resource: resource.clone(),
                    context,
                });
            }
        }
    }
    asked
}

/// Whether the settings let repairs be made that a statement is for.
fn is_needed(grant: &Grant, links: &BTreeSet<Link>) -> bool {
    let for_links =
        matches!(grant.when, When::Links(when) if when.iter().any(|link| links.contains(link)));
    grant.purpose == Purpose::Heal && for_links
}

/// What telling the topics among the targets would call, with the names of the targets.
pub(super) fn publishing(targets: &[NotifyTarget]) -> Vec<(String, Asked)> {
    let topics = targets.iter().filter_map(|target| match &target.way {
        NotifyWay::Sns(arn) => Some((&target.name, arn)),
        NotifyWay::Webhook(..) | NotifyWay::Slack(_) | NotifyWay::PagerDuty(..) => None,
    });
    topics
        .map(|(name, arn)| {
            let asked = Asked {
                action: "sns:Publish".to_owned(),
                resource: arn.as_str().to_owned(),
                context: Vec::new(),
            };
            (name.clone(), asked)
        })
        .collect()
}

/// What IAM said of repairs in a scope.
pub(super) fn repairs_answered(
    scope: &str,
    mode: HealMode,
    asked: &[Asked],
    answer: &Result<Vec<Simulated>, NotSimulated>,
) -> Vec<Check> {
    let answers = match answer {
        Ok(answers) => answers,
        Err(error) => return vec![unasked(WRITE, asked, error).of(scope)],
    };
    let mut checks: Vec<Check> = asked
        .iter()
        .zip(answers)
        .filter(|(_, answer)| **answer != Simulated::Allowed)
        .map(|(asked, answer)| one(WRITE, asked, *answer, mode).of(scope))
        .collect();
    let allowed = answers
        .iter()
        .filter(|answer| **answer == Simulated::Allowed)
        .count();
    if allowed > 0 {
        let detail = format!(
            "IAM allows {allowed} of the {} actions that repairs need",
            asked.len()
        );
        checks.insert(0, Check::ok(WRITE, detail).of(scope));
    }
    checks
}

/// What IAM said of telling the topics.
pub(super) fn publishing_answered(
    asked: &[(String, Asked)],
    answer: &Result<Vec<Simulated>, NotSimulated>,
) -> Vec<Check> {
    let pairs = asked.iter().enumerate();
    pairs
        .map(|(index, (target, asked))| match answer {
            Ok(answers) => match answers.get(index) {
                Some(answer) => one(TELL, asked, *answer, HealMode::Apply).of(target),
                None => Check::not_checked(TELL, "IAM gave no answer").of(target),
            },
            Err(error) => unasked(TELL, std::slice::from_ref(asked), error).of(target),
        })
        .collect()
}

fn one(name: &'static str, asked: &Asked, answer: Simulated, mode: HealMode) -> Check {
    let Asked {
        action, resource, ..
    } = asked;
    match answer {
        Simulated::Allowed => Check::ok(name, format!("IAM allows {action} on {resource}")),
        Simulated::Undecided => Check::not_checked(
            name,
            format!(
                "IAM allows {action} on {resource} under conditions that only the call itself decides"
            ),
        ),
        Simulated::Denied => {
            let detail = format!("IAM does not allow {action} on {resource}");
            // Who only plans has no need of it yet.
            let check = if mode == HealMode::Plan {
                Check::warning(name, detail)
            } else {
                Check::failed(name, detail)
            };
            check.remedy(format!("allow the action {action} on {resource}"))
        }
    }
}

fn unasked(name: &'static str, asked: &[Asked], error: &NotSimulated) -> Check {
    let actions: Vec<&str> = asked.iter().map(|one| one.action.as_str()).collect();
    let detail = format!("whether {} would be allowed: {error}", actions.join(", "));
    let check = Check::not_checked(name, detail);
    if error.is_denied() {
        check.remedy(
            "allow iam:SimulatePrincipalPolicy on trailwarden's own role, for this check only",
        )
    } else {
        check
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Outcome;
    use super::*;
    use crate::aws::{CallError, Class};
    use crate::config::{self, ConfigFile};
    use crate::permission::{Ground, policy};

    fn settings(toml: &[(&str, &str)]) -> Settings {
        let nowhere = ConfigFile::IfExists("/nowhere/trailwarden.toml".into());
        config::load(&nowhere, [], toml.iter().copied())
            .unwrap()
            .settings
    }

    fn asked(toml: &[(&str, &str)]) -> Vec<(String, String)> {
        let settings = settings(toml);
        let account = "111122223333".parse().unwrap();
        let control = settings.controls[0].clone();
        let asked = repairs(
            &settings,
            &account,
            "cn-north-1",
            &control,
            &Chain::default(),
        );
        asked
            .into_iter()
            .map(|one| (one.action, one.resource))
            .collect()
    }

    #[test]
    fn only_what_may_be_mended_is_asked_about_and_each_action_once() {
        assert_eq!(asked(&[]), []);
        let pair = |action: &str, resource: &str| (action.to_owned(), resource.to_owned());
        let own = "trailwarden-cloudtrail-config-changes";
        assert_eq!(
            asked(&[
                ("heal.mode", "plan"),
                ("heal.links", "pattern,metric,alarm")
            ]),
            [
                pair(
                    "logs:PutMetricFilter",
                    &format!("arn:aws-cn:logs:cn-north-1:111122223333:log-group:{own}")
                ),
                pair(
                    "cloudwatch:PutMetricAlarm",
                    &format!("arn:aws-cn:cloudwatch:cn-north-1:111122223333:alarm:{own}")
                ),
                pair(
                    "cloudwatch:EnableAlarmActions",
                    &format!("arn:aws-cn:cloudwatch:cn-north-1:111122223333:alarm:{own}")
                ),
            ]
        );
        let subscribing = [("heal.mode", "apply"), ("heal.links", "subscription")];
        assert_eq!(asked(&subscribing), [], "nobody is named");
    }

    #[test]
    fn what_is_asked_about_is_what_the_policy_grants() {
        for link in Link::CHAIN {
            let toml = [("heal.mode", "apply"), ("heal.links", link.name())];
            let ground = Ground {
                looks: true,
                links: settings(&toml).heal.links,
                ..Ground::default()
            };
            let granted = policy(Purpose::Heal, &ground).statements;
            let mut granted: Vec<&str> =
                granted.iter().flat_map(|one| one.action.clone()).collect();
            // Which role is handed on is not known without a trail.
            granted.retain(|action| *action != "iam:PassRole");
            let asked = asked(&toml);
            let asked: Vec<&str> = asked.iter().map(|(action, _)| action.as_str()).collect();
            assert_eq!(asked, granted, "{link}");
        }
    }

    fn question(action: &str) -> Asked {
        Asked {
            action: action.to_owned(),
            resource: "*".to_owned(),
            context: Vec::new(),
        }
    }

    #[test]
    fn denied_fails_undecided_and_unasked_are_not_checked() {
        use Outcome::{Failed, NotChecked, Ok as Fine, Warning};
        let asked = [question("a:A"), question("b:B"), question("c:C")];
        let answer = Ok(vec![
            Simulated::Allowed,
            Simulated::Denied,
            Simulated::Undecided,
        ]);
        let outcomes = |mode, answer: &_| -> Vec<Outcome> {
            let checks = repairs_answered("own", mode, &asked, answer);
            checks.iter().map(|one| one.outcome).collect()
        };
        assert_eq!(
            outcomes(HealMode::Apply, &answer),
            [Fine, Failed, NotChecked]
        );
        assert_eq!(
            outcomes(HealMode::Plan, &answer),
            [Fine, Warning, NotChecked]
        );
        assert_eq!(
            outcomes(HealMode::Apply, &Err(NotSimulated::Root)),
            [NotChecked]
        );
        let denied = Err(NotSimulated::Call(CallError {
            service: "iam",
            operation: "SimulatePrincipalPolicy",
            scope: String::new(),
            code: "AccessDenied".to_owned(),
            class: Class::Denied,
            message: "no".to_owned(),
        }));
        let checks = publishing_answered(&[("ops".to_owned(), question("sns:Publish"))], &denied);
        assert_eq!(checks[0].outcome, NotChecked);
        let remedy = checks[0].remedy.as_deref().unwrap();
        assert!(remedy.contains("iam:SimulatePrincipalPolicy"), "{remedy}");
    }
}
