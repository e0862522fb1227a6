use super::look::{Look, NoneIf, Seen};
use crate::aws::arn;
use crate::aws::sdk_error::call;
use crate::snapshot::KmsKey;

/// What GetKeyPolicy knows a key's only policy by.
const POLICY_NAME: &str = "default";

/// Looks at the key that a topic names by id, alias or ARN. That a key does not exist is noted among the failed calls: the
/// topic is no use then, and a list without the key would not say that it was looked for.
///
/// The policy is asked for after the description: GetKeyPolicy takes no alias.
pub(super) async fn see(
    look: &Look<'_>,
    region: &str,
    topic_arn: &str,
    named: &str,
) -> Option<KmsKey> {
    let region = arn::parse(named)
        .map(|arn| arn.region)
        .filter(|region| !region.is_empty())
        .unwrap_or(region);
    let scope = key_arn(topic_arn, named);
    let call = |operation| call("kms", operation, &scope);
    let clients = look.region(region);
    let describe = clients.kms().describe_key().key_id(named).send();
    let Seen::Some(answer) = look.ask(call("DescribeKey"), NoneIf::Never, describe).await else {
        return None;
    };
    let key = answer.key_metadata?;
    let arn = key.arn.unwrap_or_else(|| named.to_owned());
    let policy = clients
        .kms()
        .get_key_policy()
        .key_id(&arn)
        .policy_name(POLICY_NAME)
        .send();
    let policy = match look.ask(call("GetKeyPolicy"), NoneIf::Gone, policy).await {
        Seen::Some(answer) => answer.policy,
        Seen::Nothing | Seen::Hole => None,
    };
    Some(KmsKey {
        aliases: if named == arn {
            Vec::new()
        } else {
            vec![named.to_owned()]
        },
        arn,
        key_state: key.key_state.map(|state| state.as_str().to_owned()),
        policy,
    })
}

/// The ARN of a key or alias that a topic names without one: it is of the topic's own account and region.
fn key_arn(topic_arn: &str, named: &str) -> String {
    let mut parts = topic_arn.split(':').skip(1);
    match (parts.next(), parts.nth(1), parts.next()) {
        (Some(partition), Some(region), Some(account)) if !named.starts_with("arn:") => {
            let kind = if named.starts_with("alias/") {
                ""
            } else {
                "key/"
            };
            format!("arn:{partition}:kms:{region}:{account}:{kind}{named}")
        }
        _ => named.to_owned(),
    }
}
