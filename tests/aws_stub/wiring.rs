//! What is seen of the role that forwards: every managed policy on every page, or a hole.

use trailwarden::aws::WiringApi;
use trailwarden::snapshot::AccountId;
use trailwarden::wiring::{Ground, Needs, Observed, Place, Sight, Unseen};

use super::scope;
use super::stub::{ACCOUNT, Answer, Notes, Seen, Stub, xml};

pub(super) const ROLE: &str = "<Role><Path>/</Path><RoleName>tw-forward</RoleName><RoleId>AROA</RoleId><Arn>arn</Arn>\
    <CreateDate>2026-11-23T00:00:00Z</CreateDate><AssumeRolePolicyDocument>%7B%7D</AssumeRolePolicyDocument></Role>";

/// A role with nothing inline; `attached` answers iam:ListAttachedRolePolicies.
async fn look(attached: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Observed {
    let stub = Stub::new(move |seen, _| match seen.operation.as_str() {
        "GetRole" => xml("GetRole", ROLE),
        "ListRolePolicies" => xml("ListRolePolicies", "<PolicyNames/>"),
        "ListAttachedRolePolicies" => attached(seen),
        _ => Answer::Empty,
    });
    look_at(&stub).await
}

/// What is seen of a member's part.
pub(super) async fn look_at(stub: &Stub) -> Observed {
    let aws = stub.aws(&Notes::default()).await;
    let account = aws.account(scope(), None).await;
    let member: AccountId = ACCOUNT.parse().expect("an account");
    let ground = Ground {
        prefix: "tw".to_owned(),
        feed: Place {
            account: "111122223333".parse().expect("an account"),
            region: "eu-west-1".to_owned(),
        },
        queue: "tw-events".to_owned(),
        members: [member.clone()].into(),
        consumer_role_arn: None,
        organization_id: None,
    };
    let needs = Needs::new(&ground, &member, &["us-east-1".to_owned()]);
    account.expect("the scope is sound").look(&needs).await
}

fn page(policy: &str, more: &str) -> Answer {
    let result = format!(
        "<AttachedPolicies><member><PolicyName>{policy}</PolicyName><PolicyArn>arn:aws:iam::aws:policy/{policy}</PolicyArn>\
         </member></AttachedPolicies>{more}"
    );
    xml("ListAttachedRolePolicies", &result)
}

#[tokio::test(start_paused = true)]
async fn managed_policies_are_seen_on_every_page() {
    let seen = look(|seen| {
        if seen.body.contains("Marker=second") {
            page("B", "<IsTruncated>false</IsTruncated>")
        } else {
            page(
                "A",
                "<IsTruncated>true</IsTruncated><Marker>second</Marker>",
            )
        }
    });
    let seen = seen.await;
    let Sight::Seen(role) = seen.role else {
        panic!("{:?}", seen.role)
    };
    assert_eq!(
        role.attached,
        ["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_role_whose_managed_policies_may_not_be_listed_was_not_seen() {
    let seen = look(|_| Answer::Error(403, "AccessDenied")).await;
    let expected = Unseen {
        action: "iam:ListAttachedRolePolicies".to_owned(),
        code: "AccessDenied".to_owned(),
        denied: true,
    };
    assert_eq!(seen.role, Sight::Unseen(expected));
}
