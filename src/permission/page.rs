//! The table for people.

use std::fmt::Write;

use super::policy::{Ground, policy};
use super::table::{Call, Grant, Resource, When, statements};
use super::{Purpose, Side};

/// The table as a page of Markdown.
pub fn reference() -> String {
    let mut page = String::from(HEAD);
    for purpose in Purpose::ALL {
        let (title, text) = introduction(purpose);
        // Writing to a text cannot fail.
        let _: std::fmt::Result = write!(
            page,
            "\n## {title}\n\n{text}\n\n| statement | for | actions | resources and conditions |\n|---|---|---|---|\n"
        );
        for grant in statements().filter(|grant| grant.purpose == purpose) {
            let _: std::fmt::Result = writeln!(
                page,
                "| {}{} | {} | {} | {} |",
                grant.sid,
                side(grant.side),
                grant.why,
                actions(grant),
                resources(grant),
            );
        }
    }
    page
}

/// One purpose's policy on this ground, for people: what the JSON cannot say is the reason of each statement.
pub fn render(purpose: Purpose, ground: &Ground) -> String {
    let mut text = String::new();
    for made in policy(purpose, ground).statements {
        let grant = statements().find(|grant| grant.sid == made.sid);
        let why = grant.map_or("", |grant| grant.why);
        let _: std::fmt::Result = writeln!(text, "{}: {why}", made.sid);
        let _: std::fmt::Result = writeln!(text, "    {}", made.action.join(", "));
        for resource in &made.resource {
            let reason = match grant.map(|grant| grant.resource) {
                Some(Resource::Any(reason)) => format!(" ({reason})"),
                _ => String::new(),
            };
            let _: std::fmt::Result = writeln!(text, "    on {resource}{reason}");
        }
        for (operator, keys) in &made.condition {
            for (key, values) in keys {
                let _: std::fmt::Result =
                    writeln!(text, "    if {key} {operator} {}", values.join(" or "));
            }
        }
    }
    text
}

fn introduction(purpose: Purpose) -> (&'static str, &'static str) {
    match purpose {
        Purpose::Watch => (
            "Watch: `trailwarden iam-policy`",
            "What the daemon needs with `heal.mode` off or plan, and every command that does not write. A missing permission to \
             read is a hole that the finding names, and UNKNOWN only if it decides.",
        ),
        Purpose::Heal => (
            "Heal: `trailwarden iam-policy --heal`",
            "Beside those to watch: what the daemon needs with `heal.mode = \"apply\"`, and `trailwarden heal`. Only the repairs of \
             `heal.links`. Nothing here deletes.",
        ),
        Purpose::Drill => (
            "Drill: `trailwarden iam-policy --drill`",
            "Beside those to watch: what `trailwarden drill` needs, by whoever drills (`AWS_PROFILE`, or `--role-arn`). The daemon \
             does not need it.",
        ),
        Purpose::Wire => (
            "Wire: `trailwarden iam-policy --wire`",
            "Beside those to watch: what `trailwarden wire --apply` and `--remove` need, by whoever sets trailwarden up. The daemon \
             does not need it.",
        ),
    }
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Own => " (own)",
        Side::Account => "",
        Side::Both => " (both)",
    }
}

/// The actions, each with the call that needs it where that has another name.
fn actions(grant: &Grant) -> String {
    let mut all = Vec::new();
    for call in grant.calls {
        all.extend(call.actions().iter().map(|action| {
            if *action == call.operation {
                format!("`{action}`")
            } else {
                format!("`{action}` ({})", call.name())
            }
        }));
        if call.actions().is_empty() {
            all.push(format!("none ({})", call.name()));
        }
    }
    all.dedup();
    all.join(", ")
}

fn resources(grant: &Grant) -> String {
    let mut text = match grant.resource {
        Resource::Any(reason) => format!("`*`: {reason}"),
        Resource::These(resources) => resources
            .iter()
            .map(|one| format!("`{one}`"))
            .collect::<Vec<_>>()
            .join(", "),
    };
    for test in grant.conditions {
        let values = test.values.join("`, `");
        let _: std::fmt::Result = write!(text, "; `{}` {} `{values}`", test.key, test.operator);
    }
    if let When::Links(links) = grant.when {
        let names: Vec<String> = links.iter().map(ToString::to_string).collect();
        let _: std::fmt::Result = write!(text, "; if `heal.links` has {}", names.join(" or "));
    }
    text
}

impl Call {
    fn name(&self) -> &'static str {
        let operation = self.operation.split_once(':');
        operation.map_or(self.operation, |(_, name)| name)
    }
}

const HEAD: &str = "\
# Permissions

<!-- Made from src/permission/table by `BLESS=1 cargo test --test permissions`. -->

`trailwarden iam-policy` prints the policy that the settings in effect call for, as JSON on one command's way to IAM; with `--format
text` each statement's reason stands beside it. It calls nobody.

    trailwarden iam-policy > watch.json
    aws iam put-role-policy --role-name trailwarden --policy-name trailwarden-watch --policy-document file://watch.json

`--heal`, `--drill` and `--wire` print what is needed *beside* that to watch, each as a policy of its own, so that one role may watch
and mend and another one drill. What is not configured is not granted: no queue, no `sqs:ReceiveMessage`; a link that `heal.links` does
not name, no repair of it.

**Several accounts.** With `[[scope]]` and `role_arn` there are two kinds of policy: that of the own credentials (the feed, telling, and
`sts:AssumeRole` on exactly those roles), which is what is printed, and that of the role in a judged account, printed with
`--account 111122223333`. Statements marked *own* go into the first, *both* into both, the others into the second. Without roles both
are one policy; `--account` then only fills in the account.

**Reading the tables.** Each row is a statement with its Sid. An action has the name of the API call that needs it; where it has not, the
call stands in parentheses. In resources `{account}` is the judged account, the other names come from the settings; `*` takes their
place where the settings do not tell. `*` alone as a resource means that AWS offers nothing narrower, or that a narrower one breaks
the call: the reason stands beside it. Regions are not narrowed: a chain may lead through any, and a trail be at home in any.

Not in here, as trailwarden does not call it itself: a queue or topic that is encrypted with a customer key needs `kms:Decrypt` (queue) or
`kms:GenerateDataKey*` and `kms:Decrypt` (topic of `[[notify]]`) on that key. External ids stand in the trust policy of the role that
is assumed (`sts:ExternalId`).
";
